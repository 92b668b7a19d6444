package org.uring4j.op;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_RECV_ZC;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_RECV_MULTISHOT;

import org.uring4j.Cqe;
import org.uring4j.Sqe;
import org.uring4j.internal.Encoder;

/**
 * Receiving without copying: the network card writes into memory of the program's.
 *
 * <p><b>Completions.</b> A request is always a multishot one. Each completion with {@link
 * Cqe#F_MORE} brings a piece of the stream: its result is how many bytes, and the first 8 bytes of
 * its second half are the <em>place</em>, from which {@code ZeroCopyReceive} of {@code
 * org.uring4j.resource} knows where they are. The one without is the last and brings nothing:
 *
 * <pre>
 *   0         the peer has ended the stream, or the limit is reached
 *   ENOMEM    no buffer was free for data that has to be copied: give some back, submit again
 *   ENOSPC    the completion queue was full: drain it, submit again
 *   EFAULT    the data is in memory of another queue: receive by that one
 *   ECONNRESET, ECANCELED, ENOTCONN   as with any receive
 * </pre>
 *
 * <p>The stream's end counts as a failure: what is {@linkplain Sqe#link linked} to the request is
 * cancelled, unless by {@linkplain Sqe#hardlink a hard link}.
 *
 * <p><b>A reset that is missed.</b> Of a connection that the peer resets while many packets wait
 * (more than 20), a request can take what waits and then wait for ever: seen with 7.2. Have {@link
 * Polling#pollAdd} tell of {@link Polling#POLLHUP} beside it; then cancel the request and submit it
 * again, until it ends with the error. {@code StreamReceiver} of {@code org.uring4j.io} does so.
 *
 * <p><b>Urgent data.</b> A request stops before an urgent byte (TCP) until an ordinary receive has
 * gone past it, which leaves it out and brings what follows; when the peer has ended the stream by
 * then, the request ends with 0 there. From a network card's queue an ordinary receive cannot read
 * what came without a copy: close such a connection.
 *
 * <p>Source: {@code linux/io_uring/zcrx.h}, {@code Documentation/networking/iou-zcrx.rst}.
 */
public final class ZeroCopyReceives {
    private ZeroCopyReceives() {}

    /**
     * Receives from a TCP connection by an interface queue, until the stream ends ({@code
     * IORING_OP_RECV_ZC}, since Linux 6.15).
     *
     * @param queue the id of the queue: {@code ZeroCopyReceive.id()}
     */
    public static Sqe receive(Sqe sqe, int fd, int queue) {
        return receive(sqe, fd, queue, 0, 0);
    }

    /**
     * As {@link #receive(Sqe, int, int)}, at most so many bytes.
     *
     * <p>Fails with {@code EINVAL} when the ring has no such queue, {@code EPROTONOSUPPORT} when
     * the socket is none of TCP, {@code ENOTSOCK} when it is no socket.
     *
     * @param limit how many bytes at most, unsigned, after which the request ends with 0; 0 for no
     *     limit. Since Linux 6.16
     * @param ioFlags {@link Sockets#POLL_FIRST} or 0
     */
    public static Sqe receive(Sqe sqe, int fd, int queue, int limit, int ioFlags) {
        int flags = ioFlags | IORING_RECV_MULTISHOT;
        return Encoder.prepare(sqe, IORING_OP_RECV_ZC, flags, fd, 0, 0, limit, 0, queue, 0);
    }
}
