package org.uring4j.resource;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_EVENTFD;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_EVENTFD_ASYNC;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_UNREGISTER_EVENTFD;
import static org.uring4j.internal.uapi.LibcConstants.EFD_CLOEXEC;
import static org.uring4j.internal.uapi.LibcConstants.EFD_NONBLOCK;

import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.UringException;
import org.uring4j.internal.Access;
import org.uring4j.internal.sys.Memory;
import org.uring4j.internal.sys.Syscalls;

import java.lang.foreign.Arena;

/**
 * A descriptor that becomes readable when completions arrive ({@code IORING_REGISTER_EVENTFD},
 * since Linux 5.2), for event loops that poll descriptors. Reading 8 bytes gives the count and
 * resets it; one count may stand for several completions.
 *
 * <p>A ring has at most one. With deferred task work, the default, it is also told of completions
 * that only {@link org.uring4j.CompletionQueue#drain} will bring.
 *
 * <p>Source: {@code io_uring_register_eventfd(3)}.
 */
public final class EventFd implements AutoCloseable {
    private static final Access ACCESS = Access.get();

    private final Ring ring;
    private final int fd;
    private final boolean own;
    private boolean closed;

    private EventFd(Ring ring, int fd, boolean own) {
        this.ring = ring;
        this.fd = fd;
        this.own = own;
    }

    /**
     * Makes an eventfd, which does not block, and registers it ({@code IORING_REGISTER_EVENTFD},
     * since Linux 5.2).
     */
    public static EventFd register(Ring ring) {
        return register(ring, make(ring), true, IORING_REGISTER_EVENTFD);
    }

    /**
     * Registers an eventfd of the program's, which stays open on closing.
     *
     * @throws UringException {@code EBUSY} the ring has one; {@code EBADF} or {@code EINVAL} it is
     *     no eventfd
     */
    public static EventFd register(Ring ring, int eventFd) {
        return register(ring, eventFd, false, IORING_REGISTER_EVENTFD);
    }

    /**
     * As {@link #register(Ring)}, but told only of completions that did not come at once, while
     * their request was submitted ({@code IORING_REGISTER_EVENTFD_ASYNC}, since Linux 5.6).
     */
    public static EventFd registerAsync(Ring ring) {
        return register(ring, make(ring), true, IORING_REGISTER_EVENTFD_ASYNC);
    }

    /** As {@link #registerAsync(Ring)}, with an eventfd of the program's. */
    public static EventFd registerAsync(Ring ring, int eventFd) {
        return register(ring, eventFd, false, IORING_REGISTER_EVENTFD_ASYNC);
    }

    private static int make(Ring ring) {
        ACCESS.check(ring);
        int fd = Syscalls.eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (fd < 0) {
            throw new UringException("eventfd", Errno.of(fd), null);
        }
        return fd;
    }

    private static EventFd register(Ring ring, int fd, boolean own, int opcode) {
        EventFd eventFd = new EventFd(ring, fd, own);
        boolean registered = false;
        try (Arena arena = Arena.ofConfined()) {
            long argument = arena.allocate(Integer.BYTES, Integer.BYTES).address();
            Memory.putInt(argument, fd);
            ACCESS.require(ring, opcode, argument, 1);
            registered = true;
        } finally {
            if (!registered && own) {
                Syscalls.close(fd);
            }
        }
        ACCESS.adopt(ring, eventFd);
        return eventFd;
    }

    /** The eventfd. */
    public int fd() {
        return fd;
    }

    /**
     * Whether it is told, which it is at first; for instance not while the program drains
     * completions anyway ({@code IORING_CQ_EVENTFD_DISABLED}, since Linux 5.8).
     */
    public void enabled(boolean on) {
        ACCESS.check(ring);
        if (closed) {
            throw new IllegalStateException("this eventfd is not registered any more");
        }
        ACCESS.eventFdEnabled(ring, on);
    }

    /**
     * Unregisters it ({@code IORING_UNREGISTER_EVENTFD}), and closes it unless it is the program's.
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        ACCESS.check(ring);
        closed = true;
        ACCESS.remove(ring, this);
        try {
            ACCESS.eventFdEnabled(ring, true);
            ACCESS.require(ring, IORING_UNREGISTER_EVENTFD, 0, 0);
        } finally {
            if (own) {
                Syscalls.close(fd);
            }
        }
    }
}
