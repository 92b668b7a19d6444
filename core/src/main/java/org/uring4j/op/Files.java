package org.uring4j.op;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_CLOSE;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_FSYNC;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_OPENAT;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_OPENAT2;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_READ;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_READV;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_READV_FIXED;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_READ_FIXED;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_READ_MULTISHOT;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_WRITE;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_WRITEV;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_WRITEV_FIXED;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_WRITE_FIXED;

import org.uring4j.Sqe;
import org.uring4j.internal.Encoder;
import org.uring4j.internal.uapi.IoUringConstants;
import org.uring4j.internal.uapi.LibcConstants;

import java.lang.foreign.MemorySegment;

/**
 * Opens, reads, writes, flushes and closes files, and whatever else has a descriptor.
 *
 * <p><b>Result of a read or write:</b> how many bytes. It may be less than asked for: at the end of
 * a file, in a pipe, when a signal or a full disk interrupts; carry on from there. A read's 0 is
 * the end. At most 2 147 479 552 bytes go at once.
 *
 * <p><b>Offset</b> is a position in bytes; {@link #CURRENT} is the file's own position, which then
 * moves on. Pipes, sockets and terminals have none, and take any.
 *
 * <p><b>Flags</b> of a read or write are {@code RWF_*}, or'ed. The file system does not know one:
 * {@code EOPNOTSUPP}.
 *
 * <p><b>Errors</b> of all: {@code EBADF} the descriptor is not open, or not for this direction;
 * {@code EISDIR} it is a directory; {@code EINVAL} the offset is negative or, with {@link
 * OpenFlags#O_DIRECT}, offset, length or memory is not aligned; {@code EFAULT} the memory cannot be
 * written, as a file mapped to read; {@code EFBIG} the file would be too large; {@code ENOSPC} the
 * disk is full; {@code EIO}.
 */
public final class Files {
    /** As directory: the process's working directory. */
    public static final int AT_FDCWD = LibcConstants.AT_FDCWD;

    /** As offset: where the file's own position is. Since Linux 5.6. */
    public static final long CURRENT = -1;

    /** Poll for the completion: what rings with {@code IOPOLL} do anyway, others refuse. */
    public static final int RWF_HIPRI = LibcConstants.RWF_HIPRI;

    /** Write as if the file were open with {@code O_DSYNC}. Since Linux 4.7. */
    public static final int RWF_DSYNC = LibcConstants.RWF_DSYNC;

    /** Write as if the file were open with {@code O_SYNC}. Since Linux 4.7. */
    public static final int RWF_SYNC = LibcConstants.RWF_SYNC;

    /** Complete with {@code EAGAIN} rather than wait. Since Linux 4.14. */
    public static final int RWF_NOWAIT = LibcConstants.RWF_NOWAIT;

    /** Write at the end of the file, whatever the offset. Since Linux 4.16. */
    public static final int RWF_APPEND = LibcConstants.RWF_APPEND;

    /** Write at the offset, though the file is open with {@code O_APPEND}. Since Linux 6.9. */
    public static final int RWF_NOAPPEND = LibcConstants.RWF_NOAPPEND;

    /** Write all or nothing, where the file system can. Since Linux 6.11. */
    public static final int RWF_ATOMIC = LibcConstants.RWF_ATOMIC;

    /** Do not leave the data in the page cache, where the file system can. Since Linux 6.14. */
    public static final int RWF_DONTCACHE = LibcConstants.RWF_DONTCACHE;

    /** Writing to a pipe nobody reads raises no {@code SIGPIPE}. Since Linux 6.18. */
    public static final int RWF_NOSIGNAL = LibcConstants.RWF_NOSIGNAL;

    /** Flush the data, but of the metadata only what reading it back needs. Since Linux 5.1. */
    public static final int FSYNC_DATASYNC = IoUringConstants.IORING_FSYNC_DATASYNC;

    private Files() {}

    /**
     * Opens or makes a file ({@code IORING_OP_OPENAT}, since Linux 5.6).
     *
     * <p>Result: the descriptor. Errors: {@code ENOENT}, {@code EACCES}, {@code EEXIST}, {@code
     * EISDIR}, {@code ENOTDIR}, {@code ELOOP}, {@code EMFILE}. Source: {@code openat(2)}.
     *
     * <p>A named pipe is opened without waiting for the other side, as with {@code O_NONBLOCK}: to
     * read at once, to write with {@code ENXIO}. {@link Sqe#async} lets it wait.
     *
     * @param dirFd the directory a relative path starts from, or {@link #AT_FDCWD}
     * @param path ends with a zero byte, as from {@code arena.allocateFrom(String)}; copied when
     *     the kernel takes the request
     * @param flags {@code O_*} of {@link OpenFlags}, or'ed
     * @param mode the permissions of a file that is made, as 0644 octal; the umask applies
     */
    public static Sqe openat(Sqe sqe, int dirFd, MemorySegment path, int flags, int mode) {
        return Encoder.prepare(sqe, IORING_OP_OPENAT, dirFd, 0, Encoder.path(path), mode, flags);
    }

