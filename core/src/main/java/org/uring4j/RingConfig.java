package org.uring4j;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_ATTACH_WQ;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_CLAMP;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_COOP_TASKRUN;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_CQE32;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_CQE_MIXED;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_CQSIZE;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_DEFER_TASKRUN;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_HYBRID_IOPOLL;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_IOPOLL;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_NO_MMAP;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_NO_SQARRAY;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_REGISTERED_FD_ONLY;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_R_DISABLED;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_SINGLE_ISSUER;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_SQE128;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_SQE_MIXED;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_SQPOLL;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_SQ_AFF;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_SQ_REWIND;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_SUBMIT_ALL;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_TASKRUN_FLAG;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.Objects;

/**
 * What a ring is opened with. Immutable: each method answers a changed copy, and refuses a choice
 * that contradicts an earlier one.
 *
 * <p>What is not chosen is the fastest that the running kernel has: one issuing thread with
 * deferred task work, {@code SUBMIT_ALL}, no index array, a registered ring descriptor. A default
 * the kernel lacks is left out ({@link Ring#setup} tells); a choice it lacks is an error that names
 * the kernel it needs.
 *
 * <p>Source: {@code io_uring_setup(2)}.
 */
public final class RingConfig {
    /** The most submission entries the kernel takes. */
    public static final int MAX_ENTRIES = 32768;

    /** The most completion entries the kernel takes. */
    public static final int MAX_CQ_ENTRIES = 2 * MAX_ENTRIES;

    /** How long a submission queue entry is. */
    public enum SqeSize {
        /** 64 bytes. */
        B64,
        /** 128 bytes ({@code IORING_SETUP_SQE128}), for device commands. Since Linux 5.19. */
        B128,
        /** Either, by opcode ({@code IORING_SETUP_SQE_MIXED}). Since Linux 6.19. */
        MIXED
    }

    /** How long a completion queue entry is. */
    public enum CqeSize {
        /** 16 bytes. */
        B16,
        /** 32 bytes ({@code IORING_SETUP_CQE32}). Since Linux 5.19. */
        B32,
        /** Either, by flag {@link Cqe#F_32} ({@code IORING_SETUP_CQE_MIXED}). Since Linux 6.18. */
        MIXED
    }

    private static final int DEFAULTS =
            IORING_SETUP_SINGLE_ISSUER
                    | IORING_SETUP_DEFER_TASKRUN
                    | IORING_SETUP_TASKRUN_FLAG
                    | IORING_SETUP_SUBMIT_ALL
                    | IORING_SETUP_NO_SQARRAY;

    final int entries;
    int cqEntries;
    int explicitOn;
    int explicitOff;
    int sqPollIdleMillis;
    int sqPollCpu = -1;
    @Nullable Ring attachTo;
    @Nullable RingMemory memory;
    boolean registeredFd = true;
    boolean noIowait;
    int registeredWaits;
    Duration closeTimeout = Duration.ofSeconds(5);

    private RingConfig(int entries) {
        this.entries = entries;
    }

    /**
     * A ring with the defaults.
     *
     * @param entries how many requests the submission queue holds, 1 to {@link #MAX_ENTRIES}; the
     *     kernel rounds up to a power of two
     */
    public static RingConfig of(int entries) {
        if (entries < 1 || entries > MAX_ENTRIES) {
            throw new IllegalArgumentException(
                    "entries must be 1 to " + MAX_ENTRIES + ": entries=" + entries);
        }
        return new RingConfig(entries);
    }

    /**
     * The size of the completion queue ({@code CQSIZE}); without, twice the submission queue's.
     *
     * @param cqEntries at least the submission entries, at most {@link #MAX_CQ_ENTRIES}; the kernel
     *     rounds up to a power of two
     */
    public RingConfig cqEntries(int cqEntries) {
        if (cqEntries < entries || cqEntries > MAX_CQ_ENTRIES) {
            throw new IllegalArgumentException(
                    "the completion queue holds at least the submission queue's entries and at most"
                            + " "
                            + MAX_CQ_ENTRIES
                            + ": cqEntries="
                            + cqEntries
                            + " entries="
                            + entries);
        }
        RingConfig copy = with(IORING_SETUP_CQSIZE, true);
        copy.cqEntries = cqEntries;
        return copy.checked();
    }

