package org.uring4j.op;

import static org.uring4j.internal.uapi.LibcConstants.UBLK_SHMEM_BUF_READ_ONLY;
import static org.uring4j.internal.uapi.LibcConstants.UBLK_U_CMD_ADD_DEV;
import static org.uring4j.internal.uapi.LibcConstants.UBLK_U_CMD_DEL_DEV;
import static org.uring4j.internal.uapi.LibcConstants.UBLK_U_CMD_DEL_DEV_ASYNC;
import static org.uring4j.internal.uapi.LibcConstants.UBLK_U_CMD_END_USER_RECOVERY;
import static org.uring4j.internal.uapi.LibcConstants.UBLK_U_CMD_GET_DEV_INFO;
import static org.uring4j.internal.uapi.LibcConstants.UBLK_U_CMD_GET_DEV_INFO2;
import static org.uring4j.internal.uapi.LibcConstants.UBLK_U_CMD_GET_FEATURES;
import static org.uring4j.internal.uapi.LibcConstants.UBLK_U_CMD_GET_PARAMS;
import static org.uring4j.internal.uapi.LibcConstants.UBLK_U_CMD_GET_QUEUE_AFFINITY;
import static org.uring4j.internal.uapi.LibcConstants.UBLK_U_CMD_QUIESCE_DEV;
import static org.uring4j.internal.uapi.LibcConstants.UBLK_U_CMD_REG_BUF;
import static org.uring4j.internal.uapi.LibcConstants.UBLK_U_CMD_SET_PARAMS;
import static org.uring4j.internal.uapi.LibcConstants.UBLK_U_CMD_START_DEV;
import static org.uring4j.internal.uapi.LibcConstants.UBLK_U_CMD_START_USER_RECOVERY;
import static org.uring4j.internal.uapi.LibcConstants.UBLK_U_CMD_STOP_DEV;
import static org.uring4j.internal.uapi.LibcConstants.UBLK_U_CMD_TRY_STOP_DEV;
import static org.uring4j.internal.uapi.LibcConstants.UBLK_U_CMD_UNREG_BUF;
import static org.uring4j.internal.uapi.LibcConstants.UBLK_U_CMD_UPDATE_SIZE;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import org.uring4j.Ring;
import org.uring4j.Sqe;
import org.uring4j.internal.Encoder;
import org.uring4j.internal.sys.Memory;
import org.uring4j.internal.sys.Platform;
import org.uring4j.internal.uapi.UblkShmemBufReg;
import org.uring4j.internal.uapi.UblksrvCtrlCmd;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/**
 * Makes and ends block devices that this program serves ({@code IORING_OP_URING_CMD} or, on a ring
 * of mixed entries, {@code IORING_OP_URING_CMD128}, to {@code /dev/ublk-control}; since Linux 6.4).
 *
 * <pre>
 *   addDev      /dev/ublkc3 appears
 *   setParams
 *   fetchReq    for every request of every queue, by the threads that will serve them
 *   startDev    /dev/ublkb3 appears; completes when it is there, and may read from it before
 *      ...      requests come, see UblkCommands
 *   stopDev     /dev/ublkb3 is gone, and every fetch has ended with ENODEV
 *   delDev      /dev/ublkc3 is gone; waits until nobody has it open or mapped
 * </pre>
 *
 * <p>A fetch ends when the device is stopped, not by being cancelled: stop it before the ring is
 * closed. The commands wait for others, and run in worker threads of the kernel.
 *
 * <p>Requests have 128 bytes ({@link Ring#next128}).
 *
 * <p><b>Result</b>, if nothing else is said: 0. <b>Errors</b> of all: {@code ENODEV} there is no
 * such device; {@code EPERM} the caller may not; {@code EOPNOTSUPP} the driver does not know the
 * command.
 *
 * <p>Commands to devices made with {@link UblkDevice#F_UNPRIVILEGED_DEV}, all but {@link #addDev},
 * have to say the device's path as well: {@link #path}.
 *
 * <p>Source: {@code linux/ublk_cmd.h}, {@code Documentation/block/ublk.rst} of Linux.
 */
