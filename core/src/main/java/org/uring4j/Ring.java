package org.uring4j;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_FEAT_REG_REG_RING;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_R_DISABLED;

import org.jspecify.annotations.Nullable;
import org.uring4j.internal.Access;

import java.time.Duration;

/**
 * An io_uring: requests go in, completions come out.
 *
 * <pre>{@code
 * try (Ring ring = Ring.open(RingConfig.of(256))) {
 *     Sockets.recv(ring.next(), fd, buffer, 0).userData(7);
 *     ring.submitAndWait(1);
 *     ring.completions().drain((userData, result, flags) -> { ... });
 * }
 * }</pre>
 *
 * <p><b>Threads.</b> Unless configured otherwise a ring belongs to the platform thread that opened
 * it; on another one its methods throw {@link WrongThreadException}. A ring without a single issuer
 * ({@link RingConfig#singleIssuer}) may be used by any thread, by one at a time. {@link Waker}
 * wakes a waiting ring from elsewhere.
 *
 * <p><b>Memory.</b> Memory named in a request is the kernel's until the request's last completion.
 * {@link #close} ends all requests before it returns.
 *
 * <p>Source: {@code io_uring(7)}, {@code io_uring_setup(2)}, {@code io_uring_enter(2)}.
 */
// Threads are compared by identity: a thread equals nothing but itself.
@SuppressWarnings("ReferenceEquality")
public final class Ring implements AutoCloseable {
    static {
        Access.offer(new RingAccess());
    }

    private RingSetup setup;
    private final RingConfig config;
    private final RingFd fd;
    private final RingResources resources;
    private final SubmissionQueue submissions;
    private final CompletionQueue completions;
    private final Submitter submitter;
    private final int waitFlags;
    private final @Nullable RegisteredWaits registeredWaits;

    /**
     * Whose ring it is; null for a ring of any thread, for one not enabled yet, and once closed.
     */
    @Nullable Thread owner;

    private boolean disabled;
    private final Object closing = new Object();
    private volatile boolean closed;

    private Ring(RingConfig config) {
        RingOpener opener = RingOpener.open(config);
        this.config = config;
        resources = new RingResources(opener);
        fd = new RingFd(opener);
        submissions = new SubmissionQueue(opener);
        completions = new CompletionQueue(this, opener);
        submitter = new Submitter(this, opener, fd, submissions);
        disabled = opener.startsDisabled;
        boolean complete = false;
        try {
            registeredWaits =
                    config.registeredWaits == 0
                            ? null
                            : RegisteredWaits.register(fd, resources, config.registeredWaits);
            if (disabled && !config.startsDisabled()) {
                fd.enable();
                disabled = false;
            }
            setup =
                    new RingSetup(
                            config.startsDisabled()
                                    ? opener.flags
                                    : opener.flags & ~IORING_SETUP_R_DISABLED,
                            opener.leftOut,
                            opener.features,
                            opener.layout.sqEntries,
                            opener.layout.cqEntries,
                            fd.registered());
            // A descriptor that is registered only is this thread's from the beginning.
            if (!disabled || fd.registered()) {
                own();
            }
            waitFlags = EnterArgument.waitFlags(config.noIowait, setup);
            complete = true;
        } finally {
            if (!complete) {
                fd.close(true);
                resources.close(true);
            }
        }
    }

    /**
     * Opens a ring.
     *
     * @throws UringException when the kernel refuses, with the reason and what to do
     * @throws UnsupportedOperationException where the library cannot work at all
     * @throws IllegalStateException on a virtual thread, unless the ring has no single issuer
     */
    public static Ring open(RingConfig config) {
        config.requireOwner();
        return new Ring(config);
    }

    /** The calling thread takes the ring into possession. */
    private void own() {
        if (config.owned()) {
            owner = Thread.currentThread();
            if (config.registeredFd) {
                int result = fd.register();
                if (config.registeredOnly()) {
                    fd.giveUp(setup.has(IORING_FEAT_REG_REG_RING), result);
                }
                setup = setup.withRegisteredFd(fd.registered());
            }
        }
    }

    /** What the running kernel gave for the configuration. */
    public RingSetup setup() {
        return setup;
    }

    void setup(RingSetup changed) {
        setup = changed;
    }

    /**
     * The file descriptor, for polling or passing on; -1 with {@code registeredFdOnly}, and when
     * the ring is closed.
     */
    public int fd() {
        return closed ? -1 : fd.plain();
    }

    /** The submission queue. */
    public SubmissionQueue submissions() {
        return submissions;
    }

