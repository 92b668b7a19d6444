package org.uring4j;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_RESIZE_RINGS;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_CQE_MIXED;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_CQSIZE;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_DEFER_TASKRUN;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_SQE_MIXED;

import org.uring4j.internal.sys.Memory;
import org.uring4j.internal.uapi.IoUringParams;

import java.lang.foreign.Arena;

/**
 * Gives a ring queues of another size while it works ({@code IORING_REGISTER_RESIZE_RINGS}, since
 * Linux 6.13): mostly a larger completion queue, when {@link CompletionQueue#overflows} counts.
 *
 * <p>Requests in flight go on; requests put in and not submitted, and completions not drained, move
 * along. The ring's cursor is none afterwards: ask {@link Ring#next} for it.
 *
 * <p>Source: {@code io_uring_resize_rings(3)}.
 */
public final class RingSize {
    private RingSize() {}

    /**
     * Changes the sizes ({@code IORING_REGISTER_RESIZE_RINGS}). {@link Ring#setup} tells what they
     * became.
     *
     * @param ring with deferred task work, the default. One in the program's memory ({@link
     *     RingConfig#memory}) takes room for the new queues there, beside the old ones, which are
     *     free again afterwards
     * @param entries of the submission queue, 1 to {@link RingConfig#MAX_ENTRIES}; the kernel
     *     rounds up to a power of two
     * @param cqEntries of the completion queue, at least {@code entries}, at most {@link
     *     RingConfig#MAX_CQ_ENTRIES}; likewise
     * @throws IllegalArgumentException when there is no room in the program's memory
     * @throws IllegalStateException when the ring is not such a one; when more requests or
     *     completions wait than would fit; from within a completion handler; with entries of mixed
     *     size, when any wait
     * @throws UringException when the kernel refuses, and nothing has changed; {@code mmap}, when
     *     there is no room for the new queues: then the ring is of no use but to be closed
     */
    public static void change(Ring ring, int entries, int cqEntries) {
        ring.check();
        int most = RingConfig.of(entries).cqEntries(cqEntries).cqEntries;
        RingSetup setup = ring.setup();
        SubmissionQueue submissions = ring.submissions();
        CompletionQueue completions = ring.completions();
        requireResizable(ring, setup, completions);
        int requests = submissions.ready();
        int waiting = completions.ready();
        if (requests > entries || waiting > most) {
            throw new IllegalStateException(
                    "more waits than would fit, submit and drain first: requests="
                            + requests
                            + " entries="
                            + entries
                            + " completions="
                            + waiting
                            + " cqEntries="
                            + cqEntries);
        }
        boolean mixed =
                (waiting > 0 && (setup.flags() & IORING_SETUP_CQE_MIXED) != 0)
                        || (requests > 0 && (setup.flags() & IORING_SETUP_SQE_MIXED) != 0);
        if (mixed) {
            throw new IllegalStateException(
                    "entries of mixed size may not fit together any more, submit and drain first:"
                            + " requests="
                            + requests
                            + " completions="
                            + waiting);
        }
        try (Arena arena = Arena.ofConfined()) {
            long params = arena.allocate(IoUringParams.SIZEOF, 8).address();
            Memory.putInt(params + IoUringParams.FLAGS, IORING_SETUP_CQSIZE);
            Memory.putInt(params + IoUringParams.SQ_ENTRIES, entries);
            Memory.putInt(params + IoUringParams.CQ_ENTRIES, cqEntries);
            long place = resize(ring, entries, cqEntries, params);
            RingMemory memory = ring.resources().memory();
            RingLayout layout = new RingLayout(ring.fd(), setup.flags(), params, memory);
            submissions.move(layout);
            completions.move(layout);
            ring.resources().moved(layout.mappings, place);
            ring.setup(setup.withEntries(layout.sqEntries, layout.cqEntries));
        }
    }

    /** Asks the kernel; where in the program's memory the queues are then, 0 if they are not. */
    private static long resize(Ring ring, int entries, int cqEntries, long params) {
        RingMemory memory = ring.resources().memory();
        if (memory == null) {
            ring.handle().require(IORING_REGISTER_RESIZE_RINGS, params, 1);
            return 0;
        }
        int flags = ring.setup().flags();
        long place = RingOpener.claim(memory, flags, entries, cqEntries, params);
        boolean moved = false;
        try {
            ring.handle().require(IORING_REGISTER_RESIZE_RINGS, params, 1);
            moved = true;
        } finally {
            if (!moved) {
                memory.giveBack(place, true);
            }
        }
        return place;
    }

    private static void requireResizable(Ring ring, RingSetup setup, CompletionQueue completions) {
        if ((setup.flags() & IORING_SETUP_DEFER_TASKRUN) == 0) {
            throw new IllegalStateException(
                    "only rings with deferred task work can be resized: flags="
                            + setup.flagNames());
        }
        if (ring.fd() < 0 && ring.resources().memory() == null) {
            throw new IllegalStateException(
                    "new queues are mapped by the ring's descriptor, which it has given up; open"
                            + " it with memory()");
        }
        if (completions.draining()) {
            throw new IllegalStateException(
                    "the ring was to be resized from within a completion handler; return from it"
                            + " first");
        }
    }
}
