package org.uring4j.resource;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_IOWQ_AFF;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_IOWQ_MAX_WORKERS;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_UNREGISTER_IOWQ_AFF;
import static org.uring4j.internal.uapi.IoUringConstants.IO_WQ_BOUND;
import static org.uring4j.internal.uapi.IoUringConstants.IO_WQ_UNBOUND;

import org.uring4j.Ring;
import org.uring4j.internal.Access;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;

/**
 * The kernel's worker threads, which do what cannot be done without blocking. They belong to the
 * thread that submits, or to the poll thread, and all its rings share them.
 *
 * <p>Source: {@code io_uring_register_iowq_aff(3)}, {@code io_uring_register_iowq_max_workers(3)}.
 */
public final class Workers {
    private static final Access ACCESS = Access.get();

    private Workers() {}

    /**
     * How many workers there may be; 0 where the kernel has not made any yet.
     *
     * @param bounded for requests that end in bounded time, as those of files; the default is 4
     *     times the processors, but not more than the submission queue's entries
     * @param unbounded for the others, as those of sockets; the default is RLIMIT_NPROC
     */
    public record Limits(int bounded, int unbounded) {
        /** Checks the numbers. */
        public Limits {
            if (bounded < 0 || unbounded < 0) {
                throw new IllegalArgumentException(
                        "a limit is not negative: bounded=" + bounded + " unbounded=" + unbounded);
            }
        }
    }

    /** The limits in force ({@code IORING_REGISTER_IOWQ_MAX_WORKERS}, since Linux 5.15). */
    public static Limits limits(Ring ring) {
        return limit(ring, new Limits(0, 0));
    }

    /**
     * Limits the workers ({@code IORING_REGISTER_IOWQ_MAX_WORKERS}, since Linux 5.15). The kernel
     * cuts what is above its own limits down to them.
     *
     * @param limits the new limits; 0 leaves one as it is
     * @return the limits before
     */
    public static Limits limit(Ring ring, Limits limits) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment counts = arena.allocate(ValueLayout.JAVA_INT, 2);
            counts.setAtIndex(ValueLayout.JAVA_INT, IO_WQ_BOUND, limits.bounded);
            counts.setAtIndex(ValueLayout.JAVA_INT, IO_WQ_UNBOUND, limits.unbounded);
            ACCESS.require(ring, IORING_REGISTER_IOWQ_MAX_WORKERS, counts.address(), 2);
            return new Limits(
                    counts.getAtIndex(ValueLayout.JAVA_INT, IO_WQ_BOUND),
                    counts.getAtIndex(ValueLayout.JAVA_INT, IO_WQ_UNBOUND));
        }
    }

    /**
     * Says on which processors workers run ({@code IORING_REGISTER_IOWQ_AFF}, since Linux 5.14),
     * those that are running and those to come.
     *
     * @param processors from 0; not empty
     * @throws org.uring4j.UringException {@code EINVAL} the thread may not run on all of these
     */
    public static void affinity(Ring ring, BitSet processors) {
        if (processors.isEmpty()) {
            throw new IllegalArgumentException("workers need a processor: processors={}");
        }
        try (Arena arena = Arena.ofConfined()) {
            // The kernel's masks are made of longs, as these are, and may be shorter than its own.
            MemorySegment mask =
                    arena.allocateFrom(ValueLayout.JAVA_LONG, processors.toLongArray());
            int bytes = (int) mask.byteSize();
            ACCESS.require(ring, IORING_REGISTER_IOWQ_AFF, mask.address(), bytes);
        }
    }

    /** Lets workers run wherever the thread may ({@code IORING_UNREGISTER_IOWQ_AFF}). */
    public static void anyAffinity(Ring ring) {
        ACCESS.require(ring, IORING_UNREGISTER_IOWQ_AFF, 0, 0);
    }
}
