package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import org.junit.jupiter.api.Test;
import org.uring4j.Errno;
import org.uring4j.KernelVersion;
import org.uring4j.op.BlockCommands;
import org.uring4j.op.Files;
import org.uring4j.op.OpenFlags;
import org.uring4j.op.UblkBatch;
import org.uring4j.op.UblkCommands;
import org.uring4j.op.UblkDevice;
import org.uring4j.op.UblkParams;
import org.uring4j.op.UblkQueue;
import org.uring4j.op.UblkZones;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.stream.Stream;

/** {@code IORING_OP_URING_CMD} on ublk devices with zones. */
@NeedsDevice("ublk")
class UblkZonesTest {
    private static final long FLAGS = UblkDevice.F_ZONED | UblkDevice.F_USER_COPY;
    private static final int ZONE = 1 << 20;
    private static final int ZONES = UblkHost.SIZE / ZONE;
    private static final int SECTORS = ZONE / 512;

    /** Commands of {@code ioctl(2)}. */
    private static final long REPORT = 0xc0101282L;

    private static final long RESET = 0x40101283L;

    private static final boolean RING_RESETS =
            KernelVersion.running().compareTo(KernelVersion.parse("7.3")) >= 0;

    @Test
    void shouldServeZones() throws Exception {
        try (UblkHost host = UblkHost.open()) {
            host.needs(FLAGS);
            Needs.that(knowsZones(), "CONFIG_BLK_DEV_ZONED is not set");
            UblkParams params =
                    UblkParams.allocate(host.arena, UblkHost.SIZE)
                            .chunkBytes(ZONE)
                            .zoned(0, 0, 64 << 10);
            UblkDevice device = host.add(FLAGS, params);
            UblkServer server = new UblkServer(UblkServer.Way.USER_COPY, device, host.disk, null);
            server.zones(SECTORS, ZONES);
            host.start(device);
            Path queue = Path.of("/sys/block/ublkb" + device.id(), "queue");
            assertThat(java.nio.file.Files.readString(queue.resolve("zoned")).strip())
                    .isEqualTo("host-managed");
            assertThat(java.nio.file.Files.readString(queue.resolve("nr_zones")).strip())
                    .isEqualTo(Integer.toString(ZONES));
            try (Opened opened = host.opened(device)) {
                shouldTellUpToWhereZonesAreWritten(host, opened.fd());
            }
            host.stop(device);
            server.join();
            host.remove(device);
        }
    }

    /** The driver offers zones even if the kernel was built without. */
    private static boolean knowsZones() throws IOException {
        try (Stream<String> symbols =
                java.nio.file.Files.lines(Path.of("/proc/kallsyms"), StandardCharsets.US_ASCII)) {
            return symbols.anyMatch(line -> line.endsWith(" blkdev_report_zones"));
        }
    }

    private static void shouldTellUpToWhereZonesAreWritten(UblkHost host, int fd) {
        MemorySegment data =
                host.arena
                        .allocate(64 << 10, 4096)
                        .copyFrom(MemorySegment.ofArray(Net.random(64 << 10, 2)));
        Files.write(host.ring.next(), fd, data, 2 * ZONE);
        assertThat(Net.ok(host.ring)).isEqualTo(64 << 10);
        assertThat(host.disk.asSlice(2 * ZONE, 64 << 10).mismatch(data)).isEqualTo(-1);
        assertThat(written(host.arena, fd, 2)).isEqualTo(128);
        assertThat(condition(host.arena, fd, 2)).isEqualTo(UblkZones.IMPLICITLY_OPEN);
        assertThat(condition(host.arena, fd, 3)).isEqualTo(UblkZones.EMPTY);
        Files.write(host.ring.next(), fd, data, 3 * ZONE + 4096);
        assertThat(Completions.one(host.ring).failed(Errno.EIO)).as("not in order").isTrue();
        MemorySegment range = host.arena.allocateFrom(JAVA_LONG, 2L * SECTORS, SECTORS);
        assertThat(Libc.callAny("ioctl", fd, RESET, range)).isZero();
        assertThat(written(host.arena, fd, 2)).isZero();
        assertThat(condition(host.arena, fd, 2)).isEqualTo(UblkZones.EMPTY);
        if (RING_RESETS) {
            Files.write(host.ring.next(), fd, data, 5 * ZONE);
            Net.ok(host.ring);
            BlockCommands.zoneResetAll(host.ring.next(), fd);
            Net.ok(host.ring);
            assertThat(condition(host.arena, fd, 5)).isEqualTo(UblkZones.EMPTY);
        }
    }

