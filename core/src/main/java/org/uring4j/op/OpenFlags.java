package org.uring4j.op;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import org.uring4j.internal.uapi.LibcConstants;
import org.uring4j.internal.uapi.OpenHow;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/** How {@link Files} are opened. Source: {@code open(2)}, {@code openat2(2)}. */
public final class OpenFlags {
    /** To read. */
    public static final int O_RDONLY = LibcConstants.O_RDONLY;

    /** To write. */
    public static final int O_WRONLY = LibcConstants.O_WRONLY;

    /** To read and write. */
    public static final int O_RDWR = LibcConstants.O_RDWR;

    /** Make the file if it is not there. */
    public static final int O_CREAT = LibcConstants.O_CREAT;

    /** With {@link #O_CREAT}: {@code EEXIST} if it is there. */
    public static final int O_EXCL = LibcConstants.O_EXCL;

    /** A terminal does not become the process's own. */
    public static final int O_NOCTTY = LibcConstants.O_NOCTTY;

    /** Empty the file. */
    public static final int O_TRUNC = LibcConstants.O_TRUNC;

    /** Every write goes to the end of the file. */
    public static final int O_APPEND = LibcConstants.O_APPEND;

    /**
     * Opening does not wait for a pipe's other side. Reads through a ring wait all the same; {@link
     * Files#RWF_NOWAIT} is for them.
     */
    public static final int O_NONBLOCK = LibcConstants.O_NONBLOCK;

    /** Every write ends when its data is on the disk. */
    public static final int O_DSYNC = LibcConstants.O_DSYNC;

    /** Every write ends when data and metadata are on the disk. */
    public static final int O_SYNC = LibcConstants.O_SYNC;

    /** Past the page cache: offset, length and memory aligned as {@code statx(2)} tells. */
    public static final int O_DIRECT = LibcConstants.O_DIRECT;

    /** {@code ENOTDIR} if it is no directory. */
    public static final int O_DIRECTORY = LibcConstants.O_DIRECTORY;

    /** {@code ELOOP} if the path's last part is a symbolic link. */
    public static final int O_NOFOLLOW = LibcConstants.O_NOFOLLOW;

    /** Reading does not change the time of access. The owner's privilege. */
    public static final int O_NOATIME = LibcConstants.O_NOATIME;

    /** Closed when the process executes another program. */
    public static final int O_CLOEXEC = LibcConstants.O_CLOEXEC;

    /** Not the file but its place: as a directory to start from, for {@code fstat(2)}. */
    public static final int O_PATH = LibcConstants.O_PATH;

    /** A file without a name, in the directory that the path names. */
    public static final int O_TMPFILE = LibcConstants.O_TMPFILE;

    /**
     * Of {@link #how} alone: nothing but a regular file ({@code EFTYPE}). Not with {@link
     * #O_DIRECTORY}. Since Linux 7.2.
     */
    public static final long OPENAT2_REGULAR = LibcConstants.OPENAT2_REGULAR;

    /** The path may not lead to another file system ({@code EXDEV}). */
    public static final int RESOLVE_NO_XDEV = LibcConstants.RESOLVE_NO_XDEV;

    /** The path may not use magic links, as those in {@code /proc/self/fd} ({@code ELOOP}). */
    public static final int RESOLVE_NO_MAGICLINKS = LibcConstants.RESOLVE_NO_MAGICLINKS;

    /** The path may not use symbolic links ({@code ELOOP}). */
    public static final int RESOLVE_NO_SYMLINKS = LibcConstants.RESOLVE_NO_SYMLINKS;

    /** The path may not lead out of the directory ({@code EXDEV}). */
    public static final int RESOLVE_BENEATH = LibcConstants.RESOLVE_BENEATH;

    /** The directory is the path's root, for {@code /} and for {@code ..} too. */
    public static final int RESOLVE_IN_ROOT = LibcConstants.RESOLVE_IN_ROOT;

    /** {@code EAGAIN} if all of the path is not in the kernel's cache. Since Linux 5.12. */
    public static final int RESOLVE_CACHED = LibcConstants.RESOLVE_CACHED;

    private OpenFlags() {}

    /**
     * The {@code struct open_how} of {@link Files#openat2}: 24 bytes, flags, mode and resolve with
     * 8 bytes each.
     *
     * @param allocator what it is allocated from, as an arena
     * @param flags {@code O_*} and {@link #OPENAT2_REGULAR}, or'ed; unlike with {@code openat},
     *     unknown ones are an error
     * @param mode the permissions of a file that is made; 0 without {@link #O_CREAT} and {@link
     *     #O_TMPFILE}
     * @param resolve {@code RESOLVE_*}, or'ed
     */
    public static MemorySegment how(
            SegmentAllocator allocator, long flags, long mode, long resolve) {
        MemorySegment how = allocator.allocate(OpenHow.SIZEOF, Long.BYTES);
        how.set(JAVA_LONG, OpenHow.FLAGS, flags);
        how.set(JAVA_LONG, OpenHow.MODE, mode);
        how.set(JAVA_LONG, OpenHow.RESOLVE, resolve);
        return how;
    }
}
