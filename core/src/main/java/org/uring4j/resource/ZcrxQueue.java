package org.uring4j.resource;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_ZCRX_AREA_SHIFT;

import org.jspecify.annotations.Nullable;
import org.uring4j.internal.sys.Mapping;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * An interface queue as this process sees it: areas, refill ring and counts. All rings that the
 * queue is registered with share one, each on its own thread: hence the lock, which nobody holds
 * for longer than a few stores.
 *
 * <p>A <em>place</em> is what the kernel calls the offset: the area's id in the upper 16 bits,
 * where in the area in the others.
 */
final class ZcrxQueue {
    private static final long OFFSET_MASK = (1L << IORING_ZCRX_AREA_SHIFT) - 1;

    final int bufferSize;

    /** Where the kernel counts what it copies, or 0. */
    final long statistics;

    private final ZcrxRefillRing refill;

    /** What the refill ring is in, if that is not behind a shared area. */
    private final @Nullable Mapping mapping;

    private @Nullable ZcrxArea[] areas;

    /** From how many waiting entries on the kernel is asked to take them. */
    private int many;

    private int rings = 1;
    private long refills;
    private long keptSoFar;
    private long flushes;
    private long ranOut;
    private long queueFull;
    private long allocFails;
    private int buffersOut;
    private int mostBuffersOut;

    ZcrxQueue(
            int bufferSize,
            ZcrxArea area,
            ZcrxRefillRing refill,
            @Nullable Mapping mapping,
            long statistics) {
        this.bufferSize = bufferSize;
        this.statistics = statistics;
        this.refill = refill;
        this.mapping = mapping;
        areas = new ZcrxArea[] {area};
        many = enough();
    }

    static int areaOf(long place) {
        return (int) (place >>> IORING_ZCRX_AREA_SHIFT);
    }

    static long place(int area, long offset) {
        return (long) area << IORING_ZCRX_AREA_SHIFT | offset;
    }

    static long offsetOf(long place) {
        return place & OFFSET_MASK;
    }

    /** One of the memories. */
    synchronized MemorySegment memory(int area) {
        ZcrxArea found = area < 0 || area >= areas.length ? null : areas[area];
        if (found == null) {
            throw new IndexOutOfBoundsException("no such area: area=" + area);
        }
        return found.memory;
    }

    /** An area was added. */
    synchronized void add(int number, ZcrxArea area) {
        areas = Arrays.copyOf(areas, Math.max(areas.length, number + 1));
        areas[number] = area;
        many = enough();
    }

    /** A ring imports this queue. */
    synchronized void join() {
        if (rings == 0) {
            throw new IllegalStateException("all rings of the queue are closed");
        }
        rings++;
    }

    /** A ring of this queue has closed. */
    synchronized void leave() {
        if (--rings > 0) {
            return;
        }
        if (mapping != null) {
            mapping.retire();
        }
        for (ZcrxArea area : areas) {
            if (area != null) {
                area.arena.close();
            }
        }
    }

    /**
     * A completion brought a piece.
     *
     * @return where in its area it begins
     */
    synchronized long take(long place, int length) {
        ZcrxArea area = area(place);
        long offset = offsetOf(place);
        int buffer = area == null ? -1 : area.buffer(offset, length);
        if (area == null || buffer < 0) {
            throw new IllegalArgumentException(
                    "no such place; it is the first extra value of a completion with data:"
                            + named(place)
                            + " result="
                            + length);
        }
        if (refill.kept() > 0) {
            refills += refill.publish();
        }
        if (area.take(buffer)) {
            buffersOut++;
            mostBuffersOut = Math.max(mostBuffersOut, buffersOut);
        }
        return offset;
    }

    /** A piece is given back; the kernel sees it with {@link #publish}. */
    synchronized void put(long place) {
        ZcrxArea area = area(place);
        int buffer = area == null ? -1 : area.buffer(offsetOf(place), 1);
        if (area == null || buffer < 0) {
            throw new IllegalArgumentException("no such place:" + named(place));
        }
        if (area.out(buffer) == 0) {
            throw new IllegalStateException(
                    "no piece of the buffer is out: it was recycled before, or its completion was"
                            + " not taken:"
                            + named(place));
        }
        if (area.put(buffer)) {
            buffersOut--;
        }
        if (rings == 0) {
            return;
        }
        int before = refill.kept();
        refill.add((place & ~OFFSET_MASK) | area.offset(buffer));
        keptSoFar += refill.kept() - before;
    }

    /**
     * Shows the kernel what was put.
     *
     * @return whether it is time to have the kernel take it
     */
    synchronized boolean publish() {
        if (rings == 0) {
            return false;
        }
        refills += refill.publish();
        return refill.waiting() >= many;
    }

    /** The kernel has taken what was published; what was kept is now, as far as it fits. */
    synchronized int flushed() {
        flushes++;
        int shown = refill.publish();
        refills += shown;
        return shown;
    }

    synchronized void ranOut() {
        ranOut++;
    }

    synchronized void queueFull() {
        queueFull++;
    }

    synchronized void allocFailed() {
        allocFails++;
    }

    synchronized ZeroCopyReceiveCounters counters() {
        return new ZeroCopyReceiveCounters(
                buffersOut,
                mostBuffersOut,
                refills,
                rings == 0 ? 0 : refill.waiting(),
                refill.kept(),
                keptSoFar,
                flushes,
                ranOut,
                queueFull,
                allocFails);
    }

    private @Nullable ZcrxArea area(long place) {
        int id = areaOf(place);
        return id < areas.length ? areas[id] : null;
    }

    /** How many buffers the program has no piece of. */
    synchronized int kernels() {
        return buffers() - buffersOut;
    }

    private int buffers() {
        int buffers = 0;
        for (ZcrxArea area : areas) {
            buffers += area == null ? 0 : area.buffers();
        }
        return buffers;
    }

    private int enough() {
        return Math.max(1, Math.min(refill.capacity(), buffers()) / 2);
    }

    private static String named(long place) {
        return " area=" + areaOf(place) + " offset=" + offsetOf(place);
    }
}
