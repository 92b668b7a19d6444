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
import org.uring4j.op.Files;
import org.uring4j.op.OpenFlags;
import org.uring4j.resource.BufferRing;
import org.uring4j.resource.RegisteredBuffers;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code IORING_REGISTER_BUFFERS2}, {@code IORING_REGISTER_BUFFERS_UPDATE}, {@code
 * IORING_UNREGISTER_BUFFERS}, with reads and writes by index.
 */
@Timeout(60)
class RegisteredBuffersTest {
    private static final long TAG = 0x7a67_0000_0000_0001L;

    @TempDir private Path directory;

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldReadAndWriteByIndex(RingMode mode) {
        try (Arena arena = Arena.ofShared();
                Ring ring = mode.open(8);
                RegisteredBuffers buffers =
                        RegisteredBuffers.register(
                                ring, arena.allocate(4096), arena.allocate(8192));
                Opened file =
                        Opened.open(
                                ring,
                                directory.resolve("file"),
                                OpenFlags.O_RDWR | OpenFlags.O_CREAT)) {
            assertThat(buffers.count()).isEqualTo(2);
            MemorySegment from = buffers.slice(0, 100, 5);
            from.copyFrom(Opened.bytes(arena, "hello"));
            Files.writeFixed(ring.next(), file.fd(), from, 0, 0);
            assertThat(Completions.one(ring).result()).isEqualTo(5);
            MemorySegment to = buffers.slice(1, 5000, 100);
            Files.readFixed(ring.next(), file.fd(), to, 0, 1);
            assertThat(Completions.one(ring).result()).isEqualTo(5);
            assertThat(Opened.text(to, 5)).isEqualTo("hello");
        }
    }

    @Test
    void shouldReplaceManyAtOnce() {
        try (Arena arena = Arena.ofShared();
                Ring ring = Ring.open(RingConfig.of(8));
                RegisteredBuffers buffers = RegisteredBuffers.sparse(ring, 16);
                Opened zero = Opened.open(ring, Path.of("/dev/zero"), OpenFlags.O_RDONLY)) {
            MemorySegment one = arena.allocate(64);
            MemorySegment two = arena.allocate(64);
            buffers.update(4, one, two);
            assertThat(read(ring, zero, one, 4).result()).isEqualTo(64);
            assertThat(read(ring, zero, two, 5).result()).isEqualTo(64);
            buffers.update(4, new MemorySegment[] {two, null}, new long[] {77, 0});
            assertThat(read(ring, zero, two, 4).result()).isEqualTo(64);
            assertThat(read(ring, zero, two, 5).failed(Errno.EFAULT)).isTrue();
            buffers.update(3, one, one, one);
            assertThat(Completions.one(ring).userData()).isEqualTo(77);
            assertThat(read(ring, zero, one, 5).result()).isEqualTo(64);
            assertThatThrownBy(() -> buffers.update(15, one, two))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(
                            () -> buffers.update(0, new MemorySegment[] {one}, new long[] {1, 2}))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("buffers=1 tags=2");
        }
    }

    @Test
    void shouldFillReplaceAndClearEntries() {
        try (Arena arena = Arena.ofShared();
                Ring ring = Ring.open(RingConfig.of(8));
                RegisteredBuffers buffers = RegisteredBuffers.sparse(ring, 16);
                Opened zero = Opened.open(ring, Path.of("/dev/zero"), OpenFlags.O_RDONLY)) {
            MemorySegment first = arena.allocate(64).fill((byte) 1);
            MemorySegment second = arena.allocate(64).fill((byte) 1);
            assertThat(read(ring, zero, first, 9).failed(Errno.EFAULT)).isTrue();
            assertThatIllegalStateException()
                    .isThrownBy(() -> buffers.buffer(9))
                    .withMessageContaining("index=9");
            buffers.set(9, first);
            assertThat(buffers.buffer(9)).isEqualTo(first);
            assertThat(read(ring, zero, first, 9).result()).isEqualTo(64);
            buffers.set(9, second);
            assertThat(read(ring, zero, first, 9).failed(Errno.EFAULT)).isTrue();
            assertThat(read(ring, zero, second, 9).result()).isEqualTo(64);
            buffers.clear(9);
            assertThat(read(ring, zero, second, 9).failed(Errno.EFAULT)).isTrue();
            assertThat(buffers.contains(9, second)).isFalse();
            assertThat(first.mismatch(second)).isEqualTo(-1);
        }
    }

