/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TCP echo server through liburing: one thread, one ring, multishot accept
 * into direct descriptors, multishot receive into provided buffers, each buffer
 * sent as it was received and given back when its send has ended. What waits to
 * be sent on a connection is a list of its buffers, so bytes stay in order
 * whatever the client does; at most one send is under way on a connection.
 */
#include "common.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* The same figures as in the Java server. */
enum {
    SQ_ENTRIES = 1024,
    CQ_ENTRIES = 4096,
    MAX_CONNECTIONS = 4096,
    BUFFERS = 1024,
    BUFFER_SIZE = 2048,
    GROUP = 0,
    NONE = 0xffff,
};

enum { ACCEPT, RECV, SEND, SHUTDOWN, CLOSE, STOP };

struct connection {
    uint16_t first, last; /* buffers to send, the first under way; NONE when empty */
    bool receiving;       /* a receive is armed */
    bool ended;           /* the peer has ended or broken the connection */
    bool broken;          /* nothing more can be sent */
};

static struct io_uring ring;
static struct buffers buffers;
static struct connection connections[MAX_CONNECTIONS];
static uint16_t starved[MAX_CONNECTIONS]; /* connections that found no buffer free */
static unsigned starved_count;
static struct {
    uint16_t next;
    uint32_t length;
} received[BUFFERS];
static int listener;
static bool stopping;

static uint64_t tag(unsigned kind, unsigned connection)
{
    return (uint64_t)connection << 8 | kind;
}

static void arm_accept(void)
{
    struct io_uring_sqe *sqe = next_sqe(&ring);

    io_uring_prep_multishot_accept_direct(sqe, listener, NULL, NULL, 0);
    io_uring_sqe_set_data64(sqe, tag(ACCEPT, 0));
}

static void arm_receive(unsigned id)
{
    struct io_uring_sqe *sqe = next_sqe(&ring);

    io_uring_prep_recv_multishot(sqe, id, NULL, 0, 0);
    io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT);
    sqe->buf_group = GROUP;
    io_uring_sqe_set_data64(sqe, tag(RECV, id));
    connections[id].receiving = true;
}

static void send_first(unsigned id)
{
    struct io_uring_sqe *sqe = next_sqe(&ring);
    unsigned buffer = connections[id].first;

    io_uring_prep_send(sqe, id, buffer_address(&buffers, buffer), received[buffer].length,
            MSG_WAITALL | MSG_NOSIGNAL);
    io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE);
    io_uring_sqe_set_data64(sqe, tag(SEND, id));
}

static void close_when_done(unsigned id)
{
    struct connection *connection = &connections[id];
    struct io_uring_sqe *sqe;

    if (!connection->ended || connection->receiving || connection->first != NONE)
        return;
    sqe = next_sqe(&ring);
    io_uring_prep_close_direct(sqe, id);
    io_uring_sqe_set_data64(sqe, tag(CLOSE, id));
}

static void on_accept(int result, unsigned flags)
{
    if (result >= 0) {
        connections[result] = (struct connection){.first = NONE, .last = NONE};
        arm_receive(result);
    } else if (result != -ENFILE && result != -ECONNABORTED) {
        check(result, "accept");
    }
    if (!(flags & IORING_CQE_F_MORE))
        arm_accept();
}

static void on_data(unsigned id, unsigned length, unsigned buffer)
{
    struct connection *connection = &connections[id];

    if (connection->broken) {
        return_buffer(&buffers, buffer);
        return;
    }
    received[buffer].length = length;
    received[buffer].next = NONE;
    if (connection->first == NONE) {
        connection->first = connection->last = buffer;
        send_first(id);
    } else {
        received[connection->last].next = buffer;
        connection->last = buffer;
    }
}

static void on_receive(unsigned id, int result, unsigned flags)
{
    struct connection *connection = &connections[id];

    if (result > 0)
        on_data(id, result, flags >> IORING_CQE_BUFFER_SHIFT);
    if (flags & IORING_CQE_F_MORE)
        return;
    connection->receiving = false;
    if (result == -ENOBUFS) {
        starved[starved_count++] = id;
    } else if (result > 0 && !connection->broken) {
        arm_receive(id);
    } else {
        connection->ended = true;
        close_when_done(id);
    }
}

