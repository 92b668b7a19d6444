package org.uring4j.op;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_LINKAT;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_MKDIRAT;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_RENAMEAT;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_SYMLINKAT;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_UNLINKAT;

import org.uring4j.Sqe;
import org.uring4j.internal.Encoder;
import org.uring4j.internal.uapi.LibcConstants;

import java.lang.foreign.MemorySegment;

/**
 * Makes, renames and removes names in directories.
 *
 * <p><b>A path</b> ends with a zero byte, as from {@code arena.allocateFrom(String)}.
 *
 * <p><b>A directory's descriptor</b> is where a relative path starts from; {@link Files#AT_FDCWD}
 * is the process's working directory. It cannot be a registered file: {@code EBADF}.
 *
 * <p><b>Result</b> of all: 0. They wait for the disk, and always run in a worker thread.
 *
 * <p><b>In a chain</b> a failure counts for none: what is linked after starts all the same, and
 * with {@link Sqe#skipSuccess} it is not told (seen up to Linux 6.18).
 *
 * <p><b>Errors</b> of all: {@code ENOENT} a part of the path is not there; {@code ENOTDIR} a part
 * that has to be a directory is none; {@code EACCES}, {@code EPERM}, {@code EROFS} it is not
 * allowed; {@code ELOOP} too many symbolic links; {@code ENAMETOOLONG}; {@code EBADF} the
 * directory's descriptor is not open; {@code ENOSPC}, {@code EDQUOT}; {@code EIO}; {@code EINVAL} a
 * flag the kernel does not know.
 */
public final class FileSystem {
    /** {@link #renameat}: {@code EEXIST} if the new path is there. Since Linux 3.15. */
    public static final int RENAME_NOREPLACE = LibcConstants.RENAME_NOREPLACE;

    /** {@link #renameat}: exchange the two, both of which are there. Since Linux 3.15. */
    public static final int RENAME_EXCHANGE = LibcConstants.RENAME_EXCHANGE;

    /**
     * {@link #renameat}: leave behind what says, in a layer over another file system, that the file
     * is gone. Needs {@code CAP_MKNOD}. Since Linux 3.18.
     */
    public static final int RENAME_WHITEOUT = LibcConstants.RENAME_WHITEOUT;

    /** {@link #unlinkat}: remove a directory, which is empty, rather than a file. */
    public static final int AT_REMOVEDIR = LibcConstants.AT_REMOVEDIR;

    /** {@link #linkat}: if the old path is a symbolic link, link what it leads to. */
    public static final int AT_SYMLINK_FOLLOW = LibcConstants.AT_SYMLINK_FOLLOW;

    /**
     * {@link #linkat}: the old path is empty and the file is the one that its directory's
     * descriptor is open for. Needs {@code CAP_DAC_READ_SEARCH} or, since Linux 6.10, to be who
     * opened it.
     */
    public static final int AT_EMPTY_PATH = LibcConstants.AT_EMPTY_PATH;

    private FileSystem() {}

    /** As {@link #renameat}, both from the working directory and without flags. */
    public static Sqe rename(Sqe sqe, MemorySegment oldPath, MemorySegment newPath) {
        return renameat(sqe, Files.AT_FDCWD, oldPath, Files.AT_FDCWD, newPath, 0);
    }

    /**
     * Gives a file or directory another name ({@code IORING_OP_RENAMEAT}, since Linux 5.11). What
     * has that name is replaced in one step.
     *
     * <p>Errors: {@code EXDEV} to another file system; {@code EEXIST}, {@code ENOTEMPTY} the new
     * name is a directory that is not empty, or {@link #RENAME_NOREPLACE} and it is there; {@code
     * EISDIR} a file cannot replace a directory; {@code EINVAL} a directory into itself, flags that
     * contradict each other or that the file system does not know. Source: {@code renameat2(2)}.
     *
     * @param oldDirFd where {@code oldPath} starts from
     * @param newDirFd where {@code newPath} starts from
     * @param flags {@link #RENAME_NOREPLACE}, {@link #RENAME_EXCHANGE}, {@link #RENAME_WHITEOUT},
     *     or'ed
     */
    public static Sqe renameat(
            Sqe sqe,
            int oldDirFd,
            MemorySegment oldPath,
            int newDirFd,
            MemorySegment newPath,
            int flags) {
        return prepare(sqe, IORING_OP_RENAMEAT, oldDirFd, oldPath, newDirFd, newPath, flags);
    }

