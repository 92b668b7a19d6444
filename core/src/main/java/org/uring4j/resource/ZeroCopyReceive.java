package org.uring4j.resource;

import org.uring4j.Cqe;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.UringException;
import org.uring4j.Waker;
import org.uring4j.internal.Access;
import org.uring4j.internal.sys.Memory;
import org.uring4j.internal.uapi.ZcrxStats;

import java.lang.foreign.MemorySegment;

/**
 * A receive queue of a network card that writes into the program's memory ({@code
 * IORING_REGISTER_ZCRX_IFQ}). Since Linux 6.15.
 *
 * <pre>{@code
 * Ring ring = Ring.open(RingConfig.of(256).cqeSize(CqeSize.MIXED));
 * ZeroCopyReceive queue =
 *         ZeroCopyReceive.register(
 *                 ring, ZcrxSource.netDevice("eth0", 4), ZeroCopyReceiveConfig.of(64 << 20));
 * ZeroCopyReceives.receive(ring.next(), fd, queue.id()).userData(7);
 * ...
 * ring.completions().drain((userData, result, flags, place, unused) -> {
 *     if (ZeroCopyReceive.hasData(result, flags)) {
 *         MemorySegment data = queue.take(result, flags, place);
 *         ...
 *         queue.recycle(place);
 *     } else if (queue.recover(result)) {
 *         ZeroCopyReceives.receive(ring.next(), fd, queue.id()).userData(7);
 *     }
 * });
 * }</pre>
 *
 * <pre>
 *   area      +--------+--------+--------+--------+---   buffers; the network card fills them
 *             |        |ab|cdefg|        |hijklmno|
 *             +--------+--------+--------+--------+---
 *                        │  │                │
 *   completions          ▼  ▼                ▼           one a piece, with its place
 *   take, recycle        └──┴───┬────────────┘
 *                               ▼
 *   refill ring   ------+----------------+-------        one entry a piece; the kernel takes them
 * </pre>
 *
 * <p><b>Taking and recycling.</b> A completion {@linkplain #hasData with data} hands over a piece
 * of a buffer. It is taken once ({@link #take}, {@link #takeOffset}) and given back once ({@link
 * #recycle}), in any order. A buffer is the kernel's again when all its pieces are back. Recycling
 * twice would corrupt data in silence, and is an {@link IllegalStateException} instead. A {@link
 * #lease} does that by itself, and may go to other threads. What does not fit into the refill ring
 * is kept and put there later; where the kernel does not empty it by itself it is asked to ({@link
 * #flush}, which the other methods call when it is time).
 *
 * <p><b>No buffers left.</b> Then the network card drops what arrives, and the peer sends it again
 * later. A request ends only when data has to be copied and there is no buffer to copy to: see
 * {@link #recover}.
 *
 * <p><b>Threads and memory.</b> It is used as its ring is: by the thread that owns that. The kernel
 * has no way to give a queue back but closing the ring, so the memory, and the queue, stay until
 * then, however early {@link #close} is called.
 *
 * <p>Source: {@code linux/io_uring/zcrx.h}, {@code Documentation/networking/iou-zcrx.rst}, {@code
 * io_uring_register_ifq(3)}.
 */
public final class ZeroCopyReceive implements AutoCloseable {
    private static final Access ACCESS = Access.get();

    private final Ring ring;
    private final int id;
    private final ZcrxQueue queue;
    private final ZcrxControl control;

    private final ZcrxLeases leases;

    /** Another thread gave back enough for the kernel to be asked to take it. */
    private volatile boolean flushWanted;

    private volatile boolean closed;

    private ZeroCopyReceive(Ring ring, int id, ZcrxQueue queue) {
        this.ring = ring;
        this.id = id;
        this.queue = queue;
        control = new ZcrxControl(ring, id);
        leases = new ZcrxLeases(ring, queue, this::giveBack);
        ACCESS.adopt(ring, this);
    }

    /**
     * Registers a queue with a ring ({@code IORING_REGISTER_ZCRX_IFQ}, since Linux 6.15); a ring
     * may have several.
     *
     * @param ring one with 32-byte completions, {@code B32} or {@code MIXED}, a single issuer and
     *     deferred task work
     * @throws IllegalArgumentException when the ring is none of those
     * @throws UringException when the kernel refuses: {@code EPERM}, no {@code CAP_NET_ADMIN};
     *     {@code EINVAL}, the card does not split headers from data, or the kernel does not know a
     *     choice; {@code ERANGE}, no such queue, or buffers too long; {@code EOPNOTSUPP}, the
     *     driver does not lend out queues; {@code EEXIST}, the queue is taken; {@code ENODEV};
     *     {@code ENOMEM}, too little memory, or too little of it may be locked
     */
    public static ZeroCopyReceive register(
            Ring ring, ZcrxSource source, ZeroCopyReceiveConfig config) {
        ACCESS.check(ring);
        ZcrxCauses.check(ring);
        ZcrxRegistration.Registered made = ZcrxRegistration.register(ring, source, config);
        return new ZeroCopyReceive(ring, made.id(), made.queue());
    }

