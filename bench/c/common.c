/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "common.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>

/* Older headers lack it; an older kernel refuses it and the ring is opened without. */
#ifndef IORING_SETUP_NO_SQARRAY
#define IORING_SETUP_NO_SQARRAY (1U << 16)
#define LIBURING_LACKS_NO_SQARRAY
#endif

void die(const char *format, ...)
{
    va_list arguments;

    fflush(stdout);
    fprintf(stderr, "%s: ", program_invocation_short_name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

int check(int result, const char *what)
{
    if (result < 0)
        die("%s: %s", what, strerror(-result));
    return result;
}

int check_libc(int result, const char *what)
{
    return check(result < 0 ? -errno : result, what);
}

uint64_t clock_ns(clockid_t clock)
{
    struct timespec now;

    check_libc(clock_gettime(clock, &now), "clock_gettime");
    return (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

long parse_number(const char *text, const char *option, long low, long high)
{
    char *end;
    long value;

    errno = 0;
    value = strtol(text, &end, 10);
    if (errno || end == text || *end || value < low || value > high)
        die("%s takes a number from %ld to %ld, not '%s'", option, low, high, text);
    return value;
}

int parse_choice(const char *text, const char *option, const char *const *names, int count)
{
    for (int i = 0; i < count; i++)
        if (!strcmp(text, names[i]))
            return i;
    fprintf(stderr, "%s: %s takes one of", program_invocation_short_name, option);
    for (int i = 0; i < count; i++)
        fprintf(stderr, " %s", names[i]);
    fprintf(stderr, ", not '%s'\n", text);
    exit(1);
}

void raise_descriptor_limit(void)
{
    struct rlimit limit;

    check_libc(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
    limit.rlim_cur = limit.rlim_max;
    check_libc(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
}

struct sockaddr_in parse_address(const char *host, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};

    if (inet_pton(AF_INET, host, &address.sin_addr) != 1)
        die("--host takes an IPv4 address, not '%s'", host);
    return address;
}

int listen_on(struct sockaddr_in *address, int backlog)
{
    socklen_t length = sizeof(*address);
    const int on = 1;
    int fd = check_libc(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");

    check_libc(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), "SO_REUSEADDR");
    check_libc(bind(fd, (struct sockaddr *)address, length), "bind");
    check_libc(listen(fd, backlog), "listen");
    check_libc(getsockname(fd, (struct sockaddr *)address, &length), "getsockname");
    return fd;
}

int connect_to(const struct sockaddr_in *address)
{
    int fd = check_libc(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");

    check_libc(connect(fd, (const struct sockaddr *)address, sizeof(*address)), "connect");
    return fd;
}

void serve_bulk(unsigned least, unsigned most, void (*run)(unsigned size, uint64_t nanoseconds))
{
    char line[128];

    printf("ready engine=liburing version=%s\n", liburing_version());
    fflush(stdout);
    while (fgets(line, sizeof(line), stdin)) {
        uint64_t millis;
        unsigned size;

        if (sscanf(line, "run %u %" SCNu64, &size, &millis) != 2 || size < least || size > most ||
                millis == 0)
            die("expected 'run SIZE MILLIS' with SIZE from %u to %u, got: %s", least, most, line);
        run(size, millis * 1000000);
    }
}

void answer_bulk(uint64_t bytes, uint64_t start)
{
    printf("bytes=%" PRIu64 " wall_ns=%" PRIu64 "\n", bytes, clock_ns(CLOCK_MONOTONIC) - start);
    fflush(stdout);
}

void open_ring(struct io_uring *ring, unsigned sq_entries, unsigned cq_entries)
{
    const unsigned choices[] = {
#ifndef LIBURING_LACKS_NO_SQARRAY
            IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_NO_SQARRAY,
#endif
            IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
            IORING_SETUP_COOP_TASKRUN,
            0,
    };
    int result = -EINVAL;

    for (size_t i = 0; result == -EINVAL && i < sizeof(choices) / sizeof(*choices); i++) {
        struct io_uring_params params = {
                .flags = choices[i] | IORING_SETUP_CQSIZE, .cq_entries = cq_entries};

        result = io_uring_queue_init_params(sq_entries, ring, &params);
    }
    check(result, "io_uring_setup");
    check(io_uring_register_ring_fd(ring), "io_uring_register_ring_fd");
}

struct io_uring_sqe *next_sqe_after_submit(struct io_uring *ring)
{
    struct io_uring_sqe *sqe;

    check(io_uring_submit(ring), "io_uring_submit");
    sqe = io_uring_get_sqe(ring);
    if (!sqe)
        die("the submission queue stays full");
    return sqe;
}

static void *map_memory(size_t size)
{
    void *memory = mmap(
            NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

    if (memory == MAP_FAILED)
        die("mmap of %zu bytes: %s", size, strerror(errno));
    return memory;
}

void open_buffers(
        struct buffers *buffers, struct io_uring *ring, int group, unsigned count, unsigned size)
{
    struct io_uring_buf_reg registration = {.ring_entries = count, .bgid = group};

    buffers->ring = map_memory(count * sizeof(struct io_uring_buf));
    buffers->memory = map_memory((size_t)count * size);
    buffers->size = size;
    buffers->mask = io_uring_buf_ring_mask(count);
    buffers->returned = 0;
    registration.ring_addr = (uintptr_t)buffers->ring;
    check(io_uring_register_buf_ring(ring, &registration, 0), "io_uring_register_buf_ring");
    io_uring_buf_ring_init(buffers->ring);
    for (unsigned id = 0; id < count; id++)
        return_buffer(buffers, id);
    publish_buffers(buffers);
}

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

const char *liburing_version(void)
{
#ifdef IO_URING_VERSION_MAJOR
    return TEXT(IO_URING_VERSION_MAJOR) "." TEXT(IO_URING_VERSION_MINOR);
#else
    return "2.3 or older";
#endif
}
