package org.uring4j.resource;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_MEM_REGION_TYPE_USER;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_ZCRX_IFQ;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_ZCRX_AREA_DMABUF;
import static org.uring4j.internal.uapi.IoUringConstants.ZCRX_EVENT_DESC_FLAG_STATS;
import static org.uring4j.internal.uapi.IoUringConstants.ZCRX_REG_IMPORT;
import static org.uring4j.internal.uapi.IoUringConstants.ZCRX_REG_NODEV;

import org.jspecify.annotations.Nullable;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.UringException;
import org.uring4j.internal.Access;
import org.uring4j.internal.sys.Mapping;
import org.uring4j.internal.sys.Memory;
import org.uring4j.internal.sys.Platform;
import org.uring4j.internal.uapi.IoUringRegionDesc;
import org.uring4j.internal.uapi.IoUringZcrxAreaReg;
import org.uring4j.internal.uapi.IoUringZcrxIfqReg;
import org.uring4j.internal.uapi.IoUringZcrxRqe;
import org.uring4j.internal.uapi.ZcrxEventDesc;

import java.lang.foreign.Arena;

/** Registers an interface queue: the memory it needs, what the kernel is told and answers. */
final class ZcrxRegistration {
    private static final Access ACCESS = Access.get();

    /** Longer than the refill ring's header has been on any kernel, and what follows the ring. */
    private static final long HEADER = 1024;

    private static final long BEHIND = 64;

    private final Ring ring;
    private final ZcrxSource source;
    private final ZeroCopyReceiveConfig config;
    private final ZcrxArea area;
    private final int entries;
    private final long regionSize;

    /** The refill ring's memory, if it is not behind a shared area; the kernel's at last. */
    private @Nullable Mapping mapping;

    private long region;
    private int id;
    private int bufferSize;
    private int headOffset;
    private int tailOffset;
    private int entriesOffset;

    private ZcrxRegistration(Ring ring, ZcrxSource source, ZeroCopyReceiveConfig config) {
        this.ring = ring;
        this.source = source;
        this.config = config;
        long page = Platform.pageSize();
        long buffer = config.buffer(page);
        entries = config.entries(ZcrxArea.size(config.memory, buffer), page);
        long needed = HEADER + (long) entries * IoUringZcrxRqe.SIZEOF + BEHIND;
        regionSize = (needed + page - 1) & -page;
        area = ZcrxArea.make(config.memory, buffer, regionSize);
    }

    /** A registered queue. */
    record Registered(int id, ZcrxQueue queue) {}

    /** Registers one. */
    static Registered register(Ring ring, ZcrxSource source, ZeroCopyReceiveConfig config) {
        ZcrxRegistration registration = new ZcrxRegistration(ring, source, config);
        boolean complete = false;
        try {
            Registered registered = registration.run();
            complete = true;
            return registered;
        } finally {
            if (!complete) {
                registration.area.arena.close();
                if (registration.mapping != null) {
                    registration.mapping.retire();
                }
            }
        }
    }

    private Registered run() {
        if (config.kernelMemory && area.behind == null) {
            if (ring.fd() < 0) {
                throw new UnsupportedOperationException(
                        "kernelMemory() needs the ring's descriptor, which a ring opened with"
                                + " REGISTERED_FD_ONLY has not");
            }
        } else if (area.behind != null) {
            region = area.behind.address();
        } else {
            mapping = required(new int[1]);
            region = mapping.address();
        }
        try (Arena arena = Arena.ofConfined()) {
            tell(arena);
        }
        long end = entriesOffset + (long) entries * IoUringZcrxRqe.SIZEOF;
        if (end > statisticsOffset()) {
            throw new UnsupportedOperationException(
                    "this kernel's refill ring is longer than uring4j knows: offset="
                            + entriesOffset);
        }
        ZcrxRefillRing refill =
                new ZcrxRefillRing(
                        region + headOffset, region + tailOffset, region + entriesOffset, entries);
        long statistics = config.statistics ? region + statisticsOffset() : 0;
        return new Registered(id, new ZcrxQueue(bufferSize, area, refill, mapping, statistics));
    }

    private Mapping required(int[] error) {
        Mapping made = Mapping.anonymous(regionSize, false, error);
        if (made == null) {
            throw new UringException("mmap", Errno.of(error[0]), "refill ring");
        }
        return made;
    }

