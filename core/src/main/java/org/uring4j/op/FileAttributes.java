package org.uring4j.op;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_STATX;

import org.uring4j.Sqe;
import org.uring4j.internal.Encoder;
import org.uring4j.internal.uapi.LibcConstants;

import java.lang.foreign.MemorySegment;

/**
 * Asks what a file is: its kind, size, owner, times. The answer is a {@link Statx}.
 *
 * <p><b>In a chain</b> its failure counts for none: what is linked after starts all the same, and
 * with {@link Sqe#skipSuccess} it is not told (seen up to Linux 6.18).
 *
 * <p>Source: {@code statx(2)}.
 */
public final class FileAttributes {
    /** If the path is a symbolic link, tell of the link itself. */
    public static final int AT_SYMLINK_NOFOLLOW = LibcConstants.AT_SYMLINK_NOFOLLOW;

    /** Do not mount what would be mounted by itself on the path's last part. */
    public static final int AT_NO_AUTOMOUNT = LibcConstants.AT_NO_AUTOMOUNT;

    /** The path is empty, and the file the one that the descriptor is open for. */
    public static final int AT_EMPTY_PATH = LibcConstants.AT_EMPTY_PATH;

    /** What {@code stat(2)} would tell; of remote files, mostly something recent. */
    public static final int AT_STATX_SYNC_AS_STAT = LibcConstants.AT_STATX_SYNC_AS_STAT;

    /** Of a remote file, ask the server. */
    public static final int AT_STATX_FORCE_SYNC = LibcConstants.AT_STATX_FORCE_SYNC;

    /** Of a remote file, be content with what is known here. */
    public static final int AT_STATX_DONT_SYNC = LibcConstants.AT_STATX_DONT_SYNC;

    /** The file's kind, the upper bits of {@link Statx#mode}. */
    public static final int STATX_TYPE = LibcConstants.STATX_TYPE;

    /** The permissions, the lower bits of {@link Statx#mode}. */
    public static final int STATX_MODE = LibcConstants.STATX_MODE;

    /** {@link Statx#nlink}. */
    public static final int STATX_NLINK = LibcConstants.STATX_NLINK;

    /** {@link Statx#uid}. */
    public static final int STATX_UID = LibcConstants.STATX_UID;

    /** {@link Statx#gid}. */
    public static final int STATX_GID = LibcConstants.STATX_GID;

    /** {@link Statx#accessed}. */
    public static final int STATX_ATIME = LibcConstants.STATX_ATIME;

    /** {@link Statx#modified}. */
    public static final int STATX_MTIME = LibcConstants.STATX_MTIME;

    /** {@link Statx#changed}. */
    public static final int STATX_CTIME = LibcConstants.STATX_CTIME;

    /** {@link Statx#inode}. */
    public static final int STATX_INO = LibcConstants.STATX_INO;

    /** {@link Statx#size}. */
    public static final int STATX_SIZE = LibcConstants.STATX_SIZE;

    /** {@link Statx#blocks}. */
    public static final int STATX_BLOCKS = LibcConstants.STATX_BLOCKS;

    /** All of the above, which is what {@code stat(2)} tells. */
    public static final int STATX_BASIC_STATS = LibcConstants.STATX_BASIC_STATS;

    /** {@link Statx#born}. */
    public static final int STATX_BTIME = LibcConstants.STATX_BTIME;

    /** {@link Statx#mountId}. Since Linux 5.8. */
    public static final int STATX_MNT_ID = LibcConstants.STATX_MNT_ID;

    /** {@link Statx#directMemoryAlign} and {@link Statx#directOffsetAlign}. Since Linux 6.1. */
    public static final int STATX_DIOALIGN = LibcConstants.STATX_DIOALIGN;

    /** {@link Statx#mountId}, one that is never used again. Since Linux 6.8. */
    public static final int STATX_MNT_ID_UNIQUE = LibcConstants.STATX_MNT_ID_UNIQUE;

    /** {@link Statx#subvolume}. Since Linux 6.10. */
    public static final int STATX_SUBVOL = LibcConstants.STATX_SUBVOL;

    /** {@link Statx#atomicWriteMin} and its like. Since Linux 6.11. */
    public static final int STATX_WRITE_ATOMIC = LibcConstants.STATX_WRITE_ATOMIC;

    /** {@link Statx#directReadOffsetAlign}. Since Linux 6.14. */
    public static final int STATX_DIO_READ_ALIGN = LibcConstants.STATX_DIO_READ_ALIGN;

    private FileAttributes() {}

    /**
     * Asks for a file's attributes ({@code IORING_OP_STATX}, since Linux 5.6).
     *
     * <p>Result: 0. Errors: {@code ENOENT}, {@code ENOTDIR}, {@code EACCES}, {@code ELOOP}, {@code
     * ENAMETOOLONG} of the path; {@code EBADF} the descriptor is not open, or it is a registered
     * file, which it cannot be; {@code EINVAL} an unknown flag, or both ways to sync.
     *
     * @param dirFd the directory a relative path starts from, or {@link Files#AT_FDCWD}; with
     *     {@link #AT_EMPTY_PATH} the file itself
     * @param path ends with a zero byte, as from {@code arena.allocateFrom(String)}
     * @param flags {@code AT_*}, or'ed
     * @param mask {@code STATX_*}, or'ed: what to tell at least; {@link Statx#mask} says what was
     *     told
     * @param answer the kernel's to write until the completion
     */
    public static Sqe statx(
            Sqe sqe, int dirFd, MemorySegment path, int flags, int mask, Statx answer) {
        return Encoder.prepare(
                sqe, IORING_OP_STATX, dirFd, answer.address(), Encoder.path(path), mask, flags);
    }
}
