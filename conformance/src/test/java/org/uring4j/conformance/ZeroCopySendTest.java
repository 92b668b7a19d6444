package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.conformance.Outcomes.Outcome;
import org.uring4j.op.Cancel;
import org.uring4j.op.OpenFlags;
import org.uring4j.op.Sockets;
import org.uring4j.op.ZeroCopySend;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;

/** {@code IORING_OP_SEND_ZC}, {@code IORING_OP_SENDMSG_ZC}. */
@Timeout(60)
class ZeroCopySendTest {
    private static final int ALL = Sockets.MSG_WAITALL;

    @BeforeEach
    void needsZeroCopy() {
        Needs.kernel("6.0", "IORING_OP_SEND_ZC");
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldGiveResultThenNotification(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofShared();
                Connection connection = Connection.open(ring)) {
            byte[] data = Net.random(100_000, 1);
            MemorySegment buffer = arena.allocateFrom(ValueLayout.JAVA_BYTE, data);
            ZeroCopySend.send(ring.next(), connection.fd(), buffer, ALL, 0).userData(7);
            assertThat(Outcomes.delivered(connection, data).notification()).isZero();
            assertThat(ring.inFlight()).isZero();
        }
    }

    @Test
    void shouldReportThatLoopbackCopies() throws Exception {
        Needs.kernel("6.2", "IORING_SEND_ZC_REPORT_USAGE");
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared();
                Connection connection = Connection.open(ring)) {
            MemorySegment buffer = arena.allocate(50_000);
            int report = ZeroCopySend.REPORT_USAGE;
            ZeroCopySend.send(ring.next(), connection.fd(), buffer, ALL, report);
            Outcome outcome = Outcomes.delivered(connection, new byte[50_000]);
            assertThat(ZeroCopySend.copied(outcome.notification())).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldGiveBothForEachOfManyInFlight(RingMode mode) throws Exception {
        try (Ring ring = mode.open(32);
                Arena arena = Arena.ofShared();
                Connection connection = Connection.open(ring)) {
            byte[] data = Net.random(32 * 1000, 2);
            MemorySegment buffer = arena.allocateFrom(ValueLayout.JAVA_BYTE, data);
            for (int i = 0; i < 32; i++) {
                MemorySegment piece = buffer.asSlice(i * 1000L, 1000);
                ZeroCopySend.send(ring.next(), connection.fd(), piece, ALL, 0).userData(i);
            }
            Outcomes outcomes = Outcomes.of(ring, LongStream.range(0, 32).toArray());
            for (int i = 0; i < 32; i++) {
                assertThat(outcomes.get(i).result()).isEqualTo(1000);
                assertThat(outcomes.get(i).notified()).isTrue();
            }
            assertThat(connection.receive(data.length)).isEqualTo(data);
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldGiveResultFirstAlsoFromWorkerThread(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofShared();
                Connection connection = Connection.open(ring)) {
            byte[] data = Net.random(10_000, 5);
            MemorySegment buffer = arena.allocateFrom(ValueLayout.JAVA_BYTE, data);
            ZeroCopySend.send(ring.next(), connection.fd(), buffer, ALL, 0).async();
            assertThat(Outcomes.delivered(connection, data).notification()).isZero();
        }
    }

    @Test
    void shouldSendMoreThanTheSocketHolds() throws Exception {
        byte[] data = Net.random(8 << 20, 3);
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared();
                Connection connection = Connection.narrow(ring)) {
            MemorySegment buffer = arena.allocateFrom(ValueLayout.JAVA_BYTE, data);
            int flags = Sockets.POLL_FIRST;
            ZeroCopySend.send(ring.next(), connection.fd(), buffer, ALL, flags);
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
            Outcome outcome = Outcomes.one(ring);
            assertThat(outcome.result()).isEqualTo(data.length);
            assertThat(outcome.notified()).isTrue();
            assertThat(reader.join()).isEqualTo(data);
            thread.join();
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldNotifyOnlyWhenMemoryIsFreeAndAlsoWhenCancelled(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofShared();
                Connection connection = Connection.narrow(ring)) {
            // More than both sockets hold: the peer does not read.
            MemorySegment buffer = arena.allocate(8 << 20);
            ZeroCopySend.send(ring.next(), connection.fd(), buffer, ALL, 0).userData(1);
            ring.submit();
            Cancel.cancel(ring.next(), 1).userData(2);
            Outcomes outcomes = new Outcomes();
            int results = 0;
            while (results < 2) {
                Completion completion = Completions.until(ring, any -> true).getFirst();
                if (completion.userData() == 1) {
                    outcomes.add(completion);
                } else {
                    assertThat(completion.result())
                            .isIn(0, -Errno.EALREADY.number(), -Errno.ENOENT.number());
                }
                results += completion.isNotification() ? 0 : 1;
            }
            Outcome sent = outcomes.get(1);
            assertThat(sent.announced()).isTrue();
            // It may have got nowhere, or part of the way.
            assertThat(sent.result()).isLessThan(8 << 20).isNotZero();
            if (sent.result() > 0) {
                // What the socket took and could not send is still this memory.
                assertThat(sent.notified()).isFalse();
                assertThat(ring.inFlight()).isEqualTo(1);
            }
            connection.peer().setSoLinger(true, 0);
            connection.peer().close();
            while (!outcomes.ended(1)) {
                outcomes.add(Completions.until(ring, any -> true).getFirst());
            }
            assertThat(ring.inFlight()).isZero();
        }
    }

    @Test
    void shouldTellShortSend() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared();
                Connection connection = Connection.narrow(ring)) {
            byte[] data = Net.random(8 << 20, 4);
            MemorySegment buffer = arena.allocateFrom(ValueLayout.JAVA_BYTE, data);
            ZeroCopySend.send(ring.next(), connection.fd(), buffer, 0, 0).userData(1);
            Outcomes outcomes = new Outcomes();
            outcomes.add(Completions.until(ring, any -> true).getFirst());
            int sent = outcomes.get(1).result();
            assertThat(sent).isPositive().isLessThan(data.length);
            assertThat(connection.receive(sent)).isEqualTo(Arrays.copyOf(data, sent));
            while (!outcomes.ended(1)) {
                outcomes.add(Completions.until(ring, any -> true).getFirst());
            }
            assertThat(outcomes.get(1).notified()).isTrue();
        }
    }

