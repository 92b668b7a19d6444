package org.uring4j;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_CQ_EVENTFD_DISABLED;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_CQE32;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_CQE_MIXED;

import org.uring4j.internal.sys.Memory;
import org.uring4j.internal.uapi.IoUringCqe;

/**
 * The completion queue: answers from the kernel.
 *
 * <pre>
 *        head                     tail
 *         |      completions       |
 *   ------+------------------------+------ entries, index &amp; mask
 *         program takes from here  kernel adds here
 *
 *   entry:  0 user_data (8) | 8 res (4) | 12 flags (4) [| 16 more (16), if 32 bytes long]
 * </pre>
 *
 * <p>A queue that is full loses nothing: the kernel keeps what does not fit, and {@link #drain}
 * fetches it ({@link #overflows} counts how often).
 */
public final class CompletionQueue {
    private final Ring ring;
    private long headAddress;
    private long tailAddress;
    private long flagsAddress;
    private long overflowAddress;
    private long cqes;
    private int entries;
    private int mask;
    private final boolean big;
    private final boolean mixed;

    private int head;
    private boolean draining;

    /** Whether there may be entries that are not for the program. */
    private boolean filters;

    /** What the last search of {@link Canceller} found; -1 while its completion is to come. */
    private int found;

    /** Completions taken that ended something: a request, or the time of a tag. */
    private long ended;

    /** Tags given to resources so far, and those whose resource was given up. */
    private long tagged;

    private long untagged;

    CompletionQueue(Ring ring, RingOpener opener) {
        this.ring = ring;
        place(opener.layout);
        big = (opener.flags & IORING_SETUP_CQE32) != 0;
        mixed = (opener.flags & IORING_SETUP_CQE_MIXED) != 0;
        filters = mixed;
        head = Memory.getInt(headAddress);
    }

    private void place(RingLayout layout) {
        headAddress = layout.cqHead;
        tailAddress = layout.cqTail;
        flagsAddress = layout.cqFlags;
        overflowAddress = layout.cqOverflow;
        cqes = layout.cqes;
        entries = layout.cqEntries;
        mask = entries - 1;
    }

    /**
     * Goes on in other memory, of which the kernel has made its queue with all that waits in this
     * one. Entries are copied nevertheless: kernels (6.18 still) mistake those of 32 bytes, and
     * forget all when their numbers pass 2^32.
     */
    void move(RingLayout layout) {
        int shift = big ? 5 : 4;
        int last = loadTailAcquire();
        for (int at = head; at != last; at++) {
            long from = cqes + ((long) (at & mask) << shift);
            long to = layout.cqes + ((long) (at & (layout.cqEntries - 1)) << shift);
            Memory.copy(from, to, 1L << shift);
        }
        place(layout);
    }

    /** How many entries fit; with mixed sizes a 32-byte entry takes two. */
    public int capacity() {
        return entries;
    }

    /** How many entries wait to be taken. */
    public int ready() {
        return loadTailAcquire() - head;
    }

    /**
     * Takes all completions that are there, without waiting.
     *
     * <p>When there are none, asks the kernel for those it keeps back: deferred work, and entries
     * that did not fit.
     *
     * @param handler called for each
     * @return how many there were
     * @throws IllegalStateException from within a handler, or when the ring is closed
     */
    public int drain(CompletionHandler handler) {
        return take(handler, Integer.MAX_VALUE);
    }

    /**
     * Takes at most {@code max} completions, without waiting.
     *
     * @param max 1 or more
     * @return how many there were
     */
    public int drain(CompletionHandler handler, int max) {
        return take(handler, checked(max));
    }

    private int take(CompletionHandler handler, int max) {
        int tail = begin();
        if (head == tail) {
            return 0;
        }
        if (big || filters) {
            return drainBig(
                    (data, result, flags, a, b) -> handler.onCompletion(data, result, flags),
                    tail,
                    max);
        }
        int from = head;
        int last = tail - from > max ? from + max : tail;
        int at = from;
        int more = 0;
        draining = true;
        try {
            while (at != last) {
                long entry = cqes + ((long) (at & mask) << 4);
                long data = Memory.getLong(entry);
                long rest = Memory.getLong(entry + IoUringCqe.RES);
                int flags = (int) (rest >>> 32);
                at++;
                more += flags & Cqe.F_MORE;
                handler.onCompletion(data, (int) rest, flags);
            }
        } finally {
            ended += at - from - more / Cqe.F_MORE;
            finish(at);
        }
        return at - from;
    }

