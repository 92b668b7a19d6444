package org.uring4j.op;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import org.jspecify.annotations.Nullable;
import org.uring4j.internal.Encoder;
import org.uring4j.internal.uapi.Msghdr;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.util.List;

/**
 * A message of {@code sendmsg(2)} and {@code recvmsg(2)}: data in several pieces, an address and
 * control data. It can be used again and again; its memory is its arena's.
 *
 * <pre>{@code
 * MsgHdr message = MsgHdr.allocate(arena, SockAddr.MAX_LENGTH, 0).pieces(vectors);
 * SocketMessages.recvmsg(ring.next(), fd, message, 0, 0);
 * ... when it has completed: message.from(), message.flags()
 * }</pre>
 *
 * <p>A message that was submitted is the kernel's until the request completes.
 *
 * <p>Source: {@code recvmsg(2)}, {@code cmsg(3)}.
 */
public final class MsgHdr {
    private final MemorySegment header;
    private final MemorySegment name;
    private final MemorySegment control;
    private @Nullable IoVectors pieces;
    private int nameLength;
    private int controlLength;

    private MsgHdr(MemorySegment header, MemorySegment name, MemorySegment control) {
        this.header = header;
        this.name = name;
        this.control = control;
    }

    /**
     * Makes a message.
     *
     * @param arena its memory
     * @param nameCapacity how many bytes an address may have, 0 to {@link SockAddr#MAX_LENGTH};
     *     with 0 nothing is sent to an address, nor is told who sent
     * @param controlCapacity how many bytes control data may have: the sum of {@link
     *     ControlMessage#space} of each
     */
    public static MsgHdr allocate(Arena arena, int nameCapacity, int controlCapacity) {
        if (nameCapacity < 0 || nameCapacity > SockAddr.MAX_LENGTH) {
            throw new IllegalArgumentException(
                    "an address has 0 to 128 bytes: nameCapacity=" + nameCapacity);
        }
        if (controlCapacity < 0) {
            throw new IllegalArgumentException(
                    "the capacity is negative: controlCapacity=" + controlCapacity);
        }
        return new MsgHdr(
                arena.allocate(Msghdr.SIZEOF, 8),
                arena.allocate(nameCapacity, 8),
                arena.allocate(controlCapacity, 8));
    }

    /** Sets the memory that is sent from or received into. */
    public MsgHdr pieces(IoVectors pieces) {
        this.pieces = pieces;
        return this;
    }

    /** Sets the address to send to. It stays until changed. */
    public MsgHdr to(SockAddr address) {
        MemorySegment raw = address.raw();
        if (raw.byteSize() > name.byteSize()) {
            throw new IllegalArgumentException(
                    "the address is too long: bytes="
                            + raw.byteSize()
                            + " nameCapacity="
                            + name.byteSize());
        }
        MemorySegment.copy(raw, 0, name, 0, raw.byteSize());
        nameLength = (int) raw.byteSize();
        return this;
    }

    /** Send to whom the socket is connected. */
    public MsgHdr toConnected() {
        nameLength = 0;
        return this;
    }

    /**
     * Adds control data to send.
     *
     * @param level as {@link ControlMessage#SOL_SOCKET}
     * @param type as {@link ControlMessage#SCM_RIGHTS}
     * @param data copied
     * @throws IndexOutOfBoundsException when there is no room left
     */
    public MsgHdr addControl(int level, int type, MemorySegment data) {
        int space = ControlMessage.space(Math.toIntExact(data.byteSize()));
        if (space > control.byteSize() - controlLength) {
            throw new IndexOutOfBoundsException(
                    "no room for more control data: needed="
                            + space
                            + " used="
                            + controlLength
                            + " controlCapacity="
                            + control.byteSize());
        }
        new ControlMessage(level, type, data).write(control.asSlice(controlLength, space));
        controlLength += space;
        return this;
    }

    /** Removes the control data to send. */
    public MsgHdr clearControl() {
        controlLength = 0;
        return this;
    }

    /** Who sent it, after a receive; null when that is not told, as on a connected socket. */
    public @Nullable SocketAddress from() {
        MemorySegment sender = name();
        return sender.byteSize() == 0 ? null : SockAddr.read(sender);
    }

    /** The sender's address as the kernel wrote it; empty when there is none. */
    public MemorySegment name() {
        long length = header.get(JAVA_INT_UNALIGNED, Msghdr.MSG_NAMELEN) & 0xffff_ffffL;
        return name.asSlice(0, Math.min(length, name.byteSize()));
    }

    /**
     * The control data, after a receive.
     *
     * @throws IllegalArgumentException when it is malformed
     */
    public List<ControlMessage> controls() {
        long length = header.get(JAVA_LONG_UNALIGNED, Msghdr.MSG_CONTROLLEN);
        return ControlMessage.read(control.asSlice(0, Math.clamp(length, 0, control.byteSize())));
    }

    /** After a receive: {@link Sockets#MSG_TRUNC} and other such flags, or'ed. */
    public int flags() {
        return header.get(JAVA_INT_UNALIGNED, Msghdr.MSG_FLAGS);
    }

    int nameCapacity() {
        return (int) name.byteSize();
    }

    int controlCapacity() {
        return (int) control.byteSize();
    }

    /** Writes the header of a message to send; its address. */
    long forSend() {
        return write(nameLength, controlLength, pieces);
    }

    /** Writes the header of a message to receive; its address. */
    long forReceive() {
        IoVectors vectors = pieces == null ? null : pieces.writable();
        return write(nameCapacity(), controlCapacity(), vectors);
    }

    /** As {@link #forReceive}, into a buffer of a group. */
    long forProvided() {
        return write(nameCapacity(), controlCapacity(), null);
    }

    private long write(int nameBytes, int controlBytes, @Nullable IoVectors vectors) {
        long at = Encoder.address(header, "message");
        header.set(JAVA_LONG_UNALIGNED, Msghdr.MSG_NAME, nameBytes == 0 ? 0 : name.address());
        header.set(JAVA_INT_UNALIGNED, Msghdr.MSG_NAMELEN, nameBytes);
        header.set(JAVA_LONG_UNALIGNED, Msghdr.MSG_IOV, vectors == null ? 0 : vectors.address());
        header.set(JAVA_LONG_UNALIGNED, Msghdr.MSG_IOVLEN, vectors == null ? 0 : vectors.count());
        header.set(
                JAVA_LONG_UNALIGNED, Msghdr.MSG_CONTROL, controlBytes == 0 ? 0 : control.address());
        header.set(JAVA_LONG_UNALIGNED, Msghdr.MSG_CONTROLLEN, controlBytes);
        header.set(JAVA_INT_UNALIGNED, Msghdr.MSG_FLAGS, 0);
        return at;
    }
}
