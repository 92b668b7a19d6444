package org.uring4j;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_ENTER_GETEVENTS;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_ENTER_SQ_WAIT;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_ENTER_SQ_WAKEUP;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_IOPOLL;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SQ_CQ_OVERFLOW;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SQ_NEED_WAKEUP;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SQ_TASKRUN;

import java.lang.invoke.VarHandle;

/** Enters the kernel: to hand over requests, to wait, to fetch what it keeps back. */
final class Submitter {
    private final Ring ring;
    private final RingFd fd;
    private final SubmissionQueue submissions;
    private final EnterArgument argument;
    private final boolean polled;
    private final boolean pollsForCompletions;

    /** Whether a signal ends the wait, whatever its argument. */
    private boolean endsOnSignal;

    private long overflows;

    Submitter(Ring ring, RingOpener opener, RingFd fd, SubmissionQueue submissions) {
        this.ring = ring;
        this.fd = fd;
        this.submissions = submissions;
        this.argument = fd.argument();
        polled = submissions.polled();
        pollsForCompletions = (opener.flags & IORING_SETUP_IOPOLL) != 0;
    }

    /** Hands over what is in the queue; how many entries were taken. */
    int submit() {
        int pending = submissions.publish();
        if (polled) {
            if (needsWakeup()) {
                require(fd.enter(0, 0, IORING_ENTER_SQ_WAKEUP, 0, 0));
            }
            return pending;
        }
        return pending == 0 ? 0 : submit(pending, 0, 0, 0, 0);
    }

    /** Hands over what is in the queue and waits; how many entries were taken. */
    int submitAndWait(int count, int flags, long arg, long argSize) {
        int pending = submissions.publish();
        if (polled) {
            int wake = needsWakeup() ? IORING_ENTER_SQ_WAKEUP : 0;
            int result;
            do {
                result = fd.enter(0, count, flags | wake, arg, argSize);
            } while (result < 0 && !endsWait(result, arg));
            return pending;
        }
        return submit(pending, count, flags, arg, argSize);
    }

    /** As {@link #submitAndWait}, but a signal ends the wait. */
    int submitAndWaitForSignal(int count, int flags, long arg, long argSize) {
        endsOnSignal = true;
        try {
            return submitAndWait(count, flags, arg, argSize);
        } finally {
            endsOnSignal = false;
        }
    }

    /** Enters until the kernel has taken everything or nothing more, and has waited. */
    private int submit(int pending, int count, int flags, long arg, long argSize) {
        int rest = pending;
        while (true) {
            int result = fd.enter(rest, count, flags, arg, argSize);
            if (result < 0) {
                if (rest < pending || endsWait(result, arg)) {
                    return pending - rest;
                }
                continue;
            }
            submissions.consumed(result);
            rest -= result;
            if (rest == 0 || result == 0) {
                return pending - rest;
            }
        }
    }

    /** Whether an error is the end of a wait; false when to wait on. */
    private boolean endsWait(int result, long arg) {
        if (Errno.ETIME.is(result)) {
            return true;
        }
        if (Errno.EINTR.is(result)) {
            return endsOnSignal || argument.endsOnSignal(arg);
        }
        throw Causes.ofEnter(ring, result);
    }

    /**
     * Waits for a poll thread to make room in the queue. Signals may end it early.
     *
     * @return false where there is no such thread
     */
    boolean awaitRoom() {
        if (polled) {
            require(fd.enter(0, 0, IORING_ENTER_SQ_WAIT | IORING_ENTER_SQ_WAKEUP, 0, 0));
        }
        return polled;
    }

    /**
     * Whether the poll thread sleeps. The full fence orders the store of the tail before the load
     * of the flag; the kernel sets the flag, fences, then looks at the tail once more. Without it
     * both could miss the other's store, and the request would lie there until somebody submits
     * again.
     */
    private boolean needsWakeup() {
        VarHandle.fullFence();
        return (submissions.loadFlagsAcquire() & IORING_SQ_NEED_WAKEUP) != 0;
    }

    /**
     * Has the kernel post what it keeps back: deferred work, entries that did not fit.
     *
     * @return whether it was asked
     */
    boolean fetchKeptBack() {
        int flags = submissions.loadFlagsAcquire();
        if ((flags & IORING_SQ_CQ_OVERFLOW) != 0) {
            overflows++;
        } else if ((flags & IORING_SQ_TASKRUN) == 0 && !pollsForCompletions) {
            return false;
        }
        int result = fd.enter(0, 0, IORING_ENTER_GETEVENTS, 0, 0);
        if (result < 0 && !Errno.EBADFD.is(result)) {
            require(result);
        }
        return true;
    }

    /** How often completions did not fit. */
    long overflows() {
        return overflows;
    }

    private void require(int result) {
        if (result < 0 && !Errno.EINTR.is(result)) {
            throw Causes.ofEnter(ring, result);
        }
    }
}
