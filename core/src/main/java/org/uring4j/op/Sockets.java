package org.uring4j.op;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_ACCEPT_DONTWAIT;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_ACCEPT_MULTISHOT;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_ACCEPT_POLL_FIRST;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_ACCEPT;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_BIND;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_CONNECT;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_LISTEN;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_RECV;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_SEND;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_SHUTDOWN;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_SOCKET;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_RECVSEND_BUNDLE;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_RECVSEND_POLL_FIRST;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_RECV_MULTISHOT;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SEND_VECTORIZED;

import org.uring4j.Cqe;
import org.uring4j.Sqe;
import org.uring4j.internal.Encoder;
import org.uring4j.internal.uapi.LibcConstants;

import java.lang.foreign.MemorySegment;

/**
 * Sockets: make, name, connect and accept them, send and receive.
 *
 * <p>Requests that can wait take two kinds of flags. {@code msgFlags} are those of {@code send(2)}
 * and {@code recv(2)}, the {@code MSG_} constants here; {@code ioFlags} are io_uring's own: {@link
 * #POLL_FIRST}, {@link #BUNDLE} and the {@code ACCEPT_} constants here.
 *
 * <p>Sending never raises {@code SIGPIPE}: the kernel adds {@code MSG_NOSIGNAL} to every request.
 *
 * <p>Messages with several pieces, addresses and control data are in {@link SocketMessages},
 * sending without copying is in {@link ZeroCopySend}, registered buffers are in {@link
 * FixedSockets}, further kinds of sockets in {@link SocketKinds}.
 */
public final class Sockets {
    /** Internet, version 4 ({@code ip(7)}). */
    public static final int AF_INET = LibcConstants.AF_INET;

    /** Internet, version 6 ({@code ipv6(7)}). */
    public static final int AF_INET6 = LibcConstants.AF_INET6;

    /** Within the machine ({@code unix(7)}). */
    public static final int AF_UNIX = LibcConstants.AF_UNIX;

    /** A socket of ordered bytes, as TCP. */
    public static final int SOCK_STREAM = LibcConstants.SOCK_STREAM;

    /** A socket of datagrams, as UDP. */
    public static final int SOCK_DGRAM = LibcConstants.SOCK_DGRAM;

    /** A connected socket of ordered messages. */
    public static final int SOCK_SEQPACKET = LibcConstants.SOCK_SEQPACKET;

    /** Or'ed to a type, or a flag of accept: close the descriptor when another program starts. */
    public static final int SOCK_CLOEXEC = LibcConstants.SOCK_CLOEXEC;

    /**
     * Or'ed to a type, or a flag of accept: system calls on the socket do not wait. Requests of a
     * ring wait all the same, unless they have {@link #MSG_DONTWAIT}.
     */
    public static final int SOCK_NONBLOCK = LibcConstants.SOCK_NONBLOCK;

    /** No more receiving. */
    public static final int SHUT_RD = LibcConstants.SHUT_RD;

    /** No more sending: the peer reads to the end. */
    public static final int SHUT_WR = LibcConstants.SHUT_WR;

    /** No more of either. */
    public static final int SHUT_RDWR = LibcConstants.SHUT_RDWR;

    /** Receive: leave what was read in the socket. */
    public static final int MSG_PEEK = LibcConstants.MSG_PEEK;

    /** Receive: the result is the datagram's length even if the buffer is shorter. */
    public static final int MSG_TRUNC = LibcConstants.MSG_TRUNC;

    /** A message's flag: there was more control data than room for it. */
    public static final int MSG_CTRUNC = LibcConstants.MSG_CTRUNC;

    /** Fail with {@code EAGAIN} instead of waiting. */
    public static final int MSG_DONTWAIT = LibcConstants.MSG_DONTWAIT;

    /** Wait until the whole length is sent or received, or the connection ends. */
    public static final int MSG_WAITALL = LibcConstants.MSG_WAITALL;

    /** Send: more follows at once, so that a packet can be filled ({@code tcp(7)}). */
    public static final int MSG_MORE = LibcConstants.MSG_MORE;

    /** Send: to a neighbour only, not by a gateway. */
    public static final int MSG_DONTROUTE = LibcConstants.MSG_DONTROUTE;

    /** Send: the peer has answered, so that its address need not be looked up anew. */
    public static final int MSG_CONFIRM = LibcConstants.MSG_CONFIRM;

