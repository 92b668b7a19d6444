package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.KernelVersion;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.RingConfig.CqeSize;
import org.uring4j.RingConfig.SqeSize;
import org.uring4j.op.Commands;
import org.uring4j.op.Files;
import org.uring4j.op.IoVectors;
import org.uring4j.op.NvmeCommand;
import org.uring4j.op.NvmeCommands;
import org.uring4j.op.OpenFlags;
import org.uring4j.resource.RegisteredBuffers;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code IORING_OP_URING_CMD} and {@code IORING_OP_URING_CMD128} on NVMe devices: the lab's, with
 * blocks of 512 bytes.
 */
class NvmeCommandsTest {
    private static final int BLOCK = 512;
    private static final int BLOCKS = 8;
    private static final int BYTES = BLOCK * BLOCKS;
    private static final long FIRST = 64;

    private static final int STATUS_CODE = 0x7ff;
    private static final int LBA_OUT_OF_RANGE = 0x80;
    private static final int GET_FEATURES = 0x0a;
    private static final int NUMBER_OF_QUEUES = 7;

    /** Which kind of ring; all have what the commands need. */
    // The configurations are of constants.
    @SuppressWarnings("ImmutableEnumChecker")
    enum Large {
        BIG(RingConfig.of(8).sqeSize(SqeSize.B128).cqeSize(CqeSize.B32)),
        MIXED(RingConfig.of(8).sqeSize(SqeSize.MIXED).cqeSize(CqeSize.MIXED)),
        IOPOLL(RingConfig.of(8).sqeSize(SqeSize.B128).cqeSize(CqeSize.B32).ioPoll());

        private final RingConfig config;

        Large(RingConfig config) {
            this.config = config;
        }

        Ring open() {
            if (this == MIXED) {
                Needs.kernel("6.19", "IORING_OP_URING_CMD128");
            }
            return Ring.open(config);
        }
    }

    /** A completion with the command's own result. */
    private record Answer(int result, long value) {}

    /** A device, the ring for commands to it, another it was opened by, and memory for data. */
    private record Device(Ring ring, Ring opener, Arena arena, Opened file)
            implements AutoCloseable {
        static Device open(Large mode, String path) {
            Ring ring = mode.open();
            Ring opener = RingMode.DEFAULT.open(8);
            return new Device(ring, opener, Arena.ofShared(), opened(opener, path));
        }

        int fd() {
            return file.fd();
        }

        MemorySegment memory() {
            return arena.allocate(BYTES, 4096);
        }

        MemorySegment random(long seed) {
            return memory().copyFrom(MemorySegment.ofArray(Net.random(BYTES, seed)));
        }

        Answer io(NvmeCommand command, MemorySegment data) {
            NvmeCommands.io(ring.next128(), fd(), command, data);
            return answer(ring);
        }

        @Override
        public void close() {
            file.close();
            opener.close();
            ring.close();
            arena.close();
        }
    }

    @BeforeEach
    void needs() {
        Needs.kernel("6.1", "NVME_URING_CMD_ADMIN with polling");
    }

    @ParameterizedTest
    @EnumSource(Large.class)
    @NeedsDevice("nvme_char")
    void shouldReadBackWhatWasWritten(Large mode) throws Exception {
        try (Device device = Device.open(mode, Needs.device("nvme_char"))) {
            MemorySegment written = device.random(mode.name().length());
            MemorySegment read = device.memory();
            assertThat(device.io(write(), written)).isEqualTo(new Answer(0, 0));
            assertThat(device.io(read(), read)).isEqualTo(new Answer(0, 0));
            assertThat(read.mismatch(written)).isEqualTo(-1);
            assertThat(device.ring.inFlight()).isZero();
        }
    }

