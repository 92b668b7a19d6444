package org.uring4j.op;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_CQE_F_TSTAMP_HW;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_URING_CMD;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_TIMESTAMP_TYPE_SHIFT;
import static org.uring4j.internal.uapi.IoUringConstants.SOCKET_URING_OP_GETSOCKNAME;
import static org.uring4j.internal.uapi.IoUringConstants.SOCKET_URING_OP_SIOCINQ;
import static org.uring4j.internal.uapi.IoUringConstants.SOCKET_URING_OP_SIOCOUTQ;
import static org.uring4j.internal.uapi.IoUringConstants.SOCKET_URING_OP_TX_TIMESTAMP;

import org.uring4j.BigCompletionHandler;
import org.uring4j.Cqe;
import org.uring4j.RingConfig;
import org.uring4j.Sqe;
import org.uring4j.internal.Encoder;
import org.uring4j.internal.uapi.LibcConstants;

import java.time.Instant;

/**
 * Commands to sockets ({@code IORING_OP_URING_CMD}): how much waits in them, whose they are, when
 * they sent. Options are in {@link SocketOptions}.
 *
 * <p><b>Errors</b> of all: {@code EOPNOTSUPP} the descriptor is no socket or one of a kind that
 * takes no commands, as unix sockets are, or the kernel does not know the command.
 */
public final class SocketCommands {
    /** Of {@link #timestampType}: the packet was handed to the network card, or has left it. */
    public static final int SCM_TSTAMP_SND = LibcConstants.SCM_TSTAMP_SND;

    /** Of {@link #timestampType}: the packet has come to the packet scheduler. */
    public static final int SCM_TSTAMP_SCHED = LibcConstants.SCM_TSTAMP_SCHED;

    /** Of {@link #timestampType}: the peer has acknowledged the bytes. TCP only. */
    public static final int SCM_TSTAMP_ACK = LibcConstants.SCM_TSTAMP_ACK;

    /** Of {@link #timestampType}: sending is over, for Bluetooth. Since Linux 6.15. */
    public static final int SCM_TSTAMP_COMPLETION = LibcConstants.SCM_TSTAMP_COMPLETION;

    private static final int TYPE_MASK = 0x7fff;

    private SocketCommands() {}

    /**
     * Asks how much was received and waits to be read ({@code SIOCINQ} by {@code
     * IORING_OP_URING_CMD}, since Linux 6.7).
     *
     * <p>Result: with TCP how many bytes, with UDP how many bytes the next datagram has; {@code
     * EINVAL} the socket listens. Source: {@code tcp(7)}, {@code udp(7)}.
     */
    public static Sqe siocinq(Sqe sqe, int fd) {
        return Commands.encode(sqe, fd, SOCKET_URING_OP_SIOCINQ, 0, 0, 0, 0);
    }

    /**
     * Asks how much was given to the socket and is not gone yet ({@code SIOCOUTQ} by {@code
     * IORING_OP_URING_CMD}, since Linux 6.7).
     *
     * <p>Result: with TCP how many bytes the peer has not acknowledged, with UDP how many bytes of
     * memory wait to be sent; {@code EINVAL} the socket listens. Source: {@code tcp(7)}, {@code
     * udp(7)}.
     */
    public static Sqe siocoutq(Sqe sqe, int fd) {
        return Commands.encode(sqe, fd, SOCKET_URING_OP_SIOCOUTQ, 0, 0, 0, 0);
    }

    /**
     * Asks for the address a socket is bound to ({@code IORING_OP_URING_CMD} with {@code
     * SOCKET_URING_OP_GETSOCKNAME}, since Linux 6.19).
     *
     * <p>Result: 0. Source: {@code getsockname(2)}.
     *
     * @param address gets it; the kernel's until the completion
     */
    public static Sqe getsockname(Sqe sqe, int fd, SockAddr address) {
        return name(sqe, fd, address, 0);
    }

    /**
     * Asks for the address of whom a socket is connected to ({@code IORING_OP_URING_CMD} with
     * {@code SOCKET_URING_OP_GETSOCKNAME}, since Linux 6.19).
     *
     * <p>Result: 0; {@code ENOTCONN} it is not connected. Source: {@code getpeername(2)}.
     *
     * @param address gets it; the kernel's until the completion
     */
    public static Sqe getpeername(Sqe sqe, int fd, SockAddr address) {
        return name(sqe, fd, address, 1);
    }

    private static Sqe name(Sqe sqe, int fd, SockAddr address, int peer) {
        long at = Encoder.address(address.memory(), "the address");
        address.length(SockAddr.MAX_LENGTH);
        long length = at + SockAddr.MAX_LENGTH;
        return Encoder.prepare(
                sqe,
                IORING_OP_URING_CMD,
                0,
                fd,
                SOCKET_URING_OP_GETSOCKNAME,
                at,
                0,
                0,
                peer,
                length);
    }

    /**
     * Tells when packets were sent, again and again ({@code IORING_OP_URING_CMD} with {@code
     * SOCKET_URING_OP_TX_TIMESTAMP}, since Linux 6.17). On a ring with 32-byte completions ({@link
     * RingConfig#cqeSize}).
     *
     * <p>What is stamped, {@link SocketOptions#SO_TIMESTAMPING} says; it must have {@link
     * SocketOptions#SOF_TIMESTAMPING_OPT_TSONLY}, as stamps that come with their packet's bytes are
     * left where they are. Each completion with {@link Cqe#F_MORE} is a stamp: {@link #timestamp}
     * reads its time, {@link #timestampType} what happened then. Without, it has ended; it does so
     * when cancelled.
     *
     * <p>Result: which packet; with {@link SocketOptions#SOF_TIMESTAMPING_OPT_ID} its number or,
     * with TCP, that of the last byte sent, from 0. Errors: {@code EINVAL} the ring has completions
     * of 16 bytes only.
     */
    public static Sqe txTimestamps(Sqe sqe, int fd) {
        return Commands.encode(sqe, fd, SOCKET_URING_OP_TX_TIMESTAMP, 0, 0, 0, 0);
    }

    /**
     * The time of a stamp.
     *
     * @param extra1 of the completion, see {@link BigCompletionHandler}
     * @param extra2 of the completion
     */
    public static Instant timestamp(long extra1, long extra2) {
        return Instant.ofEpochSecond(extra1, extra2);
    }

    /** What happened then: {@code SCM_TSTAMP_*}. */
    public static int timestampType(int flags) {
        return flags >>> IORING_TIMESTAMP_TYPE_SHIFT & TYPE_MASK;
    }

    /** Whether the stamp is the network card's, in the time of its own clock. */
    public static boolean isHardwareTimestamp(int flags) {
        return (flags & IORING_CQE_F_TSTAMP_HW) != 0;
    }
}
