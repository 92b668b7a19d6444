package org.uring4j.resource;

import static org.uring4j.internal.uapi.LibcConstants.AF_INET;
import static org.uring4j.internal.uapi.LibcConstants.AF_INET6;
import static org.uring4j.internal.uapi.LibcConstants.O_ACCMODE;
import static org.uring4j.internal.uapi.LibcConstants.O_RDONLY;
import static org.uring4j.internal.uapi.LibcConstants.O_RDWR;
import static org.uring4j.internal.uapi.LibcConstants.O_WRONLY;

import org.jspecify.annotations.Nullable;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Objects;
import java.util.Set;

/**
 * What a request must be like for an {@link OpcodeFilter} to let it pass. Immutable.
 *
 * <p>Several rules given to {@link OpcodeFilter#allow} are alternatives; {@link #and} joins rules
 * that must all hold.
 */
public sealed interface FilterRule {
    /** For {@link Socket}: whatever it is. */
    int ANY = -1;

    /**
     * The request carries all of {@code required}, and besides at most {@code allowed}. Mind that
     * to kernels (7.3) a request that is drained, and any while one is waiting to be, carries
     * {@link SqeFlag#ASYNC}: where {@link SqeFlag#DRAIN} is allowed, allow that too, and do not
     * rely on requiring it.
     */
    static FilterRule flags(Set<SqeFlag> allowed, Set<SqeFlag> required) {
        return new Flags(allowed, required);
    }

    /**
     * The socket to be made is such: {@code IORING_OP_SOCKET}.
     *
     * @param family {@code AF_INET} or another, or {@link #ANY}
     * @param type {@code SOCK_STREAM} or another, or {@link #ANY}; {@code SOCK_CLOEXEC} and {@code
     *     SOCK_NONBLOCK} are of no account
     * @param protocol 0 or another, or {@link #ANY}
     */
    static FilterRule socket(int family, int type, int protocol) {
        return new Socket(family, type, protocol);
    }

    /**
     * The file is opened for reading only, with no flags: {@code IORING_OP_OPENAT}, {@code
     * IORING_OP_OPENAT2}. See {@link Open} for more.
     */
    static Open openToRead() {
        return new Open(Access.READ, 0, 0, -1L, 0);
    }

    /** As {@link #openToRead}, for writing only. */
    static Open openToWrite() {
        return new Open(Access.WRITE, 0, 0, -1L, 0);
    }

    /** As {@link #openToRead}, for reading or writing or both. */
    static Open open() {
        return new Open(Access.ANY, 0, 0, -1L, 0);
    }

    /** A socket of this family is connected: {@code IORING_OP_CONNECT}. Since Linux 7.2. */
    static FilterRule connect(int family) {
        return new Connect(family, null, 0, 0, Connect.MAX_PORT);
    }

    /** A socket is connected to this address and port. Since Linux 7.2. */
    static FilterRule connect(InetSocketAddress target) {
        InetAddress address = Objects.requireNonNull(target.getAddress(), "unresolved address");
        int bits = 8 * address.getAddress().length;
        return connect(address, bits, target.getPort(), target.getPort());
    }

    /**
     * A socket is connected to one of a network's addresses. Since Linux 7.2.
     *
     * @param network an address; an IPv4 one does not stand for its image in IPv6
     * @param prefix how many leading bits of it count
     * @param firstPort the lowest port
     * @param lastPort the highest
     */
    static FilterRule connect(InetAddress network, int prefix, int firstPort, int lastPort) {
        int family = network.getAddress().length == 4 ? AF_INET : AF_INET6;
        return new Connect(family, network, prefix, firstPort, lastPort);
    }

    /** This and the other. */
    default FilterRule and(FilterRule other) {
        return new Both(this, other);
    }

    /** How a file is opened. */
    enum Access {
        /** For reading. */
        READ(O_RDONLY),
        /** For writing. */
        WRITE(O_WRONLY),
        /** For reading and writing. */
        READ_WRITE(O_RDWR),
        /** Any of these. */
        ANY(O_ACCMODE);

