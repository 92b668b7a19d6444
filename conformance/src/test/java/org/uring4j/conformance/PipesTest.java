package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.uring4j.op.Files.CURRENT;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.DirectSlot;
import org.uring4j.op.Files;
import org.uring4j.op.OpenFlags;
import org.uring4j.op.Pipes;
import org.uring4j.resource.RegisteredFiles;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/** {@code IORING_OP_PIPE}, {@code IORING_OP_SPLICE}, {@code IORING_OP_TEE}. */
class PipesTest {
    @TempDir Path directory;

    private final Arena arena = Arena.ofAuto();
    private final MemorySegment memory = arena.allocate(64);

    /** A pipe's two ends. */
    private record Pipe(Ring ring, int in, int out) implements AutoCloseable {
        static Pipe open(Ring ring, int flags) {
            Needs.kernel("6.16", "IORING_OP_PIPE");
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment fds = arena.allocate(8, 4);
                Pipes.pipe(ring.next(), fds, flags);
                assertThat(Completions.one(ring).result()).isZero();
                return new Pipe(
                        ring,
                        fds.getAtIndex(ValueLayout.JAVA_INT, 0),
                        fds.getAtIndex(ValueLayout.JAVA_INT, 1));
            }
        }

        @Override
        public void close() {
            Files.close(ring.next(), in);
            Files.close(ring.next(), out);
            assertThat(Completions.some(ring, 2)).allMatch(c -> c.result() == 0);
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldMakePipe(RingMode mode) {
        try (Ring ring = mode.open(4);
                Pipe pipe = Pipe.open(ring, OpenFlags.O_CLOEXEC)) {
            assertThat(pipe.in()).isPositive();
            assertThat(pipe.out()).isPositive().isNotEqualTo(pipe.in());
            write(ring, pipe.out(), "through");
            assertThat(read(ring, pipe.in())).isEqualTo("through");
        }
    }

    @Test
    void shouldMakePipeOfPacketsThatDoesNotWait() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(4));
                Pipe pipe = Pipe.open(ring, OpenFlags.O_NONBLOCK | OpenFlags.O_DIRECT)) {
            Files.read(ring.next(), pipe.in(), memory, CURRENT, Files.RWF_NOWAIT);
            assertThat(Completions.one(ring).failed(Errno.EAGAIN)).isTrue();
            try (Fifo fifo = Fifo.in(directory);
                    Opened out = fifo.open(ring, OpenFlags.O_WRONLY)) {
                Pipes.splice(ring.next(), pipe.in(), CURRENT, out.fd(), CURRENT, 1, 0);
                assertThat(Completions.one(ring).failed(Errno.EAGAIN)).isTrue();
            }
            write(ring, pipe.out(), "one");
            write(ring, pipe.out(), "two");
            assertThat(read(ring, pipe.in())).isEqualTo("one");
            assertThat(read(ring, pipe.in())).isEqualTo("two");
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldMakePipeInSlots(RingMode mode) {
        Needs.kernel("6.16", "IORING_OP_PIPE");
        try (Ring ring = mode.open(8);
                RegisteredFiles files = RegisteredFiles.sparse(ring, 4)) {
            assertThat(files.count()).isEqualTo(4);
            MemorySegment slots = arena.allocate(8, 4);
            Pipes.pipeDirect(ring.next(), slots, 0, 1).userData(1);
            assertThat(Completions.one(ring)).isEqualTo(new Completion(1, 0, 0));
            assertThat(slots.toArray(ValueLayout.JAVA_INT)).containsExactly(1, 2);
            Files.write(ring.next(), 2, Opened.bytes(arena, "direct"), CURRENT).fixedFile().link();
            Files.read(ring.next(), 1, memory, CURRENT).fixedFile();
            assertThat(Completions.some(ring, 2)).allMatch(c -> c.result() == 6);
            assertThat(Opened.text(memory, 6)).isEqualTo("direct");

            Pipes.pipeDirect(ring.next(), slots, 0, DirectSlot.ALLOCATE).async();
            assertThat(Completions.one(ring).result()).isZero();
            assertThat(slots.toArray(ValueLayout.JAVA_INT)).containsExactlyInAnyOrder(0, 3);
        }
    }

    @Test
    void shouldTellErrorsOfPipe() {
        Needs.kernel("6.16", "IORING_OP_PIPE");
        try (Ring ring = Ring.open(RingConfig.of(4))) {
            MemorySegment fds = arena.allocate(8, 4);
            Pipes.pipe(ring.next(), fds, OpenFlags.O_TRUNC);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
            Pipes.pipeDirect(ring.next(), fds, 0, 0);
            assertThat(Completions.one(ring).failed(Errno.ENXIO)).isTrue();
            try (RegisteredFiles files = RegisteredFiles.sparse(ring, 2)) {
                assertThat(files.count()).isEqualTo(2);
                Pipes.pipeDirect(ring.next(), fds, 0, 2);
                assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
                Pipes.pipeDirect(ring.next(), fds, OpenFlags.O_CLOEXEC, 0);
                assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
                // Only one slot is free.
                files.set(0, 0);
                Pipes.pipeDirect(ring.next(), fds, 0, DirectSlot.ALLOCATE);
                assertThat(Completions.one(ring).failed(Errno.ENFILE)).isTrue();
                Files.read(ring.next(), 1, memory, CURRENT).fixedFile();
                assertThat(Completions.one(ring).failed(Errno.EBADF)).as("left as it was").isTrue();
            }
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Pipes.pipe(ring.next(), arena.allocate(7), 0))
                    .withMessageContaining("bytes=7");
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldMoveFromFileToFile(RingMode mode) throws Exception {
        java.nio.file.Files.writeString(directory.resolve("from"), "0123456789");
        try (Ring ring = mode.open(8);
                Fifo fifo = Fifo.in(directory);
                Opened reader = fifo.open(ring, OpenFlags.O_RDONLY);
                Opened writer = fifo.open(ring, OpenFlags.O_WRONLY);
                Opened from = Opened.open(ring, directory.resolve("from"), OpenFlags.O_RDONLY);
                Opened to = create(ring, "to")) {
            Pipes.splice(ring.next(), from.fd(), 3, writer.fd(), CURRENT, 4, 0).userData(1).link();
            Pipes.splice(ring.next(), reader.fd(), CURRENT, to.fd(), 2, 4, 0).userData(2);
            assertThat(Completions.some(ring, 2))
                    .containsExactly(new Completion(1, 4, 0), new Completion(2, 4, 0));
            assertThat(directory.resolve("to")).hasContent("\0\0003456");
            // Nothing is left, and the file's own position has not moved.
            Pipes.splice(ring.next(), from.fd(), CURRENT, writer.fd(), CURRENT, -1, 0);
            assertThat(Completions.one(ring).result()).isEqualTo(10);
            assertThat(fifo.take(10)).isEqualTo("0123456789");
            Pipes.splice(ring.next(), from.fd(), CURRENT, writer.fd(), CURRENT, 9, 0);
            assertThat(Completions.one(ring).result()).as("the end").isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldMoveBetweenRegisteredFiles(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                Fifo first = Fifo.in(directory);
                Fifo second = Fifo.in(directory);
                Opened in = first.open(ring, OpenFlags.O_RDONLY);
                Opened out = second.open(ring, OpenFlags.O_WRONLY);
                RegisteredFiles files = RegisteredFiles.register(ring, in.fd(), out.fd())) {
            assertThat(files.count()).isEqualTo(2);
            first.put("abcdef");
            int fixed = Pipes.SPLICE_F_FD_IN_FIXED;
            Pipes.tee(ring.next(), 0, 1, 3, fixed).fixedFile().userData(1).link();
            Pipes.splice(ring.next(), 0, CURRENT, out.fd(), CURRENT, 2, fixed).userData(2).link();
            Pipes.splice(ring.next(), in.fd(), CURRENT, 1, CURRENT, 9, 0)
                    .fixedFile()
                    .userData(3)
                    .async();
            assertThat(Completions.some(ring, 3))
                    .containsExactly(
                            new Completion(1, 3, 0),
                            new Completion(2, 2, 0),
                            new Completion(3, 4, 0));
            assertThat(second.take(9)).isEqualTo("abc" + "ab" + "cdef");
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldWaitForData(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                Fifo first = Fifo.in(directory);
                Fifo second = Fifo.in(directory);
                Opened in = first.open(ring, OpenFlags.O_RDONLY);
                Opened out = second.open(ring, OpenFlags.O_WRONLY)) {
            Pipes.tee(ring.next(), in.fd(), out.fd(), 100, 0).userData(1);
            Pipes.splice(ring.next(), in.fd(), CURRENT, out.fd(), CURRENT, 100, 0)
                    .userData(2)
                    .drain();
            assertThat(Completions.now(ring)).isEmpty();
            first.put("abc");
            assertThat(Completions.some(ring, 2))
                    .containsExactly(new Completion(1, 3, 0), new Completion(2, 3, 0));
            assertThat(second.take(6)).isEqualTo("abcabc");
        }
    }

    @Test
    void shouldNotWaitWhenToldSo() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(4));
                Fifo first = Fifo.in(directory);
                Fifo second = Fifo.in(directory);
                Opened in = first.open(ring, OpenFlags.O_RDONLY);
                Opened out = second.open(ring, OpenFlags.O_WRONLY)) {
            int flags = Pipes.SPLICE_F_NONBLOCK | Pipes.SPLICE_F_MOVE | Pipes.SPLICE_F_MORE;
            Pipes.splice(ring.next(), in.fd(), CURRENT, out.fd(), CURRENT, 1, flags);
            assertThat(Completions.one(ring).failed(Errno.EAGAIN)).isTrue();
            Pipes.tee(ring.next(), in.fd(), out.fd(), 1, flags);
            assertThat(Completions.one(ring).failed(Errno.EAGAIN)).isTrue();
        }
    }

    @Test
    void shouldTellErrors() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(4));
                Fifo fifo = Fifo.in(directory);
                Opened in = fifo.open(ring, OpenFlags.O_RDONLY);
                Opened out = fifo.open(ring, OpenFlags.O_WRONLY);
                Opened file = create(ring, "file")) {
            fifo.put("x");
            Pipes.splice(ring.next(), file.fd(), 0, file.fd(), 0, 1, 0);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).as("no pipe").isTrue();
            Pipes.splice(ring.next(), in.fd(), CURRENT, out.fd(), CURRENT, 1, 0);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).as("the same pipe").isTrue();
            Pipes.splice(ring.next(), in.fd(), 0, file.fd(), 0, 1, 0);
            assertThat(Completions.one(ring).failed(Errno.ESPIPE)).isTrue();
            Pipes.splice(ring.next(), out.fd(), CURRENT, file.fd(), 0, 1, 0);
            assertThat(Completions.one(ring).failed(Errno.EBADF)).as("direction").isTrue();
            Pipes.splice(ring.next(), 1_000_000, CURRENT, file.fd(), 0, 1, 0);
            assertThat(Completions.one(ring).failed(Errno.EBADF)).isTrue();
            Pipes.splice(ring.next(), 0, 0, file.fd(), 0, 1, Pipes.SPLICE_F_FD_IN_FIXED);
            assertThat(Completions.one(ring).failed(Errno.EBADF)).as("no such slot").isTrue();
            Pipes.splice(ring.next(), in.fd(), CURRENT, file.fd(), 0, 1, 1 << 20);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).as("flag").isTrue();
            Pipes.tee(ring.next(), in.fd(), file.fd(), 1, 0);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).as("no pipe").isTrue();
            Pipes.tee(ring.next(), in.fd(), 1_000_000, 1, 0);
            assertThat(Completions.one(ring).failed(Errno.EBADF)).isTrue();
        }
    }

    private Opened create(Ring ring, String name) {
        return Opened.open(ring, directory.resolve(name), OpenFlags.O_RDWR | OpenFlags.O_CREAT);
    }

    private void write(Ring ring, int fd, String text) {
        Files.write(ring.next(), fd, Opened.bytes(arena, text), CURRENT);
        assertThat(Completions.one(ring).result()).isEqualTo(text.length());
    }

    private String read(Ring ring, int fd) {
        Files.read(ring.next(), fd, memory, CURRENT);
        return Opened.text(memory, Completions.one(ring).result());
    }
}
