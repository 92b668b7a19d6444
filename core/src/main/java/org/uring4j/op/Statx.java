package org.uring4j.op;

import static org.uring4j.internal.uapi.Statx.SIZEOF;
import static org.uring4j.internal.uapi.Statx.STX_ATIME_TV_SEC;
import static org.uring4j.internal.uapi.Statx.STX_ATOMIC_WRITE_SEGMENTS_MAX;
import static org.uring4j.internal.uapi.Statx.STX_ATOMIC_WRITE_UNIT_MAX;
import static org.uring4j.internal.uapi.Statx.STX_ATOMIC_WRITE_UNIT_MAX_OPT;
import static org.uring4j.internal.uapi.Statx.STX_ATOMIC_WRITE_UNIT_MIN;
import static org.uring4j.internal.uapi.Statx.STX_ATTRIBUTES;
import static org.uring4j.internal.uapi.Statx.STX_ATTRIBUTES_MASK;
import static org.uring4j.internal.uapi.Statx.STX_BLKSIZE;
import static org.uring4j.internal.uapi.Statx.STX_BLOCKS;
import static org.uring4j.internal.uapi.Statx.STX_BTIME_TV_SEC;
import static org.uring4j.internal.uapi.Statx.STX_CTIME_TV_SEC;
import static org.uring4j.internal.uapi.Statx.STX_DEV_MAJOR;
import static org.uring4j.internal.uapi.Statx.STX_DEV_MINOR;
import static org.uring4j.internal.uapi.Statx.STX_DIO_MEM_ALIGN;
import static org.uring4j.internal.uapi.Statx.STX_DIO_OFFSET_ALIGN;
import static org.uring4j.internal.uapi.Statx.STX_DIO_READ_OFFSET_ALIGN;
import static org.uring4j.internal.uapi.Statx.STX_GID;
import static org.uring4j.internal.uapi.Statx.STX_INO;
import static org.uring4j.internal.uapi.Statx.STX_MASK;
import static org.uring4j.internal.uapi.Statx.STX_MNT_ID;
import static org.uring4j.internal.uapi.Statx.STX_MODE;
import static org.uring4j.internal.uapi.Statx.STX_MTIME_TV_SEC;
import static org.uring4j.internal.uapi.Statx.STX_NLINK;
import static org.uring4j.internal.uapi.Statx.STX_RDEV_MAJOR;
import static org.uring4j.internal.uapi.Statx.STX_RDEV_MINOR;
import static org.uring4j.internal.uapi.Statx.STX_SIZE;
import static org.uring4j.internal.uapi.Statx.STX_SUBVOL;
import static org.uring4j.internal.uapi.Statx.STX_UID;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import org.uring4j.internal.Encoder;
import org.uring4j.internal.uapi.LibcConstants;
import org.uring4j.internal.uapi.StatxTimestamp;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Instant;

/**
 * The answer to {@link FileAttributes#statx} ({@code struct statx}): 256 bytes that the kernel
 * writes. It can be used again and again; its memory is its arena's.
 *
 * <p>What {@link #mask} does not name is 0, or made up by the file system.
 *
 * <p>Source: {@code statx(2)}.
 */
public final class Statx {
    /** The bits of {@link #mode} that tell the kind of file. */
    public static final int S_IFMT = LibcConstants.S_IFMT;

    /** A socket. */
    public static final int S_IFSOCK = LibcConstants.S_IFSOCK;

    /** A symbolic link. */
    public static final int S_IFLNK = LibcConstants.S_IFLNK;

    /** An ordinary file. */
    public static final int S_IFREG = LibcConstants.S_IFREG;

    /** A block device. */
    public static final int S_IFBLK = LibcConstants.S_IFBLK;

    /** A directory. */
    public static final int S_IFDIR = LibcConstants.S_IFDIR;

    /** A character device. */
    public static final int S_IFCHR = LibcConstants.S_IFCHR;

    /** A pipe. */
    public static final int S_IFIFO = LibcConstants.S_IFIFO;

    /** Attribute: the file system has compressed it. */
    public static final long ATTR_COMPRESSED = LibcConstants.STATX_ATTR_COMPRESSED;

    /** Attribute: it cannot be changed, renamed or removed. */
    public static final long ATTR_IMMUTABLE = LibcConstants.STATX_ATTR_IMMUTABLE;

    /** Attribute: it can only be added to. */
    public static final long ATTR_APPEND = LibcConstants.STATX_ATTR_APPEND;

    /** Attribute: backups leave it out. */
    public static final long ATTR_NODUMP = LibcConstants.STATX_ATTR_NODUMP;

    /** Attribute: it takes a key to read it. */
    public static final long ATTR_ENCRYPTED = LibcConstants.STATX_ATTR_ENCRYPTED;

    /** Attribute: something is mounted here when it is used. */
    public static final long ATTR_AUTOMOUNT = LibcConstants.STATX_ATTR_AUTOMOUNT;

    /** Attribute: the root of a mount. Since Linux 5.8. */
    public static final long ATTR_MOUNT_ROOT = LibcConstants.STATX_ATTR_MOUNT_ROOT;

    /** Attribute: what is read is verified. Since Linux 5.5. */
    public static final long ATTR_VERITY = LibcConstants.STATX_ATTR_VERITY;

    /** Attribute: it is in memory itself, without a page cache. Since Linux 5.8. */
    public static final long ATTR_DAX = LibcConstants.STATX_ATTR_DAX;