    /** Cut sizes beyond the kernel's limits down to them ({@code CLAMP}). Since Linux 5.6. */
    public RingConfig clamp() {
        return with(IORING_SETUP_CLAMP, true).checked();
    }

    /** The size of submission entries. */
    public RingConfig sqeSize(SqeSize size) {
        return with(IORING_SETUP_SQE128, size == SqeSize.B128)
                .with(IORING_SETUP_SQE_MIXED, size == SqeSize.MIXED)
                .checked();
    }

    /** The size of completion entries. */
    public RingConfig cqeSize(CqeSize size) {
        return with(IORING_SETUP_CQE32, size == CqeSize.B32)
                .with(IORING_SETUP_CQE_MIXED, size == CqeSize.MIXED)
                .checked();
    }

    /**
     * Whether one thread alone submits ({@code SINGLE_ISSUER}, since Linux 6.0); the default. The
     * ring then belongs to the platform thread that opened it, or that enabled it ({@link
     * #disabled}), on every kernel. A ring without it may be used from any thread, by one at a
     * time: the program takes care of that.
     */
    public RingConfig singleIssuer(boolean on) {
        RingConfig copy = with(IORING_SETUP_SINGLE_ISSUER, on);
        return copy.checked();
    }

    /**
     * Whether completions are worked off only when the owner waits or asks ({@code DEFER_TASKRUN},
     * since Linux 6.1); the default. Needs a single issuer.
     */
    public RingConfig deferTaskrun(boolean on) {
        return with(IORING_SETUP_DEFER_TASKRUN, on).checked();
    }

    /**
     * Whether a running thread is left alone when completions come in, instead of being interrupted
     * ({@code COOP_TASKRUN}, since Linux 5.19). The default where {@link #deferTaskrun} is off.
     */
    public RingConfig coopTaskrun(boolean on) {
        return with(IORING_SETUP_COOP_TASKRUN, on).checked();
    }

    /**
     * Whether the kernel flags that completions wait to be worked off ({@code TASKRUN_FLAG}, since
     * Linux 5.19), so that {@link CompletionQueue#drain} finds them without a wait; the default.
     */
    public RingConfig taskrunFlag(boolean on) {
        return with(IORING_SETUP_TASKRUN_FLAG, on).checked();
    }

    /** Whether a request that fails does not stop the batch ({@code SUBMIT_ALL}, since 5.18). */
    public RingConfig submitAll(boolean on) {
        return with(IORING_SETUP_SUBMIT_ALL, on).checked();
    }

    /** Whether to do without the index array ({@code NO_SQARRAY}, since Linux 6.6). */
    public RingConfig noSqArray(boolean on) {
        return with(IORING_SETUP_NO_SQARRAY, on).checked();
    }

    /**
     * The submission queue begins anew at its first slot with each submission ({@code SQ_REWIND},
     * since Linux 7.0): the slots stay in the cache. Not with {@code SQPOLL}; needs {@link
     * #noSqArray}.
     */
    public RingConfig sqRewind() {
        return with(IORING_SETUP_SQ_REWIND, true).checked();
    }

    /**
     * A kernel thread takes submissions up by itself ({@code SQPOLL}).
     *
     * @param idle after how long without work it sleeps, in milliseconds' precision; it is woken
     *     when needed
     */
    public RingConfig sqPoll(Duration idle) {
        if (idle.compareTo(Duration.ofMillis(1)) < 0
                || idle.compareTo(Duration.ofMillis(Integer.MAX_VALUE)) > 0) {
            throw new IllegalArgumentException("idle must be 1 ms to 24 days: idle=" + idle);
        }
        RingConfig copy = with(IORING_SETUP_SQPOLL, true);
        copy.sqPollIdleMillis = (int) idle.toMillis();
        return copy.checked();
    }

    /**
     * As {@link #sqPoll(Duration)}, with the kernel thread bound to a processor ({@code SQ_AFF}).
     *
     * @param cpu the processor, from 0
     */
    public RingConfig sqPoll(Duration idle, int cpu) {
        if (cpu < 0) {
            throw new IllegalArgumentException("cpu must be 0 or more: cpu=" + cpu);
        }
        RingConfig copy = sqPoll(idle).with(IORING_SETUP_SQ_AFF, true);
        copy.sqPollCpu = cpu;
        return copy.checked();
    }

