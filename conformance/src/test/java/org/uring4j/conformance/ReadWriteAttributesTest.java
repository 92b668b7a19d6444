package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.uring4j.op.ProtectionInformation.CHECK_APPTAG;
import static org.uring4j.op.ProtectionInformation.CHECK_GUARD;
import static org.uring4j.op.ProtectionInformation.CHECK_REFTAG;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.Sqe;
import org.uring4j.op.Files;
import org.uring4j.op.IoVectors;
import org.uring4j.op.Nops;
import org.uring4j.op.OpenFlags;
import org.uring4j.op.ProtectionInformation;
import org.uring4j.op.ReadWriteAttributes;
import org.uring4j.resource.RegisteredBuffers;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;

/** What {@code IORING_OP_READ}, {@code IORING_OP_WRITE} and the like carry beside their data. */
class ReadWriteAttributesTest {
    private static final int BLOCK = 512;
    private static final int BLOCKS = 8;
    private static final int BYTES = BLOCK * BLOCKS;
    private static final int FIRST = 16;
    private static final long PLACE = (long) FIRST * BLOCK;
    private static final int TUPLE = 8;
    private static final int APP_TAG = 0x1234;
    private static final int ALL = CHECK_GUARD | CHECK_REFTAG | CHECK_APPTAG;
    private static final int T10_POLYNOMIAL = 0x8bb7;

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt INT =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    @TempDir private Path directory;

