package org.uring4j.io;

import org.jspecify.annotations.Nullable;
import org.uring4j.Cqe;
import org.uring4j.Errno;
import org.uring4j.Sqe;
import org.uring4j.UringException;
import org.uring4j.op.Polling;
import org.uring4j.resource.Lease;

import java.util.Optional;

/**
 * Receives the bytes of a stream socket, in order, as leases on the memory the kernel put them in.
 *
 * <pre>{@code
 * StreamReceiver receiver = pool.receive(fd, new StreamReceiver.Handler() {
 *     public void onLease(StreamReceiver from, Lease lease) {
 *         try (lease) {
 *             digest.update(lease.memory().asByteBuffer());
 *         }
 *     }
 *
 *     public void onEnd(StreamReceiver from) {
 *         System.out.println(from.received() + " bytes by " + from.path());
 *     }
 *
 *     public void onError(StreamReceiver from, UringException error) {
 *         System.out.println("broken off: " + error.getMessage());
 *     }
 * });
 * }</pre>
 *
 * <p>{@link ReceivePool#receive} starts one. It ends with the stream, with an error, or by {@link
 * #stop}; of the first two the handler is told, once, and after the end it is told nothing. What
 * the kernel does on the way (requests that end and are put in again, buffers that run out) is
 * handled here and counted.
 *
 * <p>It is used by the loop's thread.
 */
public final class StreamReceiver {
    static final int NO_BUFFER = -1;

    /** After so many failures in a row for want of memory it is an error. */
    private static final int MOST_RETRIES = 16;

    /** Gets what a stream brings, on the loop's thread. */
    public interface Handler {
        /**
         * Some bytes.
         *
         * @param lease is to be closed, here or elsewhere, also where this throws; what it throws
         *     comes out of {@link EventLoop#run(int)}
         */
        void onLease(StreamReceiver receiver, Lease lease);

        /**
         * No more comes until leases are closed: those of this stream hold twice its share of the
         * buffers, and it goes on when they hold no more than that ({@link
         * ReceivePoolConfig#perStream}); or those of all streams hold all buffers there are ({@link
         * ReceivePoolConfig#size}), and it goes on with the next one; with a network card these may
         * also be full of what waits in the sockets.
         *
         * <p>Who closes leases anyway, here or elsewhere, need not do anything. Who keeps them
         * until more has come waits for ever: copy what is to be kept and close them, or have the
         * pool let a stream hold more.
         *
         * <p>Called each time it comes to that, when the loop is about to wait.
         */
        default void onStalled(StreamReceiver receiver) {}

        /** The peer sends no more; all that it sent was delivered. */
        void onEnd(StreamReceiver receiver);

        /** The connection is broken, for instance by {@code ECONNRESET}. */
        void onError(StreamReceiver receiver, UringException error);
    }

    private final ReceivePool pool;
    private final Intake intake;
    private final @Nullable String reason;
    final int slot;
    final int fd;
    private final boolean direct;
    private final Handler handler;

    /** What plain receives receive into just now. */
    int buffer = NO_BUFFER;

    /** Whether the pool lets it wait for buffers. */
    boolean waiting;

    private final Share share;

    /** Whether it waits for leases of its own to be closed. */
    private boolean heldBack;

    /** Whether the handler is to be told, should it still be so, that nothing comes. */
    private boolean stalling;

    private boolean inFlight;

    /** Whether a request waits for the connection to be reset. */
    private boolean watched;

    /** Whether the connection was reset; there may still be bytes. */
    private boolean reset;

    private boolean paused;
    private boolean stopped;
    private boolean ended;
    private int retries;
    private long received;
    private long starvations;
    private long restarts;
    private long timesHeldBack;

    StreamReceiver(
            ReceivePool pool,
            Intake intake,
            @Nullable String reason,
            int slot,
            int fd,
            boolean direct,
            Handler handler) {
        this.pool = pool;
        this.intake = intake;
        this.reason = reason;
        this.slot = slot;
        this.fd = fd;
        this.direct = direct;
        this.handler = handler;
        share = new Share(intake.share(), pool::wake);
    }

    /** How it receives. */
    public ReceivePath path() {
        return intake.path();
    }

    /** Why {@link #path} is not a better one; empty when it is the best. */
    public Optional<String> reason() {
        return Optional.ofNullable(reason);
    }

    /**
     * Receives no more for now, so that the peer has to wait. What the kernel has received by then
     * is still delivered.
     */
    public void pause() {
        if (!paused && !ended) {
            paused = true;
            if (inFlight) {
                pool.cancel(this);
            }
        }
    }

    /** Goes on after {@link #pause}. */
    public void resume() {
        if (paused) {
            paused = false;
            goOn();
        }
    }

    /** Has a request put in if one is wanted. */
    void goOn() {
        // A request that is being cancelled is put in again when it has ended.
        if (!inFlight && !waiting) {
            proceed();
        }
    }

    /**
     * Ends receiving. The handler is told nothing any more, bytes that come yet are dropped. The
     * socket stays open, and may be closed at once.
     */
    public void stop() {
        if (stopped || ended) {
            return;
        }
        stopped = true;
        if (inFlight) {
            pool.cancel(this);
        } else {
            finish();
        }
    }

