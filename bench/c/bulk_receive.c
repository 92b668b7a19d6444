/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Receives as much as it can from a TCP connection through liburing, by a
 * multishot receive: into a buffer for each portion, into buffers that are
 * filled piece by piece, or into several buffers at once. A line "run SIZE
 * MILLIS" on stdin is answered by "bytes=B wall_ns=W" when the time is over.
 * What came is not looked at.
 */
#define _GNU_SOURCE
#include "common.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* The same figures as in the Java receiver. */
enum {
    POOL = 1 << 20, /* bytes of buffers, but two buffers at least */
    MAX_SIZE = 8 << 20,
    GROUP = 0,
};

enum mode { MULTISHOT, INCREMENTAL, BUNDLES };

static struct io_uring ring;
static struct io_uring_buf_ring *entries;
static char *memory;
static enum mode mode;
static struct sockaddr_in source;
static int fd = -1;
static bool armed;
static unsigned buffer_size, buffer_count;
static int gather; /* from how many bytes on the kernel tells of them */

static void arm(void)
{
    struct io_uring_sqe *sqe = next_sqe(&ring);

    io_uring_prep_recv_multishot(sqe, fd, NULL, 0, 0);
    io_uring_sqe_set_flags(sqe, IOSQE_BUFFER_SELECT);
    sqe->buf_group = GROUP;
    if (mode == BUNDLES)
        sqe->ioprio |= IORING_RECVSEND_BUNDLE;
    armed = true;
}

static void give_back(unsigned first, unsigned count)
{
    int mask = io_uring_buf_ring_mask(buffer_count);

    for (unsigned i = 0; i < count; i++) {
        unsigned id = (first + i) % buffer_count;

        io_uring_buf_ring_add(entries, memory + (size_t)id * buffer_size, buffer_size, id, mask, i);
    }
    io_uring_buf_ring_advance(entries, count);
}

/* How many bytes a completion brought. */
static uint64_t take(int result, unsigned flags)
{
    unsigned id = flags >> IORING_CQE_BUFFER_SHIFT;

    if (!(flags & IORING_CQE_F_MORE))
        armed = false;
    if (result == -ENOBUFS)
        return 0;
    if (check(result, "recv") == 0)
        die("the source has gone");
    if (mode == BUNDLES)
        give_back(id, (result + buffer_size - 1) / buffer_size);
    else if (!(flags & IORING_CQE_F_BUF_MORE))
        give_back(id, 1);
    return result;
}

static uint64_t reap(void)
{
    struct io_uring_cqe *cqe;
    unsigned head, seen = 0;
    uint64_t bytes = 0;

    if (!armed)
        arm();
    submit_and_wait(&ring);
    io_uring_for_each_cqe(&ring, head, cqe) {
        bytes += take(cqe->res, cqe->flags);
        seen++;
    }
    io_uring_cq_advance(&ring, seen);
    return bytes;
}

/* A connection, a ring and buffers of this size. */
static void open_all(unsigned size)
{
    int flags = mode == INCREMENTAL ? IOU_PBUF_RING_INC : 0, error;

    if (fd >= 0) {
        close(fd);
        io_uring_queue_exit(&ring);
    }
    open_ring(&ring, 64, 1024);
    buffer_size = size;
    buffer_count = 2;
    while (buffer_count < POOL / size)
        buffer_count *= 2;
    entries = io_uring_setup_buf_ring(&ring, buffer_count, GROUP, flags, &error);
    if (!entries)
        check(error, "io_uring_setup_buf_ring");
    give_back(0, buffer_count);
    fd = connect_to(&source);
    if (gather)
        check_libc(setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &gather, sizeof(gather)), "SO_RCVLOWAT");
    armed = false;
}

static void run(unsigned size, uint64_t nanoseconds)
{
    uint64_t start, bytes = 0;

    if (size != buffer_size)
        open_all(size);
    start = clock_ns(CLOCK_MONOTONIC);
    while (clock_ns(CLOCK_MONOTONIC) - start < nanoseconds)
        for (int i = 0; i < 16; i++)
            bytes += reap();
    answer_bulk(bytes, start);
}

static void usage(int status)
{
    fprintf(status ? stderr : stdout, "usage: bulk_receive --port N [--mode "
                                      "multishot|incremental|bundles] [--gather BYTES]\n");
    exit(status);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"port", required_argument, NULL, 'p'},
            {"mode", required_argument, NULL, 'm'}, {"gather", required_argument, NULL, 'g'},
            {"help", no_argument, NULL, '?'}, {0}};
    static const char *const modes[] = {"multishot", "incremental", "bundles"};
    int port = 0, option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'p':
            port = parse_number(optarg, "--port", 1, 65535);
            break;
        case 'm':
            mode = parse_choice(optarg, "--mode", modes, 3);
            break;
        case 'g':
            gather = parse_number(optarg, "--gather", 0, 1 << 30);
            break;
        default:
            usage(optopt ? 2 : 0);
        }
    }
    if (optind < argc || port == 0)
        usage(2);
    source = parse_address("127.0.0.1", port);
    memory = aligned_alloc(4096, 2 * (size_t)MAX_SIZE);
    if (!memory)
        die("out of memory");
    serve_bulk(4096, MAX_SIZE, run);
    return 0;
}
