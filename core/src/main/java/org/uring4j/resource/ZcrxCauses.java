package org.uring4j.resource;

import org.jspecify.annotations.Nullable;
import org.uring4j.Errno;
import org.uring4j.KernelVersion;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.UringException;
import org.uring4j.internal.uapi.IoUringConstants;

import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.Locale;

/** Why an interface queue was refused, and what to do about it. */
final class ZcrxCauses {
    private static final String REGISTER = "IORING_REGISTER_ZCRX_IFQ";
    private static final String CAPABILITY =
            "zero-copy receive needs CAP_NET_ADMIN; run as root, or give the capability to the JVM";

    private static final String FORBIDDEN = "the ring's restrictions forbid it";

    private ZcrxCauses() {}

    /** Fails when the ring is not of the kind that zero-copy receive takes. */
    static void check(Ring ring) {
        int flags = ring.setup().flags();
        if ((flags & IoUringConstants.IORING_SETUP_DEFER_TASKRUN) == 0
                || (flags & IoUringConstants.IORING_SETUP_SINGLE_ISSUER) == 0
                || ring.setup().cqeSize() == RingConfig.CqeSize.B16) {
            throw new IllegalArgumentException(
                    "zero-copy receive needs a ring with a single issuer, deferred task work and"
                            + " 32-byte completions: RingConfig.of(entries).cqeSize(CqeSize.B32) or"
                            + " CqeSize.MIXED; this one has "
                            + ring.setup());
        }
    }

    static UringException ofRegister(int result, ZcrxSource source, ZeroCopyReceiveConfig config) {
        Errno errno = Errno.of(result);
        String told = source + " " + config;
        String needs = needs(errno, source, config);
        String cause = needs != null ? needs : likely(errno, source, config);
        return new UringException(REGISTER, errno, cause == null ? told : cause + ": " + told);
    }

    static UringException ofImport(int result, int fd) {
        Errno errno = Errno.of(result);
        String cause =
                switch (errno) {
                    case EPERM -> CAPABILITY;
                    case EACCES -> FORBIDDEN;
                    case EBADF -> "the descriptor is not one of an exported queue";
                    case EINVAL -> before("6.19") ? needs("importing a queue", "6.19") : null;
                    default -> null;
                };
        return new UringException(
                REGISTER, errno, cause == null ? "fd=" + fd : cause + ": fd=" + fd);
    }

    static UringException ofControl(int result, String what, String since) {
        Errno errno = Errno.of(result);
        String cause =
                switch (errno) {
                    case EACCES -> FORBIDDEN + ": " + what;
                    case EINVAL, EOPNOTSUPP -> before(since) ? needs(what, since) : what;
                    default -> what;
                };
        return new UringException("IORING_REGISTER_ZCRX_CTRL", errno, cause);
    }

    private static @Nullable String needs(
            Errno errno, ZcrxSource source, ZeroCopyReceiveConfig config) {
        if (errno != Errno.EINVAL && errno != Errno.EOPNOTSUPP) {
            return null;
        }
        if (before("6.15")) {
            return needs("zero-copy receive", "6.15");
        }
        if (config.memory instanceof ZcrxMemory.DmaBuf && before("6.16")) {
            return needs("an area in a dma-buf", "6.16");
        }
        if (config.bufferSize != 0 && before("7.0")) {
            return needs("choosing the buffers' size", "7.0");
        }
        if (source instanceof ZcrxSource.Deviceless && before("7.1")) {
            return needs("receiving without a device (ZCRX_REG_NODEV)", "7.1");
        }
        return (config.statistics || config.eventMask != 0) && before("7.2")
                ? needs("telling of events and statistics", "7.2")
                : null;
    }

    private static @Nullable String likely(
            Errno errno, ZcrxSource source, ZeroCopyReceiveConfig config) {
        return switch (errno) {
            case EPERM -> CAPABILITY;
            case ENODEV -> "there is no such network interface ('ip link' lists them)";
            case ERANGE ->
                    config.bufferSize == 0
                            ? "the interface has no such queue ('ethtool -l' tells how many)"
                            : "the interface has no such queue ('ethtool -l' tells how many), or"
                                    + " the buffers are longer than its driver can do or than the"
                                    + " area's memory is contiguous: huge pages are";
            case EINVAL ->
                    source instanceof ZcrxSource.NetDevice
                            ? "most likely headers and data are not split: 'ethtool -G "
                                    + name(source)
                                    + " tcp-data-split on hds-thresh 0'"
                            : null;
            case EOPNOTSUPP ->
                    source instanceof ZcrxSource.NetDevice
                            ? "the interface's driver does not lend out queues (mlx5, bnxt, gve,"
                                    + " fbnic do)"
                            : "without a device a buffer is a page";
            case EEXIST, EBUSY -> "the queue is taken, by another ring, XDP or AF_XDP";
            case ENETDOWN -> "the interface is down: 'ip link set " + name(source) + " up'";
            case ENOMEM ->
                    "not enough memory; the area counts against RLIMIT_MEMLOCK: choose a smaller"
                            + " one, or raise it (ulimit -l)";
            case EFAULT -> "the kernel cannot write to the area's memory";
            case EBADF -> "the descriptor is not one of a dma-buf";
            case EACCES -> FORBIDDEN;
            default -> null;
        };
    }

    private static String name(ZcrxSource source) {
        if (source instanceof ZcrxSource.NetDevice device) {
            try {
                NetworkInterface found = NetworkInterface.getByIndex(device.interfaceIndex());
                return found == null ? "IF" : found.getName();
            } catch (SocketException e) {
                return "IF";
            }
        }
        return "IF";
    }

    private static String needs(String what, String since) {
        return String.format(
                Locale.ROOT, "%s needs Linux %s, this is %s", what, since, KernelVersion.running());
    }

    private static boolean before(String release) {
        return KernelVersion.running().compareTo(KernelVersion.parse(release)) < 0;
    }
}
