package org.uring4j.op;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_MSG_DATA;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_MSG_RING_FLAGS_PASS;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_MSG_SEND_FD;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_MSG_RING;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_SEND_MSG_RING;

import org.uring4j.Cqe;
import org.uring4j.Errno;
import org.uring4j.Sqe;
import org.uring4j.UringException;
import org.uring4j.internal.Encoder;
import org.uring4j.internal.sys.Memory;
import org.uring4j.internal.sys.Syscalls;
import org.uring4j.internal.uapi.IoUringConstants;
import org.uring4j.internal.uapi.IoUringSqe;

import java.lang.foreign.Arena;

/**
 * Tells other rings something, and gives them files: a message is a completion in another ring's
 * queue, with user data, result and flags of the sender's choice.
 *
 * <p>The other ring may be another thread's or another process's. It needs no request for messages
 * to arrive; choose user data by which its owner tells them from the completions of requests.
 *
 * <p><b>Counting.</b> {@link org.uring4j.Ring#inFlight} counts a completion without {@link
 * Cqe#F_MORE} as the end of a request, and on that depends when memory is given back. {@link
 * #msgRing} therefore sets the flag. Where a message comes without it, as those of {@link
 * #msgRingFd} do, the receiver's handler must call {@link org.uring4j.CompletionQueue#discount}.
 *
 * <p><b>Errors</b> of all: {@code EBADFD} the descriptor is not a ring's, or that ring is not yet
 * enabled; {@code EBADF} it is not open; {@code EOVERFLOW} the other queue is full, and there is no
 * memory to keep the message; {@code ENOMEM}; {@code EINVAL} the kernel does not know the form.
 *
 * <p>Source: {@code io_uring_prep_msg_ring(3)}.
 */
public final class Messages {
    /** {@link #msgRingFd}: no completion in the other ring. Since Linux 6.0. */
    public static final int CQE_SKIP = IoUringConstants.IORING_MSG_RING_CQE_SKIP;

    private Messages() {}

    /**
     * Posts a completion in another ring, with {@link Cqe#F_MORE} ({@code IORING_OP_MSG_RING},
     * since Linux 6.3).
     *
     * <p>Result: 0, the message is there.
     *
     * @param ringFd the other ring's {@link org.uring4j.Ring#fd}; one's own will do
     * @param userData the completion's user data
     * @param result the completion's result
     */
    public static Sqe msgRing(Sqe sqe, int ringFd, long userData, int result) {
        return msgRingCqeFlags(sqe, ringFd, userData, result, Cqe.F_MORE);
    }

    /**
     * As {@link #msgRing}, with flags of one's choice ({@code IORING_MSG_RING_FLAGS_PASS}, since
     * Linux 6.3; without flags since 5.18).
     *
     * @param cqeFlags the completion's flags, {@code F_*} of {@link Cqe} or'ed; without {@link
     *     Cqe#F_MORE} see above. Not {@link Cqe#F_32}: a message has 16 bytes
     */
    public static Sqe msgRingCqeFlags(
            Sqe sqe, int ringFd, long userData, int result, int cqeFlags) {
        checkSize(cqeFlags);
        return Encoder.prepare(
                sqe,
                IORING_OP_MSG_RING,
                0,
                ringFd,
                userData,
                IORING_MSG_DATA,
                result,
                cqeFlags == 0 ? 0 : IORING_MSG_RING_FLAGS_PASS,
                cqeFlags,
                0);
    }

    /**
     * Puts one of this ring's registered files into another's table as well ({@code
     * IORING_OP_MSG_RING} with {@code IORING_MSG_SEND_FD}, since Linux 6.0).
     *
     * <p>Result: 0, or the slot with {@link DirectSlot#ALLOCATE}; without {@link #CQE_SKIP}, a
     * completion in the other ring has the same result, and flags 0, which its owner must {@link
     * org.uring4j.CompletionQueue#discount}. To spare it that, skip, and {@link Sqe#link link} a
     * {@link #msgRing} that tells of the file.
     *
     * <p>Errors beside those above: {@code EBADF} nothing is in the slot; {@code ENXIO} the other
     * ring has no registered files; {@code EINVAL} it has no such slot, or it is this ring; {@code
     * ENFILE} none of its slots is free.
     *
     * @param slot which of this ring's registered files
     * @param targetSlot its index in the other ring, where what was there is closed, or {@link
     *     DirectSlot#ALLOCATE}
     * @param userData of the completion in the other ring
     * @param flags 0 or {@link #CQE_SKIP}
     */
    public static Sqe msgRingFd(
            Sqe sqe, int ringFd, int slot, int targetSlot, long userData, int flags) {
        return Encoder.prepare(
                sqe,
                IORING_OP_MSG_RING,
                0,
                ringFd,
                userData,
                IORING_MSG_SEND_FD,
                0,
                flags,
                DirectSlot.fileIndex(targetSlot),
                slot);
    }

    /**
     * Posts a completion in a ring, from a thread that need not have one ({@code
     * IORING_REGISTER_SEND_MSG_RING}, since Linux 6.13). When it returns, the message is there. To
     * wake a ring's owner, {@link org.uring4j.Waker} needs fewer calls.
     *
     * @param cqeFlags as with {@link #msgRingCqeFlags}; {@link Cqe#F_MORE} is the safe choice
     * @throws UringException when it cannot be posted
     */
    public static void send(int ringFd, long userData, int result, int cqeFlags) {
        checkSize(cqeFlags);
        try (Arena arena = Arena.ofConfined()) {
            long sqe = arena.allocate(IoUringSqe.SIZEOF, Long.BYTES).address();
            Memory.putByte(sqe + IoUringSqe.OPCODE, (byte) IORING_OP_MSG_RING);
            Memory.putInt(sqe + IoUringSqe.FD, ringFd);
            Memory.putLong(sqe + IoUringSqe.OFF, userData);
            Memory.putLong(sqe + IoUringSqe.ADDR, IORING_MSG_DATA);
            Memory.putInt(sqe + IoUringSqe.LEN, result);
            Memory.putInt(sqe + IoUringSqe.MSG_RING_FLAGS, IORING_MSG_RING_FLAGS_PASS);
            Memory.putInt(sqe + IoUringSqe.FILE_INDEX, cqeFlags);
            int answer = Syscalls.register(-1, IORING_REGISTER_SEND_MSG_RING, sqe, 1);
            if (answer < 0) {
                throw new UringException(
                        "IORING_REGISTER_SEND_MSG_RING",
                        Errno.of(answer),
                        Errno.EACCES.is(answer)
                                ? "the restrictions of this thread forbid it"
                                : "the message was not posted: ringFd=" + ringFd);
            }
        }
    }

    /** Of a big completion, the receiver would take the next entry for the second half. */
    private static void checkSize(int cqeFlags) {
        if ((cqeFlags & Cqe.F_32) != 0) {
            throw new IllegalArgumentException(
                    "a message has 16 bytes, and cannot say it has 32: cqeFlags="
                            + Cqe.describe(cqeFlags));
        }
    }
}
