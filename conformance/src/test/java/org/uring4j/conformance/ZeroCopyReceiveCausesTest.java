package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.uring4j.Errno;
import org.uring4j.KernelVersion;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.RingConfig.CqeSize;
import org.uring4j.UringException;
import org.uring4j.op.OpenFlags;
import org.uring4j.resource.ZcrxMemory;
import org.uring4j.resource.ZcrxSource;
import org.uring4j.resource.ZeroCopyReceive;
import org.uring4j.resource.ZeroCopyReceiveConfig;

import java.net.NetworkInterface;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** What {@code IORING_REGISTER_ZCRX_IFQ} refuses, and that the reason says what to do about it. */
class ZeroCopyReceiveCausesTest {
    private static final int PAGE = 4096;
    private static final long MIB = 1 << 20;
    private static final Path LAB_NETLINK = Path.of("/bin/netlink");
    private static final ZeroCopyReceiveConfig SMALL = ZeroCopyReceiveConfig.of(64 * PAGE);

    private static UringException refused(
            Ring ring, ZcrxSource source, ZeroCopyReceiveConfig config) {
        return assertThatExceptionOfType(UringException.class)
                .isThrownBy(() -> ZeroCopyReceive.register(ring, source, config))
                .actual();
    }

    @ParameterizedTest
    @ValueSource(strings = {"16-byte completions", "no deferred task work", "no single issuer"})
    void shouldRefuseRingThatCannot(String lack) {
        RingConfig config =
                switch (lack) {
                    case "16-byte completions" -> RingConfig.of(8);
                    case "no deferred task work" ->
                            RingConfig.of(8).cqeSize(CqeSize.B32).deferTaskrun(false);
                    default -> RingConfig.of(8).cqeSize(CqeSize.B32).singleIssuer(false);
                };
        try (Ring ring = Ring.open(config)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(
                            () ->
                                    ZeroCopyReceive.register(
                                            ring, new ZcrxSource.NetDevice(1, 0), SMALL))
                    .withMessageContaining("cqeSize(CqeSize.B32)");
        }
    }

