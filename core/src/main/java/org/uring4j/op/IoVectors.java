package org.uring4j.op;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import org.uring4j.internal.Encoder;
import org.uring4j.internal.uapi.Iovec;
import org.uring4j.internal.uapi.LibcConstants;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;

/**
 * Several pieces of memory as one: an array of {@code struct iovec}, for the vectored reads and
 * writes, sends and receives.
 *
 * <pre>
 *   iovec 0            iovec 1            iovec 2 ...
 *   +--------+--------+--------+--------+
 *   |  base  | length |  base  | length |
 *   +--------+--------+--------+--------+
 *   0        8        16       24       32
 * </pre>
 *
 * <p>It can be filled again and again. The kernel copies the array when it takes the request, so
 * that it may be changed when {@link org.uring4j.Ring#submit} has returned; with {@code SQPOLL},
 * when the request has ended. The pieces themselves are the kernel's until the request has ended.
 *
 * <p>Source: {@code readv(2)}, {@code linux/uio.h}.
 */
public final class IoVectors {
    /** The most pieces the kernel takes. */
    public static final int MAX = LibcConstants.UIO_MAXIOV;

    private final MemorySegment array;

    /** What the pieces are of, so that none is collected and all can be asked if they are alive. */
    private final MemorySegment[] pieces;

    private int count;

    private IoVectors(MemorySegment array, int capacity) {
        this.array = array;
        pieces = new MemorySegment[capacity];
        Arrays.fill(pieces, MemorySegment.NULL);
    }

    /**
     * An empty array.
     *
     * @param arena what the array is allocated in; not where the pieces are
     * @param capacity how many pieces there is room for, 1 to {@link #MAX}
     */
    public static IoVectors allocate(Arena arena, int capacity) {
        if (capacity < 1 || capacity > MAX) {
            throw new IllegalArgumentException(
                    "there may be 1 to " + MAX + " pieces: capacity=" + capacity);
        }
        MemorySegment array = arena.allocate((long) capacity * Iovec.SIZEOF, Long.BYTES);
        return new IoVectors(array, capacity);
    }

    /**
     * An array of these pieces.
     *
     * @param arena what the array is allocated in; not where the pieces are
     * @param pieces native memory, 1 to {@link #MAX} of them
     */
    public static IoVectors of(Arena arena, MemorySegment... pieces) {
        IoVectors vectors = allocate(arena, pieces.length);
        for (MemorySegment piece : pieces) {
            vectors.add(piece);
        }
        return vectors;
    }

    /**
     * Appends a piece.
     *
     * @param piece native memory, all of which is meant
     * @throws IndexOutOfBoundsException when there is no room left
     */
    public IoVectors add(MemorySegment piece) {
        return add(piece, 0, piece.byteSize());
    }

    /**
     * Appends a part of some memory, without a segment of its own for it.
     *
     * @param memory native memory
     * @param offset where the part begins, in bytes
     * @param length how many bytes it has
     * @throws IndexOutOfBoundsException when there is no room left, or the part is not within
     */
    public IoVectors add(MemorySegment memory, long offset, long length) {
        if (count == pieces.length) {
            throw new IndexOutOfBoundsException("no room for more pieces: capacity=" + count);
        }
        put(count, memory, offset, length);
        count++;
        return this;
    }

    /**
     * Replaces a piece.
     *
     * @param index which, from 0 to less than {@link #count}
     */
    public IoVectors set(int index, MemorySegment piece) {
        if (index < 0 || index >= count) {
            throw new IndexOutOfBoundsException("index=" + index + " count=" + count);
        }
        put(index, piece, 0, piece.byteSize());
        return this;
    }

    /** Removes all pieces. */
    public IoVectors clear() {
        Arrays.fill(pieces, 0, count, MemorySegment.NULL);
        count = 0;
        return this;
    }

    /** How many pieces there are. */
    public int count() {
        return count;
    }

    /** How many pieces there is room for. */
    public int capacity() {
        return pieces.length;
    }

    /** How many bytes the pieces have together. */
    public long byteSize() {
        long sum = 0;
        for (int i = 0; i < count; i++) {
            sum += array.get(JAVA_LONG, (long) i * Iovec.SIZEOF + Iovec.IOV_LEN);
        }
        return sum;
    }

    /** This, after a check that no piece is read-only. */
    IoVectors writable() {
        for (int i = 0; i < count; i++) {
            Encoder.writable(pieces[i], "a piece of the vector");
        }
        return this;
    }

    /** The address of the array, after a check that it and its pieces are alive. */
    long address() {
        for (int i = 0; i < count; i++) {
            Encoder.address(pieces[i], "a piece of the vector");
        }
        return Encoder.address(array, "the vector");
    }

    private void put(int index, MemorySegment memory, long offset, long length) {
        Objects.checkFromIndexSize(offset, length, memory.byteSize());
        long base = Encoder.address(memory, "a piece of the vector");
        long at = (long) index * Iovec.SIZEOF;
        array.set(JAVA_LONG, at + Iovec.IOV_BASE, base + offset);
        array.set(JAVA_LONG, at + Iovec.IOV_LEN, length);
        pieces[index] = memory;
    }
}
