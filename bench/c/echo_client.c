/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Drives an echo server: a number of connections, one message under way on
 * each, every byte that comes back compared with what was sent. A line
 * "run MILLIS" on stdin is answered by "requests=R wall_ns=W" when the time is
 * over and the last reply is in, so that the server is idle between two runs.
 */
#include "common.h"

#include <getopt.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MAX_CONNECTIONS = 4096,
    MAX_SIZE = 65536,
    BUFFERS = 1024,
    BUFFER_SIZE = 2048,
    GROUP = 0,
    SHIFTS = 256,
};

enum { SEND, RECV };

/*
 * Message number n of a connection is the size bytes from n % SHIFTS on of that
 * connection's own random pattern: nothing is copied, and a reply that is late,
 * early, torn or another connection's does not compare equal.
 */
struct connection {
    char *pattern;
    uint32_t sent; /* number of the message under way */
    uint32_t got;  /* bytes of its reply compared so far */
};

static struct io_uring ring;
static struct buffers buffers;
static struct connection connections[MAX_CONNECTIONS];
static unsigned connection_count, size;
static unsigned under_way;
static uint64_t requests;
static bool running;

static uint64_t tag(unsigned kind, unsigned connection)
{
    return (uint64_t)connection << 8 | kind;
}

static const char *message(const struct connection *connection)
{
    return connection->pattern + connection->sent % SHIFTS;
}

static void arm_receive(unsigned id)
{
    struct io_uring_sqe *sqe = next_sqe(&ring);

    io_uring_prep_recv_multishot(sqe, id, NULL, 0, 0);
    io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT);
    sqe->buf_group = GROUP;
    io_uring_sqe_set_data64(sqe, tag(RECV, id));
}

/* Completes only on failure: the pattern never changes, so nobody waits for it. */
static void send_next(unsigned id)
{
    struct io_uring_sqe *sqe = next_sqe(&ring);
    struct connection *connection = &connections[id];

    connection->sent++;
    connection->got = 0;
    under_way++;
    io_uring_prep_send(sqe, id, message(connection), size, MSG_WAITALL | MSG_NOSIGNAL);
    io_uring_sqe_set_flags(sqe, IOSQE_FIXED_FILE | IOSQE_CQE_SKIP_SUCCESS);
    io_uring_sqe_set_data64(sqe, tag(SEND, id));
}

static void on_reply(unsigned id, const char *bytes, unsigned length)
{
    struct connection *connection = &connections[id];

    if (length > size - connection->got ||
            memcmp(bytes, message(connection) + connection->got, length))
        die("connection %u, message %u: the reply differs from what was sent, at most %u "
            "bytes after byte %u",
                id, connection->sent, length, connection->got);
    connection->got += length;
    if (connection->got < size)
        return;
    requests++;
    under_way--;
    if (running)
        send_next(id);
}

static void on_receive(unsigned id, int result, unsigned flags)
{
    if (result == 0)
        die("connection %u: the server closed it", id);
    if (result > 0) {
        unsigned buffer = flags >> IORING_CQE_BUFFER_SHIFT;

        on_reply(id, buffer_address(&buffers, buffer), result);
        return_buffer(&buffers, buffer);
    } else if (result != -ENOBUFS) {
        check(result, "receive");
    }
    if (!(flags & IORING_CQE_F_MORE)) {
        publish_buffers(&buffers);
        arm_receive(id);
    }
}

static void exchange(void)
{
    struct io_uring_cqe *cqe;
    unsigned head, seen = 0;

    submit_and_wait(&ring);
    io_uring_for_each_cqe(&ring, head, cqe) {
        unsigned id = cqe->user_data >> 8;

        if ((cqe->user_data & 0xff) == RECV)
            on_receive(id, cqe->res, cqe->flags);
        else if (check(cqe->res, "send") != (int)size)
            die("connection %u: %d of %u bytes sent", id, cqe->res, size);
        seen++;
    }
    io_uring_cq_advance(&ring, seen);
    publish_buffers(&buffers);
}

static void run(uint64_t nanoseconds)
{
    uint64_t start = clock_ns(CLOCK_MONOTONIC);

    requests = 0;
    running = true;
    for (unsigned id = 0; id < connection_count; id++)
        send_next(id);
    while (under_way) {
        exchange();
        if (running && clock_ns(CLOCK_MONOTONIC) - start >= nanoseconds)
            running = false;
    }
    printf("requests=%" PRIu64 " wall_ns=%" PRIu64 "\n", requests,
            clock_ns(CLOCK_MONOTONIC) - start);
    fflush(stdout);
}

static void connect_all(const char *host, int port)
{
    struct sockaddr_in address = parse_address(host, port);
    uint64_t random = 88172645463325252;
    int *fds = malloc(connection_count * sizeof(*fds));
    const int on = 1;

    if (!fds)
        die("out of memory");
    for (unsigned id = 0; id < connection_count; id++) {
        char *pattern = malloc(size + SHIFTS);

        if (!pattern)
            die("out of memory");
        for (unsigned i = 0; i < size + SHIFTS; i++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            pattern[i] = random >> 32;
        }
        connections[id].pattern = pattern;
        fds[id] = connect_to(&address);
        check_libc(setsockopt(fds[id], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), "TCP_NODELAY");
    }
    check(io_uring_register_files(&ring, fds, connection_count), "io_uring_register_files");
    for (unsigned id = 0; id < connection_count; id++) {
        close(fds[id]);
        arm_receive(id);
    }
    free(fds);
}

static void usage(int status)
{
    fprintf(status ? stderr : stdout, "usage: echo_client --port N [--host ADDRESS] "
                                      "[--connections N] [--size BYTES]\n");
    exit(status);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"host", required_argument, NULL, 'h'},
            {"port", required_argument, NULL, 'p'}, {"connections", required_argument, NULL, 'c'},
            {"size", required_argument, NULL, 's'}, {"help", no_argument, NULL, '?'}, {0}};
    const char *host = "127.0.0.1";
    int port = 0, option;
    char line[128];

    connection_count = 64;
    size = 64;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'h':
            host = optarg;
            break;
        case 'p':
            port = parse_number(optarg, "--port", 1, 65535);
            break;
        case 'c':
            connection_count = parse_number(optarg, "--connections", 1, MAX_CONNECTIONS);
            break;
        case 's':
            size = parse_number(optarg, "--size", 1, MAX_SIZE);
            break;
        default:
            usage(optopt ? 2 : 0);
        }
    }
    if (optind < argc || port == 0)
        usage(2);
    raise_descriptor_limit();
    open_ring(&ring, connection_count < 512 ? 1024 : 2 * connection_count, 8192);
    open_buffers(&buffers, &ring, GROUP, BUFFERS, BUFFER_SIZE);
    connect_all(host, port);
    printf("ready connections=%u size=%u\n", connection_count, size);
    fflush(stdout);
    while (fgets(line, sizeof(line), stdin)) {
        uint64_t millis;

        if (sscanf(line, "run %" SCNu64, &millis) != 1 || millis == 0)
            die("expected 'run MILLIS', got: %s", line);
        run(millis * 1000000);
    }
    return 0;
}
