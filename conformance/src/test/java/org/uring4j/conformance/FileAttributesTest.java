package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.uring4j.op.FileAttributes.AT_EMPTY_PATH;
import static org.uring4j.op.FileAttributes.AT_STATX_DONT_SYNC;
import static org.uring4j.op.FileAttributes.AT_STATX_FORCE_SYNC;
import static org.uring4j.op.FileAttributes.AT_SYMLINK_NOFOLLOW;
import static org.uring4j.op.FileAttributes.STATX_BASIC_STATS;
import static org.uring4j.op.FileAttributes.STATX_BTIME;
import static org.uring4j.op.FileAttributes.STATX_MNT_ID;
import static org.uring4j.op.FileAttributes.STATX_SIZE;
import static org.uring4j.op.Files.AT_FDCWD;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.FileAttributes;
import org.uring4j.op.FileSystem;
import org.uring4j.op.OpenFlags;
import org.uring4j.op.Statx;
import org.uring4j.resource.RegisteredFiles;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;

/** {@code IORING_OP_STATX}. */
class FileAttributesTest {
    private static final Instant WRITTEN = Instant.parse("2001-02-03T04:05:06.000007Z");
    private static final Instant READ = Instant.parse("2031-02-03T04:05:06.789Z");

    @TempDir Path directory;

    private final Arena arena = Arena.ofAuto();

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldTellWhatJavaTells(RingMode mode) throws IOException {
        Path file = directory.resolve("file");
        Files.writeString(file, "0123456789");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
        Files.setLastModifiedTime(file, FileTime.from(WRITTEN));
        Files.setAttribute(file, "lastAccessTime", FileTime.from(READ));
        Files.createLink(directory.resolve("other"), file);
        try (Ring ring = mode.open(4)) {
            Statx answer = Statx.allocate(arena);
            int mask = STATX_BASIC_STATS | STATX_BTIME;
            FileAttributes.statx(ring.next(), AT_FDCWD, path(file), 0, mask, answer).userData(1);
            assertThat(Completions.one(ring)).isEqualTo(new Completion(1, 0, 0));
            assertThat(answer.has(STATX_BASIC_STATS)).isTrue();
            assertThat(answer.type()).isEqualTo(Statx.S_IFREG);
            assertThat(answer.mode()).isEqualTo(Statx.S_IFREG | 0640);
            assertThat(answer.size()).isEqualTo(10);
            assertThat(answer.nlink()).isEqualTo(2);
            assertThat(answer.modified()).isEqualTo(WRITTEN);
            assertThat(answer.accessed()).isEqualTo(READ);
            assertThat(answer.uid()).isEqualTo(Files.getAttribute(file, "unix:uid"));
            assertThat(answer.gid()).isEqualTo(Files.getAttribute(file, "unix:gid"));
            assertThat(answer.inode()).isEqualTo(Files.getAttribute(file, "unix:ino"));
            assertThat(answer.changed())
                    .isEqualTo(((FileTime) Files.getAttribute(file, "unix:ctime")).toInstant());
            long device = (Long) Files.getAttribute(file, "unix:dev");
            assertThat(answer.storedMajor()).isEqualTo((int) (device >> 8) & 0xfff);
            assertThat(answer.storedMinor()).isEqualTo((int) device & 0xff);
            assertThat(answer.blockSize()).isPositive();
            if (answer.has(STATX_BTIME)) {
                FileTime born = (FileTime) Files.getAttribute(file, "creationTime");
                assertThat(answer.born()).isEqualTo(born.toInstant());
            }
        }
    }

    @Test
    void shouldTellOfLinkOrWhatItLeadsTo() throws IOException {
        Path link = directory.resolve("link");
        Files.createSymbolicLink(link, Path.of("."));
        try (Ring ring = Ring.open(RingConfig.of(4))) {
            assertThat(stat(ring, link, 0, STATX_BASIC_STATS).type()).isEqualTo(Statx.S_IFDIR);
            Statx itself = stat(ring, link, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS);
            assertThat(itself.type()).isEqualTo(Statx.S_IFLNK);
            assertThat(itself.size()).isEqualTo(1);
        }
    }

    @Test
    void shouldTellOfDevicesAndMounts() {
        try (Ring ring = Ring.open(RingConfig.of(4))) {
            Statx device = stat(ring, Path.of("/dev/null"), 0, STATX_BASIC_STATS | STATX_MNT_ID);
            assertThat(device.type()).isEqualTo(Statx.S_IFCHR);
            assertThat(device.deviceMajor()).isEqualTo(1);
            assertThat(device.deviceMinor()).isEqualTo(3);
            Statx root = stat(ring, Path.of("/proc"), 0, STATX_BASIC_STATS | STATX_MNT_ID);
            Needs.kernel("5.8", "STATX_MNT_ID");
            assertThat(root.has(STATX_MNT_ID)).isTrue();
            assertThat(root.mountId()).isNotEqualTo(device.mountId());
            assertThat(root.attributesKnown() & Statx.ATTR_MOUNT_ROOT).isNotZero();
            assertThat(root.attributes() & Statx.ATTR_MOUNT_ROOT).isNotZero();
        }
    }

