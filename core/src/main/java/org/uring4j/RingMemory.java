package org.uring4j;

import org.uring4j.internal.sys.Mapping;
import org.uring4j.internal.sys.Platform;

/**
 * Memory for the queues of one or several rings ({@link RingConfig#memory}), in place of memory the
 * kernel allocates for each: with huge pages, a few entries of the TLB serve them all.
 *
 * <p>The kernel and the rings use it until the last of them is closed; only then can it be closed.
 */
public final class RingMemory implements AutoCloseable {
    private static final long PAGE = 4096;
    private static final long HUGE_PAGE = 2 << 20;

    private final Mapping mapping;
    private long used;
    private int rings;
    private boolean closed;

    private RingMemory(Mapping mapping) {
        this.mapping = mapping;
    }

    /**
     * Ordinary memory. Before Linux 6.10 the kernel takes queues of more than one page only from
     * huge pages.
     *
     * @param bytes how much, rounded up to pages of 4096 bytes
     * @throws UringException when there is not so much
     */
    public static RingMemory allocate(long bytes) {
        return allocate(bytes, PAGE, false);
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
        return new RingMemory(mapping);
    }

    /** How many bytes there are. */
    public long size() {
        return mapping.length();
    }

    /** How many bytes are taken by rings. */
    public synchronized long used() {
        return used;
    }

    /** Takes page-aligned memory for a ring; the address, or 0 when there is not enough. */
    synchronized long claim(long bytes) {
        if (closed) {
            throw new IllegalStateException("this RingMemory is closed");
        }
        long length = (bytes + PAGE - 1) & -PAGE;
        if (length > mapping.length() - used) {
            return 0;
        }
        long address = mapping.address() + used;
        used += length;
        return address;
    }

    /** A ring was opened in it. */
    synchronized void retain() {
        rings++;
    }

    /** A ring closed; its memory is handed out anew only when none is left. */
    synchronized void release() {
        if (--rings == 0) {
            used = 0;
        }
    }

    /** Gives back what was claimed since {@code used} was as given: opening failed. */
    synchronized void rewind(long used) {
        this.used = used;
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