public final class UblkControl {
    private static final short NO_QUEUE = -1;
    private static final int MAX_CARRIED = 4096;

    private UblkControl() {}

    /**
     * Tells what the driver can do: {@code F_*} of {@link UblkDevice}, or'ed. Since Linux 6.5.
     *
     * @param features 8 bytes, the kernel's to write until the completion
     */
    public static Sqe getFeatures(Sqe sqe, int fd, MemorySegment features) {
        return memory(sqe, fd, UBLK_U_CMD_GET_FEATURES, UblkDevice.ANY, features, 0);
    }

    /**
     * Makes a device; its block device comes with {@link #startDev}.
     *
     * <p>{@code EEXIST} the number is taken; {@code EINVAL} flags that do not go together.
     *
     * @param device what it is to be; tells afterwards what it is. The kernel's until the
     *     completion
     */
    public static Sqe addDev(Sqe sqe, int fd, UblkDevice device) {
        return memory(sqe, fd, UBLK_U_CMD_ADD_DEV, device.id(), device.memory(), 0);
    }

    /**
     * Removes a device, stopping it if need be, and waits until nobody uses it any more.
     *
     * @param id its number
     */
    public static Sqe delDev(Sqe sqe, int fd, int id) {
        return plain(sqe, fd, UBLK_U_CMD_DEL_DEV, id, 0);
    }

    /** As {@link #delDev}, but does not wait. Since Linux 6.7. */
    public static Sqe delDevAsync(Sqe sqe, int fd, int id) {
        return plain(sqe, fd, UBLK_U_CMD_DEL_DEV_ASYNC, id, 0);
    }

    /**
     * Tells about a device.
     *
     * @param id its number
     * @param device the kernel's to write until the completion
     */
    public static Sqe getDevInfo(Sqe sqe, int fd, int id, UblkDevice device) {
        return memory(sqe, fd, UBLK_U_CMD_GET_DEV_INFO, id, device.memory(), 0);
    }

    /**
     * As {@link #getDevInfo}, but says the path, with devices of either kind: one who may read
     * there may ask.
     *
     * <p>{@code EPERM} the path is not the device's; {@code EACCES} the caller may not read there.
     *
     * @param device allocated from {@code path}; the kernel's to write until the completion
     */
    public static Sqe getDevInfo2(Sqe sqe, int fd, int id, UblkDevice device, UblkPath path) {
        return path(memory(sqe, fd, UBLK_U_CMD_GET_DEV_INFO2, id, device.memory(), 0), path);
    }

    /**
     * Says the path of the device, to a command of this class that was written. Since Linux 6.3.
     *
     * <p>{@code EINVAL} the device was made with {@link UblkDevice#F_UNPRIVILEGED_DEV}, and no path
     * was said; {@code EPERM} it is another device's; {@code EACCES} the caller may not read or
     * write there.
     *
     * @param path what the command carries is allocated from it; the kernel's to read until the
     *     completion
     * @throws IllegalArgumentException when the command carries something else
     */
    public static Sqe path(Sqe sqe, UblkPath path) {
        try {
            long area = Commands.writtenLargeArea(sqe);
            long carried = Memory.getLong(area + UblksrvCtrlCmd.ADDR);
            int length = Memory.getShort(area + UblksrvCtrlCmd.LEN) & 0xffff;
            Memory.putLong(area + UblksrvCtrlCmd.ADDR, path.address(carried));
            Memory.putShort(area + UblksrvCtrlCmd.LEN, (short) (length + path.length()));
            Memory.putShort(area + UblksrvCtrlCmd.DEV_PATH_LEN, (short) path.length());
            return sqe;
        } catch (RuntimeException e) {
            throw Encoder.unmake(sqe, e);
        }
    }

