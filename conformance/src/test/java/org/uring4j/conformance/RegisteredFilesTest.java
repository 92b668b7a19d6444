package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.UringException;
import org.uring4j.op.DirectSlot;
import org.uring4j.op.Files;
import org.uring4j.op.OpenFlags;
import org.uring4j.resource.RegisteredBuffers;
import org.uring4j.resource.RegisteredFiles;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code IORING_REGISTER_FILES2}, {@code IORING_REGISTER_FILES_UPDATE2}, {@code
 * IORING_REGISTER_FILE_ALLOC_RANGE}, {@code IORING_UNREGISTER_FILES}, with reads and direct
 * descriptors.
 */
@Timeout(60)
class RegisteredFilesTest {
    private static final long TAG = 0x7a67_0000_0000_0002L;

    @TempDir private Path directory;

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldReadBySlotAfterTheDescriptorWasClosed(RingMode mode) throws Exception {
        try (Arena arena = Arena.ofShared();
                Ring ring = mode.open(8)) {
            RegisteredFiles files;
            try (Opened a = text(ring, "a");
                    Opened b = text(ring, "b")) {
                files = RegisteredFiles.register(ring, a.fd(), RegisteredFiles.CLEAR, b.fd());
            }
            assertThat(files.count()).isEqualTo(3);
            MemorySegment memory = arena.allocate(8);
            assertThat(read(ring, 0, memory)).isEqualTo("a");
            assertThat(read(ring, 1, memory)).isEqualTo("EBADF");
            assertThat(read(ring, 2, memory)).isEqualTo("b");
            files.close();
            assertThat(read(ring, 0, memory)).isEqualTo("EBADF");
        }
    }

    @Test
    void shouldUpdateSkipAndClearSlots() throws Exception {
        try (Arena arena = Arena.ofShared();
                Ring ring = Ring.open(RingConfig.of(8));
                Opened a = text(ring, "a");
                Opened b = text(ring, "b");
                RegisteredFiles files = RegisteredFiles.sparse(ring, 4)) {
            MemorySegment memory = arena.allocate(8);
            files.update(0, a.fd(), a.fd(), a.fd(), a.fd());
            files.update(1, b.fd(), RegisteredFiles.SKIP, RegisteredFiles.CLEAR);
            assertThat(readAll(ring, 4, memory)).containsExactly("a", "b", "a", "EBADF");
            files.clear(0);
            files.set(3, b.fd());
            assertThat(readAll(ring, 4, memory)).containsExactly("EBADF", "b", "a", "b");
            files.update(2);
        }
    }

