package org.uring4j.resource;

import org.uring4j.Cqe;
import org.uring4j.Ring;
import org.uring4j.internal.sys.Mapping;
import org.uring4j.internal.sys.Memory;
import org.uring4j.internal.uapi.IoUringBuf;
import org.uring4j.internal.uapi.IoUringBufRing;

import java.util.Arrays;

/**
 * Whose the buffers of a group are, and the entries by which the kernel is given them.
 *
 * <pre>
 *        head                     tail
 *         |  the kernel's buffers  |
 *   ------+------------------------+------ entries, index &amp; mask
 *         kernel takes from here   program adds here
 *
 *   entry:  0 addr (8) | 8 len (4) | 12 bid (2) | 14 (2), of the first entry: the ring's tail
 * </pre>
 *
 * <p>The kernel may have filled and the program emptied a buffer several times over before a
 * completion is looked at, so what the entries say then is not what they said when the kernel
 * chose. All that a completion needs is therefore kept by id: an id's values change only when it is
 * added, and it is added only when all its completions have been seen.
 */
final class BufferStates {
    // The state of a buffer: whether it is the kernel's to fill, and how many pieces are out.
    private static final int KERNEL = 1;
    private static final int PIECE = 2;

    private final Ring ring;
    private final int group;
    private final int bufferSize;
    private final int mask;
    private final boolean incremental;
    private final int minimumLeft;
    private final Mapping mapping;
    private final long entries;
    private final long buffers;

    private final int[] state;

    /** Where in a buffer the kernel goes on. */
    private final int[] used;

    /** How much of a buffer was given to the kernel. */
    private final int[] length;

    /** Which buffer was added after a buffer: the order in which a bundle has them. */
    private final char[] next;

    private int last;
    private int tail;
    private boolean closed;

    private BufferStates(
            Ring ring, int group, BufferRingConfig config, Mapping mapping, long buffers) {
        this.ring = ring;
        this.group = group;
        this.mapping = mapping;
        this.buffers = buffers;
        bufferSize = config.bufferSize;
        mask = config.count - 1;
        incremental = config.incremental;
        minimumLeft = Math.max(1, config.minimumLeft);
        entries = mapping.address();
        state = new int[config.count];
        used = new int[config.count];
        length = new int[config.count];
        next = new char[config.count];
        Arrays.fill(state, PIECE);
    }

    /**
     * Registers a group and gives it its buffers.
     *
     * @param buffers the address of the first
     */
    static BufferStates register(Ring ring, int group, BufferRingConfig config, long buffers) {
        Mapping mapping = BufferRingRegistration.register(ring, group, config);
        BufferStates states = new BufferStates(ring, group, config, mapping, buffers);
        if (!config.empty) {
            for (int id = 0; id < config.count; id++) {
                states.put(id, config.bufferSize);
            }
            states.publish();
        }
        return states;
    }

    /** Unregisters it; 0, or the negated errno. */
    int unregister() {
        closed = true;
        Arrays.fill(state, 0);
        int result = BufferRingRegistration.unregister(ring, group);
        mapping.retire();
        return result;
    }

    boolean closed() {
        return closed;
    }

    int used(int id) {
        return used[id];
    }

    int length(int id) {
        return length[id];
    }

    int next(int id) {
        return next[id];
    }

    /** Takes a completion of one piece. */
    void take(int id, int size, int flags) {
        if (size > length[id] - used[id]) {
            throw spansSeveral(id, size);
        }
        hold(id, size, more(id, size, flags));
    }

    /** Takes all pieces of a completion; how many. */
    int takeAll(int first, int size, int flags) {
        int pieces = pieces(first, size);
        int id = first;
        int rest = size;
        for (int i = 1; i < pieces; i++) {
            int space = length[id] - used[id];
            hold(id, space, false);
            rest -= space;
            id = next[id];
        }
        hold(id, rest, more(id, rest, flags));
        return pieces;
    }