    /** Completions are polled for, not interrupted for ({@code IOPOLL}): O_DIRECT storage only. */
    public RingConfig ioPoll() {
        return with(IORING_SETUP_IOPOLL, true).checked();
    }

    /** As {@link #ioPoll}, sleeping first ({@code HYBRID_IOPOLL}). Since Linux 6.13. */
    public RingConfig hybridIoPoll() {
        return with(IORING_SETUP_IOPOLL | IORING_SETUP_HYBRID_IOPOLL, true).checked();
    }

    /**
     * The ring starts disabled ({@code R_DISABLED}, since Linux 5.10): register what is to be
     * registered, then {@link Ring#enable} it.
     */
    public RingConfig disabled() {
        return with(IORING_SETUP_R_DISABLED, true).checked();
    }

    /** Share another ring's worker threads, and its poll thread with SQPOLL ({@code ATTACH_WQ}). */
    public RingConfig attachTo(Ring ring) {
        RingConfig copy = with(IORING_SETUP_ATTACH_WQ, true);
        copy.attachTo = Objects.requireNonNull(ring, "ring");
        return copy.checked();
    }

    /**
     * Lay the queues into this memory ({@code NO_MMAP}, since Linux 6.5), for instance huge pages
     * shared by several rings.
     */
    public RingConfig memory(RingMemory memory) {
        RingConfig copy = with(IORING_SETUP_NO_MMAP, true);
        copy.memory = Objects.requireNonNull(memory, "memory");
        return copy.checked();
    }

    /**
     * The ring has no file descriptor, only a registered one, which is its thread's alone. With
     * {@link #memory} it never gets one ({@code REGISTERED_FD_ONLY}, since Linux 6.5); without, it
     * is given up when the ring is open or enabled, and its queues are mapped for good (since Linux
     * 6.3): {@link RingSize} cannot change them, nor can others map what the kernel allocates.
     * Needs a single issuer. With memory it belongs to the thread that opened it even if it was
     * {@link #disabled}.
     */
    public RingConfig registeredFdOnly() {
        return with(IORING_SETUP_REGISTERED_FD_ONLY, true).checked();
    }

    /**
     * Whether to enter the kernel by a registered descriptor ({@code IORING_REGISTER_RING_FDS},
     * since Linux 5.18), which closing the ring gives back ({@code IORING_UNREGISTER_RING_FDS});
     * the default.
     */
    public RingConfig registeredFd(boolean on) {
        RingConfig copy = copy();
        copy.registeredFd = on;
        return copy.checked();
    }

    /** Waits do not count as I/O wait ({@code IORING_ENTER_NO_IOWAIT}). Since Linux 6.15. */
    public RingConfig noIowait() {
        RingConfig copy = copy();
        copy.noIowait = true;
        return copy;
    }

    /**
     * Registers a region of wait arguments with the ring (since Linux 6.13), which the kernel reads
     * without copying: see {@link Ring#registeredWaits}.
     *
     * @param count how many, 1 to 64
     */
    public RingConfig registeredWaits(int count) {
        if (count < 1 || count > 64) {
            throw new IllegalArgumentException("count must be 1 to 64: count=" + count);
        }
        RingConfig copy = copy();
        copy.registeredWaits = count;
        return copy.checked();
    }

    /** How long {@link Ring#close} waits for requests to end; 5 s unless chosen. */
    public RingConfig closeTimeout(Duration timeout) {
        if (timeout.isNegative()) {
            throw new IllegalArgumentException("timeout is negative: timeout=" + timeout);
        }
        RingConfig copy = copy();
        copy.closeTimeout = timeout;
        return copy;
    }

    /** Whether the caller is the one to enable the ring. */
    boolean startsDisabled() {
        return chosen(IORING_SETUP_R_DISABLED);
    }

    /** Whether the ring is to be left without a descriptor. */
    boolean registeredOnly() {
        return chosen(IORING_SETUP_REGISTERED_FD_ONLY);
    }

    /** Whether the ring belongs to one thread. */
    boolean owned() {
        return (explicitOff & IORING_SETUP_SINGLE_ISSUER) == 0;
    }

    /** Fails on a thread that a ring cannot belong to, if it is to belong to one. */
    void requireOwner() {
        if (owned() && Thread.currentThread().isVirtual()) {
            throw new IllegalStateException(
                    "a ring belongs to a platform thread, and this one is virtual; open and enable"
                            + " it on a platform thread, or with singleIssuer(false)");
        }
    }

