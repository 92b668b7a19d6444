/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the C benchmark programs share: errors that end the program with one
 * clear line, clocks, and a ring set up as well as the running kernel allows.
 */
#ifndef URING4J_BENCH_COMMON_H
#define URING4J_BENCH_COMMON_H

#include <errno.h>
#include <liburing.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* Prints "PROGRAM: MESSAGE" on stderr and exits with 1. */
void die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* Returns result, or dies when it is a negative errno as liburing returns them. */
int check(int result, const char *what);

/* Returns result, or dies with errno when it is -1 as libc returns it. */
int check_libc(int result, const char *what);

uint64_t clock_ns(clockid_t clock);

/* A decimal option value between low and high, or dies naming the option. */
long parse_number(const char *text, const char *option, long low, long high);

/* The place of an option's value among its names, or dies naming them. */
int parse_choice(const char *text, const char *option, const char *const *names, int count);

/* Lets this process open as many files as the system's hard limit allows. */
void raise_descriptor_limit(void);

struct sockaddr_in parse_address(const char *host, int port);

/* Listens on a TCP address; for port 0 it gets the one that was chosen. */
int listen_on(struct sockaddr_in *address, int backlog);

/* Connects to a TCP address. */
int connect_to(const struct sockaddr_in *address);

/*
 * Says that this program is ready to move bytes in bulk, then calls run for each
 * line "run SIZE MILLIS" on stdin until it ends; run answers by answer_bulk.
 */
void serve_bulk(unsigned least, unsigned most, void (*run)(unsigned size, uint64_t nanoseconds));

/* So many bytes were moved since start of the monotonic clock. */
void answer_bulk(uint64_t bytes, uint64_t start);

/*
 * Opens a ring for one thread: SINGLE_ISSUER, DEFER_TASKRUN and NO_SQARRAY
 * where the kernel has them, with the ring's own descriptor registered.
 */
void open_ring(struct io_uring *ring, unsigned sq_entries, unsigned cq_entries);

/* Submits and returns a free entry; for when the submission queue is full. */
struct io_uring_sqe *next_sqe_after_submit(struct io_uring *ring);

/* A free entry; a full submission queue is submitted first. */
static inline struct io_uring_sqe *next_sqe(struct io_uring *ring)
{
    struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

    return __builtin_expect(sqe != NULL, 1) ? sqe : next_sqe_after_submit(ring);
}

/* Submits and waits for a completion; a signal may end that early. */
static inline void submit_and_wait(struct io_uring *ring)
{
    int result = io_uring_submit_and_wait(ring, 1);

    if (result != -EINTR)
        check(result, "io_uring_submit_and_wait");
}

/* Provided buffers of one size in one buffer ring, all of them the kernel's at first. */
struct buffers {
    struct io_uring_buf_ring *ring;
    char *memory;
    unsigned size;
    int mask;
    int returned; /* given back since the last publish_buffers */
};

void open_buffers(
        struct buffers *buffers, struct io_uring *ring, int group, unsigned count, unsigned size);

static inline char *buffer_address(const struct buffers *buffers, unsigned id)
{
    return buffers->memory + (size_t)id * buffers->size;
}

/* Gives a buffer back; the kernel sees it after publish_buffers. */
static inline void return_buffer(struct buffers *buffers, unsigned id)
{
    io_uring_buf_ring_add(buffers->ring, buffer_address(buffers, id), buffers->size, id,
            buffers->mask, buffers->returned++);
}

static inline void publish_buffers(struct buffers *buffers)
{
    if (buffers->returned) {
        io_uring_buf_ring_advance(buffers->ring, buffers->returned);
        buffers->returned = 0;
    }
}

/* "2.15" of the liburing this was compiled with, or "2.3 or older". */
const char *liburing_version(void);

#endif
