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

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.SocketException;

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
                assertFailed(ring, Errno.EFAULT);
                ZeroCopySend.sendFixed(ring.next(), connection.fd(), part, 2, ALL, 0);
                assertFailed(ring, Errno.EFAULT);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldSendToAddress(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofShared();
                Datagrams datagrams = new Datagrams(ring, 2)) {
            int fd = datagrams.fd;
            MemorySegment buffer = arena.allocateFrom(ValueLayout.JAVA_BYTE, datagrams.data);
            SockAddr to = datagrams.to(arena);
            ZeroCopySend.sendTo(ring.next(), fd, buffer, to, 0, 0);
            datagrams.assertSent();
            try (RegisteredBuffers buffers = RegisteredBuffers.register(ring, buffer)) {
                MemorySegment all = buffers.buffer(0);
                Sockets.sendAddress(
                        ZeroCopySend.sendFixed(ring.next(), fd, all, 0, 0, Sockets.POLL_FIRST), to);
                datagrams.assertSent();
            }
            ZeroCopySend.send(ring.next(), fd, buffer, 0, 0);
            assertFailed(ring, Errno.EDESTADDRREQ);
            ZeroCopySend.sendTo(ring.next(), fd, arena.allocate(70_000), to, 0, 0);
            assertFailed(ring, Errno.EMSGSIZE);
        }
    }

    private static void assertFailed(Ring ring, Errno errno) {
        assertThat(Errno.of(Outcomes.one(ring).result())).isEqualTo(errno);
    }

    /** A datagram socket of the ring's, one to send to, and what to send. */
    private static final class Datagrams implements AutoCloseable {
        final Ring ring;
        final int fd;
        final DatagramSocket peer = new DatagramSocket(Net.ANY);
        final byte[] data;

        Datagrams(Ring ring, int seed) throws SocketException {
            this.ring = ring;
            fd = Net.bound(ring, Net.ANY, Sockets.SOCK_DGRAM);
            data = Net.random(5000, seed);
            peer.setSoTimeout(10_000);
        }

        SockAddr to(Arena arena) {
            return SockAddr.of(arena, peer.getLocalSocketAddress());
        }

        IoVectors pieces(Arena arena) {
            MemorySegment memory = arena.allocateFrom(ValueLayout.JAVA_BYTE, data);
            return IoVectors.of(arena, memory.asSlice(0, 4000), memory.asSlice(4000));
        }

        Outcome assertSent() throws IOException {
            Outcome outcome = Outcomes.one(ring);
            assertThat(outcome.result()).isEqualTo(data.length);
            DatagramPacket packet = new DatagramPacket(new byte[10_000], 10_000);
            peer.receive(packet);
            assertThat(packet.getLength()).isEqualTo(data.length);
            assertThat(packet.getData()).startsWith(data);
            return outcome;
        }

        @Override
        public void close() {
            peer.close();
            Net.close(ring, fd);
        }
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
                Datagrams datagrams = new Datagrams(ring, 7)) {
            IoVectors pieces = datagrams.pieces(arena);
            Sqe send = ZeroCopySend.sendv(ring.next(), datagrams.fd, pieces, 0, report());
            Sockets.sendAddress(send, datagrams.to(arena));
            assertThat(datagrams.assertSent().notified()).isTrue();
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
                Datagrams datagrams = new Datagrams(ring, 5)) {
            int fd = datagrams.fd;
            MsgHdr message = MsgHdr.allocate(arena, SockAddr.MAX_LENGTH, 0);
            message.pieces(datagrams.pieces(arena)).to(datagrams.to(arena));
            ZeroCopySend.sendmsg(ring.next(), fd, message, 0, 0);
            datagrams.assertSent();
            ZeroCopySend.sendmsg(ring.next(), fd, message.toConnected(), 0, 0);
            assertFailed(ring, Errno.EDESTADDRREQ);
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
                assertFailed(ring, Errno.EFAULT);
            }
        }
    }
}
