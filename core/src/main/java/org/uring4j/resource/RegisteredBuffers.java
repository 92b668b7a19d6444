package org.uring4j.resource;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_BUFFERS_UPDATE;

import org.jspecify.annotations.Nullable;
import org.uring4j.Ring;
import org.uring4j.UringException;
import org.uring4j.internal.Access;
import org.uring4j.internal.Encoder;
import org.uring4j.internal.uapi.Iovec;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Memory that the kernel has mapped once and for all, for requests that name it by its index:
 * {@code readFixed}, {@code sendFixed} and their like ({@code IORING_REGISTER_BUFFERS2}). Since
 * Linux 5.13.
 *
 * <pre>{@code
 * RegisteredBuffers buffers = RegisteredBuffers.register(ring, arena.allocate(1 << 20, 4096));
 * Files.readFixed(ring.next(), fd, buffers.slice(0, 8192, 4096), offset, 0);
 * }</pre>
 *
 * <p>A ring has at most one such table. An entry can be replaced while requests use it: they go on
 * with what they began with. Before Linux 6.13, {@link #close} waits for them.
 *
 * <p><b>Tags.</b> An entry may have a tag. It comes back as the user data of a completion, with
 * result and flags 0, when the entry was cleared or replaced and no request uses it any more: then
 * its memory is the program's alone. Closing the table, and the ring, brings all tags back.
 *
 * <p><b>Memory.</b> Its pages stay in the machine's memory and count against {@code
 * RLIMIT_MEMLOCK}. This object keeps the segments reachable for as long as they are registered, but
 * cannot keep their arena open. Close that only after the requests that use them: what these write
 * later goes to the same pages, which may hold something else by then.
 *
 * <p>The older {@code IORING_REGISTER_BUFFERS} can do nothing that this cannot, and has no method
 * of its own.
 *
 * <p>Source: {@code io_uring_register(2)}, {@code io_uring_registered_buffers(7)}.
 */
public final class RegisteredBuffers implements AutoCloseable {
    /** The most buffers a table has. */
    public static final int MAX_COUNT = 1 << 14;

    /** The longest buffer: 1 GiB. */
    public static final long MAX_BUFFER_SIZE = 1L << 30;

    private static final Access ACCESS = Access.get();

    private final Ring ring;
    private final ResourceTable table;
    private final @Nullable MemorySegment[] buffers;

    private RegisteredBuffers(Ring ring, @Nullable MemorySegment[] buffers) {
        this.ring = ring;
        this.buffers = buffers;
        table = new ResourceTable(ring, ResourceTable.Kind.BUFFER, buffers.length);
    }

    /**
     * Registers a table with these buffers, their indices in order ({@code
     * IORING_REGISTER_BUFFERS2}).
     *
     * @param buffers native memory, of 1 to {@link #MAX_BUFFER_SIZE} bytes each; 1 to {@link
     *     #MAX_COUNT} of them
     * @throws UringException when the kernel refuses: {@code EBUSY}, the ring has such a table;
     *     {@code ENOMEM}, the memory would exceed the limit; {@code EOPNOTSUPP}, it is of a mapped
     *     file that cannot be
     */
    public static RegisteredBuffers register(Ring ring, MemorySegment... buffers) {
        return register(ring, buffers.clone(), null);
    }

    /**
     * As {@link #register(Ring, MemorySegment...)}, with tags.
     *
     * @param tags a tag for each buffer, 0 for none
     */
    public static RegisteredBuffers registerTagged(
            Ring ring, MemorySegment[] buffers, long[] tags) {
        return register(ring, buffers.clone(), tags);
    }

    /**
     * Registers a table without buffers, to be filled by {@link #set} ({@code
     * IORING_REGISTER_BUFFERS2}); the kernel calls it sparse.
     *
     * @param count how many there can be, 1 to {@link #MAX_COUNT}
     */
    public static RegisteredBuffers sparse(Ring ring, int count) {
        checkCount(count);
        return register(ring, new @Nullable MemorySegment[count], null);
    }

