package org.uring4j.op;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_FADVISE;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_OP_MADVISE;

import org.uring4j.Sqe;
import org.uring4j.internal.Encoder;
import org.uring4j.internal.sys.Platform;
import org.uring4j.internal.uapi.LibcConstants;

import java.lang.foreign.MemorySegment;

/** Tells the kernel how files and memory will be used, so that it can prepare. */
public final class Advice {
    /** Of a file: nothing in particular. */
    public static final int POSIX_FADV_NORMAL = LibcConstants.POSIX_FADV_NORMAL;

    /** Of a file: here and there. Nothing is read ahead. */
    public static final int POSIX_FADV_RANDOM = LibcConstants.POSIX_FADV_RANDOM;

    /** Of a file: from front to back. More is read ahead. */
    public static final int POSIX_FADV_SEQUENTIAL = LibcConstants.POSIX_FADV_SEQUENTIAL;

    /** Of a file: soon. It is read into the page cache now. */
    public static final int POSIX_FADV_WILLNEED = LibcConstants.POSIX_FADV_WILLNEED;

    /** Of a file: no longer. What is on the disk leaves the page cache. */
    public static final int POSIX_FADV_DONTNEED = LibcConstants.POSIX_FADV_DONTNEED;

    /** Of a file: once. */
    public static final int POSIX_FADV_NOREUSE = LibcConstants.POSIX_FADV_NOREUSE;

    /** Of memory: nothing in particular. */
    public static final int MADV_NORMAL = LibcConstants.MADV_NORMAL;

    /** Of memory: here and there. */
    public static final int MADV_RANDOM = LibcConstants.MADV_RANDOM;

    /** Of memory: from front to back. */
    public static final int MADV_SEQUENTIAL = LibcConstants.MADV_SEQUENTIAL;

    /** Of memory: soon. What is in a file or in swap is read now. */
    public static final int MADV_WILLNEED = LibcConstants.MADV_WILLNEED;

    /** Of memory: no longer. It reads as zeros, or as the file has it, from now on. */
    public static final int MADV_DONTNEED = LibcConstants.MADV_DONTNEED;

    /** Of memory: no longer. It reads as zeros once the kernel has needed it. Since Linux 4.5. */
    public static final int MADV_FREE = LibcConstants.MADV_FREE;

    /** Of shared memory: it is freed, in the file too. */
    public static final int MADV_REMOVE = LibcConstants.MADV_REMOVE;

    /** Of memory: children do not have it. */
    public static final int MADV_DONTFORK = LibcConstants.MADV_DONTFORK;

    /** Of memory: undoes {@link #MADV_DONTFORK}. */
    public static final int MADV_DOFORK = LibcConstants.MADV_DOFORK;

    /** Of memory: pages of equal contents may be kept once. Since Linux 2.6.32. */
    public static final int MADV_MERGEABLE = LibcConstants.MADV_MERGEABLE;

    /** Of memory: undoes {@link #MADV_MERGEABLE}. Since Linux 2.6.32. */
    public static final int MADV_UNMERGEABLE = LibcConstants.MADV_UNMERGEABLE;

    /** Of memory: in huge pages, if possible. Since Linux 2.6.38. */
    public static final int MADV_HUGEPAGE = LibcConstants.MADV_HUGEPAGE;

    /** Of memory: not in huge pages. Since Linux 2.6.38. */
    public static final int MADV_NOHUGEPAGE = LibcConstants.MADV_NOHUGEPAGE;

    /** Of memory: core dumps leave it out. Since Linux 3.4. */
    public static final int MADV_DONTDUMP = LibcConstants.MADV_DONTDUMP;

    /** Of memory: undoes {@link #MADV_DONTDUMP}. Since Linux 3.4. */
    public static final int MADV_DODUMP = LibcConstants.MADV_DODUMP;

    /** Of memory: children have zeros there. Since Linux 4.14. */
    public static final int MADV_WIPEONFORK = LibcConstants.MADV_WIPEONFORK;

    /** Of memory: undoes {@link #MADV_WIPEONFORK}. Since Linux 4.14. */
    public static final int MADV_KEEPONFORK = LibcConstants.MADV_KEEPONFORK;

    /** Of memory: the first to go when memory is short. Since Linux 5.4. */
    public static final int MADV_COLD = LibcConstants.MADV_COLD;

