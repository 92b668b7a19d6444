package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.uring4j.conformance.UblkHost.BLOCK;
import static org.uring4j.conformance.UblkHost.PID;
import static org.uring4j.conformance.UblkHost.SIZE;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.uring4j.Errno;
import org.uring4j.KernelVersion;
import org.uring4j.RingConfig.SqeSize;
import org.uring4j.op.BlockCommands;
import org.uring4j.op.Files;
import org.uring4j.op.OpenFlags;
import org.uring4j.op.UblkCommands;
import org.uring4j.op.UblkControl;
import org.uring4j.op.UblkDevice;
import org.uring4j.op.UblkParams;
import org.uring4j.op.UblkQueue;

import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** {@code IORING_OP_URING_CMD} and {@code IORING_OP_URING_CMD128} on ublk devices. */
@NeedsDevice("ublk")
class UblkCommandsTest {
    private static final boolean KERNEL_DISCARDS =
            KernelVersion.running().compareTo(KernelVersion.parse("6.12")) >= 0;

    @TempDir private Path directory;

    @ParameterizedTest
    @EnumSource(UblkServer.Way.class)
    void shouldServeBlockDeviceOutOfJava(UblkServer.Way way) throws Exception {
        try (UblkHost host = UblkHost.open()) {
            host.needs(way.flags);
            if (way == UblkServer.Way.SOCKETS) {
                Needs.kernel("7.2", "sending from a registered buffer with a copy");
            }
            Path file = UblkServer.Way.ZERO_COPY.contains(way) ? file() : null;
            UblkDevice device = host.add(way.flags);
            UblkServer server = new UblkServer(way, device, host.disk, file);
            host.start(device);
            MemorySegment written = MemorySegment.ofArray(Net.random(1 << 20, way.flags));
            // By the page cache, as any program would.
            try (FileChannel channel =
                    FileChannel.open(
                            UblkHost.block(device),
                            StandardOpenOption.READ,
                            StandardOpenOption.WRITE)) {
                channel.write(written.asByteBuffer(), 12345);
                channel.force(true);
            }
            MemorySegment kept =
                    file == null
                            ? host.disk
                            : MemorySegment.ofArray(java.nio.file.Files.readAllBytes(file));
            assertThat(kept.asSlice(12345, written.byteSize()).mismatch(written)).isEqualTo(-1);
            host.compare(device, kept);
            assertThat(server.served()).isPositive();
            host.stop(device);
            server.join();
            assertThat(UblkHost.block(device)).doesNotExist();
            host.remove(device);
            UblkControl.getDevInfo(host.next(), host.fd(), device.id(), device);
            assertThat(Completions.one(host.ring).failed(Errno.ENODEV)).isTrue();
        }
    }

    @Test
    void shouldBeControlledFromRingOfMixedEntries() throws Exception {
        Needs.kernel("6.19", "IORING_OP_URING_CMD128");
        try (UblkHost host = UblkHost.open(SqeSize.MIXED)) {
            UblkDevice device = host.add(0);
            UblkServer server = new UblkServer(UblkServer.Way.COPY, device, host.disk, null);
            host.start(device);
            host.disk.asSlice(BLOCK, BLOCK).fill((byte) 7);
            host.compare(device, host.disk);
            host.stop(device);
            server.join();
            host.remove(device);
        }
    }

