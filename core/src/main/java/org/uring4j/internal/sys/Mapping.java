package org.uring4j.internal.sys;

import org.uring4j.internal.uapi.LibcConstants;

import java.lang.ref.Cleaner;

/**
 * Mapped memory whose addresses stay valid for as long as this object can be reached.
 *
 * <p>Raw addresses of a ring's queues live in objects that a program may still hold and use after
 * the ring was closed, from any thread. Therefore {@link #retire} does not unmap: it puts empty
 * memory in place of what was mapped, which gives that back at once and leaves nothing to fault on.
 * The address range itself goes when the garbage collector finds the mapping unreachable.
 */
public final class Mapping {
    private static final Cleaner CLEANER = Cleaner.create();

    private static final int READ_WRITE = LibcConstants.PROT_READ | LibcConstants.PROT_WRITE;

    private final long address;
    private final long length;

    private Mapping(long address, long length) {
        this.address = address;
        this.length = length;
        CLEANER.register(this, new Unmap(address, length));
    }

    /**
     * Maps memory of a ring's descriptor, shared with the kernel.
     *
     * @param errorOut its first element receives the negated errno on failure
     * @return the mapping, or null on failure
     */
    public static @org.jspecify.annotations.Nullable Mapping ofRing(
            int fd, long offset, long length, int[] errorOut) {
        return map(
                length,
                LibcConstants.MAP_SHARED | LibcConstants.MAP_POPULATE,
                fd,
                offset,
                errorOut);
    }

    /**
     * Maps fresh zeroed memory.
     *
     * @param hugePages whether to use huge pages of the default size
     * @param errorOut its first element receives the negated errno on failure
     * @return the mapping, or null on failure
     */
    public static @org.jspecify.annotations.Nullable Mapping anonymous(
            long length, boolean hugePages, int[] errorOut) {
        int flags = LibcConstants.MAP_PRIVATE | LibcConstants.MAP_ANONYMOUS;
        return map(length, hugePages ? flags | LibcConstants.MAP_HUGETLB : flags, -1, 0, errorOut);
    }

    private static @org.jspecify.annotations.Nullable Mapping map(
            long length, int flags, int fd, long offset, int[] errorOut) {
        long address = Syscalls.mmap(0, length, READ_WRITE, flags, fd, offset);
        if (address < 0) {
            errorOut[0] = (int) address;
            return null;
        }
        return new Mapping(address, length);
    }

    /** Where it begins. */
    public long address() {
        return address;
    }

    /** How many bytes it has. */
    public long length() {
        return length;
    }

    /** Gives the memory back and leaves the addresses valid; what is stored there is lost. */
    public void retire() {
        int flags =
                LibcConstants.MAP_PRIVATE
                        | LibcConstants.MAP_ANONYMOUS
                        | LibcConstants.MAP_NORESERVE
                        | LibcConstants.MAP_FIXED;
        // Should it fail, the old memory stays until the cleaner: held longer, never invalid.
        Syscalls.mmap(address, length, READ_WRITE, flags, -1, 0);
    }

    /**
     * Puts empty memory in place of a part, in ordinary pages: who has the old ones pinned keeps
     * them, and is alone with them.
     *
     * @return whether that was possible; if not, nothing has changed
     */
    public boolean renew(long partAddress, long partLength) {
        int flags =
                LibcConstants.MAP_PRIVATE | LibcConstants.MAP_ANONYMOUS | LibcConstants.MAP_FIXED;
        return Syscalls.mmap(partAddress, partLength, READ_WRITE, flags, -1, 0) == partAddress;
    }

    private record Unmap(long address, long length) implements Runnable {
        @Override
        public void run() {
            Syscalls.munmap(address, length);
        }
    }
}
