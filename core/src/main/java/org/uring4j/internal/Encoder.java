package org.uring4j.internal;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_SEND;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_SEND_ZC;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import org.uring4j.Sqe;
import org.uring4j.internal.sys.Memory;
import org.uring4j.internal.uapi.IoUringSqe;

import java.lang.foreign.MemorySegment;

/**
 * Writes submission queue entries.
 *
 * <pre>
 *    0        1        2        3        4        5        6        7
 *   +--------+--------+--------+--------+--------+--------+--------+--------+
 *  0| opcode | flags  |     ioprio      |                fd                 |
 *   +--------+--------+-----------------+-----------------------------------+
 *  8|                off | addr2 | cmd_op                                    |
 *   +-----------------------------------------------------------------------+
 * 16|                addr | splice_off_in | level, optname                  |
 *   +-----------------------------------+-----------------------------------+
 * 24|                len                |    op's flags (msg_flags, ...)    |
 *   +-----------------------------------+-----------------------------------+
 * 32|                               user_data                               |
 *   +-----------------+-----------------+-----------------------------------+
 * 40| buf_index/group |   personality   | file_index | addr_len | ...       |
 *   +-----------------+-----------------+-----------------------------------+
 * 48|                 addr3 | optval | attr_ptr                             |
 *   +-----------------------------------------------------------------------+
 * 56|                           __pad2 | attr_type_mask                     |
 *   +-----------------------------------------------------------------------+
 * </pre>
 *
 * <p>Every entry is written whole, as eight 64-bit stores: nothing of the slot's last request
 * remains, and the stores are cheaper than one per field.
 */
public final class Encoder {
    private static final Access ACCESS = Access.get();

    private Encoder() {}

    /** Writes an entry; what is not named is 0. */
    public static Sqe prepare(
            Sqe sqe, int opcode, int fd, long off, long addr, int len, int opFlags) {
        return prepare(sqe, opcode, 0, fd, off, addr, len, opFlags, 0, 0);
    }

    /**
     * Writes an entry.
     *
     * @param ioprio the field of that name: the op's own flags for network ops
     * @param fileIndex 32 bits at offset 44
     * @param addr3 64 bits at offset 48
     */
    public static Sqe prepare(
            Sqe sqe,
            int opcode,
            int ioprio,
            int fd,
            long off,
            long addr,
            int len,
            int opFlags,
            int fileIndex,
            long addr3) {
        long slot = ACCESS.fill(sqe);
        Memory.putLong(slot, opcode | (ioprio & 0xffffL) << 16 | (long) fd << 32);
        Memory.putLong(slot + 8, off);
        Memory.putLong(slot + 16, addr);
        Memory.putLong(slot + 24, (len & 0xffff_ffffL) | (long) opFlags << 32);
        Memory.putLong(slot + 32, 0);
        Memory.putLong(slot + 40, (long) fileIndex << 32);
        Memory.putLong(slot + 48, addr3);
        Memory.putLong(slot + 56, 0);
        return sqe;
    }

    /**
     * Writes an entry of 128 bytes; what is not named is 0.
     *
     * @throws IllegalStateException when the slot has 64 bytes only: the kernel would take the next
     *     request for the second half
     */
    public static Sqe prepare128(Sqe sqe, int opcode, int fd, long off) {
        if (!ACCESS.enlarge(sqe)) {
            throw new IllegalStateException(
                    "a request of 128 bytes is written to an entry from Ring.next128(), once");
        }
        prepare(sqe, opcode, fd, off, 0, 0, 0);
        Memory.clear(ACCESS.fill(sqe) + IoUringSqe.SIZEOF, IoUringSqe.SIZEOF);
        return sqe;
    }

