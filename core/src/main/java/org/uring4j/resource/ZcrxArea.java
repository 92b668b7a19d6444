package org.uring4j.resource;

import static org.uring4j.internal.uapi.LibcConstants.MAP_ANONYMOUS;
import static org.uring4j.internal.uapi.LibcConstants.MAP_HUGETLB;
import static org.uring4j.internal.uapi.LibcConstants.MAP_PRIVATE;
import static org.uring4j.internal.uapi.LibcConstants.MAP_SHARED;
import static org.uring4j.internal.uapi.LibcConstants.PROT_READ;
import static org.uring4j.internal.uapi.LibcConstants.PROT_WRITE;

import org.jspecify.annotations.Nullable;
import org.uring4j.Errno;
import org.uring4j.UringException;
import org.uring4j.internal.sys.Platform;
import org.uring4j.internal.sys.Syscalls;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;

/**
 * Memory that the kernel puts received data into, in buffers of one size; and how many pieces of
 * each buffer the program has.
 *
 * <p>The kernel counts the same: a buffer that came in several completions is free when each of
 * them was given back.
 */
final class ZcrxArea {
    private static final long HUGE_PAGE = 2 << 20;

    final MemorySegment memory;

    /** What more of a shared file was mapped, behind the area. */
    final @Nullable MemorySegment behind;

    final Arena arena;

    private final int[] out;
    private final int shift;

    private ZcrxArea(
            MemorySegment memory, @Nullable MemorySegment behind, Arena arena, long bufferSize) {
        this.memory = memory;
        this.behind = behind;
        this.arena = arena;
        shift = Long.numberOfTrailingZeros(bufferSize);
        out = new int[(int) (memory.byteSize() >> shift)];
    }

    /**
     * Makes the memory.
     *
     * @param behind how many bytes there are to be behind the area, if it is in a shared file
     */
    static ZcrxArea make(ZcrxMemory kind, long bufferSize, long behind) {
        long bytes = size(kind, bufferSize);
        if (bytes / bufferSize > 1 << 28) {
            throw new IllegalArgumentException("too many buffers; choose longer ones: " + kind);
        }
        Arena arena = Arena.ofShared();
        ZcrxArea area = null;
        try {
            MemorySegment all = map(kind, kind instanceof ZcrxMemory.Shared, bytes, behind, arena);
            MemorySegment rest = all.byteSize() == bytes ? null : all.asSlice(bytes);
            area = new ZcrxArea(all.asSlice(0, bytes), rest, arena, bufferSize);
            return area;
        } finally {
            if (area == null) {
                arena.close();
            }
        }
    }

    /** How many bytes an area of that kind has. */
    static long size(ZcrxMemory kind, long bufferSize) {
        long unit = kind instanceof ZcrxMemory.HugePages ? HUGE_PAGE : Platform.pageSize();
        unit = Math.max(unit, bufferSize);
        return (kind.bytes() + unit - 1) & -unit;
    }

    private static MemorySegment map(
            ZcrxMemory kind, boolean shared, long bytes, long behind, Arena arena) {
        return switch (kind) {
            case ZcrxMemory.Anonymous any ->
                    map(bytes, MAP_PRIVATE | MAP_ANONYMOUS, -1, "choose less: " + any, arena);
            case ZcrxMemory.HugePages huge ->
                    map(
                            bytes,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB,
                            -1,
                            "no free huge pages; set vm.nr_hugepages to at least "
                                    + bytes / HUGE_PAGE
                                    + " (sysctl): "
                                    + huge,
                            arena);
            case ZcrxMemory.DmaBuf buf ->
                    map(bytes, MAP_SHARED, buf.fd(), "the dma-buf cannot be mapped: " + buf, arena);
            case ZcrxMemory.Shared file -> share(file, shared ? bytes + behind : bytes, arena);
        };
    }

    private static MemorySegment map(long bytes, int flags, int fd, String cause, Arena arena) {
        long address = Syscalls.mmap(0, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);
        if (address < 0) {
            throw new UringException("mmap", Errno.of((int) address), cause);
        }
        return Syscalls.adopt(address, bytes, arena);
    }

    private static MemorySegment share(ZcrxMemory.Shared kind, long bytes, Arena arena) {
        try (FileChannel channel =
                FileChannel.open(
                        kind.file(),
                        StandardOpenOption.CREATE,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE)) {
            return channel.map(FileChannel.MapMode.READ_WRITE, 0, bytes, arena);
        } catch (IOException e) {
            throw new UncheckedIOException(kind.toString(), e);
        }
    }

    int buffers() {
        return out.length;
    }

    /** Which buffer bytes are in, or -1 if they are not in one. */
    int buffer(long offset, int length) {
        long index = offset >> shift;
        return index >= 0 && index < out.length && ((offset + length - 1) >> shift) == index
                ? (int) index
                : -1;
    }

    /** One more piece of a buffer is out; whether it is the only one. */
    boolean take(int buffer) {
        return out[buffer]++ == 0;
    }

    /** How many pieces of a buffer are out. */
    int out(int buffer) {
        return out[buffer];
    }

    /** One piece is back; whether it was the last. */
    boolean put(int buffer) {
        return --out[buffer] == 0;
    }

    /** Where a buffer begins. */
    long offset(int buffer) {
        return (long) buffer << shift;
    }
}
