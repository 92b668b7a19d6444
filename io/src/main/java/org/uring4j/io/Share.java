package org.uring4j.io;

import org.jspecify.annotations.Nullable;
import org.uring4j.resource.Lease;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * How many buffers of a pool the leases of one stream hold, and whether that is too many.
 *
 * <p>It is held back when it holds twice its share, and goes on when it holds no more than that:
 * were it stopped and started for every buffer, a stream whose consumer is slow would cost up to
 * twice as much.
 *
 * <p>A buffer counts as a whole, however little of it is in leases, for the kernel gets it back as
 * a whole. The kernel fills one buffer after the other, so that a stream's leases on the same
 * buffer follow each other.
 *
 * <p><b>No end is missed.</b> The ring's thread sets {@link #awaited} and then looks at {@link
 * #held}; another thread changes {@code held} and then looks at {@code awaited}. Both are volatile,
 * so one of the two sees what the other did.
 */
final class Share {
    /** So many are its for good, and twice as many before it is held back. */
    private final int share;

    private final int most;
    private final Runnable onRelief;
    private final AtomicInteger held = new AtomicInteger();
    private volatile boolean awaited;
    private @Nullable Buffer last;

    /**
     * Nothing is held yet.
     *
     * @param share how many buffers the stream may hold and be received from
     * @param onRelief called, on any thread, when it holds no more after {@link #await}
     */
    Share(int share, Runnable onRelief) {
        this.share = share;
        most = (int) Math.min(2L * share, Integer.MAX_VALUE);
        this.onRelief = onRelief;
    }

    /** A buffer, while leases of the stream are on it. */
    private final class Buffer implements Runnable {
        private final long number;
        private final AtomicInteger leases = new AtomicInteger(1);

        Buffer(long number) {
            this.number = number;
        }

        /** One more lease, unless all were closed: then it may be full of others' bytes by now. */
        boolean join() {
            int count = leases.get();
            while (count > 0 && !leases.compareAndSet(count, count + 1)) {
                count = leases.get();
            }
            return count > 0;
        }

        /** A lease was closed. */
        @Override
        public void run() {
            if (leases.decrementAndGet() == 0 && held.decrementAndGet() <= share && awaited) {
                onRelief.run();
            }
        }
    }

    /** The stream gets a lease on a buffer. By the ring's thread. */
    void add(Lease lease, long buffer) {
        Buffer current = last;
        if (current == null || current.number != buffer || !current.join()) {
            current = new Buffer(buffer);
            last = current;
            held.incrementAndGet();
        }
        lease.onReturn(current);
    }

    /** Whether the stream holds so much that it is to be held back. */
    boolean isFull() {
        return held.get() >= most;
    }

    /**
     * Waits for it to hold no more than its share.
     *
     * @return false when it does by now
     */
    boolean await() {
        awaited = true;
        return !isRelieved();
    }

    /** Whether it holds no more than its share; then that is awaited no longer. */
    boolean isRelieved() {
        boolean relieved = held.get() <= share;
        if (relieved) {
            awaited = false;
        }
        return relieved;
    }
}