    /** The completion queue. */
    public CompletionQueue completions() {
        return completions;
    }

    /**
     * The next free slot, for an encoder to fill in. If none does, the slot is handed out again.
     *
     * <p>When the queue is full, submits what is in it first, which ends a chain of linked
     * requests: use {@link #tryNext} or look at {@link SubmissionQueue#spaceLeft} where that
     * matters.
     *
     * @return the ring's one cursor, valid until the next call
     * @throws UringException when the queue is full and the kernel takes nothing
     */
    public Sqe next() {
        check();
        Sqe sqe = submissions.tryNext();
        return sqe == null ? afterSubmit(false) : sqe;
    }

    /** As {@link #next}, but null when the queue is full. */
    public @Nullable Sqe tryNext() {
        check();
        return submissions.tryNext();
    }

    /**
     * As {@link #next}, for the ops that need 128 bytes. Others may be written there as well.
     *
     * @throws IllegalStateException when the ring has only 64-byte entries ({@link
     *     RingConfig#sqeSize})
     */
    public Sqe next128() {
        check();
        Sqe sqe = submissions.tryNext128();
        return sqe == null ? afterSubmit(true) : sqe;
    }

    private Sqe afterSubmit(boolean large) {
        submitter.submit();
        Sqe sqe = large ? submissions.tryNext128() : submissions.tryNext();
        while (sqe == null && submitter.awaitRoom()) {
            sqe = large ? submissions.tryNext128() : submissions.tryNext();
        }
        if (sqe == null) {
            throw new UringException(
                    "io_uring_enter",
                    Errno.EBUSY,
                    "the submission queue is full and the kernel takes nothing; drain completions"
                            + " first: entries="
                            + submissions.capacity());
        }
        return sqe;
    }

    /**
     * Hands the kernel what was put in, without waiting.
     *
     * @return how many entries the kernel took
     * @throws UringException when it took none for want of something; the entries stay in the queue
     */
    public int submit() {
        check();
        return submitter.submit();
    }

    /**
     * Submits, then waits for completions. On an IOPOLL ring it may return with fewer.
     *
     * @param count until so many are there, counting those not drained yet
     * @return how many entries the kernel took
     */
    public int submitAndWait(int count) {
        check();
        if (count < 0) {
            throw new IllegalArgumentException("count is negative: count=" + count);
        }
        return submitter.submitAndWait(count, waitFlags, 0, 0);
    }

    /**
     * Submits, then waits for completions, but no longer than {@code timeout}.
     *
     * @param count until so many are there, counting those not drained yet
     * @return how many entries the kernel took; whether the time ran out, the queue tells
     */
    public int submitAndWait(int count, Duration timeout) {
        return submitAndWait(Wait.forCount(count).timeout(timeout));
    }

    /**
     * Submits, then waits for completions.
     *
     * @return how many entries the kernel took; whether the time ran out, the queue tells
     */
    public int submitAndWait(Wait wait) {
        check();
        if (wait.plain() && !wait.noIowait) {
            return submitter.submitAndWait(wait.count, waitFlags, 0, 0);
        }
        EnterArgument argument = fd.argument();
        int flags = waitFlags | argument.write(wait, setup);
        return submitter.submitAndWait(wait.count, flags, argument.address(), EnterArgument.SIZE);
    }

    /**
     * Submits, then waits as a registered argument says ({@link #registeredWaits}).
     *
     * @param count until so many completions are there
     * @param index which of the registered arguments
     * @return how many entries the kernel took
     */
    public int submitAndWaitRegistered(int count, int index) {
        check();
        return registeredWaits().submitAndWait(submitter, waitFlags, count, index);
    }

    /** Has the kernel post what it keeps back; whether there was anything to ask for. */
    boolean fetchKeptBack() {
        return submitter.fetchKeptBack();
    }

    long overflows() {
        return submitter.overflows();
    }

    /**
     * Enables a ring opened {@link RingConfig#disabled} ({@code IORING_REGISTER_ENABLE_RINGS}).
     * With a single issuer it belongs to the calling thread from here on.
     *
     * @throws IllegalStateException on a virtual thread, unless the ring has no single issuer
     */
    public void enable() {
        check();
        if (!disabled) {
            throw new IllegalStateException("the ring is enabled");
        }
        config.requireOwner();
        fd.enable();
        disabled = false;
        own();
    }

    /**
     * Chooses the clock of waits ({@code IORING_REGISTER_CLOCK}). Since Linux 6.12.
     *
     * @param clock the clock
     */
    public void clock(RingClock clock) {
        check();
        clock.register(fd);
    }

