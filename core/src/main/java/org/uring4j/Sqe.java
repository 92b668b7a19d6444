package org.uring4j;

import org.uring4j.internal.sys.Memory;
import org.uring4j.internal.uapi.IoUringConstants;
import org.uring4j.internal.uapi.IoUringSqe;

/**
 * A submission queue entry being filled in: a cursor over the queue's memory.
 *
 * <p>There is one a ring. {@link Ring#next} moves it to the next free slot and answers it; an
 * encoder of {@code org.uring4j.op} writes a request there; the methods here add what any request
 * may carry. They may be called until {@code next} or {@code submit} is called again, after which
 * the cursor stands on another request or on none. When one of them refuses its argument, the
 * request is not made.
 *
 * <pre>{@code
 * Files.read(ring.next(), fd, buffer, offset).userData(7).link();
 * }</pre>
 *
 * <p>Source: {@code io_uring_enter(2)}, {@code struct io_uring_sqe}.
 */
public final class Sqe {
    private final SubmissionQueue queue;
    long address;

    Sqe(SubmissionQueue queue, long address) {
        this.queue = queue;
        this.address = address;
    }

    /**
     * Sets what the request's completions carry back; 0 if never set.
     *
     * @param value any 64 bits
     */
    public Sqe userData(long value) {
        Memory.putLong(address + IoUringSqe.USER_DATA, value);
        return this;
    }

    /** What was set by {@link #userData(long)}. */
    public long userData() {
        return Memory.getLong(address + IoUringSqe.USER_DATA);
    }

    /**
     * The descriptor is an index into the ring's registered files ({@code IOSQE_FIXED_FILE}). Since
     * Linux 5.1.
     */
    public Sqe fixedFile() {
        return flag(IoUringConstants.IOSQE_FIXED_FILE);
    }

    /**
     * Start only when all earlier requests have completed ({@code IOSQE_IO_DRAIN}). Since Linux
     * 5.2. Later ones do not start before this one has, and since Linux 6.16 not before it has
     * completed: one to cancel it neither. In a chain the whole of it waits for those before it.
     * {@code EOPNOTSUPP} on a ring that has ever had a {@link #skipSuccess}; on one of {@link
     * RingConfig.SqeSize#MIXED} there is one sooner or later.
     */
    public Sqe drain() {
        return flag(IoUringConstants.IOSQE_IO_DRAIN);
    }

    /**
     * Start the next request only when this one has succeeded, in full; else the rest of the chain
     * ends with {@code ECANCELED} ({@code IOSQE_IO_LINK}). Since Linux 5.3. A chain must be
     * submitted at once. Of some ops the kernel does not take a failure for one; they say so.
     */
    public Sqe link() {
        return flag(IoUringConstants.IOSQE_IO_LINK);
    }

    /**
     * As {@link #link}, but the next one starts whatever the result ({@code IOSQE_IO_HARDLINK}).
     * Since Linux 5.5.
     */
    public Sqe hardlink() {
        return flag(IoUringConstants.IOSQE_IO_HARDLINK);
    }

    /** Do not try inline, start in a worker thread ({@code IOSQE_ASYNC}). Since Linux 5.6. */
    public Sqe async() {
        return flag(IoUringConstants.IOSQE_ASYNC);
    }

    /**
     * Take the memory from a group of provided buffers ({@code IOSQE_BUFFER_SELECT}). Since Linux
     * 5.7.
     *
     * @param group the group's id, 0 to 65535
     */
    public Sqe bufferGroup(int group) {
        if ((group & ~0xffff) != 0) {
            throw refused("a buffer group is 0 to 65535: group=" + group);
        }
        Memory.putShort(address + IoUringSqe.BUF_GROUP, (short) group);
        return flag(IoUringConstants.IOSQE_BUFFER_SELECT);
    }

    /**
     * Post no completion when the request succeeds ({@code IOSQE_CQE_SKIP_SUCCESS}). Since Linux
     * 5.17. The ring cannot tell when such a request ends, so its memory must outlive the ring. If
     * it fails, what is {@link #link linked} after it ends without completions, and counts as
     * {@link Ring#inFlight in flight} for good: have the whole chain skip. Of the ops whose failure
     * does not count ({@link #link}) a failure is not told either. A multishot receive skips its
     * last completion only, if it ends well: that it has ended is not told then.
     *
     * @throws IllegalStateException when no request is written here, or it was submitted
     */
    public Sqe skipSuccess() {
        if (!queue.endsWith(address)) {
            throw new IllegalStateException(
                    "skipSuccess is set when the request was written and before it is submitted: it"
                            + " decides what is counted");
        }
        if ((flags() & IoUringConstants.IOSQE_CQE_SKIP_SUCCESS) == 0) {
            queue.uncounted++;
            queue.skips = true;
        }
        return flag(IoUringConstants.IOSQE_CQE_SKIP_SUCCESS);
    }

    /**
     * Act with registered credentials. Since Linux 5.6.
     *
     * @param id what registering them answered, 1 to 65535; 0 for the thread's own
     */
    public Sqe personality(int id) {
        if ((id & ~0xffff) != 0) {
            throw refused("a personality is 0 to 65535: id=" + id);
        }
        Memory.putShort(address + IoUringSqe.PERSONALITY, (short) id);
        return this;
    }

    /**
     * The I/O priority of a read or write, as {@code ioprio_set(2)} has it: class shifted left by
     * 13, or'ed with the level. Not for network ops, whose own flags share the field.
     */
    public Sqe ioPriority(int priority) {
        if ((priority & ~0xffff) != 0) {
            throw refused("an I/O priority has 16 bits: priority=" + priority);
        }
        Memory.putShort(address + IoUringSqe.IOPRIO, (short) priority);
        return this;
    }

    /** A request is written to the slot: it counts from now on. */
    long fill() {
        queue.open = 0;
        return address;
    }

    /** The slot's address, or 0 as long as no request was written to it. */
    long written() {
        return queue.open == 0 ? address : 0;
    }

    /** Takes back the request that was written, if it was not submitted yet. */
    void withdraw() {
        queue.withdraw(address);
    }

    /** A request of 128 bytes is about to be written; false when there is no room for it. */
    boolean enlarge() {
        return queue.enlarge();
    }

    /** Whether all slots have 128 bytes. */
    boolean large() {
        return queue.large();
    }

    /** Whether the queue has slots of either size. */
    boolean mixed() {
        return queue.mixed();
    }

    int flags() {
        return Memory.getByte(address + IoUringSqe.FLAGS);
    }

    /** Without what was to be set the request would be another: it is not made. */
    private IllegalArgumentException refused(String why) {
        withdraw();
        return new IllegalArgumentException(why);
    }

    private Sqe flag(int bit) {
        Memory.putByte(address + IoUringSqe.FLAGS, (byte) (flags() | bit));
        return this;
    }
}