    /**
     * As {@link #openat}, into a slot of the registered files; what was in the slot is closed
     * ({@code IORING_OP_OPENAT}, since Linux 5.15).
     *
     * <p>Result: 0, or the slot with {@link DirectSlot#ALLOCATE}. Errors: {@code ENXIO} there are
     * no registered files; {@code EINVAL} there is no such slot, or {@link OpenFlags#O_CLOEXEC};
     * {@code ENFILE} no slot is free.
     *
     * @param slot the index, or {@link DirectSlot#ALLOCATE}
     */
    public static Sqe openatDirect(
            Sqe sqe, int dirFd, MemorySegment path, int flags, int mode, int slot) {
        return Encoder.prepare(
                sqe,
                IORING_OP_OPENAT,
                0,
                dirFd,
                0,
                Encoder.path(path),
                mode,
                flags,
                DirectSlot.fileIndex(slot),
                0);
    }

    /**
     * Opens a file as {@link #openat} does, with a say in how the path is walked ({@code
     * IORING_OP_OPENAT2}, since Linux 5.6).
     *
     * <p>Result: the descriptor. Errors beside openat's: {@code EINVAL} an unknown flag, or a mode
     * without {@code O_CREAT}; {@code EXDEV}, {@code ELOOP} the path leads where it may not; {@code
     * EAGAIN} with {@link OpenFlags#RESOLVE_CACHED}. Source: {@code openat2(2)}.
     *
     * @param path ends with a zero byte; copied when the kernel takes the request, as is {@code
     *     how}
     * @param how from {@link OpenFlags#how}
     */
    public static Sqe openat2(Sqe sqe, int dirFd, MemorySegment path, MemorySegment how) {
        return openat2(sqe, dirFd, path, how, 0);
    }

    /**
     * As {@link #openat2}, into a slot of the registered files ({@code IORING_OP_OPENAT2}, since
     * Linux 5.15); results and errors of the slot as with {@link #openatDirect}.
     *
     * @param slot the index, or {@link DirectSlot#ALLOCATE}
     */
    public static Sqe openat2Direct(
            Sqe sqe, int dirFd, MemorySegment path, MemorySegment how, int slot) {
        return openat2(sqe, dirFd, path, how, DirectSlot.fileIndex(slot));
    }

    private static Sqe openat2(
            Sqe sqe, int dirFd, MemorySegment path, MemorySegment how, int fileIndex) {
        return Encoder.prepare(
                sqe,
                IORING_OP_OPENAT2,
                0,
                dirFd,
                Encoder.address(how, "how"),
                Encoder.path(path),
                Encoder.length(how, "how"),
                0,
                fileIndex,
                0);
    }

    /**
     * Closes a descriptor ({@code IORING_OP_CLOSE}, since Linux 5.6).
     *
     * <p>Result: 0. Errors: {@code EBADF} it is not open, or it is a ring. Source: {@code
     * close(2)}.
     */
    public static Sqe close(Sqe sqe, int fd) {
        return Encoder.prepare(sqe, IORING_OP_CLOSE, fd, 0, 0, 0, 0);
    }

    /**
     * Closes the file in a slot of the registered files ({@code IORING_OP_CLOSE}, since Linux
     * 5.15). Not with {@link Sqe#fixedFile}.
     *
     * <p>Result: 0. Errors: {@code EBADF} the slot is empty; {@code EINVAL} there is no such slot;
     * {@code ENXIO} there are no registered files.
     *
     * @param slot the index
     */
    public static Sqe closeDirect(Sqe sqe, int slot) {
        if (slot < 0) {
            throw new IllegalArgumentException("a slot is 0 or more: slot=" + slot);
        }
        return Encoder.prepare(
                sqe, IORING_OP_CLOSE, 0, 0, 0, 0, 0, 0, DirectSlot.fileIndex(slot), 0);
    }

