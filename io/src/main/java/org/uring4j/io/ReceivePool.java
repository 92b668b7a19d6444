package org.uring4j.io;

import org.jspecify.annotations.Nullable;
import org.uring4j.Errno;
import org.uring4j.Kernel;
import org.uring4j.KernelVersion;
import org.uring4j.Ring;
import org.uring4j.UringException;
import org.uring4j.Waker;
import org.uring4j.op.Cancel;
import org.uring4j.resource.LeasesOut;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

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
 * closed, in whichever thread; nothing is lost. A consumer that keeps leases for long holds up the
 * other streams as well: {@link StreamReceiver#pause} its stream, or copy what is to be kept.
 *
 * <p><b>Threads.</b> It is used by the loop's thread. Leases may go to any.
 */
public final class ReceivePool implements AutoCloseable {
    private static final int WAKE = Integer.MIN_VALUE;
    private static final Duration PATIENCE = Duration.ofMillis(100);
    private static final int MOST_WAITS = 100;

    private final EventLoop loop;
    private final Ring ring;
    private final int user;
    private final Intake intake;
    private final @Nullable String reason;
    private final Waker waker;
    private final ArrayDeque<StreamReceiver> waiting = new ArrayDeque<>();
    private @Nullable StreamReceiver[] receivers = new StreamReceiver[16];
    private int active;
    private boolean closed;
    long received;
    long starvations;
    long restarts;

    private ReceivePool(EventLoop loop, ReceivePoolConfig config) {
        this.loop = loop;
        ring = loop.ring();
        List<String> reasons = new ArrayList<>();
        user = loop.attach((value, result, flags, _, _) -> onCompletion(value, result, flags));
        boolean complete = false;
        try {
            intake = choose(config, reasons);
            waker = ring.waker(EventLoop.userData(user, WAKE));
            intake.wakeBy(waker);
            complete = true;
        } finally {
            if (!complete) {
                loop.detach(user);
            }
        }
        reason = reasons.isEmpty() ? null : String.join("; ", reasons);
    }

    /** Opens one with the best path and {@link ReceivePoolConfig#defaults()}. */
    public static ReceivePool open(EventLoop loop) {
        return open(loop, ReceivePoolConfig.defaults());
    }

    /**
     * Opens one.
     *
     * @throws UringException when the kernel refuses: {@code EINVAL}, it has not the path that was
     *     asked for; {@code ENOMEM}
     */
    public static ReceivePool open(EventLoop loop, ReceivePoolConfig config) {
        return new ReceivePool(loop, config);
    }

    private Intake choose(ReceivePoolConfig config, List<String> reasons) {
        if (config.path != null) {
            reasons.add("path(" + config.path + ") was asked for");
            return intake(config.path, config);
        }
        for (ReceivePath path : ReceivePath.values()) {
            try {
                return intake(path, config);
            } catch (UringException e) {
                // What this kernel has not, not what it has too little of.
                if (e.errno() != Errno.EINVAL) {
                    throw e;
                }
                reasons.add(path + ": " + e.getMessage());
            }
        }
        throw new AssertionError("plain receives need nothing");
    }

    private Intake intake(ReceivePath path, ReceivePoolConfig config) {
        if (path == ReceivePath.PLAIN) {
            return new PlainIntake(ring, config);
        }
        KernelVersion running = Kernel.current().version();
        if (running.compareTo(KernelVersion.parse("6.0")) < 0) {
            throw new UringException(
                    "IORING_OP_RECV",
                    Errno.EINVAL,
                    "multishot receive needs Linux 6.0, this is " + running);
        }
        // Groups of the program's own are numbered from 0 on.
        return new ProvidedIntake(ring, 0xffff - user, path, config);
    }

    /** How bytes are received. */
    public ReceivePath path() {
        return intake.path();
    }

    /** Why {@link #path} is not a better one; empty when it is the best. */
    public Optional<String> reason() {
        return Optional.ofNullable(reason);
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
            throw new IllegalArgumentException("no descriptor: fd=" + fd);
        }
        int slot = 0;
        while (slot < receivers.length && receivers[slot] != null) {
            slot++;
        }
        if (slot == receivers.length) {
            receivers = Arrays.copyOf(receivers, 2 * slot);
        }
        StreamReceiver receiver = new StreamReceiver(this, intake, slot, fd, direct, handler);
        receivers[slot] = receiver;
        active++;
        boolean armed = false;
        try {
            intake.arm(receiver);
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

    private void onCompletion(int value, int result, int flags) {
        if (value >= 0) {
            StreamReceiver receiver = receivers[value];
            if (receiver == null) {
                throw new IllegalStateException("a completion for no receiver: slot=" + value);
            }
            receiver.onCompletion(result, flags);
        } else if (value == WAKE) {
            if (!closed) {
                waker.rearm();
                feed();
            }
        } else {
            StreamReceiver receiver = receivers[~value];
            if (receiver != null && Errno.EALREADY.is(result)) {
                receiver.cancelAgain();
            }
        }
    }

    /** Ends a receiver's request; what answers carries the inverse of its number. */
    void cancel(StreamReceiver receiver) {
        Cancel.cancel(ring.next(), userData(receiver))
                .userData(EventLoop.userData(user, ~receiver.slot));
    }

    /** The receiver goes on when there are buffers. */
    void await(StreamReceiver receiver) {
        starvations++;
        if (!receiver.waiting) {
            receiver.waiting = true;
            waiting.add(receiver);
        }
        feed();
    }

    /** Lets as many of those that wait go on as there are buffers. */
    void feed() {
        if (waiting.isEmpty()) {
            return;
        }
        for (int free = intake.replenished(); free > 0 && !waiting.isEmpty(); free--) {
            StreamReceiver receiver = waiting.remove();
            receiver.waiting = false;
            receiver.proceed();
        }
    }

    /** The receiver's last completion has come. */
    void remove(StreamReceiver receiver) {
        receivers[receiver.slot] = null;
        active--;
        if (receiver.waiting) {
            waiting.remove(receiver);
        }
        if (!closed) {
            // It may have been let go on instead of another.
            feed();
        }
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
     * ({@code ENOBUFS}): with fast consumers, a sign that {@link ReceivePoolConfig#size} is small.
     */
    public long starvations() {
        return starvations;
    }

    /** How often the kernel ended a request that was to go on, and it was put in again. */
    public long restarts() {
        return restarts;
    }

    /** Which leases are out, since when, and where they were taken. */
    public LeasesOut leasesOut() {
        return intake.leasesOut();
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
        for (StreamReceiver receiver : receivers) {
            if (receiver != null) {
                receiver.stop();
            }
        }
        for (int waits = 0; active > 0 && waits < MOST_WAITS; waits++) {
            loop.run(1, PATIENCE);
        }
        closed = true;
        waker.close();
        intake.close();
        if (active > 0) {
            throw new UringException(
                    "close", Errno.ETIMEDOUT, "requests did not end in time: requests=" + active);
        }
    }

    @Override
    public String toString() {
        return "ReceivePool[path="
                + path()
                + " active="
                + active
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
