package org.uring4j.io;

import org.jspecify.annotations.Nullable;
import org.uring4j.Cqe;
import org.uring4j.Errno;
import org.uring4j.Kernel;
import org.uring4j.Ring;
import org.uring4j.UringException;
import org.uring4j.resource.RequestArena;

import java.lang.foreign.MemorySegment;

/**
 * Sends bytes in order on a stream socket, without copying them where that is cheaper.
 *
 * <pre>{@code
 * StreamSender sender = StreamSender.open(loop, fd, config, listener);
 * SendChunk chunk = sender.claim();
 * chunk.memory().setString(0, "hello");
 * chunk.send(5);
 * sender.finish();
 * while (running) {
 *     loop.run(1);
 * }
 * sender.close();
 * }</pre>
 *
 * <p><b>Two ways in</b> (the {@linkplain org.uring4j.io package's} page has a whole program). The
 * sender's own memory: {@link #claim} a chunk, fill it, {@link SendChunk#send}. Or the caller's,
 * lent by {@link #send(MemorySegment, Return)} until {@link Return#returned}. Both may be mixed;
 * bytes go out in the order of the calls.
 *
 * <p><b>Back-pressure.</b> What is held is bounded ({@link SenderConfig}): with no room, {@code
 * claim} answers null and {@code send} false, and {@link SenderListener#roomAgain} is called when
 * there is some again.
 *
 * <p><b>Requests.</b> One at a time, which keeps the order: all that has come up until the loop
 * submits goes into one. Whether it goes without copying is the {@link ZeroCopyPolicy}'s decision.
 * When there is no memory to lock, sends go on in another way, and {@link #report} says so.
 *
 * <p><b>Memory.</b> A chunk is free again, and lent memory its owner's, when the kernel has said
 * that it is done with it: for a zero-copy send its notification, which comes when the peer has
 * acknowledged the data. Neither a failure nor {@link #close} changes that: memory comes back as
 * the kernel gives it up, while the loop runs on. The sender's own memory is freed when all of it
 * has come back, or by closing the ring ({@link RequestArena}).
 *
 * <p>It is used by the thread that runs the loop, and allocates nothing in steady state. The
 * descriptor stays its owner's, to be closed after the sender.
 */
// Threads are compared by identity: a thread equals nothing but itself.
@SuppressWarnings("ReferenceEquality")
public final class StreamSender implements AutoCloseable {
    /** Is told that lent memory is its owner's again. */
    @FunctionalInterface
    public interface Return {
        /**
         * The kernel is done with the memory. It was sent unless the stream has failed or was
         * closed.
         *
         * @param memory what was lent
         */
        void returned(MemorySegment memory);
    }

    private final EventLoop loop;
    private final Ring ring;
    private final int user;
    private final SenderConfig config;
    private final SenderListener listener;
    private final ZeroCopyUse zeroCopy;
    private final RequestArena arena;
    private final SendRoom room;
    private final SendQueue queue;
    private final InFlight inFlight;
    private final SendRequests send;
    private final @Nullable Thread owner;
    private final Runnable flush = this::flush;

    private boolean scheduled;
    private boolean sending;
    private int sendSlot;
    private int sendBytes;

    private boolean finishing;
    private boolean shutdownSent;
    private boolean shutDown;
    private boolean finished;
    private boolean closed;
    private boolean disposed;
    private int cancelling;
    private @Nullable UringException failure;

    private long bytes;

    private StreamSender(EventLoop loop, int fd, SenderConfig config, SenderListener listener) {
        this.loop = loop;
        this.config = config;
        this.listener = listener;
        ring = loop.ring();
        owner = ring.setup().singleIssuer() ? Thread.currentThread() : null;
        zeroCopy = new ZeroCopyUse(config, Kernel.current());
        room = new SendRoom(config);
        queue = new SendQueue(config.chunks() + config.lentPieces());
        inFlight = new InFlight(queue.capacity());
        arena = RequestArena.open(ring);
        user = loop.attach(this::completed);
        boolean complete = false;
        try {
            send = new SendRequests(ring, user, fd, config, arena, queue.capacity());
            room.allocate(this, config, arena);
            complete = true;
        } finally {
            if (!complete) {
                loop.detach(user);
                arena.close();
            }
        }
    }

