package org.uring4j.tool;

import org.uring4j.Kernel;
import org.uring4j.KernelVersion;
import org.uring4j.op.ZeroCopySend;

/**
 * Decides which sends go without copying. Where the kernel copies anyway, a zero-copy send is
 * dearer than a plain one, and its notifications tell.
 */
final class ZeroCopyPolicy {
    /** Below, copying is cheaper than pinning pages. */
    static final int THRESHOLD = 32 << 10;

    /** How many sends may be copied before plain ones are preferred. */
    static final int PATIENCE = 8;

    private static final KernelVersion REPORTS_USAGE = KernelVersion.parse("6.2");

    private final ZeroCopy wanted;
    private final boolean reportsUsage;
    private boolean enabled;
    private int copiedInARow;
    private String remark = "";

    private ZeroCopyPolicy(ZeroCopy wanted, boolean enabled, boolean reportsUsage) {
        this.wanted = wanted;
        this.enabled = enabled;
        this.reportsUsage = reportsUsage;
    }

    /**
     * What suits the running kernel.
     *
     * @throws Failure when zero-copy is demanded and the kernel lacks it
     */
    static ZeroCopyPolicy of(ZeroCopy wanted, Kernel kernel) {
        if (wanted == ZeroCopy.NEVER) {
            return new ZeroCopyPolicy(wanted, false, false);
        }
        boolean reportsUsage = kernel.version().compareTo(REPORTS_USAGE) >= 0;
        if (kernel.has("IORING_OP_SEND_ZC")) {
            return new ZeroCopyPolicy(wanted, true, reportsUsage);
        }
        String reason =
                "sending without copying: "
                        + kernel.feature("IORING_OP_SEND_ZC").orElseThrow().reason();
        if (wanted == ZeroCopy.ALWAYS) {
            throw new Failure(reason);
        }
        ZeroCopyPolicy policy = new ZeroCopyPolicy(wanted, false, false);
        policy.remark = reason;
        return policy;
    }

    /** Whether to send so many bytes without copying. */
    boolean appliesTo(long bytes) {
        return enabled && (wanted == ZeroCopy.ALWAYS || bytes >= THRESHOLD);
    }

    /** Whether notifications tell if the kernel copied. */
    boolean reportsUsage() {
        return reportsUsage;
    }

    /** The flags of zero-copy sends. */
    int ioFlags() {
        return reportsUsage ? ZeroCopySend.REPORT_USAGE : 0;
    }

    /** Takes in what a notification told. */
    void notified(boolean copied) {
        copiedInARow = copied ? copiedInARow + 1 : 0;
        if (enabled && wanted == ZeroCopy.AUTO && copiedInARow >= PATIENCE) {
            enabled = false;
            remark =
                    "went over to plain sends, for the kernel copied "
                            + PATIENCE
                            + " zero-copy sends in a row";
        }
    }

    /**
     * Takes in that there is not even memory for a single send.
     *
     * @return whether to go on with plain sends
     */
    boolean outOfMemory() {
        if (wanted == ZeroCopy.ALWAYS) {
            return false;
        }
        enabled = false;
        remark =
                "went over to plain sends, for the limit on locked memory is too low for one"
                        + " zero-copy send; raise it (ulimit -l), or choose a smaller --chunk";
        return true;
    }

    /** What there is to say about it, or nothing. */
    String remark() {
        return remark;
    }
}
