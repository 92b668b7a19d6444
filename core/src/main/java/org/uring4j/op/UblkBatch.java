package org.uring4j.op;

import static org.uring4j.internal.uapi.LibcConstants.UBLK_BATCH_F_HAS_BUF_ADDR;
import static org.uring4j.internal.uapi.LibcConstants.UBLK_U_IO_COMMIT_IO_CMDS;
import static org.uring4j.internal.uapi.LibcConstants.UBLK_U_IO_FETCH_IO_CMDS;
import static org.uring4j.internal.uapi.LibcConstants.UBLK_U_IO_PREP_IO_CMDS;
import static org.uring4j.internal.uapi.UblkElemHeader.RESULT;
import static org.uring4j.internal.uapi.UblkElemHeader.SIZEOF;
import static org.uring4j.internal.uapi.UblkElemHeader.TAG;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import org.uring4j.Cqe;
import org.uring4j.Sqe;
import org.uring4j.internal.Encoder;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Serves a block device of one's own many requests at a time; one made with {@link
 * UblkDevice#F_BATCH_IO} ({@code IORING_OP_URING_CMD} to {@code /dev/ublkc}; since Linux 7.0).
 *
 * <p>It is a list of tags with answers and memory, in place of {@link UblkCommands#fetchReq} and
 * {@link UblkCommands#commitAndFetchReq}: all tags are made ready once ({@link #prepIoCmds}), a
 * multishot request tells which of them something is asked under ({@link #fetchIoCmds}), and lists
 * of answers go back ({@link #commitIoCmds}). Any thread may do so.
 *
 * <pre>
 *   0     2       4        8              16
 *   +-----+-------+--------+--------------+-----+-- ...
 *   | tag | index | result | memory, if   | tag |
 *   |     |       |        | it is named  |     |
 *   +-----+-------+--------+--------------+-----+-- ...
 * </pre>
 *
 * <p>Its own memory is its arena's. Source: {@code linux/ublk_cmd.h}.
 */
public final class UblkBatch {
    private static final int MAX_COUNT = 0xffff;

    private final MemorySegment list;
    private final int size;

    /** The buffers, so that none is garbage collected and all can be asked if they are alive. */
    private final MemorySegment[] buffers;

    private int count;

    private UblkBatch(MemorySegment list, int size, int capacity) {
        this.list = list;
        this.size = size;
        buffers = new MemorySegment[capacity];
        Arrays.fill(buffers, MemorySegment.NULL);
    }

    /**
     * An empty list.
     *
     * @param capacity how many tags there is room for, 1 to 65535
     * @param memory whether each names memory: of devices that have the driver copy
     */
    public static UblkBatch allocate(Arena arena, int capacity, boolean memory) {
        if (capacity < 1 || capacity > MAX_COUNT) {
            throw new IllegalArgumentException(
                    "a list has 1 to " + MAX_COUNT + " tags: capacity=" + capacity);
        }
        int size = memory ? SIZEOF + Long.BYTES : SIZEOF;
        return new UblkBatch(arena.allocate((long) capacity * size, Long.BYTES), size, capacity);
    }

    /**
     * Appends a tag.
     *
     * @param result as in {@link UblkCommands#commitAndFetchReq}; 0 to make it ready
     * @param buffer as there; {@link MemorySegment#NULL} where the list names none
     * @throws IndexOutOfBoundsException when there is no room left
     */
    public UblkBatch add(int tag, int result, MemorySegment buffer) {
        if ((tag & ~0xffff) != 0) {
            throw new IllegalArgumentException("a tag is 0 to 65535: tag=" + tag);
        }
        long at = (long) count * size;
        if (count == buffers.length) {
            throw new IndexOutOfBoundsException("no room for more tags: capacity=" + count);
        }
        long address = Encoder.address(buffer, "the buffer");
        if ((address != 0) != (size > SIZEOF)) {
            throw new IllegalArgumentException(
                    size > SIZEOF
                            ? "the list names memory, and there is none: tag=" + tag
                            : "the list names no memory: tag=" + tag);
        }
        list.set(JAVA_LONG, at, 0);
        list.set(JAVA_SHORT, at + TAG, (short) tag);
        list.set(JAVA_INT, at + RESULT, result);
        if (size > SIZEOF) {
            list.set(JAVA_LONG, at + SIZEOF, address);
        }
        buffers[count] = buffer;
        count++;
        return this;
    }

    /** How many tags it has. */
    public int count() {
        return count;
    }

    /** Removes all tags. */
    public UblkBatch clear() {
        Arrays.fill(buffers, 0, count, MemorySegment.NULL);
        count = 0;
        return this;
    }

    /**
     * Makes the listed tags ready ({@code UBLK_U_IO_PREP_IO_CMDS}).
     *
     * <p>Result: 0; {@code EBUSY} one was ready; {@code E2BIG} the queue has not so many; {@code
     * EINVAL} there is no such queue, or memory where there should be none.
     *
     * @param batch the kernel's to read until the completion
     */
    public static Sqe prepIoCmds(Sqe sqe, int fd, int queue, UblkBatch batch) {
        return batch.encode(sqe, fd, UBLK_U_IO_PREP_IO_CMDS, queue);
    }

    /**
     * Answers what was asked under the listed tags, and makes them ready again ({@code
     * UBLK_U_IO_COMMIT_IO_CMDS}).
     *
     * <p>Result: how many bytes of the list were seen to, {@link #elementBytes} each; errors as of
     * {@link #prepIoCmds}.
     *
     * @param batch the kernel's to read until the completion
     */
    public static Sqe commitIoCmds(Sqe sqe, int fd, int queue, UblkBatch batch) {
        return batch.encode(sqe, fd, UBLK_U_IO_COMMIT_IO_CMDS, queue);
    }

    /**
     * Tells what is asked, again and again, each time by a list of tags in a provided buffer
     * ({@code UBLK_U_IO_FETCH_IO_CMDS} with {@code IORING_URING_CMD_MULTISHOT}).
     *
     * <p>Result of each completion: how many bytes of tags there are in the buffer {@link
     * Cqe#bufferId}, two each, as {@code unsigned short}. Each with {@link Cqe#F_MORE} is followed
     * by another. Without, it has ended: {@code ENOBUFS} when no buffer was free, {@code ENODEV}
     * when the device was stopped.
     *
     * @param group the group to take buffers from
     */
    public static Sqe fetchIoCmds(Sqe sqe, int fd, int queue, int group) {
        encode(sqe, fd, UBLK_U_IO_FETCH_IO_CMDS, queue, 0, 0, Short.BYTES, 0, 0);
        return Commands.multishot(sqe, group);
    }

    /** How many bytes a tag takes in the list. */
    public int elementBytes() {
        return size;
    }

    private Sqe encode(Sqe sqe, int fd, int command, int queue) {
        for (int i = 0; i < count; i++) {
            Encoder.address(buffers[i], "a buffer of the list");
        }
        int flags = size > SIZEOF ? UBLK_BATCH_F_HAS_BUF_ADDR : 0;
        long address = Encoder.address(list, "the list");
        return encode(sqe, fd, command, queue, flags, count, size, address, count * size);
    }

    private static Sqe encode(
            Sqe sqe,
            int fd,
            int command,
            int queue,
            int flags,
            int count,
            int size,
            long address,
            int length) {
        if ((queue & ~0xffff) != 0) {
            throw new IllegalArgumentException("a queue is 0 to 65535: queue=" + queue);
        }
        long head = queue | (long) flags << 16 | (long) count << 32 | (long) size << 48;
        return Commands.encode(sqe, fd, command, address, length, head, 0);
    }
}