    /**
     * Sets how large a device is, and what it can do, before it is started.
     *
     * <p>{@code EACCES} it is started; {@code EINVAL} values that do not go together.
     *
     * @param id its number
     * @param params the kernel's to read until the completion
     */
    public static Sqe setParams(Sqe sqe, int fd, int id, UblkParams params) {
        return memory(sqe, fd, UBLK_U_CMD_SET_PARAMS, id, params.memory(), 0);
    }

    /**
     * Tells how large a device is, and what it can do.
     *
     * @param id its number
     * @param params the kernel's to write until the completion
     */
    public static Sqe getParams(Sqe sqe, int fd, int id, UblkParams params) {
        return memory(sqe, fd, UBLK_U_CMD_GET_PARAMS, id, params.memory(), 0);
    }

    /**
     * Makes the block device, when all requests of all queues have been fetched. Waits for that,
     * and then for what is read from it, to find partitions for instance.
     *
     * <p>{@code EEXIST} it is started; {@code EINVAL} it has no parameters.
     *
     * @param id its number
     * @param pid the process that fetched them: {@code ProcessHandle.current().pid()}
     */
    public static Sqe startDev(Sqe sqe, int fd, int id, long pid) {
        return plain(sqe, fd, UBLK_U_CMD_START_DEV, id, pid);
    }

    /**
     * Ends the block device, and with it every fetch, which completes with {@code ENODEV}. What was
     * asked of it before is served first.
     *
     * @param id its number
     */
    public static Sqe stopDev(Sqe sqe, int fd, int id) {
        return plain(sqe, fd, UBLK_U_CMD_STOP_DEV, id, 0);
    }

    /**
     * As {@link #stopDev}, unless the block device is open. Since Linux 7.0.
     *
     * <p>{@code EBUSY} it is open.
     */
    public static Sqe tryStopDev(Sqe sqe, int fd, int id) {
        return plain(sqe, fd, UBLK_U_CMD_TRY_STOP_DEV, id, 0);
    }

    /**
     * Tells which processors' requests come to a queue.
     *
     * @param id the device's number
     * @param queue the queue, from 0
     * @param processors a bit for each, a whole number of 8 bytes; the kernel's to write until the
     *     completion
     */
    public static Sqe getQueueAffinity(
            Sqe sqe, int fd, int id, int queue, MemorySegment processors) {
        return memory(sqe, fd, UBLK_U_CMD_GET_QUEUE_AFFINITY, id, processors, queue);
    }

    /**
     * Changes the size of a device with {@link UblkDevice#F_UPDATE_SIZE}. Since Linux 6.16.
     *
     * @param id its number
     * @param bytes how many it has from now on, a multiple of 512
     */
    public static Sqe updateSize(Sqe sqe, int fd, int id, long bytes) {
        if (bytes < 0 || bytes % UblkParams.SECTOR != 0) {
            throw new IllegalArgumentException("a size is a multiple of 512: bytes=" + bytes);
        }
        return plain(sqe, fd, UBLK_U_CMD_UPDATE_SIZE, id, bytes / UblkParams.SECTOR);
    }

    /**
     * Takes a device with {@link UblkDevice#F_QUIESCE} from its server, which sees its fetches end
     * with {@code ENODEV}. Since Linux 6.16.
     *
     * <p>{@code EBUSY} the server has not answered all requests in time.
     *
     * @param id its number
     * @param timeoutMillis how long to wait for answers, in milliseconds; 0 for ever
     */
    public static Sqe quiesceDev(Sqe sqe, int fd, int id, long timeoutMillis) {
        return plain(sqe, fd, UBLK_U_CMD_QUIESCE_DEV, id, timeoutMillis);
    }

    /**
     * Begins to serve a device whose server has gone; then its requests are fetched anew.
     *
     * <p>{@code EBUSY} the server is still there, or the device is not one with {@link
     * UblkDevice#F_USER_RECOVERY}.
     *
     * @param id its number
     */
    public static Sqe startUserRecovery(Sqe sqe, int fd, int id) {
        return plain(sqe, fd, UBLK_U_CMD_START_USER_RECOVERY, id, 0);
    }