    @Test
    void shouldTellWhatItIs() throws Exception {
        try (UblkHost host = UblkHost.open()) {
            UblkParams params =
                    UblkParams.allocate(host.arena, SIZE)
                            .blockSize(BLOCK, BLOCK)
                            .ioSize(BLOCK, 16 * BLOCK)
                            .attributes(UblkParams.ATTR_VOLATILE_CACHE | UblkParams.ATTR_FUA);
            UblkDevice device = host.add(0, params);
            assertThat(device.id()).isNotNegative();
            assertThat(device.state()).isEqualTo(UblkDevice.S_DEV_DEAD);
            UblkServer server = new UblkServer(UblkServer.Way.COPY, device, host.disk, null);
            host.start(device);
            UblkControl.getDevInfo(host.next(), host.fd(), device.id(), device);
            Net.ok(host.ring);
            assertThat(device.state()).isEqualTo(UblkDevice.S_DEV_LIVE);
            assertThat(device.serverPid()).isEqualTo((int) PID);
            UblkParams told = UblkParams.allocate(host.arena, 0);
            UblkControl.getParams(host.next(), host.fd(), device.id(), told);
            Net.ok(host.ring);
            assertThat(told.size()).isEqualTo(SIZE);
            assertThat(told.blockSize()).isEqualTo(BLOCK);
            assertThat(told.attributes()).isEqualTo(params.attributes());
            assertThat(told.diskMajor()).isPositive();
            assertThat(told.characterMajor()).isPositive();
            assertThat(told.characterMinor()).isEqualTo(device.id());
            UblkControl.setParams(host.next(), host.fd(), device.id(), params);
            assertThat(Completions.one(host.ring).failed(Errno.EACCES)).isTrue();
            MemorySegment processors = host.arena.allocate(128, 8);
            UblkControl.getQueueAffinity(host.next(), host.fd(), device.id(), 0, processors);
            Net.ok(host.ring);
            assertThat(processors.get(JAVA_LONG, 0)).isNotZero();
            host.stop(device);
            server.join();
            host.remove(device);
        }
    }

    @Test
    void shouldDiscard() throws Exception {
        Needs.that(KERNEL_DISCARDS, "BLOCK_URING_CMD_DISCARD needs Linux 6.12");
        try (UblkHost host = UblkHost.open()) {
            UblkParams params = UblkParams.allocate(host.arena, SIZE).discard(BLOCK, SIZE, SIZE);
            UblkDevice device = host.add(0, params);
            UblkServer server = new UblkServer(UblkServer.Way.COPY, device, host.disk, null);
            host.start(device);
            host.disk.fill((byte) 1);
            try (Opened opened = host.opened(device)) {
                BlockCommands.discard(host.ring.next(), opened.fd(), BLOCK, BLOCK);
                Net.ok(host.ring);
            }
            assertThat(host.disk.asSlice(BLOCK, BLOCK).mismatch(host.arena.allocate(BLOCK)))
                    .isEqualTo(-1);
            assertThat(host.disk.get(JAVA_BYTE, BLOCK - 1)).isEqualTo((byte) 1);
            assertThat(host.disk.get(JAVA_BYTE, 2 * BLOCK)).isEqualTo((byte) 1);
            host.stop(device);
            server.join();
            host.remove(device);
        }
    }

