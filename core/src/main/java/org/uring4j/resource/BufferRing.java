package org.uring4j.resource;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_UNREGISTER_PBUF_RING;

import org.uring4j.Cqe;
import org.uring4j.Ring;
import org.uring4j.UringException;
import org.uring4j.Waker;
import org.uring4j.internal.Access;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;

/**
 * A group of buffers that the kernel chooses from when data arrives ({@code
 * IORING_REGISTER_PBUF_RING}). Since Linux 5.19.
 *
 * <pre>{@code
 * BufferRing buffers = BufferRing.register(ring, 1, 256, 4096);
 * Sockets.recvMultishot(ring.next(), fd, buffers.group(), 0);
 * ...
 * ring.completions().drain((userData, result, flags) -> {
 *     if (Cqe.hasBuffer(flags)) {
 *         MemorySegment data = buffers.take(result, flags);
 *         ...
 *         buffers.recycle(Cqe.bufferId(flags));
 *     }
 * });
 * }</pre>
 *
 * <p><b>Taking and recycling.</b> A completion with {@link Cqe#F_BUFFER} hands over a
 * <em>piece</em> of a buffer, or several pieces in a bundle. Each completion is taken once, in the
 * order of arrival, by {@link #take}, {@link #takeOffset}, {@link #forEach} or {@link #consume};
 * also one that failed, and one of no bytes. Each piece is recycled once. A buffer returns to the
 * kernel when the kernel is done with it and all its pieces are recycled, so that with {@linkplain
 * BufferRingConfig#incremental() incremental} buffers nothing more has to be counted. Recycling
 * twice or too early would corrupt data in silence, and is an {@link IllegalStateException}
 * instead.
 *
 * <p>When the kernel has no buffer left a request ends with {@code ENOBUFS}, a multishot one too:
 * recycle some, then submit it again.
 *
 * <p><b>Threads and memory.</b> It is used as its ring is: by the thread that owns that, or by one
 * at a time. {@link #close}, or closing the ring, takes the buffers from the kernel and frees them.
 *
 * <p>Source: {@code io_uring_register(2)}, {@code io_uring_provided_buffers(7)}.
 */
public final class BufferRing implements AutoCloseable {
    private static final Access ACCESS = Access.get();

    private final Ring ring;
    private final int group;
    private final int count;
    private final int bufferSize;
    private final Arena arena;
    private final MemorySegment memory;
    private final BufferStates states;
    private final Leases leases;

    private BufferRing(
            Ring ring,
            int group,
            BufferRingConfig config,
            Arena arena,
            MemorySegment memory,
            BufferStates states) {
        this.ring = ring;
        this.group = group;
        this.arena = arena;
        this.memory = memory;
        this.states = states;
        count = config.count;
        bufferSize = config.bufferSize;
        leases = new Leases(ring, memory, this::giveBack);
    }

    /**
     * Registers a group of buffers that hold the data of one completion each ({@code
     * IORING_REGISTER_PBUF_RING}).
     *
     * @param group the group's id, 0 to 65535: what requests name it by
     * @param count how many buffers, a power of two, at most 32768
     * @param bufferSize how many bytes each has
     * @throws UringException when the kernel refuses: {@code EEXIST}, there is such a group; {@code
     *     ENOMEM}
     */
    public static BufferRing register(Ring ring, int group, int count, int bufferSize) {
        return register(ring, group, BufferRingConfig.of(count, bufferSize));
    }

    /**
     * Registers a group of buffers ({@code IORING_REGISTER_PBUF_RING}).
     *
     * @param group the group's id, 0 to 65535: what requests name it by
     * @throws UringException when the kernel refuses: {@code EEXIST}, there is such a group; {@code
     *     EINVAL}, it does not know a choice; {@code ENOMEM}
     */
    public static BufferRing register(Ring ring, int group, BufferRingConfig config) {
        if ((group & ~0xffff) != 0) {
            throw new IllegalArgumentException("a buffer group is 0 to 65535: group=" + group);
        }
        ACCESS.check(ring);
        Arena arena = Arena.ofShared();
        BufferRing buffers = null;
        try {
            MemorySegment memory = BufferRingRegistration.memory(config, arena);
            BufferStates states = BufferStates.register(ring, group, config, memory.address());
            buffers = new BufferRing(ring, group, config, arena, memory, states);
        } finally {
            if (buffers == null) {
                arena.close();
            }
        }
        ACCESS.adopt(ring, buffers);
        return buffers;
    }

    /** What requests name it by ({@link org.uring4j.Sqe#bufferGroup}). */
    public int group() {
        return group;
    }

