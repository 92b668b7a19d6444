package org.uring4j.resource;

import org.uring4j.Ring;
import org.uring4j.internal.Access;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * An arena for memory that a ring's requests name, which is not freed behind their back.
 *
 * <p>Whoever knows that the last completion of every such request has come closes it. When that is
 * not done before the ring is closed, the ring does it: after it has ended all requests, and not at
 * all when some would not end, for then the kernel may still touch the memory.
 *
 * <pre>{@code
 * RequestArena arena = RequestArena.open(ring);
 * MemorySegment buffer = arena.allocate(65536, 4096);
 * ZeroCopySend.send(ring.next(), fd, buffer, Sockets.MSG_WAITALL, 0);
 * ...
 * arena.close(); // after the notification, or leave it to the ring
 * }</pre>
 *
 * <p>Its segments may be used by any thread; once it is closed they throw an {@code
 * IllegalStateException}.
 */
public final class RequestArena implements Arena {
    private static final Access ACCESS = Access.get();

    private final Ring ring;
    private final Arena memory = Arena.ofShared();
    private final AutoCloseable withRing = this::closeWithRing;

    private RequestArena(Ring ring) {
        this.ring = ring;
    }

    /**
     * Opens an arena for a ring's requests.
     *
     * @throws IllegalStateException when the ring is closed
     */
    public static RequestArena open(Ring ring) {
        ACCESS.check(ring);
        RequestArena arena = new RequestArena(ring);
        ACCESS.adopt(ring, arena.withRing);
        return arena;
    }

    @Override
    public MemorySegment allocate(long byteSize, long byteAlignment) {
        return memory.allocate(byteSize, byteAlignment);
    }

    @Override
    public MemorySegment.Scope scope() {
        return memory.scope();
    }

    /** Frees the memory now: no request that names it may be in flight. */
    @Override
    public void close() {
        if (memory.scope().isAlive()) {
            ACCESS.remove(ring, withRing);
            memory.close();
        }
    }

    private void closeWithRing() {
        if (!ACCESS.abandoned(ring)) {
            memory.close();
        }
    }
}
