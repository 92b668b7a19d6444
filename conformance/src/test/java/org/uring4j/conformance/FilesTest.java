package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.uring4j.op.OpenFlags.O_CLOEXEC;
import static org.uring4j.op.OpenFlags.O_CREAT;
import static org.uring4j.op.OpenFlags.O_DIRECTORY;
import static org.uring4j.op.OpenFlags.O_EXCL;
import static org.uring4j.op.OpenFlags.O_NOFOLLOW;
import static org.uring4j.op.OpenFlags.O_PATH;
import static org.uring4j.op.OpenFlags.O_RDONLY;
import static org.uring4j.op.OpenFlags.O_RDWR;
import static org.uring4j.op.OpenFlags.O_TMPFILE;
import static org.uring4j.op.OpenFlags.O_TRUNC;
import static org.uring4j.op.OpenFlags.O_WRONLY;
import static org.uring4j.op.OpenFlags.RESOLVE_BENEATH;
import static org.uring4j.op.OpenFlags.RESOLVE_CACHED;
import static org.uring4j.op.OpenFlags.RESOLVE_IN_ROOT;
import static org.uring4j.op.OpenFlags.RESOLVE_NO_MAGICLINKS;
import static org.uring4j.op.OpenFlags.RESOLVE_NO_SYMLINKS;
import static org.uring4j.op.OpenFlags.RESOLVE_NO_XDEV;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.Files;
import org.uring4j.op.OpenFlags;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/**
 * Opening, flushing and closing files: {@code IORING_OP_OPENAT}, {@code IORING_OP_OPENAT2}, {@code
 * IORING_OP_FSYNC}, {@code IORING_OP_CLOSE}.
 */
class FilesTest {
    @TempDir Path directory;
    private final Arena arena = Arena.ofShared();
    private Ring ring;

    @BeforeEach
    void openRing() {
        // Of any thread: with a time limit a test may have one of its own.
        ring = Ring.open(RingConfig.of(8).singleIssuer(false));
    }