    @Test
    @NeedsDevice("nvme")
    void shouldWriteWhatBlockLayerReads() throws Exception {
        try (Device device = Device.open(Large.BIG, Needs.device("nvme_char"));
                Opened disk = opened(device.opener, Needs.device("nvme"))) {
            MemorySegment written = device.random(11);
            assertThat(device.io(write(), written).result()).isZero();
            NvmeCommand flush = new NvmeCommand().opcode(NvmeCommand.FLUSH).namespace(1);
            assertThat(device.io(flush, MemorySegment.NULL).result()).isZero();
            MemorySegment read = device.memory();
            Files.read(device.opener.next(), disk.fd(), read, FIRST * BLOCK);
            assertThat(Net.ok(device.opener)).isEqualTo(BYTES);
            assertThat(read.mismatch(written)).isEqualTo(-1);
        }
    }

    @ParameterizedTest
    @EnumSource(Large.class)
    @NeedsDevice("nvme_char")
    void shouldTakePiecesAndRegisteredBuffers(Large mode) throws Exception {
        try (Device device = Device.open(mode, Needs.device("nvme_char"))) {
            Ring ring = device.ring;
            MemorySegment written = device.random(mode.name().hashCode());
            MemorySegment read = device.memory();
            IoVectors pieces = halves(device.arena, written);
            NvmeCommands.iov(ring.next128(), device.fd(), write(), pieces);
            assertThat(answer(ring).result()).isZero();
            try (RegisteredBuffers buffers = RegisteredBuffers.register(ring, read)) {
                assertThat(buffers.count()).isEqualTo(1);
                Commands.fixed(NvmeCommands.io(ring.next128(), device.fd(), read(), read), 0);
                assertThat(answer(ring).result()).isZero();
                assertThat(read.mismatch(written)).isEqualTo(-1);
                Commands.fixed(NvmeCommands.io(ring.next128(), device.fd(), read(), written), 0);
                assertThat(Errno.EFAULT.is(answer(ring).result())).isTrue();
                read.fill((byte) 0);
                if (kernelHasFixedPieces()) {
                    pieces = halves(device.arena, read);
                    Commands.fixed(
                            NvmeCommands.iov(ring.next128(), device.fd(), read(), pieces), 0);
                    assertThat(answer(ring).result()).isZero();
                    assertThat(read.mismatch(written)).isEqualTo(-1);
                }
            }
        }
    }

