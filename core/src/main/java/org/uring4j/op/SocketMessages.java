package org.uring4j.op;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_RECVMSG;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_SENDMSG;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_RECV_MULTISHOT;

import org.uring4j.Cqe;
import org.uring4j.Sqe;
import org.uring4j.internal.Encoder;

/**
 * Messages: sending and receiving several pieces of memory, with addresses and control data.
 *
 * <p>The flags are those of {@link Sockets}: {@code msgFlags} its {@code MSG_} constants, {@code
 * ioFlags} its {@link Sockets#POLL_FIRST}.
 */
public final class SocketMessages {
    private SocketMessages() {}

    /**
     * Sends a message ({@code IORING_OP_SENDMSG}, since Linux 5.3).
     *
     * <p>Result: how many bytes the socket took, which may be fewer unless {@link
     * Sockets#MSG_WAITALL} is set; {@code EPIPE}, {@code ECONNRESET}, {@code ENOTCONN}, {@code
     * EDESTADDRREQ}, {@code EMSGSIZE}. Source: {@code sendmsg(2)}.
     *
     * @param message it and its pieces are the kernel's until the completion
     */
    public static Sqe sendmsg(Sqe sqe, int fd, MsgHdr message, int msgFlags, int ioFlags) {
        long at = message.forSend();
        return Encoder.prepare(sqe, IORING_OP_SENDMSG, ioFlags, fd, 0, at, 1, msgFlags, 0, 0);
    }

    /**
     * Receives a message ({@code IORING_OP_RECVMSG}, since Linux 5.3).
     *
     * <p>Result: how many bytes there are, 0 at the end of the stream; {@code ECONNRESET}, {@code
     * ENOTCONN}. {@link Cqe#F_SOCK_NONEMPTY} says there is more to read. Source: {@code
     * recvmsg(2)}.
     *
     * @param message it and its pieces are the kernel's until the completion
     */
    public static Sqe recvmsg(Sqe sqe, int fd, MsgHdr message, int msgFlags, int ioFlags) {
        long at = message.forReceive();
        return Encoder.prepare(sqe, IORING_OP_RECVMSG, ioFlags, fd, 0, at, 1, msgFlags, 0, 0);
    }

    /**
     * As {@link #recvmsg}, the data into a buffer of a group. Since Linux 5.7.
     *
     * <p>Result: as there, or {@code ENOBUFS}; {@link Cqe#bufferId} tells which buffer.
     *
     * @param message gets address and control data; its pieces do not matter
     * @param group the group to take the buffer from
     */
    public static Sqe recvmsgProvided(
            Sqe sqe, int fd, MsgHdr message, int group, int msgFlags, int ioFlags) {
        long at = message.forProvided();
        return Encoder.prepare(sqe, IORING_OP_RECVMSG, ioFlags, fd, 0, at, 1, msgFlags, 0, 0)
                .bufferGroup(group);
    }

    /**
     * Receives messages again and again, each with its address and control data into a buffer of a
     * group ({@code IORING_OP_RECVMSG} with {@code IORING_RECV_MULTISHOT}, since Linux 6.0).
     *
     * <p>Result of each completion: how many bytes of the buffer {@link Cqe#bufferId} are in use,
     * which {@link RecvmsgOut} reads. One without {@link Cqe#F_MORE} is the last: {@code ENOBUFS}
     * when no buffer was left, {@code EFAULT} when one is too small for what comes before the data,
     * {@code ECANCELED}, or any other, even a success.
     *
     * @param message says how much room there is for address and control data in each buffer; its
     *     pieces do not matter. Not used any more once the request is submitted
     * @param group the group to take buffers from
     * @param msgFlags not {@link Sockets#MSG_WAITALL}
     */
    public static Sqe recvmsgMultishot(
            Sqe sqe, int fd, MsgHdr message, int group, int msgFlags, int ioFlags) {
        int flags = ioFlags | IORING_RECV_MULTISHOT;
        return recvmsgProvided(sqe, fd, message, group, msgFlags, flags);
    }
}
