package org.uring4j.op;

import static org.uring4j.internal.uapi.UblksrvCtrlDevInfo.DEV_ID;
import static org.uring4j.internal.uapi.UblksrvCtrlDevInfo.FLAGS;
import static org.uring4j.internal.uapi.UblksrvCtrlDevInfo.IO_DESC_SIZE;
import static org.uring4j.internal.uapi.UblksrvCtrlDevInfo.MAX_IO_BUF_BYTES;
import static org.uring4j.internal.uapi.UblksrvCtrlDevInfo.NR_HW_QUEUES;
import static org.uring4j.internal.uapi.UblksrvCtrlDevInfo.OWNER_GID;
import static org.uring4j.internal.uapi.UblksrvCtrlDevInfo.OWNER_UID;
import static org.uring4j.internal.uapi.UblksrvCtrlDevInfo.QUEUE_DEPTH;
import static org.uring4j.internal.uapi.UblksrvCtrlDevInfo.SIZEOF;
import static org.uring4j.internal.uapi.UblksrvCtrlDevInfo.STATE;
import static org.uring4j.internal.uapi.UblksrvCtrlDevInfo.UBLKSRV_FLAGS;
import static org.uring4j.internal.uapi.UblksrvCtrlDevInfo.UBLKSRV_PID;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import org.uring4j.internal.Encoder;
import org.uring4j.internal.uapi.LibcConstants;
import org.uring4j.internal.uapi.UblksrvIoDesc;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/**
 * What a block device of one's own is to be, and has become ({@code struct ublksrv_ctrl_dev_info});
 * for {@link UblkControl}. Its memory is its arena's.
 *
 * <p>Source: {@code linux/ublk_cmd.h}.
 */
public final class UblkDevice {
    /** As number: let the driver choose. */
    public static final int ANY = -1;

    /** The most requests a queue holds. */
    public static final int MAX_DEPTH = LibcConstants.UBLK_MAX_QUEUE_DEPTH;

    /** The most queues a device has. */
    public static final int MAX_QUEUES = LibcConstants.UBLK_MAX_NR_QUEUES;

    /**
     * Requests' memory is used where it is, as a registered buffer ({@link
     * UblkCommands#registerIoBuf}). Since Linux 6.15.
     */
    public static final long F_SUPPORT_ZERO_COPY = LibcConstants.UBLK_F_SUPPORT_ZERO_COPY;

    /** What is written is fetched with a request of its own ({@link UblkCommands#needGetData}). */
    public static final long F_NEED_GET_DATA = LibcConstants.UBLK_F_NEED_GET_DATA;

    /** The device outlives its server, and waits for another one. Since Linux 6.1. */
    public static final long F_USER_RECOVERY = LibcConstants.UBLK_F_USER_RECOVERY;

    /** The next server gets what the last one left undone. Since Linux 6.1. */
    public static final long F_USER_RECOVERY_REISSUE = LibcConstants.UBLK_F_USER_RECOVERY_REISSUE;

    /** Who is not root makes it; see {@link UblkControl#path}. Since Linux 6.3. */
    public static final long F_UNPRIVILEGED_DEV = LibcConstants.UBLK_F_UNPRIVILEGED_DEV;

    /** Data is read from and written to the character device. Since Linux 6.5. */
    public static final long F_USER_COPY = LibcConstants.UBLK_F_USER_COPY;

    /** It has zones; with {@link #F_USER_COPY}. Since Linux 6.6. */
    public static final long F_ZONED = LibcConstants.UBLK_F_ZONED;

    /** While it has no server, its requests fail. Since Linux 6.13. */
    public static final long F_USER_RECOVERY_FAIL_IO = LibcConstants.UBLK_F_USER_RECOVERY_FAIL_IO;

    /** Its size can be changed ({@link UblkControl#updateSize}). Since Linux 6.16. */
    public static final long F_UPDATE_SIZE = LibcConstants.UBLK_F_UPDATE_SIZE;

    /**
     * Requests' memory is registered and given up by the driver ({@link UblkCommands#autoBufReg}).
     * Since Linux 6.16.
     */
    public static final long F_AUTO_BUF_REG = LibcConstants.UBLK_F_AUTO_BUF_REG;