    /** How many buffers there are; their ids are 0 to this less one. */
    public int count() {
        return count;
    }

    /** How many bytes each buffer has. */
    public int bufferSize() {
        return bufferSize;
    }

    /** The memory of all buffers, in order of their ids; invalid once this is closed. */
    public MemorySegment memory() {
        return memory;
    }

    /** Where in {@link #memory} a buffer begins. */
    public long offset(int id) {
        return (long) checked(id) * bufferSize;
    }

    /** A whole buffer. */
    public MemorySegment buffer(int id) {
        return memory.asSlice(offset(id), bufferSize);
    }

    /**
     * Takes what a completion brought.
     *
     * @param result the completion's result; below 0 counts as no bytes
     * @param flags the completion's flags
     * @return the bytes, to be used until the piece is recycled
     * @throws IllegalArgumentException when the completion used no buffer of this group
     * @throws IllegalStateException when it was taken before, or spans several buffers
     */
    public MemorySegment take(int result, int flags) {
        return memory.asSlice(takeOffset(result, flags), Math.max(result, 0));
    }

    /**
     * As {@link #take}, for where a slice is too much.
     *
     * @return where in {@link #memory} the bytes begin
     */
    public long takeOffset(int result, int flags) {
        ACCESS.check(ring);
        int id = idOf(flags);
        int from = states.used(id);
        states.take(id, Math.max(result, 0), flags);
        return (long) id * bufferSize + from;
    }

    /**
     * As {@link #take}, with the bytes as a lease, which may go to other threads and recycles the
     * piece when it is closed.
     */
    public Lease lease(int result, int flags) {
        long offset = takeOffset(result, flags);
        return leases.lease(offset, Math.max(result, 0));
    }

    /**
     * As {@link #forEach}, with each piece as a lease, which recycles it when it is closed.
     *
     * @param handler is to close the leases, also if it throws
     * @return how many there were, 1 or more
     */
    public int leaseAll(int result, int flags, Consumer<Lease> handler) {
        return forEach(
                result, flags, (id, offset, size) -> handler.accept(leases.lease(offset, size)));
    }

    /**
     * Takes what a completion brought, piece by piece, in order. For bundles; any other completion
     * has one piece.
     *
     * <p>When {@code handler} throws, the pieces it was not given are recycled.
     *
     * @param result the completion's result; below 0 counts as no bytes
     * @param flags the completion's flags
     * @return how many pieces there were, 1 or more
     */
    public int forEach(int result, int flags, PieceHandler handler) {
        ACCESS.check(ring);
        int id = idOf(flags);
        int from = states.used(id);
        int rest = Math.max(result, 0);
        int pieces = states.takeAll(id, rest, flags);
        int left = pieces;
        try {
            while (left > 0) {
                // Before the handler can recycle the buffer, which changes what follows it.
                int current = id;
                int size = Math.min(states.length(current) - from, rest);
                id = states.next(current);
                left--;
                handler.onPiece(current, (long) current * bufferSize + from, size);
                rest -= size;
                from = 0;
            }
        } finally {
            if (left > 0) {
                recycle(id, left);
            }
        }
        return pieces;
    }

    /**
     * As {@link #forEach}, and recycles all pieces when {@code handler} has seen them or has
     * thrown.
     *
     * @param handler must not recycle them itself
     * @return how many pieces there were, 1 or more
     */
    public int consume(int result, int flags, PieceHandler handler) {
        ACCESS.check(ring);
        int first = idOf(flags);
        int from = states.used(first);
        int rest = Math.max(result, 0);
        int pieces = states.takeAll(first, rest, flags);
        try {
            int id = first;
            for (int i = 0; i < pieces; i++) {
                int size = Math.min(states.length(id) - from, rest);
                handler.onPiece(id, (long) id * bufferSize + from, size);
                rest -= size;
                from = 0;
                id = states.next(id);
            }
        } finally {
            recycle(first, pieces);
        }
        return pieces;
    }

    /**
     * Gives back one piece of a buffer, at once.
     *
     * @throws IllegalStateException when no piece of it is out
     */
    public void recycle(int id) {
        add(id);
        states.publish();
    }

    /**
     * Gives back the pieces of a bundle, at once.
     *
     * @param first the id of the first: that of the completion
     * @param pieces how many, as {@link #forEach} answered
     * @throws IllegalStateException when no piece of one of the buffers is out
     */
    public void recycle(int first, int pieces) {
        int id = checked(first);
        for (int i = 0; i < pieces; i++) {
            int following = states.next(id);
            add(id);
            id = following;
        }
        states.publish();
    }