    /** Send: connect, with the data in the first packet ({@code tcp(7)}). */
    public static final int MSG_FASTOPEN = LibcConstants.MSG_FASTOPEN;

    /** Send: end of a record, where the socket has such. */
    public static final int MSG_EOR = LibcConstants.MSG_EOR;

    /** Out-of-band data. */
    public static final int MSG_OOB = LibcConstants.MSG_OOB;

    /** Receive from the error queue ({@code ip(7)}, {@code IP_RECVERR}). */
    public static final int MSG_ERRQUEUE = LibcConstants.MSG_ERRQUEUE;

    /** Receive: descriptors in control data close when another program starts. */
    public static final int MSG_CMSG_CLOEXEC = LibcConstants.MSG_CMSG_CLOEXEC;

    /**
     * Send and receive: wait until the socket is ready before the first try, which saves that try
     * where it would be in vain ({@code IORING_RECVSEND_POLL_FIRST}). Since Linux 5.19.
     */
    public static final int POLL_FIRST = IORING_RECVSEND_POLL_FIRST;

    /**
     * Send and receive with provided buffers of a ring: use as many as there are or as there is
     * data for ({@code IORING_RECVSEND_BUNDLE}). The result counts the bytes in the buffer {@link
     * Cqe#bufferId} and those after it, in the order they were provided in. Without such a group
     * the request may fail with {@code ENOENT} instead of {@code ENOBUFS}. Since Linux 6.10.
     */
    public static final int BUNDLE = IORING_RECVSEND_BUNDLE;

    /** Accept: fail with {@code EAGAIN} when there is no connection. Since Linux 6.10. */
    public static final int ACCEPT_DONTWAIT = IORING_ACCEPT_DONTWAIT;

    /** Accept: wait for a connection before the first try. Since Linux 6.10. */
    public static final int ACCEPT_POLL_FIRST = IORING_ACCEPT_POLL_FIRST;

    private Sockets() {}

    /**
     * Makes a socket ({@code IORING_OP_SOCKET}, since Linux 5.19).
     *
     * <p>Result: the descriptor; {@code EAFNOSUPPORT}, {@code EINVAL}, {@code EPROTONOSUPPORT},
     * {@code EMFILE}. Source: {@code socket(2)}.
     *
     * @param domain as {@link #AF_INET}
     * @param type as {@link #SOCK_STREAM}, with {@link #SOCK_CLOEXEC} and {@link #SOCK_NONBLOCK}
     * @param protocol 0 for the usual one
     */
    public static Sqe socket(Sqe sqe, int domain, int type, int protocol) {
        return Encoder.prepare(sqe, IORING_OP_SOCKET, domain, type, 0, protocol, 0);
    }

    /**
     * As {@link #socket}, into a slot.
     *
     * <p>Result: 0, or the slot the kernel chose; {@code ENFILE} when it finds none free, {@code
     * EINVAL} when the slot is none or with {@link #SOCK_CLOEXEC}, {@code ENXIO} without registered
     * files.
     *
     * @param slot the slot, or {@link DirectSlot#ALLOCATE}
     */
    public static Sqe socketDirect(Sqe sqe, int domain, int type, int protocol, int slot) {
        int index = DirectSlot.fileIndex(slot);
        return Encoder.prepare(sqe, IORING_OP_SOCKET, 0, domain, type, 0, protocol, 0, index, 0);
    }

    /**
     * Gives a socket its own address ({@code IORING_OP_BIND}, since Linux 6.11).
     *
     * <p>Result: 0; {@code EADDRINUSE}, {@code EADDRNOTAVAIL}, {@code EACCES}. Source: {@code
     * bind(2)}.
     */
    public static Sqe bind(Sqe sqe, int fd, SockAddr address) {
        long at = Encoder.address(address.memory(), "address");
        return Encoder.prepare(sqe, IORING_OP_BIND, fd, address.length(), at, 0, 0);
    }

    /**
     * Lets a socket take connections ({@code IORING_OP_LISTEN}, since Linux 6.11).
     *
     * <p>Result: 0; {@code EADDRINUSE}, {@code EOPNOTSUPP}. Source: {@code listen(2)}.
     *
     * @param backlog how many connections may wait to be accepted
     */
    public static Sqe listen(Sqe sqe, int fd, int backlog) {
        return Encoder.prepare(sqe, IORING_OP_LISTEN, fd, 0, 0, backlog, 0);
    }

