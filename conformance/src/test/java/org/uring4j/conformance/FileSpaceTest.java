package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.uring4j.op.FileSpace.FALLOC_FL_COLLAPSE_RANGE;
import static org.uring4j.op.FileSpace.FALLOC_FL_INSERT_RANGE;
import static org.uring4j.op.FileSpace.FALLOC_FL_KEEP_SIZE;
import static org.uring4j.op.FileSpace.FALLOC_FL_PUNCH_HOLE;
import static org.uring4j.op.FileSpace.FALLOC_FL_ZERO_RANGE;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.FileAttributes;
import org.uring4j.op.FileSpace;
import org.uring4j.op.OpenFlags;
import org.uring4j.op.Statx;
import org.uring4j.resource.RegisteredFiles;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** {@code IORING_OP_FALLOCATE}, {@code IORING_OP_FTRUNCATE}, {@code IORING_OP_SYNC_FILE_RANGE}. */
class FileSpaceTest {
    private static final int BLOCK = 65536;

    @TempDir Path directory;

    private final Arena arena = Arena.ofAuto();

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldGiveRoomAndSizeInChain(RingMode mode) throws IOException {
        try (Ring ring = mode.open(4);
                Opened opened = create(ring)) {
            FileSpace.fallocate(ring.next(), opened.fd(), 0, 0, 10L * BLOCK).userData(1).link();
            FileSpace.syncFileRange(
                            ring.next(),
                            opened.fd(),
                            0,
                            0,
                            FileSpace.SYNC_FILE_RANGE_WRITE_AND_WAIT)
                    .userData(2);
            assertThat(Completions.some(ring, 2))
                    .containsExactly(new Completion(1, 0, 0), new Completion(2, 0, 0));
            assertThat(Files.size(file())).isEqualTo(10L * BLOCK);
            assertThat(blocks(ring)).isGreaterThanOrEqualTo(10L * BLOCK / 512);
        }
    }