    @ParameterizedTest
    @EnumSource(RingMode.class)
    @NeedsDevice("nvme_pi")
    void shouldCarryProtectionInformationBothWays(RingMode mode) throws Exception {
        needsProtection();
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofShared();
                Opened device = opened(ring, Path.of(Needs.device("nvme_pi")))) {
            MemorySegment data = random(arena, mode.name().length());
            MemorySegment tuples = tuples(arena, data);
            assertThat(Net.ok(write(device, data, information(arena, tuples)))).isEqualTo(BYTES);
            MemorySegment read = arena.allocate(BYTES, 4096);
            MemorySegment readTuples = arena.allocate(TUPLE * BLOCKS, 8);
            assertThat(Net.ok(read(device, read, information(arena, readTuples)))).isEqualTo(BYTES);
            assertThat(read.mismatch(data)).isEqualTo(-1);
            assertThat(readTuples.mismatch(tuples)).isEqualTo(-1);
        }
    }

    @Test
    @NeedsDevice("nvme_pi")
    void shouldCarryProtectionInformationOfPiecesAndRegisteredBuffers() throws Exception {
        needsProtection();
        try (Ring ring = RingMode.DEFAULT.open(8);
                Arena arena = Arena.ofShared();
                Opened device = opened(ring, Path.of(Needs.device("nvme_pi")))) {
            MemorySegment data = random(arena, 99);
            MemorySegment tuples = tuples(arena, data);
            ProtectionInformation information = information(arena, tuples);
            IoVectors pieces =
                    IoVectors.of(arena, data.asSlice(0, 2 * BLOCK), data.asSlice(2 * BLOCK));
            ReadWriteAttributes.protection(
                    Files.writev(ring.next(), device.fd(), pieces, PLACE), information);
            assertThat(Net.ok(ring)).isEqualTo(BYTES);
            MemorySegment readTuples = arena.allocate(TUPLE * BLOCKS, 8);
            information.tuples(readTuples);
            try (RegisteredBuffers buffers = RegisteredBuffers.register(ring, data)) {
                data.fill((byte) 0);
                ReadWriteAttributes.protection(
                        Files.readFixed(ring.next(), device.fd(), buffers.buffer(0), PLACE, 0),
                        information);
                assertThat(Net.ok(ring)).isEqualTo(BYTES);
            }
            assertThat(readTuples.mismatch(tuples)).isEqualTo(-1);
            assertThat(data.mismatch(random(arena, 99))).isEqualTo(-1);
        }
    }

    @Test
    @NeedsDevice("nvme_pi")
    void shouldFailOfWrongInformation() throws Exception {
        needsProtection();
        try (Ring ring = RingMode.DEFAULT.open(8);
                Arena arena = Arena.ofShared();
                Opened device = opened(ring, Path.of(Needs.device("nvme_pi")))) {
            MemorySegment data = random(arena, 7);
            MemorySegment tuples = tuples(arena, data);
            tuples.set(SHORT, 0, (short) ~tuples.get(SHORT, 0));
            ProtectionInformation information = information(arena, tuples);
            assertThat(write(device, data, information).failed(Errno.EILSEQ)).as("guard").isTrue();
            information.tuples(tuples(arena, data)).appTag(1);
            assertThat(write(device, data, information).failed(Errno.EILSEQ)).as("tag").isTrue();
            information.check(0).tuples(tuples.asSlice(0, TUPLE));
            assertThat(write(device, data, information).failed(Errno.EINVAL)).as("few").isTrue();
        }
    }

    @Test
    @NeedsDevice("nvme_pi")
    void shouldFailThroughPageCache() throws Exception {
        needsProtection();
        try (Ring ring = RingMode.DEFAULT.open(8);
                Arena arena = Arena.ofShared();
                Opened cached =
                        Opened.open(ring, Path.of(Needs.device("nvme_pi")), OpenFlags.O_RDWR)) {
            MemorySegment data = random(arena, 1);
            ProtectionInformation information = information(arena, tuples(arena, data));
            assertThat(read(cached, data, information).failed(Errno.EOPNOTSUPP)).isTrue();
        }
    }

    @Test
    void shouldFailWhereThereIsNoProtection() throws Exception {
        Needs.kernel("6.14", "IORING_RW_ATTR_FLAG_PI");
        try (Ring ring = RingMode.DEFAULT.open(8);
                Arena arena = Arena.ofShared();
                LoopDevice loop = LoopDevice.over(file());
                Opened device = opened(ring, loop.path())) {
            MemorySegment data = random(arena, 1);
            ProtectionInformation information = information(arena, tuples(arena, data));
            assertThat(write(device, data, information).failed(Errno.EINVAL)).isTrue();
        }
    }

    @Test
    void shouldFailOfStreamThatDeviceHasNot() throws Exception {
        Needs.kernel("6.16", "write streams");
        try (Ring ring = RingMode.DEFAULT.open(8);
                Arena arena = Arena.ofShared();
                LoopDevice loop = LoopDevice.over(file());
                Opened device = opened(ring, loop.path())) {
            MemorySegment data = random(arena, 1);
            assertThat(write(device, data, 1).failed(Errno.EINVAL)).isTrue();
            assertThat(Net.ok(write(device, data, 0))).isEqualTo(BYTES);
        }
    }

    @Test
    void shouldWriteToStream() throws Exception {
        Needs.kernel("6.16", "write streams");
        Needs.that(
                System.getProperty("uring4j.device.nvme_fdp") != null,
                "no device nvme_fdp: write streams need a device that places data, and QEMU has"
                        + " such (FDP) since 8.0");
        Path path = Path.of(Needs.device("nvme_fdp"));
        Path streams = Path.of("/sys/block/" + path.getFileName() + "/queue/max_write_streams");
        int most = Integer.parseInt(java.nio.file.Files.readString(streams).strip());
        Needs.that(most > 0, "the driver makes no streams of " + path);
        try (Ring ring = RingMode.DEFAULT.open(8);
                Arena arena = Arena.ofShared();
                Opened device = opened(ring, path)) {
            MemorySegment data = random(arena, 1);
            for (int stream = 1; stream <= most; stream++) {
                assertThat(Net.ok(write(device, data, stream))).isEqualTo(BYTES);
            }
            assertThat(write(device, data, most + 1).failed(Errno.EINVAL)).isTrue();
        }
    }

    @Test
    void shouldRefuseOtherRequests() {
        try (Ring ring = RingMode.DEFAULT.open(8);
                Arena arena = Arena.ofShared()) {
            ProtectionInformation information = information(arena, arena.allocate(8));
            assertThatThrownBy(() -> ReadWriteAttributes.protection(ring.next(), information))
                    .isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> ReadWriteAttributes.writeStream(Nops.nop(ring.next()), 1))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("opcode=0");
            assertThatThrownBy(() -> information.check(8)).hasMessageContaining("flags=8");
            assertThatThrownBy(() -> information.appTag(-1)).hasMessageContaining("tag=-1");
            assertThatThrownBy(() -> information.tuples(MemorySegment.ofArray(new byte[8])))
                    .hasMessageContaining("heap");
        }
    }

    private static void needsProtection() {
        Needs.kernel("6.14", "IORING_RW_ATTR_FLAG_PI");
        Needs.integrity(Needs.device("nvme_pi"));
    }

    private static Completion write(
            Opened device, MemorySegment data, ProtectionInformation information) {
        Sqe write = Files.write(device.ring().next(), device.fd(), data, PLACE);
        ReadWriteAttributes.protection(write, information);
        return Completions.one(device.ring());
    }

    private static Completion read(
            Opened device, MemorySegment data, ProtectionInformation information) {
        Sqe read = Files.read(device.ring().next(), device.fd(), data, PLACE);
        ReadWriteAttributes.protection(read, information);
        return Completions.one(device.ring());
    }

    private static Completion write(Opened device, MemorySegment data, int stream) {
        Sqe write = Files.write(device.ring().next(), device.fd(), data, PLACE);
        ReadWriteAttributes.writeStream(write, stream);
        return Completions.one(device.ring());
    }

    private static ProtectionInformation information(Arena arena, MemorySegment tuples) {
        return ProtectionInformation.of(arena, tuples).check(ALL).appTag(APP_TAG).seed(FIRST);
    }

    /** A tuple a block, as the device wants them. */
    private static MemorySegment tuples(Arena arena, MemorySegment data) {
        MemorySegment tuples = arena.allocate(TUPLE * BLOCKS, 8);
        for (int i = 0; i < BLOCKS; i++) {
            long at = (long) TUPLE * i;
            tuples.set(SHORT, at, (short) crc(data.asSlice((long) BLOCK * i, BLOCK)));
            tuples.set(SHORT, at + 2, (short) APP_TAG);
            tuples.set(INT, at + 4, FIRST + i);
        }
        return tuples;
    }

    private static int crc(MemorySegment block) {
        int crc = 0;
        for (int i = 0; i < BLOCK; i++) {
            crc ^= (block.get(JAVA_BYTE, i) & 0xff) << 8;
            for (int bit = 0; bit < 8; bit++) {
                crc = (crc & 0x8000) == 0 ? crc << 1 : (crc << 1) ^ T10_POLYNOMIAL;
            }
        }
        return crc & 0xffff;
    }

    private static MemorySegment random(Arena arena, long seed) {
        return arena.allocate(BYTES, 4096).copyFrom(MemorySegment.ofArray(Net.random(BYTES, seed)));
    }

    private static Opened opened(Ring ring, Path path) {
        return Opened.open(ring, path, OpenFlags.O_RDWR | OpenFlags.O_DIRECT);
    }

    private Path file() throws IOException {
        return java.nio.file.Files.write(directory.resolve("disk"), new byte[64 * 4096]);
    }
}
