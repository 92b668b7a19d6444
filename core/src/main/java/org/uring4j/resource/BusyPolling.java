package org.uring4j.resource;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_NAPI;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_UNREGISTER_NAPI;
import static org.uring4j.internal.uapi.IoUringConstants.IO_URING_NAPI_REGISTER_OP;
import static org.uring4j.internal.uapi.IoUringConstants.IO_URING_NAPI_STATIC_ADD_ID;
import static org.uring4j.internal.uapi.IoUringConstants.IO_URING_NAPI_STATIC_DEL_ID;
import static org.uring4j.internal.uapi.IoUringConstants.IO_URING_NAPI_TRACKING_DYNAMIC;
import static org.uring4j.internal.uapi.IoUringConstants.IO_URING_NAPI_TRACKING_INACTIVE;
import static org.uring4j.internal.uapi.IoUringConstants.IO_URING_NAPI_TRACKING_STATIC;

import org.uring4j.Ring;
import org.uring4j.internal.Access;
import org.uring4j.internal.sys.Memory;
import org.uring4j.internal.uapi.IoUringNapi;

import java.lang.foreign.Arena;
import java.time.Duration;

/**
 * Waits of a ring look for packets at the network cards' queues instead of sleeping until one
 * interrupts ({@code IORING_REGISTER_NAPI}, since Linux 6.9): less delay for more processor time. A
 * queue is known to the kernel by its NAPI id ({@code SO_INCOMING_NAPI_ID} of a socket).
 *
 * <p>Only cards whose driver uses NAPI have such; loopback has not. Not for rings with {@code
 * IOPOLL}.
 *
 * <p>Source: {@code io_uring_register_napi(3)}, {@code linux/io_uring.h}.
 */
public final class BusyPolling implements AutoCloseable {
    private static final Access ACCESS = Access.get();

    private static final int OPS = 1;

    /** As many microseconds as 32 bits count. */
    private static final Duration LONGEST = Duration.ofNanos(1000 * 0xffff_ffffL);

    /** Which queues are looked at. */
    public enum Tracking {
        /** Those that the sockets of the ring's requests receive from. */
        DYNAMIC(IO_URING_NAPI_TRACKING_DYNAMIC),

        /** Those that are named by {@link BusyPolling#add}. Since Linux 6.13. */
        STATIC(IO_URING_NAPI_TRACKING_STATIC),

        /** None. */
        INACTIVE(IO_URING_NAPI_TRACKING_INACTIVE);

        private final int value;

        Tracking(int value) {
            this.value = value;
        }

        private static Tracking of(int value) {
            return value == IO_URING_NAPI_TRACKING_DYNAMIC
                    ? DYNAMIC
                    : value == IO_URING_NAPI_TRACKING_STATIC ? STATIC : INACTIVE;
        }
    }

    /**
     * How queues are looked at.
     *
     * @param tracking which queues
     * @param time how long at most before sleeping, in microseconds' precision, less than 71
     *     minutes
     * @param prefer whether the card's interrupts stay off meanwhile ({@code SO_PREFER_BUSY_POLL})
     */
    public record Settings(Tracking tracking, Duration time, boolean prefer) {
        /** Checks the time. */
        public Settings {
            if (time.isNegative() || time.compareTo(LONGEST) > 0) {
                throw new IllegalArgumentException("the time is 0 to 71 minutes: time=" + time);
            }
        }

        private static Settings read(long napi) {
            return new Settings(
                    Tracking.of(Memory.getInt(napi + IoUringNapi.OP_PARAM)),
                    Duration.ofNanos(
                            1000
                                    * Integer.toUnsignedLong(
                                            Memory.getInt(napi + IoUringNapi.BUSY_POLL_TO))),
                    Memory.getByte(napi + IoUringNapi.PREFER_BUSY_POLL) != 0);
        }

        private void write(long napi) {
            Memory.putInt(napi + IoUringNapi.BUSY_POLL_TO, (int) (time.toNanos() / 1000));
            Memory.putByte(napi + IoUringNapi.PREFER_BUSY_POLL, (byte) (prefer ? 1 : 0));
            Memory.putByte(napi + IoUringNapi.OPCODE, (byte) IO_URING_NAPI_REGISTER_OP);
            Memory.putInt(napi + IoUringNapi.OP_PARAM, tracking.value);
        }
    }

    private final Ring ring;
    private boolean closed;

    private BusyPolling(Ring ring) {
        this.ring = ring;
    }

    /**
     * Has the ring's waits look at queues ({@code IORING_REGISTER_NAPI}).
     *
     * @throws org.uring4j.UringException {@code EINVAL} the ring has {@code IOPOLL}, or the kernel
     *     no such ({@code CONFIG_NET_RX_BUSY_POLL}) or not this tracking
     */
    public static BusyPolling register(Ring ring, Settings settings) {
        BusyPolling polling = new BusyPolling(ring);
        polling.set(settings);
        ACCESS.adopt(ring, polling);
        return polling;
    }

    /**
     * Changes the settings ({@code IORING_REGISTER_NAPI}). Another tracking forgets the queues.
     *
     * @return those before
     */
    public Settings set(Settings settings) {
        try (Arena arena = Arena.ofConfined()) {
            long napi = argument(arena);
            settings.write(napi);
            ACCESS.require(ring, IORING_REGISTER_NAPI, napi, OPS);
            return Settings.read(napi);
        }
    }

    /**
     * Names a queue to look at ({@code IORING_REGISTER_NAPI}). Since Linux 6.13.
     *
     * @param napiId its NAPI id
     * @throws org.uring4j.UringException {@code EINVAL} the tracking is not static, or no queue can
     *     have this id; {@code EEXIST} it is named already
     */
    public void add(int napiId) {
        change(IO_URING_NAPI_STATIC_ADD_ID, napiId);
    }

    /**
     * Takes a queue away ({@code IORING_REGISTER_NAPI}). Since Linux 6.13.
     *
     * @param napiId its NAPI id
     * @throws org.uring4j.UringException {@code ENOENT} it was not named
     */
    public void remove(int napiId) {
        change(IO_URING_NAPI_STATIC_DEL_ID, napiId);
    }

    private void change(int operation, int napiId) {
        try (Arena arena = Arena.ofConfined()) {
            long napi = argument(arena);
            Memory.putByte(napi + IoUringNapi.OPCODE, (byte) operation);
            Memory.putInt(napi + IoUringNapi.OP_PARAM, napiId);
            ACCESS.require(ring, IORING_REGISTER_NAPI, napi, OPS);
        }
    }

    private long argument(Arena arena) {
        ACCESS.check(ring);
        if (closed) {
            throw new IllegalStateException("this busy polling is closed");
        }
        return arena.allocate(IoUringNapi.SIZEOF, 8).address();
    }

    /** Waits sleep again ({@code IORING_UNREGISTER_NAPI}). */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            long napi = argument(arena);
            closed = true;
            ACCESS.remove(ring, this);
            ACCESS.require(ring, IORING_UNREGISTER_NAPI, napi, OPS);
        }
    }
}