    /**
     * Takes all completions that are there, with the second half of 32-byte entries ({@link
     * RingConfig#cqeSize}).
     *
     * @return how many there were
     */
    public int drain(BigCompletionHandler handler) {
        return drain(handler, Integer.MAX_VALUE);
    }

    /** As {@link #drain(BigCompletionHandler)}, at most {@code max} of them. */
    public int drain(BigCompletionHandler handler, int max) {
        int most = checked(max);
        int tail = begin();
        return head == tail ? 0 : drainBig(handler, tail, most);
    }

    private int drainBig(BigCompletionHandler handler, int tail, int max) {
        int shift = big ? 5 : 4;
        int at = head;
        int count = 0;
        boolean filtering = filters;
        draining = true;
        try {
            while (at != tail && count < max) {
                long entry = cqes + ((long) (at & mask) << shift);
                long data = Memory.getLong(entry);
                long rest = Memory.getLong(entry + IoUringCqe.RES);
                int flags = (int) (rest >>> 32);
                boolean large = big || (mixed && (flags & Cqe.F_32) != 0);
                long first = large ? Memory.getLong(entry + 16) : 0;
                long second = large ? Memory.getLong(entry + 24) : 0;
                at += mixed && large ? 2 : 1;
                if (filtering && hides(data, (int) rest, flags)) {
                    continue;
                }
                count++;
                ended += (flags & Cqe.F_MORE) == 0 ? 1 : 0;
                handler.onCompletion(data, (int) rest, flags, first, second);
            }
        } finally {
            finish(at);
        }
        return count;
    }

    /** Whether an entry is not for the program: the kernel's filler, or the end of a search. */
    private boolean hides(long data, int result, int flags) {
        if (mixed && (flags & Cqe.F_SKIP) != 0) {
            return true;
        }
        if (found >= 0 || data != Canceller.MARK) {
            return false;
        }
        found = Math.max(0, result);
        filters = mixed;
        ended++;
        return true;
    }

    /** A search of {@link Canceller} has begun, which may outlast it. */
    void searching() {
        found = -1;
        filters = true;
    }

    /** How many requests the last search found, 0 if it was refused; -1 while it is not over. */
    int found() {
        return found;
    }

    /** How often the kernel had completions that did not fit into the queue. */
    public long overflows() {
        return ring.overflows();
    }

    /**
     * How many completions the kernel lost because it had no memory to keep them. Then requests
     * remain whose end is never told.
     */
    public int dropped() {
        return Memory.getIntOpaque(overflowAddress);
    }

    /**
     * Takes back that a completion without {@link Cqe#F_MORE} counts as the end of a request: it
     * was none's, but another ring's message. Called once for each such completion, best from the
     * handler; see {@code Messages} of {@code org.uring4j.op}. Not called, {@link Ring#inFlight} is
     * too low, and memory that requests still use may be given back too early.
     */
    public void discount() {
        ring.check();
        ended--;
    }

    /** Whether a registered eventfd is told; the flags are the program's to write. */
    void eventFdEnabled(boolean on) {
        Memory.putIntRelease(flagsAddress, on ? 0 : IORING_CQ_EVENTFD_DISABLED);
    }

    void tagged(int count) {
        tagged += count;
    }

    void untagged(int count) {
        untagged += count;
    }

    /** How many requests and given-up tags have ended. */
    long ended() {
        return ended;
    }

    /** How many tags are to end, or have ended, because their resource was given up. */
    long untagged() {
        return untagged;
    }

    /** How many tags may yet end, by requests that replace a resource, without our knowing. */
    long tagged() {
        return tagged - untagged;
    }

    boolean draining() {
        return draining;
    }

    private static int checked(int max) {
        if (max < 1) {
            throw new IllegalArgumentException("max must be 1 or more: max=" + max);
        }
        return max;
    }

    /** Checks the call and finds the tail, after asking the kernel for more if there is nothing. */
    private int begin() {
        ring.check();
        if (draining) {
            throw new IllegalStateException(
                    "drain was called from within a completion handler; return from it first");
        }
        int tail = loadTailAcquire();
        if (tail == head && ring.fetchKeptBack()) {
            tail = loadTailAcquire();
        }
        return tail;
    }

    private void finish(int at) {
        head = at;
        draining = false;
        storeHeadRelease(at);
    }

    private int loadTailAcquire() {
        return Memory.getIntAcquire(tailAddress);
    }

    private void storeHeadRelease(int value) {
        Memory.putIntRelease(headAddress, value);
    }
}
