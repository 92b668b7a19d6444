package org.uring4j.op;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_READ_FIXED;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_RECV;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_SEND;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_WRITE_FIXED;
import static org.uring4j.internal.uapi.LibcConstants.UBLKSRV_IO_BUF_OFFSET;
import static org.uring4j.internal.uapi.LibcConstants.UBLKSRV_IO_INTEGRITY_FLAG;
import static org.uring4j.internal.uapi.LibcConstants.UBLK_AUTO_BUF_REG_FALLBACK;
import static org.uring4j.internal.uapi.LibcConstants.UBLK_QID_OFF;
import static org.uring4j.internal.uapi.LibcConstants.UBLK_TAG_OFF;
import static org.uring4j.internal.uapi.LibcConstants.UBLK_U_IO_COMMIT_AND_FETCH_REQ;
import static org.uring4j.internal.uapi.LibcConstants.UBLK_U_IO_FETCH_REQ;
import static org.uring4j.internal.uapi.LibcConstants.UBLK_U_IO_NEED_GET_DATA;
import static org.uring4j.internal.uapi.LibcConstants.UBLK_U_IO_REGISTER_IO_BUF;
import static org.uring4j.internal.uapi.LibcConstants.UBLK_U_IO_UNREGISTER_IO_BUF;

import org.uring4j.Sqe;
import org.uring4j.internal.Encoder;
import org.uring4j.internal.uapi.LibcConstants;

import java.lang.foreign.MemorySegment;

/**
 * Serves a block device that {@link UblkControl} made: fetches what is asked of it and answers
 * ({@code IORING_OP_URING_CMD} to {@code /dev/ublkc}; since Linux 6.4).
 *
 * <p>Every request of a queue has a tag, 0 to the queue's depth less one. Each tag is fetched once;
 * the fetch completes when something is asked under it, {@link UblkQueue} tells what, and {@link
 * #commitAndFetchReq} answers and fetches again. All of a queue is done by one thread, its own.
 *
 * <p><b>Result</b> of a fetch: {@link #RES_OK}, {@link #RES_NEED_GET_DATA}, or {@code ENODEV}: the
 * device has ended, there is nothing to answer or to fetch any more. Others: {@code EBUSY} the tag
 * is fetched; {@code EINVAL} there is no such queue or tag, another thread serves it, memory is
 * named where there should be none, or none where there should be.
 *
 * <p><b>Memory.</b> The driver copies what is written into the memory named with the fetch before
 * it completes, and what is read out of it while it takes the answer: in between it is the
 * program's. Devices with other ways ({@link UblkDevice#F_USER_COPY}, {@link
 * UblkDevice#F_SUPPORT_ZERO_COPY}, {@link UblkDevice#F_AUTO_BUF_REG}) name {@link
 * MemorySegment#NULL}.
 *
 * <p>Source: {@code linux/ublk_cmd.h}, {@code Documentation/block/ublk.rst} of Linux.
 */
public final class UblkCommands {
    /** Something is asked. */
    public static final int RES_OK = LibcConstants.UBLK_IO_RES_OK;

    /** Something is to be written; its data comes with {@link #needGetData}. */
    public static final int RES_NEED_GET_DATA = LibcConstants.UBLK_IO_RES_NEED_GET_DATA;

    private UblkCommands() {}

    /**
     * Fetches what is asked under a tag for the first time ({@code UBLK_U_IO_FETCH_REQ}).
     *
     * @param buffer of the device's {@link UblkDevice#maxIoBytes}, or {@link MemorySegment#NULL};
     *     for as long as the device is there
     */
    public static Sqe fetchReq(Sqe sqe, int fd, int queue, int tag, MemorySegment buffer) {
        long address = Encoder.address(Encoder.writable(buffer, "the buffer"), "the buffer");
        return encode(sqe, fd, UBLK_U_IO_FETCH_REQ, queue, tag, 0, address);
    }

