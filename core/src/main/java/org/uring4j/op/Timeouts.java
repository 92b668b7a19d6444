package org.uring4j.op;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_LINK_TIMEOUT_UPDATE;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_LINK_TIMEOUT;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_TIMEOUT;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_TIMEOUT_REMOVE;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_TIMEOUT_IMMEDIATE_ARG;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_TIMEOUT_UPDATE;

import org.uring4j.Sqe;
import org.uring4j.internal.Encoder;
import org.uring4j.internal.uapi.IoUringConstants;

/**
 * Timers, and limits for the time that requests may take.
 *
 * <p>A time is a {@link Timespec} or, since Linux 7.1, a number in the request itself: the methods
 * with {@code Nanos} in the name. Unless a flag says otherwise it is how long from now, by the
 * clock of {@link System#nanoTime}. A request never completes before its time.
 *
 * <p>{@code EINVAL} from all of them: two clocks, a flag this kernel does not know, a time limit
 * without a request to limit.
 *
 * <p>Source: {@code io_uring_prep_timeout(3)}, {@code io_uring_prep_link_timeout(3)}.
 */
public final class Timeouts {
    /** The time is a point in time of the clock. Since Linux 5.5. */
    public static final int ABS = IoUringConstants.IORING_TIMEOUT_ABS;

    /** By the clock that runs on in suspension. Since Linux 5.15. */
    public static final int BOOTTIME = IoUringConstants.IORING_TIMEOUT_BOOTTIME;

    /** By the clock that tells the time of day, from 1970. Since Linux 5.15. */
    public static final int REALTIME = IoUringConstants.IORING_TIMEOUT_REALTIME;

    /** That the time has passed is no failure: requests linked after it start. Since Linux 5.16. */
    public static final int ETIME_SUCCESS = IoUringConstants.IORING_TIMEOUT_ETIME_SUCCESS;

    /** Again and again; not with {@link #ABS}. Since Linux 6.4. */
    public static final int MULTISHOT = IoUringConstants.IORING_TIMEOUT_MULTISHOT;

    private Timeouts() {}

    /** As {@link #timeout(Sqe, Timespec, int, int)}, without a count. */
    public static Sqe timeout(Sqe sqe, Timespec time, int flags) {
        return timeout(sqe, time, 0, flags);
    }

    /**
     * Completes when a time has passed, or so many others have completed ({@code
     * IORING_OP_TIMEOUT}, since Linux 5.4).
     *
     * <p>Result: {@code ETIME} the time has passed; 0 the others have completed; {@code ECANCELED}
     * it was removed. With {@link #MULTISHOT}: {@code ETIME} each time, all but the last with
     * {@link org.uring4j.Cqe#F_MORE}.
     *
     * @param count how many completions, 0 to wait for the time alone; with {@link #MULTISHOT}, how
     *     many times, 0 for ever. Unsigned
     * @param flags {@link #ABS}, {@link #BOOTTIME}, {@link #REALTIME}, {@link #ETIME_SUCCESS},
     *     {@link #MULTISHOT}, or'ed
     */
    public static Sqe timeout(Sqe sqe, Timespec time, int count, int flags) {
        return prepare(sqe, IORING_OP_TIMEOUT, count, time.address(), flags);
    }

    /**
     * As {@link #timeout(Sqe, Timespec, int, int)}, with the time in the request ({@code
     * IORING_TIMEOUT_IMMEDIATE_ARG}, since Linux 7.1).
     *
     * @param nanos nanoseconds, 0 or more
     */
    public static Sqe timeoutNanos(Sqe sqe, long nanos, int count, int flags) {
        return prepare(
                sqe,
                IORING_OP_TIMEOUT,
                count,
                checked(nanos),
                flags | IORING_TIMEOUT_IMMEDIATE_ARG);
    }

    /**
     * Removes a timer ({@code IORING_OP_TIMEOUT_REMOVE}, since Linux 5.5), which then completes
     * with {@code ECANCELED}.
     *
     * <p>Result: 0; {@code ENOENT} there is no such timer, or no longer; {@code EALREADY} it is
     * running out at this moment.
     *
     * @param userData the timer's
     */
    public static Sqe timeoutRemove(Sqe sqe, long userData) {
        return Encoder.prepare(sqe, IORING_OP_TIMEOUT_REMOVE, -1, 0, userData, 0, 0);
    }

