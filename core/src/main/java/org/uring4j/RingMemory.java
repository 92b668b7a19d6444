package org.uring4j;

import org.uring4j.internal.sys.Mapping;
import org.uring4j.internal.sys.Platform;

import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Memory for the queues of one or several rings ({@link RingConfig#memory}), in place of memory the
 * kernel allocates for each: with huge pages, a few entries of the TLB serve them all.
 *
 * <p>The kernel and the rings use it until the last of them is closed; only then can it be closed.
 * What a closed ring had is used again, but for huge pages: the kernel writes there for a while
 * yet.
 */
public final class RingMemory implements AutoCloseable {
    private static final long HUGE_PAGE = 2 << 20;

    private final Mapping mapping;
    private final boolean huge;

    /** What rings have of it: how many bytes, by address. */
    private final NavigableMap<Long, Long> taken = new TreeMap<>();

    /** How many pieces rings hold: one each, and one more while a ring moves. */
    private int rings;

    private boolean closed;

    private RingMemory(Mapping mapping, boolean huge) {
        this.mapping = mapping;
        this.huge = huge;
    }

    /**
     * Ordinary memory. Before Linux 6.10 the kernel takes queues of more than one page only from
     * huge pages.
     *
     * @param bytes how much, rounded up to pages, which have 4096 bytes on x86-64
     * @throws UringException when there is not so much
     */
    public static RingMemory allocate(long bytes) {
        return allocate(bytes, Platform.pageSize(), false);
    }

    /**
     * Huge pages of 2 MiB, of which the system must hold some ready: {@code vm.nr_hugepages}.
     *
     * @param bytes how much, rounded up to whole pages
     * @throws UringException when there are not so many
     */
    public static RingMemory hugePages(long bytes) {
        return allocate(bytes, HUGE_PAGE, true);
    }

    private static RingMemory allocate(long bytes, long page, boolean huge) {
        Platform.require();
        if (bytes < 1 || bytes > 1L << 40) {
            throw new IllegalArgumentException("bytes must be 1 to 1 TiB: bytes=" + bytes);
        }
        long length = (bytes + page - 1) & -page;
        int[] error = new int[1];
        Mapping mapping = Mapping.anonymous(length, huge, error);
        if (mapping == null) {
            throw new UringException(
                    "mmap",
                    Errno.of(error[0]),
                    huge
                            ? "no free huge pages; set vm.nr_hugepages to at least "
                                    + length / page
                                    + " (sysctl)"
                            : null);
        }
        return new RingMemory(mapping, huge);
    }

    /** How many bytes there are. */
    public long size() {
        return mapping.length();
    }

    /** How many bytes are taken by rings. */
    public synchronized long used() {
        return taken.values().stream().mapToLong(Long::longValue).sum();
    }

    /**
     * Takes memory for a ring, whole pages in one piece.
     *
     * @throws IllegalArgumentException when there is no such piece
     */
    synchronized long claim(long bytes) {
        if (closed) {
            throw new IllegalStateException("this RingMemory is closed");
        }
        long end = mapping.address() + mapping.length();
        long at = mapping.address();
        long most = 0;
        for (Map.Entry<Long, Long> piece : taken.entrySet()) {
            if (piece.getKey() - at >= bytes) {
                break;
            }
            most = Math.max(most, piece.getKey() - at);
            at = piece.getKey() + piece.getValue();
        }
        if (end - at < bytes) {
            throw new IllegalArgumentException(
                    "the RingMemory is too small for this ring: needed="
                            + bytes
                            + " free="
                            + Math.max(most, end - at)
                            + " in one piece, used="
                            + used());
        }
        taken.put(at, bytes);
        rings++;
        return at;
    }

    /**
     * Gives back what was claimed.
     *
     * @param letGo whether the kernel has let go of it. A ring that was closed it ends a while
     *     later, and writes to its queues then: they keep their pages, and others take their place.
     *     Huge pages, which rings share, nobody gets again
     */
    synchronized void giveBack(long address, boolean letGo) {
        rings--;
        long length = taken.getOrDefault(address, 0L);
        if (letGo || (!huge && mapping.renew(address, length))) {
            taken.remove(address);
        }
    }

    /**
     * Frees the memory.
     *
     * @throws IllegalStateException while a ring is open in it
     */
    @Override
    public synchronized void close() {
        if (rings > 0) {
            throw new IllegalStateException(
                    "close the rings in this memory first: openRings=" + rings);
        }
        if (!closed) {
            closed = true;
            mapping.retire();
        }
    }
}
