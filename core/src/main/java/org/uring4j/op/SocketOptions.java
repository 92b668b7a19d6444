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

    /** Options of UDP ({@code udp(7)}). */
    public static final int IPPROTO_UDP = LibcConstants.IPPROTO_UDP;

    /** Options of the internet, version 4 ({@code ip(7)}). */
    public static final int IPPROTO_IP = LibcConstants.IPPROTO_IP;

    /** Options of the internet, version 6 ({@code ipv6(7)}). */
    public static final int IPPROTO_IPV6 = LibcConstants.IPPROTO_IPV6;

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

    /** To get: as {@link Sockets#SOCK_STREAM}. */
    public static final int SO_TYPE = LibcConstants.SO_TYPE;

    /** To get: as {@link Sockets#AF_INET}. */
    public static final int SO_DOMAIN = LibcConstants.SO_DOMAIN;

    /** To get: the protocol's number. */
    public static final int SO_PROTOCOL = LibcConstants.SO_PROTOCOL;

    /** To get: whether it listens, 0 or 1. */
    public static final int SO_ACCEPTCONN = LibcConstants.SO_ACCEPTCONN;

    /** Datagrams may go to all; 0 or 1. */
    public static final int SO_BROADCAST = LibcConstants.SO_BROADCAST;

    /** Send to neighbours only; 0 or 1. */
    public static final int SO_DONTROUTE = LibcConstants.SO_DONTROUTE;

    /** Out-of-band data comes among the other; 0 or 1. */
    public static final int SO_OOBINLINE = LibcConstants.SO_OOBINLINE;

    /** How long closing waits for what is not sent: two {@code int}s, on or off and seconds. */
    public static final int SO_LINGER = LibcConstants.SO_LINGER;

    /** Packets go by this priority, 0 to 6 for anybody. */
    public static final int SO_PRIORITY = LibcConstants.SO_PRIORITY;

    /** Packets carry this mark; needs {@code CAP_NET_RAW} or {@code CAP_NET_ADMIN}. */
    public static final int SO_MARK = LibcConstants.SO_MARK;

    /** Only by this network interface: its name. */
    public static final int SO_BINDTODEVICE = LibcConstants.SO_BINDTODEVICE;

    /** Only by this network interface: its number. Since Linux 5.1. */
    public static final int SO_BINDTOIFINDEX = LibcConstants.SO_BINDTOIFINDEX;

    /** As {@link #SO_SNDBUF}, above the limit; needs {@code CAP_NET_ADMIN}. */
    public static final int SO_SNDBUFFORCE = LibcConstants.SO_SNDBUFFORCE;

    /** As {@link #SO_RCVBUF}, above the limit; needs {@code CAP_NET_ADMIN}. */
    public static final int SO_RCVBUFFORCE = LibcConstants.SO_RCVBUFFORCE;

    /**
     * The kernel does not change the sizes of buffers: 1 of sending, 2 of receiving, or'ed. Since
     * Linux 5.15.
     */
    public static final int SO_BUF_LOCK = LibcConstants.SO_BUF_LOCK;

    /** How many bytes of the memory limit are set aside for it. Since Linux 5.16. */
    public static final int SO_RESERVE_MEM = LibcConstants.SO_RESERVE_MEM;

    /** To get, of a unix socket: the peer's process, user and group, an {@code int} each. */
    public static final int SO_PEERCRED = LibcConstants.SO_PEERCRED;

    /** To get, of a unix socket: a descriptor of the peer's process. Since Linux 6.5. */
    public static final int SO_PEERPIDFD = LibcConstants.SO_PEERPIDFD;

    /** Control data has a descriptor of the sender's process; 0 or 1. Since Linux 6.5. */
    public static final int SO_PASSPIDFD = LibcConstants.SO_PASSPIDFD;

    /** Whether a unix socket takes descriptors; 0 or 1. Since Linux 6.16. */
    public static final int SO_PASSRIGHTS = LibcConstants.SO_PASSRIGHTS;

    /** Where peeking goes on, in bytes; -1 at the beginning each time. */
    public static final int SO_PEEK_OFF = LibcConstants.SO_PEEK_OFF;

    /** Control data counts datagrams that were dropped; 0 or 1. */
    public static final int SO_RXQ_OVFL = LibcConstants.SO_RXQ_OVFL;

    /** Control data has the time of arrival, in microseconds; 0 or 1. */
    public static final int SO_TIMESTAMP = LibcConstants.SO_TIMESTAMP;

    /** Control data has the time of arrival, in nanoseconds; 0 or 1. */
    public static final int SO_TIMESTAMPNS = LibcConstants.SO_TIMESTAMPNS;

    /**
     * Packets leave at times of the program's choice: {@code struct sock_txtime}. Since Linux 4.19.
     */
    public static final int SO_TXTIME = LibcConstants.SO_TXTIME;

    /** How many bytes a second it sends at most. */
    public static final int SO_MAX_PACING_RATE = LibcConstants.SO_MAX_PACING_RATE;

    /** How long receiving polls the network card, in microseconds. */
    public static final int SO_BUSY_POLL = LibcConstants.SO_BUSY_POLL;

    /** Which processor packets come in on. */
    public static final int SO_INCOMING_CPU = LibcConstants.SO_INCOMING_CPU;

    /**
     * To get: the NAPI instance that packets come by, for {@link org.uring4j.resource.BusyPolling}.
     */
    public static final int SO_INCOMING_NAPI_ID = LibcConstants.SO_INCOMING_NAPI_ID;

    /** A program of classic BPF drops packets: {@code struct sock_fprog}. */
    public static final int SO_ATTACH_FILTER = LibcConstants.SO_ATTACH_FILTER;

    /** Takes the program away. */
    public static final int SO_DETACH_FILTER = LibcConstants.SO_DETACH_FILTER;

    /** The program stays for good; 0 or 1. */
    public static final int SO_LOCK_FILTER = LibcConstants.SO_LOCK_FILTER;

    /** A program of eBPF drops packets: its descriptor. */
    public static final int SO_ATTACH_BPF = LibcConstants.SO_ATTACH_BPF;

    /** With {@link #SO_REUSEPORT}, a program of classic BPF chooses the socket. */
    public static final int SO_ATTACH_REUSEPORT_CBPF = LibcConstants.SO_ATTACH_REUSEPORT_CBPF;

    /** As that, a program of eBPF. */
    public static final int SO_ATTACH_REUSEPORT_EBPF = LibcConstants.SO_ATTACH_REUSEPORT_EBPF;

    /** Takes that program away. Since Linux 5.3. */
    public static final int SO_DETACH_REUSEPORT_BPF = LibcConstants.SO_DETACH_REUSEPORT_BPF;

    /** To get: 8 bytes that no other socket has. */
    public static final int SO_COOKIE = LibcConstants.SO_COOKIE;

    /** To get: 8 bytes that no other network namespace has. Since Linux 5.14. */
    public static final int SO_NETNS_COOKIE = LibcConstants.SO_NETNS_COOKIE;

    /** {@code send(2)} may go without a copy; requests of a ring need it not. 0 or 1. */
    public static final int SO_ZEROCOPY = LibcConstants.SO_ZEROCOPY;

    /** Of TCP: hold back packets that are not full, 200 ms at most; 0 or 1. */
    public static final int TCP_CORK = LibcConstants.TCP_CORK;

    /** Of TCP: acknowledge at once; 0 or 1. */
    public static final int TCP_QUICKACK = LibcConstants.TCP_QUICKACK;

    /** Of TCP: how many bytes a packet has at most. */
    public static final int TCP_MAXSEG = LibcConstants.TCP_MAXSEG;

    /** Of TCP: after how many seconds without data {@link #SO_KEEPALIVE} asks. */
    public static final int TCP_KEEPIDLE = LibcConstants.TCP_KEEPIDLE;

    /** Of TCP: how many seconds are between its questions. */
    public static final int TCP_KEEPINTVL = LibcConstants.TCP_KEEPINTVL;

    /** Of TCP: after how many questions without answer the connection has failed. */
    public static final int TCP_KEEPCNT = LibcConstants.TCP_KEEPCNT;

    /** Of TCP: after how many milliseconds without acknowledgement it has failed. */
    public static final int TCP_USER_TIMEOUT = LibcConstants.TCP_USER_TIMEOUT;

    /** Of TCP: how often connecting is tried. */
    public static final int TCP_SYNCNT = LibcConstants.TCP_SYNCNT;

    /** Of TCP: how many seconds a socket stays after the peer was told of its end. */
    public static final int TCP_LINGER2 = LibcConstants.TCP_LINGER2;

    /** Of TCP: accept when there is data; how many seconds to wait for it. */
    public static final int TCP_DEFER_ACCEPT = LibcConstants.TCP_DEFER_ACCEPT;

    /** Of TCP: take data with the first packet; how many such connections may wait. */
    public static final int TCP_FASTOPEN = LibcConstants.TCP_FASTOPEN;

    /** Of TCP: connecting waits for the first data, and sends it along; 0 or 1. */
    public static final int TCP_FASTOPEN_CONNECT = LibcConstants.TCP_FASTOPEN_CONNECT;

    /** Of TCP: the algorithm's name. */
    public static final int TCP_CONGESTION = LibcConstants.TCP_CONGESTION;

    /** Of TCP: it can be written to while fewer bytes than that are unsent. */
    public static final int TCP_NOTSENT_LOWAT = LibcConstants.TCP_NOTSENT_LOWAT;

    /** Of TCP: how many bytes the receive window has at most. */
    public static final int TCP_WINDOW_CLAMP = LibcConstants.TCP_WINDOW_CLAMP;

    /** Of TCP: a protocol on top of it, by name: {@code tls}. */
    public static final int TCP_ULP = LibcConstants.TCP_ULP;

    /** Of TCP: control data says how many bytes wait; 0 or 1. */
    public static final int TCP_INQ = LibcConstants.TCP_INQ;

    /** Of TCP: delay packets by so many microseconds. Since Linux 5.3. */
    public static final int TCP_TX_DELAY = LibcConstants.TCP_TX_DELAY;

    /** Of TCP: how many milliseconds are between repetitions at most. Since Linux 6.15. */
    public static final int TCP_RTO_MAX_MS = LibcConstants.TCP_RTO_MAX_MS;

    /** Of UDP: cut what is sent into datagrams of so many bytes. Since Linux 4.18. */
    public static final int UDP_SEGMENT = LibcConstants.UDP_SEGMENT;

    /** Of UDP: receive datagrams of one sender as one, whose size control data says; 0 or 1. */
    public static final int UDP_GRO = LibcConstants.UDP_GRO;

    /** Of UDP: gather what is sent, until 0; 0 or 1. */
    public static final int UDP_CORK = LibcConstants.UDP_CORK;

    /** Of version 4: the type of service. */
    public static final int IP_TOS = LibcConstants.IP_TOS;

    /** Of version 4: how many hops a packet makes at most. */
    public static final int IP_TTL = LibcConstants.IP_TTL;

    /** Of version 4: bind to an address that the machine does not have yet; 0 or 1. */
    public static final int IP_FREEBIND = LibcConstants.IP_FREEBIND;

    /** Of version 4: bind to addresses of others; needs {@code CAP_NET_ADMIN}. 0 or 1. */
    public static final int IP_TRANSPARENT = LibcConstants.IP_TRANSPARENT;

    /** Of version 4: choose the port when connecting; 0 or 1. */
    public static final int IP_BIND_ADDRESS_NO_PORT = LibcConstants.IP_BIND_ADDRESS_NO_PORT;

    /**
     * Of version 4: ports to choose from, the least and, shifted by 16, the greatest. Since Linux
     * 6.3.
     */
    public static final int IP_LOCAL_PORT_RANGE = LibcConstants.IP_LOCAL_PORT_RANGE;

    /** Of version 4: control data says how a datagram came; 0 or 1. */
    public static final int IP_PKTINFO = LibcConstants.IP_PKTINFO;

    /** Of version 4: errors go to the error queue; 0 or 1. */
    public static final int IP_RECVERR = LibcConstants.IP_RECVERR;

    /** Of version 4: {@code IP_PMTUDISC_*}, whether packets may be cut on their way. */
    public static final int IP_MTU_DISCOVER = LibcConstants.IP_MTU_DISCOVER;

    /** Of version 4: join a group: {@code struct ip_mreqn}. */
    public static final int IP_ADD_MEMBERSHIP = LibcConstants.IP_ADD_MEMBERSHIP;

    /** Of version 4: leave a group. */
    public static final int IP_DROP_MEMBERSHIP = LibcConstants.IP_DROP_MEMBERSHIP;

    /** Of version 6: not for version 4 as well; 0 or 1. */
    public static final int IPV6_V6ONLY = LibcConstants.IPV6_V6ONLY;

    /** Of version 6: how many hops a packet makes at most. */
    public static final int IPV6_UNICAST_HOPS = LibcConstants.IPV6_UNICAST_HOPS;

    /** Of version 6: the traffic class. */
    public static final int IPV6_TCLASS = LibcConstants.IPV6_TCLASS;

    /** Of version 6: control data says how a datagram came; 0 or 1. */
    public static final int IPV6_RECVPKTINFO = LibcConstants.IPV6_RECVPKTINFO;

    /** Of version 6: errors go to the error queue; 0 or 1. */
    public static final int IPV6_RECVERR = LibcConstants.IPV6_RECVERR;

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

    /** Stamp when the network card receives, by its own clock. */
    public static final int SOF_TIMESTAMPING_RX_HARDWARE =
            LibcConstants.SOF_TIMESTAMPING_RX_HARDWARE;

    /** Stamp when a packet comes to the kernel. */
    public static final int SOF_TIMESTAMPING_RX_SOFTWARE =
            LibcConstants.SOF_TIMESTAMPING_RX_SOFTWARE;

    /** Stamp when sending is over, for Bluetooth. Since Linux 6.15. */
    public static final int SOF_TIMESTAMPING_TX_COMPLETION =
            LibcConstants.SOF_TIMESTAMPING_TX_COMPLETION;

    /** Stamps come with control data of any kind. Since Linux 3.19. */
    public static final int SOF_TIMESTAMPING_OPT_CMSG = LibcConstants.SOF_TIMESTAMPING_OPT_CMSG;

    /** Stamps come with figures of the connection. Since Linux 4.11. */
    public static final int SOF_TIMESTAMPING_OPT_STATS = LibcConstants.SOF_TIMESTAMPING_OPT_STATS;

    /** Stamps say which interface a packet came by. Since Linux 4.13. */
    public static final int SOF_TIMESTAMPING_OPT_PKTINFO =
            LibcConstants.SOF_TIMESTAMPING_OPT_PKTINFO;

    /** Stamps of both clocks for what is sent. Since Linux 4.13. */
    public static final int SOF_TIMESTAMPING_OPT_TX_SWHW =
            LibcConstants.SOF_TIMESTAMPING_OPT_TX_SWHW;

    /** Stamps by a clock of the program's choice. Since Linux 5.14. */
    public static final int SOF_TIMESTAMPING_BIND_PHC = LibcConstants.SOF_TIMESTAMPING_BIND_PHC;

    /** Stamps of what is received only where asked for. Since Linux 6.12. */
    public static final int SOF_TIMESTAMPING_OPT_RX_FILTER =
            LibcConstants.SOF_TIMESTAMPING_OPT_RX_FILTER;

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
        Encoder.writable(value, "value");
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
