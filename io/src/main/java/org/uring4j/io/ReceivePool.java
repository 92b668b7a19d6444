package org.uring4j.io;

import org.jspecify.annotations.Nullable;
import org.uring4j.Errno;
import org.uring4j.Kernel;
import org.uring4j.KernelVersion;
import org.uring4j.Ring;
import org.uring4j.Sqe;
import org.uring4j.UringException;
import org.uring4j.Waker;
import org.uring4j.op.Cancel;
import org.uring4j.op.SocketOptions;
import org.uring4j.resource.LeasesOut;
import org.uring4j.resource.ZeroCopyReceive;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The buffers that the streams of one {@link EventLoop} receive into, and the way they do.
 *
 * <pre>{@code
 * try (Ring ring = Ring.open(RingConfig.of(256))) {
 *     EventLoop loop = EventLoop.of(ring);
 *     try (ReceivePool pool = ReceivePool.open(loop)) {
 *         StreamReceiver receiver = pool.receive(fd, handler);
 *         while (!receiver.ended()) {
 *             loop.run(1);
 *         }
 *     }
 * }
 * }</pre>
 *
 * <p><b>The path.</b> It takes the best {@link ReceivePath} that the kernel has; {@link #path}
 * tells which, {@link #reason} why not a better one. {@link ReceivePoolConfig#path} overrides.
 *
 * <p><b>Back-pressure.</b> Buffers are shared by all streams of the pool. When all are out in
 * leases nothing is received, peers' bytes wait in their sockets, and it goes on when leases are
 * closed, in whichever thread; nothing is lost. So that a consumer that keeps leases for long does
 * not hold up the other streams as well, the leases of one stream may hold a part of the buffers
 * only ({@link ReceivePoolConfig#perStream}): then it waits for them, and its peer for it. Either
 * way a handler is told, for if it keeps leases to have more bytes with them, it waits for itself
 * ({@link StreamReceiver.Handler#onStalled}).
 *
 * <p><b>Threads.</b> It is used by the loop's thread. Leases may go to any.
 */
public final class ReceivePool implements AutoCloseable {
    private static final int WAKE = Integer.MIN_VALUE;
    private static final int GATHER = Integer.MIN_VALUE + 1;
    private static final int EVENT = Integer.MIN_VALUE + 2;

    /** Set in the value of what watches a receiver's connection, beside the receiver's slot. */
    private static final int WATCH = 1 << 30;

    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(10);

    private final EventLoop loop;
    private final Ring ring;
    private final int user;
    private final Intakes intakes;
    private final Waker waker;

    /** The value of the socket option, for as long as requests may name it. */
    private final @Nullable MemorySegment gather;

    private @Nullable StreamReceiver[] receivers = new StreamReceiver[16];
    private final List<StreamReceiver> heldBack = new ArrayList<>();

    /** Whose handlers are to be told. */
    private final ArrayDeque<StreamReceiver> stalling = new ArrayDeque<>();

    private final Runnable tellStalled = this::tellStalled;
    private int active;
    private long gatherRefused;

    /** Completions of the pool's own requests that are to come. */
    private int owed;

    private boolean closing;

    /** While closing: the waker's last completion has come. */
    private boolean woken;

    private boolean closed;
    long received;
    long starvations;
    long restarts;

    private ReceivePool(EventLoop loop, ReceivePoolConfig config) {
        this.loop = loop;
        ring = loop.ring();
        gather = config.gather == 0 ? null : gather(config.gather);
        user =
                loop.attach(
                        (value, result, flags, place, _) ->
                                onCompletion(value, result, flags, place));
        boolean complete = false;
        try {
            // Groups of the program's own are numbered from 0 on.
            intakes = new Intakes(ring, 0xffff - user, EventLoop.userData(user, EVENT), config);
            waker = ring.waker(EventLoop.userData(user, WAKE));
            intakes.wakeBy(waker);
            complete = true;
        } finally {
            if (!complete) {
                loop.detach(user);
            }
        }
    }

    private static MemorySegment gather(int bytes) {
        KernelVersion running = Kernel.current().version();
        if (running.compareTo(KernelVersion.parse("6.7")) < 0) {
            throw new UringException(
                    "IORING_OP_URING_CMD",
                    Errno.EOPNOTSUPP,
                    "gather(" + bytes + ") needs Linux 6.7, this is " + running);
        }
        return Arena.ofAuto().allocateFrom(ValueLayout.JAVA_INT, bytes);
    }

    /** Opens one with the best path and {@link ReceivePoolConfig#defaults()}. */
    public static ReceivePool open(EventLoop loop) {
        return open(loop, ReceivePoolConfig.defaults());
    }

    /**
     * Opens one.
     *
     * @throws UringException when the kernel refuses: {@code EINVAL} and others, it has not the
     *     path that was asked for; {@code ENOMEM}
     */
    public static ReceivePool open(EventLoop loop, ReceivePoolConfig config) {
        return new ReceivePool(loop, config);
    }

    /** How bytes are received at best; {@link StreamReceiver#path} says it of a stream. */
    public ReceivePath path() {
        return intakes.best().intake().path();
    }

    /** Why {@link #path} is not a better one; empty when it is the best. */
    public Optional<String> reason() {
        return Optional.ofNullable(intakes.best().reason());
    }

    /** The queue of the path {@link ReceivePath#ZERO_COPY}, for its counters; empty without one. */
    public Optional<ZeroCopyReceive> zeroCopy() {
        return intakes.queue();
    }

    /**
     * Starts to receive from a connected stream socket.
     *
     * @param fd the socket; the caller's to close, after {@link StreamReceiver#stop} or the end
     * @param handler is given what comes, in order, by {@link EventLoop#run(int)}
     */
    public StreamReceiver receive(int fd, StreamReceiver.Handler handler) {
        return receive(fd, false, handler);
    }

    /**
     * As {@link #receive}, from a registered file.
     *
     * @param index the socket's index among the ring's registered files
     */
    public StreamReceiver receiveDirect(int index, StreamReceiver.Handler handler) {
        return receive(index, true, handler);
    }

    private StreamReceiver receive(int fd, boolean direct, StreamReceiver.Handler handler) {
        if (closed) {
            throw new IllegalStateException("the pool is closed");
        }
        if (fd < 0) {
            throw new IllegalArgumentException(
                    direct ? "no registered file: index=" + fd : "no descriptor: fd=" + fd);
        }
        int slot = 0;
        while (slot < receivers.length && receivers[slot] != null) {
            slot++;
        }
        if (slot == receivers.length) {
            receivers = Arrays.copyOf(receivers, 2 * slot);
        }
        Intakes.Choice choice = intakes.choose(fd, direct);
        StreamReceiver receiver =
                new StreamReceiver(
                        this, choice.intake(), choice.reason(), slot, fd, direct, handler);
        receivers[slot] = receiver;
        active++;
        boolean armed = false;
        try {
            if (gather != null) {
                Sqe sqe =
                        SocketOptions.set(
                                ring.next(),
                                fd,
                                SocketOptions.SOL_SOCKET,
                                SocketOptions.SO_RCVLOWAT,
                                gather);
                (direct ? sqe.fixedFile() : sqe).userData(EventLoop.userData(user, GATHER));
                owed++;
            }
            choice.intake().arm(receiver);
            choice.intake().watch(receiver);
            armed = true;
        } finally {
            if (!armed) {
                remove(receiver);
            }
        }
        return receiver;
    }

    long userData(StreamReceiver receiver) {
        return EventLoop.userData(user, receiver.slot);
    }

    long watchData(StreamReceiver receiver) {
        return EventLoop.userData(user, receiver.slot | WATCH);
    }

    private void onCompletion(int value, int result, int flags, long place) {
        if (value >= 0) {
            StreamReceiver receiver = receivers[value & ~WATCH];
            if (receiver == null) {
                throw new IllegalStateException("a completion for no receiver: value=" + value);
            }
            if ((value & WATCH) == 0) {
                receiver.onCompletion(result, flags, place);
            } else {
                receiver.onWatched(result, flags);
            }
        } else if (value == WAKE) {
            if (closing) {
                woken = true;
            } else {
                waker.rearm();
                relieve();
                intakes.feed();
            }
        } else if (value == GATHER) {
            owed--;
            // Refused by a socket of another kind: then it tells of every byte.
            gatherRefused += result < 0 ? 1 : 0;
        } else if (value == EVENT) {
            onEvent(result);
        } else {
            owed--;
            StreamReceiver receiver = receivers[~value & ~WATCH];
            if (receiver != null && Errno.EALREADY.is(result)) {
                receiver.cancelAgain();
            }
        }
    }

    /** The card found no buffer: no request ends by that. */
    private void onEvent(int result) {
        intakes.onEvent(result);
        starvations++;
        for (StreamReceiver receiver : receivers) {
            if (receiver != null && receiver.path() == ReceivePath.ZERO_COPY) {
                receiver.stall();
            }
        }
    }

    /** Ends a receiver's request; what answers carries the inverse of its number. */
    void cancel(StreamReceiver receiver) {
        Cancel.cancel(ring.next(), userData(receiver))
                .userData(EventLoop.userData(user, ~receiver.slot));
        owed++;
    }

    /** Ends what watches its connection. */
    void cancelWatch(StreamReceiver receiver) {
        Cancel.cancel(ring.next(), watchData(receiver))
                .userData(EventLoop.userData(user, ~(receiver.slot | WATCH)));
        owed++;
    }

    /** The receiver is to be relieved. */
    void holdBack(StreamReceiver receiver) {
        heldBack.add(receiver);
    }

    /** Those that go on may hold others back. */
    private void relieve() {
        for (int i = heldBack.size() - 1; i >= 0; i--) {
            StreamReceiver receiver = heldBack.get(i);
            if (receiver.isRelieved()) {
                heldBack.remove(i);
                receiver.goOn();
            }
        }
    }

    /** The receiver's handler is told when it still waits before the loop does. */
    void stall(StreamReceiver receiver) {
        if (stalling.isEmpty()) {
            loop.beforeSubmit(tellStalled);
        }
        stalling.add(receiver);
    }

    private void tellStalled() {
        try {
            while (!stalling.isEmpty()) {
                stalling.remove().tellIfStalled();
            }
        } finally {
            // A handler threw: the others are told next time.
            if (!stalling.isEmpty()) {
                loop.beforeSubmit(tellStalled);
            }
        }
    }

    /** Some receiver can be relieved. On any thread, and at any time. */
    void wake() {
        boolean _ = waker.wake();
    }

    /** The receiver's last completion has come: its slot may be another's. */
    void remove(StreamReceiver receiver) {
        receivers[receiver.slot] = null;
        heldBack.remove(receiver);
        active--;
    }

    /** How many streams are being received from. */
    public int active() {
        return active;
    }

    /** How many bytes were received. */
    public long received() {
        return received;
    }

    /**
     * How often a stream had to wait, or was let wait no longer, because the kernel had no buffer
     * ({@code ENOBUFS}), or because a network card had none, which then drops what comes (told once
     * until data comes again, since Linux 7.2): with fast consumers, a sign that {@link
     * ReceivePoolConfig#size}, or the card's area, is small.
     */
    public long starvations() {
        return starvations;
    }

    /** How often the kernel ended a request that was to go on, and it was put in again. */
    public long restarts() {
        return restarts;
    }

    /** How many sockets did not take {@link ReceivePoolConfig#gather}. */
    public long gatherRefused() {
        return gatherRefused;
    }

    /** Which leases are out, since when, and where they were taken. */
    public LeasesOut leasesOut() {
        return intakes.leasesOut();
    }

    /**
     * Stops all receivers, runs the loop until their requests have ended, then frees the buffers;
     * those that leases are on, with the leases. Not from within a handler.
     *
     * @throws IllegalStateException when leases are out, and which; it is closed all the same
     * @throws UringException when requests would not end; their memory stays until the ring closes
     */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closing = true;
        for (StreamReceiver receiver : receivers) {
            if (receiver != null) {
                receiver.stop();
            }
        }
        // Not armed again, the waker has no completion after this one: none comes for nobody.
        woken |= !waker.wake();
        long end = System.nanoTime() + PATIENCE;
        for (long left = PATIENCE; !quiet() && left > 0; left = end - System.nanoTime()) {
            loop.run(1, Duration.ofNanos(left));
        }
        closed = true;
        waker.close();
        // The kernel has a queue for zero-copy, and may tell of it, until the ring closes.
        if (quiet() && intakes.queue().isEmpty()) {
            loop.detach(user);
        }
        intakes.close();
        if (active > 0) {
            throw new UringException(
                    "close", Errno.ETIMEDOUT, "requests did not end in time: requests=" + active);
        }
    }

    /** Whether nothing more is told of this pool's requests. */
    private boolean quiet() {
        return active == 0 && owed == 0 && woken;
    }

    @Override
    public String toString() {
        return "ReceivePool[path="
                + path()
                + " active="
                + active
                + " heldBack="
                + heldBack.size()
                + " received="
                + received
                + " starvations="
                + starvations
                + " restarts="
                + restarts
                + (closed ? " closed" : "")
                + "]";
    }
}
