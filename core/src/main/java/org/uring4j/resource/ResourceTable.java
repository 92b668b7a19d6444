package org.uring4j.resource;

import org.jspecify.annotations.Nullable;
import org.uring4j.Ring;
import org.uring4j.internal.Access;
import org.uring4j.internal.sys.Memory;
import org.uring4j.internal.uapi.IoUringRsrcRegister;
import org.uring4j.internal.uapi.IoUringRsrcUpdate2;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A ring's table of registered files or buffers, and the tags in it.
 *
 * <p>A tag comes back as the user data of a completion that belongs to no request, when what bears
 * it has been taken out of the table and the last request using it has ended. The ring is told of
 * tags that come in and go, so that it can tell those completions from the ends of requests.
 */
final class ResourceTable {
    private static final Access ACCESS = Access.get();

    private final Ring ring;
    private final String what;
    private final int count;

    /** The tag of each entry, 0 where it has none; null while none has. */
    private long @Nullable [] tags;

    private boolean closed;

    ResourceTable(Ring ring, String what, int count) {
        this.ring = ring;
        this.what = what;
        this.count = count;
    }

    int count() {
        return count;
    }

    boolean closed() {
        return closed;
    }

    /**
     * Registers the table.
     *
     * @param entries the array the kernel reads, of {@link #count} entries
     * @param tags a tag for each entry, or null
     */
    void register(int opcode, MemorySegment entries, long @Nullable [] tags) {
        if (tags != null && tags.length != count) {
            throw new IllegalArgumentException(
                    "a tag each, or no tags: " + what + "s=" + count + " tags=" + tags.length);
        }
        try (Arena arena = Arena.ofConfined()) {
            long arg = arena.allocate(IoUringRsrcRegister.SIZEOF, 8).address();
            Memory.putInt(arg + IoUringRsrcRegister.NR, count);
            Memory.putLong(arg + IoUringRsrcRegister.DATA, entries.address());
            Memory.putLong(arg + IoUringRsrcRegister.TAGS, address(tags, arena));
            ACCESS.require(ring, opcode, arg, IoUringRsrcRegister.SIZEOF);
        }
        for (int i = 0; tags != null && i < count; i++) {
            replaceTag(i, tags[i]);
        }
    }

    /**
     * Replaces entries; those before one that fails are replaced.
     *
     * @param entries the array the kernel reads, of {@code number} entries
     * @param tags a tag for each entry, or null
     * @return how many were replaced, 1 or more, or the negated errno
     */
    int update(int opcode, int first, MemorySegment entries, int number, long @Nullable [] tags) {
        try (Arena arena = Arena.ofConfined()) {
            long arg = arena.allocate(IoUringRsrcUpdate2.SIZEOF, 8).address();
            Memory.putInt(arg + IoUringRsrcUpdate2.OFFSET, first);
            Memory.putLong(arg + IoUringRsrcUpdate2.DATA, entries.address());
            Memory.putLong(arg + IoUringRsrcUpdate2.TAGS, address(tags, arena));
            Memory.putInt(arg + IoUringRsrcUpdate2.NR, number);
            return ACCESS.register(ring, opcode, arg, IoUringRsrcUpdate2.SIZEOF);
        }
    }

    /** What an index names was taken out of the table, and the next has this tag, or 0 for none. */
    void replaceTag(int index, long tag) {
        if (tags == null) {
            if (tag == 0) {
                return;
            }
            tags = new long[count];
        }
        if (tags[index] != 0) {
            ACCESS.untagged(ring, 1);
        }
        if (tag != 0) {
            ACCESS.tagged(ring, 1);
        }
        tags[index] = tag;
    }

    /** Unregisters the table, unless that was done; every tag comes back. */
    void unregister(int opcode) {
        if (closed) {
            return;
        }
        ACCESS.check(ring);
        closed = true;
        try {
            // The call may wait for requests, and these would not end: then the table goes with the
            // ring's descriptor.
            if (!ACCESS.abandoned(ring)) {
                ACCESS.require(ring, opcode, 0, 0);
            }
        } finally {
            for (int i = 0; i < count; i++) {
                replaceTag(i, 0);
            }
        }
    }

    /** Fails when the table is closed or has no such entries. */
    void check(int first, int number) {
        ACCESS.check(ring);
        if (closed) {
            throw new IllegalStateException("these registered " + what + "s are closed");
        }
        if (first < 0 || number < 0 || first > count - number) {
            throw new IndexOutOfBoundsException(
                    "no such registered "
                            + what
                            + (number == 1 ? ": index=" + first : "s: first=" + first)
                            + (number == 1 ? "" : " number=" + number)
                            + " count="
                            + count);
        }
    }

    private static long address(long @Nullable [] tags, Arena arena) {
        return tags == null ? 0 : arena.allocateFrom(ValueLayout.JAVA_LONG, tags).address();
    }
}
