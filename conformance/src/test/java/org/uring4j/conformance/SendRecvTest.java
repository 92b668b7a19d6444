package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Cqe;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.IoVectors;
import org.uring4j.op.SockAddr;
import org.uring4j.op.Sockets;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** {@code IORING_OP_SEND}, {@code IORING_OP_RECV} over connections. */
@Timeout(60)
class SendRecvTest {
    private static final int UNKNOWN_FLAG = 1 << 12;

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldMoveDataUnchanged(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofShared()) {
            int[] pair = Net.pair(ring);
            byte[] data = Net.random(1 << 20, 1);
            MemorySegment sent = arena.allocateFrom(ValueLayout.JAVA_BYTE, data);
            MemorySegment got = arena.allocate(data.length);
            Sockets.recv(ring.next(), pair[1], got, Sockets.MSG_WAITALL).userData(1);
            Sockets.send(ring.next(), pair[0], sent, Sockets.MSG_WAITALL).userData(2);
            assertThat(Completions.some(ring, 2))
                    .allMatch(completion -> completion.result() == data.length);
            assertThat(got.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(data);
            Net.close(ring, pair);
        }
    }

    @Test
    void shouldTellShortSendAndGoOnWhenAllIsAskedFor() throws Exception {
        byte[] data = Net.random(8 << 20, 2);
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared();
                Connection connection = Connection.narrow(ring)) {
            MemorySegment buffer = arena.allocateFrom(ValueLayout.JAVA_BYTE, data);
            Sockets.send(ring.next(), connection.fd(), buffer, 0);
            int sent = Net.ok(ring);
            assertThat(sent).isPositive().isLessThan(data.length);
            // What is on its way to the receiver makes room for more, now or a little later.
            Completion more;
            do {
                MemorySegment left = buffer.asSlice(sent);
                Sockets.send(ring.next(), connection.fd(), left, Sockets.MSG_DONTWAIT);
                more = Completions.one(ring);
                sent += Math.max(0, more.result());
            } while (more.result() > 0);
            assertThat(more.failed(Errno.EAGAIN)).as("%s", more).isTrue();

            MemorySegment rest = buffer.asSlice(sent);
            Sockets.send(ring.next(), connection.fd(), rest, Sockets.MSG_WAITALL);
            ring.submit();
            CompletableFuture<byte[]> reader = new CompletableFuture<>();
            Thread thread =
                    Thread.ofPlatform()
                            .start(
                                    () -> {
                                        try {
                                            reader.complete(connection.receive(data.length));
                                        } catch (Exception e) {
                                            reader.completeExceptionally(e);
                                        }
                                    });
            assertThat(Net.ok(ring)).isEqualTo(data.length - sent);
            assertThat(reader.join()).isEqualTo(data);
            thread.join();
        }
    }

    @Test
    void shouldWaitForAllOrTheEnd() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared();
                Connection connection = Connection.open(ring)) {
            MemorySegment buffer = arena.allocate(10);
            Sockets.recv(ring.next(), connection.fd(), buffer, Sockets.MSG_WAITALL);
            ring.submit();
            connection.send("1234");
            // What was sent over loopback is there, and does not end the request.
            assertThat(Completions.now(ring)).isEmpty();
            connection.send("567890");
            assertThat(Net.ok(ring)).isEqualTo(10);
            assertThat(Opened.text(buffer, 10)).isEqualTo("1234567890");

            Sockets.recv(ring.next(), connection.fd(), buffer, Sockets.MSG_WAITALL)
                    .userData(1)
                    .link();
            Sockets.recv(ring.next(), connection.fd(), buffer, 0).userData(2);
            ring.submit();
            connection.send("xy");
            connection.peer().shutdownOutput();
            List<Completion> ended = Completions.some(ring, 2);
            assertThat(ended.get(0).result()).isEqualTo(2);
            assertThat(ended.get(1).failed(Errno.ECANCELED)).isTrue();
        }
    }

    @Test
    void shouldReceiveAsFlagsSay() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared();
                Connection connection = Connection.open(ring)) {
            int fd = connection.fd();
            MemorySegment buffer = arena.allocate(8);
            Sockets.recv(ring.next(), fd, buffer, Sockets.MSG_DONTWAIT);
            assertThat(Completions.one(ring).failed(Errno.EAGAIN)).isTrue();
            connection.send("abc");
            for (int flags : new int[] {Sockets.MSG_PEEK, 0}) {
                Sockets.recv(ring.next(), fd, buffer, flags);
                assertThat(Net.ok(ring)).isEqualTo(3);
                assertThat(Opened.text(buffer, 3)).isEqualTo("abc");
            }
            connection.peer().sendUrgentData(42);
            Sockets.recv(ring.next(), fd, buffer, Sockets.MSG_OOB);
            assertThat(Net.ok(ring)).isEqualTo(1);
            assertThat(buffer.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 42);
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldPollFirst(RingMode mode) throws Exception {
        Needs.kernel("5.19", "IORING_RECVSEND_POLL_FIRST");
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofShared();
                Connection connection = Connection.open(ring)) {
            int fd = connection.fd();
            MemorySegment buffer = arena.allocate(8);
            Sockets.recv(ring.next(), fd, buffer, 0, Sockets.POLL_FIRST);
            ring.submit();
            connection.send("x");
            assertThat(Net.ok(ring)).isEqualTo(1);
            assertThat(Opened.text(buffer, 1)).isEqualTo("x");
            connection.send("y");
            Sockets.recv(ring.next(), fd, buffer, 0, Sockets.POLL_FIRST);
            assertThat(Net.ok(ring)).isEqualTo(1);
            assertThat(Opened.text(buffer, 1)).isEqualTo("y");
            Sockets.send(ring.next(), fd, buffer, 0, Sockets.POLL_FIRST);
            assertThat(Net.ok(ring)).isEqualTo(8);
            assertThat(connection.receive(8)).startsWith('y');

            Sockets.recv(ring.next(), fd, buffer, 0, UNKNOWN_FLAG);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
            Sockets.send(ring.next(), fd, buffer, 0, UNKNOWN_FLAG);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
        }
    }

    @Test
    void shouldTellWhetherThereIsMoreToRead() throws Exception {
        Needs.kernel("5.19", "IORING_CQE_F_SOCK_NONEMPTY");
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared();
                Connection connection = Connection.open(ring)) {
            connection.send("123456");
            MemorySegment buffer = arena.allocate(4);
            Sockets.recv(ring.next(), connection.fd(), buffer, 0);
            Completion first = Completions.one(ring);
            assertThat(first.result()).isEqualTo(4);
            assertThat(Cqe.socketNonEmpty(first.flags())).isTrue();
            Sockets.recv(ring.next(), connection.fd(), buffer, 0);
            Completion second = Completions.one(ring);
            assertThat(second.result()).isEqualTo(2);
            assertThat(Cqe.socketNonEmpty(second.flags())).isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldTellTheEnd(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofShared();
                Connection connection = Connection.open(ring)) {
            MemorySegment buffer = arena.allocate(8);
            Sockets.recv(ring.next(), connection.fd(), buffer, 0);
            ring.submit();
            connection.peer().close();
            assertThat(Completions.one(ring).result()).isZero();
            // The first send meets a peer that is gone and makes it say so, a later one knows.
            Sockets.send(ring.next(), connection.fd(), buffer, 0).userData(1).link();
            Sockets.recv(ring.next(), connection.fd(), buffer, 0).userData(2);
            List<Completion> both = Completions.some(ring, 2);
            assertThat(both.get(0).result()).isEqualTo(8);
            Sockets.send(ring.next(), connection.fd(), buffer, 0);
            assertThat(Completions.one(ring).failed(Errno.EPIPE)).isTrue();
        }
    }

    @Test
    void shouldTellReset() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared();
                Connection connection = Connection.open(ring)) {
            Sockets.recv(ring.next(), connection.fd(), arena.allocate(8), 0);
            ring.submit();
            connection.peer().setSoLinger(true, 0);
            connection.peer().close();
            assertThat(Completions.one(ring).failed(Errno.ECONNRESET)).isTrue();
        }
    }

    @Test
    void shouldFailWhenNotConnected() {
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared()) {
            int fd = Net.socket(ring, Sockets.AF_INET, Sockets.SOCK_STREAM);
            MemorySegment buffer = arena.allocate(8);
            Sockets.recv(ring.next(), fd, buffer, 0);
            assertThat(Completions.one(ring).failed(Errno.ENOTCONN)).isTrue();
            Sockets.send(ring.next(), fd, buffer, 0);
            assertThat(Completions.one(ring).failed(Errno.EPIPE)).isTrue();
            Net.close(ring, fd);
        }
    }

    @Test
    void shouldWaitThoughSocketIsNonblocking() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared()) {
            int listener = Net.listener(ring, Net.ANY);
            int client = Net.socket(ring, Sockets.AF_INET, Sockets.SOCK_STREAM);
            Sockets.connect(ring.next(), client, SockAddr.of(arena, Net.local(listener)));
            Net.ok(ring);
            Sockets.accept(ring.next(), listener, Sockets.SOCK_NONBLOCK);
            int server = Net.ok(ring);
            MemorySegment buffer = arena.allocate(8);
            Sockets.recv(ring.next(), server, buffer, 0).userData(1);
            assertThat(Completions.now(ring)).isEmpty();
            Sockets.recv(ring.next(), server, buffer, Sockets.MSG_DONTWAIT).userData(2);
            Completion refused = Completions.one(ring);
            assertThat(refused.userData()).isEqualTo(2);
            assertThat(refused.failed(Errno.EAGAIN)).isTrue();
            Sockets.send(ring.next(), client, Opened.bytes(arena, "late"), 0).userData(3);
            assertThat(Completions.some(ring, 2)).allMatch(waited -> waited.result() == 4);
            assertThat(Opened.text(buffer, 4)).isEqualTo("late");
            Net.close(ring, client, server, listener);
        }
    }

    @Test
    void shouldMoveNothing() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared()) {
            int[] pair = Net.pair(ring);
            Sockets.send(ring.next(), pair[0], MemorySegment.NULL, 0);
            assertThat(Completions.one(ring).result()).isZero();
            Sockets.send(ring.next(), pair[0], arena.allocate(3), 0);
            Net.ok(ring);
            Sockets.recv(ring.next(), pair[1], MemorySegment.NULL, 0);
            assertThat(Completions.one(ring).result()).isZero();
            Net.close(ring, pair);
        }
    }

    @Test
    void shouldRunChainInOrder() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared()) {
            int[] pair = Net.pair(ring);
            MemorySegment got = arena.allocate(6);
            Sockets.recv(ring.next(), pair[1], got, Sockets.MSG_WAITALL).userData(1);
            Sockets.send(ring.next(), pair[0], Opened.bytes(arena, "one"), Sockets.MSG_MORE)
                    .userData(2)
                    .link();
            Sockets.send(ring.next(), pair[0], Opened.bytes(arena, "two"), 0).userData(3).link();
            Sockets.shutdown(ring.next(), pair[0], Sockets.SHUT_WR).userData(4);
            List<Completion> all = Completions.some(ring, 4);
            all.sort(Comparator.comparingLong(Completion::userData));
            assertThat(all).extracting(Completion::result).containsExactly(6, 3, 3, 0);
            assertThat(Opened.text(got, 6)).isEqualTo("onetwo");
            Sockets.recv(ring.next(), pair[1], got, 0);
            assertThat(Completions.one(ring).result()).isZero();
            Net.close(ring, pair);
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldGatherPieces(RingMode mode) throws Exception {
        Needs.kernel("6.17", "IORING_SEND_VECTORIZED");
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofShared();
                Connection connection = Connection.open(ring)) {
            IoVectors pieces =
                    IoVectors.of(arena, Opened.bytes(arena, "first,"), arena.allocate(0));
            MemorySegment large = arena.allocateFrom(ValueLayout.JAVA_BYTE, Net.random(9999, 3));
            IoVectors more = IoVectors.of(arena, Opened.bytes(arena, "second"), large);
            Sockets.sendv(ring.next(), connection.fd(), pieces, 0, 0);
            assertThat(Net.ok(ring)).isEqualTo(6);
            Sockets.sendv(ring.next(), connection.fd(), more, Sockets.MSG_WAITALL, 0);
            assertThat(Net.ok(ring)).isEqualTo(6 + 9999);
            assertThat(connection.receive(12)).isEqualTo(Net.bytes("first,second"));
            assertThat(connection.receive(9999)).isEqualTo(Net.random(9999, 3));
        }
    }
}
