package org.uring4j;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_CQE32;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_CQE_MIXED;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_SINGLE_ISSUER;

import org.uring4j.internal.uapi.InterfaceTable;

import java.util.ArrayList;
import java.util.List;

/**
 * What a ring got: the running kernel's answer to its {@link RingConfig}.
 *
 * @param flags the {@code IORING_SETUP_*} flags in force
 * @param leftOut the flags that are defaults and that this kernel lacks
 * @param features the {@code IORING_FEAT_*} flags the kernel reports
 * @param sqEntries the submission queue's size
 * @param cqEntries the completion queue's size
 * @param registeredFd whether the kernel is entered by a registered descriptor
 */
public record RingSetup(
        int flags, int leftOut, int features, int sqEntries, int cqEntries, boolean registeredFd) {

    /** Whether the ring belongs to one thread ({@code IORING_SETUP_SINGLE_ISSUER}). */
    public boolean singleIssuer() {
        return (flags & IORING_SETUP_SINGLE_ISSUER) != 0;
    }

    /** How long a completion queue entry is. */
    public RingConfig.CqeSize cqeSize() {
        if ((flags & IORING_SETUP_CQE32) != 0) {
            return RingConfig.CqeSize.B32;
        }
        return (flags & IORING_SETUP_CQE_MIXED) != 0
                ? RingConfig.CqeSize.MIXED
                : RingConfig.CqeSize.B16;
    }

    /** The names of the setup flags in force, without {@code IORING_SETUP_}. */
    public List<String> flagNames() {
        return names(InterfaceTable.SETUP_FLAGS, flags);
    }

    /** The names of the defaults this kernel lacks, without {@code IORING_SETUP_}. */
    public List<String> leftOutNames() {
        return names(InterfaceTable.SETUP_FLAGS, leftOut);
    }

    /** The names of the features, without {@code IORING_FEAT_}. */
    public List<String> featureNames() {
        return names(InterfaceTable.FEATURES, features);
    }

    RingSetup withRegisteredFd(boolean registered) {
        return new RingSetup(flags, leftOut, features, sqEntries, cqEntries, registered);
    }

    RingSetup withEntries(int sqEntries, int cqEntries) {
        return new RingSetup(flags, leftOut, features, sqEntries, cqEntries, registeredFd);
    }

    /** Whether the kernel has a feature, given as its {@code IORING_FEAT_*} bit. */
    boolean has(int feature) {
        return (features & feature) != 0;
    }

    @Override
    public String toString() {
        return "sqEntries="
                + sqEntries
                + " cqEntries="
                + cqEntries
                + " flags="
                + String.join("|", flagNames())
                + " leftOut="
                + String.join("|", leftOutNames())
                + " registeredFd="
                + registeredFd;
    }

    private static List<String> names(List<InterfaceTable.Entry> table, int bits) {
        List<String> names = new ArrayList<>();
        for (InterfaceTable.Entry entry : table) {
            if ((bits & entry.value()) != 0) {
                names.add(entry.name().replaceFirst("^IORING_(SETUP|FEAT)_", ""));
            }
        }
        return names;
    }
}
