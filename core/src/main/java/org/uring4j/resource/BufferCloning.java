package org.uring4j.resource;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_CLONE_BUFFERS;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_DST_REPLACE;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_SRC_REGISTERED;

import org.jspecify.annotations.Nullable;
import org.uring4j.Errno;
import org.uring4j.KernelVersion;
import org.uring4j.Ring;
import org.uring4j.UringException;
import org.uring4j.internal.Access;
import org.uring4j.internal.sys.Memory;
import org.uring4j.internal.uapi.IoUringCloneBuffers;

import java.lang.foreign.Arena;

/** Puts buffers that one ring has registered into another ring's table, without mapping anew. */
final class BufferCloning {
    private static final String NAME = "IORING_REGISTER_CLONE_BUFFERS";

    private static final Access ACCESS = Access.get();

    private BufferCloning() {}

    /** Clones a range; with {@code count} 0 all, which is all that Linux 6.12 can. */
    static void run(Ring to, Ring from, int first, int at, int count, boolean replace) {
        ACCESS.check(to);
        boolean registered = from.fd() < 0;
        int source = registered ? ACCESS.registeredIndex(from) : from.fd();
        int flags =
                (registered ? IORING_REGISTER_SRC_REGISTERED : 0)
                        | (replace ? IORING_REGISTER_DST_REPLACE : 0);
        try (Arena arena = Arena.ofConfined()) {
            long arg = arena.allocate(IoUringCloneBuffers.SIZEOF, 8).address();
            Memory.putInt(arg + IoUringCloneBuffers.SRC_FD, source);
            Memory.putInt(arg + IoUringCloneBuffers.FLAGS, flags);
            Memory.putInt(arg + IoUringCloneBuffers.SRC_OFF, first);
            Memory.putInt(arg + IoUringCloneBuffers.DST_OFF, at);
            Memory.putInt(arg + IoUringCloneBuffers.NR, count);
            int result = ACCESS.register(to, IORING_REGISTER_CLONE_BUFFERS, arg, 1);
            if (result < 0) {
                String cause = cause(result, count, replace);
                throw cause == null
                        ? ACCESS.failed(
                                IORING_REGISTER_CLONE_BUFFERS,
                                result,
                                "count=" + count + (replace ? " replace" : ""))
                        : new UringException(NAME, Errno.of(result), cause);
            }
        }
    }

    private static @Nullable String cause(int result, int count, boolean replace) {
        boolean ranges = count > 0 || replace;
        String needed = ranges ? "6.13" : "6.12";
        if (Errno.EINVAL.is(result)
                && KernelVersion.running().compareTo(KernelVersion.parse(needed)) < 0) {
            return "cloning "
                    + (ranges ? "a range " : "")
                    + "needs Linux "
                    + needed
                    + ", this is "
                    + KernelVersion.running();
        }
        return switch (Errno.of(result)) {
            case EBUSY -> "the ring has registered buffers already: use replace()";
            case EEXIST ->
                    "the other ring belongs to another thread: open it with singleIssuer(false)";
            case ENXIO -> "the other ring has no registered buffers";
            default -> null;
        };
    }
}
