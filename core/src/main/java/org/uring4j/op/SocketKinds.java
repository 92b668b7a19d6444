package org.uring4j.op;

import org.uring4j.internal.uapi.LibcConstants;

/**
 * Kinds of sockets beside those of {@link Sockets}, for {@link Sockets#socket}: families, types and
 * protocols. Addresses of families that Java has no class for go by {@link SockAddr#setRaw}.
 *
 * <p>Source: {@code socket(2)}, {@code protocols(5)}.
 */
public final class SocketKinds {
    /** Talk with the kernel ({@code netlink(7)}). */
    public static final int AF_NETLINK = LibcConstants.AF_NETLINK;

    /** Packets as network cards send them ({@code packet(7)}). */
    public static final int AF_PACKET = LibcConstants.AF_PACKET;

    /** The buses of vehicles. */
    public static final int AF_CAN = LibcConstants.AF_CAN;

    /** Clusters, by TIPC. */
    public static final int AF_TIPC = LibcConstants.AF_TIPC;

    /** Bluetooth. */
    public static final int AF_BLUETOOTH = LibcConstants.AF_BLUETOOTH;

    /** The kernel's ciphers and digests. */
    public static final int AF_ALG = LibcConstants.AF_ALG;

    /** Between a virtual machine and its host ({@code vsock(7)}). */
    public static final int AF_VSOCK = LibcConstants.AF_VSOCK;

    /** TCP over shared memory, by SMC. */
    public static final int AF_SMC = LibcConstants.AF_SMC;

    /** Packets past the network stack ({@code AF_XDP}). */
    public static final int AF_XDP = LibcConstants.AF_XDP;

    /** Type: packets of a protocol, with its header ({@code raw(7)}). */
    public static final int SOCK_RAW = LibcConstants.SOCK_RAW;

    /** Type: datagrams that arrive, in any order. */
    public static final int SOCK_RDM = LibcConstants.SOCK_RDM;

    /** Protocol: echo requests and errors, by {@code ping(8)}. */
    public static final int IPPROTO_ICMP = LibcConstants.IPPROTO_ICMP;

    /** Protocol: the same of version 6. */
    public static final int IPPROTO_ICMPV6 = LibcConstants.IPPROTO_ICMPV6;

    /** Protocol: messages on several streams at once. */
    public static final int IPPROTO_SCTP = LibcConstants.IPPROTO_SCTP;

    /** Protocol: UDP that checks only a part ({@code udplite(7)}). */
    public static final int IPPROTO_UDPLITE = LibcConstants.IPPROTO_UDPLITE;

    /** Protocol: any, to send. */
    public static final int IPPROTO_RAW = LibcConstants.IPPROTO_RAW;

    /** Protocol: TCP by several ways at once. Since Linux 5.6. */
    public static final int IPPROTO_MPTCP = LibcConstants.IPPROTO_MPTCP;

    private SocketKinds() {}
}
