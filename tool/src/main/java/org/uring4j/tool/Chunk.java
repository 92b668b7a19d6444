package org.uring4j.tool;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A piece of the stream on its way: filled from one side, emptied to the other, and free again when
 * the kernel is done with its memory.
 */
final class Chunk {
    private final MemorySegment memory;

    /** Where in the stream it begins. */
    long offset;

    /** How much is in it. */
    int filled;

    /** How much of that has gone out. */
    int emptied;

    /** It has been emptied to the end, and the kernel is done with it. */
    boolean done;

    private Chunk(MemorySegment memory) {
        this.memory = memory;
    }

    /** Chunks in one piece of memory, which is {@code arena}'s. */
    static Chunk[] allocate(Arena arena, int count, int size) {
        try {
            MemorySegment all = arena.allocate((long) count * size, 4096);
            Chunk[] chunks = new Chunk[count];
            for (int i = 0; i < count; i++) {
                chunks[i] = new Chunk(all.asSlice((long) i * size, size));
            }
            return chunks;
        } catch (OutOfMemoryError e) {
            throw new Failure(
                    "not enough memory for depth="
                            + count
                            + " chunks of "
                            + Sizes.format(size)
                            + "; choose fewer or smaller ones",
                    e);
        }
    }

    /** Makes it an empty one at this place of the stream. */
    void begin(long offset) {
        this.offset = offset;
        filled = 0;
        emptied = 0;
        done = false;
    }

    /** The memory still to be filled. */
    MemorySegment toFill() {
        return memory.asSlice(filled);
    }

    /** The memory still to be emptied. */
    MemorySegment toEmpty() {
        return memory.asSlice(emptied, filled - emptied);
    }

    boolean full() {
        return filled == memory.byteSize();
    }

    boolean empty() {
        return emptied == filled;
    }
}
