package org.uring4j.op;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_ASYNC_CANCEL;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_SYNC_CANCEL;

import org.uring4j.Errno;
import org.uring4j.KernelVersion;
import org.uring4j.Ring;
import org.uring4j.Sqe;
import org.uring4j.UringException;
import org.uring4j.internal.Access;
import org.uring4j.internal.Encoder;
import org.uring4j.internal.sys.Memory;
import org.uring4j.internal.uapi.IoUringSyncCancelReg;

import java.lang.foreign.Arena;
import java.time.Duration;

/**
 * Ends requests before they have completed.
 *
 * <p>A cancelled request completes all the same, and until then its memory is the kernel's: mostly
 * with {@code ECANCELED}; one that was interrupted in a worker thread with {@code EINTR} or a
 * number the kernel means for itself, {@link org.uring4j.Errno#UNKNOWN}. It may also have been
 * quicker, or be stopped half-way with a short result.
 *
 * <p>Source: {@code io_uring_prep_cancel(3)}, {@code io_uring_cancelation(7)}.
 */
public final class Cancel {
    private static final Access ACCESS = Access.get();

    private Cancel() {}

    /**
     * Cancels the request with this user data ({@code IORING_OP_ASYNC_CANCEL}, since Linux 5.5);
     * results as of {@link #cancel(Sqe, CancelTarget)}.
     */
    public static Sqe cancel(Sqe sqe, long userData) {
        return Encoder.prepare(sqe, IORING_OP_ASYNC_CANCEL, -1, 0, userData, 0, 0);
    }

    /**
     * Cancels requests ({@code IORING_OP_ASYNC_CANCEL}, since Linux 5.5).
     *
     * <p>Result: 0; {@code ENOENT} there is none, or no longer; {@code EALREADY} it runs in a
     * worker thread, which was interrupted: if it waited it ends now, if it was about to, it may
     * not have noticed and must be cancelled again. With {@link CancelTarget#all} and {@link
     * CancelTarget#any}: how many were found, 0 if none; what runs in a worker thread is
     * interrupted but not counted. Further errors: {@code EBADF} the descriptor is not open; {@code
     * EINVAL} this kernel cannot choose so.
     */
    public static Sqe cancel(Sqe sqe, CancelTarget target) {
        return Encoder.prepare(
                sqe,
                IORING_OP_ASYNC_CANCEL,
                target.fd,
                0,
                target.userData,
                target.opcode,
                target.flags());
    }

    /** What became of the requests that {@link #now} was to end. */
    public enum Outcome {
        /** There is none, or no longer. */
        NONE,
        /** They have ended, and their completions are on their way. */
        ENDED,
        /** There are such, and they had not ended in time. */
        RUNNING
    }

    /**
     * Cancels requests by a call of its own, and waits for those that are running to end ({@code
     * IORING_REGISTER_SYNC_CANCEL}, since Linux 6.0; {@link CancelTarget#opcode} since 6.6).
     *
     * @param timeout how long to wait at most; with none, does not
     * @throws UringException {@code EBADF} the descriptor is not open; {@code EINVAL} this kernel
     *     cannot choose so
     */
    public static Outcome now(Ring ring, CancelTarget target, Duration timeout) {
        if (timeout.isNegative()) {
            throw new IllegalArgumentException("timeout is negative: timeout=" + timeout);
        }
        try (Arena arena = Arena.ofConfined()) {
            long arg = arena.allocate(IoUringSyncCancelReg.SIZEOF, 8).address();
            Memory.putLong(arg + IoUringSyncCancelReg.ADDR, target.userData);
            Memory.putInt(arg + IoUringSyncCancelReg.FD, target.fd);
            Memory.putInt(arg + IoUringSyncCancelReg.FLAGS, target.flags());
            Memory.putByte(arg + IoUringSyncCancelReg.OPCODE, (byte) target.opcode);
            Memory.putLong(arg + IoUringSyncCancelReg.TIMEOUT_TV_SEC, timeout.getSeconds());
            Memory.putLong(arg + IoUringSyncCancelReg.TIMEOUT_TV_NSEC, timeout.getNano());
            int result = ACCESS.register(ring, IORING_REGISTER_SYNC_CANCEL, arg, 1);
            if (Errno.ENOENT.is(result)) {
                return Outcome.NONE;
            }
            if (Errno.ETIME.is(result) || Errno.EALREADY.is(result) || Errno.EINTR.is(result)) {
                return Outcome.RUNNING;
            }
            if (result < 0) {
                throw ACCESS.failed(
                        IORING_REGISTER_SYNC_CANCEL,
                        result,
                        target + "; this is Linux " + KernelVersion.running());
            }
            return Outcome.ENDED;
        }
    }
}