    /**
     * Gives a timer another time ({@code IORING_OP_TIMEOUT_REMOVE} with {@code
     * IORING_TIMEOUT_UPDATE}, since Linux 5.11). It keeps its clock, and no longer counts
     * completions. Results as of {@link #timeoutRemove}.
     *
     * @param userData the timer's
     * @param flags 0 or {@link #ABS}
     */
    public static Sqe timeoutUpdate(Sqe sqe, long userData, Timespec time, int flags) {
        return update(sqe, userData, time.address(), flags | IORING_TIMEOUT_UPDATE);
    }

    /**
     * As {@link #timeoutUpdate}, with the time in the request. Since Linux 7.1.
     *
     * @param nanos nanoseconds, 0 or more
     */
    public static Sqe timeoutUpdateNanos(Sqe sqe, long userData, long nanos, int flags) {
        return update(
                sqe,
                userData,
                checked(nanos),
                flags | IORING_TIMEOUT_UPDATE | IORING_TIMEOUT_IMMEDIATE_ARG);
    }

    /**
     * Limits the time of the request put in before, which must be {@link Sqe#link linked} ({@code
     * IORING_OP_LINK_TIMEOUT}, since Linux 5.5). When the time has passed, that request is
     * cancelled, by its user data: it should share that with no other.
     *
     * <p>Result: {@code ETIME} it was cancelled; {@code ECANCELED} it has completed in time; {@code
     * EALREADY} or {@code ENOENT} the time had passed, but it could not be cancelled. With {@link
     * Sqe#skipSuccess} none of the first two is told.
     *
     * @param flags {@link #ABS}, {@link #BOOTTIME}, {@link #REALTIME}, or'ed
     */
    public static Sqe linkTimeout(Sqe sqe, Timespec time, int flags) {
        return prepare(sqe, IORING_OP_LINK_TIMEOUT, 0, time.address(), flags);
    }

    /**
     * As {@link #linkTimeout}, with the time in the request. Since Linux 7.1.
     *
     * @param nanos nanoseconds, 0 or more
     */
    public static Sqe linkTimeoutNanos(Sqe sqe, long nanos, int flags) {
        return prepare(
                sqe,
                IORING_OP_LINK_TIMEOUT,
                0,
                checked(nanos),
                flags | IORING_TIMEOUT_IMMEDIATE_ARG);
    }

    /**
     * As {@link #timeoutUpdate}, of a {@link #linkTimeout} ({@code IORING_LINK_TIMEOUT_UPDATE},
     * since Linux 5.15).
     *
     * @param userData the time limit's own, not that of the request it limits
     */
    public static Sqe linkTimeoutUpdate(Sqe sqe, long userData, Timespec time, int flags) {
        return update(
                sqe,
                userData,
                time.address(),
                flags | IORING_TIMEOUT_UPDATE | IORING_LINK_TIMEOUT_UPDATE);
    }

    /**
     * As {@link #linkTimeoutUpdate}, with the time in the request. Since Linux 7.1.
     *
     * @param nanos nanoseconds, 0 or more
     */
    public static Sqe linkTimeoutUpdateNanos(Sqe sqe, long userData, long nanos, int flags) {
        return update(
                sqe,
                userData,
                checked(nanos),
                flags
                        | IORING_TIMEOUT_UPDATE
                        | IORING_LINK_TIMEOUT_UPDATE
                        | IORING_TIMEOUT_IMMEDIATE_ARG);
    }

    /** The kernel takes an array of times, and insists on one. */
    private static Sqe prepare(Sqe sqe, int opcode, int count, long time, int flags) {
        return Encoder.prepare(sqe, opcode, -1, count & 0xffff_ffffL, time, 1, flags);
    }

    private static Sqe update(Sqe sqe, long userData, long time, int flags) {
        return Encoder.prepare(sqe, IORING_OP_TIMEOUT_REMOVE, -1, time, userData, 0, flags);
    }

    private static long checked(long nanos) {
        if (nanos < 0) {
            throw new IllegalArgumentException("a time is not negative: nanos=" + nanos);
        }
        return nanos;
    }
}
