package org.uring4j.resource;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Received bytes, where the kernel put them, until closed: then the kernel may put others there.
 *
 * <pre>{@code
 * ring.completions().drain((userData, result, flags) -> {
 *     if (Cqe.hasBuffer(flags)) {
 *         Lease lease = buffers.lease(result, flags);
 *         workers.execute(() -> {
 *             try (lease) {
 *                 parse(lease.memory());
 *             }
 *         });
 *     }
 * });
 * }</pre>
 *
 * <p><b>Threads.</b> A lease is used by one thread at a time and may be handed to any other, in the
 * ways objects are handed over safely in Java. On the thread that its ring belongs to, {@link
 * #close} gives the bytes back at once, and those of a {@link ZeroCopyReceive} on any; else they
 * wait, without a lock, until the ring's thread takes the next lease. Where that thread waits for
 * nothing else, it is woken ({@link BufferRing#wakeBy}).
 *
 * <p><b>Parts.</b> {@link #retain} and {@link #split} make further leases on the same bytes, which
 * go back when all of them are closed. Each is closed once; closing it again does nothing.
 *
 * <p><b>Forgotten leases.</b> Bytes that nobody gives back are lost to the kernel. The resource
 * tells how many are out and since when, and names them when it is closed ({@link LeasesOut}); run
 * with {@code -During4j.traceLeases=true} it also tells where each was taken.
 *
 * <p><b>After the end.</b> A lease stays good when what it is of is closed, or the ring: the memory
 * goes with the last lease.
 */
public final class Lease implements AutoCloseable {
    private static final VarHandle OPEN;
    private static final VarHandle PARTS;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            OPEN =
                    lookup.findVarHandle(Lease.class, "open", boolean.class)
                            .withInvokeExactBehavior();
            PARTS = lookup.findVarHandle(Lease.class, "parts", int.class).withInvokeExactBehavior();
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    final Leases leases;

    /** The lease the kernel's piece was taken with; itself, unless this is a part of another. */
    private final Lease whole;

    private long offset;
    private int size;
    private boolean open = true;

    /** Where it was taken, if that is to be told. */
    final @Nullable Throwable taken;

    // The rest is of whole ones only.

    /** What is given back: where it begins and how long it is. */
    final long pieceOffset;

    final int pieceSize;

    /** When it was taken, by {@link System#nanoTime}. */
    final long since;

    /** How many leases on the piece are open. */
    private volatile int parts;

    /** What to run when the piece is given back. */
    private @Nullable Runnable onReturn;

    /** Among those that are out, by when they were taken. */
    @Nullable Lease previous;

    @Nullable Lease next;

    /** Among those that other threads gave back. */
    @Nullable Lease below;

    /** A whole one. */
    Lease(Leases leases, long offset, int size, long since, @Nullable Throwable taken) {
        this.leases = leases;
        this.offset = offset;
        this.size = size;
        this.since = since;
        this.taken = taken;
        whole = this;
        pieceOffset = offset;
        pieceSize = size;
        parts = 1;
    }

    /** A part of one. */
    private Lease(Lease other, long offset, int size) {
        leases = other.leases;
        whole = other.whole;
        this.offset = offset;
        this.size = size;
        pieceOffset = 0;
        pieceSize = 0;
        since = 0;
        taken = leases.site();
        leases.trace(this);
    }

    /**
     * The bytes, read-only; to be used until this lease is closed, and no longer: what is there
     * then is others' bytes.
     *
     * @throws IllegalStateException when it is closed
     */
    public MemorySegment memory() {
        if (!open) {
            throw closedAlready();
        }
        return leases.memory.asSlice(offset, size);
    }

    /** How many bytes there are. */
    public int size() {
        return size;
    }

    /**
     * Another lease on the same bytes, to be closed by itself.
     *
     * @throws IllegalStateException when this one is closed
     */
    public Lease retain() {
        return part(offset, size);
    }

    /**
     * Cuts in two: this lease keeps the first bytes, another one has the rest. Both are to be
     * closed.
     *
     * @param first how many bytes this lease keeps, 0 to all of them
     * @return the lease on the rest
     * @throws IllegalStateException when this one is closed
     */
    public Lease split(int first) {
        if (first < 0 || first > size) {
            throw new IllegalArgumentException(
                    "a lease is cut where it has bytes: first=" + first + " size=" + size);
        }
        Lease rest = part(offset + first, size - first);
        size = first;
        return rest;
    }

    private Lease part(long offset, int size) {
        int open = this.open ? whole.parts : 0;
        // Closed by another thread meanwhile, the piece must not come to life again.
        while (open > 0 && !PARTS.compareAndSet(whole, open, open + 1)) {
            open = whole.parts;
        }
        if (open == 0) {
            throw closedAlready();
        }
        return new Lease(this, offset, size);
    }

    /**
     * Has a task run when the bytes are given back: when this lease and all that were made of it
     * are closed, on the thread that closes the last. For whoever took the lease to count what is
     * out; to be said before anybody else has it, and once.
     *
     * @param task what it throws comes out of {@link #close}, when the bytes have gone back
     * @throws IllegalStateException when this one is closed
     */
    public void onReturn(Runnable task) {
        if (!open) {
            throw closedAlready();
        }
        whole.onReturn = task;
    }

    /**
     * Gives the bytes back, when no other lease on them is open. From any thread; closing twice
     * does nothing.
     */
    @Override
    public void close() {
        if (!OPEN.compareAndSet(this, true, false)) {
            return;
        }
        leases.untrace(this);
        if ((int) PARTS.getAndAdd(whole, -1) == 1) {
            leases.giveBack(whole);
            Runnable task = whole.onReturn;
            if (task != null) {
                task.run();
            }
        }
    }

    /** Whether some lease on the piece is open; of whole ones. */
    boolean out() {
        return parts > 0;
    }

    private static IllegalStateException closedAlready() {
        return new IllegalStateException(
                "the lease is closed, and its bytes may be others' by now; retain() it for another"
                        + " user before closing");
    }

    @Override
    public String toString() {
        return "Lease[size=" + size + (open ? "" : " closed") + "]";
    }
}
