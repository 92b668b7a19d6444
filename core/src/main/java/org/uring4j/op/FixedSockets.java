package org.uring4j.op;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_RECV;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_SEND;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_RECVSEND_FIXED_BUF;

import org.uring4j.Sqe;
import org.uring4j.internal.Encoder;

import java.lang.foreign.MemorySegment;

/**
 * Sends from and receives into registered buffers, with a copy between them and the socket. Since
 * Linux 7.2.
 *
 * <p>It spares the kernel to look memory up, and is the only way to memory that the program itself
 * cannot see ({@link UblkCommands#sendFixed}, {@link UblkCommands#recvFixed}). To send without the
 * copy, {@link ZeroCopySend#sendFixed}, which older kernels know.
 *
 * <p><b>Errors</b> beside those of {@link Sockets}: {@code EFAULT} there is no such buffer, or the
 * memory is not within it; {@code EINVAL} the kernel is older, or {@link Sockets#BUNDLE} is set.
 *
 * <p>Source: {@code io_uring_registered_buffers(7)}.
 */
public final class FixedSockets {
    private FixedSockets() {}

    /**
     * Sends from a registered buffer ({@code IORING_OP_SEND} with {@code
     * IORING_RECVSEND_FIXED_BUF}, since Linux 7.2).
     *
     * <p>Result as of {@link Sockets#send(Sqe, int, MemorySegment, int)}. {@link
     * Sockets#sendAddress} says to whom.
     *
     * @param buffer the registered buffer or a part of it; the kernel's until the completion
     * @param index the registered buffer's index, from 0
     * @param msgFlags as {@link Sockets#MSG_WAITALL}
     * @param ioFlags {@link Sockets#POLL_FIRST} or 0
     */
    public static Sqe send(
            Sqe sqe, int fd, MemorySegment buffer, int index, int msgFlags, int ioFlags) {
        long at = Encoder.address(buffer, "buffer");
        int length = Encoder.length(buffer, "buffer");
        return encode(sqe, IORING_OP_SEND, fd, at, length, index, msgFlags, ioFlags);
    }

    /**
     * Receives into a registered buffer ({@code IORING_OP_RECV} with {@code
     * IORING_RECVSEND_FIXED_BUF}, since Linux 7.2).
     *
     * <p>Result as of {@link Sockets#recv(Sqe, int, MemorySegment, int)}.
     *
     * @param buffer the registered buffer or a part of it, gets the data; the kernel's until the
     *     completion
     * @param index the registered buffer's index, from 0
     * @param msgFlags as {@link Sockets#MSG_WAITALL}
     * @param ioFlags {@link Sockets#POLL_FIRST} or 0
     */
    public static Sqe recv(
            Sqe sqe, int fd, MemorySegment buffer, int index, int msgFlags, int ioFlags) {
        long at = Encoder.address(Encoder.writable(buffer, "buffer"), "buffer");
        int length = Encoder.length(buffer, "buffer");
        return encode(sqe, IORING_OP_RECV, fd, at, length, index, msgFlags, ioFlags);
    }

    /** Writes a request; the kernel checks that the memory is the registered buffer's. */
    static Sqe encode(
            Sqe sqe,
            int opcode,
            int fd,
            long address,
            int length,
            int index,
            int msgFlags,
            int ioFlags) {
        Encoder.checkBuffer(index);
        int flags = ioFlags | IORING_RECVSEND_FIXED_BUF;
        Encoder.prepare(sqe, opcode, flags, fd, 0, address, length, msgFlags, 0, 0);
        return Encoder.bufferIndex(sqe, index);
    }
}
