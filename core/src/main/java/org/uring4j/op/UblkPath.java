package org.uring4j.op;

import org.uring4j.internal.Encoder;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.util.ArrayList;
import java.util.List;

/**
 * The path of a block device of one's own, which commands to devices of users other than root have
 * to say ({@link UblkDevice#F_UNPRIVILEGED_DEV}; {@link UblkControl#path}). What commands carry
 * beside is allocated from it, as {@code UblkParams.allocate(path, size)}, so that it stands behind
 * a copy of the path, where the driver looks for it.
 *
 * <pre>
 *   +--------------------+--------------------------+
 *   | /dev/ublkc3 0 ...  | what the command carries |
 *   +--------------------+--------------------------+
 * </pre>
 *
 * <p>Its memory is its arena's. Source: {@code linux/ublk_cmd.h}.
 */
public final class UblkPath implements SegmentAllocator {
    private static final int MAX_LENGTH = 4096;

    private final Arena arena;
    private final MemorySegment path;

    /** What was allocated from it. */
    private final List<MemorySegment> carried = new ArrayList<>();

    private UblkPath(Arena arena, MemorySegment path) {
        this.arena = arena;
        this.path = path;
    }

    /**
     * A path.
     *
     * @param path of the device's character device, as "/dev/ublkc3"
     */
    public static UblkPath of(Arena arena, String path) {
        MemorySegment text = arena.allocateFrom(path);
        if (text.byteSize() > MAX_LENGTH) {
            throw new IllegalArgumentException(
                    "a path has up to 4095 bytes: bytes=" + (text.byteSize() - 1));
        }
        // What stands behind it begins with a whole number of 8 bytes.
        MemorySegment padded = arena.allocate((text.byteSize() + 7) & -Long.BYTES, Long.BYTES);
        return new UblkPath(arena, padded.copyFrom(text));
    }

    /**
     * Memory behind a copy of the path.
     *
     * @param byteAlignment up to 8
     */
    @Override
    public MemorySegment allocate(long byteSize, long byteAlignment) {
        if (byteSize < 1 || byteAlignment > Long.BYTES) {
            throw new IllegalArgumentException(
                    "1 byte or more, aligned to 8 at most: bytes="
                            + byteSize
                            + " alignment="
                            + byteAlignment);
        }
        MemorySegment both = arena.allocate(path.byteSize() + byteSize, Long.BYTES).copyFrom(path);
        MemorySegment rest = both.asSlice(path.byteSize());
        carried.add(rest);
        return rest;
    }

    /** How many bytes it takes before what a command carries. */
    int length() {
        return (int) path.byteSize();
    }

    /** Where the path begins that stands before what a command carries; 0: it carries nothing. */
    long address(long carriedAt) {
        if (carriedAt == 0) {
            return Encoder.address(path, "the path");
        }
        for (MemorySegment each : carried) {
            if (each.address() == carriedAt) {
                return Encoder.address(each, "the memory") - length();
            }
        }
        throw new IllegalArgumentException(
                "what the command carries was not allocated from the path; as in"
                        + " UblkParams.allocate(path, size)");
    }
}
