package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.uring4j.conformance.Receiving.config;
import static org.uring4j.conformance.Receiving.ring;
import static org.uring4j.conformance.Receiving.send;
import static org.uring4j.conformance.Receiving.turn;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.KernelVersion;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.UringException;
import org.uring4j.io.EventLoop;
import org.uring4j.io.ReceivePath;
import org.uring4j.io.ReceivePool;
import org.uring4j.io.ReceivePoolConfig;
import org.uring4j.io.StreamReceiver;
import org.uring4j.op.Sockets;
import org.uring4j.resource.RegisteredFiles;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;

/**
 * Streams received as leases, by every path ({@code IORING_OP_RECV}, {@code IORING_OP_POLL_ADD}).
 */
@Timeout(120)
class StreamReceiverTest {
    private static final boolean HAS_INCREMENTAL =
            KernelVersion.running().compareTo(KernelVersion.parse("6.12")) >= 0;

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldDeliverAllBytesInOrderAndThenTheEnd(RingMode mode) throws Exception {
        byte[] data = Net.random(700_000, 1);
        for (ReceivePath path : ReceivePath.values()) {
            if (path == ReceivePath.ZERO_COPY
                    || (path == ReceivePath.INCREMENTAL && !HAS_INCREMENTAL)) {
                continue;
            }
            try (Ring ring = mode.open(16);
                    Connection connection = Connection.open(ring)) {
                EventLoop loop = EventLoop.of(ring);
                try (ReceivePool pool =
                        ReceivePool.open(loop, ReceivePoolConfig.defaults().path(path))) {
                    ExpectedStream expected = new ExpectedStream(data);
                    StreamReceiver receiver = pool.receive(connection.fd(), expected);
                    Thread peer = send(connection, data, 9000, true);
                    turn(loop, receiver::ended);
                    peer.join();
                    expected.checkEnded();
                    assertThat(receiver.received()).isEqualTo(data.length);
                    assertThat(receiver.path()).isEqualTo(path);
                    assertThat(receiver.reason().orElseThrow()).contains("path(" + path);
                    assertThat(pool.active()).isZero();
                    assertThat(pool.leasesOut().count()).isZero();
                }
            }
        }
    }

    @Test
    void shouldTakeTheBestPathAndSayWhyNoBetter() {
        try (Ring ring = Ring.open(RingConfig.of(16));
                ReceivePool pool = ReceivePool.open(EventLoop.of(ring))) {
            if (HAS_INCREMENTAL) {
                assertThat(pool.path()).isEqualTo(ReceivePath.INCREMENTAL);
                assertThat(pool.reason().orElseThrow())
                        .isEqualTo("ZERO_COPY: no queue was given: ReceivePoolConfig.zeroCopy");
            } else {
                assertThat(pool.path()).isEqualTo(ReceivePath.MULTISHOT);
                assertThat(pool.reason().orElseThrow()).contains("needs Linux 6.12, this is");
                assertThatThrownBy(
                                () ->
                                        ReceivePool.open(
                                                EventLoop.of(ring),
                                                ReceivePoolConfig.defaults()
                                                        .path(ReceivePath.INCREMENTAL)))
                        .isInstanceOf(UringException.class)
                        .hasMessageContaining("needs Linux 6.12");
            }
            assertThatIllegalArgumentException().isThrownBy(() -> pool.receive(-1, null));
            assertThatIllegalArgumentException()
                    .isThrownBy(
                            () ->
                                    ReceivePool.open(
                                            EventLoop.of(ring),
                                            ReceivePoolConfig.defaults()
                                                    .size(1L << 40)
                                                    .bufferSize(4096)))
                    .withMessageContaining("bufferSize=4096");
        }
    }

    @ParameterizedTest
    @EnumSource(ReceivePath.class)
    void shouldTellResetAsAnError(ReceivePath path) throws Exception {
        try (Receiving at = Receiving.open(path, config(path))) {
            ExpectedStream expected = new ExpectedStream(Net.bytes("hello"));
            StreamReceiver receiver = at.receive(expected);
            at.connection.send("hello");
            at.turn(expected::complete);
            at.connection.peer().setSoLinger(true, 0);
            at.connection.peer().close();
            at.turn(receiver::ended);
            assertThat(expected.checkError().errno()).isEqualTo(Errno.ECONNRESET);
        }
    }

