package org.uring4j;

import java.time.Duration;

/**
 * How long to wait for completions: what {@link Ring#submitAndWait(Wait)} takes. Immutable; make
 * one, use it often.
 *
 * <p>Source: {@code io_uring_enter(2)}, {@code struct io_uring_getevents_arg}.
 */
public final class Wait {
    /** No limit. */
    static final long FOREVER = -1;

    final int count;
    final long nanos;
    final boolean absolute;
    final int minimumMicros;
    final long signalMask;
    final boolean masked;
    final boolean noIowait;

    private Wait(
            int count,
            long nanos,
            boolean absolute,
            int minimumMicros,
            long signalMask,
            boolean masked,
            boolean noIowait) {
        this.count = count;
        this.nanos = nanos;
        this.absolute = absolute;
        this.minimumMicros = minimumMicros;
        this.signalMask = signalMask;
        this.masked = masked;
        this.noIowait = noIowait;
    }

    /**
     * Until this many completions are there.
     *
     * @param count 0 or more; more than the completion queue holds counts as a full queue
     */
    public static Wait forCount(int count) {
        if (count < 0) {
            throw new IllegalArgumentException("count is negative: count=" + count);
        }
        return new Wait(count, FOREVER, false, 0, 0, false, false);
    }

    /** But no longer than this. Since Linux 5.11. */
    public Wait timeout(Duration timeout) {
        return new Wait(
                count, nanosOf(timeout), false, minimumMicros, signalMask, masked, noIowait);
    }

    /**
     * But no longer than to this point in time, in nanoseconds of the ring's clock: {@link
     * System#nanoTime}'s unless {@link Ring#clock} chose another. Since Linux 6.12.
     */
    public Wait until(long nanos) {
        if (nanos < 0) {
            throw new IllegalArgumentException("a point in time is not negative: nanos=" + nanos);
        }
        return new Wait(count, nanos, true, minimumMicros, signalMask, masked, noIowait);
    }

    /**
     * Gather for this long; if then there is any completion at all, do not wait for the full count.
     * Since Linux 6.12.
     *
     * @param minimum in microseconds' precision, shorter than the timeout
     */
    public Wait minimum(Duration minimum) {
        long micros = nanosOf(minimum) / 1000;
        if (micros > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("minimum is above 35 minutes: minimum=" + minimum);
        }
        return new Wait(count, nanos, absolute, (int) micros, signalMask, masked, noIowait);
    }

    /**
     * With this signal mask in place of the thread's. A signal that it lets through ends the wait.
     *
     * @param mask bit n-1 set blocks signal n
     */
    public Wait signalMask(long mask) {
        return new Wait(count, nanos, absolute, minimumMicros, mask, true, noIowait);
    }

    /** Not counted as I/O wait ({@code IORING_ENTER_NO_IOWAIT}). Since Linux 6.15. */
    public Wait noIowait() {
        return new Wait(count, nanos, absolute, minimumMicros, signalMask, masked, true);
    }

    /** Whether an argument has to be passed to the kernel beside the count. */
    boolean plain() {
        return nanos == FOREVER && minimumMicros == 0 && !masked;
    }

    static long nanosOf(Duration duration) {
        if (duration.isNegative()) {
            throw new IllegalArgumentException("a duration is not negative: " + duration);
        }
        // Durations beyond 292 years count as that.
        return duration.toSeconds() >= Long.MAX_VALUE / 1_000_000_000L
                ? Long.MAX_VALUE
                : duration.toNanos();
    }
}
