package org.uring4j;

import org.uring4j.internal.sys.Memory;
import org.uring4j.internal.uapi.IoUringClockRegister;
import org.uring4j.internal.uapi.IoUringConstants;
import org.uring4j.internal.uapi.LibcConstants;

import java.lang.foreign.Arena;

/** The clock that a ring's waits go by ({@link Ring#clock}). */
public enum RingClock {
    /** Time since boot without suspension; {@link System#nanoTime}'s. The default. */
    MONOTONIC(LibcConstants.CLOCK_MONOTONIC),

    /** Time since boot with suspension. */
    BOOTTIME(LibcConstants.CLOCK_BOOTTIME);

    private final int id;

    RingClock(int id) {
        this.id = id;
    }

    void register(RingFd fd) {
        try (Arena arena = Arena.ofConfined()) {
            long clock = arena.allocate(IoUringClockRegister.SIZEOF, 8).address();
            Memory.putInt(clock + IoUringClockRegister.CLOCKID, id);
            fd.require(IoUringConstants.IORING_REGISTER_CLOCK, clock, 0);
        }
    }
}
