package org.uring4j.resource;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_OFF_PBUF_RING;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OFF_PBUF_SHIFT;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_PBUF_RING;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_PBUF_STATUS;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_UNREGISTER_PBUF_RING;
import static org.uring4j.internal.uapi.IoUringConstants.IOU_PBUF_RING_INC;
import static org.uring4j.internal.uapi.IoUringConstants.IOU_PBUF_RING_MMAP;

import org.jspecify.annotations.Nullable;
import org.uring4j.Errno;
import org.uring4j.KernelVersion;
import org.uring4j.Ring;
import org.uring4j.UringException;
import org.uring4j.internal.Access;
import org.uring4j.internal.sys.Mapping;
import org.uring4j.internal.sys.Memory;
import org.uring4j.internal.sys.Syscalls;
import org.uring4j.internal.uapi.IoUringBuf;
import org.uring4j.internal.uapi.IoUringBufReg;
import org.uring4j.internal.uapi.IoUringBufStatus;
import org.uring4j.internal.uapi.LibcConstants;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** What the kernel is told about groups of buffers. */
final class BufferRingRegistration {
    private static final Access ACCESS = Access.get();

    private BufferRingRegistration() {}

    /** The buffers: pages that are there once touched, freed when {@code arena} closes. */
    static MemorySegment memory(BufferRingConfig config, Arena arena) {
        long bytes = (long) config.count * config.bufferSize;
        long address =
                Syscalls.mmap(
                        0,
                        bytes,
                        LibcConstants.PROT_READ | LibcConstants.PROT_WRITE,
                        LibcConstants.MAP_PRIVATE | LibcConstants.MAP_ANONYMOUS,
                        -1,
                        0);
        if (address < 0) {
            throw new UringException(
                    "mmap", Errno.of((int) address), "choose fewer or smaller buffers: " + config);
        }
        return Syscalls.adopt(address, bytes, arena);
    }

    /** Registers a group without buffers; the memory of its entries. */
    static Mapping register(Ring ring, int group, BufferRingConfig config) {
        long bytes = (long) config.count * IoUringBuf.SIZEOF;
        if (config.kernelMemory) {
            if (ring.fd() < 0) {
                throw new UnsupportedOperationException(
                        "kernelMemory() needs the ring's descriptor, which a ring opened with"
                                + " REGISTERED_FD_ONLY has not");
            }
            register(ring, group, config, 0);
            return map(ring, group, bytes);
        }
        int[] error = new int[1];
        Mapping mapping = Mapping.anonymous(bytes, false, error);
        if (mapping == null) {
            throw new UringException("mmap", Errno.of(error[0]), null);
        }
        register(ring, group, config, mapping.address());
        return mapping;
    }

    private static Mapping map(Ring ring, int group, long bytes) {
        int[] error = new int[1];
        long offset = IORING_OFF_PBUF_RING | (long) group << IORING_OFF_PBUF_SHIFT;
        Mapping mapping = Mapping.ofRing(ring.fd(), offset, bytes, error);
        if (mapping == null) {
            unregister(ring, group);
            throw new UringException("mmap", Errno.of(error[0]), "IOU_PBUF_RING_MMAP");
        }
        return mapping;
    }

    private static void register(Ring ring, int group, BufferRingConfig config, long entries) {
        int result;
        try (Arena arena = Arena.ofConfined()) {
            long arg = arena.allocate(IoUringBufReg.SIZEOF, 8).address();
            Memory.putLong(arg + IoUringBufReg.RING_ADDR, entries);
            Memory.putInt(arg + IoUringBufReg.RING_ENTRIES, config.count);
            Memory.putShort(arg + IoUringBufReg.BGID, (short) group);
            int flags =
                    (config.incremental ? IOU_PBUF_RING_INC : 0)
                            | (config.kernelMemory ? IOU_PBUF_RING_MMAP : 0);
            Memory.putShort(arg + IoUringBufReg.FLAGS, (short) flags);
            Memory.putInt(arg + IoUringBufReg.MIN_LEFT, config.minimumLeft);
            result = ACCESS.register(ring, IORING_REGISTER_PBUF_RING, arg, 1);
        }
        if (result < 0) {
            String cause = cause(result, group, config);
            throw cause == null
                    ? ACCESS.failed(
                            IORING_REGISTER_PBUF_RING, result, "group=" + group + " " + config)
                    : new UringException("IORING_REGISTER_PBUF_RING", Errno.of(result), cause);
        }
    }

    private static @Nullable String cause(int result, int group, BufferRingConfig config) {
        if (Errno.EEXIST.is(result)) {
            return "the ring has such a group already; close that or choose another: group="
                    + group;
        }
        String needs = Errno.EINVAL.is(result) ? needs(config) : null;
        return needs == null ? null : needs + ", this is " + KernelVersion.running();
    }

    /** The latest release that a choice needs and this one is not, or null. */
    private static @Nullable String needs(BufferRingConfig config) {
        if (config.minimumLeft > 0 && before("7.1")) {
            return "incremental(minimumLeft) needs Linux 7.1";
        }
        if (config.incremental && before("6.12")) {
            return "IOU_PBUF_RING_INC needs Linux 6.12";
        }
        if (config.kernelMemory && before("6.4")) {
            return "IOU_PBUF_RING_MMAP needs Linux 6.4";
        }
        return before("5.19") ? "IORING_REGISTER_PBUF_RING needs Linux 5.19" : null;
    }

    private static boolean before(String release) {
        return KernelVersion.running().compareTo(KernelVersion.parse(release)) < 0;
    }

    /** Unregisters a group; 0, or the negated errno. */
    static int unregister(Ring ring, int group) {
        try (Arena arena = Arena.ofConfined()) {
            long arg = arena.allocate(IoUringBufReg.SIZEOF, 8).address();
            Memory.putShort(arg + IoUringBufReg.BGID, (short) group);
            return ACCESS.register(ring, IORING_UNREGISTER_PBUF_RING, arg, 1);
        }
    }

    /** Where the kernel takes the next buffer, 16 bits. */
    static int head(Ring ring, int group) {
        try (Arena arena = Arena.ofConfined()) {
            long arg = arena.allocate(IoUringBufStatus.SIZEOF, 8).address();
            Memory.putInt(arg + IoUringBufStatus.BUF_GROUP, group);
            ACCESS.require(ring, IORING_REGISTER_PBUF_STATUS, arg, 1);
            return Memory.getInt(arg + IoUringBufStatus.HEAD) & 0xffff;
        }
    }
}