    /**
     * Connects a socket ({@code IORING_OP_CONNECT}, since Linux 5.5).
     *
     * <p>Result: 0; {@code ECONNREFUSED}, {@code ETIMEDOUT}, {@code ENETUNREACH}, {@code EISCONN}.
     * Source: {@code connect(2)}.
     */
    public static Sqe connect(Sqe sqe, int fd, SockAddr address) {
        long at = Encoder.address(address.memory(), "address");
        return Encoder.prepare(sqe, IORING_OP_CONNECT, fd, address.length(), at, 0, 0);
    }

    /**
     * Accepts one connection ({@code IORING_OP_ACCEPT}, since Linux 5.5).
     *
     * <p>Result: the descriptor; {@code EINVAL} when the socket does not listen, {@code EMFILE}.
     * Since Linux 6.10 {@link Cqe#F_SOCK_NONEMPTY} says that more connections wait. Source: {@code
     * accept4(2)}.
     *
     * @param flags {@link #SOCK_CLOEXEC}, {@link #SOCK_NONBLOCK} or 0
     */
    public static Sqe accept(Sqe sqe, int fd, int flags) {
        return accept(sqe, fd, flags, 0, 0);
    }

    /**
     * As {@link #accept(Sqe, int, int)}.
     *
     * @param ioFlags {@link #ACCEPT_DONTWAIT}, {@link #ACCEPT_POLL_FIRST} or 0
     */
    public static Sqe accept(Sqe sqe, int fd, int flags, int ioFlags) {
        return accept(sqe, fd, flags, ioFlags, 0);
    }

    /**
     * As {@link #accept(Sqe, int, int, int)}, with the peer's address.
     *
     * @param peer gets the address; the kernel's until the completion
     */
    public static Sqe accept(Sqe sqe, int fd, SockAddr peer, int flags, int ioFlags) {
        return accept(sqe, fd, peer, flags, ioFlags, 0);
    }

    private static Sqe accept(
            Sqe sqe, int fd, SockAddr peer, int flags, int ioFlags, int fileIndex) {
        long at = Encoder.address(peer.memory(), "peer");
        peer.length(SockAddr.MAX_LENGTH);
        long length = at + SockAddr.MAX_LENGTH;
        return Encoder.prepare(
                sqe, IORING_OP_ACCEPT, ioFlags, fd, length, at, 0, flags, fileIndex, 0);
    }

    /**
     * As {@link #accept(Sqe, int, int, int)}, into a slot. Since Linux 5.15.
     *
     * <p>Result: 0, or the slot the kernel chose; {@code ENFILE} when it finds none free, {@code
     * EINVAL} when the slot is none or with {@link #SOCK_CLOEXEC}, {@code ENXIO} without registered
     * files.
     *
     * @param slot the slot, or {@link DirectSlot#ALLOCATE}
     */
    public static Sqe acceptDirect(Sqe sqe, int fd, int slot, int flags, int ioFlags) {
        return accept(sqe, fd, flags, ioFlags, DirectSlot.fileIndex(slot));
    }

    /**
     * As {@link #acceptDirect(Sqe, int, int, int, int)}, with the peer's address.
     *
     * @param peer gets the address; the kernel's until the completion
     */
    public static Sqe acceptDirect(
            Sqe sqe, int fd, SockAddr peer, int slot, int flags, int ioFlags) {
        return accept(sqe, fd, peer, flags, ioFlags, DirectSlot.fileIndex(slot));
    }

    /**
     * Accepts connections until it fails or is cancelled ({@code IORING_OP_ACCEPT} with {@code
     * IORING_ACCEPT_MULTISHOT}, since Linux 5.19).
     *
     * <p>Result of each completion: a descriptor. One without {@link Cqe#F_MORE} is the last, even
     * when it succeeded: start again then. Who connected, {@code getpeername(2)} tells.
     *
     * @param flags {@link #SOCK_CLOEXEC}, {@link #SOCK_NONBLOCK} or 0
     * @param ioFlags {@link #ACCEPT_POLL_FIRST} or 0
     */
    public static Sqe acceptMultishot(Sqe sqe, int fd, int flags, int ioFlags) {
        return accept(sqe, fd, flags, ioFlags | IORING_ACCEPT_MULTISHOT, 0);
    }

