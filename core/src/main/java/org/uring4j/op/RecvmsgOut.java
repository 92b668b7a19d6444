package org.uring4j.op;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import org.jspecify.annotations.Nullable;
import org.uring4j.internal.uapi.IoUringRecvmsgOut;

import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.util.List;

/**
 * What {@link SocketMessages#recvmsgMultishot} leaves in each buffer: a message with a header
 * before it.
 *
 * <pre>
 *   0         4            8            12      16
 *   +---------+------------+------------+-------+------- - -+--------- - -+-----------
 *   | namelen | controllen | payloadlen | flags | name      | control     | payload
 *   +---------+------------+------------+-------+------- - -+--------- - -+-----------
 *                                               nameCapacity controlCapacity  to result
 * </pre>
 *
 * <p>A reader, to be pointed at one buffer after the other. Everything in the header is checked
 * against the sizes, so that a wrong buffer is an exception, never a read beyond it. What the
 * reader hands out are views of the buffer: use them before the buffer is given back.
 *
 * <p>Source: {@code io_uring_recvmsg_out(3)}.
 */
public final class RecvmsgOut {
    private final int nameCapacity;
    private final int controlCapacity;
    private MemorySegment buffer = MemorySegment.NULL;
    private int nameLength;
    private int controlLength;
    private int payloadLength;
    private int fullLength;
    private int flags;

    /**
     * A reader of the messages that a request received.
     *
     * @param message what the request was made with
     */
    public RecvmsgOut(MsgHdr message) {
        nameCapacity = message.nameCapacity();
        controlCapacity = message.controlCapacity();
    }

    /**
     * Points the reader at a message.
     *
     * @param buffer the buffer of the completion
     * @param result the completion's result
     * @throws IllegalArgumentException when no such message is there
     */
    public RecvmsgOut read(MemorySegment buffer, int result) {
        // Never above the int range: an address has at most 128 bytes.
        long payload = (long) IoUringRecvmsgOut.SIZEOF + nameCapacity + controlCapacity;
        if (result < payload || result > buffer.byteSize()) {
            throw malformed("result=" + result + " least=" + payload, buffer);
        }
        int name = buffer.get(JAVA_INT_UNALIGNED, IoUringRecvmsgOut.NAMELEN);
        int control = buffer.get(JAVA_INT_UNALIGNED, IoUringRecvmsgOut.CONTROLLEN);
        int full = buffer.get(JAVA_INT_UNALIGNED, IoUringRecvmsgOut.PAYLOADLEN);
        if (name < 0 || control < 0 || control > controlCapacity || full < result - payload) {
            throw malformed(
                    "namelen=" + name + " controllen=" + control + " payloadlen=" + full, buffer);
        }
        this.buffer = buffer;
        nameLength = Math.min(name, nameCapacity);
        controlLength = control;
        payloadLength = (int) (result - payload);
        fullLength = full;
        flags = buffer.get(JAVA_INT_UNALIGNED, IoUringRecvmsgOut.FLAGS);
        return this;
    }

    /** {@link Sockets#MSG_TRUNC}, {@link Sockets#MSG_CTRUNC} and others, or'ed. */
    public int flags() {
        return flags;
    }

    /** Whether the message was longer than the buffer. */
    public boolean truncated() {
        return (flags & Sockets.MSG_TRUNC) != 0;
    }

    /** Whether there was more control data than room for it. */
    public boolean controlTruncated() {
        return (flags & Sockets.MSG_CTRUNC) != 0;
    }

    /** How many bytes of the message are in the buffer. */
    public int payloadLength() {
        return payloadLength;
    }

    /** How many bytes the message had, if {@link Sockets#MSG_TRUNC} was asked for. */
    public int fullLength() {
        return fullLength;
    }

    /** Where in the buffer the message is, in bytes. */
    public int payloadOffset() {
        return IoUringRecvmsgOut.SIZEOF + nameCapacity + controlCapacity;
    }

    /** The message. */
    public MemorySegment payload() {
        return buffer.asSlice(payloadOffset(), payloadLength);
    }

    /** Who sent it; null when that is not told. */
    public @Nullable SocketAddress from() {
        return nameLength == 0 ? null : SockAddr.read(name());
    }

    /** The sender's address as the kernel wrote it; empty when there is none. */
    public MemorySegment name() {
        return buffer.asSlice(IoUringRecvmsgOut.SIZEOF, nameLength);
    }

    /**
     * The control data.
     *
     * @throws IllegalArgumentException when it is malformed
     */
    public List<ControlMessage> controls() {
        long at = (long) IoUringRecvmsgOut.SIZEOF + nameCapacity;
        return ControlMessage.read(buffer.asSlice(at, controlLength));
    }

    private IllegalArgumentException malformed(String what, MemorySegment buffer) {
        return new IllegalArgumentException(
                "no message of this request: "
                        + what
                        + " bytes="
                        + buffer.byteSize()
                        + " nameCapacity="
                        + nameCapacity
                        + " controlCapacity="
                        + controlCapacity);
    }
}
