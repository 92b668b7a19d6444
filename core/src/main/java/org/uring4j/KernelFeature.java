package org.uring4j;

import org.jspecify.annotations.Nullable;

/**
 * One thing of io_uring that a kernel has or lacks.
 *
 * @param kind what sort of thing it is
 * @param name the kernel's name, as {@code IORING_OP_SEND_ZC}
 * @param shortName the name without what all names of its kind share, as {@code SEND_ZC}
 * @param since the first kernel release that has it
 * @param present whether the running kernel has it
 * @param reason why it is missing and what to do, null when it is present
 */
public record KernelFeature(
        Kind kind,
        String name,
        String shortName,
        KernelVersion since,
        boolean present,
        @Nullable String reason) {

    /** The sorts of things that a kernel is asked about. */
    public enum Kind {
        /** Operations ({@code IORING_OP_*}). */
        OP,
        /** Operations of {@code io_uring_register(2)} ({@code IORING_REGISTER_*}). */
        REGISTER_OP,
        /** Flags of {@code io_uring_setup(2)} ({@code IORING_SETUP_*}). */
        SETUP_FLAG,
        /** Flags of {@code io_uring_enter(2)} ({@code IORING_ENTER_*}). */
        ENTER_FLAG,
        /** Flags of a submission queue entry ({@code IOSQE_*}). */
        SQE_FLAG,
        /** What a ring reports when it is set up ({@code IORING_FEAT_*}). */
        FEATURE,
        /** Questions the kernel answers about itself ({@code IO_URING_QUERY_*}). */
        QUERY,
        /** Flags of registering zero-copy receive ({@code ZCRX_REG_*}). */
        ZCRX_REGISTER_FLAG,
        /** Flags of memory for zero-copy receive ({@code IORING_ZCRX_AREA_*}). */
        ZCRX_AREA_FLAG,
        /** Features of zero-copy receive ({@code ZCRX_FEATURE_*}). */
        ZCRX_FEATURE,
        /** Operations on a registered zero-copy receive ({@code ZCRX_CTRL_*}). */
        ZCRX_CONTROL_OP
    }
}
