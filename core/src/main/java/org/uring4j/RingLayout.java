package org.uring4j;

import org.jspecify.annotations.Nullable;
import org.uring4j.internal.sys.Mapping;
import org.uring4j.internal.sys.Memory;
import org.uring4j.internal.uapi.IoUringConstants;
import org.uring4j.internal.uapi.IoUringCqe;
import org.uring4j.internal.uapi.IoUringParams;
import org.uring4j.internal.uapi.IoUringSqe;

import java.util.ArrayList;
import java.util.List;

/** Where a ring's queues lie, as the kernel's parameters say. */
final class RingLayout {
    private static final int SQE128 = IoUringConstants.IORING_SETUP_SQE128;
    private static final int CQE32 = IoUringConstants.IORING_SETUP_CQE32;
    private static final int NO_SQARRAY = IoUringConstants.IORING_SETUP_NO_SQARRAY;

    /** What the kernel aligns the parts of the rings to, on x86-64 and aarch64. */
    private static final long CACHE_LINE = 64;

    /** What was mapped for it, if not the program's memory. */
    final List<Mapping> mappings = new ArrayList<>();

    /** The program's memory they are in instead. */
    final @Nullable RingMemory memory;

    final int sqEntries;
    final int cqEntries;

    // Addresses.
    final long sqHead;
    final long sqTail;
    final long sqFlags;
    final long sqDropped;
    final long sqes;
    final long cqHead;
    final long cqTail;
    final long cqFlags;
    final long cqOverflow;
    final long cqes;

    private final int fd;
    private final int flags;

    /**
     * Maps the queues, unless they are in the program's memory.
     *
     * @param flags the {@code IORING_SETUP_*} in force
     * @param params the address of the {@code io_uring_params} that the kernel has filled in
     */
    RingLayout(int fd, int flags, long params, @Nullable RingMemory memory) {
        this.fd = fd;
        this.flags = flags;
        this.memory = memory;
        boolean programsMemory = memory != null;
        sqEntries = Memory.getInt(params + IoUringParams.SQ_ENTRIES);
        cqEntries = Memory.getInt(params + IoUringParams.CQ_ENTRIES);
        long rings = programsMemory ? userAddress(params, true) : mapRings(params);
        sqes = programsMemory ? userAddress(params, false) : mapSqes();
        sqHead = rings + Memory.getInt(params + IoUringParams.SQ_OFF_HEAD);
        sqTail = rings + Memory.getInt(params + IoUringParams.SQ_OFF_TAIL);
        sqFlags = rings + Memory.getInt(params + IoUringParams.SQ_OFF_FLAGS);
        sqDropped = rings + Memory.getInt(params + IoUringParams.SQ_OFF_DROPPED);
        cqHead = rings + Memory.getInt(params + IoUringParams.CQ_OFF_HEAD);
        cqTail = rings + Memory.getInt(params + IoUringParams.CQ_OFF_TAIL);
        cqFlags = rings + Memory.getInt(params + IoUringParams.CQ_OFF_FLAGS);
        cqOverflow = rings + Memory.getInt(params + IoUringParams.CQ_OFF_OVERFLOW);
        cqes = rings + Memory.getInt(params + IoUringParams.CQ_OFF_CQES);
        if ((flags & NO_SQARRAY) == 0) {
            fillIndexArray(rings + indexArray(params));
        }
    }

    /** Where the index array is; when resizing, kernels (6.18 still) do not tell. */
    private long indexArray(long params) {
        int told = Memory.getInt(params + IoUringParams.SQ_OFF_ARRAY);
        return told != 0 ? told : (cqEnd(params) + CACHE_LINE - 1) & -CACHE_LINE;
    }

    /** For entries of 32 bytes the kernel takes twice the whole, what is before them included. */
    private long cqEnd(long params) {
        long end =
                Memory.getInt(params + IoUringParams.CQ_OFF_CQES)
                        + (long) cqEntries * IoUringCqe.SIZEOF;
        return (flags & CQE32) == 0 ? end : 2 * end;
    }

    private static long userAddress(long params, boolean rings) {
        int field = rings ? IoUringParams.CQ_OFF_USER_ADDR : IoUringParams.SQ_OFF_USER_ADDR;
        return Memory.getLong(params + field);
    }

    /** Both rings are one mapping since Linux 5.4 (FEAT_SINGLE_MMAP): always, from 5.15 up. */
    private long mapRings(long params) {
        long end =
                (flags & NO_SQARRAY) == 0
                        ? indexArray(params) + (long) sqEntries * Integer.BYTES
                        : cqEnd(params);
        return map(IoUringConstants.IORING_OFF_SQ_RING, end);
    }

    private long mapSqes() {
        long size = (flags & SQE128) == 0 ? IoUringSqe.SIZEOF : 2L * IoUringSqe.SIZEOF;
        return map(IoUringConstants.IORING_OFF_SQES, sqEntries * size);
    }

    private long map(long offset, long length) {
        int[] error = new int[1];
        @Nullable Mapping mapping = Mapping.ofRing(fd, offset, length, error);
        if (mapping == null) {
            throw new UringException("mmap", Errno.of(error[0]), "bytes=" + length);
        }
        mappings.add(mapping);
        return mapping.address();
    }

    /** Slot i is entry i, for ever: the array is of no use and newer kernels do without. */
    private void fillIndexArray(long array) {
        for (int i = 0; i < sqEntries; i++) {
            Memory.putInt(array + (long) i * Integer.BYTES, i);
        }
    }
}
