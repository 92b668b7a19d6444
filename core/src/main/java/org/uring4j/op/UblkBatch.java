package org.uring4j.op;

import static org.uring4j.internal.uapi.LibcConstants.UBLK_BATCH_F_AUTO_BUF_REG_FALLBACK;
import static org.uring4j.internal.uapi.LibcConstants.UBLK_BATCH_F_HAS_BUF_ADDR;
import static org.uring4j.internal.uapi.LibcConstants.UBLK_BATCH_F_HAS_ZONE_LBA;
import static org.uring4j.internal.uapi.LibcConstants.UBLK_U_IO_COMMIT_IO_CMDS;
import static org.uring4j.internal.uapi.LibcConstants.UBLK_U_IO_FETCH_IO_CMDS;
import static org.uring4j.internal.uapi.LibcConstants.UBLK_U_IO_PREP_IO_CMDS;
import static org.uring4j.internal.uapi.UblkElemHeader.BUF_INDEX;
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
 *   | tag | index | result | memory or    | tag |
 *   |     |       |        | sector, if   |     |
 *   |     |       |        | it has one   |     |
 *   +-----+-------+--------+--------------+-----+-- ...
 * </pre>
 *
 * <p>Its own memory is its arena's. Source: {@code linux/ublk_cmd.h}.
 */
public final class UblkBatch {
    private static final int MAX_COUNT = 0xffff;

    /** What an element of the list has beside its header. */
    private enum More {
        NOTHING(SIZEOF, 0),
        MEMORY(SIZEOF + Long.BYTES, UBLK_BATCH_F_HAS_BUF_ADDR),
        SECTOR(SIZEOF + Long.BYTES, UBLK_BATCH_F_HAS_ZONE_LBA);

        final int size;
        final int flag;

        More(int size, int flag) {
            this.size = size;
            this.flag = flag;
        }
    }

    private final MemorySegment list;
    private final More more;
    private final int size;

    /** The buffers, so that none is garbage collected and all can be asked if they are alive. */
    private final MemorySegment[] buffers;

    private int count;
    private boolean fallback;

    private UblkBatch(Arena arena, int capacity, More more) {
        if (capacity < 1 || capacity > MAX_COUNT) {
            throw new IllegalArgumentException(
                    "a list has 1 to " + MAX_COUNT + " tags: capacity=" + capacity);
        }
        this.more = more;
        size = more.size;
        list = arena.allocate((long) capacity * size, Long.BYTES);
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
        return new UblkBatch(arena, capacity, memory ? More.MEMORY : More.NOTHING);
    }

    /**
     * An empty list whose tags tell a sector each, for a device with {@link UblkDevice#F_ZONED}.
     *
     * @param capacity how many tags there is room for, 1 to 65535
     */
    public static UblkBatch allocateZoned(Arena arena, int capacity) {
        return new UblkBatch(arena, capacity, More.SECTOR);
    }

    /**
     * What cannot be registered comes with {@link UblkQueue#F_NEED_REG_BUF} instead of failing; of
     * a device with {@link UblkDevice#F_AUTO_BUF_REG}. Holds for the list as a whole.
     */
    public UblkBatch fallback(boolean on) {
        fallback = on;
        return this;
    }

    /**
     * Appends a tag.
     *
     * @param result as in {@link UblkCommands#commitAndFetchReq}; 0 to make it ready
     * @param buffer as there; {@link MemorySegment#NULL} where the list names none
     * @throws IndexOutOfBoundsException when there is no room left
     */
    public UblkBatch add(int tag, int result, MemorySegment buffer) {
        long address = Encoder.address(Encoder.writable(buffer, "the buffer"), "the buffer");
        if ((address != 0) != (more == More.MEMORY)) {
            throw new IllegalArgumentException(
                    more == More.MEMORY
                            ? "the list names memory, and there is none: tag=" + tag
                            : "the list names no memory: tag=" + tag);
        }
        long at = append(tag, result, 0);
        if (more != More.NOTHING) {
            list.set(JAVA_LONG, at + SIZEOF, address);
        }
        buffers[count - 1] = buffer;
        return this;
    }

    /**
     * Appends a tag whose request's memory the driver registers, of a device with {@link
     * UblkDevice#F_AUTO_BUF_REG}.
     *
     * @param index where in the ring's registered buffers
     * @throws IndexOutOfBoundsException when there is no room left
     */
    public UblkBatch addRegistered(int tag, int result, int index) {
        Encoder.checkBuffer(index);
        if (more != More.NOTHING) {
            throw new IllegalArgumentException(
                    "the list is to have tags alone; allocate it without memory: tag=" + tag);
        }
        append(tag, result, index);
        return this;
    }

    /**
     * Appends the answer to an {@link UblkQueue#ZONE_APPEND}, to a list that tells sectors.
     *
     * @param sector where on the device the data went, in sectors of 512 bytes
     * @throws IndexOutOfBoundsException when there is no room left
     */
    public UblkBatch addZoneAppend(int tag, int result, long sector) {
        if (more != More.SECTOR) {
            throw new IllegalArgumentException(
                    "the list tells no sectors; make it by allocateZoned: tag=" + tag);
        }
        list.set(JAVA_LONG, append(tag, result, 0) + SIZEOF, sector);
        return this;
    }

    private long append(int tag, int result, int index) {
        if ((tag & ~0xffff) != 0) {
            throw new IllegalArgumentException("a tag is 0 to 65535: tag=" + tag);
        }
        if (count == buffers.length) {
            throw new IndexOutOfBoundsException("no room for more tags: capacity=" + count);
        }
        long at = (long) count * size;
        list.set(JAVA_SHORT, at + TAG, (short) tag);
        list.set(JAVA_SHORT, at + BUF_INDEX, (short) index);
        list.set(JAVA_INT, at + RESULT, result);
        count++;
        return at;
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
        int flags = more.flag | (fallback ? UBLK_BATCH_F_AUTO_BUF_REG_FALLBACK : 0);
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
