package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.uring4j.HeaderSplit;
import org.uring4j.NetworkInterfaceFitness;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.Files;
import org.uring4j.op.OpenFlags;
import org.uring4j.op.SockAddr;
import org.uring4j.op.Sockets;
import org.uring4j.op.ZeroCopySend;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.nio.file.Path;

/** What only a device shows; the kernel lab has them, see {@link NeedsDevice}. */
class DevicesTest {
    private static final int BLOCK = 4096;

    @Test
    @NeedsDevice("nvme")
    void shouldPollNvmeForCompletions() throws Exception {
        shouldReadBackWhatWasWritten(Needs.device("nvme"), RingConfig.of(8).ioPoll());
    }

    @Test
    @NeedsDevice("nvme")
    void shouldPollNvmeAfterSleeping() throws Exception {
        Needs.kernel("6.13", "IORING_SETUP_HYBRID_IOPOLL");
        shouldReadBackWhatWasWritten(Needs.device("nvme"), RingConfig.of(8).hybridIoPoll());
    }

    @Test
    @NeedsDevice("nvme_pi")
    void shouldReadNamespaceWithProtectionInformation() throws Exception {
        shouldReadBackWhatWasWritten(Needs.device("nvme_pi"), RingConfig.of(8));
    }

    @Test
    @NeedsDevice("null_blk")
    void shouldPollNullBlockDevice() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8).ioPoll());
                Ring opener = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofConfined();
                Opened device = opened(opener, Needs.device("null_blk"))) {
            MemorySegment memory = arena.allocate(BLOCK, BLOCK);
            Files.read(ring.next(), device.fd(), memory, 0).userData(1);
            assertThat(Completions.one(ring)).isEqualTo(new Completion(1, BLOCK, 0));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"ublk", "udmabuf", "mock", "nvme_char"})
    void shouldOpenDevice(String device) throws Exception {
        Path path = Path.of(Needs.device(device));
        try (Ring ring = Ring.open(RingConfig.of(8));
                Opened opened = Opened.open(ring, path, OpenFlags.O_RDWR)) {
            assertThat(opened.fd()).isNotNegative();
        }
    }

    @Test
    @NeedsDevice("zcrx")
    void shouldFindInterfaceFitForZeroCopyReceive() {
        String name = Needs.device("zcrx");
        NetworkInterfaceFitness nic =
                NetworkInterfaceFitness.all().stream()
                        .filter(one -> one.name().equals(name))
                        .findFirst()
                        .orElseThrow();
        assertThat(nic.obstacles()).isEmpty();
        assertThat(nic.headerSplit()).isEqualTo(HeaderSplit.ON);
        assertThat(nic.driver()).isEqualTo("netdevsim");
    }

    @Test
    @NeedsDevice("e1000")
    void shouldFindInterfaceUnfitForZeroCopyReceive() {
        assertThat(NetworkInterfaceFitness.all())
                .filteredOn(nic -> nic.driver().equals("e1000"))
                .isNotEmpty()
                .allSatisfy(
                        nic ->
                                assertThat(nic.obstacles())
                                        .singleElement()
                                        .asString()
                                        .contains("e1000 does not lend out receive queues"));
    }

    /** A NIC whose driver takes memory where it is, and which is no loopback. */
    @Test
    @NeedsDevice("e1000")
    void shouldNotCopyWhatNicSendsItself() throws Exception {
        Needs.kernel("6.2", "IORING_SEND_ZC_REPORT_USAGE");
        InetSocketAddress sink = new InetSocketAddress(Needs.device("e1000"), 9);
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofConfined()) {
            int socket = Net.socket(ring, Sockets.AF_INET, Sockets.SOCK_STREAM);
            Sockets.connect(ring.next(), socket, SockAddr.of(arena, sink));
            Net.ok(ring);
            MemorySegment memory = arena.allocate(4L * BLOCK, BLOCK);
            for (int i = 0; i < 16; i++) {
                ZeroCopySend.send(ring.next(), socket, memory, 0, ZeroCopySend.REPORT_USAGE);
                Completion last = Completions.until(ring, Completion::isNotification).getLast();
                assertThat(ZeroCopySend.copied(last.result())).as("%s", last).isFalse();
            }
            Net.close(ring, socket);
        }
    }

    private static void shouldReadBackWhatWasWritten(String path, RingConfig config)
            throws Exception {
        try (Ring ring = Ring.open(config);
                Ring opener = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofConfined();
                Opened device = opened(opener, path)) {
            MemorySegment written = arena.allocate(BLOCK, BLOCK);
            MemorySegment read = arena.allocate(BLOCK, BLOCK);
            for (int i = 0; i < BLOCK; i += Integer.BYTES) {
                written.set(ValueLayout.JAVA_INT, i, config.hashCode() * 31 + i);
            }
            Files.write(ring.next(), device.fd(), written, BLOCK).userData(1);
            assertThat(Completions.one(ring)).isEqualTo(new Completion(1, BLOCK, 0));
            Files.read(ring.next(), device.fd(), read, BLOCK).userData(2);
            assertThat(Completions.one(ring)).isEqualTo(new Completion(2, BLOCK, 0));
            assertThat(read.mismatch(written)).isEqualTo(-1);
        }
    }

    private static Opened opened(Ring ring, String path) {
        return Opened.open(ring, Path.of(path), OpenFlags.O_RDWR | OpenFlags.O_DIRECT);
    }
}