    /**
     * Registers a table with the buffers of another ring's, which are not mapped anew and count
     * against no limit again ({@code IORING_REGISTER_CLONE_BUFFERS}, since Linux 6.12). Each table
     * can then be changed and closed by itself; tags are not cloned.
     *
     * @param from of another ring: of the same thread, or one without a single issuer whose buffers
     *     are not changed meanwhile
     * @throws UringException {@code EBUSY} the ring has such a table; {@code EEXIST} the other ring
     *     belongs to another thread
     */
    public static RegisteredBuffers cloneOf(Ring ring, RegisteredBuffers from) {
        from.checkOpen();
        @Nullable MemorySegment[] buffers = from.buffers.clone();
        RegisteredBuffers registered = new RegisteredBuffers(ring, buffers);
        BufferCloning.run(ring, from.ring, 0, 0, 0, false);
        ACCESS.adopt(ring, registered);
        return registered;
    }

    /**
     * Takes a part of another ring's buffers into this table, in place of what was there ({@code
     * IORING_REGISTER_CLONE_BUFFERS} with {@code IORING_REGISTER_DST_REPLACE}, since Linux 6.13).
     *
     * @param index where to begin in this table
     * @param from as in {@link #cloneOf}
     * @param first where to begin in the other table
     * @param count how many entries, 1 or more; empty ones become empty here
     */
    public void replace(int index, RegisteredBuffers from, int first, int count) {
        table.check(index, count);
        from.checkOpen();
        if (count < 1 || first < 0 || first > from.count() - count) {
            throw new IndexOutOfBoundsException(
                    "no such registered buffers: first="
                            + first
                            + " number="
                            + count
                            + " count="
                            + from.count());
        }
        BufferCloning.run(ring, from.ring, first, index, count, true);
        for (int i = 0; i < count; i++) {
            buffers[index + i] = from.buffers[first + i];
            table.replaceTag(index + i, 0);
        }
    }

    private void checkOpen() {
        if (table.closed()) {
            throw new IllegalStateException("the buffers to clone are closed");
        }
    }

    private static RegisteredBuffers register(
            Ring ring, @Nullable MemorySegment[] buffers, long @Nullable [] tags) {
        checkCount(buffers.length);
        RegisteredBuffers registered = new RegisteredBuffers(ring, buffers);
        try (Arena arena = Arena.ofConfined()) {
            registered.table.register(vectors(arena, buffers), tags);
        }
        ACCESS.adopt(ring, registered);
        return registered;
    }

    private static void checkCount(int count) {
        if (count < 1 || count > MAX_COUNT) {
            throw new IllegalArgumentException(
                    "there can be 1 to " + MAX_COUNT + " registered buffers: count=" + count);
        }
    }

    private static MemorySegment vectors(Arena arena, @Nullable MemorySegment... buffers) {
        MemorySegment vectors = arena.allocate((long) Iovec.SIZEOF * buffers.length, 8);
        for (int i = 0; i < buffers.length; i++) {
            MemorySegment buffer = buffers[i];
            if (buffer != null) {
                long at = (long) Iovec.SIZEOF * i;
                vectors.set(ValueLayout.JAVA_LONG, at + Iovec.IOV_BASE, address(buffer));
                vectors.set(ValueLayout.JAVA_LONG, at + Iovec.IOV_LEN, buffer.byteSize());
            }
        }
        return vectors;
    }

    private static long address(MemorySegment buffer) {
        long size = buffer.byteSize();
        if (size < 1 || size > MAX_BUFFER_SIZE) {
            throw new IllegalArgumentException(
                    "a registered buffer has 1 to " + MAX_BUFFER_SIZE + " bytes: bytes=" + size);
        }
        if (buffer.isReadOnly()) {
            throw new IllegalArgumentException(
                    "a registered buffer must be writable, even if it is only read from");
        }
        return Encoder.address(buffer, "the buffer");
    }

    /** How many buffers there can be. */
    public int count() {
        return table.count();
    }

    /**
     * What is registered under an index.
     *
     * @throws IllegalStateException when nothing is
     */
    public MemorySegment buffer(int index) {
        table.check(index, 1);
        MemorySegment buffer = buffers[index];
        if (buffer == null) {
            throw new IllegalStateException("no buffer is registered there: index=" + index);
        }
        return buffer;
    }