    /** Over how many buffers so many bytes go, all of which the kernel has. */
    private int pieces(int first, int size) {
        int id = first;
        int pieces = 1;
        int rest = size - (length[id] - used[id]);
        while (rest > 0) {
            if ((state[id] & KERNEL) == 0 || pieces > mask) {
                throw notTheKernels(id);
            }
            id = next[id];
            pieces++;
            rest -= length[id] - used[id];
        }
        if ((state[id] & KERNEL) == 0) {
            throw notTheKernels(id);
        }
        return pieces;
    }

    /** One more piece of a buffer is out. */
    private void hold(int id, int size, boolean more) {
        int before = state[id];
        if ((before & KERNEL) == 0) {
            throw notTheKernels(id);
        }
        if (more) {
            state[id] = before + PIECE;
            used[id] += size;
        } else {
            state[id] = before + PIECE - KERNEL;
        }
    }

    /**
     * Whether the kernel goes on filling a buffer. Some kernels forget to say so, when there were
     * no bytes or when the buffer was used up before the request started: where something is left
     * that they could have filled, it may still be the buffer that they take next.
     */
    private boolean more(int id, int size, int flags) {
        return Cqe.hasMoreOfBuffer(flags)
                || (incremental
                        && length[id] - used[id] - size >= minimumLeft
                        && id == nextOfKernel());
    }

    /** The buffer that the kernel takes next, or -1. */
    private int nextOfKernel() {
        int head = BufferRingRegistration.head(ring, group);
        return ((tail - head) & 0xffff) == 0
                ? -1
                : Memory.getShort(entry(head) + IoUringBuf.BID) & 0xffff;
    }

    /** How many buffers the kernel has, if the completions taken so far are all. */
    int kernels() {
        int count = 0;
        for (int each : state) {
            count += each & KERNEL;
        }
        return count;
    }

    /** A piece is back; with the last one the buffer is added to the ring: whether it was. */
    boolean put(int id, int size) {
        int left = state[id] - PIECE;
        if (left > 0) {
            state[id] = left;
            return false;
        }
        if (left < 0) {
            throw noPieceOut(id);
        }
        long entry = entry(tail);
        // The entry's last two bytes are not the entry's: in the first one they are the tail.
        Memory.putLong(entry + IoUringBuf.ADDR, buffers + (long) id * bufferSize);
        Memory.putInt(entry + IoUringBuf.LEN, size);
        Memory.putShort(entry + IoUringBuf.BID, (short) id);
        state[id] = KERNEL;
        used[id] = 0;
        length[id] = size;
        next[last] = (char) id;
        last = id;
        tail++;
        return true;
    }

    /** Shows the kernel what was put. */
    void publish() {
        storeTailRelease(tail);
    }

    /** How many buffers are the kernel's. */
    int available() {
        return (tail - BufferRingRegistration.head(ring, group)) & 0xffff;
    }

    private long entry(int index) {
        return entries + (long) (index & mask) * IoUringBuf.SIZEOF;
    }

    private void storeTailRelease(int value) {
        Memory.putShortRelease(entries + IoUringBufRing.TAIL, (short) value);
    }

    private IllegalStateException spansSeveral(int id, int size) {
        return closed
                ? closedAlready()
                : new IllegalStateException(
                        "the completion has more than the buffer holds: take a bundle with forEach;"
                                + " with MSG_TRUNC pass what fits: result="
                                + size
                                + " left="
                                + (length[id] - used[id])
                                + named(id));
    }

    private IllegalStateException notTheKernels(int id) {
        return closed
                ? closedAlready()
                : new IllegalStateException(
                        "the kernel has no such buffer: the completion was taken before, is of"
                                + " another group, or has more than the buffers hold (MSG_TRUNC):"
                                + named(id));
    }

    private IllegalStateException noPieceOut(int id) {
        return closed
                ? closedAlready()
                : new IllegalStateException(
                        "no piece of the buffer is out: it was recycled before, or its completion"
                                + " was not taken:"
                                + named(id));
    }

    private IllegalStateException closedAlready() {
        return new IllegalStateException("the buffer ring is closed: group=" + group);
    }

    private String named(int id) {
        return " id=" + id + " group=" + group;
    }
}
