package org.uring4j.op;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import org.uring4j.internal.Encoder;
import org.uring4j.internal.uapi.KernelTimespec;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;

/**
 * A time as the kernel reads it ({@code struct __kernel_timespec}): 8 bytes of seconds, 8 bytes of
 * nanoseconds.
 *
 * <p>It can be set again and again. The kernel copies it when it takes the request, so that it may
 * be changed when {@link org.uring4j.Ring#submit} has returned; with {@code SQPOLL}, when the
 * request has ended. Two requests of one submission need one each, unless they name the same time.
 */
public final class Timespec {
    private static final long SECOND = 1_000_000_000;

    private final MemorySegment memory;

    private Timespec(MemorySegment memory) {
        this.memory = memory;
    }

    /** A time of 0, in this arena. */
    public static Timespec allocate(Arena arena) {
        return new Timespec(arena.allocate(KernelTimespec.SIZEOF, Long.BYTES));
    }

    /** A time of this length, in this arena. */
    public static Timespec of(Arena arena, Duration time) {
        return allocate(arena).set(time);
    }

    /** Sets it. */
    public Timespec set(Duration time) {
        return set(time.getSeconds(), time.getNano());
    }

    /**
     * Sets it to nanoseconds: of a duration or, for an absolute time, {@link System#nanoTime}'s.
     */
    public Timespec setNanos(long nanos) {
        return set(Math.floorDiv(nanos, SECOND), Math.floorMod(nanos, SECOND));
    }

    /**
     * Sets it.
     *
     * @param seconds 0 or more; for a point in time, since the clock's beginning
     * @param nanos 0 to 999 999 999
     */
    public Timespec set(long seconds, long nanos) {
        if (seconds < 0 || nanos < 0 || nanos >= SECOND) {
            throw new IllegalArgumentException(
                    "a time is not negative and has less than 10^9 nanoseconds: seconds="
                            + seconds
                            + " nanos="
                            + nanos);
        }
        memory.set(JAVA_LONG, KernelTimespec.TV_SEC, seconds);
        memory.set(JAVA_LONG, KernelTimespec.TV_NSEC, nanos);
        return this;
    }

    /** Its address, after a check that it is alive. */
    long address() {
        return Encoder.address(memory, "the time");
    }
}