    /**
     * Writes a file's data and metadata to the disk ({@code IORING_OP_FSYNC}, since Linux 5.1).
     *
     * <p>Writes still in flight are not waited for: link them before. Result: 0. Errors: {@code
     * EINVAL} the file cannot be flushed; {@code EIO}, {@code ENOSPC} a write failed since the last
     * flush. Source: {@code fsync(2)}.
     *
     * <p>In a chain a failure counts for none: what is linked after starts all the same, and with
     * {@link Sqe#skipSuccess} it is not told (seen up to Linux 6.18).
     *
     * @param flags 0 or {@link #FSYNC_DATASYNC}
     */
    public static Sqe fsync(Sqe sqe, int fd, int flags) {
        return fsync(sqe, fd, 0, 0, flags);
    }

    /**
     * As {@link #fsync(Sqe, int, int)}, a range of the file at least ({@code IORING_OP_FSYNC}).
     *
     * @param offset where the range begins, in bytes
     * @param length how long it is, in bytes; both 0 is the whole file
     */
    public static Sqe fsync(Sqe sqe, int fd, long offset, int length, int flags) {
        return Encoder.prepare(sqe, IORING_OP_FSYNC, fd, offset, 0, length, flags);
    }

    /** As {@link #read(Sqe, int, MemorySegment, long, int)}, without flags. */
    public static Sqe read(Sqe sqe, int fd, MemorySegment buffer, long offset) {
        return read(sqe, fd, buffer, offset, 0);
    }

    /**
     * Reads ({@code IORING_OP_READ}, since Linux 5.6).
     *
     * <p>Source: {@code pread(2)}, {@code preadv2(2)}.
     *
     * @param buffer what is read into, at most its size
     */
    public static Sqe read(Sqe sqe, int fd, MemorySegment buffer, long offset, int flags) {
        return transfer(sqe, IORING_OP_READ, fd, Encoder.writable(buffer, "buffer"), offset, flags);
    }

    /**
     * Reads into a provided buffer, taken when there is something to read ({@code IORING_OP_READ}
     * with {@code IOSQE_BUFFER_SELECT}, since Linux 5.7).
     *
     * <p>The completion's {@link org.uring4j.Cqe#bufferId} tells which buffer. {@code ENOBUFS} none
     * was free.
     *
     * @param maxLength read at most so many bytes, and never more than the buffer holds; 0 for as
     *     many as it holds
     * @param group the group to take the buffer from
     */
    public static Sqe readProvided(Sqe sqe, int fd, int maxLength, int group, long offset) {
        return Encoder.prepare(sqe, IORING_OP_READ, fd, offset, 0, maxLength, 0).bufferGroup(group);
    }

    /**
     * Reads again and again, each time into a provided buffer, whenever there is something ({@code
     * IORING_OP_READ_MULTISHOT}, since Linux 6.7). For pipes, terminals and the like.
     *
     * <p>Each completion with {@link org.uring4j.Cqe#F_MORE} is followed by another. Without, it
     * has ended: at the end of the file (0), by an error, by {@code ENOBUFS} when no buffer was
     * free. {@code EBADFD} the file cannot be polled, as ordinary files cannot. That the other side
     * of a named pipe hangs up goes unnoticed (seen up to Linux 6.18).
     *
     * @param group the group to take buffers from
     */
    public static Sqe readMultishot(Sqe sqe, int fd, int group) {
        return Encoder.prepare(sqe, IORING_OP_READ_MULTISHOT, fd, CURRENT, 0, 0, 0)
                .bufferGroup(group);
    }

    /** As {@link #write(Sqe, int, MemorySegment, long, int)}, without flags. */
    public static Sqe write(Sqe sqe, int fd, MemorySegment buffer, long offset) {
        return write(sqe, fd, buffer, offset, 0);
    }

    /**
     * Writes ({@code IORING_OP_WRITE}, since Linux 5.6).
     *
     * <p>{@code EPIPE} nobody reads the pipe. Source: {@code pwrite(2)}, {@code pwritev2(2)}.
     *
     * @param buffer what is written
     */
    public static Sqe write(Sqe sqe, int fd, MemorySegment buffer, long offset, int flags) {
        return transfer(sqe, IORING_OP_WRITE, fd, buffer, offset, flags);
    }

    /** As {@link #readv(Sqe, int, IoVectors, long, int)}, without flags. */
    public static Sqe readv(Sqe sqe, int fd, IoVectors buffers, long offset) {
        return readv(sqe, fd, buffers, offset, 0);
    }