    @Test
    void shouldReplaceTheFilesBeforeOneThatIsNotOpen() throws Exception {
        try (Arena arena = Arena.ofShared();
                Ring ring = Ring.open(RingConfig.of(8));
                Opened a = text(ring, "a");
                Opened b = text(ring, "b");
                RegisteredFiles files =
                        RegisteredFiles.registerTagged(
                                ring, new int[] {a.fd(), a.fd(), a.fd()}, new long[] {0, TAG, 0})) {
            MemorySegment memory = arena.allocate(8);
            assertThatThrownBy(() -> files.update(0, b.fd(), 1 << 30, b.fd()))
                    .isInstanceOfSatisfying(
                            UringException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EBADF))
                    .hasMessageContaining("slot=1 fd=1073741824");
            assertThat(Completions.one(ring)).isEqualTo(new Completion(TAG, 0, 0));
            assertThat(readAll(ring, 3, memory)).containsExactly("b", "EBADF", "a");
            assertThat(ring.inFlight()).isZero();
            assertThatThrownBy(() -> files.set(0, ring.fd()))
                    .isInstanceOf(UringException.class)
                    .hasMessageContaining("EBADF");
            assertThatThrownBy(() -> files.set(0, RegisteredFiles.CLEAR, TAG))
                    .isInstanceOf(UringException.class)
                    .hasMessageContaining("takes no tag");
        }
    }

    @Test
    void shouldBringTheTagBackWhenNothingUsesTheFile() throws Exception {
        try (Arena arena = Arena.ofShared();
                Ring ring = Ring.open(RingConfig.of(8));
                Fifo fifo = Fifo.in(directory);
                Opened pipe = fifo.open(ring, OpenFlags.O_RDONLY)) {
            RegisteredFiles files = RegisteredFiles.sparse(ring, 4);
            MemorySegment memory = arena.allocate(8);
            files.update(1, new int[] {pipe.fd(), pipe.fd()}, new long[] {TAG, TAG + 1});
            assertThat(ring.inFlight()).isZero();
            Files.read(ring.next(), 1, memory, -1).fixedFile().userData(1);
            assertThat(Completions.now(ring)).isEmpty();
            files.set(1, pipe.fd(), TAG + 2);
            files.update(1, RegisteredFiles.SKIP, RegisteredFiles.SKIP);
            assertThat(Completions.now(ring)).isEmpty();
            assertThat(ring.inFlight()).isEqualTo(2);
            fifo.put("late");
            assertThat(Completions.some(ring, 2))
                    .containsExactlyInAnyOrder(new Completion(1, 4, 0), new Completion(TAG, 0, 0));
            assertThat(ring.inFlight()).isZero();
            files.close();
            assertThat(Completions.some(ring, 2))
                    .extracting(Completion::userData)
                    .containsExactlyInAnyOrder(TAG + 1, TAG + 2);
            assertThat(ring.inFlight()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldCloseTheRingWithTagsAndRequestsOutstanding(RingMode mode) throws Exception {
        try (Arena arena = Arena.ofShared();
                Fifo fifo = Fifo.in(directory)) {
            Ring ring = mode.open(8);
            RegisteredFiles files = RegisteredFiles.sparse(ring, 4);
            try (Opened pipe = fifo.open(ring, OpenFlags.O_RDONLY)) {
                files.set(1, pipe.fd(), TAG);
                files.set(2, pipe.fd(), TAG);
            }
            RegisteredBuffers buffers = RegisteredBuffers.sparse(ring, 1);
            buffers.set(0, arena.allocate(8), TAG);
            Files.read(ring.next(), 1, arena.allocate(8), -1).fixedFile();
            ring.submit();
            files.clear(1);
            ring.close();
            assertThat(ring.inFlight()).isZero();
            assertThat(files.toString()).contains("closed");
        }
    }

    @Test
    void shouldChooseSlotsUntilNoneIsFree() throws Exception {
        Needs.kernel("5.19", "IORING_FILE_INDEX_ALLOC");
        try (Arena arena = Arena.ofShared();
                Ring ring = Ring.open(RingConfig.of(8));
                RegisteredFiles files = RegisteredFiles.sparse(ring, 2)) {
            assertThat(openDirect(ring, arena)).isZero();
            assertThat(openDirect(ring, arena)).isEqualTo(1);
            assertThat(openDirect(ring, arena)).isEqualTo(-Errno.ENFILE.number());
            Files.closeDirect(ring.next(), 0);
            assertThat(Completions.one(ring).result()).isZero();
            assertThat(openDirect(ring, arena)).isZero();
            files.clear(1);
            assertThat(openDirect(ring, arena)).isEqualTo(1);
        }
    }

    @Test
    void shouldChooseSlotsWithinTheRange() throws Exception {
        Needs.kernel("6.0", "IORING_REGISTER_FILE_ALLOC_RANGE");
        try (Arena arena = Arena.ofShared();
                Ring ring = Ring.open(RingConfig.of(8));
                Opened a = text(ring, "a");
                RegisteredFiles files = RegisteredFiles.sparse(ring, 8)) {
            files.set(6, a.fd());
            files.allocateFrom(5, 2);
            assertThat(openDirect(ring, arena)).isEqualTo(5);
            assertThat(openDirect(ring, arena)).isEqualTo(-Errno.ENFILE.number());
            files.allocateFrom(0, 8);
            assertThat(openDirect(ring, arena)).isNotNegative();
            assertThatThrownBy(() -> files.allocateFrom(7, 2))
                    .isInstanceOf(IndexOutOfBoundsException.class)
                    .hasMessageContaining("first=7 number=2 count=8");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, RegisteredFiles.MAX_COUNT + 1})
    void shouldRefuseACountOutOfRange(int count) {
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> RegisteredFiles.sparse(ring, count))
                    .withMessageContaining("count=" + count);
        }
    }

    @Test
    void shouldNameTheLimitWhenThereAreMoreThanOpenFilesMayBe() throws IOException {
        int limit = openFilesLimit();
        Needs.that(limit < RegisteredFiles.MAX_COUNT, "open files are not limited: " + limit);
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            assertThatThrownBy(() -> RegisteredFiles.sparse(ring, limit + 1))
                    .isInstanceOfSatisfying(
                            UringException.class,
                            e -> assertThat(e.errno()).isEqualTo(Errno.EMFILE))
                    .hasMessageContaining("ulimit -n");
            RegisteredFiles.sparse(ring, limit).close();
        }
    }

    private static int openFilesLimit() throws IOException {
        try (var lines = java.nio.file.Files.lines(Path.of("/proc/self/limits"))) {
            String soft =
                    lines.filter(line -> line.startsWith("Max open files"))
                            .map(line -> line.split(" +", -1)[3])
                            .findFirst()
                            .orElseThrow();
            return soft.equals("unlimited") ? Integer.MAX_VALUE : Integer.parseInt(soft);
        }
    }

    @Test
    void shouldRefuseWhatCannotBe() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                Opened a = text(ring, "a")) {
            assertThatThrownBy(() -> RegisteredFiles.register(ring, a.fd(), 1 << 30))
                    .isInstanceOfSatisfying(
                            UringException.class,
                            e -> assertThat(e.errno()).isEqualTo(Errno.EBADF));
            RegisteredFiles files = RegisteredFiles.register(ring, a.fd());
            assertThatThrownBy(() -> RegisteredFiles.sparse(ring, 1))
                    .isInstanceOfSatisfying(
                            UringException.class,
                            e -> assertThat(e.errno()).isEqualTo(Errno.EBUSY));
            assertThatThrownBy(() -> files.set(1, a.fd()))
                    .isInstanceOf(IndexOutOfBoundsException.class)
                    .hasMessageContaining("index=1 count=1");
            assertThatThrownBy(() -> files.update(-1, a.fd(), a.fd()))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> files.update(0, new int[] {a.fd()}, new long[2]))
                    .withMessageContaining("files=1 tags=2");
            files.close();
            files.close();
            RegisteredFiles.sparse(ring, 1).close();
        }
    }

    @Test
    void shouldRefuseEverythingOnceClosedOrFromTheWrongThread() throws Exception {
        Ring ring = Ring.open(RingConfig.of(8));
        RegisteredFiles files = RegisteredFiles.sparse(ring, 2);
        List<Runnable> calls =
                List.of(
                        () -> files.set(0, 0),
                        () -> files.set(0, 0, 5),
                        () -> files.clear(0),
                        () -> files.update(0, 0, 0),
                        () -> files.allocateFrom(0, 1),
                        () -> RegisteredFiles.sparse(ring, 1));
        List<Throwable> thrown = new ArrayList<>();
        Thread thread =
                Thread.ofPlatform()
                        .start(
                                () -> {
                                    calls.forEach(call -> run(call, thrown));
                                    run(files::close, thrown);
                                });
        thread.join();
        assertThat(thrown).hasSize(7).allMatch(WrongThreadException.class::isInstance);
        files.close();
        for (Runnable call : calls.subList(0, 5)) {
            assertThatIllegalStateException().isThrownBy(call::run);
        }
        ring.close();
        for (Runnable call : calls) {
            assertThatIllegalStateException().isThrownBy(call::run);
        }
        files.close();
    }

    private static void run(Runnable call, List<Throwable> thrown) {
        try {
            call.run();
        } catch (RuntimeException e) {
            thrown.add(e);
        }
    }

    private Opened text(Ring ring, String text) throws IOException {
        Path path = directory.resolve(text);
        java.nio.file.Files.writeString(path, text, StandardCharsets.UTF_8);
        return Opened.open(ring, path, OpenFlags.O_RDONLY);
    }

    private static int openDirect(Ring ring, Arena arena) {
        MemorySegment path = arena.allocateFrom("/dev/null");
        Files.openatDirect(
                ring.next(), Files.AT_FDCWD, path, OpenFlags.O_RDONLY, 0, DirectSlot.ALLOCATE);
        return Completions.one(ring).result();
    }

    private static List<String> readAll(Ring ring, int count, MemorySegment memory) {
        List<String> all = new ArrayList<>();
        for (int slot = 0; slot < count; slot++) {
            all.add(read(ring, slot, memory));
        }
        return all;
    }

    /** What is in the file of a slot, or the error. */
    private static String read(Ring ring, int slot, MemorySegment memory) {
        Files.read(ring.next(), slot, memory, 0).fixedFile();
        int result = Completions.one(ring).result();
        return result < 0 ? Errno.of(result).name() : Opened.text(memory, result);
    }
}