    @AfterEach
    void closeRing() {
        ring.close();
        arena.close();
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldMakeWriteReadAndClose(RingMode mode) throws IOException {
        Path path = directory.resolve("file");
        try (Ring ring = mode.open(4)) {
            MemorySegment memory = arena.allocate(16);
            int fd;
            try (Opened file = Opened.open(ring, path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC)) {
                fd = file.fd();
                Files.write(ring.next(), fd, Opened.bytes(arena, "hello"), 0).userData(1);
                assertThat(Completions.one(ring)).isEqualTo(new Completion(1, 5, 0));
                Files.fsync(ring.next(), fd, 0).userData(2);
                assertThat(Completions.one(ring)).isEqualTo(new Completion(2, 0, 0));
                Files.read(ring.next(), fd, memory, 1).userData(3);
                assertThat(Completions.one(ring)).isEqualTo(new Completion(3, 4, 0));
                assertThat(Opened.text(memory, 4)).isEqualTo("ello");
            }
            Files.read(ring.next(), fd, memory, 0).userData(4);
            assertThat(Completions.one(ring).failed(Errno.EBADF)).isTrue();
            assertThat(java.nio.file.Files.readString(path)).isEqualTo("hello");
        }
    }

    @Test
    void shouldTellWhyItCannotOpen() throws IOException {
        Path file = java.nio.file.Files.writeString(directory.resolve("file"), "x");
        Path link = directory.resolve("link");
        java.nio.file.Files.createSymbolicLink(link, file);
        assertThat(open(directory.resolve("none"), O_RDONLY)).isEqualTo(Errno.ENOENT);
        assertThat(open(file, O_CREAT | O_EXCL | O_RDWR)).isEqualTo(Errno.EEXIST);
        assertThat(open(directory, O_WRONLY)).isEqualTo(Errno.EISDIR);
        assertThat(open(file, O_RDONLY | O_DIRECTORY)).isEqualTo(Errno.ENOTDIR);
        assertThat(open(file.resolve("below"), O_RDONLY)).isEqualTo(Errno.ENOTDIR);
        assertThat(open(link, O_RDONLY | O_NOFOLLOW)).isEqualTo(Errno.ELOOP);
        assertThat(open(directory.resolve("n".repeat(256)), O_RDONLY))
                .isEqualTo(Errno.ENAMETOOLONG);
        assertThat(open(Path.of(""), O_RDONLY)).isEqualTo(Errno.ENOENT);
        // Nobody may write to a program that is running, not even root.
        Path java = ProcessHandle.current().info().command().map(Path::of).orElseThrow();
        assertThat(open(java, O_WRONLY)).isIn(Errno.ETXTBSY, Errno.EACCES, Errno.EROFS);
    }

    @Test
    void shouldNotOpenWithoutPermission() throws IOException {
        Path file = java.nio.file.Files.writeString(directory.resolve("file"), "x");
        java.nio.file.Files.setPosixFilePermissions(
                file, PosixFilePermissions.fromString("-".repeat(9)));
        Needs.that(!java.nio.file.Files.isReadable(file), "root may open everything");
        assertThat(open(file, O_RDONLY)).isEqualTo(Errno.EACCES);
    }

    @Test
    void shouldNotWaitForOtherSideOfPipeUnlessAsynchronous() throws Exception {
        Fifo fifo = Fifo.in(directory);
        fifo.hangUp();
        assertThat(open(fifo.path(), O_WRONLY)).isEqualTo(Errno.ENXIO);
        Opened reader = fifo.open(ring, O_RDONLY);
        Opened writer = fifo.open(ring, O_WRONLY);
        writer.close();
        reader.close();

        MemorySegment name = arena.allocateFrom(fifo.path().toString());
        Files.openat(ring.next(), Files.AT_FDCWD, name, O_WRONLY, 0).userData(1).async();
        assertThat(Completions.now(ring)).isEmpty();
        Files.openat(ring.next(), Files.AT_FDCWD, name, O_RDONLY, 0).userData(2).async();
        List<Completion> both = Completions.some(ring, 2);
        assertThat(both).allMatch(c -> c.result() >= 0);
        both.forEach(c -> new Opened(ring, c.result()).close());
    }

    @Test
    void shouldOpenRelativeToDirectory() throws IOException {
        java.nio.file.Files.writeString(directory.resolve("file"), "x");
        MemorySegment name = arena.allocateFrom("file");
        try (Opened place = Opened.open(ring, directory, O_PATH | O_DIRECTORY)) {
            Files.openat(ring.next(), place.fd(), name, O_RDONLY, 0);
            int fd = Completions.one(ring).result();
            assertThat(fd).isNotNegative();
            new Opened(ring, fd).close();
        }
        Files.openat(ring.next(), 1_000_000, name, O_RDONLY, 0);
        assertThat(Completions.one(ring).failed(Errno.EBADF)).isTrue();
    }

    @Test
    void shouldObeyFlagsAndMode() throws IOException {
        Path path = directory.resolve("file");
        MemorySegment name = arena.allocateFrom(path.toString());
        Files.openat(ring.next(), Files.AT_FDCWD, name, O_CREAT | O_WRONLY, 0640);
        new Opened(ring, Completions.one(ring).result()).close();
        String permissions =
                PosixFilePermissions.toString(java.nio.file.Files.getPosixFilePermissions(path));
        assertThat(permissions).startsWith("rw-").endsWith("---");

        java.nio.file.Files.writeString(path, "content");
        Opened.open(ring, path, O_WRONLY | O_TRUNC).close();
        assertThat(path).isEmptyFile();

        try (Opened nameless = Opened.open(ring, directory, O_TMPFILE | O_RDWR)) {
            Files.write(ring.next(), nameless.fd(), Opened.bytes(arena, "x"), 0);
            assertThat(Completions.one(ring).result()).isEqualTo(1);
            assertThat(directory).isDirectoryNotContaining(p -> !p.equals(path));
        }
    }

    @Test
    void shouldCopyPathWhenSubmitted() throws IOException {
        java.nio.file.Files.writeString(directory.resolve("file"), "x");
        MemorySegment name = arena.allocateFrom(directory.resolve("file").toString());
        Files.openat(ring.next(), Files.AT_FDCWD, name, O_RDONLY, 0).async();
        ring.submit();
        name.fill((byte) 0);
        int fd = Completions.one(ring).result();
        assertThat(fd).isNotNegative();
        new Opened(ring, fd).close();
    }

    @Test
    void shouldWalkPathAsAsked() throws IOException {
        java.nio.file.Files.writeString(directory.resolve("file"), "x");
        java.nio.file.Files.createSymbolicLink(directory.resolve("link"), Path.of("file"));
        try (Opened place = Opened.open(ring, directory, O_PATH | O_DIRECTORY)) {
            int dir = place.fd();
            assertOpens(openat2(dir, "file", O_RDONLY, 0, 0));
            assertOpens(openat2(dir, "made", O_CREAT | O_RDWR, 0600, RESOLVE_BENEATH));
            assertOpens(openat2(dir, "link", O_RDONLY, 0, RESOLVE_BENEATH));
            assertOpens(openat2(dir, "/../file", O_RDONLY, 0, RESOLVE_IN_ROOT));
            assertThat(openat2(dir, "../x", O_RDONLY, 0, RESOLVE_BENEATH)).isEqualTo(Errno.EXDEV);
            assertThat(openat2(dir, "/tmp", O_RDONLY, 0, RESOLVE_BENEATH)).isEqualTo(Errno.EXDEV);
            assertThat(openat2(dir, "link", O_RDONLY, 0, RESOLVE_NO_SYMLINKS))
                    .isEqualTo(Errno.ELOOP);
            String magic = "/proc/self/fd/" + dir;
            assertThat(openat2(dir, magic, O_PATH, 0, RESOLVE_NO_MAGICLINKS))
                    .isEqualTo(Errno.ELOOP);
            assertThat(openat2(dir, "/proc/self/stat", O_RDONLY, 0, RESOLVE_NO_XDEV))
                    .isEqualTo(Errno.EXDEV);
        }
    }

    @Test
    void shouldNotWaitForPathWhenOnlyCacheMayBeUsed() throws IOException {
        Needs.kernel("5.12", "RESOLVE_CACHED");
        java.nio.file.Files.writeString(directory.resolve("file"), "x");
        String path = directory.resolve("file").toString();
        int dir = Files.AT_FDCWD;
        assertThat(openat2(dir, path, O_CREAT | O_RDWR, 0600, RESOLVE_CACHED))
                .isEqualTo(Errno.EAGAIN);
        // Made just now, the path is in the cache; something else may be changing it.
        Object result = Errno.EAGAIN;
        for (int tries = 0; result == Errno.EAGAIN && tries < 100; tries++) {
            result = openat2(dir, path, O_RDONLY, 0, RESOLVE_CACHED);
        }
        assertOpens(result);
    }

    @Test
    void shouldRefuseWrongHow() {
        int dir = Files.AT_FDCWD;
        assertThat(openat2(dir, "/tmp", 1L << 40, 0, 0)).isEqualTo(Errno.EINVAL);
        assertThat(openat2(dir, "/tmp", O_RDONLY, 0600, 0)).isEqualTo(Errno.EINVAL);
        assertThat(openat2(dir, "/tmp", O_RDONLY, 0, 1L << 40)).isEqualTo(Errno.EINVAL);
        MemorySegment name = arena.allocateFrom("/tmp");
        Files.openat2(ring.next(), dir, name, arena.allocate(8));
        assertThat(Completions.one(ring).failed(Errno.EINVAL)).as("too short").isTrue();
        MemorySegment longer = arena.allocate(32);
        longer.set(java.lang.foreign.ValueLayout.JAVA_BYTE, 31, (byte) 1);
        Files.openat2(ring.next(), dir, name, longer);
        assertThat(Completions.one(ring).failed(Errno.E2BIG)).as("from the future").isTrue();
    }

    @Test
    void shouldTellWhatCannotBeClosed() {
        Files.close(ring.next(), 1_000_000);
        assertThat(Completions.one(ring).failed(Errno.EBADF)).isTrue();
        Files.close(ring.next(), -1);
        assertThat(Completions.one(ring).failed(Errno.EBADF)).isTrue();
        Files.close(ring.next(), ring.fd());
        assertThat(Completions.one(ring).failed(Errno.EBADF)).as("a ring").isTrue();
    }

    @Test
    void shouldFlush() throws Exception {
        try (Opened file = Opened.open(ring, directory.resolve("file"), O_CREAT | O_RDWR);
                Fifo fifo = Fifo.in(directory);
                Opened pipe = fifo.open(ring, O_RDONLY)) {
            int fd = file.fd();
            Files.write(ring.next(), fd, arena.allocate(10_000), 0).link();
            Files.fsync(ring.next(), fd, Files.FSYNC_DATASYNC).link();
            Files.fsync(ring.next(), fd, 4096, 4096, 0).link();
            Files.fsync(ring.next(), fd, 0, 0, Files.FSYNC_DATASYNC);
            assertThat(Completions.some(ring, 4))
                    .extracting(Completion::result)
                    .containsExactly(10_000, 0, 0, 0);
            Files.fsync(ring.next(), fd, 2);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).as("unknown flag").isTrue();
            Files.fsync(ring.next(), pipe.fd(), 0);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).as("a pipe").isTrue();
            Files.fsync(ring.next(), 1_000_000, 0);
            assertThat(Completions.one(ring).failed(Errno.EBADF)).isTrue();
        }
    }

    @Test
    void shouldRefuseWrongMemoryBeforeAnythingIsWritten() {
        MemorySegment heap = MemorySegment.ofArray(new byte[8]);
        MemorySegment unterminated = Opened.bytes(arena, "/tmp");
        MemorySegment gone;
        try (Arena closed = Arena.ofConfined()) {
            gone = closed.allocateFrom("/tmp");
        }
        int dir = Files.AT_FDCWD;
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Files.openat(ring.next(), dir, heap, O_RDONLY, 0))
                .withMessageContaining("heap memory");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Files.openat(ring.next(), dir, unterminated, O_RDONLY, 0))
                .withMessageContaining("zero byte");
        assertThatIllegalStateException()
                .isThrownBy(() -> Files.openat(ring.next(), dir, gone, O_RDONLY, 0))
                .withMessageContaining("closed");
        assertThatIllegalArgumentException().isThrownBy(() -> Files.write(ring.next(), 1, heap, 0));
        assertThatIllegalStateException().isThrownBy(() -> Files.read(ring.next(), 0, gone, 0));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Files.closeDirect(ring.next(), -1))
                .withMessageContaining("slot=-1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Files.readFixed(ring.next(), 0, unterminated, 0, 70_000))
                .withMessageContaining("index=70000");
        Files.close(ring.next(), -1).userData(1);
        assertThat(Completions.one(ring).userData()).as("alone").isEqualTo(1);
    }

    /** The error, or null when it opened. */
    private Object open(Path path, int flags) {
        MemorySegment name = arena.allocateFrom(path.toString());
        Files.openat(ring.next(), Files.AT_FDCWD, name, flags, 0600);
        return outcome();
    }

    private Object openat2(int dirFd, String path, long flags, long mode, long resolve) {
        MemorySegment how = OpenFlags.how(arena, flags, mode, resolve);
        Files.openat2(ring.next(), dirFd, arena.allocateFrom(path), how);
        return outcome();
    }

    /** The descriptor or the error. */
    private Object outcome() {
        int result = Completions.one(ring).result();
        return result < 0 ? Errno.of(result) : (Object) result;
    }

    private void assertOpens(Object outcome) {
        assertThat(outcome).isInstanceOf(Integer.class);
        new Opened(ring, (Integer) outcome).close();
    }
}