    @Test
    void shouldChangeSize() throws Exception {
        try (UblkHost host = UblkHost.open()) {
            host.needs(UblkDevice.F_UPDATE_SIZE);
            UblkParams half = UblkParams.allocate(host.arena, SIZE / 2);
            UblkDevice device = host.add(UblkDevice.F_UPDATE_SIZE, half);
            UblkServer server = new UblkServer(UblkServer.Way.COPY, device, host.disk, null);
            host.start(device);
            UblkControl.updateSize(host.next(), host.fd(), device.id(), SIZE);
            Net.ok(host.ring);
            try (FileChannel channel = FileChannel.open(UblkHost.block(device))) {
                assertThat(channel.read(ByteBuffer.allocate(10), SIZE - 1)).isEqualTo(1);
            }
            host.stop(device);
            server.join();
            host.remove(device);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {24, 64, 256})
    void shouldKeepDescriptionsApart(int bytes) throws Exception {
        try (UblkHost host = UblkHost.open()) {
            host.needs(UblkDevice.F_IO_DESC_SIZE);
            UblkDevice device =
                    UblkDevice.allocate(host.arena)
                            .depth(8)
                            .flags(UblkDevice.F_IO_DESC_SIZE)
                            .descriptionBytes(bytes)
                            .serverFlags(0x1234_5678_9abcL);
            host.add(device, UblkParams.allocate(host.arena, SIZE));
            assertThat(device.descriptionBytes()).isEqualTo(bytes);
            assertThat(device.serverFlags()).isEqualTo(0x1234_5678_9abcL);
            UblkServer server = new UblkServer(UblkServer.Way.COPY, device, host.disk, null);
            host.start(device);
            host.disk.copyFrom(MemorySegment.ofArray(Net.random(SIZE, bytes)));
            host.compare(device, host.disk);
            host.stop(device);
            server.join();
            host.remove(device);
        }
    }

    @Test
    void shouldRefuseDescriptionsOfOtherSizes() {
        try (UblkHost host = UblkHost.open()) {
            UblkDevice device = UblkDevice.allocate(host.arena);
            assertThat(device.descriptionBytes()).isEqualTo(24);
            for (int bytes : new int[] {0, 20, 26, 264}) {
                assertThatThrownBy(() -> device.descriptionBytes(bytes))
                        .hasMessageContaining("bytes=" + bytes);
            }
        }
    }

    @Test
    void shouldHandDeviceToNextServer() throws Exception {
        long flags = UblkDevice.F_USER_RECOVERY | UblkDevice.F_QUIESCE;
        try (UblkHost host = UblkHost.open()) {
            host.needs(flags);
            UblkDevice device = host.add(flags);
            UblkServer first = new UblkServer(UblkServer.Way.COPY, device, host.disk, null);
            host.start(device);
            UblkControl.startUserRecovery(host.next(), host.fd(), device.id());
            assertThat(Completions.one(host.ring).failed(Errno.EBUSY)).isTrue();
            UblkControl.quiesceDev(host.next(), host.fd(), device.id(), 5000);
            Net.ok(host.ring);
            first.join();
            UblkControl.getDevInfo(host.next(), host.fd(), device.id(), device);
            Net.ok(host.ring);
            assertThat(device.state()).isEqualTo(UblkDevice.S_DEV_QUIESCED);
            UblkControl.startUserRecovery(host.next(), host.fd(), device.id());
            Net.ok(host.ring);
            UblkServer second = new UblkServer(UblkServer.Way.COPY, device, host.disk, null);
            UblkControl.endUserRecovery(host.next(), host.fd(), device.id(), PID);
            Net.ok(host.ring);
            host.disk.fill((byte) 9);
            host.compare(device, host.disk);
            host.stop(device);
            second.join();
            host.remove(device);
        }
    }

    @Test
    void shouldStopOnlyWhatNobodyUses() throws Exception {
        try (UblkHost host = UblkHost.open()) {
            host.needs(UblkDevice.F_SAFE_STOP_DEV);
            UblkDevice device = host.add(UblkDevice.F_SAFE_STOP_DEV);
            UblkServer server = new UblkServer(UblkServer.Way.COPY, device, host.disk, null);
            host.start(device);
            try (Opened opened = host.opened(device)) {
                assertThat(opened.fd()).isNotNegative();
                UblkControl.tryStopDev(host.next(), host.fd(), device.id());
                assertThat(Completions.one(host.ring).failed(Errno.EBUSY)).isTrue();
            }
            UblkControl.tryStopDev(host.next(), host.fd(), device.id());
            Net.ok(host.ring);
            server.join();
            host.remove(device);
        }
    }

    @Test
    void shouldServeSharedMemoryWhereItIs() throws Exception {
        try (UblkHost host = UblkHost.open()) {
            host.needs(UblkDevice.F_SHMEM_ZC);
            UblkDevice device = host.add(UblkDevice.F_SHMEM_ZC);
            UblkServer server = new UblkServer(UblkServer.Way.COPY, device, host.disk, null);
            host.start(device);
            MemorySegment memory = host.arena.allocate(16 * BLOCK, BLOCK);
            memory.copyFrom(MemorySegment.ofArray(Net.random(16 * BLOCK, 8)));
            MemorySegment what = UblkControl.sharedMemory(host.arena, memory, false);
            UblkControl.regBuf(host.next(), host.fd(), device.id(), what);
            assertThat(Net.ok(host.ring)).isZero();
            server.share(memory);
            MemorySegment part = memory.asSlice(3 * BLOCK, 2 * BLOCK);
            try (Opened opened = host.opened(device)) {
                Files.write(host.ring.next(), opened.fd(), part, 7 * BLOCK);
                assertThat(Net.ok(host.ring)).isEqualTo(2 * BLOCK);
            }
            assertThat(host.disk.asSlice(7 * BLOCK, 2 * BLOCK).mismatch(part)).isEqualTo(-1);
            assertThat(server.servedShared()).isPositive();
            UblkControl.unregBuf(host.next(), host.fd(), device.id(), 0);
            Net.ok(host.ring);
            UblkControl.unregBuf(host.next(), host.fd(), device.id(), 0);
            assertThat(Completions.one(host.ring).result()).isNegative();
            host.stop(device);
            server.join();
            host.remove(device);
        }
    }

    @Test
    void shouldRefuseToSharePartsOfPages() {
        try (UblkHost host = UblkHost.open()) {
            MemorySegment part = host.disk.asSlice(1, BLOCK);
            assertThatThrownBy(() -> UblkControl.sharedMemory(host.arena, part, false))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("4096");
        }
    }

    @Test
    void shouldFailOfWhatIsNotThere() {
        try (UblkHost host = UblkHost.open()) {
            UblkDevice device = UblkDevice.allocate(host.arena);
            UblkControl.getDevInfo(host.next(), host.fd(), 999, device);
            assertThat(Completions.one(host.ring).failed(Errno.ENODEV)).isTrue();
            UblkControl.stopDev(host.next(), host.fd(), 999);
            assertThat(Completions.one(host.ring).failed(Errno.ENODEV)).isTrue();
            UblkControl.delDev(host.next(), host.fd(), 999);
            assertThat(Completions.one(host.ring).failed(Errno.ENODEV)).isTrue();
        }
    }

    @Test
    void shouldFailOfWhatComesTooEarlyOrTwice() {
        try (UblkHost host = UblkHost.open()) {
            UblkDevice device = UblkDevice.allocate(host.arena).depth(4);
            UblkControl.addDev(host.next(), host.fd(), device);
            Net.ok(host.ring);
            UblkControl.startDev(host.next(), host.fd(), device.id(), PID);
            assertThat(Completions.one(host.ring).failed(Errno.EINVAL)).as("no size").isTrue();
            UblkDevice same = UblkDevice.allocate(host.arena).id(device.id());
            UblkControl.addDev(host.next(), host.fd(), same);
            assertThat(Completions.one(host.ring).failed(Errno.EEXIST)).isTrue();
            shouldFailOfWrongRequests(host, device);
            host.remove(device);
        }
    }

    private static void shouldFailOfWrongRequests(UblkHost host, UblkDevice device) {
        try (Opened character =
                Opened.open(host.ring, UblkHost.character(device), OpenFlags.O_RDWR)) {
            int fd = character.fd();
            MemorySegment buffer = host.arena.allocate(device.maxIoBytes(), BLOCK);
            UblkCommands.fetchReq(host.ring.next(), fd, 0, 4, buffer);
            assertThat(Completions.one(host.ring).failed(Errno.EINVAL)).as("no tag").isTrue();
            UblkCommands.fetchReq(host.ring.next(), fd, 0, 0, MemorySegment.NULL);
            assertThat(Completions.one(host.ring).failed(Errno.EINVAL)).as("no memory").isTrue();
            UblkCommands.commitAndFetchReq(host.ring.next(), fd, 0, 0, 0, buffer);
            assertThat(Completions.one(host.ring).result()).as("no question").isNegative();
            UblkCommands.registerIoBuf(host.ring.next(), fd, 0, 0, 0);
            assertThat(Completions.one(host.ring).result()).as("no data").isNegative();
            UblkQueue queue = UblkQueue.map(fd, 0, device);
            assertThat(queue.depth()).isEqualTo(4);
            assertThatThrownBy(() -> queue.op(4)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> queue.op(-1)).isInstanceOf(IndexOutOfBoundsException.class);
            queue.close();
            assertThatThrownBy(() -> queue.op(0)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> UblkQueue.map(fd, 1, device))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("queue=1");
        }
    }

    private Path file() throws Exception {
        Path file = directory.resolve("disk");
        try (RandomAccessFile made = new RandomAccessFile(file.toFile(), "rw")) {
            made.setLength(SIZE);
        }
        return file;
    }
}