    /**
     * Registers a queue of another ring of this process with this one too ({@code
     * IORING_REGISTER_ZCRX_IFQ} with {@code ZCRX_REG_IMPORT}, since Linux 6.19); they share areas,
     * refill ring and counters.
     *
     * @param ring as for {@link #register(Ring, ZcrxSource, ZeroCopyReceiveConfig)}
     * @throws UringException when the kernel refuses
     */
    public static ZeroCopyReceive register(Ring ring, ZcrxExport exported) {
        ACCESS.check(ring);
        ZcrxCauses.check(ring);
        int id = ZcrxRegistration.importQueue(ring, exported.fd());
        exported.queue.join();
        return new ZeroCopyReceive(ring, id, exported.queue);
    }

    /** What requests name it by. */
    public int id() {
        return id;
    }

    /** How long a buffer is, in bytes. */
    public int bufferSize() {
        return queue.bufferSize;
    }

    /** The memory of the first area; invalid once the ring is closed. */
    public MemorySegment memory() {
        return queue.memory(0);
    }

    /**
     * The memory of an area; invalid once the ring is closed.
     *
     * @param area as {@link #area} or {@link #addArea} answered
     */
    public MemorySegment memory(int area) {
        return queue.memory(area);
    }

    /** Which area a completion's bytes are in: the first is 0. */
    public static int area(long place) {
        return ZcrxQueue.areaOf(place);
    }

    /** Whether a completion brings a piece, which is to be taken and recycled. */
    public static boolean hasData(int result, int flags) {
        return result > 0 && Cqe.hasMore(flags);
    }

    /**
     * Takes what a completion brought.
     *
     * @param result the completion's result
     * @param flags the completion's flags
     * @param place the first extra value of the completion
     * @return the bytes, to be used until the piece is recycled
     * @throws IllegalArgumentException when the completion brought no data, or that of another
     *     queue
     */
    public MemorySegment take(int result, int flags, long place) {
        long offset = takeOffset(result, flags, place);
        return queue.memory(ZcrxQueue.areaOf(place)).asSlice(offset, result);
    }

    /**
     * As {@link #take}, for where a slice is too much.
     *
     * @return where in {@link #memory(int)} of its {@link #area} the bytes begin
     */
    public long takeOffset(int result, int flags, long place) {
        check();
        if (!hasData(result, flags)) {
            throw new IllegalArgumentException(
                    "the completion brought no data: result="
                            + result
                            + " flags="
                            + Cqe.describe(flags));
        }
        if (flushWanted) {
            flushWanted = false;
            flush();
        }
        return queue.take(place, result);
    }

    /**
     * As {@link #take}, with the bytes as a lease, which may go to other threads and recycles the
     * piece when it is closed, on whichever thread.
     */
    public Lease lease(int result, int flags, long place) {
        return leases.lease(place, takeOffset(result, flags, place), result);
    }

    /**
     * Gives back one piece, at once.
     *
     * @param place as the completion had it, or any other within the piece
     * @throws IllegalStateException when no piece of the buffer is out
     */
    public void recycle(long place) {
        add(place);
        publish();
    }

    /**
     * Gives back one piece; the kernel sees it with {@link #publish}.
     *
     * @param place as the completion had it, or any other within the piece
     * @throws IllegalStateException when no piece of the buffer is out
     */
    public void add(long place) {
        check();
        queue.put(place);
    }

    /** Shows the kernel the pieces added. */
    public void publish() {
        check();
        if (queue.publish() && control.canFlush()) {
            flush();
        }
    }

    /** A lease was closed. On any thread, and at any time. */
    private void giveBack(long place) {
        queue.put(place);
        if (queue.publish() && control.canFlush()) {
            if (!closed && ACCESS.owns(ring)) {
                flush();
            } else {
                flushWanted = true;
            }
        }
    }

    /**
     * Has the kernel take all that was given back ({@code IORING_REGISTER_ZCRX_CTRL} with {@code
     * ZCRX_CTRL_FLUSH_RQ}, since Linux 6.19). Before, this only shows what there is.
     */
    public void flush() {
        check();
        queue.publish();
        boolean more = true;
        while (more && control.flush()) {
            more = queue.flushed() > 0;
        }
    }