    @Test
    void shouldRefuseInterfaceThatIsNotThere() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ZcrxSource.netDevice("nosuch0", 0))
                .withMessageContaining("interface=nosuch0");
        Needs.kernel("6.15", "IORING_REGISTER_ZCRX_IFQ");
        try (Ring ring = ZcrxStream.open(CqeSize.B32)) {
            UringException e = refused(ring, new ZcrxSource.NetDevice(9999, 0), SMALL);
            assertThat(e.errno()).isEqualTo(Errno.ENODEV);
            assertThat(e).hasMessageContaining("there is no such network interface");
        }
    }

    @Test
    void shouldRefuseInterfaceThatLendsNoQueues() {
        Needs.kernel("6.15", "IORING_REGISTER_ZCRX_IFQ");
        try (Ring ring = ZcrxStream.open(CqeSize.B32)) {
            UringException e = refused(ring, ZcrxSource.netDevice("lo", 0), SMALL);
            assertThat(e.errno()).isEqualTo(Errno.EOPNOTSUPP);
            assertThat(e).hasMessageContaining("does not lend out queues");
        }
    }

    @ParameterizedTest(name = "device={0}")
    @ValueSource(booleans = {true, false})
    void shouldRefuseWithoutCapability(boolean device) throws Exception {
        Needs.kernel("6.15", "IORING_REGISTER_ZCRX_IFQ");
        ZcrxSource source = device ? new ZcrxSource.NetDevice(1, 0) : ZcrxStream.deviceless();
        Apart.thread(
                () -> {
                    try (Ring ring = ZcrxStream.open(CqeSize.B32)) {
                        // The system call changes this thread alone; the C library's would all.
                        boolean x86 = System.getProperty("os.arch").equals("amd64");
                        Libc.call("syscall", x86 ? 117 : 147, -1, 65534, -1);
                        UringException e = refused(ring, source, SMALL);
                        assertThat(e.errno()).isEqualTo(Errno.EPERM);
                        assertThat(e).hasMessageContaining("CAP_NET_ADMIN; run as root");
                    }
                });
    }

    @Test
    void shouldNameKernelThatNeedsNoDevice() {
        Needs.that(
                KernelVersion.running().compareTo(KernelVersion.parse("7.1")) < 0,
                "this kernel has ZCRX_REG_NODEV");
        Needs.kernel("6.15", "IORING_REGISTER_ZCRX_IFQ");
        try (Ring ring = ZcrxStream.open(CqeSize.B32)) {
            UringException e = refused(ring, ZcrxSource.deviceless(), SMALL);
            assertThat(e).hasMessageContaining("needs Linux 7.1, this is");
        }
    }

    @Test
    void shouldRefuseLongBuffersWithoutDevice() {
        try (Ring ring = ZcrxStream.open(CqeSize.B32)) {
            UringException e = refused(ring, ZcrxStream.deviceless(), SMALL.bufferSize(4 * PAGE));
            assertThat(e.errno()).isEqualTo(Errno.EOPNOTSUPP);
            assertThat(e).hasMessageContaining("without a device a buffer is a page");
        }
    }

    @Test
    @NeedsDevice("zcrx")
    void shouldRefuseQueueThatIsNotThereOrTaken() {
        String name = Needs.device("zcrx");
        try (Ring ring = ZcrxStream.open(CqeSize.B32);
                ZeroCopyReceive queue =
                        ZeroCopyReceive.register(ring, ZcrxStream.device(), SMALL)) {
            assertThat(queue.memory().byteSize()).isEqualTo(64 * PAGE);
            UringException e = refused(ring, ZcrxSource.netDevice(name, 1), SMALL);
            assertThat(e.errno()).isEqualTo(Errno.ERANGE);
            assertThat(e).hasMessageContaining("no such queue");
            e = refused(ring, ZcrxStream.device(), SMALL);
            assertThat(e.errno()).isEqualTo(Errno.EEXIST);
            assertThat(e).hasMessageContaining("taken");
        }
    }

    @Test
    @NeedsDevice("zcrx")
    void shouldRefuseBuffersLongerThanMemoryIsContiguous() {
        try (Ring ring = ZcrxStream.open(CqeSize.B32)) {
            UringException e =
                    refused(
                            ring,
                            ZcrxStream.device(),
                            ZeroCopyReceiveConfig.of(4 * MIB).bufferSize(1 << 20));
            assertThat(e.errno()).isEqualTo(Errno.ERANGE);
            assertThat(e).hasMessageContaining("huge pages");
        }
    }

    @Test
    void shouldRefuseAbsurdSizes() {
        assertThatIllegalArgumentException().isThrownBy(() -> ZeroCopyReceiveConfig.of(0));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ZeroCopyReceiveConfig.of(Long.MAX_VALUE));
        assertThatIllegalArgumentException().isThrownBy(() -> SMALL.bufferSize(5000));
        assertThatIllegalArgumentException().isThrownBy(() -> SMALL.bufferSize(0));
        assertThatIllegalArgumentException().isThrownBy(() -> SMALL.refillEntries(0));
        assertThatIllegalArgumentException().isThrownBy(() -> SMALL.refillEntries(40_000));
        assertThatIllegalArgumentException().isThrownBy(() -> new ZcrxSource.NetDevice(0, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> ZcrxSource.imported(-1));
    }

    @Test
    void shouldOpenDmaBufOnlyByDescriptorOfOne() throws Exception {
        ZcrxSource source = ZcrxStream.device();
        try (Ring ring = ZcrxStream.open(CqeSize.B32);
                Opened zero = Opened.open(ring, Path.of("/dev/zero"), OpenFlags.O_RDWR)) {
            UringException e =
                    refused(
                            ring,
                            source,
                            ZeroCopyReceiveConfig.of(ZcrxMemory.dmaBuf(zero.fd(), MIB)));
            assertThat(e.errno()).isEqualTo(Errno.EINVAL);
        }
    }

    /** The lab's program does what "ethtool -G" does. */
    @Test
    @NeedsDevice("zcrx")
    void shouldRefuseInterfaceThatDoesNotSplitHeaders() throws Exception {
        Needs.that(Files.exists(LAB_NETLINK), "there is no " + LAB_NETLINK);
        String name = Needs.device("zcrx");
        splitHeaders(name, "off");
        try (Ring ring = ZcrxStream.open(CqeSize.B32)) {
            UringException e = refused(ring, ZcrxStream.device(), SMALL);
            assertThat(e.errno()).isEqualTo(Errno.EINVAL);
            assertThat(e)
                    .hasMessageContaining("headers and data are not split")
                    .hasMessageContaining(
                            "'ethtool -G " + name + " tcp-data-split on hds-thresh 0'");
        } finally {
            splitHeaders(name, "on");
        }
        try (Ring ring = ZcrxStream.open(CqeSize.B32);
                ZeroCopyReceive queue =
                        ZeroCopyReceive.register(ring, ZcrxStream.device(), SMALL)) {
            assertThat(queue.bufferSize()).isEqualTo(PAGE);
        }
    }

    private static void splitHeaders(String name, String onOrOff) throws Exception {
        int index = NetworkInterface.getByName(name).getIndex();
        Process netlink =
                new ProcessBuilder(
                                "perl",
                                LAB_NETLINK.toString(),
                                "split-headers",
                                Integer.toString(index),
                                onOrOff)
                        .inheritIO()
                        .start();
        assertThat(netlink.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(netlink.exitValue()).isZero();
    }

    @Test
    void shouldRefuseAreaThatIsMoreThanMayBeLocked() throws Exception {
        ZcrxStream.deviceless();
        String output = Apart.locking(1 << 20, Limited.class);
        assertThat(output.lines()).hasSize(2);
        assertThat(output.lines().toList().getFirst()).isEqualTo("262144: registered");
        assertThat(output.lines().toList().getLast())
                .startsWith("4194304: ")
                .contains(
                        "ENOMEM",
                        "the area counts against RLIMIT_MEMLOCK",
                        "(ulimit -l)",
                        "bytes=4194304");
    }

    /** Registers a small area and a large one, in a process of its own that may lock 1 MiB. */
    static final class Limited {
        private Limited() {}

        public static void main(String[] args) {
            for (long bytes : List.of(256L << 10, 4 * MIB)) {
                // A small ring, whose memory is counted too.
                RingConfig config = RingConfig.of(8).cqeSize(CqeSize.B32);
                try (Ring ring = Ring.open(config);
                        ZeroCopyReceive _ =
                                ZeroCopyReceive.register(
                                        ring,
                                        ZcrxSource.deviceless(),
                                        ZeroCopyReceiveConfig.of(bytes))) {
                    System.out.println(bytes + ": registered");
                } catch (UringException e) {
                    System.out.println(bytes + ": " + e.getMessage());
                }
            }
        }
    }
}
