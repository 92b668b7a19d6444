package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.Sqe;
import org.uring4j.op.BlockCommands;
import org.uring4j.op.Files;
import org.uring4j.op.OpenFlags;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/** {@code IORING_OP_URING_CMD} on block devices. */
class BlockCommandsTest {
    private static final int BLOCK = 4096;
    private static final int BLOCKS = 64;
    private static final int DIRECT = OpenFlags.O_RDWR | OpenFlags.O_DIRECT;

    @TempDir private Path directory;

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldDiscardRangeAndNothingElse(RingMode mode) throws Exception {
        shouldDiscard(mode, false);
    }

    @Test
    void shouldDiscardInWorkerThread() throws Exception {
        shouldDiscard(RingMode.DEFAULT, true);
    }

    private void shouldDiscard(RingMode mode, boolean async) throws Exception {
        Needs.kernel("6.12", "BLOCK_URING_CMD_DISCARD");
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofShared();
                LoopDevice loop = LoopDevice.over(file());
                Opened device = Opened.open(ring, loop.path(), DIRECT)) {
            MemorySegment memory = arena.allocate(3L * BLOCK, BLOCK);
            memory.fill((byte) 1);
            Files.write(ring.next(), device.fd(), memory, 0);
            assertThat(Net.ok(ring)).isEqualTo(3 * BLOCK);
            Sqe discard = BlockCommands.discard(ring.next(), device.fd(), BLOCK, BLOCK);
            if (async) {
                discard.async();
            }
            assertThat(Net.ok(ring)).isZero();
            Files.read(ring.next(), device.fd(), memory, 0);
            assertThat(Net.ok(ring)).isEqualTo(3 * BLOCK);
            for (int i = 0; i < 3 * BLOCK; i++) {
                byte expected = (byte) (i / BLOCK == 1 ? 0 : 1);
                assertThat(memory.get(ValueLayout.JAVA_BYTE, i))
                        .as("byte %d", i)
                        .isEqualTo(expected);
            }
        }
    }

    @Test
    void shouldFailOfWrongRanges() throws Exception {
        Needs.kernel("6.12", "BLOCK_URING_CMD_DISCARD");
        try (Ring ring = RingMode.DEFAULT.open(8);
                LoopDevice loop = LoopDevice.over(file());
                Opened device = Opened.open(ring, loop.path(), DIRECT)) {
            BlockCommands.discard(ring.next(), device.fd(), 1, BLOCK);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
            BlockCommands.discard(ring.next(), device.fd(), (long) BLOCK * BLOCKS, BLOCK);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
            BlockCommands.discard(ring.next(), device.fd(), 0, 0);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
        }
    }

    @Test
    void shouldFailWithoutRightToWrite() throws Exception {
        Needs.kernel("6.12", "BLOCK_URING_CMD_DISCARD");
        try (Ring ring = RingMode.DEFAULT.open(8);
                LoopDevice loop = LoopDevice.over(file());
                Opened device = Opened.open(ring, loop.path(), OpenFlags.O_RDONLY)) {
            BlockCommands.discard(ring.next(), device.fd(), 0, BLOCK);
            assertThat(Completions.one(ring).failed(Errno.EBADF)).isTrue();
        }
    }

    @Test
    void shouldFailOfWhatIsNoBlockDevice() throws Exception {
        Needs.kernel("5.19", "IORING_OP_URING_CMD");
        try (Ring ring = RingMode.DEFAULT.open(8);
                Opened file = Opened.open(ring, file(), OpenFlags.O_RDWR)) {
            BlockCommands.discard(ring.next(), file.fd(), 0, BLOCK);
            assertThat(Completions.one(ring).failed(Errno.EOPNOTSUPP)).isTrue();
        }
    }

    @Test
    void shouldFailToResetWhatHasNoZones() throws Exception {
        Needs.kernel("6.12", "a command to a block device");
        try (Ring ring = RingMode.DEFAULT.open(8);
                LoopDevice loop = LoopDevice.over(file());
                Opened device = Opened.open(ring, loop.path(), DIRECT)) {
            BlockCommands.zoneResetAll(ring.next(), device.fd());
            Completion completion = Completions.one(ring);
            // Before Linux 7.3 the command is not known.
            assertThat(completion.failed(Errno.EOPNOTSUPP) || completion.failed(Errno.EINVAL))
                    .as("%s", completion)
                    .isTrue();
        }
    }

    @Test
    @NeedsDevice("zoned")
    void shouldResetAllZones() throws Exception {
        Needs.kernel("7.3", "BLOCK_URING_CMD_ZONE_RESET_ALL");
        Path path = Path.of(Needs.device("zoned"));
        try (Ring ring = RingMode.DEFAULT.open(8);
                Arena arena = Arena.ofShared();
                Opened device = Opened.open(ring, path, DIRECT)) {
            MemorySegment memory = arena.allocate(BLOCK, BLOCK);
            memory.fill((byte) 1);
            BlockCommands.zoneResetAll(ring.next(), device.fd());
            assertThat(Net.ok(ring)).isZero();
            Files.write(ring.next(), device.fd(), memory, 0);
            assertThat(Net.ok(ring)).isEqualTo(BLOCK);
            // A zone is written from its beginning on, once.
            Files.write(ring.next(), device.fd(), memory, 0);
            assertThat(Completions.one(ring).failed(Errno.EIO)).isTrue();
            BlockCommands.zoneResetAll(ring.next(), device.fd());
            assertThat(Net.ok(ring)).isZero();
            Files.write(ring.next(), device.fd(), memory, 0);
            assertThat(Net.ok(ring)).isEqualTo(BLOCK);
        }
    }

    private Path file() throws IOException {
        Path file = directory.resolve("disk");
        return java.nio.file.Files.write(file, new byte[BLOCKS * BLOCK]);
    }
}