    /** It can be taken from its server ({@link UblkControl#quiesceDev}). Since Linux 6.16. */
    public static final long F_QUIESCE = LibcConstants.UBLK_F_QUIESCE;

    /** Each request may be served by a thread of its own. Since Linux 6.16. */
    public static final long F_PER_IO_DAEMON = LibcConstants.UBLK_F_PER_IO_DAEMON;

    /** Any thread may register requests' memory. Since Linux 6.17. */
    public static final long F_BUF_REG_OFF_DAEMON = LibcConstants.UBLK_F_BUF_REG_OFF_DAEMON;

    /** Requests are fetched and answered many at a time ({@link UblkBatch}). Since Linux 7.0. */
    public static final long F_BATCH_IO = LibcConstants.UBLK_F_BATCH_IO;

    /**
     * Requests carry protection information ({@link UblkParams#integrity}); with {@link
     * #F_USER_COPY}. Since Linux 7.0.
     */
    public static final long F_INTEGRITY = LibcConstants.UBLK_F_INTEGRITY;

    /** It can be stopped if nobody uses it ({@link UblkControl#tryStopDev}). Since Linux 7.0. */
    public static final long F_SAFE_STOP_DEV = LibcConstants.UBLK_F_SAFE_STOP_DEV;

    /** Nobody looks for partitions on it. Since Linux 7.0. */
    public static final long F_NO_AUTO_PART_SCAN = LibcConstants.UBLK_F_NO_AUTO_PART_SCAN;

    /** Memory of programs can be used where it is ({@link UblkControl#regBuf}). Since 7.1. */
    public static final long F_SHMEM_ZC = LibcConstants.UBLK_F_SHMEM_ZC;

    /** Requests' descriptions have a size of choice ({@link #descriptionBytes(int)}). Since 7.3. */
    public static final long F_IO_DESC_SIZE = LibcConstants.UBLK_F_IO_DESC_SIZE;

    /** The driver sets it: fetches complete by task work of who made them. */
    public static final long F_URING_CMD_COMP_IN_TASK = LibcConstants.UBLK_F_URING_CMD_COMP_IN_TASK;

    /** The driver sets it: it knows commands by the numbers that this library uses. Since 6.4. */
    public static final long F_CMD_IOCTL_ENCODE = LibcConstants.UBLK_F_CMD_IOCTL_ENCODE;

    /** Of {@link #state}: it is not started, or has ended. */
    public static final int S_DEV_DEAD = LibcConstants.UBLK_S_DEV_DEAD;

    /** Of {@link #state}: it is there. */
    public static final int S_DEV_LIVE = LibcConstants.UBLK_S_DEV_LIVE;

    /** Of {@link #state}: its requests wait for a server. Since Linux 6.1. */
    public static final int S_DEV_QUIESCED = LibcConstants.UBLK_S_DEV_QUIESCED;

    /** Of {@link #state}: its requests fail until there is a server. Since Linux 6.13. */
    public static final int S_DEV_FAIL_IO = LibcConstants.UBLK_S_DEV_FAIL_IO;

    private static final int MAX_DESCRIPTION = 256;

    private final MemorySegment memory;

    private UblkDevice(MemorySegment memory) {
        this.memory = memory;
    }

    /**
     * Of no number as yet: one queue of 128 requests, of at most 512 KiB each.
     *
     * @param allocator what it is allocated from: an arena, or an {@link UblkPath}
     */
    public static UblkDevice allocate(SegmentAllocator allocator) {
        UblkDevice device = new UblkDevice(allocator.allocate(SIZEOF, Long.BYTES));
        return device.id(ANY).queues(1).depth(128).maxIoBytes(512 << 10);
    }

    /**
     * Sets its number.
     *
     * @param id 0 or more, or {@link #ANY}
     */
    public UblkDevice id(int id) {
        if (id < ANY) {
            throw new IllegalArgumentException("a device's number is 0 or more: id=" + id);
        }
        memory.set(JAVA_INT, DEV_ID, id);
        return this;
    }

    /**
     * Sets how many queues it has.
     *
     * @param count 1 to {@link #MAX_QUEUES}; no more than there are processors come to be
     */
    public UblkDevice queues(int count) {
        if (count < 1 || count > MAX_QUEUES) {
            throw new IllegalArgumentException(
                    "there are 1 to " + MAX_QUEUES + " queues: count=" + count);
        }
        memory.set(JAVA_SHORT, NR_HW_QUEUES, (short) count);
        return this;
    }