    /** What the kernel tells of a zone: 16 bytes of what was asked, then the zone. */
    private static MemorySegment report(Arena arena, int fd, int zone) {
        MemorySegment report = arena.allocate(16 + 64, 8);
        report.set(JAVA_LONG, 0, (long) zone * SECTORS);
        report.set(JAVA_INT, 8, 1);
        assertThat(Libc.callAny("ioctl", fd, REPORT, report)).isZero();
        assertThat(report.get(JAVA_INT, 8)).as("zones").isEqualTo(1);
        MemorySegment told = report.asSlice(16);
        assertThat(told.get(JAVA_LONG, 0)).isEqualTo((long) zone * SECTORS);
        assertThat(told.get(JAVA_LONG, 8)).isEqualTo(SECTORS);
        return told;
    }

    private static long written(Arena arena, int fd, int zone) {
        return report(arena, fd, zone).get(JAVA_LONG, 16) - (long) zone * SECTORS;
    }

    private static int condition(Arena arena, int fd, int zone) {
        return report(arena, fd, zone).get(JAVA_BYTE, 25);
    }

    @Test
    void shouldRefuseToAnswerAppendsThatNobodyAsked() {
        try (UblkHost host = UblkHost.open()) {
            UblkDevice device = host.add(0);
            try (Opened character =
                            Opened.open(host.ring, UblkHost.character(device), OpenFlags.O_RDWR);
                    UblkQueue queue = UblkQueue.map(character.fd(), 0, device)) {
                assertThat(queue.number()).isZero();
                assertThatThrownBy(
                                () ->
                                        UblkCommands.commitZoneAppend(
                                                host.ring.next(), character.fd(), queue, 0, 0, 8))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("tag=0 op=0");
            }
            host.remove(device);
        }
    }

    @Test
    void shouldFailOfSectorsWhereThereAreNoZones() {
        try (UblkHost host = UblkHost.open()) {
            host.needs(UblkDevice.F_BATCH_IO);
            UblkDevice device = host.add(UblkDevice.F_BATCH_IO | UblkDevice.F_USER_COPY);
            try (Opened character =
                    Opened.open(host.ring, UblkHost.character(device), OpenFlags.O_RDWR)) {
                UblkBatch list = UblkBatch.allocateZoned(host.arena, 1).addZoneAppend(0, 0, 8);
                assertThat(list.elementBytes()).isEqualTo(16);
                UblkBatch.commitIoCmds(host.ring.next(), character.fd(), 0, list);
                assertThat(Completions.one(host.ring).failed(Errno.EINVAL)).isTrue();
            }
            UblkBatch plain = UblkBatch.allocate(host.arena, 1, false);
            assertThatThrownBy(() -> plain.addZoneAppend(0, 0, 8))
                    .hasMessageContaining("allocateZoned");
            host.remove(device);
        }
    }

    @Test
    void shouldRefuseZonesBeyondItsRoom() {
        try (Arena arena = Arena.ofConfined()) {
            UblkZones zones = UblkZones.allocate(arena, 2);
            assertThat(zones.memory(2).byteSize()).isEqualTo(128);
            assertThatThrownBy(() -> zones.set(2, 0, 0, 0, 0, 1, 1))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> zones.memory(3)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> UblkZones.allocate(arena, 0))
                    .hasMessageContaining("capacity=0");
        }
    }
}
