package org.uring4j.op;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_PIPE;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_SPLICE;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_TEE;

import org.uring4j.Sqe;
import org.uring4j.internal.Encoder;
import org.uring4j.internal.uapi.IoUringConstants;
import org.uring4j.internal.uapi.LibcConstants;

import java.lang.foreign.MemorySegment;

/**
 * Makes pipes, and moves data through them without copying it.
 *
 * <p><b>Result of a splice or tee:</b> how many bytes. It may be less than asked for; 0 is the end:
 * nobody writes to the pipe that was read, or the file is at its end.
 *
 * <p><b>Offset</b> is a position in bytes; {@link Files#CURRENT} is the file's own position, which
 * then moves on. A pipe has none: {@link Files#CURRENT}.
 *
 * <p><b>Which is a registered file:</b> {@link Sqe#fixedFile} is about the descriptor written to,
 * {@link #SPLICE_F_FD_IN_FIXED} about the one read from.
 *
 * <p>Both always run in a worker thread, and occupy it while they wait. Errors of both: {@code
 * EBADF} a descriptor is not open, or not for this direction; {@code EINVAL} a flag the kernel does
 * not know, and those below; {@code EAGAIN} with {@link #SPLICE_F_NONBLOCK}; {@code EPIPE} nobody
 * reads what is written to.
 *
 * <p>Source: {@code pipe(7)}, {@code splice(2)}, {@code tee(2)}.
 */
public final class Pipes {
    /** Move pages rather than copy them; without effect. Since Linux 2.6.17. */
    public static final int SPLICE_F_MOVE = LibcConstants.SPLICE_F_MOVE;

    /** Complete with {@code EAGAIN} rather than wait for the pipe. Since Linux 2.6.17. */
    public static final int SPLICE_F_NONBLOCK = LibcConstants.SPLICE_F_NONBLOCK;

    /** More will follow: a socket written to may wait for it. Since Linux 2.6.17. */
    public static final int SPLICE_F_MORE = LibcConstants.SPLICE_F_MORE;

    /** Of {@code vmsplice(2)}; without effect here. Since Linux 2.6.17. */
    public static final int SPLICE_F_GIFT = LibcConstants.SPLICE_F_GIFT;

    /** The descriptor read from is an index into the registered files. Since Linux 5.7. */
    public static final int SPLICE_F_FD_IN_FIXED = IoUringConstants.SPLICE_F_FD_IN_FIXED;

    private static final long TWO_INTS = 2 * Integer.BYTES;

    private Pipes() {}

    /**
     * Makes a pipe ({@code IORING_OP_PIPE}, since Linux 6.16).
     *
     * <p>Result: 0. Errors: {@code EMFILE}, {@code ENFILE} too many files are open; {@code EINVAL}
     * a flag the kernel does not know; {@code EFAULT}. Source: {@code pipe2(2)}.
     *
     * @param fds 8 bytes: two ints, the descriptor to read from, then the one to write to; the
     *     kernel's to write until the completion
     * @param flags {@link OpenFlags#O_CLOEXEC}, {@link OpenFlags#O_NONBLOCK}, which {@link #splice}
     *     minds, but a read or write through a ring does not, {@link OpenFlags#O_DIRECT} for a pipe
     *     of packets, {@link OpenFlags#O_EXCL} for one of the kernel's notifications ({@code
     *     O_NOTIFICATION_PIPE}), or'ed
     */
    public static Sqe pipe(Sqe sqe, MemorySegment fds, int flags) {
        return pipe(sqe, fds, flags, 0);
    }

    /**
     * As {@link #pipe(Sqe, MemorySegment, int)}, into two slots of the registered files; what was
     * in them is closed ({@code IORING_OP_PIPE}, since Linux 6.16).
     *
     * <p>Result: 0. Errors beside those: {@code ENXIO} there are no registered files; {@code
     * EINVAL} there are no such slots, or {@link OpenFlags#O_CLOEXEC}; {@code ENFILE} there are not
     * two free slots.
     *
     * @param fds 8 bytes: two ints, the slot to read from, then the one to write to
     * @param slot the first of two slots in a row, or {@link DirectSlot#ALLOCATE} for any two
     */
    public static Sqe pipeDirect(Sqe sqe, MemorySegment fds, int flags, int slot) {
        return pipe(sqe, fds, flags, DirectSlot.fileIndex(slot));
    }

    private static Sqe pipe(Sqe sqe, MemorySegment fds, int flags, int fileIndex) {
        String what = "the memory for two descriptors";
        long address = Encoder.address(Encoder.writable(fds, what), TWO_INTS, what);
        return Encoder.prepare(sqe, IORING_OP_PIPE, 0, 0, 0, address, 0, flags, fileIndex, 0);
    }

    /**
     * Moves data from a pipe to a file, or from a file to a pipe, or from pipe to pipe ({@code
     * IORING_OP_SPLICE}, since Linux 5.7). Sockets and the like count as files.
     *
     * <p>Errors beside those above: {@code EINVAL} neither is a pipe, both are the same one, the
     * file is open with {@code O_APPEND} or cannot do it; {@code ESPIPE} an offset where there is
     * none. Source: {@code splice(2)}.
     *
     * @param inFd read from; with {@link #SPLICE_F_FD_IN_FIXED} an index into the registered files
     * @param inOffset where to read, or {@link Files#CURRENT}
     * @param outFd written to; with {@link Sqe#fixedFile} an index into the registered files
     * @param outOffset where to write, or {@link Files#CURRENT}
     * @param maxLength how many bytes at most, unsigned
     * @param flags {@code SPLICE_F_*}, or'ed
     */
    public static Sqe splice(
            Sqe sqe, int inFd, long inOffset, int outFd, long outOffset, int maxLength, int flags) {
        return Encoder.prepare(
                sqe, IORING_OP_SPLICE, 0, outFd, outOffset, inOffset, maxLength, flags, inFd, 0);
    }

    /**
     * Gives a pipe what is in another, where it stays ({@code IORING_OP_TEE}, since Linux 5.8).
     *
     * <p>Errors beside those above: {@code EINVAL} one is not a pipe, or both are the same one.
     * Source: {@code tee(2)}.
     *
     * @param inFd read from; with {@link #SPLICE_F_FD_IN_FIXED} an index into the registered files
     * @param outFd written to; with {@link Sqe#fixedFile} an index into the registered files
     * @param maxLength how many bytes at most, unsigned
     * @param flags {@code SPLICE_F_*}, or'ed
     */
    public static Sqe tee(Sqe sqe, int inFd, int outFd, int maxLength, int flags) {
        return Encoder.prepare(sqe, IORING_OP_TEE, 0, outFd, 0, 0, maxLength, flags, inFd, 0);
    }
}
