package org.uring4j.resource;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_MEM_REGION_TYPE_USER;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_MEM_REGION;
import static org.uring4j.internal.uapi.LibcConstants.MAP_POPULATE;
import static org.uring4j.internal.uapi.LibcConstants.MAP_SHARED;
import static org.uring4j.internal.uapi.LibcConstants.PROT_READ;
import static org.uring4j.internal.uapi.LibcConstants.PROT_WRITE;

import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.UringException;
import org.uring4j.internal.Access;
import org.uring4j.internal.Encoder;
import org.uring4j.internal.sys.Memory;
import org.uring4j.internal.sys.Platform;
import org.uring4j.internal.sys.Syscalls;
import org.uring4j.internal.uapi.IoUringMemRegionReg;
import org.uring4j.internal.uapi.IoUringRegionDesc;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory that a ring and the program share, for parameters ({@code IORING_REGISTER_MEM_REGION},
 * since Linux 6.13). A ring has one, for good; there is nothing to close.
 *
 * <p>What kernels (7.3) read from it are wait arguments, for which {@link
 * org.uring4j.RingConfig#registeredWaits} makes it: such a ring cannot have another.
 *
 * <p>Source: {@code io_uring_register_region(3)}.
 */
public final class MemoryRegion {
    private static final Access ACCESS = Access.get();

    private MemoryRegion() {}

    /**
     * Shares memory of the program's ({@code IORING_REGISTER_MEM_REGION}). It stays pinned until
     * the ring is closed: keep it until then.
     *
     * @param memory whole pages, of 4096 bytes on x86-64
     * @throws UringException {@code EBUSY} the ring has a region; {@code ENOMEM} it would exceed
     *     {@code RLIMIT_MEMLOCK}
     */
    public static void register(Ring ring, MemorySegment memory) {
        long address = Encoder.address(memory, "the region");
        check(memory.byteSize());
        if ((address & (Platform.pageSize() - 1)) != 0) {
            throw new IllegalArgumentException(
                    "a region begins with a page; allocate it with an alignment of "
                            + Platform.pageSize()
                            + ": address=0x"
                            + Long.toHexString(address));
        }
        register(ring, address, memory.byteSize(), IORING_MEM_REGION_TYPE_USER);
    }

    /**
     * Shares memory that the kernel allocates ({@code IORING_REGISTER_MEM_REGION}).
     *
     * @param bytes how much, whole pages, of 4096 bytes on x86-64
     * @return the memory; it is accessible until the ring is closed
     */
    public static MemorySegment allocate(Ring ring, long bytes) {
        check(bytes);
        ACCESS.check(ring);
        if (ring.fd() < 0) {
            throw new UnsupportedOperationException(
                    "the kernel's memory is mapped by the ring's descriptor, which a ring opened"
                            + " with REGISTERED_FD_ONLY has not; register memory of your own");
        }
        long offset = register(ring, 0, bytes, 0);
        long address =
                Syscalls.mmap(
                        0,
                        bytes,
                        PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_POPULATE,
                        ring.fd(),
                        offset);
        if (address < 0) {
            throw new UringException("mmap", Errno.of((int) address), "bytes=" + bytes);
        }
        Arena arena = Arena.ofShared();
        MemorySegment memory = Syscalls.adopt(address, bytes, arena);
        ACCESS.releaseWithRing(ring, arena::close);
        return memory;
    }

    private static void check(long bytes) {
        long page = Platform.pageSize();
        if (bytes < page || (bytes & (page - 1)) != 0 || bytes > 1L << 40) {
            throw new IllegalArgumentException(
                    "a region has whole pages of " + page + " bytes: bytes=" + bytes);
        }
    }

    private static long register(Ring ring, long address, long bytes, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            long region = arena.allocate(IoUringRegionDesc.SIZEOF, 8).address();
            Memory.putLong(region + IoUringRegionDesc.USER_ADDR, address);
            Memory.putLong(region + IoUringRegionDesc.SIZE, bytes);
            Memory.putInt(region + IoUringRegionDesc.FLAGS, flags);
            long argument = arena.allocate(IoUringMemRegionReg.SIZEOF, 8).address();
            Memory.putLong(argument + IoUringMemRegionReg.REGION_UPTR, region);
            ACCESS.require(ring, IORING_REGISTER_MEM_REGION, argument, 1);
            return Memory.getLong(region + IoUringRegionDesc.MMAP_OFFSET);
        }
    }
}
