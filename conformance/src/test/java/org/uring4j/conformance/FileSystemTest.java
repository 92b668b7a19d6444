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
import org.uring4j.op.FileSystem;
import org.uring4j.op.Nops;
import org.uring4j.op.OpenFlags;
import org.uring4j.resource.RegisteredFiles;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/**
 * {@code IORING_OP_RENAMEAT}, {@code IORING_OP_UNLINKAT}, {@code IORING_OP_MKDIRAT}, {@code
 * IORING_OP_SYMLINKAT}, {@code IORING_OP_LINKAT}.
 */
class FileSystemTest {
    @TempDir Path directory;

    private final Arena arena = Arena.ofAuto();

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldDoOneAfterOtherWhenLinked(RingMode mode) throws IOException {
        Needs.kernel("5.15", "IORING_OP_MKDIRAT");
        Files.writeString(directory.resolve("file"), "text");
        try (Ring ring = mode.open(8)) {
            FileSystem.mkdir(ring.next(), path("d"), 0700).userData(1).link();
            FileSystem.rename(ring.next(), path("file"), path("d/a")).userData(2).link();
            FileSystem.link(ring.next(), path("d/a"), path("d/b"), 0).userData(3).link();
            FileSystem.symlink(ring.next(), text("b"), path("d/c")).userData(4).link();
            FileSystem.unlink(ring.next(), path("d/a")).userData(5);
            List<Completion> all = Completions.some(ring, 5);
            for (int i = 0; i < 5; i++) {
                assertThat(all.get(i)).isEqualTo(new Completion(i + 1, 0, 0));
            }
        }
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory("d"))))
                .isEqualTo("rwx------");
        assertThat(directory("file")).doesNotExist();
        assertThat(directory("d/a")).doesNotExist();
        assertThat(directory("d/b")).hasContent("text");
        assertThat(Files.readSymbolicLink(directory("d/c"))).isEqualTo(Path.of("b"));
    }

    @Test
    void shouldStartFromDirectories() throws IOException {
        Needs.kernel("5.15", "IORING_OP_MKDIRAT");
        Files.createDirectory(directory("from"));
        Files.createDirectory(directory("to"));
        Files.writeString(directory("from/file"), "text");
        try (Ring ring = Ring.open(RingConfig.of(4));
                Opened from = Opened.open(ring, directory("from"), OpenFlags.O_DIRECTORY);
                Opened to = Opened.open(ring, directory("to"), OpenFlags.O_PATH)) {
            FileSystem.renameat(ring.next(), from.fd(), text("file"), to.fd(), text("a"), 0);
            assertThat(Completions.one(ring).result()).isZero();
            assertThat(directory("to/a")).hasContent("text");

            FileSystem.linkat(ring.next(), to.fd(), text("a"), from.fd(), text("b"), 0);
            assertThat(Completions.one(ring).result()).isZero();
            assertThat(directory("from/b")).hasContent("text");

            FileSystem.symlinkat(ring.next(), text("a"), to.fd(), text("c"));
            assertThat(Completions.one(ring).result()).isZero();
            assertThat(directory("to/c")).isSymbolicLink().hasContent("text");

            FileSystem.mkdirat(ring.next(), from.fd(), text("d"), 0755);
            assertThat(Completions.one(ring).result()).isZero();
            assertThat(directory("from/d")).isDirectory();

            FileSystem.unlinkat(ring.next(), from.fd(), text("d"), FileSystem.AT_REMOVEDIR);
            assertThat(Completions.one(ring).result()).isZero();
            assertThat(directory("from/d")).doesNotExist();
        }
    }

    @Test
    void shouldRenameAsFlagsSay() throws IOException {
        Needs.kernel("5.11", "IORING_OP_RENAMEAT");
        Files.writeString(directory("a"), "one");
        Files.writeString(directory("b"), "two");
        try (Ring ring = Ring.open(RingConfig.of(4))) {
            assertThat(rename(ring, "a", "b", FileSystem.RENAME_NOREPLACE).failed(Errno.EEXIST))
                    .isTrue();
            assertThat(rename(ring, "a", "b", FileSystem.RENAME_EXCHANGE).result()).isZero();
            assertThat(directory("a")).hasContent("two");
            assertThat(directory("b")).hasContent("one");
            assertThat(rename(ring, "a", "c", FileSystem.RENAME_EXCHANGE).failed(Errno.ENOENT))
                    .isTrue();
            int both = FileSystem.RENAME_EXCHANGE | FileSystem.RENAME_NOREPLACE;
            assertThat(rename(ring, "a", "b", both).failed(Errno.EINVAL)).isTrue();
            assertThat(rename(ring, "a", "b", 0).result()).isZero();
            assertThat(directory("a")).doesNotExist();
            assertThat(directory("b")).hasContent("two");
        }
    }

    @Test
    void shouldLinkWhatSymbolicLinkLeadsTo() throws IOException {
        Needs.kernel("5.15", "IORING_OP_LINKAT");
        Files.writeString(directory("file"), "text");
        Files.createSymbolicLink(directory("symbolic"), Path.of("file"));
        try (Ring ring = Ring.open(RingConfig.of(4))) {
            FileSystem.link(ring.next(), path("symbolic"), path("a"), 0);
            assertThat(Completions.one(ring).result()).isZero();
            assertThat(directory("a")).isSymbolicLink();

            int follow = FileSystem.AT_SYMLINK_FOLLOW;
            FileSystem.link(ring.next(), path("symbolic"), path("b"), follow);
            assertThat(Completions.one(ring).result()).isZero();
            assertThat(directory("b")).isRegularFile();
            assertThat(Files.isSymbolicLink(directory("b"))).isFalse();
        }
    }

    @Test
    void shouldGiveNameToFileWithout() {
        Needs.kernel("5.15", "IORING_OP_LINKAT");
        int flags = OpenFlags.O_TMPFILE | OpenFlags.O_RDWR;
        try (Ring ring = Ring.open(RingConfig.of(4));
                Opened file = Opened.open(ring, directory, flags)) {
            org.uring4j.op.Files.write(ring.next(), file.fd(), Opened.bytes(arena, "text"), 0);
            assertThat(Completions.one(ring).result()).isEqualTo(4);
            FileSystem.linkat(
                    ring.next(),
                    file.fd(),
                    text(""),
                    org.uring4j.op.Files.AT_FDCWD,
                    path("named"),
                    FileSystem.AT_EMPTY_PATH);
            assertThat(Completions.one(ring).result()).isZero();
            assertThat(directory("named")).hasContent("text");
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldTellErrors(RingMode mode) throws IOException {
        Needs.kernel("5.15", "IORING_OP_MKDIRAT");
        Files.createDirectories(directory("full/inner"));
        Files.writeString(directory("file"), "text");
        try (Ring ring = mode.open(16)) {
            FileSystem.mkdir(ring.next(), path("full"), 0755).userData(1);
            FileSystem.mkdir(ring.next(), path("none/inner"), 0755).userData(2);
            FileSystem.unlink(ring.next(), path("full")).userData(3);
            int removeDirectory = FileSystem.AT_REMOVEDIR;
            FileSystem.unlinkat(ring.next(), -1, path("full"), removeDirectory).userData(4);
            FileSystem.unlinkat(ring.next(), -1, path("file"), removeDirectory).userData(5);
            FileSystem.unlinkat(ring.next(), 1_000_000, text("file"), 0).userData(6);
            FileSystem.unlinkat(ring.next(), -1, path("file"), 1).userData(7);
            FileSystem.symlink(ring.next(), text("x"), path("file")).userData(8);
            FileSystem.symlink(ring.next(), text(""), path("new")).userData(9);
            FileSystem.link(ring.next(), path("full"), path("new"), 0).userData(10);
            FileSystem.link(ring.next(), path("file"), path("full"), 0).userData(11);
            FileSystem.rename(ring.next(), path("full"), path("full/inner/x")).userData(12);
            FileSystem.rename(ring.next(), path("none"), path("new")).userData(13);
            Errno[] expected = {
                Errno.EEXIST,
                Errno.ENOENT,
                Errno.EISDIR,
                Errno.ENOTEMPTY,
                Errno.ENOTDIR,
                Errno.EBADF,
                Errno.EINVAL,
                Errno.EEXIST,
                Errno.ENOENT,
                Errno.EPERM,
                Errno.EEXIST,
                Errno.EINVAL,
                Errno.ENOENT
            };
            for (Completion completion : Completions.some(ring, expected.length)) {
                Errno errno = expected[(int) completion.userData() - 1];
                assertThat(completion.failed(errno)).as(completion.toString()).isTrue();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldKeepToOrderWhenDrained(RingMode mode) {
        Needs.kernel("5.15", "IORING_OP_MKDIRAT");
        try (Ring ring = mode.open(8)) {
            FileSystem.mkdir(ring.next(), path("a"), 0755).userData(1).async();
            FileSystem.rename(ring.next(), path("a"), path("b")).userData(2).drain();
            FileSystem.unlinkat(ring.next(), -1, path("b"), FileSystem.AT_REMOVEDIR)
                    .userData(3)
                    .drain();
            assertThat(Completions.some(ring, 3))
                    .containsExactly(
                            new Completion(1, 0, 0),
                            new Completion(2, 0, 0),
                            new Completion(3, 0, 0));
            assertThat(directory).isEmptyDirectory();
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldSkipCompletionsOfSuccess(RingMode mode) {
        Needs.kernel("5.17", "IOSQE_CQE_SKIP_SUCCESS");
        try (Ring ring = mode.open(8)) {
            FileSystem.mkdir(ring.next(), path("a"), 0755).skipSuccess().link();
            FileSystem.rename(ring.next(), path("a"), path("b")).skipSuccess().link();
            FileSystem.unlinkat(ring.next(), -1, path("b"), FileSystem.AT_REMOVEDIR)
                    .skipSuccess()
                    .link();
            Nops.nop(ring.next()).userData(4);
            assertThat(Completions.one(ring)).isEqualTo(new Completion(4, 0, 0));
            assertThat(directory).isEmptyDirectory();
        }
    }

    @Test
    void shouldRefuseRegisteredDirectory() {
        Needs.kernel("5.19", "sparse tables of files");
        try (Ring ring = Ring.open(RingConfig.of(8));
                Opened opened = Opened.open(ring, directory, OpenFlags.O_DIRECTORY);
                RegisteredFiles files = RegisteredFiles.register(ring, opened.fd())) {
            assertThat(files.count()).isOne();
            FileSystem.mkdirat(ring.next(), 0, text("x"), 0755).fixedFile();
            FileSystem.unlinkat(ring.next(), 0, text("x"), 0).fixedFile();
            FileSystem.renameat(ring.next(), 0, text("x"), 0, text("y"), 0).fixedFile();
            FileSystem.linkat(ring.next(), 0, text("x"), 0, text("y"), 0).fixedFile();
            FileSystem.symlinkat(ring.next(), text("x"), 0, text("y")).fixedFile();
            assertThat(Completions.some(ring, 5)).allMatch(c -> c.failed(Errno.EBADF));
        }
    }

    @Test
    void shouldRefuseWrongPaths() {
        try (Ring ring = Ring.open(RingConfig.of(4))) {
            MemorySegment endless = arena.allocateFrom(ValueLayout.JAVA_BYTE, (byte) 'x');
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> FileSystem.unlink(ring.next(), endless))
                    .withMessageContaining("zero byte");
            MemorySegment heap = MemorySegment.ofArray(new byte[] {'x', 0});
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> FileSystem.rename(ring.next(), path("a"), heap))
                    .withMessageContaining("heap");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> FileSystem.symlink(ring.next(), endless, path("a")));
        }
    }

    private Completion rename(Ring ring, String from, String to, int flags) {
        int cwd = org.uring4j.op.Files.AT_FDCWD;
        FileSystem.renameat(ring.next(), cwd, path(from), cwd, path(to), flags);
        return Completions.one(ring);
    }

    private Path directory(String name) {
        return directory.resolve(name);
    }

    /** The name's absolute path. */
    private MemorySegment path(String name) {
        return text(directory(name).toString());
    }

    private MemorySegment text(String text) {
        return arena.allocateFrom(text);
    }
}
