package org.uring4j.op;

import static org.uring4j.internal.uapi.LibcConstants.BLOCK_URING_CMD_DISCARD;
import static org.uring4j.internal.uapi.LibcConstants.BLOCK_URING_CMD_ZONE_RESET_ALL;

import org.uring4j.Sqe;

/**
 * Commands to block devices ({@code IORING_OP_URING_CMD}).
 *
 * <p><b>Errors</b> of all: {@code EBADF} the device is not open for writing; {@code EPERM} it can
 * only be read; {@code EOPNOTSUPP} it does not know the command; {@code EINVAL} the kernel does
 * not.
 */
public final class BlockCommands {
    private BlockCommands() {}

    /**
     * Tells a device that a range's contents are no longer needed ({@code IORING_OP_URING_CMD} with
     * {@code BLOCK_URING_CMD_DISCARD}, since Linux 6.12). What is read from there afterwards is the
     * device's choice, mostly zeroes.
     *
     * <p>Result: 0. Errors: {@code EINVAL} offset or length are no whole blocks, or the range ends
     * beyond the device. Source: {@code io_uring_prep_cmd_discard(3)}.
     *
     * @param offset where the range begins, in bytes
     * @param length how long it is, in bytes
     */
    public static Sqe discard(Sqe sqe, int fd, long offset, long length) {
        return Commands.encode(sqe, fd, BLOCK_URING_CMD_DISCARD, offset, 0, length, 0);
    }

    /**
     * Empties all zones of a zoned device ({@code IORING_OP_URING_CMD} with {@code
     * BLOCK_URING_CMD_ZONE_RESET_ALL}, since Linux 7.3).
     *
     * <p>Result: 0. Errors: {@code EOPNOTSUPP} the device has no zones. Source: {@code
     * io_uring_prep_cmd_zone_reset_all(3)}.
     */
    public static Sqe zoneResetAll(Sqe sqe, int fd) {
        return Commands.encode(sqe, fd, BLOCK_URING_CMD_ZONE_RESET_ALL, 0, 0, 0, 0);
    }
}
