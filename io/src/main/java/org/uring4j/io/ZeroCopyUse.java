package org.uring4j.io;

import org.jspecify.annotations.Nullable;
import org.uring4j.Errno;
import org.uring4j.Kernel;
import org.uring4j.KernelVersion;
import org.uring4j.UringException;
import org.uring4j.io.ZeroCopyPolicy.Mode;
import org.uring4j.io.ZeroCopyPolicy.Verdict;
import org.uring4j.op.ZeroCopySend;

/**
 * How one sender sends: what its policy says of the destination, what the kernel can, and whether
 * there is memory to lock. It keeps the figures of the report too.
 */
final class ZeroCopyUse {
    /** The pieces of a zero-copy send have so many bytes on average: each is pinned by itself. */
    private static final int PIECE = 4096;

    /** For how many bytes to send plainly when there is no memory to lock. */
    private static final long FIRST_PAUSE = 1 << 20;

    private static final long LONGEST_PAUSE = 64 << 20;

    private static final String OP = "IORING_OP_SENDMSG_ZC";
    private static final KernelVersion REPORTS_USAGE = KernelVersion.parse("6.2");

    private final Mode mode;
    private final Route route;
    private final boolean possible;
    private final boolean reportsUsage;

    /** How many bytes a zero-copy send may have. */
    private int most;

    private long pause;
    private long nextPause = FIRST_PAUSE;
    private String remark = "";

    /** There is no memory to lock until a notification comes. */
    private boolean starved;

    /** Bytes of zero-copy sends that no notification has come for. */
    private long underWay;

    private long plain;
    private long zeroCopy;
    private long copied;
    private long untold;
    private long shortages;

    ZeroCopyUse(SenderConfig config, Kernel kernel) {
        mode = config.policy().mode();
        route = config.policy().route(config.destination());
        most = config.request();
        reportsUsage = kernel.version().compareTo(REPORTS_USAGE) >= 0;
        possible = mode != Mode.NEVER && kernel.has(OP) && (reportsUsage || mode == Mode.ALWAYS);
        if (!possible && mode != Mode.NEVER) {
            String reason =
                    kernel.has(OP)
                            ? "whether the kernel copies, it tells since Linux 6.2, this is "
                                    + kernel.version()
                            : kernel.feature(OP).orElseThrow().reason();
            if (mode == Mode.ALWAYS) {
                throw new UringException(OP, Errno.EOPNOTSUPP, reason);
            }
            remark = "plain sends, for " + reason;
        }
    }

    /**
     * How many bytes to send of what was gathered: less where a trial or little memory to lock
     * wants it so.
     */
    int limit(int bytes, int pieces) {
        return suits(bytes, pieces) ? route.limit(bytes, most) : bytes;
    }

    /** Whether to send so much without copying. */
    boolean begin(long bytes, int pieces) {
        return suits(bytes, pieces) && route.begin(bytes);
    }

    private boolean suits(long bytes, int pieces) {
        return possible && pause <= 0 && (mode == Mode.ALWAYS || bytes >= (long) pieces * PIECE);
    }

    /** The flags of zero-copy sends. */
    int ioFlags() {
        return reportsUsage ? ZeroCopySend.REPORT_USAGE : 0;
    }

    /** So many bytes were taken from a plain send. */
    void sentPlainly(long bytes) {
        plain += bytes;
        pause -= Math.min(bytes, pause);
        route.sentPlainly(bytes);
    }

    /** So many bytes were taken from a zero-copy send, whose notification is to come. */
    void announced(long bytes) {
        underWay += bytes;
    }

    /** A zero-copy send has failed without a notification to come. */
    void failed() {
        route.untold();
    }

    /**
     * The notification of a zero-copy send has come.
     *
     * @param bytes how many were taken from it
     * @param meaningful whether it can tell anything: what is thrown away was not copied either
     */
    void notified(long bytes, int result, boolean meaningful) {
        underWay -= bytes;
        starved = false;
        if (bytes == 0 || !meaningful || !reportsUsage) {
            route.untold();
        } else {
            route.told(ZeroCopySend.copied(result));
        }
        if (!reportsUsage) {
            untold += bytes;
        } else if (ZeroCopySend.copied(result)) {
            copied += bytes;
        } else {
            zeroCopy += bytes;
            nextPause = FIRST_PAUSE;
        }
    }

    /** Whether to send nothing until a notification has come, which frees memory to lock. */
    boolean starved() {
        return starved;
    }

    /**
     * A send took nothing.
     *
     * @param bytes how many there were
     * @param result why, a negated errno or 0
     * @return why the stream cannot go on; null when the same is to be sent again, which is in
     *     another way, or when this is no longer {@link #starved}
     */
    @Nullable UringException refused(boolean withoutCopying, int bytes, int result) {
        if (withoutCopying && (Errno.ENOMEM.is(result) || Errno.ENOBUFS.is(result))) {
            return outOfMemory(bytes, result);
        }
        if (withoutCopying && Errno.EOPNOTSUPP.is(result) && mode != Mode.ALWAYS) {
            route.unsupported();
            remark = "plain sends, for this kind of socket cannot send without copying";
            return null;
        }
        // A stream socket takes something or fails.
        return UringException.of(
                withoutCopying ? OP : "IORING_OP_SENDMSG",
                result == 0 ? -Errno.EIO.number() : result);
    }

    /** A zero-copy send of so many bytes failed for want of memory to lock. */
    private @Nullable UringException outOfMemory(int bytes, int result) {
        shortages++;
        if (underWay > 0 && mode == Mode.ALWAYS) {
            starved = true;
            return null;
        }
        int less = bytes / 2;
        if (underWay == 0 && less >= PIECE && less >= route.minimum()) {
            most = less;
            return null;
        }
        if (mode == Mode.ALWAYS) {
            return new UringException(
                    OP,
                    Errno.of(result),
                    "the limit on locked memory is too low to send anything without copying: raise"
                            + " it (ulimit -l), or take ZeroCopyPolicy.auto()");
        }
        pause = nextPause;
        nextPause = Math.min(2 * nextPause, LONGEST_PAUSE);
        remark =
                "went over to plain sends, for the limit on locked memory is too low for"
                        + (underWay == 0 ? " one zero-copy send" : " those under way at once")
                        + "; raise it (ulimit -l), or send less at once";
        return null;
    }

    SenderReport report(long bytes, long requests, long gathered) {
        return new SenderReport(
                bytes, plain, zeroCopy, copied, untold, requests, gathered, shortages, remark());
    }

    private String remark() {
        if (!remark.isEmpty() || mode != Mode.AUTO || route.verdict() != Verdict.COPIED) {
            return remark;
        }
        return copied > 0
                ? "went over to plain sends, for the kernel copied "
                        + Route.PATIENCE
                        + " zero-copy sends in a row"
                : "plain sends, for the kernel copies what goes to this destination";
    }
}