    /**
     * A part of the buffer registered under an index, as fixed requests take it.
     *
     * @param offset where it begins, in bytes
     * @param size how many bytes it has
     */
    public MemorySegment slice(int index, long offset, long size) {
        return buffer(index).asSlice(offset, size);
    }

    /**
     * Whether memory lies within the buffer registered under an index. A fixed request fails with
     * {@code EFAULT} when it does not.
     */
    public boolean contains(int index, MemorySegment memory) {
        table.check(index, 1);
        MemorySegment buffer = buffers[index];
        if (buffer == null || !memory.isNative()) {
            return false;
        }
        long offset = memory.address() - buffer.address();
        return offset >= 0 && offset <= buffer.byteSize() - memory.byteSize();
    }

    /** As {@link #set(int, MemorySegment, long)}, without a tag. */
    public void set(int index, MemorySegment buffer) {
        set(index, buffer, 0);
    }

    /**
     * Registers a buffer, in place of what was there ({@code IORING_REGISTER_BUFFERS_UPDATE}).
     *
     * @param buffer native memory, of 1 to {@link #MAX_BUFFER_SIZE} bytes
     * @param tag what is to come back when it is there no more, 0 for nothing
     * @throws UringException when the kernel refuses, and what was there stays
     */
    public void set(int index, MemorySegment buffer, long tag) {
        update(index, new @Nullable MemorySegment[] {buffer}, new long[] {tag});
    }

    /** Takes a buffer out of the table. */
    public void clear(int index) {
        update(index, new @Nullable MemorySegment[] {null}, null);
    }

    /**
     * Registers buffers in a row, in place of what was there, with one call of the kernel ({@code
     * IORING_REGISTER_BUFFERS_UPDATE}).
     *
     * @param first the first one's index
     * @param buffers as of {@link #set(int, MemorySegment)}, or null to take one out
     * @throws UringException when the kernel refuses one: those before it are replaced, what was
     *     there from it on stays
     */
    public void update(int first, @Nullable MemorySegment... buffers) {
        update(first, buffers, null);
    }

    /**
     * As {@link #update(int, MemorySegment...)}, with tags.
     *
     * @param tags a tag for each, 0 for none and for those taken out
     */
    public void update(int first, @Nullable MemorySegment[] buffers, long @Nullable [] tags) {
        table.check(first, buffers.length);
        if (tags != null && tags.length != buffers.length) {
            throw new IllegalArgumentException(
                    "as many tags as buffers: buffers=" + buffers.length + " tags=" + tags.length);
        }
        int done = 0;
        while (done < buffers.length) {
            @Nullable MemorySegment[] rest = Arrays.copyOfRange(buffers, done, buffers.length);
            long[] restTags = tags == null ? null : Arrays.copyOfRange(tags, done, tags.length);
            int result;
            try (Arena arena = Arena.ofConfined()) {
                result = table.update(first + done, vectors(arena, rest), rest.length, restTags);
            }
            if (result <= 0) {
                throw refused(first + done, rest[0], result);
            }
            for (int i = 0; i < result; i++) {
                this.buffers[first + done + i] = rest[i];
                table.replaceTag(first + done + i, restTags == null ? 0 : restTags[i]);
            }
            done += result;
        }
    }

    private static UringException refused(int index, @Nullable MemorySegment buffer, int result) {
        return ACCESS.failed(
                IORING_REGISTER_BUFFERS_UPDATE,
                result,
                "index=" + index + " bytes=" + (buffer == null ? 0 : buffer.byteSize()));
    }

    /** Takes all buffers out and gives the table up ({@code IORING_UNREGISTER_BUFFERS}). */
    @Override
    public void close() {
        if (!table.closed()) {
            try {
                table.unregister();
            } finally {
                if (table.closed()) {
                    ACCESS.remove(ring, this);
                    Arrays.fill(buffers, null);
                }
            }
        }
    }

    @Override
    public String toString() {
        return "RegisteredBuffers[count=" + count() + (table.closed() ? " closed" : "") + "]";
    }
}
