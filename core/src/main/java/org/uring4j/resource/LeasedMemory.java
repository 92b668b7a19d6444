package org.uring4j.resource;

import org.uring4j.Ring;
import org.uring4j.Waker;
import org.uring4j.internal.Access;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * Buffers that the program chooses from, not the kernel, and that it gets the data of as leases: as
 * a {@link BufferRing} for requests, sockets and kernels that can have none.
 *
 * <pre>{@code
 * LeasedMemory memory = LeasedMemory.allocate(ring, 64, 16384);
 * int buffer = memory.take();
 * Sockets.recv(ring.next(), fd, memory.buffer(buffer), 0).userData(buffer);
 * ...
 * Lease lease = memory.lease(buffer, result);
 * }</pre>
 *
 * <p>It is used as its ring is, and closed before that.
 */
public final class LeasedMemory implements AutoCloseable {
    private static final Access ACCESS = Access.get();

    private final Ring ring;
    private final int bufferSize;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment[] buffers;
    private final Leases leases;

    /** Free ones, the last given back on top: it may still be in the cache. */
    private final int[] free;

    private int freeCount;
    private final boolean[] taken;
    private boolean closed;

    private LeasedMemory(Ring ring, int count, int bufferSize) {
        this.ring = ring;
        this.bufferSize = bufferSize;
        // First what the collector takes back where there is too little.
        buffers = new MemorySegment[count];
        free = new int[count];
        taken = new boolean[count];
        MemorySegment memory = arena.allocate((long) count * bufferSize, 4096);
        leases = new Leases(ring, memory, (offset, size) -> put((int) (offset / bufferSize)));
        for (int id = count - 1; id >= 0; id--) {
            buffers[id] = memory.asSlice((long) id * bufferSize, bufferSize);
            free[freeCount++] = id;
        }
    }

    /**
     * Allocates buffers.
     *
     * @param ring what they are for; closes them before itself
     * @param count how many, 1 or more
     * @param bufferSize how many bytes each has, 1 or more
     */
    public static LeasedMemory allocate(Ring ring, int count, int bufferSize) {
        ACCESS.check(ring);
        if (count < 1 || bufferSize < 1) {
            throw new IllegalArgumentException(
                    "there are buffers, and bytes in them: count="
                            + count
                            + " bufferSize="
                            + bufferSize);
        }
        LeasedMemory memory = new LeasedMemory(ring, count, bufferSize);
        ACCESS.adopt(ring, memory);
        return memory;
    }

    /** How many buffers there are; their ids are 0 to this less one. */
    public int count() {
        return buffers.length;
    }

    /** How many bytes each buffer has. */
    public int bufferSize() {
        return bufferSize;
    }

    /**
     * Takes a free buffer.
     *
     * @return its id, or -1 when there is none
     */
    public int take() {
        check();
        if (freeCount == 0) {
            leases.reclaim();
            if (freeCount == 0) {
                return -1;
            }
        }
        int id = free[--freeCount];
        taken[id] = true;
        return id;
    }

    /** The memory of a buffer that was taken, for a request. */
    public MemorySegment buffer(int id) {
        return buffers[Objects.checkIndex(id, buffers.length)];
    }

    /**
     * Leases the first bytes of a buffer that was taken; when the lease is closed it is free.
     *
     * @param size 0 to all bytes of a buffer
     * @throws IllegalStateException when it was not taken, or is leased already
     */
    public Lease lease(int id, int size) {
        if (size < 0 || size > bufferSize) {
            throw new IllegalArgumentException(
                    "0 to all bytes of a buffer: size=" + size + " bufferSize=" + bufferSize);
        }
        leave(id);
        return leases.lease((long) id * bufferSize, size);
    }

    /**
     * Gives back a buffer that was taken and is not to be leased.
     *
     * @throws IllegalStateException when it was not taken, or is leased
     */
    public void giveBack(int id) {
        leave(id);
        var _ = put(id);
    }

    private void leave(int id) {
        check();
        if (!taken[Objects.checkIndex(id, buffers.length)]) {
            throw new IllegalStateException("the buffer was not taken, or is leased: id=" + id);
        }
        taken[id] = false;
    }

    private boolean put(int id) {
        free[freeCount++] = id;
        return true;
    }

    /** As {@link BufferRing#replenished}: how many buffers are free. */
    public int replenished(int wanted) {
        check();
        leases.awaitReturn();
        if (freeCount >= wanted) {
            leases.awaitNoMore();
        }
        return freeCount;
    }

    /** As {@link BufferRing#wakeBy}. */
    public void wakeBy(Waker waker) {
        check();
        leases.wakeBy(waker);
    }

    /** Which leases are out, since when, and where they were taken. */
    public LeasesOut leasesOut() {
        ACCESS.check(ring);
        return leases.report();
    }

    private void check() {
        ACCESS.check(ring);
        if (closed) {
            throw new IllegalStateException("the leased memory is closed");
        }
    }

    /**
     * Frees the buffers; while requests are in flight, the memory stays until the ring closes, and
     * while leases are out, until they are closed.
     *
     * @throws IllegalStateException when leases are out, and which; it is closed all the same
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        ACCESS.check(ring);
        closed = true;
        ACCESS.remove(ring, this);
        ACCESS.release(ring, leases.end(arena::close));
        leases.complain("the leased memory");
    }

    @Override
    public String toString() {
        return "LeasedMemory[count="
                + buffers.length
                + " bufferSize="
                + bufferSize
                + (closed ? " closed" : " free=" + freeCount)
                + "]";
    }
}
