package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig.CqeSize;
import org.uring4j.UringException;
import org.uring4j.op.SockAddr;
import org.uring4j.op.Sockets;
import org.uring4j.resource.ZcrxExport;
import org.uring4j.resource.ZcrxSource;
import org.uring4j.resource.ZeroCopyReceive;
import org.uring4j.resource.ZeroCopyReceiveConfig;

import java.io.BufferedReader;
import java.lang.foreign.Arena;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * A queue that several rings receive by, exported by {@code IORING_REGISTER_ZCRX_CTRL} and imported
 * by {@code IORING_REGISTER_ZCRX_IFQ}.
 */
class ZeroCopyReceiveSharingTest {
    private static final int PAGE = 4096;
    private static final long MIB = 1 << 20;
    private static final int PIDFD_OPEN = 434;
    private static final int PIDFD_GETFD = 438;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldReceiveByQueueOfOtherRing(boolean device) throws Exception {
        ZeroCopyReceiveConfig config = ZeroCopyReceiveConfig.of(256 * PAGE);
        ZcrxSource source = device ? ZcrxStream.device() : ZcrxStream.deviceless();
        Ring first = ZcrxStream.open(CqeSize.MIXED);
        try (ZeroCopyReceive queue = ZeroCopyReceive.register(first, source, config);
                ZcrxExport export = queue.export()) {
            Apart.thread(() -> receiveElsewhere(first, queue, export, device));
        } finally {
            first.close();
        }
    }

