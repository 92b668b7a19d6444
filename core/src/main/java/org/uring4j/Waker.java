package org.uring4j;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_MSG_DATA;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_MSG_RING_FLAGS_PASS;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_MSG_RING;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_READ;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_SEND_MSG_RING;

import org.uring4j.internal.Encoder;
import org.uring4j.internal.sys.Memory;
import org.uring4j.internal.sys.Syscalls;
import org.uring4j.internal.uapi.IoUringSqe;
import org.uring4j.internal.uapi.LibcConstants;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Wakes a ring's owner from other threads: what happens when a task is queued for a thread that
 * waits for completions.
 *
 * <p>A wake-up arrives as a completion with the waker's user data. The owner then calls {@link
 * #rearm} and after that looks for what it was woken for; in this order none is missed. Wake-ups
 * between an arrival and {@code rearm} are one.
 *
 * <pre>{@code
 * Waker waker = ring.waker(WAKE);
 * // another thread
 * tasks.add(task);
 * waker.wake();
 * // the owner, on a completion with user data WAKE
 * waker.rearm();
 * runAll(tasks);
 * }</pre>
 *
 * <p>Since Linux 6.13 the message needs no request of the ring ({@code
 * IORING_REGISTER_SEND_MSG_RING}); before, and of a ring without a descriptor ({@link
 * RingConfig#registeredFdOnly}), a read of an {@code eventfd} is kept pending.
 */
public final class Waker implements AutoCloseable {
    /** An address no program has anything at: a kernel that knows the call says EFAULT. */
    private static final long NOWHERE = 8;

    private final Ring ring;
    private final long userData;
    private final Arena arena = Arena.ofShared();
    private final AtomicBoolean pending = new AtomicBoolean();

    /** The message, or where the eventfd's count is read to. */
    private final MemorySegment memory = arena.allocate(IoUringSqe.SIZEOF, 8);

    private final MemorySegment one = arena.allocateFrom(ValueLayout.JAVA_LONG, 1);

    /** -1 when messages are used. */
    private final int eventFd;

    private volatile boolean closed;

    Waker(Ring ring, long userData, boolean messages) {
        this.ring = ring;
        this.userData = userData;
        if (messages) {
            eventFd = -1;
            writeMessage();
        } else {
            eventFd = Syscalls.eventfd(0, LibcConstants.EFD_CLOEXEC);
            if (eventFd < 0) {
                arena.close();
                throw new UringException("eventfd", Errno.of(eventFd), null);
            }
        }
        ring.resources().adopt(this);
        if (!messages) {
            readEventFd();
        }
    }

    /** Whether this kernel takes messages to rings from threads that have none. */
    static boolean messagesSupported() {
        return Errno.EFAULT.is(Syscalls.register(-1, IORING_REGISTER_SEND_MSG_RING, NOWHERE, 1));
    }

    /**
     * Makes the ring's owner return from its wait with a completion. From any thread.
     *
     * @return false when this or the ring is closed, and there is nobody to wake
     * @throws UringException {@code ENOMEM} the kernel has no memory for it; {@code EBADFD} the
     *     ring is not enabled yet; {@code EACCES} the calling thread is restricted
     */
    public boolean wake() {
        if (!pending.compareAndSet(false, true)) {
            return !closed;
        }
        // Against close(), after which the descriptor may be another file's.
        synchronized (this) {
            if (closed) {
                return false;
            }
            long result =
                    eventFd < 0
                            ? Syscalls.register(
                                    -1, IORING_REGISTER_SEND_MSG_RING, memory.address(), 1)
                            : Syscalls.write(eventFd, one);
            if (result < 0) {
                pending.set(false);
                Errno errno = Errno.of((int) result);
                throw new UringException(
                        "wake",
                        errno,
                        switch (errno) {
                            case EBADFD -> "the ring is disabled; call enable() first";
                            case EACCES -> "the restrictions of this thread forbid it";
                            default -> null;
                        });
            }
        }
        return true;
    }

    /** The owner has seen the completion: from here on the next {@link #wake} sends another. */
    public void rearm() {
        ring.check();
        if (eventFd >= 0 && pending.get() && !closed) {
            readEventFd();
        }
        pending.set(false);
    }

    /** The message has F_MORE set, so that it does not count as the end of a request. */
    private void writeMessage() {
        long sqe = memory.address();
        Memory.putByte(sqe + IoUringSqe.OPCODE, (byte) IORING_OP_MSG_RING);
        Memory.putInt(sqe + IoUringSqe.FD, ring.fd());
        Memory.putLong(sqe + IoUringSqe.OFF, userData);
        Memory.putLong(sqe + IoUringSqe.ADDR, IORING_MSG_DATA);
        Memory.putInt(sqe + IoUringSqe.MSG_RING_FLAGS, IORING_MSG_RING_FLAGS_PASS);
        Memory.putInt(sqe + IoUringSqe.FILE_INDEX, Cqe.F_MORE);
    }

    private void readEventFd() {
        Encoder.prepare(
                        ring.next(),
                        IORING_OP_READ,
                        eventFd,
                        0,
                        Encoder.address(memory, "the eventfd's count"),
                        Long.BYTES,
                        0)
                .userData(userData);
    }

    /** Later wake-ups do nothing. By the owner; the ring closes its wakers itself. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        ring.check();
        synchronized (this) {
            closed = true;
            if (eventFd >= 0) {
                Syscalls.close(eventFd);
            }
        }
        ring.resources().remove(this);
        if (ring.quiet()) {
            arena.close();
        } else {
            ring.resources().release(arena::close);
        }
    }
}