    /**
     * To be told of a request's last completion: whether the request can be submitted again to go
     * on. It can when it ended for want of buffers ({@code ENOMEM}) or of room for completions
     * ({@code ENOSPC}), which are counted; what was given back is then free. Should all buffers
     * still be out, submit it only when some are back: see {@link #replenished}.
     *
     * @param result the completion's result
     */
    public boolean recover(int result) {
        check();
        if (Errno.ENOMEM.is(result)) {
            queue.ranOut();
            flush();
            return true;
        }
        if (Errno.ENOSPC.is(result)) {
            queue.queueFull();
            return true;
        }
        return false;
    }

    /**
     * After a request ended with {@code ENOMEM}: how many buffers the program has nothing of, so
     * that the request can be submitted once more. If they are fewer than wanted, the next lease to
     * be closed, by whichever thread, wakes the ring ({@link #wakeBy}): wait for that and ask
     * again.
     *
     * @param wanted how many requests wait for a buffer
     */
    public int replenished(int wanted) {
        check();
        leases.awaitReturn();
        flush();
        int count = queue.kernels();
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
        check();
        leases.wakeBy(waker);
    }

    /** Which leases are out, since when, and where they were taken. */
    public LeasesOut leasesOut() {
        ACCESS.check(ring);
        return leases.report();
    }

    /**
     * To be told of each completion with the user data of {@link ZeroCopyReceiveConfig#events},
     * which is the end of no request.
     *
     * @param result the completion's result
     * @return what has happened
     * @throws IllegalArgumentException when that is not known here
     */
    public ZcrxEvent takeEvent(int result) {
        // First: one of an event that is not known ends no request either.
        ring.completions().discount();
        ZcrxEvent event = ZcrxEvent.of(result);
        if (event == ZcrxEvent.ALLOC_FAIL) {
            queue.allocFailed();
        }
        return event;
    }

    /**
     * Has the kernel tell again ({@code IORING_REGISTER_ZCRX_CTRL} with {@code
     * ZCRX_CTRL_ARM_EVENT}, since Linux 7.2).
     *
     * @throws UringException {@code EINVAL}, it has not told since the last time
     */
    public void armEvent(ZcrxEvent event) {
        check();
        control.arm(event);
    }

    /**
     * A descriptor by which other rings, also of other processes, can use this queue ({@code
     * IORING_REGISTER_ZCRX_CTRL} with {@code ZCRX_CTRL_EXPORT}, since Linux 6.19).
     */
    public ZcrxExport export() {
        check();
        return new ZcrxExport(control.export(), queue);
    }

    /**
     * Adds memory, in buffers of the same size ({@code IORING_REGISTER_ZCRX_CTRL} with {@code
     * ZCRX_CTRL_ADD_AREA}, since Linux 7.3).
     *
     * @return which {@link #area} it is
     */
    public int addArea(ZcrxMemory memory) {
        check();
        ZcrxArea area = ZcrxArea.make(memory, queue.bufferSize, 0);
        boolean added = false;
        try {
            int number = control.addArea(area, memory);
            queue.add(number, area);
            added = true;
            return number;
        } finally {
            if (!added) {
                area.arena.close();
            }
        }
    }

    /**
     * How many pieces of data the kernel has copied.
     *
     * @throws IllegalStateException without {@link ZeroCopyReceiveConfig#statistics}
     */
    public long copyCount() {
        return counted(ZcrxStats.COPY_COUNT);
    }

    /** How many bytes the kernel has copied; as {@link #copyCount}. */
    public long copyBytes() {
        return counted(ZcrxStats.COPY_BYTES);
    }

    private long counted(int offset) {
        check();
        if (queue.statistics == 0) {
            throw new IllegalStateException(
                    "the kernel was not told to count: ZeroCopyReceiveConfig.statistics()");
        }
        return Memory.getLong(queue.statistics + offset);
    }

    /** How buffers have gone back and forth so far. */
    public ZeroCopyReceiveCounters counters() {
        return queue.counters();
    }

    /**
     * Ends the use of this object; nothing can be taken or recycled any more, but leases can be
     * closed. The kernel keeps the queue until the ring is closed, and exports and other rings of
     * it. The memory stays until then, and until all leases are closed; nothing else is put where
     * they are.
     *
     * @throws IllegalStateException when leases are out, and which; it is closed all the same
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        ACCESS.check(ring);
        ACCESS.remove(ring, this);
        closed = true;
        leases.end();
        ACCESS.releaseWithRing(ring, queue::leave);
        leases.complain("the zero-copy receive of queue " + id);
    }

    private void check() {
        ACCESS.check(ring);
        if (closed) {
            throw new IllegalStateException("the zero-copy receive is closed: id=" + id);
        }
    }

    @Override
    public String toString() {
        return "ZeroCopyReceive[id="
                + id
                + " bufferSize="
                + queue.bufferSize
                + (closed ? " closed" : "")
                + "]";
    }
}