    /** The registered wait arguments; see {@link RingConfig#registeredWaits}. */
    public RegisteredWaits registeredWaits() {
        if (registeredWaits == null) {
            throw new IllegalStateException("open the ring with RingConfig.registeredWaits(count)");
        }
        return registeredWaits;
    }

    /**
     * Something to wake this ring's owner with from other threads.
     *
     * @param userData what the completions that wake it carry
     */
    public Waker waker(long userData) {
        check();
        // Without a descriptor that stays there is none to send messages to.
        boolean messages = !config.registeredOnly() && Waker.messagesSupported();
        return new Waker(this, userData, messages);
    }

    /**
     * How many requests the kernel has taken whose last completion was not drained yet. Requests
     * that skip their completion are not counted, but one of them that fails counts as the end of
     * another; tags of registered resources that were given up are, until they have come back.
     */
    public long inFlight() {
        return Math.max(0, submissions.counted() + completions.untagged() - completions.ended());
    }

    /**
     * Whether certainly nothing can name memory: no request in flight or waiting to be submitted,
     * and no tag that may come back unannounced.
     */
    boolean quiet() {
        return inFlight() == 0
                && submissions.ready() == 0
                && completions.tagged() == 0
                && !submissions.skips;
    }

    /**
     * Cancels all requests and hands their completions to {@code handler}, until none is left or
     * the time is up. What was put in but not submitted is dropped.
     *
     * @return {@link #inFlight} then: 0 when all have ended. One of them may be the request that
     *     was to cancel, where there is no other way: before Linux 6.0, or by restrictions
     * @throws IllegalStateException from within a completion handler
     */
    public long cancelAll(Duration timeout, CompletionHandler handler) {
        check();
        return new Canceller(this, handler).run(timeout);
    }

    /**
     * Ends all requests, then frees the ring. Completions that come in meanwhile are dropped:
     * {@link #cancelAll} shows them. When the ring's thread has ended, any thread may close it.
     * Another call does nothing, and waits for one that is under way.
     *
     * @throws UringException when requests would not end in time ({@link RingConfig#closeTimeout}).
     *     The ring is closed all the same, but their memory may still be the kernel's: keep it
     * @throws IllegalStateException when leases on memory that is registered with it are out, and
     *     which. The ring is closed all the same; the memory stays until they are closed
     */
    @Override
    public void close() {
        // Any thread may close what belongs to none, and two may at once: the second one waits, and
        // does not close a descriptor again whose number is another's by then.
        synchronized (closing) {
            if (!closed) {
                end();
            }
        }
    }

    private void end() {
        Thread owner = this.owner;
        boolean orphaned = owner != null && owner != Thread.currentThread() && !owner.isAlive();
        if (!orphaned) {
            check();
        }
        if (completions.draining()) {
            throw new IllegalStateException(
                    "close was called from within a completion handler; return from it first");
        }
        if (orphaned) {
            // It is for whoever closes the ring to close what is registered, and for nobody else.
            this.owner = Thread.currentThread();
        }
        // Of a thread that is gone, the kernel has ended all requests.
        boolean reachable = !orphaned && !disabled;
        long left = inFlight();
        try {
            if (reachable) {
                left =
                        new Canceller(this, (userData, result, flags) -> {})
                                .runForGood(config.closeTimeout);
            }
        } finally {
            resources.closeChildren(left > 0);
            closed = true;
            this.owner = null;
            fd.close(!orphaned);
            submissions.leave();
            resources.close(left == 0);
        }
        if (left > 0 && reachable) {
            throw Canceller.unended(left, config.closeTimeout);
        }
        resources.complain();
    }

    /** Fails when the ring is closed or belongs to another thread. */
    void check() {
        if (Thread.currentThread() != owner) {
            checkOther();
        }
    }

    private void checkOther() {
        if (closed) {
            throw new IllegalStateException("the ring is closed");
        }
        Thread owner = this.owner;
        if (owner != null) {
            throw new WrongThreadException(
                    "this ring belongs to thread \""
                            + owner.getName()
                            + "\", and this is \""
                            + Thread.currentThread().getName()
                            + "\"; use it there, or open it with singleIssuer(false)");
        }
    }

    RingFd handle() {
        return fd;
    }

    RingResources resources() {
        return resources;
    }

    @Override
    public String toString() {
        return "Ring[fd=" + fd() + (closed ? " closed" : " " + setup) + "]";
    }
}
