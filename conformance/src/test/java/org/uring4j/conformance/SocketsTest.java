package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Cqe;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.OpenFlags;
import org.uring4j.op.SockAddr;
import org.uring4j.op.Sockets;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Making, naming and connecting sockets: {@code IORING_OP_SOCKET}, {@code IORING_OP_BIND}, {@code
 * IORING_OP_LISTEN}, {@code IORING_OP_ACCEPT}, {@code IORING_OP_CONNECT}, {@code
 * IORING_OP_SHUTDOWN}.
 */
@Timeout(60)
class SocketsTest {
    private static final int NOT_OPEN = 1 << 20;

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldServePlainClient(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofShared()) {
            int listener = Net.listener(ring, Net.ANY);
            SockAddr peer = SockAddr.allocate(arena);
            Sockets.accept(ring.next(), listener, peer, Sockets.SOCK_CLOEXEC, 0).userData(1);
            ring.submit();
            try (Socket client = new Socket()) {
                client.connect(Net.local(listener), 10_000);
                client.setSoTimeout(10_000);
                int fd = Net.ok(ring);
                assertThat(peer.address()).isEqualTo(client.getLocalSocketAddress());
                assertThat(peer.family()).isEqualTo(Sockets.AF_INET);

                client.getOutputStream().write(Net.bytes("question"));
                MemorySegment buffer = arena.allocate(64);
                Sockets.recv(ring.next(), fd, buffer, 0);
                assertThat(Net.ok(ring)).isEqualTo(8);
                assertThat(buffer.getString(0)).isEqualTo("question");
                Sockets.send(ring.next(), fd, arena.allocateFrom("answer"), 0);
                assertThat(Net.ok(ring)).isEqualTo(7);
                assertThat(client.getInputStream().readNBytes(7)).isEqualTo(Net.bytes("answer\0"));

                client.shutdownOutput();
                Sockets.recv(ring.next(), fd, buffer, 0);
                assertThat(Completions.one(ring).result()).isZero();
                Sockets.shutdown(ring.next(), fd, Sockets.SHUT_WR);
                assertThat(Net.ok(ring)).isZero();
                assertThat(client.getInputStream().read()).isEqualTo(-1);
                Net.close(ring, fd, listener);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldConnectToPlainServer(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofShared();
                ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            int fd = Net.socket(ring, Sockets.AF_INET, Sockets.SOCK_STREAM);
            SockAddr address = SockAddr.of(arena, server.getLocalSocketAddress());
            Sockets.connect(ring.next(), fd, address);
            assertThat(Net.ok(ring)).isZero();
            try (Socket peer = server.accept()) {
                assertThat(peer.isConnected()).isTrue();
                Sockets.connect(ring.next(), fd, address);
                assertThat(Completions.one(ring).failed(Errno.EISCONN)).isTrue();
            }
            Net.close(ring, fd);
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldFailWhenNobodyListens(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofShared()) {
            int listener = Net.listener(ring, Net.ANY);
            SockAddr address = SockAddr.of(arena, Net.local(listener));
            Net.close(ring, listener);
            int fd = Net.socket(ring, Sockets.AF_INET, Sockets.SOCK_STREAM);
            Sockets.connect(ring.next(), fd, address);
            assertThat(Completions.one(ring).failed(Errno.ECONNREFUSED)).isTrue();
            Net.close(ring, fd);
        }
    }

    @Test
    void shouldConnectOverIpVersion6() throws Exception {
        SocketAddress any = new InetSocketAddress(InetAddress.ofLiteral("::1"), 0);
        Needs.that(
                Files.exists(Path.of("/proc/net/if_inet6")) && hasLoopback6(),
                "there is no IPv6 loopback address; enable it: sysctl"
                        + " net.ipv6.conf.lo.disable_ipv6=0");
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared()) {
            int listener = Net.listener(ring, any);
            int client = Net.socket(ring, Sockets.AF_INET6, Sockets.SOCK_STREAM);
            Sockets.connect(ring.next(), client, SockAddr.of(arena, Net.local(listener)));
            Net.ok(ring);
            SockAddr peer = SockAddr.allocate(arena);
            Sockets.accept(ring.next(), listener, peer, 0, 0);
            int server = Net.ok(ring);
            assertThat(peer.family()).isEqualTo(Sockets.AF_INET6);
            InetSocketAddress address = (InetSocketAddress) peer.address();
            assertThat(address.getAddress()).isEqualTo(InetAddress.ofLiteral("::1"));
            assertThat(address.getPort()).isPositive();
            Net.close(ring, client, server, listener);
        }
    }

    private static boolean hasLoopback6() throws IOException {
        return Files.readString(Path.of("/proc/net/if_inet6"))
                .contains("00000000000000000000000000000001");
    }

    @Test
    void shouldServeUnixPath(@TempDir Path directory) throws Exception {
        Needs.kernel("6.11", "IORING_OP_BIND");
        SocketAddress address = UnixDomainSocketAddress.of(directory.resolve("socket"));
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared()) {
            int listener = Net.listener(ring, address);
            try (SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX)) {
                client.connect(address);
                SockAddr peer = SockAddr.allocate(arena);
                Sockets.accept(ring.next(), listener, peer, 0, 0);
                int fd = Net.ok(ring);
                // A client that is not bound has no name.
                assertThat(peer.address()).isEqualTo(UnixDomainSocketAddress.of(""));
                Net.close(ring, fd, listener);
            }
            int again = Net.socket(ring, Sockets.AF_UNIX, Sockets.SOCK_STREAM);
            Sockets.bind(ring.next(), again, SockAddr.of(arena, address));
            assertThat(Completions.one(ring).failed(Errno.EADDRINUSE)).isTrue();
            SockAddr missing = SockAddr.of(arena, UnixDomainSocketAddress.of("/none/such"));
            Sockets.bind(ring.next(), again, missing);
            assertThat(Completions.one(ring).failed(Errno.ENOENT)).isTrue();
            Net.close(ring, again);
        }
    }

    @Test
    void shouldServeAbstractNameAndOneOfTheKernelsChoice() {
        Needs.kernel("6.11", "IORING_OP_BIND");
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared()) {
            byte[] name = Net.bytes("uring4j-" + ProcessHandle.current().pid() + "\0x");
            int listener = Net.socket(ring, Sockets.AF_UNIX, Sockets.SOCK_SEQPACKET);
            SockAddr address = SockAddr.allocate(arena).setAbstract(name);
            Sockets.bind(ring.next(), listener, address);
            Net.ok(ring);
            Sockets.listen(ring.next(), listener, 1);
            Net.ok(ring);
            int client = Net.socket(ring, Sockets.AF_UNIX, Sockets.SOCK_SEQPACKET);
            Sockets.bind(ring.next(), client, SockAddr.of(arena, UnixDomainSocketAddress.of("")));
            Net.ok(ring);
            Sockets.connect(ring.next(), client, address);
            Net.ok(ring);
            SockAddr peer = SockAddr.allocate(arena);
            Sockets.accept(ring.next(), listener, peer, 0, 0);
            int server = Net.ok(ring);
            assertThat(peer.raw().get(ValueLayout.JAVA_BYTE, 2)).isZero();
            assertThat(peer.length()).isEqualTo(2 + 1 + 5);
            Net.close(ring, client, server, listener);
        }
    }

    @Test
    void shouldFailWhenAddressCannotBeHad() throws Exception {
        Needs.kernel("6.11", "IORING_OP_BIND");
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared()) {
            int listener = Net.listener(ring, Net.ANY);
            int other = Net.socket(ring, Sockets.AF_INET, Sockets.SOCK_STREAM);
            Sockets.bind(ring.next(), other, SockAddr.of(arena, Net.local(listener)));
            assertThat(Completions.one(ring).failed(Errno.EADDRINUSE)).isTrue();
            // An address for documentation, which no machine has.
            SockAddr foreign = SockAddr.of(arena, new InetSocketAddress("192.0.2.1", 1));
            Sockets.bind(ring.next(), other, foreign);
            assertThat(Completions.one(ring).failed(Errno.EADDRNOTAVAIL)).isTrue();
            Sockets.bind(ring.next(), other, SockAddr.allocate(arena));
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
            Net.close(ring, other, listener);
        }
    }

    @Test
    void shouldFailWhenThereIsNoSuchSocket() {
        Needs.kernel("5.19", "IORING_OP_SOCKET");
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            Sockets.socket(ring.next(), 999, Sockets.SOCK_STREAM, 0);
            assertThat(Completions.one(ring).failed(Errno.EAFNOSUPPORT)).isTrue();
            Sockets.socket(ring.next(), Sockets.AF_INET, 15, 0);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
            Sockets.socket(ring.next(), Sockets.AF_INET, Sockets.SOCK_STREAM, 17);
            assertThat(Completions.one(ring).failed(Errno.EPROTONOSUPPORT)).isTrue();
        }
    }

    @Test
    void shouldSetFlagsOfDescriptor() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            int both = Sockets.SOCK_NONBLOCK | Sockets.SOCK_CLOEXEC;
            Sockets.socket(ring.next(), Sockets.AF_INET, Sockets.SOCK_STREAM | both, 0);
            int with = Net.ok(ring);
            Sockets.socket(ring.next(), Sockets.AF_INET, Sockets.SOCK_STREAM, 0);
            int without = Net.ok(ring);
            assertThat(flags(with) & both).isEqualTo(both);
            assertThat(flags(without) & both).isZero();
            int listener = Net.listener(ring, Net.ANY);
            try (Socket client = new Socket()) {
                client.connect(Net.local(listener), 10_000);
                Sockets.accept(ring.next(), listener, both);
                int fd = Net.ok(ring);
                assertThat(flags(fd) & both).isEqualTo(both);
                Net.close(ring, fd);
            }
            Sockets.accept(ring.next(), listener, 1);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
            Net.close(ring, with, without, listener);
        }
    }

    private static int flags(int fd) throws IOException {
        return Files.readAllLines(Path.of("/proc/self/fdinfo/" + fd)).stream()
                .filter(line -> line.startsWith("flags:"))
                .mapToInt(line -> Integer.parseInt(line.substring(6).strip(), 8))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void shouldAcceptAsFlagsSay() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            Needs.kernel("6.10", "IORING_ACCEPT_DONTWAIT");
            int listener = Net.listener(ring, Net.ANY);
            Sockets.accept(ring.next(), listener, 0, Sockets.ACCEPT_DONTWAIT);
            assertThat(Completions.one(ring).failed(Errno.EAGAIN)).isTrue();
            Sockets.accept(ring.next(), listener, 0, Sockets.ACCEPT_POLL_FIRST).userData(5);
            assertThat(Completions.now(ring)).isEmpty();
            try (Socket first = new Socket();
                    Socket second = new Socket()) {
                first.connect(Net.local(listener), 10_000);
                Completion waited = Completions.one(ring);
                assertThat(waited.userData()).isEqualTo(5);
                second.connect(Net.local(listener), 10_000);
                Sockets.accept(ring.next(), listener, 0, Sockets.ACCEPT_DONTWAIT);
                Net.close(ring, Net.ok(waited), Net.ok(ring));
            }
            Sockets.accept(ring.next(), listener, 0, 1 << 15);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
            int plain = Net.socket(ring, Sockets.AF_INET, Sockets.SOCK_STREAM);
            Sockets.accept(ring.next(), plain, 0);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
            Net.close(ring, plain, listener);
        }
    }

    @Test
    void shouldTellWhetherThereAreMoreConnections() throws Exception {
        Needs.kernel("6.10", "IORING_CQE_F_SOCK_NONEMPTY after an accept");
        try (Ring ring = Ring.open(RingConfig.of(8));
                Socket first = new Socket();
                Socket second = new Socket()) {
            int listener = Net.listener(ring, Net.ANY);
            first.connect(Net.local(listener), 10_000);
            second.connect(Net.local(listener), 10_000);
            for (boolean more : new boolean[] {true, false}) {
                Sockets.accept(ring.next(), listener, 0);
                Completion accepted = Completions.one(ring);
                assertThat(Cqe.socketNonEmpty(accepted.flags())).isEqualTo(more);
                Net.close(ring, Net.ok(accepted));
            }
            Net.close(ring, listener);
        }
    }

    @Test
    void shouldEndDirectionsAsTold() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared()) {
            int[] pair = Net.pair(ring);
            Sockets.recv(ring.next(), pair[0], arena.allocate(8), 0);
            ring.submit();
            Sockets.shutdown(ring.next(), pair[0], Sockets.SHUT_RD).userData(1);
            assertThat(Completions.some(ring, 2)).allMatch(completion -> completion.result() == 0);
            Sockets.shutdown(ring.next(), pair[0], 9);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
            Sockets.shutdown(ring.next(), pair[0], Sockets.SHUT_RDWR);
            Net.ok(ring);
            Sockets.send(ring.next(), pair[0], arena.allocate(8), 0);
            assertThat(Completions.one(ring).failed(Errno.EPIPE)).isTrue();
            int plain = Net.socket(ring, Sockets.AF_INET, Sockets.SOCK_STREAM);
            Sockets.shutdown(ring.next(), plain, Sockets.SHUT_WR);
            assertThat(Completions.one(ring).failed(Errno.ENOTCONN)).isTrue();
            Net.close(ring, plain, pair[0], pair[1]);
        }
    }

    @Test
    void shouldFailWhenDescriptorIsNoSocket() {
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared()) {
            try (Opened file = Opened.open(ring, Path.of("/dev/null"), OpenFlags.O_RDWR)) {
                all(ring, arena, file.fd(), Errno.ENOTSOCK);
            }
            all(ring, arena, NOT_OPEN, Errno.EBADF);
            all(ring, arena, -1, Errno.EBADF);
        }
    }

    private static void all(Ring ring, Arena arena, int fd, Errno errno) {
        Needs.kernel("6.11", "IORING_OP_BIND");
        SockAddr address = SockAddr.of(arena, Net.ANY);
        MemorySegment buffer = arena.allocate(8);
        Sockets.bind(ring.next(), fd, address);
        Sockets.listen(ring.next(), fd, 1);
        Sockets.connect(ring.next(), fd, address);
        Sockets.accept(ring.next(), fd, 0);
        Sockets.send(ring.next(), fd, buffer, 0);
        Sockets.recv(ring.next(), fd, buffer, 0);
        Sockets.shutdown(ring.next(), fd, Sockets.SHUT_RD);
        assertThat(Completions.some(ring, 7)).allMatch(completion -> completion.failed(errno));
    }

    @Test
    void shouldRejectMemoryTheKernelCannotReach() {
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            MemorySegment heap = MemorySegment.ofArray(new byte[8]);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Sockets.send(ring.next(), 0, heap, 0))
                    .withMessageContaining("heap");
            MemorySegment gone;
            SockAddr goneAddress;
            try (Arena arena = Arena.ofShared()) {
                gone = arena.allocate(8);
                goneAddress = SockAddr.of(arena, Net.ANY);
            }
            assertThatIllegalStateException()
                    .isThrownBy(() -> Sockets.recv(ring.next(), 0, gone, 0));
            assertThatIllegalStateException()
                    .isThrownBy(() -> Sockets.connect(ring.next(), 0, goneAddress));
            assertThatIllegalStateException()
                    .isThrownBy(() -> Sockets.accept(ring.next(), 0, goneAddress, 0, 0));
        }
    }
}