        final int mode;

        Access(int mode) {
            this.mode = mode;
        }
    }

    /**
     * What a request carries ({@code IOSQE_*}).
     *
     * @param allowed what it may
     * @param required what it must
     */
    record Flags(Set<SqeFlag> allowed, Set<SqeFlag> required) implements FilterRule {
        /** Keeps copies. */
        public Flags {
            allowed = Set.copyOf(allowed);
            required = Set.copyOf(required);
        }
    }

    /**
     * See {@link FilterRule#socket}.
     *
     * @param family the address family, or {@link #ANY}
     * @param type the type, or {@link #ANY}
     * @param protocol the protocol, or {@link #ANY}
     */
    record Socket(int family, int type, int protocol) implements FilterRule {
        static final int TYPE_MASK = 0xf;

        /** Checks the type. */
        public Socket {
            if (type != ANY && (type & ~TYPE_MASK) != 0) {
                throw new IllegalArgumentException(
                        "a socket's type is 0 to 15, without flags: type=" + type);
            }
        }
    }

    /**
     * How a file is opened ({@code open_how}). Flags that are not named are denied; ways of
     * resolving the path only once {@link #allowingResolve} names some.
     *
     * @param access for reading, writing, or both
     * @param allowedFlags {@code O_*} that may be given, beside those of the access and {@code
     *     O_LARGEFILE}
     * @param requiredFlags {@code O_*} that must be given
     * @param allowedResolve {@code RESOLVE_*} that may be given
     * @param requiredResolve {@code RESOLVE_*} that must be given: an {@code OPENAT} can give none
     */
    record Open(
            Access access,
            long allowedFlags,
            long requiredFlags,
            long allowedResolve,
            long requiredResolve)
            implements FilterRule {
        /** Checks the flags. */
        public Open {
            if (((allowedFlags | requiredFlags) & O_ACCMODE) != 0) {
                throw new IllegalArgumentException(
                        "the access is no flag here: use openToRead(), openToWrite(), open()");
            }
        }

        /** These may be given too. */
        public Open allowing(long flags) {
            long all = allowedFlags | flags;
            return new Open(access, all, requiredFlags, allowedResolve, requiredResolve);
        }

        /** These must be given. */
        public Open requiring(long flags) {
            long all = requiredFlags | flags;
            return new Open(access, allowedFlags, all, allowedResolve, requiredResolve);
        }

        /** Of {@code RESOLVE_*} only these may be given; without this, any. */
        public Open allowingResolve(long flags) {
            return new Open(access, allowedFlags, requiredFlags, flags, requiredResolve);
        }

        /** Of {@code RESOLVE_*} these must be given. */
        public Open requiringResolve(long flags) {
            long all = requiredResolve | flags;
            return new Open(access, allowedFlags, requiredFlags, allowedResolve, all);
        }
    }

    /**
     * See {@link FilterRule#connect(InetAddress, int, int, int)}.
     *
     * @param family the address family
     * @param network an address, or null for all of the family
     * @param prefix how many leading bits of it count
     * @param firstPort the lowest port
     * @param lastPort the highest
     */
    record Connect(
            int family, @Nullable InetAddress network, int prefix, int firstPort, int lastPort)
            implements FilterRule {
        static final int MAX_PORT = 65535;

        /** Checks the ranges. */
        public Connect {
            int bits = network == null ? 0 : 8 * network.getAddress().length;
            if (prefix < 0 || prefix > bits) {
                throw new IllegalArgumentException(
                        "the prefix is 0 to " + bits + " bits: prefix=" + prefix);
            }
            if (firstPort < 0 || firstPort > lastPort || lastPort > MAX_PORT) {
                throw new IllegalArgumentException(
                        "no such ports: firstPort=" + firstPort + " lastPort=" + lastPort);
            }
        }
    }

    /**
     * Two rules that must both hold.
     *
     * @param one the one
     * @param other the other
     */
    record Both(FilterRule one, FilterRule other) implements FilterRule {}
}
