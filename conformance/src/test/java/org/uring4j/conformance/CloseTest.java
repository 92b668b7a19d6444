package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.CompletionHandler;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.RingMemory;
import org.uring4j.UringException;
import org.uring4j.op.Files;
import org.uring4j.op.Nops;
import org.uring4j.op.OpenFlags;
import org.uring4j.op.Polling;
import org.uring4j.op.SockAddr;
import org.uring4j.op.Sockets;
import org.uring4j.op.Timeouts;
import org.uring4j.op.Timespec;
import org.uring4j.op.ZeroCopySend;
import org.uring4j.resource.BufferRing;
import org.uring4j.resource.LeasedMemory;
import org.uring4j.resource.Restriction;
import org.uring4j.resource.Restrictions;
import org.uring4j.resource.SqeFlag;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.AsynchronousSocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Closing with requests in flight: {@code IORING_OP_ASYNC_CANCEL} of everything, {@code
 * IORING_OP_RECV}, {@code IORING_OP_ACCEPT}, {@code IORING_OP_TIMEOUT}, {@code IORING_OP_POLL_ADD},
 * {@code IORING_OP_SEND_ZC}, {@code IORING_OP_READ} in a worker.
 */
@Timeout(60)
class CloseTest {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldEndRequestsThatWait(RingMode mode) throws Exception {
        try (Arena arena = Arena.ofShared();
                ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
                Ring ring = mode.open(32)) {
            int fd = connect(ring, arena, server);
            try (Socket peer = server.accept()) {
                BufferRing buffers = BufferRing.register(ring, 1, 8, 64);
                Sockets.recv(ring.next(), fd, arena.allocate(64), 0).userData(1);
                Sockets.recvMultishot(ring.next(), fd, buffers.group(), 0).userData(2);
                Timespec hour = Timespec.of(arena, Duration.ofHours(1));
                Timeouts.timeout(ring.next(), hour, 0).userData(3);
                Polling.pollAdd(ring.next(), fd, Polling.POLLPRI, Polling.ADD_MULTI).userData(4);
                // A chain whose second request has not started, and one that waits for all others.
                Sockets.recv(ring.next(), fd, arena.allocate(64), 0).userData(5).link();
                Nops.nop(ring.next()).userData(6);
                Nops.nop(ring.next()).userData(7).drain();
                assertThat(Completions.now(ring)).isEmpty();
                assertThat(ring.inFlight()).isEqualTo(7);
                List<Completion> ended = new ArrayList<>();
                long left =
                        ring.cancelAll(PATIENCE, (u, r, f) -> ended.add(new Completion(u, r, f)));
                assertThat(left).isZero();
                assertThat(ended)
                        .extracting(Completion::userData)
                        .containsExactlyInAnyOrder(1L, 2L, 3L, 4L, 5L, 6L, 7L);
                assertThat(ended)
                        .filteredOn(c -> c.userData() <= 6)
                        .allMatch(c -> c.failed(Errno.ECANCELED));
                assertThat(ring.inFlight()).isZero();
                // The ring goes on.
                peer.getOutputStream().write(65);
                Sockets.recv(ring.next(), fd, arena.allocate(64), 0).userData(8);
                assertThat(Completions.one(ring).result()).isEqualTo(1);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = RingMode.class,
            names = {"DEFAULT", "CQE32"})
    void shouldKeepToItselfWhatCancelsTooLate(RingMode mode) throws Exception {
        try (Arena arena = Arena.ofShared();
                Ring other = Ring.open(RingConfig.of(8));
                Connection connection = Connection.open(other);
                Ring ring = Ring.open(mode.config(8).disabled())) {
            Restrictions.register(
                    ring,
                    Restriction.op("IORING_OP_RECV"),
                    Restriction.op("IORING_OP_NOP"),
                    Restriction.op("IORING_OP_ASYNC_CANCEL"),
                    Restriction.allowed(SqeFlag.DRAIN));
            ring.enable();
            Sockets.recv(ring.next(), connection.fd(), arena.allocate(8), 0).userData(1);
            Nops.nop(ring.next()).userData(2).drain();
            List<Completion> seen = new ArrayList<>();
            CompletionHandler handler = (u, r, f) -> seen.add(new Completion(u, r, f));
            ring.submit();
            // What is to cancel them, a request here, has to wait behind the one that drains.
            for (int i = 0; i < 2; i++) {
                assertThat(ring.cancelAll(Duration.ofMillis(20), handler)).isEqualTo(3);
            }
            assertThat(seen).isEmpty();
            connection.send("x");
            while (ring.inFlight() > 0) {
                ring.submitAndWait(1, PATIENCE);
                ring.completions().drain(handler);
            }
            Nops.nop(ring.next()).userData(3);
            seen.add(Completions.one(ring));
            assertThat(seen).extracting(Completion::userData).containsExactly(1L, 2L, 3L);
            assertThat(seen).extracting(Completion::result).containsExactly(1, 0, 0);
        }
    }

    @Test
    void shouldDropWhatWasNotSubmitted() {
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            Nops.nop(ring.next()).userData(1);
            Nops.nop(ring.next()).userData(2).skipSuccess();
            assertThat(ring.cancelAll(PATIENCE, (u, r, f) -> {})).isZero();
            assertThat(ring.submissions().ready()).isZero();
            Nops.nop(ring.next()).userData(3);
            assertThat(Completions.one(ring).userData()).isEqualTo(3);
            assertThat(ring.inFlight()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldNotCountRequestsThatSkipTheirCompletion(RingMode mode) {
        try (Ring ring = mode.open(8)) {
            for (int i = 0; i < 20; i++) {
                Nops.nop(ring.next()).skipSuccess();
                Nops.nop(ring.next()).userData(i);
            }
            assertThat(Completions.some(ring, 20)).extracting(Completion::userData).isSorted();
            assertThat(ring.inFlight()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldEndWhatIsLeftWhenARequestThatSkipsItsCompletionFailed(RingMode mode)
            throws Exception {
        try (Arena arena = Arena.ofShared();
                ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
                Ring ring = mode.open(8)) {
            int fd = connect(ring, arena, server);
            Sockets.recv(ring.next(), fd, arena.allocate(64), 0).userData(1);
            Files.fsync(ring.next(), fd, 0x55).userData(2).skipSuccess();
            assertThat(Completions.one(ring).userData()).isEqualTo(2);
            List<Completion> ended = new ArrayList<>();
            assertThat(ring.cancelAll(PATIENCE, (u, r, f) -> ended.add(new Completion(u, r, f))))
                    .isZero();
            assertThat(ended).singleElement().matches(c -> c.userData() == 1);
        }
    }

    @Test
    void shouldStopAWorkerThatBlocks(@TempDir Path folder) throws Exception {
        try (Arena arena = Arena.ofShared();
                Ring ring = Ring.open(RingConfig.of(8));
                Fifo fifo = Fifo.in(folder);
                Opened opened = fifo.open(ring, OpenFlags.O_RDWR)) {
            int fd = opened.fd();
            Files.read(ring.next(), fd, arena.allocate(16), 0).userData(1).async();
            assertThat(Completions.now(ring)).isEmpty();
            List<Completion> ended = new ArrayList<>();
            assertThat(ring.cancelAll(PATIENCE, (u, r, f) -> ended.add(new Completion(u, r, f))))
                    .isZero();
            assertThat(ended).singleElement().matches(c -> c.result() < 0);
        }
    }

    @Test
    void shouldWaitForTheNotificationOfAZeroCopySend() throws Exception {
        Needs.kernel("6.0", "SEND_ZC");
        try (Arena arena = Arena.ofShared();
                ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            server.setReceiveBufferSize(128 << 10);
            Ring ring = Ring.open(RingConfig.of(8));
            int fd = connect(ring, arena, server);
            try (Socket peer = server.accept()) {
                // More than both sockets hold: it stays on its way until the peer reads, or goes.
                MemorySegment much = arena.allocate(8 << 20);
                ZeroCopySend.send(ring.next(), fd, much, Sockets.MSG_WAITALL, 0).userData(1);
                ring.submit();
                assertThat(ring.inFlight()).isEqualTo(1);
                Thread reader =
                        Thread.ofPlatform()
                                .start(
                                        () -> {
                                            try {
                                                peer.getInputStream().transferTo(discard());
                                            } catch (java.io.IOException e) {
                                                // The connection ends as the ring does.
                                                return;
                                            }
                                        });
                ring.close();
                assertThat(ring.inFlight()).isZero();
                peer.shutdownInput();
                reader.join();
            }
        }
    }

    @Test
    void shouldSayWhatWouldNotEndAndKeepItsMemory() throws Exception {
        Needs.kernel("6.0", "SEND_ZC");
        try (Arena arena = Arena.ofShared();
                ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            Ring ring = Ring.open(RingConfig.of(8).closeTimeout(Duration.ZERO));
            int fd = connect(ring, arena, server);
            try (Socket peer = server.accept()) {
                Sockets.recv(ring.next(), fd, arena.allocate(64), 0);
                ring.submit();
                assertThatThrownBy(ring::close)
                        .isInstanceOf(UringException.class)
                        .hasMessageContaining("requests=1")
                        .hasMessageContaining("closeTimeout=PT0S");
                assertThatThrownBy(ring::submit).isInstanceOf(IllegalStateException.class);
                assertThat(peer.isConnected()).isTrue();
            }
        }
    }

    @Test
    void shouldCloseWhatIsRegisteredFirst() {
        Needs.kernel("5.19", "IORING_REGISTER_PBUF_RING");
        Ring ring = Ring.open(RingConfig.of(8));
        BufferRing buffers = BufferRing.register(ring, 1, 8, 64);
        MemorySegment slice = buffers.buffer(3);
        ring.close();
        buffers.close();
        // Use after close is an exception, not a crash.
        assertThatThrownBy(() -> slice.get(java.lang.foreign.ValueLayout.JAVA_BYTE, 0))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> buffers.recycle(3)).isInstanceOf(IllegalStateException.class);
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldKeepMemoryThatARequestNotYetSubmittedNames(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                Connection connection = Connection.open(ring)) {
            LeasedMemory memory = LeasedMemory.allocate(ring, 1, 16);
            MemorySegment buffer = memory.buffer(memory.take());
            Sockets.recv(ring.next(), connection.fd(), buffer, 0);
            memory.close();
            connection.send("hello");
            assertThat(Net.ok(ring)).isEqualTo(5);
            assertThat(Opened.text(buffer, 5)).isEqualTo("hello");
        }
    }

    @Test
    void shouldCloseAllTheSameWhenASystemCallHoldsMemory() throws Exception {
        Needs.kernel("6.5", "IORING_SETUP_NO_MMAP");
        try (RingMemory queues = RingMemory.allocate(64 << 10);
                ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
                AsynchronousSocketChannel channel = AsynchronousSocketChannel.open()) {
            channel.connect(server.getLocalSocketAddress()).get(10, TimeUnit.SECONDS);
            try (Socket peer = server.accept()) {
                Ring ring = Ring.open(RingConfig.of(8).memory(queues));
                LeasedMemory memory = LeasedMemory.allocate(ring, 1, 16);
                MemorySegment buffer = memory.buffer(memory.take());
                Future<Integer> read = channel.read(buffer.asByteBuffer());
                Nops.nop(ring.next());
                ring.submit();
                memory.close();
                assertThatIllegalStateException()
                        .isThrownBy(ring::close)
                        .withMessageContaining("system call");
                assertThat(queues.used()).isZero();
                peer.getOutputStream().write(65);
                assertThat(read.get(10, TimeUnit.SECONDS)).isEqualTo(1);
                assertThat(Opened.text(buffer, 1)).isEqualTo("A");
            }
        }
    }

    private static java.io.OutputStream discard() {
        return java.io.OutputStream.nullOutputStream();
    }

    private static int connect(Ring ring, Arena arena, ServerSocket server) {
        Sockets.socket(ring.next(), Sockets.AF_INET, Sockets.SOCK_STREAM, 0);
        int fd = Completions.one(ring).result();
        assertThat(fd).isNotNegative();
        SockAddr address = SockAddr.of(arena, server.getLocalSocketAddress());
        Sockets.connect(ring.next(), fd, address);
        assertThat(Completions.one(ring).result()).isZero();
        return fd;
    }
}
