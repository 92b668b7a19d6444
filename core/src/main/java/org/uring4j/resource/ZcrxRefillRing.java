package org.uring4j.resource;

import org.uring4j.internal.sys.Memory;
import org.uring4j.internal.uapi.IoUringZcrxRqe;

import java.util.Arrays;

/**
 * The entries by which the kernel is given buffers back.
 *
 * <pre>
 *        head                     tail
 *         |    buffers given back  |
 *   ------+------------------------+------ entries, index &amp; mask      kept: what does not fit
 *         kernel takes from here   program adds here
 *
 *   entry:  0 area id, offset (8) | 8 len (4), not looked at | 12 zero (4)
 * </pre>
 *
 * <p>The tail is read from the ring each time: another process may have added to it since.
 */
final class ZcrxRefillRing {
    private final long head;
    private final long tail;
    private final long entries;
    private final int capacity;

    /** Added, and not yet shown to the kernel. */
    private int added;

    /** What did not fit: the oldest at {@code keptFirst}, then onwards and around. */
    private long[] kept = new long[16];

    private int keptFirst;
    private int keptCount;

    ZcrxRefillRing(long head, long tail, long entries, int capacity) {
        this.head = head;
        this.tail = tail;
        this.entries = entries;
        this.capacity = capacity;
    }

    /** Adds a buffer; keeps it if there is no room. */
    void add(long place) {
        if (keptCount > 0 || room() == 0) {
            keep(place);
        } else {
            write(place);
        }
    }

    /** Shows the kernel what was added and what was kept and fits by now; how many that are. */
    int publish() {
        for (int room = keptCount == 0 ? 0 : room(); room > 0 && keptCount > 0; room--) {
            write(kept[keptFirst]);
            keptFirst = (keptFirst + 1) & (kept.length - 1);
            keptCount--;
        }
        int shown = added;
        if (shown > 0) {
            Memory.putIntRelease(tail, Memory.getInt(tail) + shown);
            added = 0;
        }
        return shown;
    }

    /** How many the kernel has not taken yet. */
    int waiting() {
        return Memory.getInt(tail) + added - Memory.getIntAcquire(head);
    }

    /** How many did not fit. */
    int kept() {
        return keptCount;
    }

    int capacity() {
        return capacity;
    }

    private int room() {
        return capacity - waiting();
    }

    private void write(long place) {
        int index = Memory.getInt(tail) + added & capacity - 1;
        long entry = entries + (long) index * IoUringZcrxRqe.SIZEOF;
        Memory.putLong(entry + IoUringZcrxRqe.OFF, place);
        Memory.putLong(entry + IoUringZcrxRqe.LEN, 0);
        added++;
    }

    private void keep(long place) {
        if (keptCount == kept.length) {
            long[] longer = Arrays.copyOf(kept, 2 * keptCount);
            // What had gone around goes behind the rest.
            System.arraycopy(kept, 0, longer, keptCount, keptFirst);
            kept = longer;
        }
        kept[(keptFirst + keptCount) & (kept.length - 1)] = place;
        keptCount++;
    }
}
