package org.uring4j.op;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_PROVIDE_BUFFERS;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_REMOVE_BUFFERS;

import org.uring4j.Sqe;
import org.uring4j.internal.Encoder;

import java.lang.foreign.MemorySegment;

/**
 * Groups of buffers provided by requests: the older way, for kernels before 5.19. A {@link
 * org.uring4j.resource.BufferRing} does the same without a request for each buffer given back.
 *
 * <p>The kernel chooses the buffer that was provided last or first, as it likes. One that was used
 * is no longer the group's until it is provided again.
 */
public final class ProvidedBuffers {
    private static final int MAX_COUNT = 0xffff;
    private static final int MAX_ID = 0xffff;

    private ProvidedBuffers() {}

    /**
     * Provides buffers that lie one behind the other ({@code IORING_OP_PROVIDE_BUFFERS}, since
     * Linux 5.7).
     *
     * <p>Result: 0 or more; {@code EINVAL} when the group is a ring of buffers, {@code ENOMEM}.
     * Source: {@code io_uring_prep_provide_buffers(3)}.
     *
     * @param memory where they are; the kernel's until each buffer was used, or removed
     * @param size how many bytes each has, 1 or more
     * @param count how many, 1 to 65535
     * @param group the group, 0 to 65535, which need not exist
     * @param firstId the id of the first, what {@link org.uring4j.Cqe#bufferId} answers; the others
     *     have the ids after it, at most 65535
     */
    public static Sqe provide(
            Sqe sqe, MemorySegment memory, int size, int count, int group, int firstId) {
        check(count, group);
        if (size < 1) {
            throw new IllegalArgumentException("a buffer has at least one byte: size=" + size);
        }
        if (firstId < 0 || firstId > MAX_ID - count + 1) {
            throw new IllegalArgumentException(
                    "ids are 0 to 65535: firstId=" + firstId + " count=" + count);
        }
        String what = "the memory of the buffers";
        long address = Encoder.address(Encoder.writable(memory, what), (long) size * count, what);
        Encoder.prepare(sqe, IORING_OP_PROVIDE_BUFFERS, count, firstId, address, size, 0);
        return Encoder.bufferIndex(sqe, group);
    }

    /**
     * Removes buffers not used yet ({@code IORING_OP_REMOVE_BUFFERS}, since Linux 5.7).
     *
     * <p>Result: how many were removed; {@code ENOENT} when there is no such group or, on some
     * kernels, when it is empty, {@code EINVAL} when it is a ring of buffers. Source: {@code
     * io_uring_prep_remove_buffers(3)}.
     *
     * @param count how many at most, 1 to 65535
     * @param group the group, 0 to 65535
     */
    public static Sqe remove(Sqe sqe, int count, int group) {
        check(count, group);
        Encoder.prepare(sqe, IORING_OP_REMOVE_BUFFERS, count, 0, 0, 0, 0);
        return Encoder.bufferIndex(sqe, group);
    }

    private static void check(int count, int group) {
        if (count < 1 || count > MAX_COUNT) {
            throw new IllegalArgumentException(
                    "1 to " + MAX_COUNT + " buffers at a time: count=" + count);
        }
        if ((group & ~0xffff) != 0) {
            throw new IllegalArgumentException("a buffer group is 0 to 65535: group=" + group);
        }
    }
}
