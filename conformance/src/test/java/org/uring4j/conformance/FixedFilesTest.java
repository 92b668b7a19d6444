package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.Files;
import org.uring4j.op.FixedFiles;
import org.uring4j.op.OpenFlags;
import org.uring4j.resource.RegisteredFiles;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** {@code IORING_OP_FILES_UPDATE}, {@code IORING_OP_FIXED_FD_INSTALL}. */
@Timeout(60)
class FixedFilesTest {
    @TempDir private Path directory;

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldUpdateSlots(RingMode mode) throws Exception {
        try (Arena arena = Arena.ofShared();
                Ring ring = mode.open(8);
                Opened a = text(ring, "a");
                Opened b = text(ring, "b")) {
            RegisteredFiles.register(ring, a.fd(), a.fd(), a.fd(), a.fd());
            MemorySegment fds = ints(arena, b.fd(), RegisteredFiles.SKIP, RegisteredFiles.CLEAR);
            FixedFiles.update(ring.next(), fds, 1);
            assertThat(Completions.one(ring).result()).isEqualTo(3);
            assertThat(read(ring, arena, 0)).isEqualTo("a");
            assertThat(read(ring, arena, 1)).isEqualTo("b");
            assertThat(read(ring, arena, 2)).isEqualTo("a");
            assertThat(read(ring, arena, 3)).isEqualTo("EBADF");
        }
    }

    @Test
    void shouldFailToUpdate() throws Exception {
        try (Arena arena = Arena.ofShared();
                Ring ring = Ring.open(RingConfig.of(8));
                Opened a = text(ring, "a")) {
            MemorySegment fds = ints(arena, a.fd(), 1 << 30);
            FixedFiles.update(ring.next(), fds, 0);
            assertThat(Completions.one(ring).failed(Errno.ENXIO)).isTrue();
            RegisteredFiles.sparse(ring, 2);
            FixedFiles.update(ring.next(), fds, 0);
            assertThat(Completions.one(ring).result()).isEqualTo(1);
            FixedFiles.update(ring.next(), fds.asSlice(4), 0);
            assertThat(Completions.one(ring).failed(Errno.EBADF)).isTrue();
            FixedFiles.update(ring.next(), fds, 1);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> FixedFiles.update(ring.next(), fds, -1));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> FixedFiles.update(ring.next(), fds.asSlice(0, 6), 0))
                    .withMessageContaining("bytes=6");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> FixedFiles.add(ring.next(), fds.asSlice(0, 0)));
        }
    }

    @Test
    void shouldAddFilesWhereThereIsRoom() throws Exception {
        Needs.kernel("6.0", "IORING_OP_FILES_UPDATE with IORING_FILE_INDEX_ALLOC");
        try (Arena arena = Arena.ofShared();
                Ring ring = Ring.open(RingConfig.of(8));
                Opened a = text(ring, "a");
                Opened b = text(ring, "b")) {
            RegisteredFiles.register(ring, -1, a.fd(), -1, a.fd());
            MemorySegment fds = ints(arena, b.fd(), b.fd());
            FixedFiles.add(ring.next(), fds);
            assertThat(Completions.one(ring).result()).isEqualTo(2);
            assertThat(fds.toArray(ValueLayout.JAVA_INT)).containsExactlyInAnyOrder(0, 2);
            assertThat(read(ring, arena, 0)).isEqualTo("b");
            assertThat(read(ring, arena, 2)).isEqualTo("b");
            FixedFiles.add(ring.next(), ints(arena, b.fd()));
            assertThat(Completions.one(ring).failed(Errno.ENFILE)).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldMakeADescriptorOfASlot(RingMode mode) throws Exception {
        Needs.kernel("6.8", "IORING_OP_FIXED_FD_INSTALL");
        try (Arena arena = Arena.ofShared();
                Ring ring = mode.open(8)) {
            RegisteredFiles files = RegisteredFiles.sparse(ring, 2);
            try (Opened a = text(ring, "a")) {
                files.set(1, a.fd());
            }
            for (int flags : new int[] {0, FixedFiles.NO_CLOEXEC}) {
                FixedFiles.install(ring.next(), 1, flags);
                int fd = Completions.one(ring).result();
                assertThat(fd).isNotNegative();
                try (Opened made = new Opened(ring, fd)) {
                    assertThat(closesOnExec(fd)).isEqualTo(flags == 0);
                    MemorySegment memory = arena.allocate(8);
                    Files.read(ring.next(), made.fd(), memory, 0);
                    assertThat(Completions.one(ring).result()).isEqualTo(1);
                }
            }
            assertThat(read(ring, arena, 1)).isEqualTo("a");
            FixedFiles.install(ring.next(), 0, 0);
            assertThat(Completions.one(ring).failed(Errno.EBADF)).isTrue();
            FixedFiles.install(ring.next(), 1, 2);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
        }
    }

    private static boolean closesOnExec(int fd) throws IOException {
        Path info = Path.of("/proc/self/fdinfo/" + fd);
        try (var lines = java.nio.file.Files.lines(info)) {
            int flags =
                    lines.filter(line -> line.startsWith("flags:"))
                            .map(line -> Integer.parseInt(line.substring(6).strip(), 8))
                            .findFirst()
                            .orElseThrow();
            return (flags & OpenFlags.O_CLOEXEC) != 0;
        }
    }

    private static MemorySegment ints(Arena arena, int... values) {
        return arena.allocateFrom(ValueLayout.JAVA_INT, values);
    }

    private Opened text(Ring ring, String text) throws IOException {
        Path path = directory.resolve(text);
        java.nio.file.Files.writeString(path, text, StandardCharsets.UTF_8);
        return Opened.open(ring, path, OpenFlags.O_RDONLY);
    }

    /** What is in the file of a slot, or the error. */
    private static String read(Ring ring, Arena arena, int slot) {
        MemorySegment memory = arena.allocate(8);
        Files.read(ring.next(), slot, memory, 0).fixedFile();
        int result = Completions.one(ring).result();
        return result < 0 ? Errno.of(result).name() : Opened.text(memory, result);
    }
}
