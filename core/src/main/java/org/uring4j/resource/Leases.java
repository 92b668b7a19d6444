package org.uring4j.resource;

import org.jspecify.annotations.Nullable;
import org.uring4j.Ring;
import org.uring4j.Waker;
import org.uring4j.internal.Access;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The leases on one resource's memory: which are out, and which other threads gave back.
 *
 * <pre>
 *   ring's thread    lease() ──▶ out: first ◀─▶ … ◀─▶ last, by age
 *                    close() ──▶ owner
 *   other threads    close() ──▶ returned: top ─▶ … ─▶ null     (compare and set)
 *   ring's thread    reclaim() takes all of them ──▶ owner, unless it {@linkplain Owner#anyThread
 *                    got} them before
 * </pre>
 *
 * <p><b>No wake-up is lost.</b> The ring's thread sets {@link #starved} and then looks for what was
 * returned; another thread returns a piece and then looks at {@link #starved}. Both are volatile,
 * so one of the two sees what the other did: either the piece is found, or the ring is woken.
 */
final class Leases {
    /** Takes back a piece of memory. */
    interface Owner {
        /**
         * Gives a piece back to the kernel.
         *
         * @param offset as it was leased
         * @param size as it was leased
         * @return whether the kernel has more memory now than before
         */
        boolean giveBack(long offset, int size);

        /** Whether that is called by whichever thread closes a lease, else by the ring's. */
        default boolean anyThread() {
            return false;
        }
    }

    private static final boolean TRACED = Boolean.getBoolean(LeasesOut.PROPERTY);
    private static final Access ACCESS = Access.get();
    private static final VarHandle RETURNED;

    static {
        try {
            RETURNED =
                    MethodHandles.lookup()
                            .findVarHandle(Leases.class, "returned", Lease.class)
                            .withInvokeExactBehavior();
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final Ring ring;
    private final Owner owner;
    private final boolean anyThread;

    /** What leases show, read-only. */
    final MemorySegment memory;

    private final Set<Lease> traced = TRACED ? ConcurrentHashMap.newKeySet() : Set.of();

    private @Nullable Lease first;
    private @Nullable Lease last;
    private int out;

    /** The last one that another thread gave back, or {@link #ended}. */
    private volatile @Nullable Lease returned;

    /** In place of what was returned, once there is nobody to take it. */
    private final Lease ended;

    private volatile boolean starved;
    private @Nullable Waker waker;

    /** Once it has ended: who still holds the memory, the ring being one of them. */
    private final AtomicInteger holders = new AtomicInteger();

    private @Nullable Runnable free;

    Leases(Ring ring, MemorySegment memory, Owner owner) {
        this.ring = ring;
        this.owner = owner;
        anyThread = owner.anyThread();
        this.memory = memory.asReadOnly();
        ended = new Lease(this, 0, 0, 0, null);
    }

    /** Leases what a completion brought, and takes in what other threads have returned. */
    Lease lease(long offset, int size) {
        if (returned != null) {
            reclaim();
        }
        Lease lease = new Lease(this, offset, size, System.nanoTime(), site());
        Lease before = last;
        lease.previous = before;
        if (before == null) {
            first = lease;
        } else {
            before.next = lease;
        }
        last = lease;
        out++;
        trace(lease);
        return lease;
    }

    /** All leases on a piece are closed. From any thread. */
    void giveBack(Lease piece) {
        if (ACCESS.owns(ring) && returned != ended) {
            unlink(piece);
            if (owner.giveBack(piece.pieceOffset, piece.pieceSize) && starved) {
                wake();
            }
            return;
        }
        if (anyThread) {
            boolean _ = owner.giveBack(piece.pieceOffset, piece.pieceSize);
        }
        Lease top;
        do {
            top = returned;
            if (top == ended) {
                drop();
                return;
            }
            piece.below = top;
        } while (!RETURNED.compareAndSet(this, top, piece));
        if (starved) {
            wake();
        }
    }

    /** Gives the owner what other threads have returned. By the ring's thread. */
    void reclaim() {
        if (returned != ended) {
            acceptAll((Lease) RETURNED.getAndSet(this, (Lease) null));
        }
    }

    private void acceptAll(@Nullable Lease top) {
        Lease piece = top;
        while (piece != null) {
            Lease below = piece.below;
            piece.below = null;
            unlink(piece);
            if (!anyThread) {
                boolean _ = owner.giveBack(piece.pieceOffset, piece.pieceSize);
            }
            piece = below;
        }
    }

    private void unlink(Lease piece) {
        Lease before = piece.previous;
        Lease after = piece.next;
        if (before == null) {
            first = after;
        } else {
            before.next = after;
        }
        if (after == null) {
            last = before;
        } else {
            after.previous = before;
        }
        piece.previous = null;
        piece.next = null;
        out--;
    }

    /** Who is to be woken. */
    void wakeBy(Waker waker) {
        this.waker = waker;
    }

    /**
     * Has the waker called when the next piece comes back. Those that have come back already the
     * owner has got by then. By the ring's thread.
     */
    void awaitReturn() {
        starved = waker != null;
        reclaim();
    }

    /** What has come back is enough: nobody is to be woken. */
    void awaitNoMore() {
        starved = false;
    }

    private void wake() {
        starved = false;
        boolean woken = false;
        try {
            if (waker != null) {
                waker.wake();
            }
            woken = true;
        } finally {
            if (!woken) {
                starved = true;
            }
        }
    }

    /**
     * From now on nothing is given to the owner any more.
     *
     * @param free frees {@link #memory}
     * @return what to run instead of {@code free}, which runs with the end of the last lease
     */
    Runnable end(Runnable free) {
        this.free = free;
        starved = false;
        acceptAll((Lease) RETURNED.getAndSet(this, ended));
        // Leases closed since then have made it less than 0: it gets to 0 only after this.
        holders.addAndGet(1 + out);
        return this::drop;
    }

    private void drop() {
        if (holders.decrementAndGet() == 0 && free != null) {
            free.run();
        }
    }

    /** Those that are out. By the ring's thread. */
    LeasesOut report() {
        int count = 0;
        long since = 0;
        for (Lease lease = first; lease != null; lease = lease.next) {
            if (lease.out()) {
                since = count == 0 ? lease.since : since;
                count++;
            }
        }
        return new LeasesOut(
                count,
                count == 0 ? Duration.ZERO : Duration.ofNanos(System.nanoTime() - since),
                traced.stream().map(lease -> lease.taken).filter(Objects::nonNull).toList());
    }

    /**
     * Names the leases that are out, on closing.
     *
     * @throws IllegalStateException if there are any
     */
    void complain(String resource) {
        LeasesOut left = report();
        if (left.count() > 0) {
            throw new IllegalStateException(
                    resource
                            + " is closed, and leases on its memory are out, which stays until they"
                            + " are closed: "
                            + left);
        }
    }

    @Nullable Throwable site() {
        return TRACED ? new Throwable("taken by " + Thread.currentThread().getName()) : null;
    }

    void trace(Lease lease) {
        if (TRACED) {
            var _ = traced.add(lease);
        }
    }

    void untrace(Lease lease) {
        if (TRACED) {
            var _ = traced.remove(lease);
        }
    }
}