    /** The flags to leave out where the kernel lacks them. */
    int defaultFlags() {
        int flags = DEFAULTS & ~explicitOff & ~explicitOn;
        boolean deferred = ((flags | explicitOn) & IORING_SETUP_DEFER_TASKRUN) != 0;
        if (chosen(IORING_SETUP_SQPOLL)) {
            flags &= ~(IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG);
        } else if (!owned()) {
            flags &= ~IORING_SETUP_DEFER_TASKRUN;
            flags |= IORING_SETUP_COOP_TASKRUN & ~explicitOff & ~explicitOn;
        } else if (!deferred) {
            flags |= IORING_SETUP_COOP_TASKRUN & ~explicitOff & ~explicitOn;
        }
        boolean cooperative = ((flags | explicitOn) & IORING_SETUP_COOP_TASKRUN) != 0;
        deferred = ((flags | explicitOn) & IORING_SETUP_DEFER_TASKRUN) != 0;
        return deferred || cooperative ? flags : flags & ~IORING_SETUP_TASKRUN_FLAG;
    }

    private boolean chosen(int flag) {
        return (explicitOn & flag) != 0;
    }

    private boolean refused(int flag) {
        return (explicitOff & flag) != 0;
    }

    private RingConfig checked() {
        if (chosen(IORING_SETUP_SQPOLL)) {
            conflict(
                    IORING_SETUP_DEFER_TASKRUN,
                    "sqPoll",
                    "deferTaskrun",
                    "a kernel thread submits");
            conflict(IORING_SETUP_COOP_TASKRUN, "sqPoll", "coopTaskrun", "a kernel thread submits");
            conflict(IORING_SETUP_TASKRUN_FLAG, "sqPoll", "taskrunFlag", "a kernel thread submits");
            conflict(IORING_SETUP_SQ_REWIND, "sqPoll", "sqRewind", "the thread reads ahead");
        }
        if (chosen(IORING_SETUP_DEFER_TASKRUN) && !owned()) {
            throw new IllegalArgumentException(
                    "deferTaskrun needs singleIssuer: the one thread does the deferred work");
        }
        if (chosen(IORING_SETUP_TASKRUN_FLAG)
                && refused(IORING_SETUP_DEFER_TASKRUN)
                && refused(IORING_SETUP_COOP_TASKRUN)) {
            throw new IllegalArgumentException("taskrunFlag needs deferTaskrun or coopTaskrun");
        }
        if (chosen(IORING_SETUP_SQ_REWIND) && refused(IORING_SETUP_NO_SQARRAY)) {
            throw new IllegalArgumentException("sqRewind needs noSqArray");
        }
        if (chosen(IORING_SETUP_REGISTERED_FD_ONLY) && !owned()) {
            throw new IllegalArgumentException(
                    "registeredFdOnly needs singleIssuer: the descriptor is the thread's");
        }
        if (chosen(IORING_SETUP_REGISTERED_FD_ONLY) && !registeredFd) {
            throw new IllegalArgumentException("registeredFdOnly contradicts registeredFd(false)");
        }
        return this;
    }

    private void conflict(int flag, String one, String other, String reason) {
        if (chosen(flag)) {
            throw new IllegalArgumentException(one + " excludes " + other + ": " + reason);
        }
    }

    private RingConfig with(int flags, boolean on) {
        RingConfig copy = copy();
        copy.explicitOn = on ? explicitOn | flags : explicitOn & ~flags;
        copy.explicitOff = on ? explicitOff & ~flags : explicitOff | flags;
        return copy;
    }

    private RingConfig copy() {
        RingConfig copy = new RingConfig(entries);
        copy.cqEntries = cqEntries;
        copy.explicitOn = explicitOn;
        copy.explicitOff = explicitOff;
        copy.sqPollIdleMillis = sqPollIdleMillis;
        copy.sqPollCpu = sqPollCpu;
        copy.attachTo = attachTo;
        copy.memory = memory;
        copy.registeredFd = registeredFd;
        copy.noIowait = noIowait;
        copy.registeredWaits = registeredWaits;
        copy.closeTimeout = closeTimeout;
        return copy;
    }
}
