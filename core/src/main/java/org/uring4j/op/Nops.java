package org.uring4j.op;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_NOP_CQE32;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_NOP_INJECT_RESULT;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_NOP;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_NOP128;

import org.uring4j.Ring;
import org.uring4j.Sqe;
import org.uring4j.internal.Encoder;

/** Requests that do nothing: to measure, to test, to carry a completion round. */
public final class Nops {
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
     */
    public static Sqe nop128(Sqe sqe) {
        return Encoder.prepare(sqe, IORING_OP_NOP128, -1, 0, 0, 0, 0);
    }
}
