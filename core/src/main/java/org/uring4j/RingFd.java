package org.uring4j;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_ENTER_REGISTERED_RING;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_ENABLE_RINGS;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_RING_FDS;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_USE_REGISTERED_RING;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_REGISTERED_FD_ONLY;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_UNREGISTER_RING_FDS;

import org.uring4j.internal.sys.Memory;
import org.uring4j.internal.sys.Syscalls;
import org.uring4j.internal.uapi.IoUringRsrcUpdate;

import java.lang.foreign.Arena;

/**
 * How the kernel is told which ring: by its descriptor or by the index under which the owner's task
 * has it registered, which saves looking the descriptor up at each entry.
 */
final class RingFd {
    private static final int NONE = -1;

    private final EnterArgument argument = new EnterArgument();
    private int fd;
    private int index = NONE;

    // What io_uring_enter is given.
    private int enterFd;
    private int enterFlag;

    RingFd(RingOpener opener) {
        boolean only = (opener.flags & IORING_SETUP_REGISTERED_FD_ONLY) != 0;
        fd = only ? NONE : opener.fd;
        enterFd = fd;
        if (only) {
            use(opener.fd);
        }
    }

    /** The descriptor, or -1. */
    int plain() {
        return fd;
    }

    EnterArgument argument() {
        return argument;
    }

    boolean registered() {
        return index != NONE;
    }

    /** The index under which the owner's task has it registered, or -1. */
    int registeredIndex() {
        return index;
    }

    int enter(int toSubmit, int minComplete, int flags, long arg, long argSize) {
        return Syscalls.enter(
                argument.errnoState(),
                enterFd,
                toSubmit,
                minComplete,
                flags | enterFlag,
                arg,
                argSize);
    }

    /** {@code io_uring_register(2)}: the result, or the negated errno. */
    int register(int opcode, long arg, int nrArgs) {
        return fd == NONE
                ? Syscalls.register(
                        index, opcode | IORING_REGISTER_USE_REGISTERED_RING, arg, nrArgs)
                : Syscalls.register(fd, opcode, arg, nrArgs);
    }

    /** As {@link #register}, where failing is an exception. */
    int require(int opcode, long arg, int nrArgs) {
        int result = register(opcode, arg, nrArgs);
        if (result < 0) {
            throw Causes.ofRegister(opcode, result, null);
        }
        return result;
    }

    void enable() {
        require(IORING_REGISTER_ENABLE_RINGS, 0, 0);
    }

    /**
     * Registers the descriptor with the calling task. Where that is not to be had (before Linux
     * 5.18, or with 16 rings of this thread registered already) the plain one serves as well, a
     * little slower, and {@link RingSetup#registeredFd} says so.
     *
     * @return 0 or more, or the negated errno
     */
    int register() {
        if (registered()) {
            return 0;
        }
        try (Arena arena = Arena.ofConfined()) {
            long update = arena.allocate(IoUringRsrcUpdate.SIZEOF, 8).address();
            Memory.putInt(update + IoUringRsrcUpdate.OFFSET, NONE);
            Memory.putLong(update + IoUringRsrcUpdate.DATA, fd);
            int result = Syscalls.register(fd, IORING_REGISTER_RING_FDS, update, 1);
            if (result == 1) {
                use(Memory.getInt(update + IoUringRsrcUpdate.OFFSET));
            }
            return result;
        }
    }

    /**
     * Closes the descriptor, and leaves the registered one.
     *
     * @param enough whether the kernel registers things with a ring that has no other
     * @param result of registering it
     */
    void giveUp(boolean enough, int result) {
        if (fd == NONE) {
            return;
        }
        if (!enough) {
            throw new UringException(
                    "IORING_REGISTER_RING_FDS",
                    Errno.EINVAL,
                    "registeredFdOnly needs Linux 6.3, this is " + KernelVersion.running());
        }
        if (Errno.EBUSY.is(result)) {
            throw new UringException(
                    "IORING_REGISTER_RING_FDS",
                    Errno.EBUSY,
                    "a thread has 16 registered rings at most; close one of them");
        }
        if (result < 0) {
            throw Causes.ofRegister(IORING_REGISTER_RING_FDS, result, null);
        }
        Syscalls.close(fd);
        fd = NONE;
    }

    private void use(int registered) {
        index = registered;
        enterFd = registered;
        enterFlag = IORING_ENTER_REGISTERED_RING;
    }

    /**
     * Gives the ring up.
     *
     * @param owner whether the calling thread is the one that registered it
     */
    void close(boolean owner) {
        if (registered() && owner) {
            try (Arena arena = Arena.ofConfined()) {
                long update = arena.allocate(IoUringRsrcUpdate.SIZEOF, 8).address();
                Memory.putInt(update + IoUringRsrcUpdate.OFFSET, index);
                register(IORING_UNREGISTER_RING_FDS, update, 1);
            }
        }
        if (fd != NONE) {
            Syscalls.close(fd);
        }
    }
}
