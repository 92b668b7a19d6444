package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.KernelVersion;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.Sqe;
import org.uring4j.conformance.Outcomes.Outcome;
import org.uring4j.op.IoVectors;
import org.uring4j.op.MsgHdr;
import org.uring4j.op.SockAddr;
import org.uring4j.op.Sockets;
import org.uring4j.op.ZeroCopySend;
import org.uring4j.resource.RegisteredBuffers;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.DatagramPacket;
import java.net.DatagramSocket;

/**
 * {@code IORING_OP_SEND_ZC}, {@code IORING_OP_SENDMSG_ZC} from registered buffers, in several
 * pieces, as messages, to addresses.
 */
@Timeout(60)
class ZeroCopyFormsTest {
    private static final int ALL = Sockets.MSG_WAITALL;

    private static final boolean REPORTS =
            KernelVersion.running().compareTo(KernelVersion.parse("6.2")) >= 0;

    @BeforeEach
    void needsZeroCopy() {
        Needs.kernel("6.0", "IORING_OP_SEND_ZC");
    }

    /** Has the notification tell what was copied, where the kernel can. */
    private static int report() {
        return REPORTS ? ZeroCopySend.REPORT_USAGE : 0;
    }

    /** Loopback copies, and the notification says so where it can. */
    private static void assertCopied(Outcome outcome) {
        assertThat(ZeroCopySend.copied(outcome.notification())).isEqualTo(REPORTS);
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldSendFromRegisteredBuffer(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofShared();
                Connection connection = Connection.open(ring)) {
            byte[] data = Net.random(200_000, 1);
            MemorySegment memory = arena.allocate(data.length + 100, 4096);
            MemorySegment part = memory.asSlice(77, data.length);
            part.copyFrom(MemorySegment.ofArray(data));
            try (RegisteredBuffers buffers =
                    RegisteredBuffers.register(ring, arena.allocate(10), memory)) {
                assertThat(buffers.count()).isEqualTo(2);
                ZeroCopySend.sendFixed(ring.next(), connection.fd(), part, 1, ALL, report());
                assertCopied(Outcomes.delivered(connection, data));

                ZeroCopySend.sendFixed(ring.next(), connection.fd(), part, 0, ALL, 0);
                assertThat(Errno.of(Outcomes.one(ring).result())).isEqualTo(Errno.EFAULT);
                ZeroCopySend.sendFixed(ring.next(), connection.fd(), part, 2, ALL, 0);
                assertThat(Errno.of(Outcomes.one(ring).result())).isEqualTo(Errno.EFAULT);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldSendToAddress(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofShared();
                DatagramSocket peer = new DatagramSocket(Net.ANY)) {
            peer.setSoTimeout(10_000);
            int fd = Net.bound(ring, Net.ANY, Sockets.SOCK_DGRAM);
            byte[] data = Net.random(5000, 2);
            MemorySegment buffer = arena.allocateFrom(ValueLayout.JAVA_BYTE, data);
            SockAddr to = SockAddr.of(arena, peer.getLocalSocketAddress());
            ZeroCopySend.sendTo(ring.next(), fd, buffer, to, 0, 0);
            assertThat(Outcomes.one(ring).result()).isEqualTo(data.length);
            receive(peer, data);
            try (RegisteredBuffers buffers = RegisteredBuffers.register(ring, buffer)) {
                MemorySegment all = buffers.buffer(0);
                Sockets.sendAddress(
                        ZeroCopySend.sendFixed(ring.next(), fd, all, 0, 0, Sockets.POLL_FIRST), to);
                assertThat(Outcomes.one(ring).result()).isEqualTo(data.length);
                receive(peer, data);
            }
            ZeroCopySend.send(ring.next(), fd, buffer, 0, 0);
            assertThat(Errno.of(Outcomes.one(ring).result())).isEqualTo(Errno.EDESTADDRREQ);
            ZeroCopySend.sendTo(ring.next(), fd, arena.allocate(70_000), to, 0, 0);
            assertThat(Errno.of(Outcomes.one(ring).result())).isEqualTo(Errno.EMSGSIZE);
            Net.close(ring, fd);
        }
    }

    private static void receive(DatagramSocket peer, byte[] data) throws Exception {
        DatagramPacket packet = new DatagramPacket(new byte[10_000], 10_000);
        peer.receive(packet);
        assertThat(packet.getLength()).isEqualTo(data.length);
        assertThat(packet.getData()).startsWith(data);
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldSendPieces(RingMode mode) throws Exception {
        Needs.kernel("6.17", "IORING_SEND_VECTORIZED");
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofShared();
                Connection connection = Connection.open(ring)) {
            byte[] data = Net.random(90_000, 3);
            IoVectors pieces = pieces(arena.allocateFrom(ValueLayout.JAVA_BYTE, data), arena);
            ZeroCopySend.sendv(ring.next(), connection.fd(), pieces, ALL, report());
            assertCopied(Outcomes.delivered(connection, data));
        }
    }

    @Test
    void shouldSendPiecesToAddress() throws Exception {
        Needs.kernel("6.17", "IORING_SEND_VECTORIZED");
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared();
                DatagramSocket peer = new DatagramSocket(Net.ANY)) {
            peer.setSoTimeout(10_000);
            int fd = Net.socket(ring, Sockets.AF_INET, Sockets.SOCK_DGRAM);
            byte[] data = Net.random(5000, 7);
            MemorySegment memory = arena.allocateFrom(ValueLayout.JAVA_BYTE, data);
            IoVectors pieces = IoVectors.of(arena, memory.asSlice(0, 4000), memory.asSlice(4000));
            SockAddr to = SockAddr.of(arena, peer.getLocalSocketAddress());
            Sockets.sendAddress(ZeroCopySend.sendv(ring.next(), fd, pieces, 0, report()), to);
            Outcome outcome = Outcomes.one(ring);
            assertThat(outcome.result()).isEqualTo(data.length);
            assertThat(outcome.notified()).isTrue();
            receive(peer, data);
            Net.close(ring, fd);
        }
    }

    @Test
    void shouldKeepOrderOfMessagesInChain() throws Exception {
        // 6.1 has the op, and such a chain comes to no end there.
        Needs.kernel("6.2", "a chain of IORING_OP_SENDMSG_ZC that polls first");
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared();
                Connection connection = Connection.open(ring)) {
            byte[] data = Net.random(90_000, 8);
            MemorySegment memory = arena.allocateFrom(ValueLayout.JAVA_BYTE, data);
            for (int i = 0; i < 3; i++) {
                MemorySegment part = memory.asSlice(i * 30_000L, 30_000);
                MsgHdr message = MsgHdr.allocate(arena, 0, 0);
                message.pieces(IoVectors.of(arena, part.asSlice(0, 1), part.asSlice(1)));
                int flags = Sockets.POLL_FIRST;
                Sqe sqe = ZeroCopySend.sendmsg(ring.next(), connection.fd(), message, ALL, flags);
                sqe.userData(i);
                if (i < 2) {
                    sqe.link();
                }
            }
            Outcomes outcomes = Outcomes.of(ring, 0, 1, 2);
            assertThat(outcomes.order()).containsExactly(0L, 1L, 2L);
            assertThat(connection.receive(data.length)).isEqualTo(data);
        }
    }