    /** Has the kernel tell of a reset by a request of its own. */
    void watch(Sqe sqe) {
        if (direct) {
            sqe.fixedFile();
        }
        sqe.userData(pool.watchData(this));
        watched = true;
    }

    /**
     * That request tells of something. After a reset the receive waits for nothing: it takes what
     * there is, is cancelled and put in again, until it ends with the reset.
     */
    void onWatched(int result, int flags) {
        watched = Cqe.hasMore(flags);
        boolean hungUp = result > 0 && (result & Polling.POLLHUP) != 0;
        if (ended) {
            if (!watched) {
                pool.remove(this);
            }
        } else if (hungUp && !reset) {
            reset = true;
            if (inFlight) {
                pool.cancel(this);
            }
        } else if (!watched && result >= 0) {
            intake.watch(this);
        }
    }

    /**
     * Whether it has ended: with the stream, with an error, or because it was stopped and the
     * kernel has let go of the socket.
     */
    public boolean ended() {
        return ended && !(stopped && watched);
    }

    /**
     * Whether nothing comes until leases are closed, of this stream or of others; see {@link
     * Handler#onStalled}.
     */
    public boolean stalled() {
        return !ended && !stopped && (heldBack || waiting || intake.isDry());
    }

    /** How many bytes were delivered. */
    public long received() {
        return received;
    }

    /** How often the kernel had no buffer for it ({@code ENOBUFS}). */
    public long starvations() {
        return starvations;
    }

    /** How often the kernel ended a request that was to go on, and it was put in again. */
    public long restarts() {
        return restarts;
    }

    /**
     * How often it had to wait for leases of its own to be closed ({@link
     * ReceivePoolConfig#perStream}).
     */
    public long timesHeldBack() {
        return timesHeldBack;
    }

    /** A request was written; the kernel has it with the next submit. */
    void sent(Sqe sqe) {
        if (direct) {
            sqe.fixedFile();
        }
        sqe.userData(pool.userData(this));
        inFlight = true;
        if (reset) {
            pool.cancel(this);
        }
    }

    void onCompletion(int result, int flags, long place) {
        inFlight = Cqe.hasMore(flags);
        intake.onCompletion(this, result, flags, place);
        if (stopped && !inFlight) {
            finish();
        }
    }

    /** Whether a request is to be in flight. */
    boolean wanted() {
        return !paused && !stopped && !ended && !heldBack;
    }

    private void holdBack() {
        heldBack = true;
        timesHeldBack++;
        pool.holdBack(this);
        if (inFlight) {
            pool.cancel(this);
        }
        stall();
    }

    /** It waits for leases to be closed, unless they are by the time the loop waits. */
    void stall() {
        if (!stalling) {
            stalling = true;
            pool.stall(this);
        }
    }

    void tellIfStalled() {
        stalling = false;
        if (stalled()) {
            handler.onStalled(this);
        }
    }

    /** Whether leases enough were closed: then it is to {@link #goOn}. */
    boolean isRelieved() {
        if (share.isRelieved()) {
            heldBack = false;
        }
        return !heldBack;
    }

    void proceed() {
        if (wanted()) {
            intake.arm(this);
        }
    }

    /** The request has ended without need. */
    void restart() {
        restarts++;
        pool.restarts++;
        proceed();
    }

    /** There was no buffer. */
    void starve() {
        starvations++;
        pool.starvations++;
        if (wanted()) {
            intake.await(this);
            if (waiting) {
                stall();
            }
        }
    }

    /** Some bytes have come; {@code buffer} is the number of what they are in. */
    void deliver(Lease lease, long buffer) {
        retries = 0;
        if (stopped) {
            lease.close();
            return;
        }
        received += lease.size();
        pool.received += lease.size();
        share.add(lease, buffer);
        try {
            handler.onLease(this, lease);
        } finally {
            // A lease is out also where the handler throws.
            if (!heldBack && !stopped && share.isFull() && share.await()) {
                holdBack();
            }
        }
    }

    /** The request has ended, with the stream or with an error. */
    void over(int result) {
        if (stopped) {
            return;
        }
        if (result == 0) {
            finish();
            handler.onEnd(this);
        } else if (Errno.ECANCELED.is(result)) {
            // Paused or held back, and perhaps to go on since.
            proceed();
        } else if ((Errno.ENOMEM.is(result) || Errno.EINTR.is(result))
                && retries++ < MOST_RETRIES) {
            restart();
        } else {
            finish();
            handler.onError(this, UringException.of(intake.operation(), result));
        }
    }

    /** The kernel was just working on the request that was to be cancelled. */
    void cancelAgain() {
        if (inFlight && (stopped || paused || heldBack || reset)) {
            pool.cancel(this);
        }
    }

    private void finish() {
        if (!ended) {
            ended = true;
            if (watched) {
                pool.cancelWatch(this);
            } else {
                pool.remove(this);
            }
            intake.forget(this);
        }
    }

    @Override
    public String toString() {
        return "StreamReceiver[fd="
                + fd
                + " path="
                + path()
                + " received="
                + received
                + (stalled() ? " stalled" : "")
                + (ended ? " ended" : "")
                + "]";
    }
}
