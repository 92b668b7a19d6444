package org.uring4j.op;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import org.uring4j.internal.Encoder;
import org.uring4j.internal.uapi.FutexWaitv;
import org.uring4j.internal.uapi.LibcConstants;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;

/**
 * The words that {@link Futexes#futexWaitv} waits for ({@code struct futex_waitv[]}). It can be
 * used again and again; its memory is its arena's.
 *
 * <p>The kernel copies it when it takes the request; the words themselves must stay until the
 * request has completed.
 *
 * <p>Source: {@code futex_waitv(2)}.
 */
public final class FutexWords {
    /** How many words one request can wait for. */
    public static final int MAX_COUNT = LibcConstants.FUTEX_WAITV_MAX;

    private final MemorySegment memory;

    /** The words, so that none is garbage collected and all can be asked if they are alive. */
    private final MemorySegment[] words;

    private FutexWords(MemorySegment memory, int count) {
        this.memory = memory;
        words = new MemorySegment[count];
        Arrays.fill(words, MemorySegment.NULL);
    }

    /**
     * Room for words, all of which are to be {@link #set}.
     *
     * @param count 1 to {@link #MAX_COUNT}
     */
    public static FutexWords allocate(Arena arena, int count) {
        if (count < 1 || count > MAX_COUNT) {
            throw new IllegalArgumentException(
                    "one waits for 1 to " + MAX_COUNT + " words: count=" + count);
        }
        long bytes = (long) count * FutexWaitv.SIZEOF;
        return new FutexWords(arena.allocate(bytes, Long.BYTES), count);
    }

    /**
     * Sets one.
     *
     * @param index from 0; the result names the woken word by it
     * @param word 4 bytes, 8 with {@link Futexes#FUTEX2_NUMA}
     * @param value what it was seen to have
     * @param flags {@link Futexes#FUTEX2_SIZE_U32}, or'ed with others
     */
    public FutexWords set(int index, MemorySegment word, int value, int flags) {
        long at = (long) Objects.checkIndex(index, words.length) * FutexWaitv.SIZEOF;
        memory.set(JAVA_LONG, at + FutexWaitv.UADDR, Futexes.address(word, flags));
        memory.set(JAVA_LONG, at + FutexWaitv.VAL, value & 0xffff_ffffL);
        memory.set(JAVA_INT, at + FutexWaitv.FLAGS, flags);
        words[index] = word;
        return this;
    }

    /** How many there are. */
    public int count() {
        return words.length;
    }

    /** Its address, after a check that it and the words are alive. */
    long address() {
        for (MemorySegment word : words) {
            Encoder.address(word, "a word");
        }
        return Encoder.address(memory, "the words' list");
    }
}
