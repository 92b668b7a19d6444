package org.uring4j.op;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_ASYNC_CANCEL;

import org.uring4j.Sqe;
import org.uring4j.internal.Encoder;

/**
 * Ends requests before they have completed.
 *
 * <p>A cancelled request completes all the same, mostly with {@code ECANCELED}, and until then its
 * memory is the kernel's. It may also have been quicker, or be stopped half-way with a short
 * result.
 *
 * <p>Source: {@code io_uring_prep_cancel(3)}, {@code io_uring_cancelation(7)}.
 */
public final class Cancel {
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
     * CancelTarget#any}: how many were found, 0 if none. Further errors: {@code EBADF} the
     * descriptor is not open; {@code EINVAL} this kernel cannot choose so.
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
}