    /**
     * As {@link #acceptMultishot}, each into a slot the kernel chooses. Since Linux 5.19.
     *
     * <p>Result of each completion: the slot; {@code ENFILE} when none is free, which ends the
     * request, and the connection that was to go there is closed.
     */
    public static Sqe acceptMultishotDirect(Sqe sqe, int fd, int flags, int ioFlags) {
        int index = DirectSlot.fileIndex(DirectSlot.ALLOCATE);
        return accept(sqe, fd, flags, ioFlags | IORING_ACCEPT_MULTISHOT, index);
    }

    private static Sqe accept(Sqe sqe, int fd, int flags, int ioFlags, int fileIndex) {
        return Encoder.prepare(sqe, IORING_OP_ACCEPT, ioFlags, fd, 0, 0, 0, flags, fileIndex, 0);
    }

    /**
     * Sends ({@code IORING_OP_SEND}, since Linux 5.6).
     *
     * <p>Result: how many bytes the socket took, which may be fewer unless {@link #MSG_WAITALL} is
     * set, and are never more than 2 147 479 552; {@code EPIPE}, {@code ECONNRESET}, {@code
     * ENOTCONN}, {@code EMSGSIZE}. Source: {@code send(2)}.
     *
     * @param buffer all of it is sent; the kernel's until the completion
     * @param msgFlags as {@link #MSG_WAITALL}
     */
    public static Sqe send(Sqe sqe, int fd, MemorySegment buffer, int msgFlags) {
        return send(sqe, fd, buffer, msgFlags, 0);
    }

    /**
     * As {@link #send(Sqe, int, MemorySegment, int)}.
     *
     * @param ioFlags {@link #POLL_FIRST} or 0
     */
    public static Sqe send(Sqe sqe, int fd, MemorySegment buffer, int msgFlags, int ioFlags) {
        long at = Encoder.address(buffer, "buffer");
        int length = Encoder.length(buffer, "buffer");
        return Encoder.prepare(sqe, IORING_OP_SEND, ioFlags, fd, 0, at, length, msgFlags, 0, 0);
    }

    /**
     * As {@link #send(Sqe, int, MemorySegment, int, int)}, to an address, which is copied when the
     * kernel takes the request. Since Linux 6.1.
     */
    public static Sqe sendTo(
            Sqe sqe, int fd, MemorySegment buffer, SockAddr to, int msgFlags, int ioFlags) {
        return sendAddress(send(sqe, fd, buffer, msgFlags, ioFlags), to);
    }

    /**
     * Sets the address that a send of any kind goes to, after the request was written. It is copied
     * when the kernel takes the request.
     */
    public static Sqe sendAddress(Sqe sqe, SockAddr to) {
        try {
            return Encoder.sendAddress(sqe, Encoder.address(to.memory(), "to"), to.length());
        } catch (RuntimeException e) {
            throw Encoder.unmake(sqe, e);
        }
    }

    /**
     * As {@link #send(Sqe, int, MemorySegment, int, int)}, several pieces of memory as one ({@code
     * IORING_OP_SEND} with {@code IORING_SEND_VECTORIZED}, since Linux 6.17).
     */
    public static Sqe sendv(Sqe sqe, int fd, IoVectors buffers, int msgFlags, int ioFlags) {
        int flags = ioFlags | IORING_SEND_VECTORIZED;
        long at = buffers.address();
        return Encoder.prepare(
                sqe, IORING_OP_SEND, flags, fd, 0, at, buffers.count(), msgFlags, 0, 0);
    }

    /**
     * As {@link #send(Sqe, int, MemorySegment, int, int)}, the next buffer of a group. Since Linux
     * 6.10.
     *
     * <p>Result: as there, or {@code ENOBUFS}; {@link Cqe#bufferId} tells which buffer. With {@link
     * #BUNDLE} there may be several completions, all but the last with {@link Cqe#F_MORE}.
     *
     * @param maxLength how many bytes at most; 0 for all
     * @param group the group to take buffers from
     * @param ioFlags {@link #BUNDLE}, {@link #POLL_FIRST} or 0
     */
    public static Sqe sendProvided(
            Sqe sqe, int fd, int maxLength, int group, int msgFlags, int ioFlags) {
        return Encoder.prepare(sqe, IORING_OP_SEND, ioFlags, fd, 0, 0, maxLength, msgFlags, 0, 0)
                .bufferGroup(group);
    }

