package org.uring4j.io;

import org.jspecify.annotations.Nullable;
import org.uring4j.Waker;
import org.uring4j.resource.LeasesOut;

import java.util.ArrayDeque;

/** Where the bytes of some receivers are put, and the requests for that. */
abstract class Intake implements AutoCloseable {
    private final ArrayDeque<StreamReceiver> waiting = new ArrayDeque<>();
    private @Nullable Waker waker;

    /** What it is. */
    abstract ReceivePath path();

    /** What its requests are called in errors. */
    String operation() {
        return "IORING_OP_RECV";
    }

    /** How many buffers the leases of one stream may hold while it waits for more. */
    abstract int share();

    /** Puts a request for a receiver in, or has it wait for buffers. */
    abstract void arm(StreamReceiver receiver);

    /** Puts in what else is needed for as long as it receives. */
    void watch(StreamReceiver receiver) {}

    /** Answers one; {@code place} is the first extra value of the completion. */
    abstract void onCompletion(StreamReceiver receiver, int result, int flags, long place);

    /**
     * How many buffers there are for those who wait for some; if they are fewer than wanted, the
     * next one to come back wakes the ring.
     */
    abstract int replenished(int wanted);

    /** Whether there is no buffer for anybody, of which no request has to tell. */
    boolean isDry() {
        return false;
    }

    /** Who has {@link #feed} called, from any thread. */
    void wakeBy(Waker waker) {
        this.waker = waker;
    }

    abstract LeasesOut leasesOut();

    @Override
    public abstract void close();

    /** The receiver goes on when there are buffers. */
    void await(StreamReceiver receiver) {
        if (!receiver.waiting) {
            receiver.waiting = true;
            waiting.add(receiver);
        }
        feed();
    }

    /** The receiver has ended. */
    void forget(StreamReceiver receiver) {
        if (receiver.waiting) {
            waiting.remove(receiver);
        }
        // It may have been let go on instead of another.
        feed();
    }

    /**
     * Lets as many of those that wait go on as there are buffers. One whose peer is silent takes
     * none, and no lease may ever come back: so the others have their turn soon after.
     */
    void feed() {
        if (waiting.isEmpty()) {
            return;
        }
        int free = replenished(waiting.size());
        boolean some = free > 0;
        while (free > 0 && !waiting.isEmpty()) {
            StreamReceiver receiver = waiting.remove();
            receiver.waiting = false;
            if (receiver.wanted()) {
                receiver.proceed();
                free--;
            }
        }
        if (some && !waiting.isEmpty() && waker != null) {
            waker.wake();
        }
    }
}