    @Test
    void shouldSendNothing() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                Connection connection = Connection.open(ring)) {
            ZeroCopySend.send(ring.next(), connection.fd(), MemorySegment.NULL, 0, 0);
            assertThat(Outcomes.one(ring).result()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldFailWhenPeerIsGone(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofShared();
                Connection connection = Connection.open(ring)) {
            MemorySegment buffer = arena.allocate(1000);
            connection.peer().setSoLinger(true, 0);
            connection.peer().close();
            Sockets.recv(ring.next(), connection.fd(), buffer, 0);
            assertThat(Completions.one(ring).failed(Errno.ECONNRESET)).isTrue();
            ZeroCopySend.send(ring.next(), connection.fd(), buffer, ALL, 0);
            assertThat(Errno.of(Outcomes.one(ring).result())).isEqualTo(Errno.EPIPE);
        }
    }

    @Test
    void shouldFailAndLoseNoNotification() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared();
                Opened file = Opened.open(ring, Path.of("/dev/null"), OpenFlags.O_RDWR);
                Connection connection = Connection.open(ring)) {
            MemorySegment buffer = arena.allocate(100);
            int[] unix = Net.unixPair(ring, Sockets.SOCK_STREAM);
            fails(ring, 1 << 20, buffer, 0, Errno.EBADF);
            fails(ring, file.fd(), buffer, 0, Errno.ENOTSOCK);
            fails(ring, unix[0], buffer, 0, Errno.EOPNOTSUPP);
            fails(ring, connection.fd(), buffer, 1 << 12, Errno.EINVAL);
            ZeroCopySend.sendFixed(ring.next(), connection.fd(), buffer, 0, 0, 0);
            assertThat(Errno.of(Outcomes.one(ring).result())).isEqualTo(Errno.EFAULT);
            Net.close(ring, unix);
        }
    }

    private static void fails(Ring ring, int fd, MemorySegment buffer, int flags, Errno errno) {
        ZeroCopySend.send(ring.next(), fd, buffer, 0, flags);
        Outcome outcome = Outcomes.one(ring);
        assertThat(Errno.of(outcome.result())).isEqualTo(errno);
        assertThat(outcome.notification()).isZero();
    }

    @Test
    void shouldFailWithoutNotificationWhenResultIsToBeSkipped() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared();
                Connection connection = Connection.open(ring)) {
            MemorySegment buffer = arena.allocate(100);
            ZeroCopySend.send(ring.next(), connection.fd(), buffer, 0, 0).skipSuccess();
            Outcome outcome = Outcomes.one(ring);
            assertThat(Errno.of(outcome.result())).isEqualTo(Errno.EINVAL);
            assertThat(outcome.announced()).isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldKeepOrderInChain(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofShared();
                Connection connection = Connection.open(ring)) {
            int fd = connection.fd();
            MemorySegment one = Opened.bytes(arena, "first ");
            MemorySegment two = Opened.bytes(arena, "second");
            ZeroCopySend.send(ring.next(), fd, one, ALL, 0).userData(1).link();
            ZeroCopySend.send(ring.next(), fd, two, ALL, 0).userData(2).link();
            Sockets.shutdown(ring.next(), fd, Sockets.SHUT_WR).userData(3);
            Outcomes outcomes = Outcomes.of(ring, 1, 2, 3);
            assertThat(outcomes.order()).containsExactly(1L, 2L, 3L);
            assertThat(outcomes.get(1).result()).isEqualTo(6);
            assertThat(outcomes.get(2).result()).isEqualTo(6);
            assertThat(outcomes.get(3).announced()).isFalse();
            assertThat(connection.receive(99)).isEqualTo(Net.bytes("first second"));
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldEndRestOfBrokenChain(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofShared();
                Connection connection = Connection.open(ring)) {
            MemorySegment buffer = arena.allocate(10);
            ZeroCopySend.send(ring.next(), 1 << 20, buffer, ALL, 0).userData(1).link();
            ZeroCopySend.send(ring.next(), connection.fd(), buffer, ALL, 0).userData(2).link();
            ZeroCopySend.send(ring.next(), connection.fd(), buffer, ALL, 0).userData(3);
            Outcomes outcomes = Outcomes.of(ring, 1, 2, 3);
            assertThat(Errno.of(outcomes.get(1).result())).isEqualTo(Errno.EBADF);
            assertThat(Errno.of(outcomes.get(2).result())).isEqualTo(Errno.ECANCELED);
            assertThat(Errno.of(outcomes.get(3).result())).isEqualTo(Errno.ECANCELED);
            assertThat(ring.inFlight()).isZero();
        }
    }
}
