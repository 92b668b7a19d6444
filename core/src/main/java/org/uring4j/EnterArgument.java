package org.uring4j;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_ENTER_ABS_TIMER;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_ENTER_EXT_ARG;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_ENTER_GETEVENTS;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_ENTER_NO_IOWAIT;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_FEAT_MIN_TIMEOUT;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_FEAT_NO_IOWAIT;

import org.uring4j.internal.sys.Memory;
import org.uring4j.internal.uapi.IoUringGeteventsArg;
import org.uring4j.internal.uapi.KernelTimespec;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The native memory of a ring's system calls: errno, and the argument of waits.
 *
 * <pre>
 *    0  errno as captured
 *   64  struct io_uring_getevents_arg
 *   96  struct __kernel_timespec
 *  112  signal mask
 * </pre>
 */
final class EnterArgument {
    static final int SIZE = IoUringGeteventsArg.SIZEOF;

    private static final int ARG = 64;
    private static final int TIMESPEC = 96;
    private static final int MASK = 112;
    private static final long SECOND = 1_000_000_000L;

    private final MemorySegment segment = Arena.ofAuto().allocate(128, 64);
    private final long address = segment.address();

    /** When a wait with a relative timeout began, to go on with the rest after a signal. */
    private long began;

    private long nanos = Wait.FOREVER;
    private boolean masked;

    /** Room for errno. Passed to each call, it also keeps the rest of this memory alive in it. */
    MemorySegment errnoState() {
        return segment;
    }

    /** Where the argument is. */
    long address() {
        return address + ARG;
    }

    /**
     * Writes the argument for a wait.
     *
     * @return the flags to enter with
     */
    int write(Wait wait, RingSetup setup) {
        long arg = address + ARG;
        masked = wait.masked;
        nanos = wait.absolute ? Wait.FOREVER : wait.nanos;
        Memory.putLong(arg + IoUringGeteventsArg.SIGMASK, masked ? address + MASK : 0);
        Memory.putInt(arg + IoUringGeteventsArg.SIGMASK_SZ, masked ? Long.BYTES : 0);
        Memory.putLong(address + MASK, wait.signalMask);
        Memory.putInt(arg + IoUringGeteventsArg.MIN_WAIT_USEC, wait.minimumMicros);
        boolean timed = wait.nanos != Wait.FOREVER;
        Memory.putLong(arg + IoUringGeteventsArg.TS, timed ? address + TIMESPEC : 0);
        if (timed) {
            putTimespec(address + TIMESPEC, wait.nanos);
            began = wait.absolute ? 0 : System.nanoTime();
        }
        if (wait.minimumMicros != 0 && !setup.has(IORING_FEAT_MIN_TIMEOUT)) {
            throw tooOld("a minimum wait", "6.12");
        }
        checkNoIowait(wait.noIowait, setup);
        return IORING_ENTER_EXT_ARG | enterFlags(wait);
    }

    /** What all waits of a ring are entered with. */
    static int waitFlags(boolean noIowait, RingSetup setup) {
        checkNoIowait(noIowait, setup);
        return IORING_ENTER_GETEVENTS | (noIowait ? IORING_ENTER_NO_IOWAIT : 0);
    }

    private static void checkNoIowait(boolean wanted, RingSetup setup) {
        if (wanted && !setup.has(IORING_FEAT_NO_IOWAIT)) {
            throw tooOld("noIowait", "6.15");
        }
    }

    /** The flags that go with a wait beside its argument. */
    static int enterFlags(Wait wait) {
        return (wait.absolute ? IORING_ENTER_ABS_TIMER : 0)
                | (wait.noIowait ? IORING_ENTER_NO_IOWAIT : 0);
    }

    /**
     * What becomes of a wait that a signal interrupted: it goes on for the rest of its time, unless
     * the caller let the signal through.
     *
     * @param arg the argument it was entered with, 0 for none
     * @return whether it is over
     */
    boolean endsOnSignal(long arg) {
        if (arg != address()) {
            return false;
        }
        if (masked) {
            return true;
        }
        if (nanos == Wait.FOREVER) {
            return false;
        }
        long rest = nanos - (System.nanoTime() - began);
        putTimespec(address + TIMESPEC, Math.max(rest, 0));
        return rest <= 0;
    }

    static void putTimespec(long address, long nanos) {
        Memory.putLong(address + KernelTimespec.TV_SEC, nanos / SECOND);
        Memory.putLong(address + KernelTimespec.TV_NSEC, nanos % SECOND);
    }

    private static UringException tooOld(String what, String since) {
        return new UringException(
                "io_uring_enter",
                Errno.EINVAL,
                what + " needs Linux " + since + ", this is " + KernelVersion.running());
    }
}