    /**
     * Answers what was asked under a tag, and fetches the next ({@code
     * UBLK_U_IO_COMMIT_AND_FETCH_REQ}).
     *
     * @param result how many bytes were read or written, 0 for what has none, or a negated errno,
     *     as {@code -Errno.EIO.number()}
     * @param buffer as in {@link #fetchReq}; what was read is in it, from its beginning on
     */
    public static Sqe commitAndFetchReq(
            Sqe sqe, int fd, int queue, int tag, int result, MemorySegment buffer) {
        long address = Encoder.address(Encoder.writable(buffer, "the buffer"), "the buffer");
        return encode(sqe, fd, UBLK_U_IO_COMMIT_AND_FETCH_REQ, queue, tag, result, address);
    }

    /**
     * Answers a {@link UblkQueue#ZONE_APPEND}, and fetches the next ({@code
     * UBLK_U_IO_COMMIT_AND_FETCH_REQ}); of devices with {@link UblkDevice#F_ZONED}. Since Linux
     * 6.6.
     *
     * @param queue of the device that {@code fd} is of
     * @param result as in {@link #commitAndFetchReq}
     * @param sector where on the device the data went, in sectors of 512 bytes
     * @throws IllegalStateException when that is not what was asked under the tag
     */
    public static Sqe commitZoneAppend(
            Sqe sqe, int fd, UblkQueue queue, int tag, int result, long sector) {
        // To the driver it is an address, unless the request is what it should be.
        if (queue.op(tag) != UblkQueue.ZONE_APPEND) {
            throw new IllegalStateException(
                    "no append was asked: tag=" + tag + " op=" + queue.op(tag));
        }
        int number = queue.number();
        return encode(sqe, fd, UBLK_U_IO_COMMIT_AND_FETCH_REQ, number, tag, result, sector);
    }

    /**
     * Has what is to be written under a tag copied, after {@link #RES_NEED_GET_DATA} ({@code
     * UBLK_U_IO_NEED_GET_DATA}). It completes as the fetch does.
     *
     * @param buffer gets it; what it was fetched with does not matter
     */
    public static Sqe needGetData(Sqe sqe, int fd, int queue, int tag, MemorySegment buffer) {
        long address = Encoder.address(Encoder.writable(buffer, "the buffer"), "the buffer");
        return encode(sqe, fd, UBLK_U_IO_NEED_GET_DATA, queue, tag, 0, address);
    }

    /**
     * Registers the memory of what is asked under a tag with the ring of this request ({@code
     * UBLK_U_IO_REGISTER_IO_BUF}, since Linux 6.15); for a device with {@link
     * UblkDevice#F_SUPPORT_ZERO_COPY}. Then {@link #readFixed} and {@link #writeFixed} use it.
     *
     * <p>Result: 0; {@code EBUSY} something is registered there.
     *
     * @param index where in the ring's registered buffers, which are {@link
     *     org.uring4j.resource.RegisteredBuffers#sparse}
     */
    public static Sqe registerIoBuf(Sqe sqe, int fd, int queue, int tag, int index) {
        Encoder.checkBuffer(index);
        return encode(sqe, fd, UBLK_U_IO_REGISTER_IO_BUF, queue, tag, 0, index);
    }

    /**
     * Gives that memory up; before that, the request is not answered ({@code
     * UBLK_U_IO_UNREGISTER_IO_BUF}, since Linux 6.15).
     *
     * <p>Result: 0; {@code EINVAL} nothing of the device's is registered there.
     */
    public static Sqe unregisterIoBuf(Sqe sqe, int fd, int queue, int tag, int index) {
        Encoder.checkBuffer(index);
        return encode(sqe, fd, UBLK_U_IO_UNREGISTER_IO_BUF, queue, tag, 0, index);
    }