    @Test
    void shouldTellAlignments() throws IOException {
        Needs.kernel("6.1", "STATX_DIOALIGN");
        Path file = directory.resolve("file");
        Files.writeString(file, "x");
        try (Ring ring = Ring.open(RingConfig.of(4))) {
            Statx answer = stat(ring, file, 0, FileAttributes.STATX_DIOALIGN);
            Needs.that(
                    answer.has(FileAttributes.STATX_DIOALIGN) && answer.directMemoryAlign() > 0,
                    "the file system of " + directory + " tells no alignment for O_DIRECT");
            assertThat(Integer.bitCount(answer.directMemoryAlign())).isOne();
            assertThat(Integer.bitCount(answer.directOffsetAlign())).isOne();
        }
    }

    @Test
    void shouldTellOfOpenFile() throws IOException {
        Path file = directory.resolve("file");
        Files.writeString(file, "0123");
        try (Ring ring = Ring.open(RingConfig.of(4));
                Opened opened = Opened.open(ring, file, OpenFlags.O_RDONLY)) {
            MemorySegment empty = arena.allocateFrom("");
            Statx answer = Statx.allocate(arena);
            FileAttributes.statx(
                    ring.next(), opened.fd(), empty, AT_EMPTY_PATH, STATX_SIZE, answer);
            assertThat(Completions.one(ring).result()).isZero();
            assertThat(answer.size()).isEqualTo(4);

            FileAttributes.statx(ring.next(), opened.fd(), empty, 0, STATX_SIZE, answer);
            assertThat(Completions.one(ring).failed(Errno.ENOENT)).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldSeeWhatWasDoneBeforeInChain(RingMode mode) {
        Needs.kernel("5.15", "IORING_OP_MKDIRAT");
        MemorySegment path = path(directory.resolve("new"));
        Statx answer = Statx.allocate(arena);
        try (Ring ring = mode.open(4)) {
            FileSystem.mkdir(ring.next(), path, 0711).userData(1).link();
            FileAttributes.statx(ring.next(), AT_FDCWD, path, 0, FileAttributes.STATX_MODE, answer)
                    .userData(2)
                    .async();
            assertThat(Completions.some(ring, 2))
                    .containsExactly(new Completion(1, 0, 0), new Completion(2, 0, 0));
            assertThat(answer.mode() & 0777).isEqualTo(0711);
        }
    }

    @Test
    void shouldTellErrors() {
        try (Ring ring = Ring.open(RingConfig.of(4));
                Opened opened = Opened.open(ring, directory, OpenFlags.O_DIRECTORY);
                RegisteredFiles files = RegisteredFiles.register(ring, opened.fd())) {
            assertThat(files.count()).isOne();
            Statx answer = Statx.allocate(arena);
            MemorySegment path = path(directory);
            MemorySegment none = path(directory.resolve("none"));
            FileAttributes.statx(ring.next(), AT_FDCWD, none, 0, STATX_SIZE, answer);
            assertThat(Completions.one(ring).failed(Errno.ENOENT)).isTrue();

            int both = AT_STATX_DONT_SYNC | AT_STATX_FORCE_SYNC;
            FileAttributes.statx(ring.next(), AT_FDCWD, path, both, STATX_SIZE, answer);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();

            FileAttributes.statx(ring.next(), AT_FDCWD, path, 0, 1 << 31, answer);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();

            MemorySegment relative = arena.allocateFrom("x");
            FileAttributes.statx(ring.next(), 0, relative, 0, STATX_SIZE, answer).fixedFile();
            assertThat(Completions.one(ring).failed(Errno.EBADF)).isTrue();

            Arena closed = Arena.ofConfined();
            Statx gone = Statx.allocate(closed);
            closed.close();
            assertThatIllegalStateException()
                    .isThrownBy(
                            () ->
                                    FileAttributes.statx(
                                            ring.next(), AT_FDCWD, path, 0, STATX_SIZE, gone));
            assertThatIllegalStateException().isThrownBy(gone::size);
        }
    }

    private Statx stat(Ring ring, Path path, int flags, int mask) {
        Statx answer = Statx.allocate(arena);
        FileAttributes.statx(ring.next(), AT_FDCWD, path(path), flags, mask, answer);
        assertThat(Completions.one(ring).result()).isZero();
        return answer;
    }

    private MemorySegment path(Path path) {
        return arena.allocateFrom(path.toString());
    }
}