    /** All at once, so that the kernel comes to the reset while it is at the bytes. */
    @ParameterizedTest
    @EnumSource(ReceivePath.class)
    void shouldTellResetThatCameBehindMuchData(ReceivePath path) throws Exception {
        byte[] data = Net.random(600_000, 8);
        try (Receiving at = Receiving.open(path, config(path, 4 << 20))) {
            at.connection.holdUnread(8 << 20);
            // In many packets.
            for (int from = 0; from < data.length; from += 1000) {
                at.connection.send(Arrays.copyOfRange(data, from, from + 1000));
            }
            while (at.connection.unread() < data.length) {
                Thread.onSpinWait();
            }
            at.connection.peer().setSoLinger(true, 0);
            at.connection.peer().close();
            ExpectedStream expected = new ExpectedStream(data);
            StreamReceiver receiver = at.receive(expected);
            at.turn(receiver::ended);
            assertThat(expected.checkError().errno()).isEqualTo(Errno.ECONNRESET);
            assertThat(expected.complete()).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource(ReceivePath.class)
    void shouldEndWithHalfClosedConnectionThatGoesOnTheOtherWay(ReceivePath path) throws Exception {
        try (Ring ring = ring(path);
                Arena arena = Arena.ofConfined();
                Connection connection = Connection.open(ring)) {
            EventLoop loop = EventLoop.of(ring);
            try (ReceivePool pool = ReceivePool.open(loop, config(path))) {
                ExpectedStream expected = new ExpectedStream(Net.bytes("request"));
                StreamReceiver receiver = pool.receive(connection.fd(), expected);
                connection.send("request");
                connection.peer().shutdownOutput();
                turn(loop, receiver::ended);
                expected.checkEnded();
                boolean[] sent = new boolean[1];
                int user = loop.attach((value, result, flags, a, b) -> sent[0] = result == 6);
                Sockets.send(
                                ring.next(),
                                connection.fd(),
                                arena.allocateFrom("answer").asSlice(0, 6),
                                0)
                        .userData(EventLoop.userData(user, 0));
                turn(loop, () -> sent[0]);
                assertThat(connection.receive(6)).isEqualTo(Net.bytes("answer"));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(ReceivePath.class)
    void shouldLeaveBytesInTheSocketWhenStopped(ReceivePath path) throws Exception {
        byte[] data = Net.random(100_000, 6);
        try (Receiving at = Receiving.open(path, config(path))) {
            ExpectedStream first = new ExpectedStream(data);
            StreamReceiver stopped = at.receive(first);
            at.connection.send(Arrays.copyOf(data, 10));
            at.turn(() -> first.at == 10);
            stopped.stop();
            stopped.stop();
            at.turn(stopped::ended);
            first.checkNotTold();
            // The next one finds the rest.
            ExpectedStream second = new ExpectedStream(Arrays.copyOfRange(data, 10, data.length));
            Thread peer = at.send(Arrays.copyOfRange(data, 10, data.length), data.length, true);
            StreamReceiver receiver = at.receive(second);
            at.turn(receiver::ended);
            peer.join();
            second.checkEnded();
        }
    }

    @ParameterizedTest
    @EnumSource(ReceivePath.class)
    void shouldReceiveNothingWhilePaused(ReceivePath path) throws Exception {
        byte[] data = Net.random(300_000, 7);
        try (Receiving at = Receiving.open(path, config(path))) {
            Connection other = at.connect();
            ExpectedStream expected = new ExpectedStream(data);
            StreamReceiver receiver = at.receive(expected);
            receiver.pause();
            receiver.pause();
            // Another stream shows that time goes by.
            ExpectedStream ticks = new ExpectedStream(new byte[200]);
            at.pool.receive(other.fd(), ticks);
            Thread peer = null;
            for (int i = 1; i <= 200; i++) {
                other.send((byte) 0);
                long tick = i;
                at.turn(() -> ticks.at == tick);
                if (i == 1) {
                    // Its request has ended.
                    peer = at.send(data, 1000, true);
                } else if (i == 100) {
                    assertThat(receiver.received()).isZero();
                    receiver.resume();
                } else if (i > 100 && !receiver.ended()) {
                    // Any number of times, with requests in flight and without.
                    receiver.pause();
                    receiver.resume();
                }
            }
            at.turn(receiver::ended);
            peer.join();
            expected.checkEnded();
        }
    }

    @Test
    void shouldGoOnWhenAHandlerThrows() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(16));
                Connection connection = Connection.open(ring)) {
            EventLoop loop = EventLoop.of(ring);
            try (ReceivePool pool = ReceivePool.open(loop)) {
                StringBuilder text = new StringBuilder();
                ExpectedStream expected =
                        new ExpectedStream(
                                Net.bytes("abc"),
                                lease -> {
                                    try (lease) {
                                        text.append(
                                                (char)
                                                        lease.memory()
                                                                .get(ValueLayout.JAVA_BYTE, 0));
                                        throw new IllegalStateException("not today");
                                    }
                                });
                StreamReceiver receiver = pool.receive(connection.fd(), expected);
                for (String each : List.of("a", "b", "c")) {
                    connection.send(each);
                    assertThatIllegalStateException()
                            .isThrownBy(() -> turn(loop, expected::complete))
                            .withMessage("not today");
                }
                connection.peer().shutdownOutput();
                turn(loop, receiver::ended);
                expected.checkEnded();
                assertThat(text).hasToString("abc");
                assertThat(pool.leasesOut().count()).isZero();
            }
        }
    }

    @Test
    void shouldReceiveFromRegisteredFile() throws Exception {
        byte[] data = Net.random(100_000, 9);
        try (Ring ring = Ring.open(RingConfig.of(16));
                Connection connection = Connection.open(ring);
                RegisteredFiles _ = RegisteredFiles.register(ring, -1, -1, connection.fd())) {
            EventLoop loop = EventLoop.of(ring);
            try (ReceivePool pool = ReceivePool.open(loop)) {
                ExpectedStream expected = new ExpectedStream(data);
                StreamReceiver receiver = pool.receiveDirect(2, expected);
                Thread peer = send(connection, data, 5000, true);
                turn(loop, receiver::ended);
                peer.join();
                expected.checkEnded();
            }
        }
    }
}