    @Test
    @NeedsDevice("nvme_pi")
    void shouldCarryMetadata() throws Exception {
        Needs.integrity(Needs.device("nvme_pi"));
        String path = Needs.device("nvme_pi").replace("nvme", "ng");
        try (Device device = Device.open(Large.BIG, path)) {
            MemorySegment data = device.random(3).asSlice(0, BLOCK);
            MemorySegment metadata = device.arena.allocate(8, 8);
            metadata.set(ValueLayout.JAVA_LONG, 0, 0x0123_4567_89ab_cdefL);
            // No protection is checked, so that any bytes will do.
            NvmeCommand write =
                    new NvmeCommand()
                            .opcode(NvmeCommand.WRITE)
                            .namespace(2)
                            .blocks(FIRST, 1)
                            .metadata(metadata);
            assertThat(device.io(write, data).result()).isZero();
            MemorySegment seen = device.arena.allocate(8, 8);
            NvmeCommand read = write.opcode(NvmeCommand.READ).metadata(seen);
            assertThat(device.io(read, data).result()).isZero();
            assertThat(seen.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(0x0123_4567_89ab_cdefL);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Large.class,
            names = {"BIG", "MIXED"})
    @NeedsDevice("nvme_char")
    void shouldAskController(Large mode) throws Exception {
        try (Device controller = Device.open(mode, "/dev/nvme0")) {
            Ring ring = controller.ring;
            MemorySegment data = controller.memory();
            NvmeCommand identify =
                    new NvmeCommand()
                            .opcode(NvmeCommand.ADMIN_IDENTIFY)
                            .cdw(10, 1)
                            .timeoutMillis(5000);
            NvmeCommands.admin(ring.next128(), controller.fd(), identify, data);
            assertThat(answer(ring).result()).isZero();
            assertThat(Opened.text(data.asSlice(4), 20).strip()).isEqualTo("lab1");
            data.fill((byte) 0);
            IoVectors pieces = halves(controller.arena, data);
            NvmeCommands.adminv(ring.next128(), controller.fd(), identify, pieces);
            assertThat(answer(ring).result()).isZero();
            assertThat(Opened.text(data.asSlice(4), 20).strip()).isEqualTo("lab1");
            NvmeCommand queues = identify.clear().opcode(GET_FEATURES).cdw(10, NUMBER_OF_QUEUES);
            NvmeCommands.admin(ring.next128(), controller.fd(), queues, MemorySegment.NULL);
            Answer answer = answer(ring);
            assertThat(answer.result()).isZero();
            assertThat(answer.value()).isPositive();
        }
    }

    @Test
    @NeedsDevice("nvme_char")
    void shouldTellStatusOfDevice() throws Exception {
        try (Device device = Device.open(Large.BIG, Needs.device("nvme_char"))) {
            Answer answer = device.io(read().blocks(Long.MAX_VALUE, BLOCKS), device.memory());
            assertThat(answer.result()).isPositive();
            assertThat(answer.result() & STATUS_CODE).isEqualTo(LBA_OUT_OF_RANGE);
        }
    }

    @Test
    @NeedsDevice("nvme_char")
    void shouldFailOfWhatIsNotForDescriptor() throws Exception {
        try (Device device = Device.open(Large.BIG, Needs.device("nvme_char"))) {
            MemorySegment data = device.memory();
            NvmeCommands.admin(device.ring.next128(), device.fd(), read(), data);
            assertThat(Errno.ENOTTY.is(answer(device.ring).result())).isTrue();
            Answer answer = device.io(read().namespace(7), data);
            assertThat(Errno.EINVAL.is(answer.result())).isTrue();
        }
    }

    @Test
    @NeedsDevice("nvme_char")
    void shouldFailWhereCompletionsAreSmall() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8).sqeSize(SqeSize.B128));
                Arena arena = Arena.ofShared();
                Opened device = opened(ring, Needs.device("nvme_char"))) {
            MemorySegment data = arena.allocate(BYTES, 4096);
            NvmeCommands.io(ring.next128(), device.fd(), read(), data);
            assertThat(Completions.one(ring).failed(Errno.EOPNOTSUPP)).isTrue();
        }
    }

    @Test
    void shouldRefuseWhatNoDeviceTakes() {
        try (Ring ring = RingMode.DEFAULT.open(8)) {
            assertThatThrownBy(() -> NvmeCommands.io(ring.next(), 0, read(), MemorySegment.NULL))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("next128");
            assertThatThrownBy(() -> read().opcode(256)).hasMessageContaining("opcode=256");
            assertThatThrownBy(() -> read().cdw(9, 1)).hasMessageContaining("number=9");
            assertThatThrownBy(() -> read().blocks(0, 0)).hasMessageContaining("count=0");
            NvmeCommand onHeap = read().metadata(MemorySegment.ofArray(new byte[8]));
            assertThatThrownBy(() -> NvmeCommands.io(ring.next(), 0, onHeap, MemorySegment.NULL))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("heap");
        }
    }

    private static boolean kernelHasFixedPieces() {
        return KernelVersion.running().compareTo(KernelVersion.parse("6.15")) >= 0;
    }

    private static NvmeCommand write() {
        return new NvmeCommand().opcode(NvmeCommand.WRITE).namespace(1).blocks(FIRST, BLOCKS);
    }

    private static NvmeCommand read() {
        return new NvmeCommand().opcode(NvmeCommand.READ).namespace(1).blocks(FIRST, BLOCKS);
    }

    private static IoVectors halves(Arena arena, MemorySegment memory) {
        long half = memory.byteSize() / 2;
        return IoVectors.of(arena, memory.asSlice(0, half), memory.asSlice(half));
    }

    private static Opened opened(Ring ring, String path) {
        return Opened.open(ring, Path.of(path), OpenFlags.O_RDWR);
    }

    private static Answer answer(Ring ring) {
        List<Answer> answers = new ArrayList<>();
        while (answers.isEmpty()) {
            ring.submitAndWait(1);
            ring.completions()
                    .drain(
                            (data, result, flags, extra1, extra2) ->
                                    answers.add(new Answer(result, extra1)));
        }
        return answers.getFirst();
    }
}
