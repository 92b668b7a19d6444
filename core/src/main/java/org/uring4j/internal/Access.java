package org.uring4j.internal;

import org.jspecify.annotations.Nullable;
import org.uring4j.Ring;
import org.uring4j.Sqe;
import org.uring4j.UringException;

/**
 * What {@code org.uring4j} lends to {@code org.uring4j.op} and {@code org.uring4j.resource} without
 * exporting it. {@link Ring} supplies the one implementation.
 */
public abstract class Access {
    private static volatile @Nullable Access offered;

    /** For the one implementation. */
    protected Access() {}

    /** Called once, by {@link Ring}'s initialiser. */
    public static void offer(Access access) {
        offered = access;
    }

    /** The implementation. */
    public static Access get() {
        return Holder.INSTANCE;
    }

    /** The address of the slot the cursor stands on, which a request is written to now. */
    public abstract long fill(Sqe sqe);

    /** The address of the slot a request was written to, 0 if none was yet. */
    public abstract long written(Sqe sqe);

    /** Takes back the request that was written last, if it was not submitted yet. */
    public abstract void withdraw(Sqe sqe);

    /**
     * A request of 128 bytes is about to be written to the slot the cursor stands on.
     *
     * @return false when there is no room for it
     */
    public abstract boolean enlarge(Sqe sqe);

    /** Whether all slots of the cursor's queue have 128 bytes. */
    public abstract boolean large(Sqe sqe);

    /** Whether the cursor's queue has slots of either size. */
    public abstract boolean mixed(Sqe sqe);

    /**
     * {@code io_uring_register(2)} on this ring.
     *
     * @return the result, or the negated errno
     */
    public abstract int register(Ring ring, int opcode, long arg, int nrArgs);

    /** As {@link #register}, where failing is a {@link UringException}. */
    public abstract int require(Ring ring, int opcode, long arg, int nrArgs);

    /**
     * What to say of a {@link #register} that failed.
     *
     * @param told what it was about
     */
    public abstract UringException failed(int opcode, int result, String told);

    /** Fails when the ring is closed or the calling thread is not its owner. */
    public abstract void check(Ring ring);

    /** Whether the ring is the calling thread's alone. From any thread. */
    public abstract boolean owns(Ring ring);

    /** Has the ring close {@code child} before itself, unless the child is removed first. */
    public abstract void adopt(Ring ring, AutoCloseable child);

    /** A child that closed by itself. */
    public abstract void remove(Ring ring, AutoCloseable child);

    /**
     * Frees memory that requests may still name: now when none is in flight or waits to be
     * submitted, else when the ring has closed.
     */
    public abstract void release(Ring ring, Runnable free);

    /** Frees memory when the ring has closed: the kernel would not give it back before. */
    public abstract void releaseWithRing(Ring ring, Runnable free);

    /** Whether the ring closes in spite of requests that would not end. */
    public abstract boolean abandoned(Ring ring);

    /** Resources were given tags: later a completion comes for each that is no request's. */
    public abstract void tagged(Ring ring, int count);

    /** Resources with tags were given up: their completions come as soon as nothing uses them. */
    public abstract void untagged(Ring ring, int count);

    /** Whether a registered eventfd is told of completions. */
    public abstract void eventFdEnabled(Ring ring, boolean on);

    /** The index under which the calling thread has the ring registered, -1 if it has not. */
    public abstract int registeredIndex(Ring ring);

    /** Apart from {@link Access}, whose own initialiser runs while {@link Ring}'s does. */
    private static final class Holder {
        static final Access INSTANCE = load();

        private static Access load() {
            try {
                Class.forName("org.uring4j.Ring", true, Access.class.getClassLoader());
            } catch (ClassNotFoundException e) {
                throw new AssertionError(e);
            }
            Access access = offered;
            if (access == null) {
                throw new AssertionError("Ring offered no access");
            }
            return access;
        }
    }
}
