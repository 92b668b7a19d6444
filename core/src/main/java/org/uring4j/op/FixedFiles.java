package org.uring4j.op;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_FILE_INDEX_ALLOC;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_FIXED_FD_NO_CLOEXEC;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_FILES_UPDATE;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_FIXED_FD_INSTALL;

import org.uring4j.Sqe;
import org.uring4j.internal.Encoder;

import java.lang.foreign.MemorySegment;

/**
 * Moves files between descriptors and the slots of a ring's {@link
 * org.uring4j.resource.RegisteredFiles}, by requests.
 */
public final class FixedFiles {
    /** The descriptor stays open when another program starts. */
    public static final int NO_CLOEXEC = IORING_FIXED_FD_NO_CLOEXEC;

    private FixedFiles() {}

    /**
     * Puts files into slots in a row, in place of what was there ({@code IORING_OP_FILES_UPDATE},
     * since Linux 5.6).
     *
     * <p>Result: how many slots were dealt with, fewer when one failed; {@code EBADF} the first is
     * no open file, or a ring; {@code EINVAL} there are no such slots; {@code ENXIO} no files are
     * registered. Source: {@code io_uring_prep_files_update(3)}.
     *
     * @param fds native memory, 4 bytes for each: a descriptor, -1 to clear the slot, -2 to leave
     *     it; the kernel's until the completion
     * @param firstSlot the first slot, from 0
     */
    public static Sqe update(Sqe sqe, MemorySegment fds, int firstSlot) {
        if (firstSlot < 0) {
            throw new IllegalArgumentException("slots begin at 0: firstSlot=" + firstSlot);
        }
        return update(sqe, fds, (long) firstSlot);
    }

    /**
     * Puts files into free slots, which the kernel chooses ({@code IORING_OP_FILES_UPDATE} with
     * {@code IORING_FILE_INDEX_ALLOC}, since Linux 6.0).
     *
     * <p>Result: how many got one, fewer when one failed; {@code ENFILE} no slot is free; {@code
     * EBADF}, {@code ENXIO}.
     *
     * @param fds native memory, 4 bytes for each: a descriptor, which is replaced by its slot; the
     *     kernel's until the completion
     */
    public static Sqe add(Sqe sqe, MemorySegment fds) {
        // Their slots are written over them.
        Encoder.writable(fds, "the descriptors");
        return update(sqe, fds, Integer.toUnsignedLong(IORING_FILE_INDEX_ALLOC));
    }

    private static Sqe update(Sqe sqe, MemorySegment fds, long offset) {
        long address = Encoder.address(fds, "the descriptors");
        long count = fds.byteSize() / Integer.BYTES;
        if (count < 1 || count > Integer.MAX_VALUE || fds.byteSize() % Integer.BYTES != 0) {
            throw new IllegalArgumentException(
                    "there are 4 bytes for each of the descriptors: bytes=" + fds.byteSize());
        }
        return Encoder.prepare(sqe, IORING_OP_FILES_UPDATE, -1, offset, address, (int) count, 0);
    }

    /**
     * Makes a descriptor of a file in a slot, which stays there ({@code
     * IORING_OP_FIXED_FD_INSTALL}, since Linux 6.8).
     *
     * <p>Result: the descriptor, closed when another program starts; {@code EBADF} nothing is in
     * the slot, {@code EMFILE}. Source: {@code io_uring_prep_fixed_fd_install(3)}.
     *
     * @param slot the slot, from 0
     * @param flags {@link #NO_CLOEXEC} or 0
     */
    public static Sqe install(Sqe sqe, int slot, int flags) {
        return Encoder.prepare(sqe, IORING_OP_FIXED_FD_INSTALL, slot, 0, 0, 0, flags).fixedFile();
    }
}
