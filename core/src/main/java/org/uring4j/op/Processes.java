package org.uring4j.op;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_WAITID;

import org.uring4j.Sqe;
import org.uring4j.internal.Encoder;
import org.uring4j.internal.uapi.LibcConstants;

/**
 * Waits for child processes.
 *
 * <p>Of the children that {@link ProcessBuilder} starts, the JDK waits for the end itself, and who
 * comes first has the result: with {@link #WEXITED} the request may complete with {@code ECHILD}.
 * It is for children started otherwise, and for stopping and continuing.
 *
 * <p>When one is cancelled, the {@link Cancel} may have the result 1, how many were cancelled,
 * rather than 0, and a {@link Timeouts#linkTimeout} 1 rather than {@code ETIME} (seen with Linux
 * 6.18).
 *
 * <p>Source: {@code waitid(2)}, {@code io_uring_prep_waitid(3)}.
 */
public final class Processes {
    /** As kind of id: any child. */
    public static final int P_ALL = LibcConstants.P_ALL;

    /** As kind of id: the child with this process id. */
    public static final int P_PID = LibcConstants.P_PID;

    /** As kind of id: any child of this process group; 0 is one's own. */
    public static final int P_PGID = LibcConstants.P_PGID;

    /** As kind of id: the child that this descriptor stands for. Since Linux 5.4. */
    public static final int P_PIDFD = LibcConstants.P_PIDFD;

    /** Wait for the end. */
    public static final int WEXITED = LibcConstants.WEXITED;

    /** Wait until a signal has stopped it. */
    public static final int WSTOPPED = LibcConstants.WSTOPPED;

    /** Wait until a signal has had it continue. */
    public static final int WCONTINUED = LibcConstants.WCONTINUED;

    /** Complete at once when there is nothing to tell. */
    public static final int WNOHANG = LibcConstants.WNOHANG;

    /** Leave the child as it is, to be waited for again. */
    public static final int WNOWAIT = LibcConstants.WNOWAIT;

    /** Wait for children of this thread alone, not for those of the process's others. */
    public static final int WNOTHREAD = LibcConstants.__WNOTHREAD;

    /**
     * Wait for children that tell of their end otherwise than by {@code SIGCHLD}, and no others.
     */
    public static final int WCLONE = LibcConstants.__WCLONE;

    /** Wait for children of either kind. */
    public static final int WALL = LibcConstants.__WALL;

    private Processes() {}

    /**
     * Waits until a child changes its state ({@code IORING_OP_WAITID}, since Linux 6.7).
     *
     * <p>Result: 0, and {@code info} tells what has happened; with {@link #WNOHANG} its {@link
     * SigInfo#pid} is 0 when nothing has. Errors: {@code ECHILD} there is no such child; {@code
     * EINVAL} an unknown kind of id or option, or none to wait for; {@code EBADF} the descriptor of
     * {@link #P_PIDFD} stands for no process; {@code ECANCELED}.
     *
     * @param idType {@link #P_PID}, {@link #P_PGID}, {@link #P_PIDFD} or {@link #P_ALL}
     * @param id the process, group or descriptor; not looked at with {@link #P_ALL}
     * @param info the kernel's to write until the completion
     * @param options {@link #WEXITED}, {@link #WSTOPPED}, {@link #WCONTINUED}, one at least, {@link
     *     #WNOHANG}, {@link #WNOWAIT}, {@link #WNOTHREAD}, {@link #WCLONE}, {@link #WALL}, or'ed
     */
    public static Sqe waitid(Sqe sqe, int idType, int id, SigInfo info, int options) {
        return waitid(sqe, idType, id, info.address(), options);
    }

    /** As {@link #waitid(Sqe, int, int, SigInfo, int)}, without being told what has happened. */
    public static Sqe waitid(Sqe sqe, int idType, int id, int options) {
        return waitid(sqe, idType, id, 0L, options);
    }

    private static Sqe waitid(Sqe sqe, int idType, int id, long info, int options) {
        return Encoder.prepare(sqe, IORING_OP_WAITID, 0, id, info, 0, idType, 0, options, 0);
    }
}
