/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sends as much as it can on a TCP connection through liburing, one request at
 * a time so that the order is kept: by plain sends of one buffer, by sends that
 * gather several, or by zero-copy sends whatever the kernel makes of them. A
 * line "run SIZE MILLIS" on stdin is answered by "bytes=B wall_ns=W" when the
 * time is over and nothing is under way any more.
 *
 * The payload is a pool of buffers that are sent in turn, as large as that of
 * the other engines: what it costs to read it is part of the work.
 */
#define _GNU_SOURCE
#include "common.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* The same figures as in the Java sender. */
enum {
    POOL = 1 << 20,   /* bytes of payload, but two buffers at least */
    GATHER = 1 << 18, /* bytes a gathered request, but one buffer at least */
    MAX_BUFFERS = 256,
    MAX_SIZE = 8 << 20,
};

enum mode { PLAIN, GATHERED, ZERO_COPY };

static struct io_uring ring;
static char *pool;
static enum mode mode;
static struct sockaddr_in sink;
static int fd = -1;
static unsigned buffer_size;

/* Of each buffer: zero-copy sends that wait for their notification. */
static unsigned pending[MAX_BUFFERS];
static unsigned under_way;
static int64_t result;

static void reap(void)
{
    struct io_uring_cqe *cqe;
    unsigned head, seen = 0;

    submit_and_wait(&ring);
    io_uring_for_each_cqe(&ring, head, cqe) {
        if (!(cqe->flags & IORING_CQE_F_NOTIF))
            result = check(cqe->res, "send");
        if (!(cqe->flags & IORING_CQE_F_MORE)) {
            pending[cqe->user_data]--;
            under_way--;
        }
        seen++;
    }
    io_uring_cq_advance(&ring, seen);
}

/* Sends some buffers from number `first` on; how many bytes that were. */
static uint64_t send_some(unsigned first, unsigned count, unsigned size, unsigned buffers)
{
    struct io_uring_sqe *sqe = next_sqe(&ring);
    static struct iovec pieces[MAX_BUFFERS];
    static struct msghdr message;
    const int flags = MSG_WAITALL | MSG_NOSIGNAL;

    if (mode == GATHERED) {
        for (unsigned i = 0; i < count; i++)
            pieces[i] = (struct iovec){pool + (size_t)((first + i) % buffers) * size, size};
        message = (struct msghdr){.msg_iov = pieces, .msg_iovlen = count};
        io_uring_prep_sendmsg(sqe, fd, &message, flags);
    } else if (mode == ZERO_COPY) {
        io_uring_prep_send_zc(sqe, fd, pool + (size_t)first * size, size, flags, 0);
    } else {
        io_uring_prep_send(sqe, fd, pool + (size_t)first * size, size, flags);
    }
    io_uring_sqe_set_data64(sqe, first);
    pending[first]++;
    under_way++;
    result = -1;
    while (result < 0)
        reap();
    if (result != (int64_t)count * size)
        die("%" PRId64 " bytes sent of %u", result, count * size);
    return result;
}

static void run(unsigned size, uint64_t nanoseconds)
{
    unsigned buffers = POOL / size < 2 ? 2 : POOL / size;
    unsigned count = mode != GATHERED || GATHER / size < 1 ? 1 : GATHER / size;
    uint64_t start, bytes = 0;
    unsigned next = 0;

    if (buffers > MAX_BUFFERS)
        buffers = MAX_BUFFERS;
    if (size != buffer_size) {
        if (fd >= 0)
            close(fd);
        fd = connect_to(&sink);
        buffer_size = size;
    }
    start = clock_ns(CLOCK_MONOTONIC);
    while (clock_ns(CLOCK_MONOTONIC) - start < nanoseconds) {
        while (pending[next])
            reap();
        bytes += send_some(next, count, size, buffers);
        next = (next + count) % buffers;
    }
    while (under_way)
        reap();
    answer_bulk(bytes, start);
}

static void usage(int status)
{
    fprintf(status ? stderr : stdout,
            "usage: bulk_send --port N [--mode plain|gathered|zero-copy]\n");
    exit(status);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"port", required_argument, NULL, 'p'},
            {"mode", required_argument, NULL, 'm'}, {"help", no_argument, NULL, '?'}, {0}};
    static const char *const modes[] = {"plain", "gathered", "zero-copy"};
    int port = 0, option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'p':
            port = parse_number(optarg, "--port", 1, 65535);
            break;
        case 'm':
            mode = parse_choice(optarg, "--mode", modes, 3);
            break;
        default:
            usage(optopt ? 2 : 0);
        }
    }
    if (optind < argc || port == 0)
        usage(2);
    open_ring(&ring, 64, 1024);
    sink = parse_address("127.0.0.1", port);
    pool = aligned_alloc(4096, 2 * (size_t)MAX_SIZE);
    if (!pool)
        die("out of memory");
    memset(pool, 'x', 2 * (size_t)MAX_SIZE);
    serve_bulk(1, MAX_SIZE, run);
    return 0;
}