    /**
     * Has the driver register the memory of what is asked, and give it up with the answer; to a
     * {@link #fetchReq} or {@link #commitAndFetchReq} that was written, of a device with {@link
     * UblkDevice#F_AUTO_BUF_REG}. Since Linux 6.16.
     *
     * @param index where in the ring's registered buffers
     * @param fallback if that cannot be, whether the request comes with {@link
     *     UblkQueue#F_NEED_REG_BUF} or fails
     */
    public static Sqe autoBufReg(Sqe sqe, int index, boolean fallback) {
        try {
            Encoder.checkBuffer(index);
            long flags = fallback ? UBLK_AUTO_BUF_REG_FALLBACK : 0;
            return Commands.fields(sqe, index | flags << 16, 0, 0);
        } catch (RuntimeException e) {
            throw Encoder.unmake(sqe, e);
        }
    }

    /**
     * Reads from a file into a request's registered memory ({@code IORING_OP_READ_FIXED}); result
     * and errors as of {@link Files#readFixed}.
     *
     * @param start where in the memory, in bytes from its beginning
     * @param length how many bytes
     * @param offset where in the file
     * @param index where in the ring's registered buffers
     */
    public static Sqe readFixed(Sqe sqe, int fd, long start, int length, long offset, int index) {
        Encoder.checkBuffer(index);
        Encoder.prepare(sqe, IORING_OP_READ_FIXED, fd, offset, start, length, 0);
        return Encoder.bufferIndex(sqe, index);
    }

    /**
     * Writes a request's registered memory to a file ({@code IORING_OP_WRITE_FIXED}); as {@link
     * #readFixed}.
     */
    public static Sqe writeFixed(Sqe sqe, int fd, long start, int length, long offset, int index) {
        Encoder.checkBuffer(index);
        Encoder.prepare(sqe, IORING_OP_WRITE_FIXED, fd, offset, start, length, 0);
        return Encoder.bufferIndex(sqe, index);
    }

    /**
     * Sends a request's registered memory ({@code IORING_OP_SEND} with {@code
     * IORING_RECVSEND_FIXED_BUF}, since Linux 7.2); result and errors as of {@link
     * FixedSockets#send}.
     *
     * @param start where in the memory, in bytes from its beginning
     * @param length how many bytes
     * @param index where in the ring's registered buffers
     * @param msgFlags as {@link Sockets#MSG_WAITALL}
     */
    public static Sqe sendFixed(Sqe sqe, int fd, long start, int length, int index, int msgFlags) {
        return FixedSockets.encode(sqe, IORING_OP_SEND, fd, start, length, index, msgFlags, 0);
    }

    /**
     * Receives into a request's registered memory ({@code IORING_OP_RECV} with {@code
     * IORING_RECVSEND_FIXED_BUF}, since Linux 7.2); as {@link #sendFixed}.
     */
    public static Sqe recvFixed(Sqe sqe, int fd, long start, int length, int index, int msgFlags) {
        return FixedSockets.encode(sqe, IORING_OP_RECV, fd, start, length, index, msgFlags, 0);
    }

    /**
     * Where in {@code /dev/ublkc} a request's data is read from, or written to; of a device with
     * {@link UblkDevice#F_USER_COPY}.
     *
     * @param start where in the data, in bytes from its beginning
     */
    public static long copyOffset(int queue, int tag, long start) {
        return UBLKSRV_IO_BUF_OFFSET
                + ((long) queue << UBLK_QID_OFF)
                + ((long) tag << UBLK_TAG_OFF)
                + start;
    }

    /**
     * Where in {@code /dev/ublkc} a request's protection information is read from, or written to;
     * of a device with {@link UblkDevice#F_INTEGRITY}. Since Linux 7.0.
     *
     * @param start where in the information, in bytes from its beginning
     */
    public static long integrityOffset(int queue, int tag, long start) {
        return copyOffset(queue, tag, start) | UBLKSRV_IO_INTEGRITY_FLAG;
    }

    private static Sqe encode(
            Sqe sqe, int fd, int command, int queue, int tag, int result, long address) {
        if (((queue | tag) & ~0xffff) != 0) {
            throw new IllegalArgumentException(
                    "queue and tag are 0 to 65535: queue=" + queue + " tag=" + tag);
        }
        long head = queue | (long) tag << 16 | (long) result << 32;
        return Commands.encode(sqe, fd, command, 0, 0, head, address);
    }
}