    /**
     * Has requests come again, when all have been fetched; waits for that.
     *
     * @param id its number
     * @param pid the process that fetched them
     */
    public static Sqe endUserRecovery(Sqe sqe, int fd, int id, long pid) {
        return plain(sqe, fd, UBLK_U_CMD_END_USER_RECOVERY, id, pid);
    }

    /**
     * Has requests whose data is in this memory come with its place there instead of the data
     * ({@link UblkQueue#F_SHMEM_ZC}); for a device with {@link UblkDevice#F_SHMEM_ZC}. Since Linux
     * 7.1.
     *
     * <p>Result: the index of the memory.
     *
     * @param id the device's number
     * @param what from {@link #sharedMemory}; the kernel's to read until the completion
     */
    public static Sqe regBuf(Sqe sqe, int fd, int id, MemorySegment what) {
        return memory(sqe, fd, UBLK_U_CMD_REG_BUF, id, what, 0);
    }

    /**
     * Gives up memory. Since Linux 7.1.
     *
     * @param id the device's number
     * @param index what {@link #regBuf} answered
     */
    public static Sqe unregBuf(Sqe sqe, int fd, int id, int index) {
        return plain(sqe, fd, UBLK_U_CMD_UNREG_BUF, id, index);
    }

    /**
     * Says which memory, for {@link #regBuf} ({@code struct ublk_shmem_buf_reg}).
     *
     * @param allocator what this is allocated from, as an arena
     * @param memory whole pages, of 4096 bytes on x86-64; the device's until it is given up
     * @param readOnly whether the driver only reads it
     */
    public static MemorySegment sharedMemory(
            SegmentAllocator allocator, MemorySegment memory, boolean readOnly) {
        long address = Encoder.address(memory, "the memory");
        long size = memory.byteSize();
        long page = Platform.pageSize();
        if (((address | size) & (page - 1)) != 0 || size == 0) {
            throw new IllegalArgumentException(
                    "whole pages are shared; allocate with an alignment of "
                            + page
                            + ": address=0x"
                            + Long.toHexString(address)
                            + " bytes="
                            + size);
        }
        MemorySegment what = allocator.allocate(UblkShmemBufReg.SIZEOF, Long.BYTES);
        what.set(JAVA_LONG, UblkShmemBufReg.ADDR, address);
        what.set(JAVA_LONG, UblkShmemBufReg.LEN, size);
        what.set(JAVA_INT, UblkShmemBufReg.FLAGS, readOnly ? UBLK_SHMEM_BUF_READ_ONLY : 0);
        return what;
    }

    private static Sqe memory(
            Sqe sqe, int fd, int command, int id, MemorySegment memory, long data) {
        long address = Encoder.address(memory, "the memory");
        if (memory.byteSize() > MAX_CARRIED) {
            throw new IllegalArgumentException(
                    "a command takes up to 4096 bytes: bytes=" + memory.byteSize());
        }
        return encode(sqe, fd, command, id, address, (short) memory.byteSize(), data);
    }

    private static Sqe plain(Sqe sqe, int fd, int command, int id, long data) {
        return encode(sqe, fd, command, id, 0, (short) 0, data);
    }

    private static Sqe encode(
            Sqe sqe, int fd, int command, int id, long address, short length, long data) {
        Commands.encode128(sqe, fd, command);
        long area = Commands.area(sqe);
        Memory.putInt(area + UblksrvCtrlCmd.DEV_ID, id);
        Memory.putShort(area + UblksrvCtrlCmd.QUEUE_ID, NO_QUEUE);
        Memory.putShort(area + UblksrvCtrlCmd.LEN, length);
        Memory.putLong(area + UblksrvCtrlCmd.ADDR, address);
        Memory.putLong(area + UblksrvCtrlCmd.DATA, data);
        return sqe;
    }
}