    /** Attribute: it can be written with {@link Files#RWF_ATOMIC}. Since Linux 6.11. */
    public static final long ATTR_WRITE_ATOMIC = LibcConstants.STATX_ATTR_WRITE_ATOMIC;

    private final MemorySegment memory;

    private Statx(MemorySegment memory) {
        this.memory = memory;
    }

    /** Room for an answer. */
    public static Statx allocate(Arena arena) {
        return new Statx(arena.allocate(SIZEOF, Long.BYTES));
    }

    /** What was told: {@code STATX_*} of {@link FileAttributes}, or'ed. */
    public int mask() {
        return getInt(STX_MASK);
    }

    /** Whether all of these, {@code STATX_*} of {@link FileAttributes} or'ed, were told. */
    public boolean has(int mask) {
        return (mask() & mask) == mask;
    }

    /** The kind of file and its permissions, as 0100644 octal. */
    public int mode() {
        return memory.get(JAVA_SHORT, STX_MODE) & 0xffff;
    }

    /** The kind of file: {@link #S_IFREG}, {@link #S_IFDIR} and so on. */
    public int type() {
        return mode() & S_IFMT;
    }

    /** How many bytes a read or write had best have. Told always. */
    public int blockSize() {
        return getInt(STX_BLKSIZE);
    }

    /** The file's attributes: {@code ATTR_*}, or'ed. Told always. */
    public long attributes() {
        return getLong(STX_ATTRIBUTES);
    }

    /** Which {@link #attributes} the file system knows of: the others' 0 means nothing. */
    public long attributesKnown() {
        return getLong(STX_ATTRIBUTES_MASK);
    }

    /** How many names the file has. Unsigned. */
    public int nlink() {
        return getInt(STX_NLINK);
    }

    /** The user who owns it. Unsigned. */
    public int uid() {
        return getInt(STX_UID);
    }

    /** The group that owns it. Unsigned. */
    public int gid() {
        return getInt(STX_GID);
    }

    /** The file's number, its own within the file system. */
    public long inode() {
        return getLong(STX_INO);
    }

    /** How many bytes it has. */
    public long size() {
        return getLong(STX_SIZE);
    }

    /** How many blocks of 512 bytes it takes on the disk. */
    public long blocks() {
        return getLong(STX_BLOCKS);
    }

    /** When it was last read. */
    public Instant accessed() {
        return time(STX_ATIME_TV_SEC);
    }

    /** When it was made. */
    public Instant born() {
        return time(STX_BTIME_TV_SEC);
    }

    /** When anything about it last changed, its permissions as well. */
    public Instant changed() {
        return time(STX_CTIME_TV_SEC);
    }

    /** When its contents last changed. */
    public Instant modified() {
        return time(STX_MTIME_TV_SEC);
    }

    /** Of a device: which it is, first number. */
    public int deviceMajor() {
        return getInt(STX_RDEV_MAJOR);
    }

    /** Of a device: which it is, second number. */
    public int deviceMinor() {
        return getInt(STX_RDEV_MINOR);
    }

    /** The device it is stored on, first number. Told always. */
    public int storedMajor() {
        return getInt(STX_DEV_MAJOR);
    }

    /** The device it is stored on, second number. Told always. */
    public int storedMinor() {
        return getInt(STX_DEV_MINOR);
    }

    /** The mount it was found in. Since Linux 5.8. */
    public long mountId() {
        return getLong(STX_MNT_ID);
    }

    /**
     * What the memory of a read or write must be aligned to with {@link OpenFlags#O_DIRECT}; 0 the
     * file cannot be opened so. Since Linux 6.1.
     */
    public int directMemoryAlign() {
        return getInt(STX_DIO_MEM_ALIGN);
    }

    /** What offset and length must be aligned to, likewise. Since Linux 6.1. */
    public int directOffsetAlign() {
        return getInt(STX_DIO_OFFSET_ALIGN);
    }

    /** What offset and length of a read must be aligned to, likewise. Since Linux 6.14. */
    public int directReadOffsetAlign() {
        return getInt(STX_DIO_READ_OFFSET_ALIGN);
    }

    /** The part of the file system it is in, where those have numbers. Since Linux 6.10. */
    public long subvolume() {
        return getLong(STX_SUBVOL);
    }

    /** The least a write with {@link Files#RWF_ATOMIC} can have, in bytes. Since Linux 6.11. */
    public int atomicWriteMin() {
        return getInt(STX_ATOMIC_WRITE_UNIT_MIN);
    }

    /** The most it can have, in bytes. Since Linux 6.11. */
    public int atomicWriteMax() {
        return getInt(STX_ATOMIC_WRITE_UNIT_MAX);
    }

    /** The most it can have and be quick, in bytes; 0 for no such limit. Since Linux 6.16. */
    public int atomicWriteMaxQuick() {
        return getInt(STX_ATOMIC_WRITE_UNIT_MAX_OPT);
    }

    /** The most pieces of memory it can come from. Since Linux 6.11. */
    public int atomicWritePieces() {
        return getInt(STX_ATOMIC_WRITE_SEGMENTS_MAX);
    }

    /** Its address, after a check that it is alive. */
    long address() {
        return Encoder.address(memory, "the answer");
    }

    private Instant time(long at) {
        long nanos = getInt(at + StatxTimestamp.TV_NSEC) & 0xffff_ffffL;
        return Instant.ofEpochSecond(getLong(at), nanos);
    }

    private int getInt(long at) {
        return memory.get(JAVA_INT, at);
    }

    private long getLong(long at) {
        return memory.get(JAVA_LONG, at);
    }
}