    @Test
    void shouldTellWhatLiesWithinABuffer() {
        try (Arena arena = Arena.ofShared();
                Ring ring = Ring.open(RingConfig.of(8));
                Opened zero = Opened.open(ring, Path.of("/dev/zero"), OpenFlags.O_RDONLY)) {
            MemorySegment memory = arena.allocate(300);
            RegisteredBuffers buffers = RegisteredBuffers.register(ring, memory.asSlice(100, 100));
            for (long[] part :
                    new long[][] {{100, 100}, {199, 1}, {99, 2}, {199, 2}, {0, 50}, {250, 50}}) {
                MemorySegment slice = memory.asSlice(part[0], part[1]);
                boolean within = part[0] >= 100 && part[0] + part[1] <= 200;
                assertThat(buffers.contains(0, slice)).as("from %d", part[0]).isEqualTo(within);
                Completion read = read(ring, zero, slice, 0);
                assertThat(read.result()).isEqualTo(within ? (int) part[1] : errno(Errno.EFAULT));
            }
            assertThat(buffers.contains(0, MemorySegment.ofArray(new byte[1]))).isFalse();
            assertThatThrownBy(() -> buffers.slice(0, 90, 11))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void shouldBringTheTagBackWhenNothingUsesTheBuffer() throws Exception {
        try (Arena arena = Arena.ofShared();
                Ring ring = Ring.open(RingConfig.of(8));
                Fifo fifo = Fifo.in(directory);
                Opened pipe = fifo.open(ring, OpenFlags.O_RDONLY)) {
            MemorySegment memory = arena.allocate(64);
            RegisteredBuffers buffers =
                    RegisteredBuffers.registerTagged(
                            ring, new MemorySegment[] {memory, memory}, new long[] {TAG, 0});
            assertThat(ring.inFlight()).isZero();
            Files.readFixed(ring.next(), pipe.fd(), memory, -1, 0).userData(1);
            assertThat(Completions.now(ring)).isEmpty();
            buffers.clear(0);
            buffers.clear(1);
            assertThat(Completions.now(ring)).isEmpty();
            assertThat(ring.inFlight()).isEqualTo(2);
            // The request goes on with what it began with.
            fifo.put("late");
            List<Completion> both = Completions.some(ring, 2);
            assertThat(both)
                    .containsExactlyInAnyOrder(new Completion(1, 4, 0), new Completion(TAG, 0, 0));
            assertThat(Opened.text(memory, 4)).isEqualTo("late");
            assertThat(ring.inFlight()).isZero();

            buffers.set(1, memory, TAG + 1);
            buffers.set(1, memory, TAG + 2);
            assertThat(Completions.one(ring)).isEqualTo(new Completion(TAG + 1, 0, 0));
            buffers.close();
            assertThat(Completions.one(ring)).isEqualTo(new Completion(TAG + 2, 0, 0));
            assertThat(ring.inFlight()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldCloseTheRingWithTagsAndRequestsOutstanding(RingMode mode) throws Exception {
        try (Arena arena = Arena.ofShared();
                Fifo fifo = Fifo.in(directory)) {
            Ring ring = mode.open(8);
            Opened pipe = fifo.open(ring, OpenFlags.O_RDONLY);
            MemorySegment memory = arena.allocate(64);
            RegisteredBuffers buffers =
                    RegisteredBuffers.registerTagged(
                            ring, new MemorySegment[] {memory}, new long[] {TAG});
            BufferRing group = BufferRing.register(ring, 1, 2, 16);
            Files.readFixed(ring.next(), pipe.fd(), memory, -1, 0);
            ring.submit();
            group.close();
            assertThat(group.memory().scope().isAlive()).isTrue();
            ring.close();
            assertThat(ring.inFlight()).isZero();
            assertThat(group.memory().scope().isAlive()).isFalse();
            assertThat(buffers.toString()).contains("closed");
        }
    }

    @Test
    void shouldNotFreeMemoryEarlyBecauseOfATag() throws Exception {
        try (Arena arena = Arena.ofShared();
                Ring ring = Ring.open(RingConfig.of(8));
                Fifo fifo = Fifo.in(directory);
                Opened pipe = fifo.open(ring, OpenFlags.O_RDONLY)) {
            RegisteredBuffers buffers = RegisteredBuffers.sparse(ring, 1);
            buffers.set(0, arena.allocate(64), TAG);
            BufferRing group = BufferRing.register(ring, 1, 2, 16);
            Files.read(ring.next(), pipe.fd(), group.buffer(0), -1);
            ring.submit();
            buffers.clear(0);
            assertThat(Completions.one(ring).userData()).isEqualTo(TAG);
            // Were the tag taken for the end of the request, this would free its memory.
            group.close();
            assertThat(group.memory().scope().isAlive()).isTrue();
            fifo.put("data");
            assertThat(Completions.one(ring).result()).isEqualTo(4);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, RegisteredBuffers.MAX_COUNT + 1})
    void shouldRefuseACountOutOfRange(int count) {
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> RegisteredBuffers.sparse(ring, count))
                    .withMessageContaining("count=" + count);
        }
    }

    @Test
    void shouldRefuseMemoryTheKernelCannotHave() throws IOException {
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared();
                RegisteredBuffers buffers =
                        RegisteredBuffers.sparse(ring, RegisteredBuffers.MAX_COUNT)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> buffers.set(0, MemorySegment.ofArray(new byte[8])))
                    .withMessageContaining("heap");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> buffers.set(0, arena.allocate(8).asReadOnly()))
                    .withMessageContaining("writable");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> buffers.set(0, arena.allocate(8).asSlice(0, 0)))
                    .withMessageContaining("bytes=0");
            Arena closed = Arena.ofShared();
            MemorySegment gone = closed.allocate(8);
            closed.close();
            assertThatIllegalStateException().isThrownBy(() -> buffers.set(0, gone));
            try (var file = new java.io.RandomAccessFile(directory.resolve("f").toFile(), "rw")) {
                long size = RegisteredBuffers.MAX_BUFFER_SIZE + 1;
                file.setLength(size);
                var mode = java.nio.channels.FileChannel.MapMode.READ_WRITE;
                MemorySegment large = file.getChannel().map(mode, 0, size, arena);
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> buffers.set(0, large))
                        .withMessageContaining("bytes=1073741825");
            }
            for (int index : new int[] {-1, RegisteredBuffers.MAX_COUNT}) {
                assertThatThrownBy(() -> buffers.set(index, arena.allocate(8)))
                        .isInstanceOf(IndexOutOfBoundsException.class)
                        .hasMessageContaining("index=" + index);
            }
            assertThatIllegalArgumentException()
                    .isThrownBy(
                            () ->
                                    RegisteredBuffers.registerTagged(
                                            ring,
                                            new MemorySegment[] {arena.allocate(8)},
                                            new long[2]))
                    .withMessageContaining("buffers=1 tags=2");
        }
    }

    @Test
    void shouldRefuseASecondTableUntilTheFirstIsClosed() {
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            RegisteredBuffers first = RegisteredBuffers.sparse(ring, 1);
            assertThatThrownBy(() -> RegisteredBuffers.sparse(ring, 1))
                    .isInstanceOfSatisfying(
                            UringException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EBUSY))
                    .hasMessageContaining("close");
            first.close();
            first.close();
            RegisteredBuffers.sparse(ring, 1).close();
        }
    }

    @Test
    void shouldRefuseEverythingOnceClosedOrFromTheWrongThread() throws Exception {
        try (Arena arena = Arena.ofShared()) {
            Ring ring = Ring.open(RingConfig.of(8));
            MemorySegment memory = arena.allocate(8);
            RegisteredBuffers buffers = RegisteredBuffers.register(ring, memory);
            List<Runnable> calls =
                    List.of(
                            () -> buffers.buffer(0),
                            () -> buffers.contains(0, memory),
                            () -> buffers.set(0, memory),
                            () -> buffers.clear(0),
                            () -> RegisteredBuffers.sparse(ring, 1));
            List<Throwable> thrown = new ArrayList<>();
            Thread thread =
                    Thread.ofPlatform()
                            .start(
                                    () -> {
                                        calls.forEach(call -> run(call, thrown));
                                        run(buffers::close, thrown);
                                    });
            thread.join();
            assertThat(thrown).hasSize(6).allMatch(WrongThreadException.class::isInstance);
            buffers.close();
            for (Runnable call : calls.subList(0, 4)) {
                assertThatIllegalStateException().isThrownBy(call::run);
            }
            ring.close();
            for (Runnable call : calls) {
                assertThatIllegalStateException().isThrownBy(call::run);
            }
            buffers.close();
        }
    }

    private static void run(Runnable call, List<Throwable> thrown) {
        try {
            call.run();
        } catch (RuntimeException e) {
            thrown.add(e);
        }
    }

    @Test
    void shouldNameTheLimitThatRegisteredMemoryCountsAgainst() throws Exception {
        assertThat(Apart.locking(1 << 20, Limited.class))
                .contains("ENOMEM")
                .contains("RLIMIT_MEMLOCK=1048576");
    }

    /** Registers 2 MiB, in a process of its own that may lock 1 MiB. */
    static final class Limited {
        private Limited() {}

        public static void main(String[] args) {
            try (Arena arena = Arena.ofShared();
                    Ring ring = Ring.open(RingConfig.of(8))) {
                RegisteredBuffers.register(ring, arena.allocate(2 << 20));
                System.out.println("registered");
            } catch (UringException e) {
                System.out.println(e.getMessage());
            }
        }
    }

    private static Completion read(Ring ring, Opened file, MemorySegment to, int index) {
        Files.readFixed(ring.next(), file.fd(), to, 0, index);
        return Completions.one(ring);
    }

    private static int errno(Errno errno) {
        return -errno.number();
    }
}
