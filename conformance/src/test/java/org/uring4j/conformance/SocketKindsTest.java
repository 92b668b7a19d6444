package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.SockAddr;
import org.uring4j.op.SocketKinds;
import org.uring4j.op.Sockets;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** {@code IORING_OP_SOCKET} of further kinds. */
@Timeout(60)
class SocketKindsTest {
    private static final int SOCKADDR_NETLINK_BYTES = 12;

    private static Completion socket(Ring ring, int domain, int type, int protocol) {
        Needs.kernel("5.19", "IORING_OP_SOCKET");
        Sockets.socket(ring.next(), domain, type | Sockets.SOCK_CLOEXEC, protocol);
        return Completions.one(ring);
    }

    @Test
    void shouldTalkWithTheKernel() {
        Needs.kernel("6.11", "IORING_OP_BIND");
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared()) {
            int fd = Net.ok(socket(ring, SocketKinds.AF_NETLINK, SocketKinds.SOCK_RAW, 0));
            MemorySegment address = arena.allocate(SOCKADDR_NETLINK_BYTES, 4);
            address.set(JAVA_BYTE, 0, (byte) SocketKinds.AF_NETLINK);
            Sockets.bind(ring.next(), fd, SockAddr.allocate(arena).setRaw(address));
            Net.ok(ring);
            assertThat(SockAddr.ofSocket(arena, fd).family()).isEqualTo(SocketKinds.AF_NETLINK);
            Net.close(ring, fd);
        }
    }

    @Test
    void shouldGoBySeveralWays() throws Exception {
        InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared()) {
            int mptcp = SocketKinds.IPPROTO_MPTCP;
            Completion made = socket(ring, Sockets.AF_INET, Sockets.SOCK_STREAM, mptcp);
            Needs.that(
                    !made.failed(Errno.EPROTONOSUPPORT) && !made.failed(Errno.ENOPROTOOPT),
                    "this kernel has no MPTCP");
            int client = Net.ok(made);
            int listener = Net.listener(ring, any);
            Sockets.connect(ring.next(), client, SockAddr.of(arena, Net.local(listener)));
            Net.ok(ring);
            Sockets.accept(ring.next(), listener, Sockets.SOCK_CLOEXEC);
            int server = Net.ok(ring);
            MemorySegment sent = arena.allocate(1000).fill((byte) 5);
            MemorySegment got = arena.allocate(1000);
            Sockets.send(ring.next(), client, sent, Sockets.MSG_WAITALL);
            assertThat(Net.ok(ring)).isEqualTo(1000);
            Sockets.recv(ring.next(), server, got, Sockets.MSG_WAITALL);
            assertThat(Net.ok(ring)).isEqualTo(1000);
            assertThat(got.mismatch(sent)).isEqualTo(-1);
            Net.close(ring, client, server, listener);
        }
    }

    @Test
    void shouldFailOfKindsThatDoNotGoTogether() {
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            Completion datagrams =
                    socket(ring, Sockets.AF_INET, Sockets.SOCK_DGRAM, SocketKinds.IPPROTO_MPTCP);
            assertThat(datagrams.failed(Errno.EPROTONOSUPPORT)).as("%s", datagrams).isTrue();
            Completion none = socket(ring, 1000, Sockets.SOCK_STREAM, 0);
            assertThat(none.failed(Errno.EAFNOSUPPORT)).as("%s", none).isTrue();
        }
    }
}
