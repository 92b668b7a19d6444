/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NOPs through liburing, run on command so that rounds can alternate with
 * another engine's. A line "run BATCH OPS" on stdin is answered by
 * "cpu_ns=C wall_ns=W" for OPS requests submitted and reaped BATCH at a time.
 */
#include "common.h"

#include <inttypes.h>
#include <stdio.h>

enum { ENTRIES = 256 };

static void nops(struct io_uring *ring, unsigned batch, uint64_t ops)
{
    uint64_t sum = 0, expected = 0;

    for (uint64_t done = 0; done < ops; done += batch) {
        struct io_uring_cqe *cqe;
        unsigned head, seen = 0;

        for (unsigned i = 0; i < batch; i++) {
            struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

            io_uring_prep_nop(sqe);
            io_uring_sqe_set_data64(sqe, done + i);
            expected += done + i;
        }
        check(io_uring_submit_and_wait(ring, batch), "io_uring_submit_and_wait");
        io_uring_for_each_cqe(ring, head, cqe) {
            check(cqe->res, "nop");
            sum += cqe->user_data;
            seen++;
        }
        io_uring_cq_advance(ring, seen);
        if (seen != batch)
            die("%u completions for %u requests", seen, batch);
    }
    if (sum != expected)
        die("completions carry the wrong user data");
}

int main(void)
{
    struct io_uring ring;
    char line[128];

    open_ring(&ring, ENTRIES, 2 * ENTRIES);
    printf("ready engine=liburing version=%s setup_flags=0x%x\n", liburing_version(), ring.flags);
    fflush(stdout);
    while (fgets(line, sizeof(line), stdin)) {
        uint64_t ops, cpu, wall;
        unsigned batch;

        if (sscanf(line, "run %u %" SCNu64, &batch, &ops) != 2 || batch == 0 || batch > ENTRIES ||
                ops == 0)
            die("expected 'run BATCH OPS' with BATCH from 1 to %d, got: %s", ENTRIES, line);
        wall = clock_ns(CLOCK_MONOTONIC);
        cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
        nops(&ring, batch, ops);
        cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
        wall = clock_ns(CLOCK_MONOTONIC) - wall;
        printf("cpu_ns=%" PRIu64 " wall_ns=%" PRIu64 "\n", cpu, wall);
        fflush(stdout);
    }
    io_uring_queue_exit(&ring);
    return 0;
}
