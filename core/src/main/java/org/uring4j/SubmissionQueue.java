package org.uring4j;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_NOP;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_NOP128;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_URING_CMD128;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_SQE128;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_SQE_MIXED;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_SQPOLL;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_SQ_REWIND;
import static org.uring4j.internal.uapi.IoUringConstants.IOSQE_CQE_SKIP_SUCCESS;
import static org.uring4j.internal.uapi.IoUringConstants.IOSQE_IO_HARDLINK;
import static org.uring4j.internal.uapi.IoUringConstants.IOSQE_IO_LINK;

import org.jspecify.annotations.Nullable;
import org.uring4j.internal.sys.Memory;
import org.uring4j.internal.uapi.IoUringSqe;

import java.lang.foreign.Arena;

/**
 * The submission queue: requests on their way to the kernel.
 *
 * <pre>
 *        head                     tail
 *         |   prepared requests    |
 *   ------+------------------------+------ slots, index &amp; mask
 *         kernel takes from here   program adds here
 * </pre>
 *
 * <p>Without a poll thread the kernel takes entries only while it is called, so both indices are
 * kept here and the kernel's head is not read.
 */
public final class SubmissionQueue {
    private static final int SMALL_SHIFT = 6;

    /** What {@link #open} says of a slot, and of one with room for 128 bytes among small ones. */
    private static final int OPEN = 1;

    private static final int OPEN_LARGE = 2;

    private static final int LINKS = IOSQE_IO_LINK | IOSQE_IO_HARDLINK;

    /** Room for one entry that no kernel sees. */
    private static final long NOWHERE =
            Arena.global().allocate(2L * IoUringSqe.SIZEOF, IoUringSqe.SIZEOF).address();

    /**
     * Where the queue lies. Held so that this stays mapped for as long as a program holds the
     * cursor, even if it has let go of the ring.
     */
    private RingLayout layout;

    private long headAddress;
    private long tailAddress;
    private long flagsAddress;
    private long slots;
    private int entries;
    private int mask;
    private final int shift;
    private final boolean polled;
    private final boolean rewind;
    private final boolean mixed;
    private final Sqe cursor;

    private int head;
    private int tail;

    /** With a poll thread: up to where entries were shown to it. */
    private int published;

    /**
     * Whether the cursor stands on the slot before the tail without a request written to it yet; 0
     * if not. If none ever is, because its encoder threw, the slot is used again.
     */
    int open;

    /** Entries taken by the kernel so far. */
    private long taken;

    /** Entries among all that were put in that post no completion of their own. */
    long uncounted;

    /**
     * Whether any request was to skip its completion. If one fails, it posts a completion all the
     * same, which counts as the end of another: from then on the count may be too low.
     */
    boolean skips;

    SubmissionQueue(RingOpener ring) {
        layout = ring.layout;
        place();
        shift = (ring.flags & IORING_SETUP_SQE128) == 0 ? SMALL_SHIFT : SMALL_SHIFT + 1;
        polled = (ring.flags & IORING_SETUP_SQPOLL) != 0;
        rewind = (ring.flags & IORING_SETUP_SQ_REWIND) != 0;
        mixed = (ring.flags & IORING_SETUP_SQE_MIXED) != 0;
        cursor = new Sqe(this, slots);
    }

    private void place() {
        headAddress = layout.sqHead;
        tailAddress = layout.sqTail;
        flagsAddress = layout.sqFlags;
        slots = layout.sqes;
        entries = layout.sqEntries;
        mask = entries - 1;
    }

    /**
     * Goes on in other memory, and takes along what the kernel has not taken: it knows of most of
     * that only when it is published.
     */
    void move(RingLayout to) {
        dropOpen();
        for (int at = head; at != tail; at++) {
            long old = slots + ((long) (at & mask) << shift);
            Memory.copy(old, to.sqes + ((long) (at & (to.sqEntries - 1)) << shift), 1L << shift);
        }
        layout = to;
        place();
        cursor.address = slots;
    }

    /**
     * The ring is closed: its memory may be another's soon, and the cursor must not stand there.
     */
    void leave() {
        cursor.address = NOWHERE;
    }

    /** How many slots there are. */
    public int capacity() {
        return entries;
    }

    /** How many slots hold requests the kernel has not taken yet. */
    public int ready() {
        return tail - (open == 0 ? 0 : 1) - currentHead();
    }

    /** How many slots are free. */
    public int spaceLeft() {
        return entries - ready();
    }

    /** How many entries the kernel has dropped as invalid; stays 0. */
    public int dropped() {
        return Memory.getIntOpaque(layout.sqDropped);
    }

    /** The cursor on the next free slot, or null when the queue is full. */
    @Nullable Sqe tryNext() {
        dropOpen();
        int next = tail;
        if (next - head == entries && next - currentHead() == entries) {
            return null;
        }
        Sqe sqe = cursor;
        long address = slots + ((long) (next & mask) << shift);
        if (shift != SMALL_SHIFT) {
            Memory.clear(address + IoUringSqe.SIZEOF, IoUringSqe.SIZEOF);
        }
        sqe.address = address;
        tail = next + 1;
        open = OPEN;
        return sqe;
    }

    /**
     * As {@link #tryNext}, for a request of 128 bytes. Of a mixed queue's slots it takes the second
     * when it is written: one of 64 bytes may be written instead.
     */
    @Nullable Sqe tryNext128() {
        if (shift != SMALL_SHIFT) {
            return tryNext();
        }
        if (!mixed || entries == 1) {
            throw new IllegalStateException(
                    "128-byte requests need RingConfig.sqeSize(SqeSize.B128), or MIXED and at least"
                            + " 2 entries");
        }
        dropOpen();
        int free = spaceLeft();
        // An entry must not wrap: the last slot stays alone.
        if ((tail & mask) == mask && free > 0) {
            pad();
            free--;
        }
        if (free < 2) {
            return null;
        }
        Sqe sqe = cursor;
        sqe.address = slots + ((long) (tail & mask) << shift);
        tail++;
        open = OPEN_LARGE;
        return sqe;
    }

