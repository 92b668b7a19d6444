package org.uring4j.op;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_READ;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_READV;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_READV_FIXED;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_READ_FIXED;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_WRITE;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_WRITEV;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_WRITEV_FIXED;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_WRITE_FIXED;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_RW_ATTR_FLAG_PI;

import org.uring4j.Sqe;
import org.uring4j.internal.Access;
import org.uring4j.internal.Encoder;
import org.uring4j.internal.sys.Memory;
import org.uring4j.internal.uapi.IoUringSqe;

/**
 * What a read or write of {@link Files} may carry beside its data. Set after the request was
 * written:
 *
 * <pre>{@code
 * Sqe write = Files.write(ring.next(), fd, blocks, offset);
 * ReadWriteAttributes.protection(write, information).userData(7);
 * }</pre>
 *
 * <p>Kernels that do not know them do not see them, and do not fail.
 */
public final class ReadWriteAttributes {
    private static final int MAX_STREAM = 255;

    private static final Access ACCESS = Access.get();

    private ReadWriteAttributes() {}

    /**
     * Reads or writes protection information too ({@code IORING_RW_ATTR_FLAG_PI}, since Linux 6.14:
     * {@code IORING_FEAT_RW_ATTR}).
     *
     * <p>Errors beside the request's own: {@code EOPNOTSUPP} the file is not open with {@link
     * OpenFlags#O_DIRECT}, or the ring polls for completions; {@code EINVAL} the device has no such
     * information, or there are fewer tuples than blocks; {@code EILSEQ} a check has failed.
     *
     * @param sqe to which a read or write was written
     * @param information copied when the kernel takes the request
     */
    public static Sqe protection(Sqe sqe, ProtectionInformation information) {
        try {
            long slot = written(sqe);
            Memory.putLong(slot + IoUringSqe.ATTR_PTR, information.address(reads(slot)));
            Memory.putLong(slot + IoUringSqe.ATTR_TYPE_MASK, IORING_RW_ATTR_FLAG_PI);
            return sqe;
        } catch (RuntimeException e) {
            throw Encoder.unmake(sqe, e);
        }
    }

    /**
     * Says which data a write's goes together with, for the device to lay both in one place (since
     * Linux 6.16). For block devices, open with {@link OpenFlags#O_DIRECT}; others take no notice.
     *
     * <p>{@code EINVAL} the device has not so many streams: {@code queue/max_write_streams} of it
     * in sysfs says how many.
     *
     * @param sqe to which a write was written
     * @param stream 1 to 255; 0 for none
     */
    public static Sqe writeStream(Sqe sqe, int stream) {
        long slot = written(sqe);
        if (stream < 0 || stream > MAX_STREAM) {
            throw Encoder.unmake(
                    sqe,
                    new IllegalArgumentException("a write stream is 0 to 255: stream=" + stream));
        }
        Memory.putInt(slot + IoUringSqe.WRITE_STREAM, stream);
        return sqe;
    }

    private static boolean reads(long slot) {
        int opcode = Memory.getByte(slot + IoUringSqe.OPCODE);
        return switch (opcode) {
            case IORING_OP_READ, IORING_OP_READV, IORING_OP_READ_FIXED, IORING_OP_READV_FIXED ->
                    true;
            default -> false;
        };
    }

    /** The slot, in which there is a read or write. */
    private static long written(Sqe sqe) {
        long slot = ACCESS.written(sqe);
        int opcode = slot == 0 ? -1 : Memory.getByte(slot + IoUringSqe.OPCODE);
        return switch (opcode) {
            case IORING_OP_READ,
                    IORING_OP_READV,
                    IORING_OP_READ_FIXED,
                    IORING_OP_READV_FIXED,
                    IORING_OP_WRITE,
                    IORING_OP_WRITEV,
                    IORING_OP_WRITE_FIXED,
                    IORING_OP_WRITEV_FIXED ->
                    slot;
            default ->
                    throw Encoder.unmake(
                            sqe,
                            new IllegalStateException(
                                    "no read or write was written: opcode=" + opcode));
        };
    }
}
