package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.op.SockAddr;
import org.uring4j.op.Sockets;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/**
 * {@code IORING_OP_SOCKET}, {@code IORING_OP_BIND}, {@code IORING_OP_LISTEN}, {@code
 * IORING_OP_ACCEPT}, {@code IORING_OP_CONNECT}, {@code IORING_OP_SEND}, {@code IORING_OP_RECV},
 * {@code IORING_OP_SHUTDOWN}.
 */
class SocketsTest {
    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldTalkToPlainSocket(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofShared();
                ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Sockets.socket(ring.next(), Sockets.AF_INET, Sockets.SOCK_STREAM, 0);
            int fd = Completions.one(ring).result();
            assertThat(fd).isNotNegative();
            SockAddr address = SockAddr.of(arena, server.getLocalSocketAddress());
            Sockets.connect(ring.next(), fd, address);
            assertThat(Completions.one(ring).result()).isZero();
            try (Socket peer = server.accept()) {
                assertThat(((InetSocketAddress) address.address()).getPort())
                        .isEqualTo(server.getLocalPort());
                MemorySegment hello = arena.allocateFrom("hello");
                Sockets.send(ring.next(), fd, hello, 0);
                assertThat(Completions.one(ring).result()).isEqualTo(6);
                assertThat(peer.getInputStream().readNBytes(6))
                        .isEqualTo("hello\0".getBytes(StandardCharsets.UTF_8));
                peer.getOutputStream().write("back\0".getBytes(StandardCharsets.UTF_8));
                MemorySegment buffer = arena.allocate(64);
                Sockets.recv(ring.next(), fd, buffer, 0);
                assertThat(Completions.one(ring).result()).isEqualTo(5);
                assertThat(buffer.getString(0)).isEqualTo("back");
                Sockets.shutdown(ring.next(), fd, Sockets.SHUT_WR);
                assertThat(Completions.one(ring).result()).isZero();
                assertThat(peer.getInputStream().read()).isEqualTo(-1);
                Sockets.send(ring.next(), fd, hello, 0);
                assertThat(Completions.one(ring).failed(Errno.EPIPE)).isTrue();
            }
        }
    }
}
