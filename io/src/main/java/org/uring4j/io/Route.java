package org.uring4j.io;

import org.uring4j.io.ZeroCopyPolicy.Mode;
import org.uring4j.io.ZeroCopyPolicy.Verdict;

/**
 * What is learned about one destination; used by all senders to it, on any thread.
 *
 * <p>While trying, only so many sends are under way without copying as a trial has. So a trial
 * costs the same on a fast connection as on a slow one, whose notifications take long to come.
 */
final class Route {
    /** How many sends that were copied are enough to stop. */
    static final int PATIENCE = 8;

    /** How many bytes a send of a trial has at most, if it can be cut so small. */
    static final int TRIAL_BYTES = 64 << 10;

    /** For how many bytes to send plainly after the first trial. */
    static final long FIRST_PAUSE = 64L << 20;

    /** For how many at most. */
    static final long LONGEST_PAUSE = 4L << 30;

    private final Mode mode;
    private final int minimum;
    private Verdict verdict = Verdict.TRYING;

    /** While trying: sends that were begun, and those of them that were copied. */
    private int begun;

    private int copied;

    /** How many more bytes are to go plainly. */
    private long pause;

    private long nextPause = FIRST_PAUSE;

    Route(Mode mode, int minimum) {
        this.mode = mode;
        this.minimum = minimum;
    }

    /** Of fewer bytes no send goes without copying. */
    int minimum() {
        return minimum;
    }

    /**
     * How many bytes to send at a time, of what there is.
     *
     * @param most how many a send without copying may have
     */
    synchronized int limit(int bytes, int most) {
        if (!withoutCopying(bytes)) {
            return bytes;
        }
        boolean trying = mode == Mode.AUTO && verdict == Verdict.TRYING;
        int limit = trying ? Math.min(most, Math.max(TRIAL_BYTES, minimum)) : most;
        return Math.min(bytes, limit);
    }

    private boolean withoutCopying(long bytes) {
        if (mode == Mode.NEVER || verdict == Verdict.UNSUPPORTED || bytes < minimum) {
            return false;
        }
        return mode == Mode.ALWAYS
                || verdict == Verdict.ZERO_COPY
                || (verdict == Verdict.TRYING && begun < PATIENCE);
    }

    /**
     * Whether to send without copying now; if so, {@link #told} or {@link #untold} follows, and if
     * not, {@link #sentPlainly}.
     */
    synchronized boolean begin(long bytes) {
        if (!withoutCopying(bytes)) {
            return false;
        }
        if (mode == Mode.AUTO && verdict == Verdict.TRYING) {
            begun++;
            pause = FIRST_PAUSE;
        }
        return true;
    }

    /** So many bytes were sent plainly. */
    synchronized void sentPlainly(long bytes) {
        // A trial whose notifications do not come, for its rings were closed, must not last.
        if (verdict == Verdict.COPIED || (verdict == Verdict.TRYING && begun == PATIENCE)) {
            pause -= bytes;
            if (pause <= 0) {
                tryAgain();
            }
        }
    }

    /** A notification told whether the kernel copied. */
    synchronized void told(boolean wasCopied) {
        if (mode != Mode.AUTO || verdict == Verdict.UNSUPPORTED) {
            return;
        }
        if (!wasCopied) {
            verdict = Verdict.ZERO_COPY;
            copied = 0;
            nextPause = FIRST_PAUSE;
        } else if (verdict != Verdict.COPIED && ++copied >= PATIENCE) {
            verdict = Verdict.COPIED;
            pause = nextPause;
            nextPause = Math.min(2 * nextPause, LONGEST_PAUSE);
        }
    }

    /** A send that was begun came to nothing, or nobody knows to what. */
    synchronized void untold() {
        if (verdict == Verdict.TRYING && begun > 0) {
            begun--;
        }
    }

    /** The socket or the kernel cannot send without copying. */
    synchronized void unsupported() {
        verdict = Verdict.UNSUPPORTED;
    }

    synchronized Verdict verdict() {
        return verdict;
    }

    private void tryAgain() {
        verdict = Verdict.TRYING;
        begun = 0;
        copied = 0;
    }
}
