package org.uring4j.op;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_URING_CMD;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_URING_CMD128;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_URING_CMD_FIXED;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_URING_CMD_MULTISHOT;

import org.uring4j.Ring;
import org.uring4j.Sqe;
import org.uring4j.internal.Access;
import org.uring4j.internal.Encoder;
import org.uring4j.internal.sys.Memory;
import org.uring4j.internal.uapi.IoUringSqe;

import java.lang.foreign.MemorySegment;

/**
 * Commands to the driver behind a descriptor: {@code ioctl(2)}, as a request ({@code
 * IORING_OP_URING_CMD}, since Linux 5.19).
 *
 * <p>What a command says is between program and driver. {@link SocketOptions}, {@link
 * SocketCommands}, {@link BlockCommands}, {@link NvmeCommands}, {@link UblkControl} and {@link
 * UblkCommands} have the commands of their drivers; this is the form for all others.
 *
 * <pre>
 *   0        8         16     24    28      32                44           48       64     128
 *   +--------+---------+------+-----+-------+-----------------+------------+--------+- - - -+
 *   | ... fd | command | addr | len | flags | ...             | file_index | area   |       |
 *   +--------+---------+------+-----+-------+-----------------+------------+--------+- - - -+
 * </pre>
 *
 * <p>The area has {@link #AREA_SIZE} bytes, or {@link #LARGE_AREA_SIZE} in a request of 128 bytes.
 * What a driver wants there, and in the fields before, its documentation says.
 *
 * <p><b>Result</b> is the driver's; {@code EOPNOTSUPP} what is behind the descriptor takes no
 * commands, or not this one (drivers choose their errors: {@code EINVAL} and {@code ENOTTY} are
 * seen too).
 *
 * <p><b>Addresses are not checked.</b> One that stands in the area, or was set by {@link #fields},
 * is a number to this library. When a driver writes to a wrong one, it writes over the program's
 * own memory, and the JVM may crash. {@link #memory} checks.
 *
 * <p>Source: {@code io_uring_enter(2)}, {@code io_uring_prep_uring_cmd(3)}.
 */
public final class Commands {
    /** How many bytes the area of a command has. */
    public static final int AREA_SIZE = IoUringSqe.SIZEOF - IoUringSqe.CMD;

    /** How many bytes the area of a command of 128 bytes has. */
    public static final int LARGE_AREA_SIZE = 2 * IoUringSqe.SIZEOF - IoUringSqe.CMD;

    private static final Access ACCESS = Access.get();

    private Commands() {}

    /**
     * A command ({@code IORING_OP_URING_CMD}, since Linux 5.19).
     *
     * @param command the driver's number for it
     * @param area up to {@link #AREA_SIZE} bytes, copied; the rest is 0
     */
    public static Sqe command(Sqe sqe, int fd, int command, MemorySegment area) {
        check(area, AREA_SIZE);
        return area(encode(sqe, fd, command, 0, 0, 0, 0), area);
    }

    /**
     * A command of 128 bytes ({@code IORING_OP_URING_CMD} on a ring of 128-byte entries, since
     * Linux 5.19, and {@code IORING_OP_URING_CMD128} on one of mixed entries, since Linux 6.19).
     *
     * @param sqe from {@link Ring#next128}
     * @param command the driver's number for it
     * @param area up to {@link #LARGE_AREA_SIZE} bytes, copied; the rest is 0
     * @throws IllegalStateException when the entry has only 64 bytes
     */
    public static Sqe command128(Sqe sqe, int fd, int command, MemorySegment area) {
        check(area, LARGE_AREA_SIZE);
        return area(encode128(sqe, fd, command), area);
    }

    /**
     * Names memory to a command that was written: {@code addr} is where it begins, {@code len} how
     * many bytes it has.
     *
     * @param memory the kernel's until the last completion
     */
    public static Sqe memory(Sqe sqe, MemorySegment memory) {
        try {
            long address = Encoder.address(memory, "the memory");
            return addrLen(sqe, address, Encoder.length(memory, "the memory"));
        } catch (RuntimeException e) {
            throw Encoder.unmake(sqe, e);
        }
    }

    /**
     * Names pieces of memory to a command that was written: {@code addr} is the array, {@code len}
     * how many there are.
     *
     * @param pieces the kernel's until the last completion
     */
    public static Sqe memory(Sqe sqe, IoVectors pieces) {
        try {
            return addrLen(sqe, pieces.address(), pieces.count());
        } catch (RuntimeException e) {
            throw Encoder.unmake(sqe, e);
        }
    }