static void on_send(unsigned id, int result)
{
    struct connection *connection = &connections[id];
    unsigned buffer = connection->first;
    bool whole = result == (int)received[buffer].length;

    connection->first = received[buffer].next;
    return_buffer(&buffers, buffer);
    if (whole && connection->first != NONE) {
        send_first(id);
        return;
    }
    if (!whole) {
        struct io_uring_sqe *sqe = next_sqe(&ring);

        /* Ends the receive too, which then closes the connection. */
        io_uring_prep_shutdown(sqe, id, SHUT_RDWR);
        io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE);
        io_uring_sqe_set_data64(sqe, tag(SHUTDOWN, id));
        connection->broken = true;
        for (; connection->first != NONE; connection->first = received[connection->first].next)
            return_buffer(&buffers, connection->first);
    }
    close_when_done(id);
}

static void feed_starved(void)
{
    while (starved_count)
        arm_receive(starved[--starved_count]);
}

static void serve(void)
{
    while (!stopping) {
        struct io_uring_cqe *cqe;
        unsigned head, seen = 0;

        submit_and_wait(&ring);
        io_uring_for_each_cqe(&ring, head, cqe) {
            unsigned id = cqe->user_data >> 8;

            switch (cqe->user_data & 0xff) {
            case RECV:
                on_receive(id, cqe->res, cqe->flags);
                break;
            case SEND:
                on_send(id, cqe->res);
                break;
            case ACCEPT:
                on_accept(cqe->res, cqe->flags);
                break;
            case CLOSE:
                check(cqe->res, "close");
                break;
            case STOP:
                stopping = true;
                break;
            }
            seen++;
        }
        io_uring_cq_advance(&ring, seen);
        if (buffers.returned) {
            publish_buffers(&buffers);
            feed_starved();
        }
    }
}

static int announce(const char *host, int port)
{
    struct sockaddr_in address = parse_address(host, port);
    int fd = listen_on(&address, 1024);
    const int on = 1;

    /* What it accepts has the same. */
    check_libc(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), "TCP_NODELAY");
    printf("ready engine=liburing version=%s host=%s port=%d\n", liburing_version(), host,
            ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static void usage(int status)
{
    fprintf(status ? stderr : stdout,
            "usage: echo_server [--host ADDRESS] [--port N] [--seconds S] [--until-eof]\n");
    exit(status);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"host", required_argument, NULL, 'h'},
            {"port", required_argument, NULL, 'p'}, {"seconds", required_argument, NULL, 's'},
            {"until-eof", no_argument, NULL, 'e'}, {"help", no_argument, NULL, '?'}, {0}};
    const char *host = "127.0.0.1";
    struct __kernel_timespec seconds = {0};
    bool until_eof = false;
    int port = 0, option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'h':
            host = optarg;
            break;
        case 'p':
            port = parse_number(optarg, "--port", 0, 65535);
            break;
        case 's':
            seconds.tv_sec = parse_number(optarg, "--seconds", 1, 1000000);
            break;
        case 'e':
            until_eof = true;
            break;
        default:
            usage(optopt ? 2 : 0);
        }
    }
    if (optind < argc)
        usage(2);
    raise_descriptor_limit();
    open_ring(&ring, SQ_ENTRIES, CQ_ENTRIES);
    open_buffers(&buffers, &ring, GROUP, BUFFERS, BUFFER_SIZE);
    check(io_uring_register_files_sparse(&ring, MAX_CONNECTIONS), "io_uring_register_files_sparse");
    listener = announce(host, port);
    arm_accept();
    if (seconds.tv_sec) {
        struct io_uring_sqe *sqe = next_sqe(&ring);

        io_uring_prep_timeout(sqe, &seconds, 0, 0);
        io_uring_sqe_set_data64(sqe, tag(STOP, 0));
    }
    if (until_eof) {
        struct io_uring_sqe *sqe = next_sqe(&ring);

        io_uring_prep_poll_add(sqe, STDIN_FILENO, POLLIN);
        io_uring_sqe_set_data64(sqe, tag(STOP, 0));
    }
    serve();
    io_uring_queue_exit(&ring);
    return 0;
}