    /**
     * The address of native memory.
     *
     * @param length how many bytes of it the request may touch
     * @throws IllegalArgumentException when the segment is on the heap or shorter than that
     * @throws IllegalStateException when its arena is closed
     */
    public static long address(MemorySegment segment, long length, String what) {
        if (!segment.isNative() || length < 0 || length > segment.byteSize()) {
            throw badSegment(segment, length, what);
        }
        if (!segment.scope().isAlive()) {
            throw new IllegalStateException(
                    what + " is in an arena that is closed; keep it open until the completion");
        }
        return segment.address();
    }

    /** The address of native memory, all of which the request may touch. */
    public static long address(MemorySegment segment, String what) {
        return address(segment, segment.byteSize(), what);
    }

    /**
     * Memory that the request writes to.
     *
     * @return {@code segment}
     * @throws IllegalArgumentException when it is read-only: the kernel does not know, and what was
     *     promised not to change would
     */
    public static MemorySegment writable(MemorySegment segment, String what) {
        if (segment.isReadOnly()) {
            throw new IllegalArgumentException(
                    what + " is read-only, and the request would write to it");
        }
        return segment;
    }

    /** The size of a segment as a request's 32-bit length. */
    public static int length(MemorySegment segment, String what) {
        long size = segment.byteSize();
        if (size > 0xffff_ffffL) {
            throw new IllegalArgumentException(
                    what + " is longer than a request can name: bytes=" + size + " max=4294967295");
        }
        return (int) size;
    }

    /**
     * The address of a path.
     *
     * @throws IllegalArgumentException when its last byte is not 0, so that the kernel might read
     *     on
     */
    public static long path(MemorySegment path) {
        return text(path, "path");
    }

    /** As {@link #path}, of any text. */
    public static long text(MemorySegment text, String what) {
        long address = address(text, what);
        long size = text.byteSize();
        if (size == 0 || text.get(JAVA_BYTE, size - 1) != 0) {
            throw new IllegalArgumentException(
                    "the "
                            + what
                            + " does not end with a zero byte; make it by arena.allocateFrom("
                            + what
                            + ")");
        }
        return address;
    }

    /** Names a registered buffer in an entry that was written. */
    public static Sqe bufferIndex(Sqe sqe, int checkedIndex) {
        Memory.putShort(ACCESS.fill(sqe) + IoUringSqe.BUF_INDEX, (short) checkedIndex);
        return sqe;
    }

    /** Checks the index of a registered buffer, before the entry is written. */
    public static void checkBuffer(int index) {
        if ((index & ~0xffff) != 0) {
            throw new IllegalArgumentException(
                    "a registered buffer's index is 0 to 65535: index=" + index);
        }
    }

    /**
     * Takes back a request that was to carry something which was refused: without it, it would be
     * another.
     *
     * @return {@code why}, to be thrown
     */
    public static RuntimeException unmake(Sqe sqe, RuntimeException why) {
        ACCESS.withdraw(sqe);
        return why;
    }

    /**
     * Names the address that an entry which was written sends to.
     *
     * @throws IllegalStateException when it is not one that sends, where the fields mean other
     *     things
     */
    public static Sqe sendAddress(Sqe sqe, long address, int length) {
        long slot = ACCESS.written(sqe);
        int opcode = slot == 0 ? -1 : Memory.getByte(slot + IoUringSqe.OPCODE);
        if (opcode != IORING_OP_SEND && opcode != IORING_OP_SEND_ZC) {
            throw new IllegalStateException(
                    "only a send has an address to go to: opcode=" + opcode);
        }
        Memory.putLong(slot + IoUringSqe.ADDR2, address);
        Memory.putShort(slot + IoUringSqe.ADDR_LEN, (short) length);
        return sqe;
    }

    private static IllegalArgumentException badSegment(
            MemorySegment segment, long length, String what) {
        if (!segment.isNative()) {
            return new IllegalArgumentException(
                    what
                            + " is heap memory, which the kernel cannot reach;"
                            + " allocate it from an Arena");
        }
        return new IllegalArgumentException(
                what + " is too short: needed=" + length + " bytes=" + segment.byteSize());
    }
}