    @Test
    void shouldGiveRoomBehindEnd() throws IOException {
        try (Ring ring = Ring.open(RingConfig.of(4));
                Opened opened = create(ring)) {
            FileSpace.fallocate(ring.next(), opened.fd(), FALLOC_FL_KEEP_SIZE, 0, BLOCK);
            assertThat(Completions.one(ring).result()).isZero();
            assertThat(Files.size(file())).isZero();
            assertThat(blocks(ring)).isGreaterThanOrEqualTo(BLOCK / 512);
        }
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                FALLOC_FL_ZERO_RANGE,
                FALLOC_FL_COLLAPSE_RANGE,
                FALLOC_FL_INSERT_RANGE
            })
    void shouldChangeRange(int mode) throws IOException {
        byte[] before = new byte[3 * BLOCK];
        Arrays.fill(before, 0, BLOCK, (byte) 'a');
        Arrays.fill(before, BLOCK, 2 * BLOCK, (byte) 'b');
        Arrays.fill(before, 2 * BLOCK, 3 * BLOCK, (byte) 'c');
        Files.write(file(), before);
        try (Ring ring = Ring.open(RingConfig.of(4));
                Opened opened = Opened.open(ring, file(), OpenFlags.O_RDWR)) {
            FileSpace.fallocate(ring.next(), opened.fd(), mode, BLOCK, BLOCK);
            Completion completion = Completions.one(ring);
            Needs.that(
                    !completion.failed(Errno.EOPNOTSUPP),
                    "the file system of " + directory + " cannot do mode=" + mode);
            assertThat(completion.result()).isZero();
        }
        String expected =
                switch (mode) {
                    case FALLOC_FL_COLLAPSE_RANGE -> "ac";
                    case FALLOC_FL_INSERT_RANGE -> "a\0bc";
                    default -> "a\0c";
                };
        byte[] after = Files.readAllBytes(file());
        assertThat(after).hasSize(expected.length() * BLOCK);
        for (int i = 0; i < after.length; i++) {
            assertThat((char) after[i]).isEqualTo(expected.charAt(i / BLOCK));
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldSetSize(RingMode mode) throws IOException {
        Needs.kernel("6.9", "IORING_OP_FTRUNCATE");
        Files.writeString(file(), "0123456789");
        try (Ring ring = mode.open(4);
                Opened opened = Opened.open(ring, file(), OpenFlags.O_RDWR)) {
            FileSpace.ftruncate(ring.next(), opened.fd(), 4).userData(1).async();
            FileSpace.ftruncate(ring.next(), opened.fd(), 6).userData(2).drain();
            assertThat(Completions.some(ring, 2))
                    .containsExactly(new Completion(1, 0, 0), new Completion(2, 0, 0));
            assertThat(Files.readString(file())).isEqualTo("0123\0\0");
            long large = 5L << 30;
            FileSpace.ftruncate(ring.next(), opened.fd(), large);
            assertThat(Completions.one(ring).result()).isZero();
            assertThat(Files.size(file())).isEqualTo(large);
        }
    }

    @Test
    void shouldTakeRegisteredFile() throws IOException {
        Needs.kernel("6.9", "IORING_OP_FTRUNCATE");
        try (Ring ring = Ring.open(RingConfig.of(4));
                Opened opened = create(ring);
                RegisteredFiles files = RegisteredFiles.register(ring, opened.fd())) {
            assertThat(files.count()).isOne();
            FileSpace.fallocate(ring.next(), 0, 0, 0, 100).fixedFile().skipSuccess().link();
            FileSpace.ftruncate(ring.next(), 0, 10).fixedFile().skipSuccess().link();
            FileSpace.syncFileRange(ring.next(), 0, 0, 10, FileSpace.SYNC_FILE_RANGE_WRITE)
                    .fixedFile();
            assertThat(Completions.one(ring).result()).isZero();
            assertThat(Files.size(file())).isEqualTo(10);
        }
    }

    @Test
    void shouldTellErrors() throws Exception {
        Needs.kernel("6.9", "IORING_OP_FTRUNCATE");
        try (Ring ring = Ring.open(RingConfig.of(4));
                Opened opened = create(ring);
                Opened reader = Opened.open(ring, file(), OpenFlags.O_RDONLY);
                Fifo fifo = Fifo.in(directory);
                Opened pipe = fifo.open(ring, OpenFlags.O_WRONLY)) {
            int fd = opened.fd();
            FileSpace.fallocate(ring.next(), fd, 0, 0, 0);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
            FileSpace.fallocate(ring.next(), fd, FALLOC_FL_PUNCH_HOLE, 0, 1);
            assertThat(Completions.one(ring).failed(Errno.EOPNOTSUPP)).isTrue();
            FileSpace.fallocate(ring.next(), reader.fd(), 0, 0, 1);
            assertThat(Completions.one(ring).failed(Errno.EBADF)).isTrue();
            FileSpace.fallocate(ring.next(), pipe.fd(), 0, 0, 1);
            assertThat(Completions.one(ring).failed(Errno.ESPIPE)).isTrue();
            FileSpace.fallocate(ring.next(), fd, 0, 0, Long.MAX_VALUE);
            assertThat(Completions.one(ring).failed(Errno.EFBIG)).isTrue();

            FileSpace.ftruncate(ring.next(), fd, -1);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
            FileSpace.ftruncate(ring.next(), reader.fd(), 1);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
            FileSpace.ftruncate(ring.next(), 1_000_000, 1);
            assertThat(Completions.one(ring).failed(Errno.EBADF)).isTrue();

            FileSpace.syncFileRange(ring.next(), fd, 0, 0, 8);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
            FileSpace.syncFileRange(ring.next(), fd, -1, 1, FileSpace.SYNC_FILE_RANGE_WRITE);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
            FileSpace.syncFileRange(ring.next(), pipe.fd(), 0, 0, FileSpace.SYNC_FILE_RANGE_WRITE);
            assertThat(Completions.one(ring).failed(Errno.ESPIPE)).isTrue();
        }
    }

    private Path file() {
        return directory.resolve("file");
    }

    private Opened create(Ring ring) {
        return Opened.open(ring, file(), OpenFlags.O_RDWR | OpenFlags.O_CREAT);
    }

    /** How many blocks of 512 bytes the file has. */
    private long blocks(Ring ring) {
        Statx answer = Statx.allocate(arena);
        FileAttributes.statx(
                ring.next(),
                org.uring4j.op.Files.AT_FDCWD,
                arena.allocateFrom(file().toString()),
                0,
                FileAttributes.STATX_BLOCKS,
                answer);
        assertThat(Completions.one(ring).result()).isZero();
        return answer.blocks();
    }
}