    /**
     * Sets the fields before the area of a command that was written.
     *
     * @param addr 64 bits, where requests of other kinds have an address
     * @param len 32 bits, where those have a length
     * @param fileIndex 32 bits, where those have a slot
     */
    public static Sqe fields(Sqe sqe, long addr, int len, int fileIndex) {
        Memory.putInt(written(sqe) + IoUringSqe.FILE_INDEX, fileIndex);
        return addrLen(sqe, addr, len);
    }

    /**
     * The memory that a command which was written names is within a registered buffer ({@code
     * IORING_URING_CMD_FIXED}). Since Linux 6.1.
     *
     * <p>{@code EFAULT} there is no such buffer, or the memory is not within it.
     *
     * @param index the registered buffer's index, from 0
     */
    public static Sqe fixed(Sqe sqe, int index) {
        try {
            Encoder.checkBuffer(index);
            Memory.putInt(written(sqe) + IoUringSqe.URING_CMD_FLAGS, IORING_URING_CMD_FIXED);
            return Encoder.bufferIndex(sqe, index);
        } catch (RuntimeException e) {
            throw Encoder.unmake(sqe, e);
        }
    }

    /**
     * A command that was written completes again and again, each time with a provided buffer
     * ({@code IORING_URING_CMD_MULTISHOT}). Since Linux 6.18.
     *
     * <p>Each completion with {@link org.uring4j.Cqe#F_MORE} is followed by another. {@code
     * ENOBUFS} no buffer was free; {@code EINVAL} the kernel is older.
     *
     * @param group the group to take buffers from
     */
    public static Sqe multishot(Sqe sqe, int group) {
        Memory.putInt(written(sqe) + IoUringSqe.URING_CMD_FLAGS, IORING_URING_CMD_MULTISHOT);
        return sqe.bufferGroup(group);
    }

    /** Writes a command of 64 bytes. */
    static Sqe encode(Sqe sqe, int fd, int command, long addr, int len, long area0, long area8) {
        long off = command & 0xffff_ffffL;
        Encoder.prepare(sqe, IORING_OP_URING_CMD, 0, fd, off, addr, len, 0, 0, area0);
        Memory.putLong(ACCESS.fill(sqe) + IoUringSqe.CMD + Long.BYTES, area8);
        return sqe;
    }

    /** Writes a command of 128 bytes, whose area is 0. */
    static Sqe encode128(Sqe sqe, int fd, int command) {
        int opcode = ACCESS.mixed(sqe) ? IORING_OP_URING_CMD128 : IORING_OP_URING_CMD;
        return Encoder.prepare128(sqe, opcode, fd, command & 0xffff_ffffL);
    }

    /** Where the area of a command that was written begins. */
    static long area(Sqe sqe) {
        return ACCESS.fill(sqe) + IoUringSqe.CMD;
    }

    /** Where the area of a command of 128 bytes begins that was written before. */
    static long writtenLargeArea(Sqe sqe) {
        long slot = written(sqe);
        boolean large = Memory.getByte(slot + IoUringSqe.OPCODE) == IORING_OP_URING_CMD128;
        if (!large && !ACCESS.large(sqe)) {
            throw Encoder.unmake(
                    sqe,
                    new IllegalStateException("the command that was written has only 64 bytes"));
        }
        return slot + IoUringSqe.CMD;
    }

    private static Sqe area(Sqe sqe, MemorySegment bytes) {
        Memory.put(area(sqe), bytes);
        return sqe;
    }

    private static Sqe addrLen(Sqe sqe, long addr, int len) {
        long slot = written(sqe);
        Memory.putLong(slot + IoUringSqe.ADDR, addr);
        Memory.putInt(slot + IoUringSqe.LEN, len);
        return sqe;
    }

    private static void check(MemorySegment area, int size) {
        if (area.byteSize() > size) {
            throw new IllegalArgumentException(
                    "the area is longer than the request's: bytes="
                            + area.byteSize()
                            + " max="
                            + size
                            + (size == AREA_SIZE ? "; command128 has 80" : ""));
        }
        if (!area.scope().isAlive() || !area.isAccessibleBy(Thread.currentThread())) {
            throw new IllegalStateException(
                    "the area is in an arena that is closed or another thread's; allocate it here");
        }
    }

    /** The slot, in which there is a command. */
    private static long written(Sqe sqe) {
        long slot = ACCESS.written(sqe);
        int opcode = slot == 0 ? -1 : Memory.getByte(slot + IoUringSqe.OPCODE);
        if (opcode != IORING_OP_URING_CMD && opcode != IORING_OP_URING_CMD128) {
            throw Encoder.unmake(
                    sqe, new IllegalStateException("no command was written: opcode=" + opcode));
        }
        return slot;
    }
}