    /** Of memory: written to swap or its file now. Since Linux 5.4. */
    public static final int MADV_PAGEOUT = LibcConstants.MADV_PAGEOUT;

    /** Of memory: there to read, at once. Since Linux 5.14. */
    public static final int MADV_POPULATE_READ = LibcConstants.MADV_POPULATE_READ;

    /** Of memory: there to write, at once. Since Linux 5.14. */
    public static final int MADV_POPULATE_WRITE = LibcConstants.MADV_POPULATE_WRITE;

    /** Of memory: as {@link #MADV_DONTNEED}, locked memory too. Since Linux 5.18. */
    public static final int MADV_DONTNEED_LOCKED = LibcConstants.MADV_DONTNEED_LOCKED;

    /** Of memory: made huge pages of now. Since Linux 6.1. */
    public static final int MADV_COLLAPSE = LibcConstants.MADV_COLLAPSE;

    /** Of memory: broken, for tests. Whoever touches it is killed. Since Linux 2.6.32. */
    public static final int MADV_HWPOISON = LibcConstants.MADV_HWPOISON;

    /** Of memory: its contents move elsewhere, and its pages are not used again, for tests. */
    public static final int MADV_SOFT_OFFLINE = LibcConstants.MADV_SOFT_OFFLINE;

    /**
     * Of memory: a guard. Whoever touches it is killed, this process too: see that nobody does.
     * Since Linux 6.13.
     */
    public static final int MADV_GUARD_INSTALL = LibcConstants.MADV_GUARD_INSTALL;

    /** Of memory: undoes {@link #MADV_GUARD_INSTALL}, and it reads as zeros. Since Linux 6.13. */
    public static final int MADV_GUARD_REMOVE = LibcConstants.MADV_GUARD_REMOVE;

    /** What older kernels have room for in a request. */
    private static final long SHORT = 0xffff_ffffL;

    private Advice() {}

    /**
     * Tells how a range of a file will be used ({@code IORING_OP_FADVISE}, since Linux 5.6).
     *
     * <p>Result: 0. Errors: {@code EBADF}; {@code EINVAL} an unknown advice, a negative length;
     * {@code ESPIPE} a pipe. Source: {@code posix_fadvise(2)}.
     *
     * @param offset where the range begins, in bytes
     * @param length how long it is, in bytes; 0 is to the file's end. Above 4 294 967 295 since
     *     Linux 6.11: {@code EINVAL} before
     * @param advice one {@code POSIX_FADV_*}
     */
    public static Sqe fadvise(Sqe sqe, int fd, long offset, long length, int advice) {
        boolean fits = (length & ~SHORT) == 0;
        return Encoder.prepare(
                sqe,
                IORING_OP_FADVISE,
                fd,
                offset,
                fits ? 0 : length,
                fits ? (int) length : 0,
                advice);
    }

    /**
     * Tells how memory will be used ({@code IORING_OP_MADVISE}, since Linux 5.6).
     *
     * <p>In a chain a failure counts for none, as with {@link FileSpace}. Result: 0. Errors: {@code
     * EINVAL} an unknown advice, or not for this memory; {@code EAGAIN} the kernel is short of
     * something; {@code ENOMEM} none of it is mapped, or no room; {@code EPERM}, {@code EFAULT},
     * {@code EHWPOISON}, {@code EIO} as the advice has it. Source: {@code madvise(2)}.
     *
     * @param memory whole pages, as from {@code arena.allocate(n * 4096, 4096)}: what else is in a
     *     page would be advised of too. More than 4 294 967 295 bytes since Linux 6.11: {@code
     *     EINVAL} before. It must stay allocated until the completion
     * @param advice one {@code MADV_*}
     * @throws IllegalArgumentException when it does not begin and end with a page
     */
    public static Sqe madvise(Sqe sqe, MemorySegment memory, int advice) {
        long address = Encoder.address(memory, "memory");
        long length = memory.byteSize();
        long page = Platform.pageSize();
        if (((address | length) & (page - 1)) != 0) {
            throw new IllegalArgumentException(
                    "advice is for whole pages; align the memory and its size: pageSize="
                            + page
                            + " address="
                            + address
                            + " bytes="
                            + length);
        }
        boolean fits = (length & ~SHORT) == 0;
        return Encoder.prepare(
                sqe,
                IORING_OP_MADVISE,
                -1,
                fits ? 0 : length,
                address,
                fits ? (int) length : 0,
                advice);
    }
}