    /** Some of the memory, in unequal pieces that together are all of it. */
    private static IoVectors pieces(MemorySegment all, Arena arena) {
        return IoVectors.of(arena, all.asSlice(0, 1), all.asSlice(1, 30_000), all.asSlice(30_001));
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldSendMessage(RingMode mode) throws Exception {
        Needs.kernel("6.1", "IORING_OP_SENDMSG_ZC");
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofShared();
                Connection connection = Connection.open(ring)) {
            byte[] data = Net.random(90_000, 4);
            MemorySegment memory = arena.allocateFrom(ValueLayout.JAVA_BYTE, data);
            MsgHdr message = MsgHdr.allocate(arena, 0, 0).pieces(pieces(memory, arena));
            ZeroCopySend.sendmsg(ring.next(), connection.fd(), message, ALL, report());
            assertCopied(Outcomes.delivered(connection, data));
        }
    }

    @Test
    void shouldSendMessageToAddress() throws Exception {
        Needs.kernel("6.1", "IORING_OP_SENDMSG_ZC");
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared();
                DatagramSocket peer = new DatagramSocket(Net.ANY)) {
            peer.setSoTimeout(10_000);
            int fd = Net.socket(ring, Sockets.AF_INET, Sockets.SOCK_DGRAM);
            byte[] data = Net.random(5000, 5);
            MemorySegment memory = arena.allocateFrom(ValueLayout.JAVA_BYTE, data);
            MsgHdr message = MsgHdr.allocate(arena, SockAddr.MAX_LENGTH, 0);
            message.pieces(IoVectors.of(arena, memory.asSlice(0, 4000), memory.asSlice(4000)));
            message.to(SockAddr.of(arena, peer.getLocalSocketAddress()));
            ZeroCopySend.sendmsg(ring.next(), fd, message, 0, 0);
            assertThat(Outcomes.one(ring).result()).isEqualTo(data.length);
            receive(peer, data);
            ZeroCopySend.sendmsg(ring.next(), fd, message.toConnected(), 0, 0);
            assertThat(Errno.of(Outcomes.one(ring).result())).isEqualTo(Errno.EDESTADDRREQ);
            Net.close(ring, fd);
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldSendMessageFromRegisteredBuffer(RingMode mode) throws Exception {
        Needs.kernel("6.15", "IORING_OP_SENDMSG_ZC with IORING_RECVSEND_FIXED_BUF");
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofShared();
                Connection connection = Connection.open(ring)) {
            byte[] data = Net.random(90_000, 6);
            MemorySegment memory = arena.allocateFrom(ValueLayout.JAVA_BYTE, data);
            MsgHdr message = MsgHdr.allocate(arena, 0, 0).pieces(pieces(memory, arena));
            MsgHdr other = MsgHdr.allocate(arena, 0, 0);
            other.pieces(IoVectors.of(arena, arena.allocate(100)));
            try (RegisteredBuffers buffers = RegisteredBuffers.register(ring, memory)) {
                assertThat(buffers.contains(0, memory)).isTrue();
                int fd = connection.fd();
                ZeroCopySend.sendmsgFixed(ring.next(), fd, message, 0, ALL, 0);
                assertThat(Outcomes.delivered(connection, data).notification()).isZero();
                ZeroCopySend.sendmsgFixed(ring.next(), fd, other, 0, ALL, 0);
                assertThat(Errno.of(Outcomes.one(ring).result())).isEqualTo(Errno.EFAULT);
            }
        }
    }
}
