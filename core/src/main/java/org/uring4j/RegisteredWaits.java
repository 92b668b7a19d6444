package org.uring4j;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_ENTER_EXT_ARG;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_ENTER_EXT_ARG_REG;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_MEM_REGION_REG_WAIT_ARG;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_MEM_REGION_TYPE_USER;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_MEM_REGION;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_REG_WAIT_TS;

import org.uring4j.internal.sys.Mapping;
import org.uring4j.internal.sys.Memory;
import org.uring4j.internal.sys.Platform;
import org.uring4j.internal.uapi.IoUringMemRegionReg;
import org.uring4j.internal.uapi.IoUringRegWait;
import org.uring4j.internal.uapi.IoUringRegionDesc;

import java.lang.foreign.Arena;

/**
 * Wait arguments in memory that the kernel has mapped, so that a wait copies nothing ({@code
 * IORING_REGISTER_MEM_REGION}, since Linux 6.13). A ring opened with {@link
 * RingConfig#registeredWaits} has them; they live as long as the ring.
 */
public final class RegisteredWaits {
    private final Mapping mapping;
    private final int[] enterFlags;
    private final boolean[] masked;

    /** Where the signal masks are, which the region only points to. */
    private final long masks;

    private RegisteredWaits(Mapping mapping, long regionBytes, int count) {
        this.mapping = mapping;
        masks = mapping.address() + regionBytes;
        enterFlags = new int[count];
        masked = new boolean[count];
    }

    /** Registers them; the ring must be disabled still. */
    static RegisteredWaits register(RingFd fd, RingResources resources, int count) {
        int[] error = new int[1];
        long page = Platform.pageSize();
        Mapping mapping = Mapping.anonymous(2 * page, false, error);
        if (mapping == null) {
            throw new UringException("mmap", Errno.of(error[0]), null);
        }
        resources.own(mapping);
        try (Arena arena = Arena.ofConfined()) {
            long region = arena.allocate(IoUringRegionDesc.SIZEOF, 8).address();
            Memory.putLong(region + IoUringRegionDesc.USER_ADDR, mapping.address());
            Memory.putLong(region + IoUringRegionDesc.SIZE, page);
            Memory.putInt(region + IoUringRegionDesc.FLAGS, IORING_MEM_REGION_TYPE_USER);
            long arg = arena.allocate(IoUringMemRegionReg.SIZEOF, 8).address();
            Memory.putLong(arg + IoUringMemRegionReg.REGION_UPTR, region);
            Memory.putLong(arg + IoUringMemRegionReg.FLAGS, IORING_MEM_REGION_REG_WAIT_ARG);
            fd.require(IORING_REGISTER_MEM_REGION, arg, 1);
        }
        return new RegisteredWaits(mapping, page, count);
    }

    /** How many there are. */
    public int count() {
        return enterFlags.length;
    }

    /**
     * Fills one in. Its {@linkplain Wait#forCount count} is of no account: {@link
     * Ring#submitAndWaitRegistered} names that.
     *
     * @param index which, from 0
     * @param wait timeout or point in time, minimum, signal mask; after a signal that does not end
     *     the wait, a timeout begins anew
     */
    public void set(int index, Wait wait) {
        long offset = offset(index);
        long at = mapping.address() + offset;
        long mask = masks + (long) index * Long.BYTES;
        boolean timed = wait.nanos != Wait.FOREVER;
        if (timed) {
            EnterArgument.putTimespec(at + IoUringRegWait.TS, wait.nanos);
        }
        Memory.putInt(at + IoUringRegWait.MIN_WAIT_USEC, wait.minimumMicros);
        Memory.putInt(at + IoUringRegWait.FLAGS, timed ? IORING_REG_WAIT_TS : 0);
        Memory.putLong(mask, wait.signalMask);
        Memory.putLong(at + IoUringRegWait.SIGMASK, wait.masked ? mask : 0);
        Memory.putInt(at + IoUringRegWait.SIGMASK_SZ, wait.masked ? Long.BYTES : 0);
        enterFlags[index] = EnterArgument.enterFlags(wait);
        masked[index] = wait.masked;
    }

    /** Submits and waits; how many entries were taken. */
    int submitAndWait(Submitter submitter, int waitFlags, int count, int index) {
        if (count < 0) {
            throw new IllegalArgumentException("count is negative: count=" + count);
        }
        long offset = offset(index);
        int flags = waitFlags | IORING_ENTER_EXT_ARG | IORING_ENTER_EXT_ARG_REG | enterFlags[index];
        return masked[index]
                ? submitter.submitAndWaitForSignal(count, flags, offset, IoUringRegWait.SIZEOF)
                : submitter.submitAndWait(count, flags, offset, IoUringRegWait.SIZEOF);
    }

    /** Where one begins in the region. */
    private long offset(int index) {
        if (index < 0 || index >= enterFlags.length) {
            throw new IndexOutOfBoundsException("index=" + index + " count=" + enterFlags.length);
        }
        return (long) index * IoUringRegWait.SIZEOF;
    }
}
