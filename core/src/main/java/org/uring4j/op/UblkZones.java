package org.uring4j.op;

import static org.uring4j.internal.uapi.BlkZone.CAPACITY;
import static org.uring4j.internal.uapi.BlkZone.COND;
import static org.uring4j.internal.uapi.BlkZone.SIZEOF;
import static org.uring4j.internal.uapi.BlkZone.START;
import static org.uring4j.internal.uapi.BlkZone.TYPE;
import static org.uring4j.internal.uapi.BlkZone.WP;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import org.uring4j.internal.Encoder;
import org.uring4j.internal.uapi.BlkZone;
import org.uring4j.internal.uapi.LibcConstants;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * What a block device of one's own tells about its zones, asked by {@link UblkQueue#REPORT_ZONES}
 * ({@code struct blk_zone}, an array). A report is written to where a read's data would go:
 *
 * <pre>{@code
 * long at = UblkCommands.copyOffset(queue, tag, 0);
 * Files.write(ring.next(), fd, zones.set(0, ...).memory(1), at);
 * }</pre>
 *
 * <p>The answer to the request is then how many bytes were written. Its own memory is its arena's.
 *
 * <p>Source: {@code linux/blkzoned.h}.
 */
public final class UblkZones {
    /** Type: written anywhere. */
    public static final int CONVENTIONAL = LibcConstants.BLK_ZONE_TYPE_CONVENTIONAL;

    /** Type: written from beginning to end. */
    public static final int SEQUENTIAL = LibcConstants.BLK_ZONE_TYPE_SEQWRITE_REQ;

    /** Condition: has no place up to which it is written; of {@link #CONVENTIONAL} ones. */
    public static final int NOT_WP = LibcConstants.BLK_ZONE_COND_NOT_WP;

    /** Condition: nothing is written. */
    public static final int EMPTY = LibcConstants.BLK_ZONE_COND_EMPTY;

    /** Condition: open, because it was written to. */
    public static final int IMPLICITLY_OPEN = LibcConstants.BLK_ZONE_COND_IMP_OPEN;

    /** Condition: open, because that was asked. */
    public static final int EXPLICITLY_OPEN = LibcConstants.BLK_ZONE_COND_EXP_OPEN;

    /** Condition: written in part, and not open. */
    public static final int CLOSED = LibcConstants.BLK_ZONE_COND_CLOSED;

    /** Condition: can only be read. */
    public static final int READ_ONLY = LibcConstants.BLK_ZONE_COND_READONLY;

    /** Condition: written to its end. */
    public static final int FULL = LibcConstants.BLK_ZONE_COND_FULL;

    /** Condition: of no use. */
    public static final int OFFLINE = LibcConstants.BLK_ZONE_COND_OFFLINE;

    private final MemorySegment memory;
    private final int capacity;

    private UblkZones(MemorySegment memory, int capacity) {
        this.memory = memory;
        this.capacity = capacity;
    }

    /**
     * Room for a report.
     *
     * @param capacity on how many zones, 1 to 1048576
     */
    public static UblkZones allocate(Arena arena, int capacity) {
        if (capacity < 1 || capacity > 1 << 20) {
            throw new IllegalArgumentException("1 to 1048576 zones: capacity=" + capacity);
        }
        return new UblkZones(arena.allocate((long) capacity * SIZEOF, Long.BYTES), capacity);
    }

    /**
     * Tells about a zone; places and sizes in sectors of 512 bytes.
     *
     * @param index which of the report's, from 0
     * @param start where on the device it begins
     * @param length how far it is from there to the next
     * @param size how much of it can be written, at most {@code length}
     * @param written up to where on the device it is written; of no account with {@link #NOT_WP}
     * @param type {@link #CONVENTIONAL} or {@link #SEQUENTIAL}
     * @param condition {@link #EMPTY} and so on
     */
    public UblkZones set(
            int index, long start, long length, long size, long written, int type, int condition) {
        long at = (long) Objects.checkIndex(index, capacity) * SIZEOF;
        memory.asSlice(at, SIZEOF).fill((byte) 0);
        memory.set(JAVA_LONG, at + START, start);
        memory.set(JAVA_LONG, at + BlkZone.LEN, length);
        memory.set(JAVA_LONG, at + WP, written);
        memory.set(JAVA_BYTE, at + TYPE, (byte) type);
        memory.set(JAVA_BYTE, at + COND, (byte) condition);
        memory.set(JAVA_LONG, at + CAPACITY, size);
        return this;
    }

    /**
     * The report, to be written.
     *
     * @param count on how many zones, from the first
     */
    public MemorySegment memory(int count) {
        Encoder.address(memory, "the report");
        return memory.asSlice(0, (long) Objects.checkIndex(count, capacity + 1) * SIZEOF);
    }
}
