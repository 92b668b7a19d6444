package org.uring4j.op;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_FGETXATTR;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_FSETXATTR;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_GETXATTR;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_SETXATTR;

import org.uring4j.Sqe;
import org.uring4j.internal.Encoder;
import org.uring4j.internal.uapi.LibcConstants;

import java.lang.foreign.MemorySegment;

/**
 * Extended attributes: values of any bytes that a file has under names as {@code user.comment}.
 *
 * <p><b>Name and path</b> end with a zero byte, as from {@code arena.allocateFrom(String)}. A
 * relative path starts from the working directory, and symbolic links are followed. A value that is
 * set is copied as they are, when the kernel takes the request.
 *
 * <p><b>Errors</b> of all: {@code EOPNOTSUPP} the file system has no such attributes, or not of
 * this kind; {@code ENODATA} there is none of this name; {@code ERANGE} the name is empty or longer
 * than 255 bytes; {@code EPERM}, {@code EACCES} it is not allowed: attributes whose name begins
 * with {@code trusted.} or {@code security.} are the privileged's; {@code EBADF}; and those of the
 * path, as {@code ENOENT}.
 *
 * <p><b>In a chain</b> a failure counts for none: what is linked after starts all the same, and
 * with {@link Sqe#skipSuccess} it is not told (seen up to Linux 6.18).
 *
 * <p>Source: {@code xattr(7)}, {@code setxattr(2)}, {@code getxattr(2)}.
 */
public final class ExtendedAttributes {
    /** {@code EEXIST} if the file has the attribute. */
    public static final int XATTR_CREATE = LibcConstants.XATTR_CREATE;

    /** {@code ENODATA} if the file does not have the attribute. */
    public static final int XATTR_REPLACE = LibcConstants.XATTR_REPLACE;

    private ExtendedAttributes() {}

    /**
     * Sets an attribute of the file at a path ({@code IORING_OP_SETXATTR}, since Linux 5.19).
     *
     * <p>Result: 0. Errors beside those above: {@code E2BIG} the value is longer than 64 KiB;
     * {@code ENOSPC}, {@code EDQUOT} no room for it.
     *
     * @param value all of it; may be empty
     * @param flags 0, {@link #XATTR_CREATE} or {@link #XATTR_REPLACE}
     */
    public static Sqe setxattr(
            Sqe sqe, MemorySegment path, MemorySegment name, MemorySegment value, int flags) {
        return prepare(sqe, IORING_OP_SETXATTR, 0, Encoder.path(path), name, value, flags);
    }

    /**
     * Sets an attribute of an open file ({@code IORING_OP_FSETXATTR}, since Linux 5.19); as {@link
     * #setxattr}.
     */
    public static Sqe fsetxattr(
            Sqe sqe, int fd, MemorySegment name, MemorySegment value, int flags) {
        return prepare(sqe, IORING_OP_FSETXATTR, fd, 0, name, value, flags);
    }

    /**
     * Gets an attribute of the file at a path ({@code IORING_OP_GETXATTR}, since Linux 5.19).
     *
     * <p>Result: how many bytes the value has. Errors beside those above: {@code ERANGE} the value
     * is longer than the memory.
     *
     * @param value where it goes, the kernel's to write until the completion; of size 0 to learn
     *     only how long the value is
     */
    public static Sqe getxattr(
            Sqe sqe, MemorySegment path, MemorySegment name, MemorySegment value) {
        Encoder.writable(value, "value");
        return prepare(sqe, IORING_OP_GETXATTR, 0, Encoder.path(path), name, value, 0);
    }

    /**
     * Gets an attribute of an open file ({@code IORING_OP_FGETXATTR}, since Linux 5.19; of a
     * registered one since Linux 6.13); as {@link #getxattr}.
     */
    public static Sqe fgetxattr(Sqe sqe, int fd, MemorySegment name, MemorySegment value) {
        Encoder.writable(value, "value");
        return prepare(sqe, IORING_OP_FGETXATTR, fd, 0, name, value, 0);
    }

    private static Sqe prepare(
            Sqe sqe,
            int opcode,
            int fd,
            long path,
            MemorySegment name,
            MemorySegment value,
            int flags) {
        return Encoder.prepare(
                sqe,
                opcode,
                0,
                fd,
                Encoder.address(value, "value"),
                Encoder.text(name, "name"),
                Encoder.length(value, "value"),
                flags,
                0,
                path);
    }
}
