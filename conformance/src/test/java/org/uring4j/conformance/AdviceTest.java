package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.Advice;
import org.uring4j.op.OpenFlags;
import org.uring4j.resource.RegisteredFiles;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** {@code IORING_OP_FADVISE}, {@code IORING_OP_MADVISE}. */
class AdviceTest {
    /** Whole pages wherever this runs. */
    private static final int PAGES = 65536;

    private static final long FIVE_GIB = 5L << 30;

    @TempDir Path directory;

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldTakeAdviceOnFile(RingMode mode) {
        int flags = OpenFlags.O_RDWR | OpenFlags.O_CREAT;
        try (Ring ring = mode.open(16);
                Opened file = Opened.open(ring, directory.resolve("file"), flags);
                RegisteredFiles files = RegisteredFiles.register(ring, file.fd())) {
            assertThat(files.count()).isOne();
            int[] all = {
                Advice.POSIX_FADV_NORMAL,
                Advice.POSIX_FADV_RANDOM,
                Advice.POSIX_FADV_SEQUENTIAL,
                Advice.POSIX_FADV_WILLNEED,
                Advice.POSIX_FADV_DONTNEED,
                Advice.POSIX_FADV_NOREUSE
            };
            for (int advice : all) {
                Advice.fadvise(ring.next(), file.fd(), 0, 0, advice).link();
                Advice.fadvise(ring.next(), 0, 4096, 0xffff_ffffL, advice).fixedFile().async();
            }
            assertThat(Completions.some(ring, 2 * all.length)).allMatch(c -> c.result() == 0);
        }
    }

    @Test
    void shouldTakeAdviceOnMuchOfFile() {
        Needs.kernel("6.11", "64-bit lengths of IORING_OP_FADVISE");
        int flags = OpenFlags.O_RDWR | OpenFlags.O_CREAT;
        try (Ring ring = Ring.open(RingConfig.of(4));
                Opened file = Opened.open(ring, directory.resolve("file"), flags)) {
            Advice.fadvise(ring.next(), file.fd(), 0, FIVE_GIB, Advice.POSIX_FADV_DONTNEED);
            assertThat(Completions.one(ring).result()).isZero();
            // Were only its lower half looked at, it would not be negative.
            Advice.fadvise(ring.next(), file.fd(), 0, Long.MIN_VALUE, Advice.POSIX_FADV_NORMAL);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
        }
    }

    @Test
    void shouldTellErrorsOfFile() throws Exception {
        int flags = OpenFlags.O_RDWR | OpenFlags.O_CREAT;
        try (Ring ring = Ring.open(RingConfig.of(4));
                Opened file = Opened.open(ring, directory.resolve("file"), flags);
                Fifo fifo = Fifo.in(directory);
                Opened pipe = fifo.open(ring, OpenFlags.O_RDONLY)) {
            Advice.fadvise(ring.next(), file.fd(), 0, 0, 77);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
            Advice.fadvise(ring.next(), pipe.fd(), 0, 0, Advice.POSIX_FADV_NORMAL);
            assertThat(Completions.one(ring).failed(Errno.ESPIPE)).isTrue();
            Advice.fadvise(ring.next(), 1_000_000, 0, 0, Advice.POSIX_FADV_NORMAL);
            assertThat(Completions.one(ring).failed(Errno.EBADF)).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldForgetMemory(RingMode mode) {
        try (Ring ring = mode.open(4);
                Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(3 * PAGES, PAGES);
            memory.fill((byte) 1);
            MemorySegment middle = memory.asSlice(PAGES, PAGES);
            Advice.madvise(ring.next(), middle, Advice.MADV_WILLNEED).userData(1).link();
            Advice.madvise(ring.next(), middle, Advice.MADV_DONTNEED).userData(2).async();
            assertThat(Completions.some(ring, 2))
                    .containsExactly(new Completion(1, 0, 0), new Completion(2, 0, 0));
            for (int i = 0; i < 3 * PAGES; i++) {
                assertThat(memory.get(ValueLayout.JAVA_BYTE, i))
                        .isEqualTo((byte) (i / PAGES == 1 ? 0 : 1));
            }
        }
    }

    @Test
    void shouldTakeAdviceOnMuchMemory() throws IOException {
        Needs.kernel("6.11", "64-bit lengths of IORING_OP_MADVISE");
        try (Ring ring = Ring.open(RingConfig.of(4));
                Arena arena = Arena.ofShared();
                FileChannel file =
                        FileChannel.open(
                                directory.resolve("file"),
                                StandardOpenOption.CREATE,
                                StandardOpenOption.READ,
                                StandardOpenOption.WRITE)) {
            // Nearly none of it in memory. Shared: private memory of such a size is not given
            // where there is less.
            MemorySegment memory = file.map(FileChannel.MapMode.READ_WRITE, 0, FIVE_GIB, arena);
            memory.set(ValueLayout.JAVA_BYTE, 0, (byte) 1);
            memory.set(ValueLayout.JAVA_BYTE, FIVE_GIB - 1, (byte) 1);
            Advice.madvise(ring.next(), memory, Advice.MADV_REMOVE);
            assertThat(Completions.one(ring).result()).isZero();
            assertThat(memory.get(ValueLayout.JAVA_BYTE, 0)).isZero();
            assertThat(memory.get(ValueLayout.JAVA_BYTE, FIVE_GIB - 1)).isZero();
        }
    }

    @Test
    void shouldTellErrorsOfMemory() {
        try (Ring ring = Ring.open(RingConfig.of(4));
                Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(PAGES, PAGES);
            Advice.madvise(ring.next(), memory, 77);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
            // Private memory has no file to free it in.
            Advice.madvise(ring.next(), memory, Advice.MADV_REMOVE);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
        }
    }

    @Test
    void shouldRefusePartsOfPages() {
        try (Ring ring = Ring.open(RingConfig.of(4));
                Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(2 * PAGES, PAGES);
            assertThatIllegalArgumentException()
                    .isThrownBy(
                            () ->
                                    Advice.madvise(
                                            ring.next(),
                                            memory.asSlice(0, 100),
                                            Advice.MADV_DONTNEED))
                    .withMessageContaining("bytes=100");
            assertThatIllegalArgumentException()
                    .isThrownBy(
                            () ->
                                    Advice.madvise(
                                            ring.next(),
                                            memory.asSlice(100, PAGES),
                                            Advice.MADV_DONTNEED))
                    .withMessageContaining("pageSize=");
        }
    }
}
