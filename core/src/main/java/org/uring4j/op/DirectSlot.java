package org.uring4j.op;

import org.uring4j.internal.uapi.IoUringConstants;

/**
 * Where a direct descriptor goes: a file that exists only in the ring's table of registered files,
 * and is used with {@link org.uring4j.Sqe#fixedFile}.
 */
public final class DirectSlot {
    /**
     * The kernel chooses a free slot, and the request's result is its index ({@code
     * IORING_FILE_INDEX_ALLOC}, since Linux 5.19). {@code ENFILE} when none is free.
     */
    public static final int ALLOCATE = -1;

    private DirectSlot() {}

    /** The slot as requests carry it: from 1, as 0 means a plain descriptor. */
    static int fileIndex(int slot) {
        if (slot < 0) {
            return special(slot);
        }
        return slot + 1;
    }

    private static int special(int slot) {
        if (slot != ALLOCATE) {
            throw new IllegalArgumentException(
                    "a slot is an index into the registered files or ALLOCATE: slot=" + slot);
        }
        return IoUringConstants.IORING_FILE_INDEX_ALLOC;
    }
}