    /**
     * Sets how many requests a queue holds.
     *
     * @param depth 1 to {@link #MAX_DEPTH}
     */
    public UblkDevice depth(int depth) {
        if (depth < 1 || depth > MAX_DEPTH) {
            throw new IllegalArgumentException(
                    "a queue holds 1 to " + MAX_DEPTH + " requests: depth=" + depth);
        }
        memory.set(JAVA_SHORT, QUEUE_DEPTH, (short) depth);
        return this;
    }

    /**
     * Sets how long a request's data can be.
     *
     * @param bytes in bytes, at most 32 MiB
     */
    public UblkDevice maxIoBytes(int bytes) {
        memory.set(JAVA_INT, MAX_IO_BUF_BYTES, bytes);
        return this;
    }

    /**
     * Sets what it can do.
     *
     * @param flags {@code F_*}, or'ed; those the driver does not know it leaves out
     */
    public UblkDevice flags(long flags) {
        memory.set(JAVA_LONG, FLAGS, flags);
        return this;
    }

    /**
     * Sets how many bytes a request's description takes, with {@link #F_IO_DESC_SIZE}; a cache line
     * each keeps several threads of a queue apart. Since Linux 7.3.
     *
     * @param bytes a multiple of 8, 24 to 256
     */
    public UblkDevice descriptionBytes(int bytes) {
        if (bytes < UblksrvIoDesc.SIZEOF || bytes > MAX_DESCRIPTION || bytes % Long.BYTES != 0) {
            throw new IllegalArgumentException(
                    "a description has 24 to 256 bytes, a multiple of 8: bytes=" + bytes);
        }
        memory.set(JAVA_SHORT, IO_DESC_SIZE, (short) bytes);
        return this;
    }

    /** Sets 64 bits that the driver keeps for the server, and does not look at. */
    public UblkDevice serverFlags(long flags) {
        memory.set(JAVA_LONG, UBLKSRV_FLAGS, flags);
        return this;
    }

    /** Its number: 3 stands for {@code /dev/ublkc3} and {@code /dev/ublkb3}. */
    public int id() {
        return memory.get(JAVA_INT, DEV_ID);
    }

    /** How many queues it has. */
    public int queues() {
        return memory.get(JAVA_SHORT, NR_HW_QUEUES) & 0xffff;
    }

    /** How many requests a queue holds. */
    public int depth() {
        return memory.get(JAVA_SHORT, QUEUE_DEPTH) & 0xffff;
    }

    /** How long a request's data can be, in bytes. */
    public int maxIoBytes() {
        return memory.get(JAVA_INT, MAX_IO_BUF_BYTES);
    }

    /** What it can do: {@code F_*}, or'ed, and what the driver adds. */
    public long flags() {
        return memory.get(JAVA_LONG, FLAGS);
    }

    /** How many bytes a request's description takes. */
    public int descriptionBytes() {
        int bytes = memory.get(JAVA_SHORT, IO_DESC_SIZE) & 0xffff;
        // Older drivers have another idea of the field, and one size.
        return (flags() & F_IO_DESC_SIZE) == 0 ? UblksrvIoDesc.SIZEOF : bytes;
    }

    /** What {@link #serverFlags(long)} had the driver keep. */
    public long serverFlags() {
        return memory.get(JAVA_LONG, UBLKSRV_FLAGS);
    }

    /** How it is: {@code S_DEV_*}. */
    public int state() {
        return memory.get(JAVA_SHORT, STATE) & 0xffff;
    }

    /** The process that serves it, -1 before it is started. */
    public int serverPid() {
        return memory.get(JAVA_INT, UBLKSRV_PID);
    }

    /** The user who made it. Unsigned. Since Linux 6.3. */
    public int ownerUid() {
        return memory.get(JAVA_INT, OWNER_UID);
    }

    /** The group of who made it. Unsigned. Since Linux 6.3. */
    public int ownerGid() {
        return memory.get(JAVA_INT, OWNER_GID);
    }

    /** Its memory, after a check that it is alive. */
    MemorySegment memory() {
        Encoder.address(memory, "the device");
        return memory;
    }
}
