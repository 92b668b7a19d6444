package org.uring4j.resource;

import java.nio.file.Path;

/**
 * Memory for received data: an <em>area</em> of a {@link ZeroCopyReceive}, which is divided into
 * buffers. It counts against {@code RLIMIT_MEMLOCK}.
 */
public sealed interface ZcrxMemory {
    /** How many bytes; rounded up to whole pages, and to whole buffers. */
    long bytes();

    /**
     * Ordinary memory. Buffers of more than a page need memory that is contiguous: {@link
     * HugePages}.
     */
    record Anonymous(long bytes) implements ZcrxMemory {
        /** Checks the size. */
        public Anonymous {
            check(bytes);
        }
    }

    /** Huge pages, of which the system must hold some ready: {@code vm.nr_hugepages}. */
    record HugePages(long bytes) implements ZcrxMemory {
        /** Checks the size. */
        public HugePages {
            check(bytes);
        }
    }

    /**
     * A dma-buf ({@code IORING_ZCRX_AREA_DMABUF}, since Linux 6.16), as of another device or {@code
     * /dev/udmabuf}. The kernel cannot copy into it: what arrives elsewhere than in the queue ends
     * a request with {@code ENOMEM}.
     *
     * @param fd its descriptor; may be closed once registered
     * @param bytes all of its bytes
     */
    record DmaBuf(int fd, long bytes) implements ZcrxMemory {
        /** Checks the size. */
        public DmaBuf {
            check(bytes);
        }
    }

    /**
     * A file in memory (as in {@code /dev/shm}), to be shared with a process that imports the queue
     * ({@link ZcrxSource.Imported}). It holds the area and, behind it, the refill ring.
     *
     * @param file made, and made longer, as needed
     * @param bytes of the area
     */
    record Shared(Path file, long bytes) implements ZcrxMemory {
        /** Checks the size. */
        public Shared {
            check(bytes);
        }
    }

    /** Ordinary memory, see {@link Anonymous}. */
    static ZcrxMemory anonymous(long bytes) {
        return new Anonymous(bytes);
    }

    /** Huge pages, see {@link HugePages}. */
    static ZcrxMemory hugePages(long bytes) {
        return new HugePages(bytes);
    }

    /** A dma-buf, see {@link DmaBuf}. */
    static ZcrxMemory dmaBuf(int fd, long bytes) {
        return new DmaBuf(fd, bytes);
    }

    /** A file in memory, see {@link Shared}. */
    static ZcrxMemory shared(Path file, long bytes) {
        return new Shared(file, bytes);
    }

    private static void check(long bytes) {
        if (bytes < 1 || bytes > 1L << 40) {
            throw new IllegalArgumentException("an area has 1 byte to 1 TiB: bytes=" + bytes);
        }
    }
}