    /**
     * A request of 128 bytes is about to be written where the cursor stands.
     *
     * @return false when there is no room for it
     */
    boolean enlarge() {
        if (open == OPEN_LARGE) {
            tail++;
            uncounted++;
            open = 0;
            return true;
        }
        return shift != SMALL_SHIFT;
    }

    /**
     * Fills a slot with a request that does nothing, and does not say so. It comes before the chain
     * that is being made, if there is one: it has no link.
     */
    private void pad() {
        int at = openChain();
        long slot = slots + ((long) (at & mask) << shift);
        Memory.copy(slot, slot + IoUringSqe.SIZEOF, (long) (tail - at) << shift);
        Memory.clear(slot, IoUringSqe.SIZEOF);
        Memory.putByte(slot + IoUringSqe.OPCODE, (byte) IORING_OP_NOP);
        Memory.putByte(slot + IoUringSqe.FLAGS, (byte) IOSQE_CQE_SKIP_SUCCESS);
        uncounted++;
        tail++;
    }

    /** Where the chain begins to which the next request will belong; the tail if to none. */
    private int openChain() {
        int chain = kernels();
        int at = chain;
        while (at != tail) {
            long slot = slots + ((long) (at & mask) << shift);
            at += isLarge(slot) ? 2 : 1;
            if ((Memory.getByte(slot + IoUringSqe.FLAGS) & LINKS) == 0) {
                chain = at;
            }
        }
        return chain;
    }

    /** Whether the last request that is still here was written to the slot at this address. */
    boolean endsWith(long address) {
        int size = sizeOfLast(address);
        return open == 0
                && tail != kernels()
                && (size == 1 || (mixed && size == 2 && isLarge(address)));
    }

    /** Takes that request back: its slots are handed out again. */
    void withdraw(long address) {
        if (endsWith(address)) {
            if (sizeOfLast(address) == 1) {
                open = OPEN;
            } else {
                open = OPEN_LARGE;
                tail--;
                uncounted--;
            }
            if ((Memory.getByte(address + IoUringSqe.FLAGS) & IOSQE_CQE_SKIP_SUCCESS) != 0) {
                uncounted--;
            }
        }
    }

    /** How many slots the last request has, if it was written to the one at this address. */
    private int sizeOfLast(long address) {
        int index = (int) ((address - slots) >> shift);
        return (tail - 1 - index & mask) + 1;
    }

    /** Whether the request in a slot is of an op that has 128 bytes. */
    private static boolean isLarge(long slot) {
        int opcode = Memory.getByte(slot + IoUringSqe.OPCODE) & 0xff;
        return opcode == IORING_OP_NOP128 || opcode == IORING_OP_URING_CMD128;
    }

    /** Takes back the slot that no request was written to, if there is one. */
    private void dropOpen() {
        if (open != 0) {
            tail--;
            open = 0;
        }
    }

    /** Shows the kernel what is prepared; how many entries it has yet to take. */
    int publish() {
        dropOpen();
        if (!rewind) {
            storeTailRelease(tail);
        }
        if (polled) {
            int fresh = tail - published;
            published = tail;
            taken += fresh;
            return fresh;
        }
        return tail - head;
    }

    /** The kernel has taken {@code count} entries; not with a poll thread. */
    void consumed(int count) {
        taken += count;
        if (!rewind) {
            head += count;
            return;
        }
        int rest = tail - count;
        if (rest > 0) {
            Memory.copy(slots + ((long) count << shift), slots, (long) rest << shift);
        }
        tail = rest;
    }

    /** How many of the requests taken so far post a completion of their own. */
    long counted() {
        return taken - (uncounted == 0 ? 0 : uncounted - uncountedHere());
    }

    /** Drops what the kernel has not taken or, with a poll thread, not been shown. */
    void discard() {
        dropOpen();
        uncounted -= uncountedHere();
        tail = kernels();
        if (!rewind) {
            storeTailRelease(tail);
        }
    }

    /** Entries that were not handed over yet, and will post no completion of their own. */
    private int uncountedHere() {
        int count = 0;
        int end = open == 0 ? tail : tail - 1;
        for (int i = kernels(); end - i > 0; i++) {
            long slot = slots + ((long) (i & mask) << shift);
            if ((Memory.getByte(slot + IoUringSqe.FLAGS) & IOSQE_CQE_SKIP_SUCCESS) != 0) {
                count++;
            }
            if (mixed && isLarge(slot)) {
                count++;
                i++;
            }
        }
        return count;
    }

    /** Up to where entries are the kernel's to take, or taken. */
    private int kernels() {
        return polled ? published : head;
    }

    /** Whether all slots have 128 bytes. */
    boolean large() {
        return shift != SMALL_SHIFT;
    }

    boolean mixed() {
        return mixed;
    }

    boolean polled() {
        return polled;
    }

    /** The flags the kernel sets ({@code IORING_SQ_*}). */
    int loadFlagsAcquire() {
        return Memory.getIntAcquire(flagsAddress);
    }

    private int currentHead() {
        if (polled) {
            head = loadHeadAcquire();
        }
        return head;
    }

    private int loadHeadAcquire() {
        return Memory.getIntAcquire(headAddress);
    }

    private void storeTailRelease(int value) {
        Memory.putIntRelease(tailAddress, value);
    }
}
