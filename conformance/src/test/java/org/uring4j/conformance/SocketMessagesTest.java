package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.Cancel;
import org.uring4j.op.ControlMessage;
import org.uring4j.op.Files;
import org.uring4j.op.IoVectors;
import org.uring4j.op.MsgHdr;
import org.uring4j.op.OpenFlags;
import org.uring4j.op.RecvmsgOut;
import org.uring4j.op.SockAddr;
import org.uring4j.op.SocketMessages;
import org.uring4j.op.Sockets;
import org.uring4j.resource.BufferRing;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.util.List;

/** {@code IORING_OP_SENDMSG}, {@code IORING_OP_RECVMSG}. */
@Timeout(60)
class SocketMessagesTest {
    private static final int GROUP = 5;

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldGatherAndScatter(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofShared()) {
            int[] pair = Net.pair(ring);
            byte[] data = Net.random(300_000, 1);
            MemorySegment sent = arena.allocateFrom(ValueLayout.JAVA_BYTE, data);
            MemorySegment got = arena.allocate(data.length);
            MsgHdr out = MsgHdr.allocate(arena, 0, 0);
            out.pieces(IoVectors.of(arena, sent.asSlice(0, 100_000), sent.asSlice(100_000)));
            MsgHdr in = MsgHdr.allocate(arena, SockAddr.MAX_LENGTH, 0);
            in.pieces(IoVectors.of(arena, got.asSlice(0, 1), got.asSlice(1)));
            int all = Sockets.MSG_WAITALL;
            SocketMessages.recvmsg(ring.next(), pair[1], in, all, 0).userData(1);
            SocketMessages.sendmsg(ring.next(), pair[0], out, all, 0).userData(2);
            assertThat(Completions.some(ring, 2))
                    .allMatch(completion -> completion.result() == data.length);
            assertThat(got.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(data);
            assertThat(in.from()).isNull();
            assertThat(in.controls()).isEmpty();
            Net.close(ring, pair);
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldTellWhoSent(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofShared()) {
            int one = Net.bound(ring, Net.ANY, Sockets.SOCK_DGRAM);
            int other = Net.bound(ring, Net.ANY, Sockets.SOCK_DGRAM);
            MemorySegment got = arena.allocate(8);
            MsgHdr in = MsgHdr.allocate(arena, SockAddr.MAX_LENGTH, 0);
            in.pieces(IoVectors.of(arena, got));
            MsgHdr out = MsgHdr.allocate(arena, SockAddr.MAX_LENGTH, 0);
            out.pieces(IoVectors.of(arena, Opened.bytes(arena, "more than 8")));
            out.to(SockAddr.of(arena, Net.local(other)));
            for (int i = 0; i < 2; i++) {
                SocketMessages.sendmsg(ring.next(), one, out, 0, 0);
                assertThat(Net.ok(ring)).isEqualTo(11);
                SocketMessages.recvmsg(ring.next(), other, in, 0, Sockets.POLL_FIRST);
                assertThat(Net.ok(ring)).isEqualTo(8);
                assertThat(Opened.text(got, 8)).isEqualTo("more tha");
                assertThat(in.from()).isEqualTo(Net.local(one));
                assertThat(in.name().byteSize()).isEqualTo(16);
                assertThat(in.flags() & Sockets.MSG_TRUNC).isNotZero();
            }
            out.toConnected();
            SocketMessages.sendmsg(ring.next(), one, out, 0, 0);
            assertThat(Completions.one(ring).failed(Errno.EDESTADDRREQ)).isTrue();
            SocketMessages.recvmsg(ring.next(), one, in, Sockets.MSG_DONTWAIT, 0);
            assertThat(Completions.one(ring).failed(Errno.EAGAIN)).isTrue();
            SocketMessages.recvmsg(
                    ring.next(), one, in, Sockets.MSG_ERRQUEUE | Sockets.MSG_DONTWAIT, 0);
            assertThat(Completions.one(ring).failed(Errno.EAGAIN)).isTrue();
            Net.close(ring, one, other);
        }
    }

    @Test
    void shouldReceiveIntoProvidedBuffer() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared();
                BufferRing buffers = BufferRing.register(ring, GROUP, 2, 32)) {
            int one = Net.bound(ring, Net.ANY, Sockets.SOCK_DGRAM);
            int other = Net.bound(ring, Net.ANY, Sockets.SOCK_DGRAM);
            SockAddr to = SockAddr.of(arena, Net.local(other));
            Sockets.sendTo(ring.next(), one, Opened.bytes(arena, "provided"), to, 0, 0);
            Net.ok(ring);
            MsgHdr in = MsgHdr.allocate(arena, SockAddr.MAX_LENGTH, 0);
            SocketMessages.recvmsgProvided(ring.next(), other, in, GROUP, 0, 0);
            Completion completion = Completions.one(ring);
            assertThat(Net.ok(completion)).isEqualTo(8);
            assertThat(Opened.text(buffers.take(8, completion.flags()), 8)).isEqualTo("provided");
            assertThat(in.from()).isEqualTo(Net.local(one));
            Net.close(ring, one, other);
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldReceiveManyMessagesWithTheirSenders(RingMode mode) throws Exception {
        Needs.kernel("6.0", "IORING_RECV_MULTISHOT");
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofShared();
                BufferRing buffers = BufferRing.register(ring, GROUP, 4, 256);
                DatagramSocket one = new DatagramSocket(Net.ANY);
                DatagramSocket other = new DatagramSocket(Net.ANY)) {
            int fd = Net.bound(ring, Net.ANY, Sockets.SOCK_DGRAM);
            SocketAddress to = Net.local(fd);
            MsgHdr message = MsgHdr.allocate(arena, SockAddr.MAX_LENGTH, 64);
            RecvmsgOut out = new RecvmsgOut(message);
            SocketMessages.recvmsgMultishot(ring.next(), fd, message, GROUP, 0, 0).userData(1);
            ring.submit();
            for (int i = 0; i < 20; i++) {
                DatagramSocket sender = i % 3 == 0 ? one : other;
                byte[] text = Net.bytes("message " + i);
                sender.send(new DatagramPacket(text, text.length, to));
                Completion completion = Completions.one(ring);
                assertThat(completion.hasMore()).isTrue();
                Net.ok(completion);
                out.read(
                        buffers.take(completion.result(), completion.flags()), completion.result());
                assertThat(out.payload().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(text);
                assertThat(out.from()).isEqualTo(sender.getLocalSocketAddress());
                assertThat(out.flags()).isZero();
                assertThat(out.controls()).isEmpty();
                buffers.recycle(completion.bufferId());
            }
            Cancel.cancel(ring.next(), 1).userData(2);
            assertThat(Completions.some(ring, 2))
                    .anyMatch(end -> end.failed(Errno.ECANCELED) && !end.hasMore());
            Net.close(ring, fd);
        }
    }

    @Test
    void shouldTellWhatWasCutAndEndWithoutBuffers() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared();
                BufferRing buffers = BufferRing.register(ring, GROUP, 2, 16 + 16 + 10);
                DatagramSocket sender = new DatagramSocket(Net.ANY)) {
            int fd = Net.bound(ring, Net.ANY, Sockets.SOCK_DGRAM);
            MsgHdr message = MsgHdr.allocate(arena, 16, 0);
            RecvmsgOut out = new RecvmsgOut(message);
            byte[] text = Net.bytes("longer than ten");
            for (int i = 0; i < 3; i++) {
                sender.send(new DatagramPacket(text, text.length, Net.local(fd)));
            }
            SocketMessages.recvmsgMultishot(ring.next(), fd, message, GROUP, Sockets.MSG_TRUNC, 0);
            List<Completion> all = Completions.some(ring, 3);
            for (Completion each : all.subList(0, 2)) {
                assertThat(each.hasMore()).isTrue();
                out.read(buffers.take(Net.ok(each), each.flags()), each.result());
                assertThat(out.truncated()).isTrue();
                assertThat(out.controlTruncated()).isFalse();
                assertThat(out.fullLength()).isEqualTo(15);
                assertThat(out.payloadLength()).isEqualTo(10);
                assertThat(Opened.text(out.payload(), 10)).isEqualTo("longer tha");
                assertThat(out.from()).isEqualTo(sender.getLocalSocketAddress());
            }
            assertThat(all.get(2).failed(Errno.ENOBUFS)).isTrue();
            assertThat(all.get(2).hasMore()).isFalse();

            buffers.recycle(all.get(0).bufferId());
            MsgHdr large = MsgHdr.allocate(arena, 128, 0);
            SocketMessages.recvmsgMultishot(ring.next(), fd, large, GROUP, 0, 0);
            assertThat(Completions.one(ring).failed(Errno.EFAULT)).isTrue();
            int all4 = Sockets.MSG_WAITALL;
            SocketMessages.recvmsgMultishot(ring.next(), fd, message, GROUP, all4, 0);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
            Net.close(ring, fd);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldHandOverDescriptors(boolean multishot, @TempDir Path directory) throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared();
                BufferRing buffers = BufferRing.register(ring, GROUP, 2, 256)) {
            int[] pair = Net.unixPair(ring, Sockets.SOCK_STREAM);
            Path path = directory.resolve("handed-over");
            java.nio.file.Files.writeString(path, "content");
            sendDescriptor(ring, arena, pair[0], path);

            MsgHdr in = MsgHdr.allocate(arena, 0, ControlMessage.space(8));
            List<ControlMessage> controls;
            int flags = Sockets.MSG_CMSG_CLOEXEC;
            if (multishot) {
                SocketMessages.recvmsgMultishot(ring.next(), pair[1], in, GROUP, flags, 0);
                Completion completion = Completions.one(ring);
                RecvmsgOut out = new RecvmsgOut(in);
                out.read(buffers.take(Net.ok(completion), completion.flags()), completion.result());
                assertThat(Opened.text(out.payload(), 4)).isEqualTo("here");
                assertThat(out.controlTruncated()).isFalse();
                controls = out.controls();
            } else {
                MemorySegment got = arena.allocate(8);
                in.pieces(IoVectors.of(arena, got));
                SocketMessages.recvmsg(ring.next(), pair[1], in, flags, 0);
                assertThat(Net.ok(ring)).isEqualTo(4);
                assertThat(Opened.text(got, 4)).isEqualTo("here");
                controls = in.controls();
            }
            assertThat(controls).hasSize(1);
            int[] descriptors = controls.getFirst().descriptors();
            assertThat(descriptors).hasSize(1);
            assertThat(closesOnExec(descriptors[0])).isTrue();
            MemorySegment content = arena.allocate(16);
            Files.read(ring.next(), descriptors[0], content, 0).userData(7);
            Completions.until(ring, completion -> completion.userData() == 7);
            assertThat(Opened.text(content, 7)).isEqualTo("content");
            if (multishot) {
                Cancel.cancel(ring.next(), 0);
                Completions.some(ring, 2);
            }
            Net.close(ring, descriptors[0], pair[0], pair[1]);
        }
    }

    private static void sendDescriptor(Ring ring, Arena arena, int socket, Path path) {
        MsgHdr out = MsgHdr.allocate(arena, 0, ControlMessage.space(4));
        out.pieces(IoVectors.of(arena, Opened.bytes(arena, "here")));
        try (Opened file = Opened.open(ring, path, OpenFlags.O_RDONLY)) {
            MemorySegment fd = arena.allocateFrom(ValueLayout.JAVA_INT, file.fd());
            out.addControl(ControlMessage.SOL_SOCKET, ControlMessage.SCM_RIGHTS, fd);
            SocketMessages.sendmsg(ring.next(), socket, out, 0, 0);
            assertThat(Net.ok(ring)).isEqualTo(4);
        }
    }

    private static boolean closesOnExec(int fd) throws IOException {
        String info = java.nio.file.Files.readString(Path.of("/proc/self/fdinfo/" + fd));
        int flags = Integer.parseInt(info.replaceAll("(?s).*flags:\\s*(\\d+).*", "$1"), 8);
        return (flags & OpenFlags.O_CLOEXEC) != 0;
    }

    @Test
    void shouldTellWhenControlDataWasCutAndKeepRecordsApart(@TempDir Path directory)
            throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared()) {
            int[] pair = Net.unixPair(ring, Sockets.SOCK_SEQPACKET);
            Path path = java.nio.file.Files.createFile(directory.resolve("file"));
            sendDescriptor(ring, arena, pair[0], path);
            MsgHdr in = MsgHdr.allocate(arena, 0, 0);
            in.pieces(IoVectors.of(arena, arena.allocate(8)));
            SocketMessages.recvmsg(ring.next(), pair[1], in, 0, 0);
            assertThat(Net.ok(ring)).isEqualTo(4);
            assertThat(in.flags() & Sockets.MSG_CTRUNC).isNotZero();
            assertThat(in.controls()).isEmpty();
            Sockets.send(ring.next(), pair[0], arena.allocate(2), Sockets.MSG_EOR);
            assertThat(Net.ok(ring)).isEqualTo(2);
            Sockets.send(ring.next(), pair[0], arena.allocate(3), 0);
            assertThat(Net.ok(ring)).isEqualTo(3);
            SocketMessages.recvmsg(ring.next(), pair[1], in, 0, 0);
            assertThat(Net.ok(ring)).isEqualTo(2);
            SocketMessages.recvmsg(ring.next(), pair[1], in, 0, 0);
            assertThat(Net.ok(ring)).isEqualTo(3);
            Net.close(ring, pair);
            SocketMessages.sendmsg(ring.next(), pair[0], in, 0, 0);
            assertThat(Completions.one(ring).failed(Errno.EBADF)).isTrue();
        }
    }

    @Test
    void shouldFailWhenPeerIsGone() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared()) {
            int[] pair = Net.unixPair(ring, Sockets.SOCK_STREAM);
            Net.close(ring, pair[1]);
            MsgHdr message = MsgHdr.allocate(arena, 0, 0);
            message.pieces(IoVectors.of(arena, arena.allocate(8)));
            SocketMessages.recvmsg(ring.next(), pair[0], message, 0, 0);
            assertThat(Completions.one(ring).result()).isZero();
            SocketMessages.sendmsg(ring.next(), pair[0], message, 0, 0);
            assertThat(Completions.one(ring).failed(Errno.EPIPE)).isTrue();
            try (Opened file = Opened.open(ring, Path.of("/dev/null"), OpenFlags.O_RDWR)) {
                SocketMessages.recvmsg(ring.next(), file.fd(), message, 0, 0);
                assertThat(Completions.one(ring).failed(Errno.ENOTSOCK)).isTrue();
            }
            Net.close(ring, pair[0]);
        }
    }
}