    private static void receiveElsewhere(
            Ring first, ZeroCopyReceive queue, ZcrxExport export, boolean device) throws Exception {
        try (Ring second = ZcrxStream.open(CqeSize.B32);
                ZeroCopyReceive imported = ZeroCopyReceive.register(second, export);
                Connection connection =
                        device ? ZcrxStream.connect(second) : Connection.open(second)) {
            assertThat(imported.bufferSize()).isEqualTo(queue.bufferSize());
            ZcrxStream stream = new ZcrxStream(imported, connection);
            ZcrxStream.send(connection, 0, 4 * MIB, true);
            stream.arm();
            assertThat(stream.receiveToEnd()).isZero();
            assertThat(stream.received).isEqualTo(4 * MIB);
            assertThat(queue.counters()).isEqualTo(imported.counters());
            assertThat(first.fd()).isNotEqualTo(second.fd());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldReceiveOnAfterFirstRingHasClosed(boolean device) throws Exception {
        ZeroCopyReceiveConfig config = ZeroCopyReceiveConfig.of(256 * PAGE).statistics();
        ZcrxSource source = device ? ZcrxStream.device() : ZcrxStream.deviceless();
        try (Ring second = ZcrxStream.open(CqeSize.MIXED)) {
            ZeroCopyReceive imported;
            try (Ring first = ZcrxStream.open(CqeSize.B32);
                    ZeroCopyReceive queue = ZeroCopyReceive.register(first, source, config);
                    ZcrxExport export = queue.export()) {
                imported = ZeroCopyReceive.register(second, export);
            }
            try (Connection connection =
                    device ? ZcrxStream.connect(second) : Connection.open(second)) {
                ZcrxStream stream = new ZcrxStream(imported, connection);
                ZcrxStream.send(connection, 0, 4 * MIB, true);
                stream.arm();
                assertThat(stream.receiveToEnd()).isZero();
                assertThat(stream.received).isEqualTo(4 * MIB);
                assertThat(imported.copyBytes()).isEqualTo(device ? 0 : 4 * MIB);
            }
        }
    }

    /** The first one exits while what it has sent is on the way. */
    @Test
    @NeedsDevice("zcrx")
    void shouldReceiveByQueueOfProcessThatExits() throws Exception {
        long bytes = 8 * MIB;
        Path file = Path.of("/dev/shm/uring4j-zcrx-" + ProcessHandle.current().pid());
        Process first = export(file, bytes);
        try (Ring ring = ZcrxStream.open(CqeSize.MIXED);
                BufferedReader output = first.inputReader()) {
            String line = output.readLine();
            assertThat(line).as("what the process answers").matches("[0-9]+ [0-9]+");
            int fd = descriptor(first, Integer.parseInt(line.split(" ", -1)[0]));
            ZeroCopyReceive queue =
                    ZeroCopyReceive.register(
                            ring, ZcrxSource.imported(fd), ZcrxExporter.config(file));
            Libc.call("close", fd);
            int port = Integer.parseInt(line.split(" ", -1)[1]);
            ZcrxStream stream = connected(queue, ring, port);
            stream.arm();
            assertThat(stream.receiveToEnd()).isZero();
            assertThat(stream.received).isEqualTo(bytes);
            assertThat(first.waitFor(20, TimeUnit.SECONDS)).isTrue();
            assertThat(first.exitValue()).isZero();
            Net.close(ring, stream.fd);

            // Now this process alone has the queue.
            try (Connection connection = ZcrxStream.connect(ring)) {
                ZcrxStream next = new ZcrxStream(queue, connection);
                ZcrxStream.send(connection, 0, 4 * MIB, true);
                next.arm();
                assertThat(next.receiveToEnd()).isZero();
                assertThat(next.received).isEqualTo(4 * MIB);
            }
            assertThat(queue.copyCount()).isZero();
            assertThat(queue.counters().buffersOut()).isZero();
        } finally {
            first.destroyForcibly();
            Files.delete(file);
        }
    }

    private static Process export(Path file, long bytes) throws Exception {
        return new ProcessBuilder(
                        Apart.java(
                                ZcrxExporter.class.getName(),
                                file.toString(),
                                Long.toString(bytes),
                                Needs.device("zcrx")))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /** A descriptor of another process, here. */
    private static int descriptor(Process process, int fd) {
        int held = Libc.call("syscall", PIDFD_OPEN, (int) process.pid(), 0);
        int here = Libc.call("syscall", PIDFD_GETFD, held, fd, 0);
        Libc.call("close", held);
        return here;
    }

    private static ZcrxStream connected(ZeroCopyReceive queue, Ring ring, int port) {
        int fd = Net.socket(ring, Sockets.AF_INET, Sockets.SOCK_STREAM);
        try (Arena arena = Arena.ofConfined()) {
            SockAddr there = SockAddr.of(arena, new InetSocketAddress("10.78.0.2", port));
            Sockets.connect(ring.next(), fd, there);
            Net.ok(ring);
        }
        return new ZcrxStream(queue, new Connection(ring, fd, new Socket()));
    }

    @Test
    void shouldRefuseToImportWhatIsNoQueue() throws Exception {
        Needs.kernel("6.19", "ZCRX_REG_IMPORT");
        Path file = Path.of("/dev/shm/uring4j-zcrx-" + ProcessHandle.current().pid());
        try (Ring ring = ZcrxStream.open(CqeSize.MIXED)) {
            assertThatExceptionOfType(UringException.class)
                    .isThrownBy(
                            () ->
                                    ZeroCopyReceive.register(
                                            ring,
                                            ZcrxSource.imported(ring.fd()),
                                            ZcrxExporter.config(file)))
                    .withMessageContaining("not one of an exported queue")
                    .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EBADF));
        } finally {
            Files.delete(file);
        }
    }

    @Test
    void shouldRefuseClosedExport() throws Exception {
        try (Ring ring = ZcrxStream.open(CqeSize.MIXED);
                ZeroCopyReceive queue =
                        ZeroCopyReceive.register(
                                ring,
                                ZcrxStream.deviceless(),
                                ZeroCopyReceiveConfig.of(64 * PAGE))) {
            ZcrxExport export = queue.export();
            export.close();
            assertThatIllegalStateException()
                    .isThrownBy(() -> ZeroCopyReceive.register(ring, export))
                    .withMessageContaining("closed");
        }
    }
}
