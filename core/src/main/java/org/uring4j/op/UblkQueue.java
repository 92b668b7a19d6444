package org.uring4j.op;

import static org.uring4j.internal.uapi.UblksrvIoDesc.ADDR;
import static org.uring4j.internal.uapi.UblksrvIoDesc.NR_SECTORS;
import static org.uring4j.internal.uapi.UblksrvIoDesc.OP_FLAGS;
import static org.uring4j.internal.uapi.UblksrvIoDesc.START_SECTOR;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import org.uring4j.Errno;
import org.uring4j.UringException;
import org.uring4j.internal.sys.Platform;
import org.uring4j.internal.sys.Syscalls;
import org.uring4j.internal.uapi.LibcConstants;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * What is asked of a block device of one's own: the requests of one queue, each described under its
 * tag ({@code struct ublksrv_io_desc}). A description holds from when the request was fetched until
 * it is answered ({@link UblkCommands}).
 *
 * <pre>
 *   tag 0                                       tag 1 ...
 *   0            4           8              16          24
 *   +------------+-----------+--------------+-----------+--
 *   | op | flags |  sectors  | first sector |  address  |
 *   +------------+-----------+--------------+-----------+--
 * </pre>
 *
 * <p>With {@link UblkDevice#F_IO_DESC_SIZE} they are further apart.
 *
 * <p>It is the driver's memory, mapped to be read; the device cannot be removed before {@link
 * #close}. Any thread may use it.
 *
 * <p>Source: {@code linux/ublk_cmd.h}.
 */
public final class UblkQueue implements AutoCloseable {
    /** Read: put what is there into the request's memory. */
    public static final int READ = LibcConstants.UBLK_IO_OP_READ;

    /** Write: keep what is in the request's memory. */
    public static final int WRITE = LibcConstants.UBLK_IO_OP_WRITE;

    /** Make safe what was written. */
    public static final int FLUSH = LibcConstants.UBLK_IO_OP_FLUSH;

    /** The range is no longer needed. */
    public static final int DISCARD = LibcConstants.UBLK_IO_OP_DISCARD;

    /** Make the range zeroes. */
    public static final int WRITE_ZEROES = LibcConstants.UBLK_IO_OP_WRITE_ZEROES;

    /** Open a zone. Since Linux 6.6. */
    public static final int ZONE_OPEN = LibcConstants.UBLK_IO_OP_ZONE_OPEN;

    /** Close a zone. Since Linux 6.6. */
    public static final int ZONE_CLOSE = LibcConstants.UBLK_IO_OP_ZONE_CLOSE;

    /** Fill a zone up. Since Linux 6.6. */
    public static final int ZONE_FINISH = LibcConstants.UBLK_IO_OP_ZONE_FINISH;

    /**
     * Write where the zone was written up to; {@link UblkCommands#commitZoneAppend} answers where
     * that was. Since Linux 6.6.
     */
    public static final int ZONE_APPEND = LibcConstants.UBLK_IO_OP_ZONE_APPEND;

    /** Empty all zones. Since Linux 6.6. */
    public static final int ZONE_RESET_ALL = LibcConstants.UBLK_IO_OP_ZONE_RESET_ALL;

    /** Empty a zone. Since Linux 6.6. */
    public static final int ZONE_RESET = LibcConstants.UBLK_IO_OP_ZONE_RESET;

    /**
     * Tell about the zones from {@link #startSector} on, {@link #sectors} of them at most: as
     * {@link UblkZones} has it, written to where a read's data would go. Since Linux 6.6.
     */
    public static final int REPORT_ZONES = LibcConstants.UBLK_IO_OP_REPORT_ZONES;

    /** Flag: do not try again when the device fails. */
    public static final int F_FAILFAST_DEV = LibcConstants.UBLK_IO_F_FAILFAST_DEV;

    /** Flag: do not try again when the way to it fails. */
    public static final int F_FAILFAST_TRANSPORT = LibcConstants.UBLK_IO_F_FAILFAST_TRANSPORT;

    /** Flag: do not try again when the driver fails. */
    public static final int F_FAILFAST_DRIVER = LibcConstants.UBLK_IO_F_FAILFAST_DRIVER;

    /** Flag: it is about a file system's own structures. */
    public static final int F_META = LibcConstants.UBLK_IO_F_META;

    /** Flag: what is written must be safe before the answer. */
    public static final int F_FUA = LibcConstants.UBLK_IO_F_FUA;

    /** Flag of {@link #WRITE_ZEROES}: keep the range's space. */
    public static final int F_NOUNMAP = LibcConstants.UBLK_IO_F_NOUNMAP;

    /** Flag: it is about swapped memory. */
    public static final int F_SWAP = LibcConstants.UBLK_IO_F_SWAP;

    /** Flag: the memory could not be registered; the server has to. Since Linux 6.16. */
    public static final int F_NEED_REG_BUF = LibcConstants.UBLK_IO_F_NEED_REG_BUF;

    /**
     * Flag: it has protection information; {@link UblkCommands#integrityOffset} says where. Since
     * Linux 7.0.
     */
    public static final int F_INTEGRITY = LibcConstants.UBLK_IO_F_INTEGRITY;

    /** Flag: {@link #addr} says where in shared memory the data is. Since Linux 7.1. */
    public static final int F_SHMEM_ZC = LibcConstants.UBLK_IO_F_SHMEM_ZC;

    private static final int OP_MASK = 0xff;

    private final MemorySegment descriptions;
    private final int size;
    private final int number;
    private final Arena arena;

    private UblkQueue(MemorySegment descriptions, int size, int number, Arena arena) {
        this.descriptions = descriptions;
        this.number = number;
        this.size = size;
        this.arena = arena;
    }

    /**
     * Maps a queue's descriptions.
     *
     * @param fd of the device's {@code /dev/ublkc}, not of a registered file
     * @param queue which, from 0
     * @param device as {@link UblkControl#addDev} told it
     * @throws UringException when the driver refuses; {@code EINVAL} there is no such queue, or
     *     another process serves it
     */
    public static UblkQueue map(int fd, int queue, UblkDevice device) {
        if (queue < 0 || queue >= device.queues()) {
            throw new IllegalArgumentException(
                    "the device has no such queue: queue=" + queue + " queues=" + device.queues());
        }
        int each = device.descriptionBytes();
        long most = pages((long) UblkDevice.MAX_DEPTH * each);
        long size = pages((long) device.depth() * each);
        long address =
                Syscalls.mmap(
                        0,
                        size,
                        LibcConstants.PROT_READ,
                        LibcConstants.MAP_SHARED | LibcConstants.MAP_POPULATE,
                        fd,
                        LibcConstants.UBLKSRV_CMD_BUF_OFFSET + queue * most);
        if (address < 0) {
            throw new UringException(
                    "mmap", Errno.of((int) address), "of /dev/ublkc: fd=" + fd + " queue=" + queue);
        }
        Arena arena = Arena.ofShared();
        MemorySegment memory = Syscalls.adopt(address, size, arena);
        MemorySegment all = memory.asSlice(0, (long) device.depth() * each).asReadOnly();
        return new UblkQueue(all, each, queue, arena);
    }

    private static long pages(long bytes) {
        long page = Platform.pageSize();
        return (bytes + page - 1) & -page;
    }

    /** What is to be done: {@link #READ} and so on. */
    public int op(int tag) {
        return descriptions.get(JAVA_INT, at(tag) + OP_FLAGS) & OP_MASK;
    }

    /** In which way: {@code F_*}, or'ed. */
    public int flags(int tag) {
        return descriptions.get(JAVA_INT, at(tag) + OP_FLAGS) & ~OP_MASK;
    }

    /** How many sectors of 512 bytes it is about; of {@link #REPORT_ZONES} how many zones. */
    public int sectors(int tag) {
        return descriptions.get(JAVA_INT, at(tag) + NR_SECTORS);
    }

    /** How many bytes it is about. */
    public long bytes(int tag) {
        return (sectors(tag) & 0xffff_ffffL) * UblkParams.SECTOR;
    }

    /** Where on the device it begins, in sectors of 512 bytes. */
    public long startSector(int tag) {
        return descriptions.get(JAVA_LONG, at(tag) + START_SECTOR);
    }

    /** Where on the device it begins, in bytes. */
    public long start(int tag) {
        return startSector(tag) * UblkParams.SECTOR;
    }

    /**
     * The address that the request was fetched with. With {@link #F_SHMEM_ZC}, where in shared
     * memory its data is: the lower 32 bits are how many bytes from its beginning, the 16 above
     * them what {@link UblkControl#regBuf} answered.
     */
    public long addr(int tag) {
        return descriptions.get(JAVA_LONG, at(tag) + ADDR);
    }

    /** Which of the device's queues it is, from 0. */
    public int number() {
        return number;
    }

    /** How many requests it holds. */
    public int depth() {
        return (int) (descriptions.byteSize() / size);
    }

    /** Gives the memory back; afterwards descriptions cannot be read. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }

    private long at(int tag) {
        return (long) tag * size;
    }
}