    /**
     * Gives back one piece of a buffer; the kernel sees it with {@link #publish}.
     *
     * @throws IllegalStateException when no piece of it is out
     */
    public void add(int id) {
        ACCESS.check(ring);
        states.put(checked(id), bufferSize);
    }

    /**
     * Gives a buffer that the program has filled to the kernel, to send from; the kernel sees it
     * with {@link #publish}. Buffers are sent in the order they were added.
     *
     * @param size how many of its bytes, from its beginning; 1 to {@link #bufferSize}
     * @throws IllegalStateException when it is the kernel's already
     */
    public void add(int id, int size) {
        ACCESS.check(ring);
        if (size < 1 || size > bufferSize) {
            throw new IllegalArgumentException(
                    "1 to all bytes of a buffer: size=" + size + " bufferSize=" + bufferSize);
        }
        states.put(checked(id), size);
    }

    /** Shows the kernel the buffers added. */
    public void publish() {
        ACCESS.check(ring);
        states.publish();
    }

    /** Recycles a piece that was leased. */
    private boolean giveBack(long offset, int size) {
        boolean added = states.put((int) (offset / bufferSize), bufferSize);
        states.publish();
        return added;
    }

    /** Gives the kernel the leases that other threads have closed. {@link #lease} does as well. */
    public void reclaim() {
        ACCESS.check(ring);
        leases.reclaim();
    }

    /**
     * After a request ended with {@code ENOBUFS}: how many buffers the kernel has again, so that it
     * can be submitted once more. If they are fewer than wanted, the next lease to be closed, by
     * whichever thread, wakes the ring ({@link #wakeBy}): wait for that and ask again. To be called
     * in the order of completions.
     *
     * @param wanted how many requests wait for a buffer
     */
    public int replenished(int wanted) {
        ACCESS.check(ring);
        leases.awaitReturn();
        int count = states.kernels();
        if (count >= wanted) {
            leases.awaitNoMore();
        }
        return count;
    }

    /**
     * Who wakes the ring where nothing but a lease that is closed can let it go on; see {@link
     * #replenished}. Without one, the program has to look by itself.
     *
     * @param waker of the same ring
     */
    public void wakeBy(Waker waker) {
        ACCESS.check(ring);
        leases.wakeBy(waker);
    }

    /** Which leases are out, since when, and where they were taken. */
    public LeasesOut leasesOut() {
        ACCESS.check(ring);
        return leases.report();
    }

    /**
     * How many buffers the kernel has left, one that it fills piece by piece among them; asks the
     * kernel ({@code IORING_REGISTER_PBUF_STATUS}). Since Linux 6.8.
     */
    public int available() {
        return states.available();
    }

    /**
     * Takes the buffers from the kernel ({@code IORING_UNREGISTER_PBUF_RING}) and frees them; while
     * requests are in flight, the memory stays until the ring closes, and while leases are out,
     * until they are closed. A request that would choose one fails with {@code ENOBUFS} from now
     * on.
     *
     * @throws UringException when the kernel refuses
     * @throws IllegalStateException when leases are out, and which; it is closed all the same
     */
    @Override
    public void close() {
        if (states.closed()) {
            return;
        }
        ACCESS.check(ring);
        ACCESS.remove(ring, this);
        Runnable free = leases.end(arena::close);
        int result = states.unregister();
        if (result < 0) {
            ACCESS.releaseWithRing(ring, free);
            throw ACCESS.failed(IORING_UNREGISTER_PBUF_RING, result, "group=" + group);
        }
        ACCESS.release(ring, free);
        leases.complain("the buffer ring of group " + group);
    }

    private int idOf(int flags) {
        int id = Cqe.bufferId(flags);
        if (!Cqe.hasBuffer(flags) || id >= count) {
            throw new IllegalArgumentException(
                    "the completion used no buffer of this group: group="
                            + group
                            + " flags="
                            + Cqe.describe(flags));
        }
        return id;
    }

    private int checked(int id) {
        if (id < 0 || id >= count) {
            throw new IndexOutOfBoundsException("no such buffer: id=" + id + " count=" + count);
        }
        return id;
    }

    @Override
    public String toString() {
        return "BufferRing[group="
                + group
                + " count="
                + count
                + " bufferSize="
                + bufferSize
                + (states.closed() ? " closed" : "")
                + "]";
    }

    /** Told of each piece of a completion's data. */
    @FunctionalInterface
    public interface PieceHandler {
        /**
         * A piece.
         *
         * @param id the buffer it is in
         * @param offset where it begins in {@link BufferRing#memory}
         * @param size how many bytes it has
         */
        void onPiece(int id, long offset, int size);
    }
}
