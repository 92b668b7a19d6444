package org.uring4j.op;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_URING_CMD;
import static org.uring4j.internal.uapi.IoUringConstants.SOCKET_URING_OP_GETSOCKOPT;
import static org.uring4j.internal.uapi.IoUringConstants.SOCKET_URING_OP_SETSOCKOPT;

import org.uring4j.Sqe;
import org.uring4j.internal.Encoder;
import org.uring4j.internal.uapi.LibcConstants;

import java.lang.foreign.MemorySegment;

/**
 * Options of sockets, set and asked for through the ring ({@code IORING_OP_URING_CMD}, since Linux
 * 6.7).
 *
 * <p>The constants are the options that most programs want; any number of {@code setsockopt(2)},
 * {@code socket(7)}, {@code tcp(7)} will do. A value is mostly one {@code int}.
 */
public final class SocketOptions {
    /** Options of any socket ({@code socket(7)}). */
    public static final int SOL_SOCKET = LibcConstants.SOL_SOCKET;

    /** Options of TCP ({@code tcp(7)}). */
    public static final int IPPROTO_TCP = LibcConstants.IPPROTO_TCP;

    /** Bind although connections of an earlier program linger on the address; 0 or 1. */
    public static final int SO_REUSEADDR = LibcConstants.SO_REUSEADDR;

    /** Several sockets share an address, and the kernel spreads connections; 0 or 1. */
    public static final int SO_REUSEPORT = LibcConstants.SO_REUSEPORT;

    /** How many bytes can wait to be sent; the kernel doubles it for its own use. */
    public static final int SO_SNDBUF = LibcConstants.SO_SNDBUF;

    /** How many received bytes can wait; the kernel doubles it for its own use. */
    public static final int SO_RCVBUF = LibcConstants.SO_RCVBUF;

    /** How many bytes there must be before a receive or poll sees them. */
    public static final int SO_RCVLOWAT = LibcConstants.SO_RCVLOWAT;

    /** Look now and then whether the peer is still there; 0 or 1. */
    public static final int SO_KEEPALIVE = LibcConstants.SO_KEEPALIVE;

    /** To get: what went wrong with the socket last, as a positive errno; asking clears it. */
    public static final int SO_ERROR = LibcConstants.SO_ERROR;

    /** Of TCP: send small messages at once; 0 or 1. */
    public static final int TCP_NODELAY = LibcConstants.TCP_NODELAY;

    /**
     * Stamp packets with the time: {@code SOF_TIMESTAMPING_*}, or'ed; {@link
     * SocketCommands#txTimestamps} tells the stamps.
     */
    public static final int SO_TIMESTAMPING = LibcConstants.SO_TIMESTAMPING;

    /** Stamp when the network card sends, by its own clock. */
    public static final int SOF_TIMESTAMPING_TX_HARDWARE =
            LibcConstants.SOF_TIMESTAMPING_TX_HARDWARE;

    /** Stamp when the packet is handed to the network card. */
    public static final int SOF_TIMESTAMPING_TX_SOFTWARE =
            LibcConstants.SOF_TIMESTAMPING_TX_SOFTWARE;

    /** Stamp when the packet comes to the packet scheduler. */
    public static final int SOF_TIMESTAMPING_TX_SCHED = LibcConstants.SOF_TIMESTAMPING_TX_SCHED;

    /** Stamp when the peer acknowledges. TCP only. */
    public static final int SOF_TIMESTAMPING_TX_ACK = LibcConstants.SOF_TIMESTAMPING_TX_ACK;

    /** Tell the stamps of the machine's clock. */
    public static final int SOF_TIMESTAMPING_SOFTWARE = LibcConstants.SOF_TIMESTAMPING_SOFTWARE;

    /** Tell the stamps of the network card's clock. */
    public static final int SOF_TIMESTAMPING_RAW_HARDWARE =
            LibcConstants.SOF_TIMESTAMPING_RAW_HARDWARE;

    /** Tell which packet a stamp is of. */
    public static final int SOF_TIMESTAMPING_OPT_ID = LibcConstants.SOF_TIMESTAMPING_OPT_ID;

    /** Tell a stamp without its packet's bytes. Since Linux 4.0. */
    public static final int SOF_TIMESTAMPING_OPT_TSONLY = LibcConstants.SOF_TIMESTAMPING_OPT_TSONLY;

    /** With TCP: count bytes from where sending stood, whenever it is set. Since Linux 6.2. */
    public static final int SOF_TIMESTAMPING_OPT_ID_TCP = LibcConstants.SOF_TIMESTAMPING_OPT_ID_TCP;

    private SocketOptions() {}

    /**
     * Sets an option ({@code IORING_OP_URING_CMD} with {@code SOCKET_URING_OP_SETSOCKOPT}, since
     * Linux 6.7).
     *
     * <p>Result: 0; {@code ENOPROTOOPT} there is no such option, {@code EINVAL} the value is too
     * short or out of range, {@code EOPNOTSUPP} the descriptor is no socket or one of a kind that
     * takes no commands. Source: {@code setsockopt(2)}.
     *
     * @param level {@link #SOL_SOCKET}, or the number of a protocol, as {@link #IPPROTO_TCP}
     * @param value all of it; the kernel's to read until the completion
     */
    public static Sqe set(Sqe sqe, int fd, int level, int option, MemorySegment value) {
        return command(sqe, SOCKET_URING_OP_SETSOCKOPT, fd, level, option, value);
    }

    /**
     * Asks for an option ({@code IORING_OP_URING_CMD} with {@code SOCKET_URING_OP_GETSOCKOPT},
     * since Linux 6.7).
     *
     * <p>Result: how many bytes of {@code value} were written; {@code ENOPROTOOPT} there is no such
     * option, {@code EOPNOTSUPP} it is not one of {@link #SOL_SOCKET}. Source: {@code
     * getsockopt(2)}.
     *
     * @param level {@link #SOL_SOCKET}
     * @param value where it goes; the kernel's to write until the completion
     */
    public static Sqe get(Sqe sqe, int fd, int level, int option, MemorySegment value) {
        return command(sqe, SOCKET_URING_OP_GETSOCKOPT, fd, level, option, value);
    }

    private static Sqe command(
            Sqe sqe, int command, int fd, int level, int option, MemorySegment value) {
        long at = Encoder.address(value, "value");
        int length = Encoder.length(value, "value");
        long what = (level & 0xffff_ffffL) | (long) option << 32;
        return Encoder.prepare(sqe, IORING_OP_URING_CMD, 0, fd, command, what, 0, 0, length, at);
    }
}
