package org.uring4j.op;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_POLL_ADD;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_POLL_REMOVE;

import org.uring4j.Sqe;
import org.uring4j.internal.Encoder;
import org.uring4j.internal.uapi.IoUringConstants;
import org.uring4j.internal.uapi.LibcConstants;

/**
 * Waits until a descriptor is ready for something.
 *
 * <p>A completion's result is the events that have occurred, among them {@link #POLLERR} and {@link
 * #POLLHUP}, which need not be asked for. They were true once: by the time the completion is seen,
 * another may have used them up.
 *
 * <p>Source: {@code poll(2)}, {@code io_uring_prep_poll_add(3)}.
 */
public final class Polling {
    /** There is something to read. */
    public static final int POLLIN = LibcConstants.POLLIN;

    /** There is something urgent, as a socket's out-of-band data. */
    public static final int POLLPRI = LibcConstants.POLLPRI;

    /** There is room to write. */
    public static final int POLLOUT = LibcConstants.POLLOUT;

    /** There was an error, or nobody reads the pipe any more. Always reported. */
    public static final int POLLERR = LibcConstants.POLLERR;

    /** The other side has hung up. Always reported. */
    public static final int POLLHUP = LibcConstants.POLLHUP;

    /** The other side of a stream socket writes no more. */
    public static final int POLLRDHUP = LibcConstants.POLLRDHUP;

    /** What is behind the descriptor cannot be waited for. Always reported. */
    public static final int POLLNVAL = LibcConstants.POLLNVAL;

    /** As {@link #POLLIN}, for ordinary data. */
    public static final int POLLRDNORM = LibcConstants.POLLRDNORM;

    /** There is data of higher priority to read. */
    public static final int POLLRDBAND = LibcConstants.POLLRDBAND;

    /** As {@link #POLLOUT}, for ordinary data. */
    public static final int POLLWRNORM = LibcConstants.POLLWRNORM;

    /** There is room for data of higher priority. */
    public static final int POLLWRBAND = LibcConstants.POLLWRBAND;

    /** Of several waiting for the same, wake one. Since Linux 5.13. */
    public static final int EPOLLEXCLUSIVE = LibcConstants.EPOLLEXCLUSIVE;

    /** Report again and again, until removed. Since Linux 5.13. */
    public static final int ADD_MULTI = IoUringConstants.IORING_POLL_ADD_MULTI;

    /**
     * Report that something is ready, not that it has become so; with {@link #ADD_MULTI}. In the
     * header since Linux 6.0, but switched off before that was released: {@code EINVAL}.
     */
    public static final int ADD_LEVEL = IoUringConstants.IORING_POLL_ADD_LEVEL;

    /** {@link #pollUpdate} changes the events. Since Linux 5.13. */
    public static final int UPDATE_EVENTS = IoUringConstants.IORING_POLL_UPDATE_EVENTS;

    /** {@link #pollUpdate} changes the user data. Since Linux 5.13. */
    public static final int UPDATE_USER_DATA = IoUringConstants.IORING_POLL_UPDATE_USER_DATA;

    private Polling() {}

    /**
     * Waits for an event ({@code IORING_OP_POLL_ADD}, since Linux 5.1).
     *
     * <p>Result: the events. Errors: {@code EBADF}; {@code ECANCELED} it was removed.
     *
     * <p>With {@link #ADD_MULTI} a completion with {@link org.uring4j.Cqe#F_MORE} is followed by
     * others; without it the request has ended and must be put in again if wanted. {@code EINVAL}
     * with {@link Sqe#skipSuccess}.
     *
     * @param events {@code POLL*}, or'ed; {@link #EPOLLEXCLUSIVE}
     * @param flags 0 or {@link #ADD_MULTI}
     */
    public static Sqe pollAdd(Sqe sqe, int fd, int events, int flags) {
        return Encoder.prepare(sqe, IORING_OP_POLL_ADD, fd, 0, 0, flags, events);
    }

    /**
     * Ends a {@link #pollAdd} ({@code IORING_OP_POLL_REMOVE}, since Linux 5.1), which then
     * completes with {@code ECANCELED}.
     *
     * <p>Result: 0; {@code ENOENT} there is none, or no longer; {@code EALREADY} it is completing
     * at this moment.
     *
     * @param userData of the request to end
     */
    public static Sqe pollRemove(Sqe sqe, long userData) {
        return Encoder.prepare(sqe, IORING_OP_POLL_REMOVE, -1, 0, userData, 0, 0);
    }

    /**
     * Changes a {@link #pollAdd} ({@code IORING_OP_POLL_REMOVE} with {@code IORING_POLL_UPDATE_*},
     * since Linux 5.13), which stays one of many reports or of one, as it was.
     *
     * <p>Results as of {@link #pollRemove}. When it cannot be put in again, it completes with
     * {@code ECANCELED} or its error.
     *
     * @param userData of the request to change
     * @param newUserData what it has from now on, with {@link #UPDATE_USER_DATA}
     * @param events what it waits for from now on, with {@link #UPDATE_EVENTS}
     * @param flags {@link #UPDATE_EVENTS}, {@link #UPDATE_USER_DATA}, or'ed; {@link #ADD_MULTI} as
     *     the request has it
     */
    public static Sqe pollUpdate(Sqe sqe, long userData, long newUserData, int events, int flags) {
        return Encoder.prepare(
                sqe, IORING_OP_POLL_REMOVE, -1, newUserData, userData, flags, events);
    }
}
