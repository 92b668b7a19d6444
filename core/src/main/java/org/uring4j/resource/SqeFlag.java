package org.uring4j.resource;

import org.uring4j.internal.uapi.IoUringConstants;

import java.util.Set;

/** What any request may carry, as {@link Restriction} and {@link FilterRule} name it. */
public enum SqeFlag {
    /** {@link org.uring4j.Sqe#fixedFile}. */
    FIXED_FILE(IoUringConstants.IOSQE_FIXED_FILE),
    /** {@link org.uring4j.Sqe#drain}. */
    DRAIN(IoUringConstants.IOSQE_IO_DRAIN),
    /** {@link org.uring4j.Sqe#link}. */
    LINK(IoUringConstants.IOSQE_IO_LINK),
    /** {@link org.uring4j.Sqe#hardlink}. */
    HARDLINK(IoUringConstants.IOSQE_IO_HARDLINK),
    /** {@link org.uring4j.Sqe#async}. */
    ASYNC(IoUringConstants.IOSQE_ASYNC),
    /** {@link org.uring4j.Sqe#bufferGroup}. */
    BUFFER_GROUP(IoUringConstants.IOSQE_BUFFER_SELECT),
    /** {@link org.uring4j.Sqe#skipSuccess}. */
    SKIP_SUCCESS(IoUringConstants.IOSQE_CQE_SKIP_SUCCESS);

    private final int bit;

    SqeFlag(int bit) {
        this.bit = bit;
    }

    /** The kernel's bits for these. */
    static int bits(Set<SqeFlag> flags) {
        int bits = 0;
        for (SqeFlag flag : flags) {
            bits |= flag.bit;
        }
        return bits;
    }
}
