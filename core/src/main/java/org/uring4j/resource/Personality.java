package org.uring4j.resource;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_PERSONALITY;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_UNREGISTER_PERSONALITY;

import org.uring4j.Ring;
import org.uring4j.internal.Access;

/**
 * The credentials a thread has at one time, kept by the ring for requests to act with later ({@code
 * IORING_REGISTER_PERSONALITY}, since Linux 5.6): user, groups, capabilities, security labels.
 *
 * <pre>{@code
 * Personality before = Personality.register(ring);
 * // the thread gives privileges up, then, for one request:
 * Files.openat(ring.next(), AT_FDCWD, path, O_RDONLY, 0).personality(before.id());
 * }</pre>
 *
 * <p>A request with the id of none fails with {@code EINVAL}.
 *
 * <p>Source: {@code io_uring_register_personality(3)}.
 */
public final class Personality implements AutoCloseable {
    private static final Access ACCESS = Access.get();

    private final Ring ring;
    private final int id;
    private boolean closed;

    private Personality(Ring ring, int id) {
        this.ring = ring;
        this.id = id;
    }

    /**
     * Keeps the calling thread's credentials ({@code IORING_REGISTER_PERSONALITY}).
     *
     * @throws org.uring4j.UringException {@code EBUSY} the ring has 65535 of them; {@code ENOMEM}
     */
    public static Personality register(Ring ring) {
        int id = ACCESS.require(ring, IORING_REGISTER_PERSONALITY, 0, 0);
        Personality personality = new Personality(ring, id);
        ACCESS.adopt(ring, personality);
        return personality;
    }

    /** What {@link org.uring4j.Sqe#personality} takes, 1 or more. */
    public int id() {
        return id;
    }

    /** Forgets them ({@code IORING_UNREGISTER_PERSONALITY}); requests under way go on with them. */
    @Override
    public void close() {
        if (!closed) {
            ACCESS.check(ring);
            closed = true;
            ACCESS.remove(ring, this);
            ACCESS.require(ring, IORING_UNREGISTER_PERSONALITY, 0, id);
        }
    }
}