    /**
     * Receives ({@code IORING_OP_RECV}, since Linux 5.6).
     *
     * <p>Result: how many bytes there are, 0 at the end of the stream, and fewer than fit unless
     * {@link #MSG_WAITALL} is set; {@code ECONNRESET}, {@code ENOTCONN}. {@link
     * Cqe#F_SOCK_NONEMPTY} says there is more to read. Source: {@code recv(2)}.
     *
     * @param buffer gets the data; the kernel's until the completion
     * @param msgFlags as {@link #MSG_WAITALL}
     */
    public static Sqe recv(Sqe sqe, int fd, MemorySegment buffer, int msgFlags) {
        return recv(sqe, fd, buffer, msgFlags, 0);
    }

    /**
     * As {@link #recv(Sqe, int, MemorySegment, int)}.
     *
     * @param ioFlags {@link #POLL_FIRST} or 0
     */
    public static Sqe recv(Sqe sqe, int fd, MemorySegment buffer, int msgFlags, int ioFlags) {
        long at = Encoder.address(Encoder.writable(buffer, "buffer"), "buffer");
        int length = Encoder.length(buffer, "buffer");
        return Encoder.prepare(sqe, IORING_OP_RECV, ioFlags, fd, 0, at, length, msgFlags, 0, 0);
    }

    /**
     * As {@link #recv(Sqe, int, MemorySegment, int, int)}, into a buffer of a group. Since Linux
     * 5.7.
     *
     * <p>Result: as there, or {@code ENOBUFS}; {@link Cqe#bufferId} tells which buffer.
     *
     * @param maxLength how many bytes at most; 0 for the buffer's size
     * @param group the group to take the buffer from
     * @param ioFlags {@link #BUNDLE}, {@link #POLL_FIRST} or 0
     */
    public static Sqe recvProvided(
            Sqe sqe, int fd, int maxLength, int group, int msgFlags, int ioFlags) {
        return Encoder.prepare(sqe, IORING_OP_RECV, ioFlags, fd, 0, 0, maxLength, msgFlags, 0, 0)
                .bufferGroup(group);
    }

    /**
     * Receives again and again, each time into a buffer of a group ({@code IORING_OP_RECV} with
     * {@code IORING_RECV_MULTISHOT}, since Linux 6.0).
     *
     * <p>Result of each completion: how many bytes are in the buffer {@link Cqe#bufferId}. One
     * without {@link Cqe#F_MORE} is the last: 0 at the end of the stream, {@code ENOBUFS} when no
     * buffer was left, {@code ECANCELED}, or any other, even a success; start again where that
     * makes sense.
     *
     * <p>Of a unix socket the end is never told when it is there already, with data before it, as
     * the request starts, and that polls first: by {@link #POLL_FIRST} or {@link Sqe#async} (seen
     * with Linux 6.18).
     *
     * @param group the group to take buffers from
     * @param msgFlags not {@link #MSG_WAITALL}
     */
    public static Sqe recvMultishot(Sqe sqe, int fd, int group, int msgFlags) {
        return recvMultishot(sqe, fd, 0, 0, group, msgFlags, 0);
    }

    /**
     * As {@link #recvMultishot(Sqe, int, int, int)}, within limits.
     *
     * @param maxLength how many bytes at most each time; 0 for no limit. Since Linux 6.17
     * @param total how many bytes at most altogether, after which the request has ended; 0 for no
     *     limit. Since Linux 6.17
     * @param ioFlags {@link #BUNDLE}, {@link #POLL_FIRST} or 0
     */
    public static Sqe recvMultishot(
            Sqe sqe, int fd, int maxLength, int total, int group, int msgFlags, int ioFlags) {
        int flags = ioFlags | IORING_RECV_MULTISHOT;
        return Encoder.prepare(sqe, IORING_OP_RECV, flags, fd, 0, 0, maxLength, msgFlags, total, 0)
                .bufferGroup(group);
    }

    /**
     * Ends one or both directions of a connection ({@code IORING_OP_SHUTDOWN}, since Linux 5.11).
     *
     * <p>Result: 0; {@code ENOTCONN}. Source: {@code shutdown(2)}.
     *
     * @param how {@link #SHUT_RD}, {@link #SHUT_WR} or {@link #SHUT_RDWR}
     */
    public static Sqe shutdown(Sqe sqe, int fd, int how) {
        return Encoder.prepare(sqe, IORING_OP_SHUTDOWN, fd, 0, 0, how, 0);
    }
}