    private void tell(Arena arena) {
        long arg = arena.allocate(IoUringZcrxIfqReg.SIZEOF, 8).address();
        if (source instanceof ZcrxSource.Imported imported) {
            if (area.behind == null || config.eventMask != 0) {
                throw new IllegalArgumentException(
                        "another process's queue is imported with the memory shared with it, and"
                                + " without events: "
                                + config);
            }
            importQueue(ring, imported.fd(), arg);
            bufferSize = (int) config.buffer(Platform.pageSize());
            read(arg);
            return;
        }
        if (source instanceof ZcrxSource.NetDevice device) {
            Memory.putInt(arg + IoUringZcrxIfqReg.IF_IDX, device.interfaceIndex());
            Memory.putInt(arg + IoUringZcrxIfqReg.IF_RXQ, device.queue());
        } else {
            Memory.putInt(arg + IoUringZcrxIfqReg.FLAGS, ZCRX_REG_NODEV);
        }
        long regionArg = arena.allocate(IoUringRegionDesc.SIZEOF, 8).address();
        Memory.putLong(regionArg + IoUringRegionDesc.SIZE, regionSize);
        if (region != 0) {
            Memory.putLong(regionArg + IoUringRegionDesc.USER_ADDR, region);
            Memory.putInt(regionArg + IoUringRegionDesc.FLAGS, IORING_MEM_REGION_TYPE_USER);
        }
        Memory.putInt(arg + IoUringZcrxIfqReg.RQ_ENTRIES, entries);
        Memory.putInt(arg + IoUringZcrxIfqReg.RX_BUF_LEN, config.bufferSize);
        Memory.putLong(arg + IoUringZcrxIfqReg.AREA_PTR, describe(area, config.memory, arena));
        Memory.putLong(arg + IoUringZcrxIfqReg.REGION_PTR, regionArg);
        Memory.putLong(arg + IoUringZcrxIfqReg.EVENT_DESC, events(arena));
        int result = ACCESS.register(ring, IORING_REGISTER_ZCRX_IFQ, arg, 1);
        if (result < 0) {
            throw ZcrxCauses.ofRegister(result, source, config);
        }
        bufferSize = Memory.getInt(arg + IoUringZcrxIfqReg.RX_BUF_LEN);
        if (bufferSize == 0) {
            bufferSize = (int) Platform.pageSize();
        }
        read(arg);
        if (region == 0) {
            mapping = mapped(Memory.getLong(regionArg + IoUringRegionDesc.MMAP_OFFSET));
            region = mapping.address();
        }
    }

    /** Has a ring use a queue that was exported; its id. */
    static int importQueue(Ring ring, int fd) {
        try (Arena arena = Arena.ofConfined()) {
            long arg = arena.allocate(IoUringZcrxIfqReg.SIZEOF, 8).address();
            importQueue(ring, fd, arg);
            return Memory.getInt(arg + IoUringZcrxIfqReg.ZCRX_ID);
        }
    }

    private static void importQueue(Ring ring, int fd, long arg) {
        Memory.putInt(arg + IoUringZcrxIfqReg.IF_IDX, fd);
        Memory.putInt(arg + IoUringZcrxIfqReg.FLAGS, ZCRX_REG_IMPORT);
        int result = ACCESS.register(ring, IORING_REGISTER_ZCRX_IFQ, arg, 1);
        if (result < 0) {
            throw ZcrxCauses.ofImport(result, fd);
        }
    }

    private void read(long arg) {
        id = Memory.getInt(arg + IoUringZcrxIfqReg.ZCRX_ID);
        headOffset = Memory.getInt(arg + IoUringZcrxIfqReg.OFFSETS_HEAD);
        tailOffset = Memory.getInt(arg + IoUringZcrxIfqReg.OFFSETS_TAIL);
        entriesOffset = Memory.getInt(arg + IoUringZcrxIfqReg.OFFSETS_RQES);
    }

    private Mapping mapped(long offset) {
        int[] error = new int[1];
        Mapping made = Mapping.ofRing(ring.fd(), offset, regionSize, error);
        if (made == null) {
            throw new UringException("mmap", Errno.of(error[0]), "refill ring");
        }
        return made;
    }

    /** The argument that names an area. */
    static long describe(ZcrxArea area, ZcrxMemory kind, Arena arena) {
        long arg = arena.allocate(IoUringZcrxAreaReg.SIZEOF, 8).address();
        Memory.putLong(arg + IoUringZcrxAreaReg.LEN, area.memory.byteSize());
        if (kind instanceof ZcrxMemory.DmaBuf buf) {
            Memory.putInt(arg + IoUringZcrxAreaReg.FLAGS, IORING_ZCRX_AREA_DMABUF);
            Memory.putInt(arg + IoUringZcrxAreaReg.DMABUF_FD, buf.fd());
        } else {
            Memory.putLong(arg + IoUringZcrxAreaReg.ADDR, area.memory.address());
        }
        return arg;
    }

    private long events(Arena arena) {
        if (!config.statistics && config.eventMask == 0) {
            return 0;
        }
        long arg = arena.allocate(ZcrxEventDesc.SIZEOF, 8).address();
        Memory.putLong(arg + ZcrxEventDesc.USER_DATA, config.eventData);
        Memory.putInt(arg + ZcrxEventDesc.TYPE_MASK, config.eventMask);
        if (config.statistics) {
            Memory.putInt(arg + ZcrxEventDesc.FLAGS, ZCRX_EVENT_DESC_FLAG_STATS);
            Memory.putLong(arg + ZcrxEventDesc.STATS_OFFSET, statisticsOffset());
        }
        return arg;
    }

    private long statisticsOffset() {
        return regionSize - BEHIND;
    }
}