    /**
     * Opens a sender.
     *
     * @param loop what drives it
     * @param fd a connected stream socket, blocking as sockets are unless told otherwise
     * @throws UringException when the policy is to send all without copying and the kernel cannot
     */
    public static StreamSender open(
            EventLoop loop, int fd, SenderConfig config, SenderListener listener) {
        return new StreamSender(loop, fd, config, listener);
    }

    /** As {@link #open(EventLoop, int, SenderConfig, SenderListener)}, for whom nobody listens. */
    public static StreamSender open(EventLoop loop, int fd, SenderConfig config) {
        return new StreamSender(loop, fd, config, new SenderListener() {});
    }

    /**
     * A piece of the sender's memory to fill.
     *
     * @return null when there is no room, or the stream has ended
     */
    public @Nullable SendChunk claim() {
        checkThread();
        SendChunk chunk = ended() ? null : room.claim();
        if (chunk != null) {
            chunk.claimed();
        }
        return chunk;
    }

    /**
     * Sends the caller's memory, after all that was sent before, and holds it until {@link
     * Return#returned}: do not change or free it before.
     *
     * @param memory native memory of 1 byte or more, in an arena that other threads may use too
     * @return false when there is no room or the stream has ended: it stays the caller's
     */
    public boolean send(MemorySegment memory, Return onReturn) {
        checkThread();
        long size = memory.byteSize();
        if (!memory.isNative() || size == 0) {
            throw new IllegalArgumentException(
                    "native memory of 1 byte or more can be sent: native="
                            + memory.isNative()
                            + " bytes="
                            + size);
        }
        if (ended() || !room.lend(size)) {
            return false;
        }
        queue.add(memory, size, null, onReturn);
        schedule();
        return true;
    }

    void send(SendChunk chunk, int length) {
        checkThread();
        if (!ended()) {
            queue.add(chunk.whole(), length, chunk, null);
            schedule();
        } else if (finishing && !closed && failure == null) {
            throw new IllegalStateException(
                    "the stream was finished before the chunk was sent: length=" + length);
        } else {
            giveBack(chunk);
        }
    }

    void giveBack(SendChunk chunk) {
        checkThread();
        room.giveBack(chunk);
        schedule();
    }

    /**
     * Ends the stream when all is sent: the socket is shut down for sending, so that the peer reads
     * the end. Nothing can be sent any more, not in chunks that are claimed either.
     */
    public void finish() {
        checkThread();
        if (!finishing) {
            finishing = true;
            schedule();
        }
    }

    /**
     * Stops at once: what was not sent is dropped, the send under way is cancelled. Memory the
     * kernel still uses comes back while the loop runs on, and then {@link SenderListener#closed}
     * is called. What the socket has taken goes on its way; only resetting the connection stops
     * that.
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        checkThread();
        closed = true;
        queue.drop();
        if (sending) {
            cancel();
        }
        release();
        settle();
    }

    private void cancel() {
        try {
            send.cancel(sendSlot);
            cancelling++;
        } catch (IllegalStateException e) {
            // The ring is closed, and has ended all requests before.
        }
    }

    /** How many bytes wait to be taken by the socket. */
    public long unsent() {
        return queue.unsent();
    }

    /** Why the stream cannot go on; null while it can. */
    public @Nullable UringException failure() {
        return failure;
    }

    /** What was done so far. */
    public SenderReport report() {
        return zeroCopy.report(bytes, send.requests(), send.gathered());
    }

    private boolean ended() {
        return closed || finishing || failure != null || ringClosed();
    }

    /** Then running the loop says so; the sender's memory has gone with the ring. */
    private boolean ringClosed() {
        return !arena.scope().isAlive();
    }

    private void schedule() {
        if (!scheduled && !disposed) {
            scheduled = true;
            loop.beforeSubmit(flush);
        }
    }

    private void flush() {
        scheduled = false;
        if (disposed || ringClosed()) {
            return;
        }
        try {
            release();
            if (!closed && failure == null && !sending) {
                sendNext();
            }
            settle();
        } catch (RuntimeException | Error e) {
            // The kernel took nothing, or a listener threw: the rest is done next time.
            schedule();
            throw e;
        }
    }

