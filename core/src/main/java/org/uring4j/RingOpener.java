package org.uring4j;

import org.uring4j.internal.sys.Memory;
import org.uring4j.internal.sys.Platform;
import org.uring4j.internal.sys.Syscalls;
import org.uring4j.internal.uapi.IoUringConstants;
import org.uring4j.internal.uapi.IoUringCqe;
import org.uring4j.internal.uapi.IoUringParams;
import org.uring4j.internal.uapi.IoUringSqe;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Sets a ring up and lays its memory out; what {@link Ring} is made of once that has succeeded. */
final class RingOpener {
    private static final int SQE128 = IoUringConstants.IORING_SETUP_SQE128;
    private static final int CQE32 = IoUringConstants.IORING_SETUP_CQE32;
    private static final int IORING_SETUP_R_DISABLED = IoUringConstants.IORING_SETUP_R_DISABLED;
    private static final int REGISTERED_FD_ONLY = IoUringConstants.IORING_SETUP_REGISTERED_FD_ONLY;
    private static final int NO_SQARRAY = IoUringConstants.IORING_SETUP_NO_SQARRAY;

    /** Room for the heads, tails and counters before the completion entries, generously. */
    private static final long RING_HEADER = 4096;

    final RingConfig config;

    /** A descriptor, or the index of a registered one with REGISTERED_FD_ONLY. */
    final int fd;

    final int flags;
    final boolean startsDisabled;
    final int leftOut;
    final int features;
    final RingLayout layout;

    /** What it has of the program's memory; 0 for none. */
    private long place;

    /** Opens a ring. */
    static RingOpener open(RingConfig config) {
        Platform.require();
        return new RingOpener(config);
    }

    private RingOpener(RingConfig config) {
        this.config = config;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment segment = arena.allocate(IoUringParams.SIZEOF, 8);
            long params = segment.address();
            int wanted = config.defaultFlags();
            int granted = setup(config, params, wanted);
            if (Errno.EINVAL.is(granted)) {
                wanted &= SetupFlags.supported();
                granted = setup(config, params, wanted);
            }
            if (granted < 0) {
                throw Causes.ofSetup(config, granted);
            }
            fd = granted;
            flags = Memory.getInt(params + IoUringParams.FLAGS);
            startsDisabled = (flags & IORING_SETUP_R_DISABLED) != 0;
            leftOut = config.defaultFlags() & ~wanted;
            features = Memory.getInt(params + IoUringParams.FEATURES);

            boolean mapped = false;
            try {
                layout = new RingLayout(fd, flags, params, config.memory);
                mapped = true;
            } finally {
                if (!mapped && (flags & REGISTERED_FD_ONLY) == 0) {
                    Syscalls.close(fd);
                }
            }
        }
    }

    /** Fills in the parameters and asks the kernel; the descriptor, or the negated errno. */
    private int setup(RingConfig config, long params, int defaults) {
        Memory.clear(params, IoUringParams.SIZEOF);
        int flags = config.explicitOn | defaults;
        if (config.memory == null) {
            // To be mapped it has to have a descriptor, which is given up later.
            flags &= ~REGISTERED_FD_ONLY;
        }
        // Wait arguments can be registered only while the ring is disabled.
        int disabled = config.registeredWaits > 0 ? IORING_SETUP_R_DISABLED : 0;
        Memory.putInt(params + IoUringParams.FLAGS, flags | disabled);
        Memory.putInt(params + IoUringParams.CQ_ENTRIES, config.cqEntries);
        Memory.putInt(params + IoUringParams.SQ_THREAD_IDLE, config.sqPollIdleMillis);
        Memory.putInt(params + IoUringParams.SQ_THREAD_CPU, Math.max(config.sqPollCpu, 0));
        Ring attachTo = config.attachTo;
        if (attachTo != null) {
            Memory.putInt(params + IoUringParams.WQ_FD, attachTo.fd());
        }
        RingMemory memory = config.memory;
        if (memory != null) {
            place = claim(memory, flags, config.entries, config.cqEntries, params);
        }
        int result = Syscalls.setup(config.entries, params);
        if (memory != null && result < 0) {
            memory.giveBack(place, false);
        }
        return result;
    }

    /** What the queues have of the program's memory; 0 for none. */
    long place() {
        return place;
    }

    /**
     * Takes memory for queues of these sizes, and tells the kernel by the parameters.
     *
     * @param flags the {@code IORING_SETUP_*} in force
     * @param cqEntries 0 for the usual number
     * @return where it begins
     */
    static long claim(RingMemory memory, int flags, int entries, int cqEntries, long params) {
        long requests = powerOfTwo(entries);
        long completions = cqEntries == 0 ? 2 * requests : powerOfTwo(cqEntries);
        long sqes = pages(requests * IoUringSqe.SIZEOF * ((flags & SQE128) == 0 ? 1 : 2));
        long cqes = completions * IoUringCqe.SIZEOF * ((flags & CQE32) == 0 ? 1 : 2);
        long array = (flags & NO_SQARRAY) == 0 ? requests * Integer.BYTES : 0;
        long address = memory.claim(sqes + pages(RING_HEADER + cqes + array));
        Memory.putLong(params + IoUringParams.SQ_OFF_USER_ADDR, address);
        Memory.putLong(params + IoUringParams.CQ_OFF_USER_ADDR, address + sqes);
        return address;
    }

    private static long pages(long bytes) {
        long page = Platform.pageSize();
        return (bytes + page - 1) & -page;
    }

    private static long powerOfTwo(int entries) {
        return entries == 1 ? 1 : Integer.highestOneBit(entries - 1) * 2L;
    }
}
