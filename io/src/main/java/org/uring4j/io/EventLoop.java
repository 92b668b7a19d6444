package org.uring4j.io;

import org.jspecify.annotations.Nullable;
import org.uring4j.BigCompletionHandler;
import org.uring4j.CompletionHandler;
import org.uring4j.Ring;
import org.uring4j.RingConfig.CqeSize;
import org.uring4j.Wait;

import java.time.Duration;
import java.util.Arrays;

/**
 * Lets several users share a ring: hands each completion to the one whose request it answers.
 *
 * <p>A user of the ring has a number, and its requests carry user data made of that and of a value
 * of its own:
 *
 * <pre>
 *    63          32 31           0
 *   +--------------+--------------+
 *   |     user     |    value     |
 *   +--------------+--------------+
 * </pre>
 *
 * <pre>{@code
 * EventLoop loop = EventLoop.of(ring);
 * int user = loop.attach((value, result, flags, first, second) -> ...);
 * Sockets.accept(ring.next(), listener, 0).userData(EventLoop.userData(user, 0));
 * while (running) {
 *     loop.run(1);
 * }
 * }</pre>
 *
 * <p>All requests of the ring must be of attached users. It is used by the thread that uses the
 * ring, allocates nothing while running, and has nothing to close: the ring is its maker's.
 */
public final class EventLoop {
    private final Ring ring;
    private final boolean big;

    // Kept, so that draining makes no new ones.
    private final CompletionHandler dispatch =
            (userData, result, flags) -> dispatch(userData, result, flags, 0, 0);
    private final BigCompletionHandler bigDispatch = this::dispatch;

    /** By number. */
    private @Nullable Handler[] handlers = new Handler[8];

    private Runnable[] tasks = new Runnable[8];
    private int taskCount;
    private boolean runningTasks;

    private EventLoop(Ring ring) {
        this.ring = ring;
        big = ring.setup().cqeSize() != CqeSize.B16;
    }

    /** For a ring that no request is in flight of. */
    public static EventLoop of(Ring ring) {
        return new EventLoop(ring);
    }

    /** The ring. */
    public Ring ring() {
        return ring;
    }

    /**
     * Adds a user.
     *
     * @return its number
     */
    public int attach(Handler handler) {
        int user = 0;
        while (user < handlers.length && handlers[user] != null) {
            user++;
        }
        if (user == handlers.length) {
            handlers = Arrays.copyOf(handlers, 2 * user);
        }
        handlers[user] = handler;
        return user;
    }

    /** Removes a user, after the last completion of its requests; the number may be used again. */
    public void detach(int user) {
        if (user < 0 || user >= handlers.length || handlers[user] == null) {
            throw new IllegalArgumentException("there is no such user: user=" + user);
        }
        handlers[user] = null;
    }

    /** The user data of a user's request ({@link org.uring4j.Sqe#userData}). */
    public static long userData(int user, int value) {
        return (long) user << 32 | (value & 0xffff_ffffL);
    }

    /**
     * Has {@code task} called once, at the next {@link #run}, before it submits. What came up
     * through several completions can so be put into one request.
     */
    public void beforeSubmit(Runnable task) {
        if (taskCount == tasks.length) {
            tasks = Arrays.copyOf(tasks, 2 * taskCount);
        }
        tasks[taskCount++] = task;
    }

    /**
     * Submits what was put in, waits for completions, and hands out all that are there.
     *
     * @param count how many to wait for; 0 does not wait
     * @return how many were handed out
     * @throws IllegalStateException from within a handler or a task. What these throw comes out of
     *     here, too; the completions after it are handed out next time
     */
    public int run(int count) {
        runTasks();
        ring.submitAndWait(count);
        return handOut();
    }

    /**
     * As {@link #run(int)}, for so long at most.
     *
     * @return how many were handed out; 0 when the time is over
     */
    public int run(int count, Duration timeout) {
        runTasks();
        ring.submitAndWait(count, timeout);
        return handOut();
    }

    /**
     * As {@link #run(int)}, waiting as {@code wait} says: with a {@linkplain Wait#minimum least
     * time}, what comes in bulk is handed out in fewer turns.
     *
     * @return how many were handed out; 0 when the time is over
     */
    public int run(Wait wait) {
        runTasks();
        ring.submitAndWait(wait);
        return handOut();
    }

    /** Those too that a task adds: they are before the submit as well. */
    private void runTasks() {
        if (runningTasks) {
            throw new IllegalStateException(
                    "run was called from within a task; return from it first");
        }
        int done = 0;
        runningTasks = true;
        try {
            while (done < taskCount) {
                tasks[done++].run();
            }
        } finally {
            runningTasks = false;
            System.arraycopy(tasks, done, tasks, 0, taskCount - done);
            taskCount -= done;
        }
    }

    private int handOut() {
        return big ? ring.completions().drain(bigDispatch) : ring.completions().drain(dispatch);
    }

    private void dispatch(long userData, int result, int flags, long first, long second) {
        int user = (int) (userData >>> 32);
        Handler handler = user >= 0 && user < handlers.length ? handlers[user] : null;
        if (handler == null) {
            throw new IllegalStateException(
                    "a completion for nobody: detach a user only after its last one, and give"
                            + " every request the user data of one: userData=0x"
                            + Long.toHexString(userData)
                            + " result="
                            + result);
        }
        handler.onCompletion((int) userData, result, flags, first, second);
    }

    /** Is told of the completions of one user. */
    @FunctionalInterface
    public interface Handler {
        /**
         * Called for each completion of the user's requests, in order; under the rules of {@link
         * CompletionHandler}.
         *
         * @param value of the request's {@link EventLoop#userData}
         * @param result what the op defines: a count, a descriptor, or a negated errno
         * @param flags see {@link org.uring4j.Cqe}
         * @param first bytes 16 to 23 of a completion of 32 bytes, else 0
         * @param second bytes 24 to 31 of such
         */
        void onCompletion(int value, int result, int flags, long first, long second);
    }
}
