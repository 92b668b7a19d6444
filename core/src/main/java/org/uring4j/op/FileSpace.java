package org.uring4j.op;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_FALLOCATE;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_FTRUNCATE;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_SYNC_FILE_RANGE;

import org.uring4j.Sqe;
import org.uring4j.internal.Encoder;
import org.uring4j.internal.uapi.LibcConstants;

/**
 * Gives files room on the disk and takes it back, sets their size, and writes them to the disk in
 * parts.
 *
 * <p><b>Result</b> of all: 0. They always run in a worker thread.
 *
 * <p><b>In a chain</b> a failure counts for none: what is linked after starts all the same, and
 * with {@link Sqe#skipSuccess} it is not told (seen up to Linux 6.18).
 *
 * <p><b>Errors</b> of all: {@code EBADF} the descriptor is not open, or not to write; {@code
 * EINVAL} an offset or length that is negative, or a flag the kernel does not know; {@code ESPIPE}
 * a pipe; {@code EIO}.
 */
public final class FileSpace {
    /** {@link #fallocate}: the file's size stays as it is. Since Linux 2.6.23. */
    public static final int FALLOC_FL_KEEP_SIZE = LibcConstants.FALLOC_FL_KEEP_SIZE;

    /**
     * {@link #fallocate}: the range reads as zeros and takes no room; with {@link
     * #FALLOC_FL_KEEP_SIZE}. Since Linux 2.6.38.
     */
    public static final int FALLOC_FL_PUNCH_HOLE = LibcConstants.FALLOC_FL_PUNCH_HOLE;

    /**
     * {@link #fallocate}: the range goes, and what is behind it moves up. Both ends aligned to the
     * file system's blocks, and short of the file's end. Since Linux 3.15.
     */
    public static final int FALLOC_FL_COLLAPSE_RANGE = LibcConstants.FALLOC_FL_COLLAPSE_RANGE;

    /** {@link #fallocate}: the range reads as zeros and has its room. Since Linux 3.15. */
    public static final int FALLOC_FL_ZERO_RANGE = LibcConstants.FALLOC_FL_ZERO_RANGE;

    /**
     * {@link #fallocate}: what is from the offset on moves back by the length. Aligned as with
     * {@link #FALLOC_FL_COLLAPSE_RANGE}. Since Linux 4.1.
     */
    public static final int FALLOC_FL_INSERT_RANGE = LibcConstants.FALLOC_FL_INSERT_RANGE;

    /** {@link #fallocate}: the range shares its blocks with no other file. Since Linux 4.14. */
    public static final int FALLOC_FL_UNSHARE_RANGE = LibcConstants.FALLOC_FL_UNSHARE_RANGE;

    /**
     * {@link #fallocate}: zeros are written to the range, so that later writes need not change what
     * the file system knows of it; where the device can. Since Linux 6.17.
     */
    public static final int FALLOC_FL_WRITE_ZEROES = LibcConstants.FALLOC_FL_WRITE_ZEROES;

    /** {@link #syncFileRange}: first wait for what is being written already. */
    public static final int SYNC_FILE_RANGE_WAIT_BEFORE = LibcConstants.SYNC_FILE_RANGE_WAIT_BEFORE;

    /** {@link #syncFileRange}: start to write what is not being written. */
    public static final int SYNC_FILE_RANGE_WRITE = LibcConstants.SYNC_FILE_RANGE_WRITE;

    /** {@link #syncFileRange}: last wait for what is being written. */
    public static final int SYNC_FILE_RANGE_WAIT_AFTER = LibcConstants.SYNC_FILE_RANGE_WAIT_AFTER;

    /**
     * {@link #syncFileRange}: all three, and write what is being written again. Since Linux 5.3.
     */
    public static final int SYNC_FILE_RANGE_WRITE_AND_WAIT =
            LibcConstants.SYNC_FILE_RANGE_WRITE_AND_WAIT;

    private FileSpace() {}

    /**
     * Gives a range of a file room on the disk, or takes it back ({@code IORING_OP_FALLOCATE},
     * since Linux 5.6). Writing there cannot fail for want of room then.
     *
     * <p>Errors beside those above: {@code ENOSPC} there is no room; {@code EFBIG} the file would
     * be too large; {@code EOPNOTSUPP} the file system cannot do that; {@code ENODEV} it is no
     * ordinary file; {@code EPERM} the file cannot be changed; {@code EINVAL} a length of 0, or a
     * range that is not aligned. Source: {@code fallocate(2)}.
     *
     * @param mode 0 to give it room, making it longer if need be; or {@code FALLOC_FL_*}
     * @param offset where the range begins, in bytes
     * @param length how long it is, in bytes, 1 or more
     */
    public static Sqe fallocate(Sqe sqe, int fd, int mode, long offset, long length) {
        return Encoder.prepare(sqe, IORING_OP_FALLOCATE, fd, offset, length, mode, 0);
    }

    /**
     * Sets a file's size ({@code IORING_OP_FTRUNCATE}, since Linux 6.9): cut off, or made longer by
     * zeros that take no room.
     *
     * <p>Errors beside those above: {@code EFBIG} the file would be too large; {@code EINVAL} it is
     * no ordinary file, or not open to write; {@code EPERM} it cannot be changed. Source: {@code
     * ftruncate(2)}.
     *
     * @param size in bytes
     */
    public static Sqe ftruncate(Sqe sqe, int fd, long size) {
        return Encoder.prepare(sqe, IORING_OP_FTRUNCATE, fd, size, 0, 0, 0);
    }

    /**
     * Writes a range of a file to the disk ({@code IORING_OP_SYNC_FILE_RANGE}, since Linux 5.2).
     *
     * <p>The data alone, neither metadata nor what the disk itself holds back: after a crash it may
     * not be there. {@link Files#fsync(Sqe, int, int)} makes sure; this is to begin early, and to
     * bound how much waits to be written. Source: {@code sync_file_range(2)}.
     *
     * @param offset where the range begins, in bytes
     * @param length how long it is, in bytes, unsigned; 0 is to the file's end
     * @param flags {@code SYNC_FILE_RANGE_*}, or'ed
     */
    public static Sqe syncFileRange(Sqe sqe, int fd, long offset, int length, int flags) {
        return Encoder.prepare(sqe, IORING_OP_SYNC_FILE_RANGE, fd, offset, 0, length, flags);
    }
}