    /**
     * Reads into several pieces of memory, one after the other ({@code IORING_OP_READV}, since
     * Linux 5.1). Source: {@code preadv2(2)}.
     */
    public static Sqe readv(Sqe sqe, int fd, IoVectors buffers, long offset, int flags) {
        return vectored(sqe, IORING_OP_READV, fd, buffers.writable(), offset, flags);
    }

    /** As {@link #writev(Sqe, int, IoVectors, long, int)}, without flags. */
    public static Sqe writev(Sqe sqe, int fd, IoVectors buffers, long offset) {
        return writev(sqe, fd, buffers, offset, 0);
    }

    /**
     * Writes several pieces of memory as one ({@code IORING_OP_WRITEV}, since Linux 5.1). Source:
     * {@code pwritev2(2)}.
     */
    public static Sqe writev(Sqe sqe, int fd, IoVectors buffers, long offset, int flags) {
        return vectored(sqe, IORING_OP_WRITEV, fd, buffers, offset, flags);
    }

    /** As {@link #readFixed(Sqe, int, MemorySegment, long, int, int)}, without flags. */
    public static Sqe readFixed(Sqe sqe, int fd, MemorySegment buffer, long offset, int index) {
        return readFixed(sqe, fd, buffer, offset, index, 0);
    }

    /**
     * Reads into a registered buffer, which spares the kernel to map it ({@code
     * IORING_OP_READ_FIXED}, since Linux 5.1).
     *
     * <p>{@code EFAULT} there is no such buffer, or {@code buffer} is not within it.
     *
     * @param buffer what is read into: the registered buffer or a part of it
     * @param index the registered buffer's index, from 0
     */
    public static Sqe readFixed(
            Sqe sqe, int fd, MemorySegment buffer, long offset, int index, int flags) {
        Encoder.checkBuffer(index);
        transfer(sqe, IORING_OP_READ_FIXED, fd, Encoder.writable(buffer, "buffer"), offset, flags);
        return Encoder.bufferIndex(sqe, index);
    }

    /** As {@link #writeFixed(Sqe, int, MemorySegment, long, int, int)}, without flags. */
    public static Sqe writeFixed(Sqe sqe, int fd, MemorySegment buffer, long offset, int index) {
        return writeFixed(sqe, fd, buffer, offset, index, 0);
    }

    /**
     * Writes from a registered buffer ({@code IORING_OP_WRITE_FIXED}, since Linux 5.1); as {@link
     * #readFixed(Sqe, int, MemorySegment, long, int, int)}.
     */
    public static Sqe writeFixed(
            Sqe sqe, int fd, MemorySegment buffer, long offset, int index, int flags) {
        Encoder.checkBuffer(index);
        transfer(sqe, IORING_OP_WRITE_FIXED, fd, buffer, offset, flags);
        return Encoder.bufferIndex(sqe, index);
    }

    /**
     * Reads into several pieces of one registered buffer ({@code IORING_OP_READV_FIXED}, since
     * Linux 6.15).
     *
     * @param buffers parts of the registered buffer
     * @param index the registered buffer's index, from 0
     */
    public static Sqe readvFixed(
            Sqe sqe, int fd, IoVectors buffers, long offset, int index, int flags) {
        Encoder.checkBuffer(index);
        vectored(sqe, IORING_OP_READV_FIXED, fd, buffers.writable(), offset, flags);
        return Encoder.bufferIndex(sqe, index);
    }

    /**
     * Writes several pieces of one registered buffer ({@code IORING_OP_WRITEV_FIXED}, since Linux
     * 6.15); as {@link #readvFixed}.
     */
    public static Sqe writevFixed(
            Sqe sqe, int fd, IoVectors buffers, long offset, int index, int flags) {
        Encoder.checkBuffer(index);
        vectored(sqe, IORING_OP_WRITEV_FIXED, fd, buffers, offset, flags);
        return Encoder.bufferIndex(sqe, index);
    }

    private static Sqe transfer(
            Sqe sqe, int opcode, int fd, MemorySegment buffer, long offset, int flags) {
        return Encoder.prepare(
                sqe,
                opcode,
                fd,
                offset,
                Encoder.address(buffer, "buffer"),
                Encoder.length(buffer, "buffer"),
                flags);
    }

    private static Sqe vectored(
            Sqe sqe, int opcode, int fd, IoVectors buffers, long offset, int flags) {
        return Encoder.prepare(sqe, opcode, fd, offset, buffers.address(), buffers.count(), flags);
    }
}
