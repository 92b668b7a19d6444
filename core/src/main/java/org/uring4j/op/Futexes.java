package org.uring4j.op;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_FUTEX_WAIT;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_FUTEX_WAITV;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_FUTEX_WAKE;

import org.uring4j.Sqe;
import org.uring4j.internal.Encoder;
import org.uring4j.internal.uapi.LibcConstants;

import java.lang.foreign.MemorySegment;

/**
 * Waits until somebody says that a number in memory has changed, and says so: what locks and queues
 * between threads and processes are made of.
 *
 * <p>A futex is a 32-bit word of native memory, aligned to 4 bytes. Who changes it does so with a
 * {@link java.lang.invoke.VarHandle} ({@code setVolatile}, {@code compareAndSet} of {@link
 * java.lang.foreign.ValueLayout#JAVA_INT}), and then wakes; who waits names the value that it has
 * seen, so that no change is missed. Threads that are not Java's take part by {@code futex(2)}.
 *
 * <p><b>Memory.</b> A word belongs to the program, which reads and writes it all the time. The
 * kernel reads it when a wait begins, and after that knows it by its place: do not free it before
 * the wait has completed, or what is allocated there next takes over the wait. A wake-up does not
 * touch the memory at all.
 *
 * <p><b>Errors</b> of all: {@code EINVAL} the word is not aligned, the mask is 0, a flag or size
 * the kernel does not know, a value that does not fit; {@code EFAULT} the memory is not there.
 *
 * <p>When one is cancelled, the {@link Cancel} may have the result 1, how many were cancelled,
 * rather than 0, and a {@link Timeouts#linkTimeout} 1 rather than {@code ETIME} (seen with Linux
 * 6.18).
 *
 * <p>Source: {@code futex(2)}, {@code io_uring_prep_futex_wait(3)}.
 */
public final class Futexes {
    /** The word has 32 bits, as it must on every kernel so far. Since Linux 6.7. */
    public static final int FUTEX2_SIZE_U32 = LibcConstants.FUTEX2_SIZE_U32;

    /** The word is shared with no other process, which is quicker. Since Linux 6.7. */
    public static final int FUTEX2_PRIVATE = LibcConstants.FUTEX2_PRIVATE;

    /**
     * The word is followed by another with the number of the memory node that keeps the waiters, or
     * -1 for the kernel to choose and write there. Since Linux 6.16.
     */
    public static final int FUTEX2_NUMA = LibcConstants.FUTEX2_NUMA;

    /** The memory's own policy tells the node. Since Linux 6.16. */
    public static final int FUTEX2_MPOL = LibcConstants.FUTEX2_MPOL;

    /** As mask: all, for those who do not tell waiters apart. */
    public static final long MATCH_ANY = LibcConstants.FUTEX_BITSET_MATCH_ANY;

    private Futexes() {}

    /**
     * Waits for a wake-up, if the word still has a value ({@code IORING_OP_FUTEX_WAIT}, since Linux
     * 6.7).
     *
     * <p>Result: 0, it was woken; whether the word has changed is to be looked at. Errors beside
     * those above: {@code EAGAIN} the word has another value; {@code ECANCELED}.
     *
     * @param word 4 bytes, 8 with {@link #FUTEX2_NUMA}
     * @param value what it was seen to have
     * @param mask for which wake-ups: those whose mask has a bit of this one. 32 bits, not 0;
     *     {@link #MATCH_ANY} for all
     * @param flags {@link #FUTEX2_SIZE_U32}, or'ed with others
     */
    public static Sqe futexWait(Sqe sqe, MemorySegment word, int value, long mask, int flags) {
        long seen = value & 0xffff_ffffL;
        return prepare(sqe, IORING_OP_FUTEX_WAIT, word, seen, mask, flags);
    }

    /**
     * Wakes those who wait ({@code IORING_OP_FUTEX_WAKE}, since Linux 6.7): requests of any ring,
     * and threads in {@code futex(2)}.
     *
     * <p>Result: how many were woken.
     *
     * @param word 4 bytes, 8 with {@link #FUTEX2_NUMA}
     * @param count how many to wake at most, 1 to 2 147 483 647
     * @param mask which ones: those whose mask has a bit of this one. 32 bits, not 0; {@link
     *     #MATCH_ANY} for all
     * @param flags {@link #FUTEX2_SIZE_U32}, or'ed with others, as those who wait have them
     */
    public static Sqe futexWake(Sqe sqe, MemorySegment word, int count, long mask, int flags) {
        return prepare(sqe, IORING_OP_FUTEX_WAKE, word, count, mask, flags);
    }

    /**
     * Waits for a wake-up of one of several words ({@code IORING_OP_FUTEX_WAITV}, since Linux 6.7).
     *
     * <p>Result: the index of one that was woken; maybe others were as well. Errors beside those
     * above: {@code EAGAIN} a word has another value than the one named; {@code ECANCELED}.
     *
     * @param words copied when the kernel takes the request; the words themselves as with {@link
     *     #futexWait}
     */
    public static Sqe futexWaitv(Sqe sqe, FutexWords words) {
        return Encoder.prepare(sqe, IORING_OP_FUTEX_WAITV, 0, 0, words.address(), words.count(), 0);
    }

    /** The flags are where other requests have their descriptor. */
    private static Sqe prepare(
            Sqe sqe, int opcode, MemorySegment word, long value, long mask, int flags) {
        return Encoder.prepare(sqe, opcode, 0, flags, value, address(word, flags), 0, 0, 0, mask);
    }

    static long address(MemorySegment word, int flags) {
        int size = (flags & FUTEX2_NUMA) == 0 ? Integer.BYTES : 2 * Integer.BYTES;
        return Encoder.address(word, size, "the word");
    }
}
