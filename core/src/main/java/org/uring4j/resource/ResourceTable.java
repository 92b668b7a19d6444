package org.uring4j.resource;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_BUFFERS2;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_BUFFERS_UPDATE;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_FILES2;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_FILES_UPDATE2;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_UNREGISTER_BUFFERS;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_UNREGISTER_FILES;

import org.jspecify.annotations.Nullable;
import org.uring4j.Ring;
import org.uring4j.internal.Access;
import org.uring4j.internal.sys.Memory;
import org.uring4j.internal.uapi.IoUringRsrcRegister;
import org.uring4j.internal.uapi.IoUringRsrcUpdate2;
import org.uring4j.internal.uapi.Iovec;

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

    /** What the table is of. */
    enum Kind {
        FILE(
                "file",
                IORING_REGISTER_FILES2,
                IORING_REGISTER_FILES_UPDATE2,
                IORING_UNREGISTER_FILES,
                (byte) 0xff),
        BUFFER(
                "buffer",
                IORING_REGISTER_BUFFERS2,
                IORING_REGISTER_BUFFERS_UPDATE,
                IORING_UNREGISTER_BUFFERS,
                (byte) 0);

        private final String noun;
        private final int register;
        private final int update;
        private final int unregister;

        /** What the bytes of an empty entry are: the descriptor -1, or a vector of nothing. */
        private final byte empty;

        Kind(String noun, int register, int update, int unregister, byte empty) {
            this.noun = noun;
            this.register = register;
            this.update = update;
            this.unregister = unregister;
            this.empty = empty;
        }
    }

    private final Ring ring;
    private final Kind kind;
    private final int count;

    /** The tag of each entry, 0 where it has none; null while none has. */
    private long @Nullable [] tags;

    private boolean closed;

    ResourceTable(Ring ring, Kind kind, int count) {
        this.ring = ring;
        this.kind = kind;
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
    void register(MemorySegment entries, long @Nullable [] tags) {
        if (tags != null && tags.length != count) {
            throw new IllegalArgumentException(
                    "a tag each, or no tags: " + kind.noun + "s=" + count + " tags=" + tags.length);
        }
        try (Arena arena = Arena.ofConfined()) {
            long arg = arena.allocate(IoUringRsrcRegister.SIZEOF, 8).address();
            Memory.putInt(arg + IoUringRsrcRegister.NR, count);
            Memory.putLong(arg + IoUringRsrcRegister.DATA, entries.address());
            Memory.putLong(arg + IoUringRsrcRegister.TAGS, address(tags, arena));
            ACCESS.require(ring, kind.register, arg, IoUringRsrcRegister.SIZEOF);
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
    int update(int first, MemorySegment entries, int number, long @Nullable [] tags) {
        try (Arena arena = Arena.ofConfined()) {
            long arg = arena.allocate(IoUringRsrcUpdate2.SIZEOF, 8).address();
            Memory.putInt(arg + IoUringRsrcUpdate2.OFFSET, first);
            Memory.putLong(arg + IoUringRsrcUpdate2.DATA, entries.address());
            Memory.putLong(arg + IoUringRsrcUpdate2.TAGS, address(tags, arena));
            Memory.putInt(arg + IoUringRsrcUpdate2.NR, number);
            return ACCESS.register(ring, kind.update, arg, IoUringRsrcUpdate2.SIZEOF);
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
    void unregister() {
        if (closed) {
            return;
        }
        ACCESS.check(ring);
        closed = true;
        // The call may wait for requests, and where these do not end the table goes with the ring.
        if (!ACCESS.abandoned(ring)) {
            clearTagged();
            ACCESS.require(ring, kind.unregister, 0, 0);
        }
    }

    /** Before Linux 6.13 it is clearing an entry alone that brings its tag back. */
    private void clearTagged() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment empty = arena.allocate(Iovec.SIZEOF, 8).fill(kind.empty);
            for (int i = 0; tags != null && i < count; i++) {
                if (tags[i] != 0 && update(i, empty, 1, null) == 1) {
                    replaceTag(i, 0);
                }
            }
        }
    }

    /** Fails when the table is closed or has no such entries. */
    void check(int first, int number) {
        ACCESS.check(ring);
        if (closed) {
            throw new IllegalStateException("these registered " + kind.noun + "s are closed");
        }
        if (first < 0 || number < 0 || first > count - number) {
            throw new IndexOutOfBoundsException(
                    "no such registered "
                            + kind.noun
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