    /** As {@link #unlinkat}, a file, from the working directory. */
    public static Sqe unlink(Sqe sqe, MemorySegment path) {
        return unlinkat(sqe, Files.AT_FDCWD, path, 0);
    }

    /**
     * Removes a name ({@code IORING_OP_UNLINKAT}, since Linux 5.11); the file goes with its last
     * name and its last descriptor.
     *
     * <p>Errors: {@code EISDIR} it is a directory; with {@link #AT_REMOVEDIR}: {@code ENOTDIR} it
     * is none, {@code ENOTEMPTY} it is not empty, {@code EBUSY} it is in use. Source: {@code
     * unlinkat(2)}.
     *
     * @param flags 0 or {@link #AT_REMOVEDIR}
     */
    public static Sqe unlinkat(Sqe sqe, int dirFd, MemorySegment path, int flags) {
        return Encoder.prepare(sqe, IORING_OP_UNLINKAT, dirFd, 0, Encoder.path(path), 0, flags);
    }

    /** As {@link #mkdirat}, from the working directory. */
    public static Sqe mkdir(Sqe sqe, MemorySegment path, int mode) {
        return mkdirat(sqe, Files.AT_FDCWD, path, mode);
    }

    /**
     * Makes a directory ({@code IORING_OP_MKDIRAT}, since Linux 5.15).
     *
     * <p>Errors: {@code EEXIST} the name is there. Source: {@code mkdirat(2)}.
     *
     * @param mode the permissions, as 0755 octal; the umask applies
     */
    public static Sqe mkdirat(Sqe sqe, int dirFd, MemorySegment path, int mode) {
        return Encoder.prepare(sqe, IORING_OP_MKDIRAT, dirFd, 0, Encoder.path(path), mode, 0);
    }

    /** As {@link #symlinkat}, from the working directory. */
    public static Sqe symlink(Sqe sqe, MemorySegment target, MemorySegment linkPath) {
        return symlinkat(sqe, target, Files.AT_FDCWD, linkPath);
    }

    /**
     * Makes a symbolic link ({@code IORING_OP_SYMLINKAT}, since Linux 5.15).
     *
     * <p>Errors: {@code EEXIST} the link's name is there; {@code ENOENT} the target is empty.
     * Source: {@code symlinkat(2)}.
     *
     * @param target what the link says, ends with a zero byte; it need not exist
     * @param newDirFd where {@code linkPath} starts from
     * @param linkPath the link's own name
     */
    public static Sqe symlinkat(
            Sqe sqe, MemorySegment target, int newDirFd, MemorySegment linkPath) {
        return prepare(sqe, IORING_OP_SYMLINKAT, newDirFd, target, 0, linkPath, 0);
    }

    /** As {@link #linkat}, both from the working directory. */
    public static Sqe link(Sqe sqe, MemorySegment oldPath, MemorySegment newPath, int flags) {
        return linkat(sqe, Files.AT_FDCWD, oldPath, Files.AT_FDCWD, newPath, flags);
    }

    /**
     * Gives a file one more name ({@code IORING_OP_LINKAT}, since Linux 5.15).
     *
     * <p>Errors: {@code EEXIST} the new name is there; {@code EXDEV} on another file system; {@code
     * EPERM} it is a directory, or the file system has no such links; {@code EMLINK} the file has
     * as many names as it can. Source: {@code linkat(2)}.
     *
     * @param oldDirFd where {@code oldPath} starts from
     * @param newDirFd where {@code newPath} starts from
     * @param flags {@link #AT_SYMLINK_FOLLOW}, {@link #AT_EMPTY_PATH}, or'ed
     */
    public static Sqe linkat(
            Sqe sqe,
            int oldDirFd,
            MemorySegment oldPath,
            int newDirFd,
            MemorySegment newPath,
            int flags) {
        return prepare(sqe, IORING_OP_LINKAT, oldDirFd, oldPath, newDirFd, newPath, flags);
    }

    /** The second directory is where other requests have their length. */
    private static Sqe prepare(
            Sqe sqe,
            int opcode,
            int dirFd,
            MemorySegment path,
            int otherDirFd,
            MemorySegment otherPath,
            int flags) {
        return Encoder.prepare(
                sqe, opcode, dirFd, Encoder.path(otherPath), Encoder.path(path), otherDirFd, flags);
    }
}