    private void sendNext() {
        if (queue.unsent() == 0) {
            if (finishing && !shutdownSent) {
                send.shutdown();
                shutdownSent = true;
            }
        } else if (!zeroCopy.starved() && !inFlight.full()) {
            try {
                sendGathered();
            } catch (IllegalStateException e) {
                if (!queue.freed()) {
                    throw e;
                }
                String reason = "lent memory was freed before it was returned: " + e.getMessage();
                fail(new UringException("IORING_OP_SENDMSG", Errno.EFAULT, reason));
            }
        }
    }

    private void sendGathered() {
        int length = queue.gather(send.vectors(), config.request());
        int limit = zeroCopy.limit(length, send.vectors().count());
        if (limit < length) {
            length = queue.gather(send.vectors(), limit);
        }
        long first = queue.next();
        int count = send.vectors().count();
        boolean withoutCopying = zeroCopy.begin(length, count);
        int slot = inFlight.begin(first, count, withoutCopying);
        try {
            MemorySegment memory = queue.piece(first).memory;
            send.send(slot, memory, length, withoutCopying, zeroCopy.ioFlags());
        } catch (RuntimeException | Error e) {
            inFlight.end(slot);
            if (withoutCopying) {
                zeroCopy.failed();
            }
            throw e;
        }
        queue.use(first, count, 1);
        sendSlot = slot;
        sendBytes = length;
        sending = true;
    }

    private void completed(int value, int result, int flags, long first, long second) {
        int slot = SendRequests.slot(value);
        switch (SendRequests.kind(value)) {
            case SendRequests.SEND -> {
                if (Cqe.isNotification(flags)) {
                    notified(slot, result);
                } else {
                    sent(slot, result, Cqe.hasMore(flags));
                }
            }
            case SendRequests.SHUTDOWN -> {
                shutDown = true;
                if (result < 0 && !closed && failure == null) {
                    fail(UringException.of("IORING_OP_SHUTDOWN", result));
                }
            }
            default -> cancelling--;
        }
        schedule();
        release();
        settle();
    }

    private void sent(int slot, int result, boolean announced) {
        boolean withoutCopying = inFlight.zeroCopy(slot);
        int taken = Math.max(result, 0);
        sending = false;
        bytes += taken;
        if (!closed && failure == null) {
            queue.taken(taken);
        }
        if (announced) {
            inFlight.bytes(slot, taken);
            zeroCopy.announced(taken);
        } else {
            end(slot);
            if (withoutCopying) {
                zeroCopy.failed();
            } else {
                zeroCopy.sentPlainly(taken);
            }
        }
        if (result <= 0 && !closed && failure == null) {
            UringException reason = zeroCopy.refused(withoutCopying, sendBytes, result);
            if (reason != null) {
                fail(reason);
            }
        }
    }

    private void notified(int slot, int result) {
        zeroCopy.notified(inFlight.bytes(slot), result, !closed && failure == null);
        end(slot);
    }

    private void end(int slot) {
        queue.use(inFlight.first(slot), inFlight.count(slot), -1);
        inFlight.end(slot);
    }

    private void fail(UringException reason) {
        failure = reason;
        queue.drop();
        schedule();
        listener.failed(this, reason);
    }

    /** Gives back what no request uses any more. */
    private void release() {
        SendQueue.Piece piece = queue.pollFree();
        while (piece != null) {
            SendChunk chunk = piece.chunk;
            Return onReturn = piece.owner;
            MemorySegment memory = piece.memory;
            piece.clear();
            if (chunk != null) {
                room.giveBack(chunk);
            } else if (onReturn != null) {
                room.returned(piece.length);
                onReturn.returned(memory);
            }
            piece = queue.pollFree();
        }
        if (!ended() && room.takeNews()) {
            listener.roomAgain(this);
        }
    }

    /** Ends what has come to its end. */
    private void settle() {
        boolean quiet = !sending && queue.isEmpty() && inFlight.isEmpty();
        if (shutDown && quiet && !finished && !closed && failure == null) {
            finished = true;
            listener.finished(this);
        }
        boolean allBack = room.allBack() && cancelling == 0 && shutdownSent == shutDown;
        if (closed && quiet && allBack && !disposed) {
            disposed = true;
            loop.detach(user);
            arena.close();
            listener.closed(this);
        }
    }

    private void checkThread() {
        if (owner != null && owner != Thread.currentThread()) {
            throw new WrongThreadException(
                    "a sender is used by the thread that runs its loop: owner=" + owner.getName());
        }
    }
}
