package org.uring4j.resource;

import java.util.EnumSet;
import java.util.Set;

/**
 * What a {@link ZeroCopyReceive} is registered with. Immutable: each method answers a changed copy.
 */
public final class ZeroCopyReceiveConfig {
    /** The most entries a refill ring can have. */
    public static final int MAX_REFILL_ENTRIES = 32768;

    final ZcrxMemory memory;
    int bufferSize;
    int refillEntries;
    boolean kernelMemory;
    boolean statistics;
    long eventData;
    int eventMask;

    private ZeroCopyReceiveConfig(ZcrxMemory memory) {
        this.memory = memory;
    }

    /** An area in ordinary memory, of so many bytes. */
    public static ZeroCopyReceiveConfig of(long areaBytes) {
        return of(ZcrxMemory.anonymous(areaBytes));
    }

    /** An area in memory of this kind. */
    public static ZeroCopyReceiveConfig of(ZcrxMemory area) {
        return new ZeroCopyReceiveConfig(area);
    }

    /**
     * How long a buffer is ({@code rx_buf_len}): a power of two from a page up to what the driver
     * and the area's memory can do. Not said, it is a page. Since Linux 7.0.
     */
    public ZeroCopyReceiveConfig bufferSize(int bytes) {
        if (bytes < 4096 || Integer.bitCount(bytes) != 1) {
            throw new IllegalArgumentException(
                    "a buffer has a power of two of bytes, a page or more: bufferSize=" + bytes);
        }
        ZeroCopyReceiveConfig copy = copy();
        copy.bufferSize = bytes;
        return copy;
    }

    /**
     * How many entries the refill ring has, by which buffers go back to the kernel; rounded up to a
     * power of two. Not said, there are as many as buffers. What does not fit is kept and put there
     * later.
     *
     * @param entries 1 to {@link #MAX_REFILL_ENTRIES}
     */
    public ZeroCopyReceiveConfig refillEntries(int entries) {
        if (entries < 1 || entries > MAX_REFILL_ENTRIES) {
            throw new IllegalArgumentException(
                    "a refill ring has 1 to "
                            + MAX_REFILL_ENTRIES
                            + " entries: refillEntries="
                            + entries);
        }
        ZeroCopyReceiveConfig copy = copy();
        copy.refillEntries = ceilingPowerOfTwo(entries);
        return copy;
    }

    /** Has the kernel allocate the refill ring's memory; otherwise it is the program's. */
    public ZeroCopyReceiveConfig kernelMemory() {
        ZeroCopyReceiveConfig copy = copy();
        copy.kernelMemory = true;
        return copy;
    }

    /** Has the kernel count what it copies: {@link ZeroCopyReceive#copyCount}. Since Linux 7.2. */
    public ZeroCopyReceiveConfig statistics() {
        ZeroCopyReceiveConfig copy = copy();
        copy.statistics = true;
        return copy;
    }

    /**
     * Has the kernel post a completion when one of these happens: once, until it is {@linkplain
     * ZeroCopyReceive#armEvent armed} again. Since Linux 7.2.
     *
     * @param userData what the completions carry; hand those to {@link ZeroCopyReceive#takeEvent}
     */
    public ZeroCopyReceiveConfig events(long userData, Set<ZcrxEvent> events) {
        ZeroCopyReceiveConfig copy = copy();
        copy.eventData = userData;
        copy.eventMask = 0;
        for (ZcrxEvent event : events) {
            copy.eventMask |= 1 << event.code;
        }
        return copy;
    }

    /** The events that were asked for. */
    public Set<ZcrxEvent> events() {
        Set<ZcrxEvent> events = EnumSet.noneOf(ZcrxEvent.class);
        for (ZcrxEvent event : ZcrxEvent.values()) {
            if ((eventMask & 1 << event.code) != 0) {
                events.add(event);
            }
        }
        return events;
    }

    /** The buffers' size, a page if none was chosen. */
    long buffer(long page) {
        return bufferSize == 0 ? page : bufferSize;
    }

    int entries(long areaBytes, long page) {
        return refillEntries == 0
                ? ceilingPowerOfTwo((int) Math.min(MAX_REFILL_ENTRIES, areaBytes / buffer(page)))
                : refillEntries;
    }

    private static int ceilingPowerOfTwo(int number) {
        return number < 2 ? 1 : Integer.highestOneBit(number - 1) << 1;
    }

    private ZeroCopyReceiveConfig copy() {
        ZeroCopyReceiveConfig copy = new ZeroCopyReceiveConfig(memory);
        copy.bufferSize = bufferSize;
        copy.refillEntries = refillEntries;
        copy.kernelMemory = kernelMemory;
        copy.statistics = statistics;
        copy.eventData = eventData;
        copy.eventMask = eventMask;
        return copy;
    }

    @Override
    public String toString() {
        Set<ZcrxEvent> events = events();
        return memory
                + " bufferSize="
                + bufferSize
                + " refillEntries="
                + refillEntries
                + (kernelMemory ? " kernelMemory" : "")
                + (statistics ? " statistics" : "")
                + (events.isEmpty() ? "" : " events=" + events);
    }
}
