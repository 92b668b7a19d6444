package org.uring4j.op;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_EPOLL_CTL;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_EPOLL_WAIT;

import org.uring4j.Sqe;
import org.uring4j.internal.Encoder;
import org.uring4j.internal.uapi.LibcConstants;

/**
 * Works on an epoll descriptor from a ring, for programs that have an event loop around one and
 * move to io_uring piece by piece. By itself a ring needs none: {@link Polling} waits for
 * descriptors, and requests wait by themselves.
 *
 * <p>The epoll descriptor comes from elsewhere, as from {@code epoll_create1(2)} of a library.
 *
 * <p>Source: {@code epoll(7)}, {@code epoll_ctl(2)}, {@code epoll_wait(2)}.
 */
public final class Epoll {
    /** {@link #epollCtl}: watch a descriptor. */
    public static final int EPOLL_CTL_ADD = LibcConstants.EPOLL_CTL_ADD;

    /** {@link #epollCtl}: watch a descriptor no longer; the event is not looked at. */
    public static final int EPOLL_CTL_DEL = LibcConstants.EPOLL_CTL_DEL;

    /** {@link #epollCtl}: watch a descriptor for other events, or with other data. */
    public static final int EPOLL_CTL_MOD = LibcConstants.EPOLL_CTL_MOD;

    /** There is something to read. */
    public static final int EPOLLIN = LibcConstants.EPOLLIN;

    /** There is something urgent, as a socket's out-of-band data. */
    public static final int EPOLLPRI = LibcConstants.EPOLLPRI;

    /** There is room to write. */
    public static final int EPOLLOUT = LibcConstants.EPOLLOUT;

    /** There was an error, or nobody reads the pipe any more. Always reported. */
    public static final int EPOLLERR = LibcConstants.EPOLLERR;

    /** The other side has hung up. Always reported. */
    public static final int EPOLLHUP = LibcConstants.EPOLLHUP;

    /** The other side of a stream socket writes no more. Since Linux 2.6.17. */
    public static final int EPOLLRDHUP = LibcConstants.EPOLLRDHUP;

    /** As {@link #EPOLLIN}, where data has no priority. */
    public static final int EPOLLRDNORM = LibcConstants.EPOLLRDNORM;

    /** There is data with priority to read. */
    public static final int EPOLLRDBAND = LibcConstants.EPOLLRDBAND;

    /** As {@link #EPOLLOUT}, where data has no priority. */
    public static final int EPOLLWRNORM = LibcConstants.EPOLLWRNORM;

    /** There is room to write data with priority. */
    public static final int EPOLLWRBAND = LibcConstants.EPOLLWRBAND;

    /** Of several epoll descriptors that watch the same, wake one. Since Linux 4.5. */
    public static final int EPOLLEXCLUSIVE = LibcConstants.EPOLLEXCLUSIVE;

    /** Do not let the machine sleep while the event is looked after. Since Linux 3.5. */
    public static final int EPOLLWAKEUP = LibcConstants.EPOLLWAKEUP;

    /** Report once; {@link #EPOLL_CTL_MOD} watches again. */
    public static final int EPOLLONESHOT = LibcConstants.EPOLLONESHOT;

    /** Report that it has become ready, not that it is. */
    public static final int EPOLLET = LibcConstants.EPOLLET;

    private Epoll() {}

    /**
     * Changes what an epoll descriptor watches ({@code IORING_OP_EPOLL_CTL}, since Linux 5.6).
     *
     * <p>Result: 0. Errors: {@code EBADF} a descriptor is not open; {@code EEXIST} it is watched
     * already; {@code ENOENT} it is not watched; {@code EPERM} it cannot be watched, as ordinary
     * files cannot; {@code EINVAL} the one is no epoll descriptor, or both are the same, or another
     * operation; {@code ELOOP} epoll descriptors that watch each other; {@code ENOMEM}, {@code
     * ENOSPC}.
     *
     * @param epollFd the epoll descriptor; not a registered file
     * @param operation {@link #EPOLL_CTL_ADD}, {@link #EPOLL_CTL_MOD} or {@link #EPOLL_CTL_DEL}
     * @param fd what to watch; not a registered file
     * @param event the first of it is what to watch for and what to report; copied when the kernel
     *     takes the request
     */
    public static Sqe epollCtl(Sqe sqe, int epollFd, int operation, int fd, EpollEvents event) {
        return Encoder.prepare(
                sqe, IORING_OP_EPOLL_CTL, epollFd, fd, event.address(), operation, 0);
    }

    /**
     * Waits for events of what an epoll descriptor watches ({@code IORING_OP_EPOLL_WAIT}, since
     * Linux 6.15).
     *
     * <p>Result: how many there are, which {@code events} then has. Errors: {@code EINVAL} it is no
     * epoll descriptor; {@code EBADF} it is not open; {@code ECANCELED}.
     *
     * @param epollFd the epoll descriptor
     * @param events where they go, as many as fit; the kernel's to write until the completion
     */
    public static Sqe epollWait(Sqe sqe, int epollFd, EpollEvents events) {
        return Encoder.prepare(
                sqe, IORING_OP_EPOLL_WAIT, epollFd, 0, events.address(), events.capacity(), 0);
    }
}
