package org.uring4j;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_ASYNC_CANCEL_ALL;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_ASYNC_CANCEL_ANY;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_ASYNC_CANCEL;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_SYNC_CANCEL;

import org.jspecify.annotations.Nullable;
import org.uring4j.internal.Encoder;
import org.uring4j.internal.sys.Memory;
import org.uring4j.internal.uapi.IoUringSyncCancelReg;

import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.Objects;

/**
 * Ends all of a ring's requests.
 *
 * <p>Cancelling is asked for again and again until none is left: a request that waited for others
 * (linked, drained) starts when those end, and one in a worker thread may not be stoppable at once.
 * What has left for the network card cannot be cancelled at all: its notification is waited for.
 */
final class Canceller {
    private static final int EVERYTHING = IORING_ASYNC_CANCEL_ALL | IORING_ASYNC_CANCEL_ANY;

    private static final long FIRST_PAUSE = 1_000_000;
    private static final long LONGEST_PAUSE = 100_000_000;

    /** Tells the completions of cancelling from the program's own. */
    static final long MARK = 0x636e_636c_7572_6e67L;

    /**
     * After how many searches that found nothing, each followed by a longer pause, nothing is
     * believed to be left. What runs in a worker is stopped but not counted as found, and what was
     * linked to a request that has ended is about to start.
     */
    private static final int SURE = 5;

    private final Ring ring;
    private final CompletionHandler handler;

    /** How many of the program's requests have completed meanwhile. */
    private long completed;

    Canceller(Ring ring, CompletionHandler handler) {
        Objects.requireNonNull(handler, "handler");
        this.ring = ring;
        this.handler =
                (userData, result, flags) -> {
                    completed++;
                    handler.onCompletion(userData, result, flags);
                };
    }

    /** Runs for at most {@code timeout}; how many requests are left. */
    long run(Duration timeout) {
        if (ring.completions().draining()) {
            throw new IllegalStateException(
                    "requests were to be cancelled from within a completion handler; return from it"
                            + " first");
        }
        long limit = Wait.nanosOf(timeout);
        long began = System.nanoTime();
        long pause = FIRST_PAUSE;
        ring.submissions().discard();
        ring.completions().drain(handler);
        int searches = ring.submissions().skips ? SURE : 0;
        try (Arena arena = Arena.ofConfined()) {
            long everything = everything(arena);
            while (ring.inFlight() > 0 || searches > 0) {
                long rest = limit - (System.nanoTime() - began);
                if (rest <= 0) {
                    break;
                }
                boolean search = searches > 0 && ring.completions().found() >= 0;
                if (search) {
                    request();
                } else {
                    call(everything);
                }
                long before = completed;
                ring.submitAndWait(
                        Wait.forCount(search ? 2 : 1)
                                .timeout(Duration.ofNanos(Math.min(rest, pause))));
                ring.completions().drain(handler);
                if (search) {
                    boolean nothing = ring.completions().found() == 0 && completed == before;
                    searches = nothing ? searches - 1 : SURE;
                }
                pause = Math.min(2 * pause, LONGEST_PAUSE);
            }
        }
        return ring.inFlight();
    }

    /** What to say of requests that did not end in time. */
    static UringException unended(long requests, Duration timeout) {
        return new UringException(
                "close",
                Errno.ETIMEDOUT,
                "requests did not end in time, keep their memory: requests="
                        + requests
                        + " closeTimeout="
                        + timeout);
    }

    /** As {@link #run}, and has all tags come back, for which what bears them is closed. */
    long runForGood(Duration timeout) {
        long left = run(timeout);
        if (left == 0 && ring.completions().tagged() > 0) {
            ring.resources().closeChildren(false);
            left = run(timeout);
        }
        return left;
    }

    /** The argument that names all requests, and asks not to wait for them. */
    private static long everything(Arena arena) {
        long arg = arena.allocate(IoUringSyncCancelReg.SIZEOF, 8).address();
        Memory.putInt(arg + IoUringSyncCancelReg.FLAGS, EVERYTHING);
        Memory.putInt(arg + IoUringSyncCancelReg.FD, -1);
        return arg;
    }

    /**
     * Cancels by a call of its own (since Linux 6.0): as a request it would have to wait behind a
     * drained one. Before, and where restrictions deny the call, there is only the request.
     */
    private void call(long everything) {
        int result = ring.handle().register(IORING_REGISTER_SYNC_CANCEL, everything, 1);
        boolean refused = Errno.EINVAL.is(result) || Errno.EACCES.is(result);
        if (refused && ring.completions().found() >= 0) {
            request();
        }
    }

    /** Cancels by a request, one at a time, which unlike the call tells how many it found. */
    private void request() {
        @Nullable Sqe sqe = ring.tryNext();
        if (sqe != null) {
            ring.completions().searching();
            Encoder.prepare(sqe, IORING_OP_ASYNC_CANCEL, -1, 0, 0, 0, EVERYTHING).userData(MARK);
        }
    }
}
