package org.uring4j.op;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_NOP_CQE32;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_NOP_FILE;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_NOP_FIXED_BUFFER;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_NOP_FIXED_FILE;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_NOP_INJECT_RESULT;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_NOP_TW;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_NOP;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_NOP128;

import org.uring4j.Ring;
import org.uring4j.Sqe;
import org.uring4j.internal.Encoder;

/** Requests that do nothing: to measure, to test, to carry a completion round. */
public final class Nops {
    /** Complete with the result that was given. Since Linux 6.10. */
    public static final int INJECT_RESULT = IORING_NOP_INJECT_RESULT;

    /** Look the descriptor up; {@code EBADF} if it is none. Since Linux 6.13. */
    public static final int FILE = IORING_NOP_FILE;

    /** With {@link #FILE}: the descriptor is a registered file's slot. Since Linux 6.13. */
    public static final int FIXED_FILE = IORING_NOP_FIXED_FILE;

    /** Look the registered buffer up; {@code EFAULT} if there is none. Since Linux 6.13. */
    public static final int FIXED_BUFFER = IORING_NOP_FIXED_BUFFER;

    /** Complete by task work, as what had to wait does, and not at once. Since Linux 6.17. */
    public static final int TASK_WORK = IORING_NOP_TW;

    private Nops() {}

    /**
     * Does nothing ({@code IORING_OP_NOP}, since Linux 5.1).
     *
     * <p>Result: 0.
     */
    public static Sqe nop(Sqe sqe) {
        return Encoder.prepare(sqe, IORING_OP_NOP, -1, 0, 0, 0, 0);
    }

    /**
     * Does nothing and completes with a result of the caller's choice ({@code IORING_OP_NOP} with
     * {@code IORING_NOP_INJECT_RESULT}, since Linux 6.10).
     *
     * @param result any value; a negative one counts as a failure, for instance in a chain
     */
    public static Sqe nop(Sqe sqe, int result) {
        return Encoder.prepare(sqe, IORING_OP_NOP, -1, 0, 0, result, IORING_NOP_INJECT_RESULT);
    }

    /**
     * Does nothing, but goes through what other requests go through, to find out what that takes
     * ({@code IORING_OP_NOP} with {@code IORING_NOP_*}, since Linux 6.10).
     *
     * <p>Result: 0, or what was injected; {@code EINVAL} the kernel does not know a flag.
     *
     * @param fd with {@link #FILE} a descriptor, or a slot with {@link #FIXED_FILE}; else any
     * @param buffer with {@link #FIXED_BUFFER} a registered buffer's index; else 0
     * @param result with {@link #INJECT_RESULT} any value; else any
     * @param flags {@link #FILE} and so on, or'ed
     */
    public static Sqe nop(Sqe sqe, int fd, int buffer, int result, int flags) {
        Encoder.checkBuffer(buffer);
        Encoder.prepare(sqe, IORING_OP_NOP, fd, 0, 0, result, flags);
        return Encoder.bufferIndex(sqe, buffer);
    }

    /**
     * Does nothing and completes with a 32-byte entry ({@code IORING_OP_NOP} with {@code
     * IORING_NOP_CQE32}, since Linux 6.18), on a ring that has such ({@link
     * org.uring4j.RingConfig#cqeSize}).
     *
     * <p>Result: 0; {@code EINVAL} where completion entries have 16 bytes.
     *
     * @param extra1 the first 8 bytes of the entry's second half
     * @param extra2 the last 8 bytes of the entry's second half
     */
    public static Sqe nopBig(Sqe sqe, long extra1, long extra2) {
        return Encoder.prepare(sqe, IORING_OP_NOP, -1, extra1, extra2, 0, IORING_NOP_CQE32);
    }

    /**
     * Does nothing, in a 128-byte entry ({@code IORING_OP_NOP128}, since Linux 6.19).
     *
     * @param sqe from {@link Ring#next128}
     * @throws IllegalStateException when the entry has only 64 bytes
     */
    public static Sqe nop128(Sqe sqe) {
        return Encoder.prepare128(sqe, IORING_OP_NOP128, -1, 0);
    }
}
