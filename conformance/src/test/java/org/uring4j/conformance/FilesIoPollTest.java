package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.uring4j.op.OpenFlags.O_CREAT;
import static org.uring4j.op.OpenFlags.O_DIRECT;
import static org.uring4j.op.OpenFlags.O_RDONLY;
import static org.uring4j.op.OpenFlags.O_RDWR;

import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.Files;
import org.uring4j.op.Nops;
import org.uring4j.op.Polling;
import org.uring4j.op.Timeouts;
import org.uring4j.op.Timespec;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.DirectoryStream;
import java.nio.file.Path;
import java.time.Duration;

/** Files on rings that poll the device for completions. */
class FilesIoPollTest {
    private static final int BLOCK = 4096;

    /** How completions are waited for. */
    enum Polled {
        BUSY,
        HYBRID;

        Ring open() {
            if (this == HYBRID) {
                Needs.kernel("6.13", "IORING_SETUP_HYBRID_IOPOLL");
                return Ring.open(RingConfig.of(32).hybridIoPoll());
            }
            return Ring.open(RingConfig.of(32).ioPoll());
        }
    }

    @TempDir Path directory;

    @ParameterizedTest
    @EnumSource(Polled.class)
    void shouldReadFromDeviceThatIsPolled(Polled polled) throws IOException {
        Path device = polledDevice();
        try (Arena arena = Arena.ofConfined();
                Ring plain = Ring.open(RingConfig.of(4));
                Opened file = Opened.open(plain, device, O_RDONLY | O_DIRECT);
                Ring ring = polled.open()) {
            MemorySegment memory = arena.allocate(16 * BLOCK, BLOCK);
            for (int round = 0; round < 10; round++) {
                for (int i = 0; i < 16; i++) {
                    long offset = (long) i * BLOCK;
                    Files.read(ring.next(), file.fd(), memory.asSlice(offset, BLOCK), offset)
                            .userData(i);
                }
                assertThat(Completions.some(ring, 16))
                        .allMatch(c -> c.result() == BLOCK)
                        .extracting(Completion::userData)
                        .doesNotHaveDuplicates();
            }
            MemorySegment expected = arena.allocate(16 * BLOCK, BLOCK);
            Files.read(plain.next(), file.fd(), expected, 0);
            assertThat(Completions.one(plain).result()).isEqualTo(16 * BLOCK);
            assertThat(memory.mismatch(expected)).isEqualTo(-1);
        }
    }

    @ParameterizedTest
    @EnumSource(Polled.class)
    void shouldRefuseWhatCannotBePolled(Polled polled) throws IOException {
        try (Arena arena = Arena.ofConfined();
                Ring plain = Ring.open(RingConfig.of(4));
                Opened cached = Opened.open(plain, directory.resolve("file"), O_CREAT | O_RDWR);
                Ring ring = polled.open()) {
            Files.read(ring.next(), cached.fd(), arena.allocate(BLOCK), 0);
            assertThat(Completions.one(ring).failed(Errno.EOPNOTSUPP)).as("cached").isTrue();
            Polling.pollAdd(ring.next(), cached.fd(), Polling.POLLIN, 0);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
            Timeouts.timeout(ring.next(), Timespec.of(arena, Duration.ZERO), 0);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
            Files.fsync(ring.next(), cached.fd(), 0);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
            Nops.nop(ring.next()).userData(1);
            assertThat(Completions.one(ring)).isEqualTo(new Completion(1, 0, 0));
        }
    }

    @ParameterizedTest
    @EnumSource(Polled.class)
    void shouldTellThatFileSystemsDeviceIsNotPolled(Polled polled) throws IOException {
        Path path = directory.resolve("file");
        java.nio.file.Files.write(path, new byte[BLOCK]);
        try (Arena arena = Arena.ofConfined();
                Ring plain = Ring.open(RingConfig.of(4));
                Opened file = Opened.open(plain, path, O_RDONLY | O_DIRECT);
                Ring ring = polled.open()) {
            Files.read(ring.next(), file.fd(), arena.allocate(BLOCK, BLOCK), 0);
            Completion completion = Completions.one(ring);
            // Kernels before 6.13 fell back to interrupts.
            Needs.that(completion.result() != BLOCK, "the file system's device can be polled");
            assertThat(completion.failed(Errno.EOPNOTSUPP)).as("%s", completion).isTrue();
        }
    }

    /** A block device whose queues are polled, of at least 16 blocks. */
    private static Path polledDevice() throws IOException {
        try (DirectoryStream<Path> all =
                java.nio.file.Files.newDirectoryStream(Path.of("/sys/block"))) {
            for (Path block : all) {
                Path device = Path.of("/dev").resolve(block.getFileName());
                if (number(block.resolve("queue/io_poll")) == 1
                        && number(block.resolve("size")) >= 16 * BLOCK / 512
                        // Other tests leave blocks there whose protection does not fit.
                        && !isProtected(block)
                        && java.nio.file.Files.isReadable(device)) {
                    return device;
                }
            }
        }
        throw Needs.skip(
                "no block device is polled; null_blk and nvme have a parameter poll_queues");
    }

    private static boolean isProtected(Path block) throws IOException {
        Path format = block.resolve("integrity/format");
        return java.nio.file.Files.exists(format)
                && !java.nio.file.Files.readString(format).startsWith("none");
    }

    private static long number(Path file) throws IOException {
        return java.nio.file.Files.exists(file)
                ? Long.parseLong(java.nio.file.Files.readString(file).strip())
                : 0;
    }
}
