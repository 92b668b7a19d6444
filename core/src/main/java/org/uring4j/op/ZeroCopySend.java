package org.uring4j.op;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_NOTIF_USAGE_ZC_COPIED;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_SENDMSG_ZC;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_SEND_ZC;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_RECVSEND_FIXED_BUF;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SEND_VECTORIZED;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SEND_ZC_REPORT_USAGE;

import org.uring4j.Cqe;
import org.uring4j.Sqe;
import org.uring4j.internal.Encoder;

import java.lang.foreign.MemorySegment;

/**
 * Sending without copying: the network card reads the program's memory.
 *
 * <p><b>Two completions.</b> A request completes with its <em>result</em>: how many bytes the
 * socket took, or an error. When that completion has {@link Cqe#F_MORE}, a second one follows, with
 * the same user data and {@link Cqe#F_NOTIF}: the <em>notification</em> that the kernel is done
 * with the memory. Its result is no byte count: 0 or, with {@link #REPORT_USAGE}, what {@link
 * #copied} reads. When the first completion has no {@code F_MORE}, there is no second. An error may
 * come either way.
 *
 * <pre>
 *   result >= 0, F_MORE  ...  0, F_NOTIF     sent; the memory is free after the second
 *   error, F_MORE        ...  0, F_NOTIF     failed; the memory is free after the second
 *   error                                    failed; the memory is free
 * </pre>
 *
 * <p><b>Memory.</b> It is the kernel's until the completion without {@code F_MORE}: do not change,
 * reuse or free it before. With TCP that takes until the peer has acknowledged the data, which may
 * be long after the result. The notification does not say that the peer has the data.
 *
 * <p><b>Copying.</b> The kernel may copy all the same: over loopback, to some devices, when a
 * packet is filtered or duplicated. {@link #REPORT_USAGE} tells.
 *
 * <p><b>Drains.</b> Never {@linkplain org.uring4j.Sqe#drain drain} one: its notification, made
 * beforehand, counts as a request before it. It never starts (Linux 6.18), and all behind it wait.
 *
 * <p>Source: {@code io_uring_prep_send_zc(3)}, {@code io_uring_enter(2)}.
 */
public final class ZeroCopySend {
    /** Have the notification tell whether data was copied ({@link #copied}). Since Linux 6.2. */
    public static final int REPORT_USAGE = IORING_SEND_ZC_REPORT_USAGE;

    private ZeroCopySend() {}

    /**
     * Whether some of the data was copied, as the notification of a request with {@link
     * #REPORT_USAGE} tells.
     *
     * @param notificationResult the result of the completion with {@link Cqe#F_NOTIF}
     */
    public static boolean copied(int notificationResult) {
        return (notificationResult & IORING_NOTIF_USAGE_ZC_COPIED) != 0;
    }

    /**
     * Sends ({@code IORING_OP_SEND_ZC}, since Linux 6.0).
     *
     * <p>Result: how many bytes the socket took, which may be fewer unless {@link
     * Sockets#MSG_WAITALL} is set; {@code EPIPE}, {@code ECONNRESET}, {@code ENOTCONN}, {@code
     * EOPNOTSUPP} when the socket's protocol cannot, {@code ENOMEM} when the limit of locked memory
     * is reached. {@link Sqe#skipSuccess} is refused with {@code EINVAL}. In a chain, set {@code
     * MSG_WAITALL}: a short send does not break it otherwise.
     *
     * @param buffer all of it is sent; the kernel's until the completion without {@link Cqe#F_MORE}
     * @param msgFlags as {@link Sockets#MSG_WAITALL}
     * @param ioFlags {@link #REPORT_USAGE}, {@link Sockets#POLL_FIRST} or 0
     */
    public static Sqe send(Sqe sqe, int fd, MemorySegment buffer, int msgFlags, int ioFlags) {
        long at = Encoder.address(buffer, "buffer");
        int length = Encoder.length(buffer, "buffer");
        return Encoder.prepare(sqe, IORING_OP_SEND_ZC, ioFlags, fd, 0, at, length, msgFlags, 0, 0);
    }

    /**
     * As {@link #send}, to an address.
     *
     * @param to copied when the kernel takes the request
     */
    public static Sqe sendTo(
            Sqe sqe, int fd, MemorySegment buffer, SockAddr to, int msgFlags, int ioFlags) {
        return Sockets.sendAddress(send(sqe, fd, buffer, msgFlags, ioFlags), to);
    }

    /**
     * As {@link #send}, from a registered buffer, which spares the kernel to look the pages up and
     * hold them ({@code IORING_OP_SEND_ZC} with {@code IORING_RECVSEND_FIXED_BUF}, since Linux
     * 6.0).
     *
     * <p>{@code EFAULT} there is no such buffer, or {@code buffer} is not within it.
     *
     * @param buffer the registered buffer or a part of it
     * @param index the registered buffer's index, from 0
     */
    public static Sqe sendFixed(
            Sqe sqe, int fd, MemorySegment buffer, int index, int msgFlags, int ioFlags) {
        Encoder.checkBuffer(index);
        send(sqe, fd, buffer, msgFlags, ioFlags | IORING_RECVSEND_FIXED_BUF);
        return Encoder.bufferIndex(sqe, index);
    }

    /**
     * As {@link #send}, several pieces of memory as one ({@code IORING_OP_SEND_ZC} with {@code
     * IORING_SEND_VECTORIZED}, since Linux 6.17). Pieces of a registered buffer go by {@link
     * #sendmsgFixed}.
     */
    public static Sqe sendv(Sqe sqe, int fd, IoVectors buffers, int msgFlags, int ioFlags) {
        int flags = ioFlags | IORING_SEND_VECTORIZED;
        long at = buffers.address();
        return Encoder.prepare(
                sqe, IORING_OP_SEND_ZC, flags, fd, 0, at, buffers.count(), msgFlags, 0, 0);
    }

    /**
     * Sends a message ({@code IORING_OP_SENDMSG_ZC}, since Linux 6.1).
     *
     * <p>Completions as with {@link #send}. Source: {@code io_uring_prep_sendmsg_zc(3)}.
     *
     * @param message the kernel's until the result; its pieces until the completion without {@link
     *     Cqe#F_MORE}
     */
    public static Sqe sendmsg(Sqe sqe, int fd, MsgHdr message, int msgFlags, int ioFlags) {
        long at = message.forSend();
        return Encoder.prepare(sqe, IORING_OP_SENDMSG_ZC, ioFlags, fd, 0, at, 1, msgFlags, 0, 0);
    }

    /**
     * As {@link #sendmsg}, from a registered buffer ({@code IORING_OP_SENDMSG_ZC} with {@code
     * IORING_RECVSEND_FIXED_BUF}, since Linux 6.15).
     *
     * @param message its pieces are parts of the registered buffer
     * @param index the registered buffer's index, from 0
     */
    public static Sqe sendmsgFixed(
            Sqe sqe, int fd, MsgHdr message, int index, int msgFlags, int ioFlags) {
        Encoder.checkBuffer(index);
        sendmsg(sqe, fd, message, msgFlags, ioFlags | IORING_RECVSEND_FIXED_BUF);
        return Encoder.bufferIndex(sqe, index);
    }
}
