package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.IoVectors;
import org.uring4j.op.SockAddr;
import org.uring4j.op.Sockets;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** {@code IORING_OP_SEND}, {@code IORING_OP_RECV} with datagrams. */
@Timeout(60)
class DatagramsTest {
    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldSendToAddress(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofShared();
                DatagramSocket peer = peer()) {
            int fd = Net.bound(ring, Net.ANY, Sockets.SOCK_DGRAM);
            SockAddr to = SockAddr.of(arena, peer.getLocalSocketAddress());
            Sockets.sendTo(ring.next(), fd, Opened.bytes(arena, "ping"), to, 0, 0);
            assertThat(Net.ok(ring)).isEqualTo(4);
            DatagramPacket packet = new DatagramPacket(new byte[16], 16);
            peer.receive(packet);
            assertThat(text(packet)).isEqualTo("ping");
            assertThat(packet.getSocketAddress()).isEqualTo(Net.local(fd));

            packet.setData(Net.bytes("pong!"));
            peer.send(packet);
            MemorySegment buffer = arena.allocate(16);
            Sockets.recv(ring.next(), fd, buffer, 0);
            assertThat(Net.ok(ring)).isEqualTo(5);
            assertThat(Opened.text(buffer, 5)).isEqualTo("pong!");
            Net.close(ring, fd);
        }
    }

    @Test
    void shouldSendPiecesToAddress() throws Exception {
        Needs.kernel("6.17", "IORING_SEND_VECTORIZED");
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared();
                DatagramSocket peer = peer()) {
            int fd = Net.socket(ring, Sockets.AF_INET, Sockets.SOCK_DGRAM);
            IoVectors pieces =
                    IoVectors.of(arena, Opened.bytes(arena, "two "), Opened.bytes(arena, "parts"));
            Sockets.sendv(ring.next(), fd, pieces, 0, 0);
            assertThat(Completions.one(ring).failed(Errno.EDESTADDRREQ)).isTrue();
            SockAddr to = SockAddr.of(arena, peer.getLocalSocketAddress());
            Sockets.sendAddress(Sockets.sendv(ring.next(), fd, pieces, 0, 0), to);
            assertThat(Net.ok(ring)).isEqualTo(9);
            DatagramPacket packet = new DatagramPacket(new byte[16], 16);
            peer.receive(packet);
            assertThat(text(packet)).isEqualTo("two parts");
            Net.close(ring, fd);
        }
    }

    @Test
    void shouldTellLengthOfDatagramCutShort() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared();
                DatagramSocket peer = peer()) {
            int fd = Net.bound(ring, Net.ANY, Sockets.SOCK_DGRAM);
            byte[] data = Net.bytes("0123456789");
            MemorySegment buffer = arena.allocate(4);
            int[][] expected = {{0, 4}, {Sockets.MSG_TRUNC, 10}};
            for (int[] each : expected) {
                peer.send(new DatagramPacket(data, data.length, Net.local(fd)));
                Sockets.recv(ring.next(), fd, buffer, each[0]);
                assertThat(Net.ok(ring)).isEqualTo(each[1]);
                assertThat(Opened.text(buffer, 4)).isEqualTo("0123");
            }
            // The rest of a datagram is gone, and one without data is not the end.
            peer.send(new DatagramPacket(new byte[0], 0, Net.local(fd)));
            Sockets.recv(ring.next(), fd, buffer, 0);
            assertThat(Completions.one(ring).result()).isZero();
            Net.close(ring, fd);
        }
    }

    @Test
    void shouldFailWhenDatagramCannotBeSent() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared();
                DatagramSocket peer = peer()) {
            int fd = Net.socket(ring, Sockets.AF_INET, Sockets.SOCK_DGRAM);
            SockAddr to = SockAddr.of(arena, peer.getLocalSocketAddress());
            Sockets.sendTo(ring.next(), fd, arena.allocate(70_000), to, 0, 0);
            assertThat(Completions.one(ring).failed(Errno.EMSGSIZE)).isTrue();
            Sockets.send(ring.next(), fd, arena.allocate(1), 0);
            assertThat(Completions.one(ring).failed(Errno.EDESTADDRREQ)).isTrue();
            Sockets.sendTo(ring.next(), fd, arena.allocate(1), SockAddr.allocate(arena), 0, 0);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
            // Nobody is there any more: the answer to what is sent tells the next request.
            int gone = Net.bound(ring, Net.ANY, Sockets.SOCK_DGRAM);
            Sockets.connect(ring.next(), fd, to.set(Net.local(gone)));
            Net.ok(ring);
            Net.close(ring, gone);
            Sockets.send(ring.next(), fd, arena.allocate(1), 0);
            assertThat(Net.ok(ring)).isEqualTo(1);
            Sockets.recv(ring.next(), fd, arena.allocate(1), 0);
            assertThat(Completions.one(ring).failed(Errno.ECONNREFUSED)).isTrue();
            Net.close(ring, fd);
        }
    }

    @Test
    void shouldRejectAddressOfWhatDoesNotSend() {
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared()) {
            SockAddr to = SockAddr.of(arena, Net.ANY);
            MemorySegment buffer = arena.allocate(1);
            assertThatIllegalStateException()
                    .isThrownBy(
                            () -> Sockets.sendAddress(Sockets.recv(ring.next(), 0, buffer, 0), to))
                    .withMessageContaining("send");
        }
    }

    private static DatagramSocket peer() throws Exception {
        DatagramSocket peer =
                new DatagramSocket(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0));
        peer.setSoTimeout(10_000);
        return peer;
    }

    private static String text(DatagramPacket packet) {
        return new String(
                packet.getData(), 0, packet.getLength(), java.nio.charset.StandardCharsets.UTF_8);
    }
}
