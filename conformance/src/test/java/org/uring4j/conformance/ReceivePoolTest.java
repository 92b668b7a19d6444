package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.uring4j.conformance.Receiving.config;
import static org.uring4j.conformance.Receiving.ring;
import static org.uring4j.conformance.Receiving.send;
import static org.uring4j.conformance.Receiving.turn;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.KernelVersion;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.UringException;
import org.uring4j.io.EventLoop;
import org.uring4j.io.ReceivePath;
import org.uring4j.io.ReceivePool;
import org.uring4j.io.ReceivePoolConfig;
import org.uring4j.io.StreamReceiver;
import org.uring4j.resource.Lease;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * Streams received with too few buffers, many at once, and ended at any moment ({@code
 * IORING_OP_RECV}, {@code IORING_OP_ASYNC_CANCEL}).
 */
@Timeout(120)
class ReceivePoolTest {
    /** As many bytes as there are for zero-copy receive, and so all of any pool here. */
    private static final int AREA = 64 << 10;

    /** Few short buffers, and a consumer elsewhere that gives them back in its own time. */
    @ParameterizedTest
    @EnumSource(ReceivePath.class)
    void shouldWaitForLeasesAndGoOnWithNothingLost(ReceivePath path) throws Exception {
        byte[] data = Net.random(400_000, 3);
        try (ExecutorService consumer = Executors.newSingleThreadExecutor();
                Ring ring = ring(path);
                Connection connection = Connection.open(ring)) {
            EventLoop loop = EventLoop.of(ring);
            ReceivePoolConfig small =
                    config(path).size(4096).bufferSize(1024).working(1).perStream(AREA);
            try (ReceivePool pool = ReceivePool.open(loop, small)) {
                Random random = new Random(4);
                ExpectedStream expected =
                        new ExpectedStream(
                                data, lease -> consumer.execute(() -> closeLate(lease, random)));
                StreamReceiver receiver = pool.receive(connection.fd(), expected);
                Thread peer = send(connection, data, data.length, true);
                turn(loop, receiver::ended);
                peer.join();
                expected.checkEnded();
                consumer.shutdown();
                assertThat(consumer.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
                assertThat(receiver.starvations()).isPositive().isEqualTo(pool.starvations());
                assertThat(pool.leasesOut().count()).isZero();
            }
        }
    }

    private static void closeLate(Lease lease, Random random) {
        try (lease) {
            for (int spin = random.nextInt(5000); spin > 0; spin--) {
                Thread.onSpinWait();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(ReceivePath.class)
    void shouldGoOnWhenLeasesAreClosedBetweenTurns(ReceivePath path) throws Exception {
        byte[] data = Net.random(400_000, 5);
        ReceivePoolConfig small = config(path).size(4096).bufferSize(1024).perStream(AREA);
        try (Receiving at = Receiving.open(path, small)) {
            List<Lease> held = new ArrayList<>();
            ExpectedStream expected = new ExpectedStream(data, held::add);
            StreamReceiver receiver = at.receive(expected);
            Thread peer = at.send(data, data.length, true);
            while (!receiver.ended()) {
                long before = receiver.starvations();
                at.turn(() -> receiver.ended() || receiver.starvations() > before);
                // Nothing else happens now: only the leases can let it go on.
                held.forEach(Lease::close);
                held.clear();
            }
            peer.join();
            expected.checkEnded();
            assertThat(receiver.starvations()).isGreaterThan(5);
        }
    }

    /** Nothing is lost to those that have nothing to receive, or do not want to. */
    @ParameterizedTest
    @CsvSource({"INCREMENTAL, false", "INCREMENTAL, true", "MULTISHOT, false", "MULTISHOT, true"})
    void shouldLetStreamsGoOnBehindOneThatTakesNothing(ReceivePath path, boolean paused)
            throws Exception {
        byte[] data = Net.random(8192, 11);
        ReceivePoolConfig one = config(path).size(4096).bufferSize(4096);
        try (Receiving at = Receiving.open(path, one)) {
            Connection other = at.connect();
            List<Lease> held = new ArrayList<>();
            ExpectedStream expected = new ExpectedStream(data, held::add);
            StreamReceiver receiver = at.receive(expected);
            at.connection.send(Arrays.copyOf(data, 4096));
            at.turn(() -> expected.at == 4096);
            // All is out: this one waits first, then that one.
            StreamReceiver silent = at.pool.receive(other.fd(), new ExpectedStream(new byte[0]));
            at.turn(() -> silent.starvations() == 1);
            if (paused) {
                silent.pause();
            }
            at.connection.send(Arrays.copyOfRange(data, 4096, 8192));
            at.turn(() -> receiver.starvations() == 1);
            held.forEach(Lease::close);
            held.clear();
            at.turn(expected::complete);
            held.forEach(Lease::close);
        }
    }

    /** While there is nothing to receive, a buffer is taken only to find that out. */
    @Test
    void shouldServeMoreStreamsThanThereAreBuffers() throws Exception {
        ReceivePath path = ReceivePath.PLAIN;
        byte[] data = Net.random(10_000, 12);
        ReceivePoolConfig one = config(path).size(4096).bufferSize(4096);
        try (Receiving at = Receiving.open(path, one)) {
            Connection other = at.connect();
            Connection paused = at.connect();
            at.pool.receive(other.fd(), new ExpectedStream(new byte[0]));
            at.pool.receive(paused.fd(), new ExpectedStream(new byte[0])).pause();
            ExpectedStream expected = new ExpectedStream(data);
            StreamReceiver receiver = at.receive(expected);
            Thread peer = at.send(data, data.length, true);
            at.turn(receiver::ended);
            peer.join();
            expected.checkEnded();
        }
    }

    @ParameterizedTest
    @EnumSource(ReceivePath.class)
    void shouldGatherUntilThereIsEnoughOrTheEnd(ReceivePath path) throws Exception {
        Needs.kernel("6.7", "SOCKET_URING_OP_SETSOCKOPT");
        byte[] data = Net.random(150_000, 10);
        try (Receiving at = Receiving.open(path, config(path).gather(100_000))) {
            ExpectedStream expected = new ExpectedStream(data);
            StreamReceiver receiver = at.receive(expected);
            // What is there to begin with would come at once.
            at.loop.run(1);
            for (int i = 0; i < 9; i++) {
                at.connection.send(Arrays.copyOfRange(data, i * 10_000, i * 10_000 + 10_000));
                at.loop.run(1, Duration.ofMillis(1));
                assertThat(expected.at).isZero();
            }
            at.connection.send(Arrays.copyOfRange(data, 90_000, 140_000));
            at.turn(() -> expected.at == 140_000);
            // The end brings the rest, however little.
            at.connection.send(Arrays.copyOfRange(data, 140_000, data.length));
            at.connection.peer().shutdownOutput();
            at.turn(receiver::ended);
            expected.checkEnded();
            assertThat(at.pool.gatherRefused()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(ReceivePath.class)
    void shouldKeepManyStreamsApart(ReceivePath path) throws Exception {
        int count = 60;
        try (ExecutorService workers = Executors.newFixedThreadPool(3);
                Ring ring = ring(path)) {
            List<Connection> connections = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                connections.add(Connection.open(ring));
            }
            EventLoop loop = EventLoop.of(ring);
            ReceivePoolConfig small = config(path).size(64 << 10).bufferSize(4096).working(1);
            try (ReceivePool pool = ReceivePool.open(loop, small)) {
                List<ExpectedStream> streams = new ArrayList<>();
                List<Thread> peers = new ArrayList<>();
                for (int i = 0; i < count; i++) {
                    byte[] data = Net.random(20_000 + 500 * i, i);
                    ExpectedStream stream =
                            new ExpectedStream(
                                    data,
                                    i % 2 == 0
                                            ? Lease::close
                                            : lease -> workers.execute(lease::close));
                    streams.add(stream);
                    pool.receive(connections.get(i).fd(), stream);
                    peers.add(send(connections.get(i), data, 1 + 137 * i, true));
                }
                turn(loop, () -> pool.active() == 0);
                streams.forEach(ExpectedStream::checkEnded);
                for (Thread peer : peers) {
                    peer.join();
                }
                workers.shutdown();
                assertThat(workers.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
                assertThat(pool.leasesOut().count()).isZero();
            }
            for (Connection connection : connections) {
                connection.close();
            }
        }
    }

    /** However often: no number of the loop is used up, and nothing comes for nobody later on. */
    @ParameterizedTest
    @EnumSource(value = ReceivePath.class, names = "ZERO_COPY", mode = EnumSource.Mode.EXCLUDE)
    void shouldLeaveNothingInTheLoopWhenClosed(ReceivePath path) throws Exception {
        try (Ring ring = ring(path);
                Connection connection = Connection.open(ring)) {
            EventLoop loop = EventLoop.of(ring);
            int before = loop.attach((value, result, flags, first, second) -> {});
            loop.detach(before);
            for (int round = 0; round < 20; round++) {
                ReceivePool pool = ReceivePool.open(loop, config(path));
                ExpectedStream one = new ExpectedStream(new byte[1], Lease::close);
                StreamReceiver receiver = pool.receive(connection.fd(), one);
                if (round % 2 == 0) {
                    connection.send((byte) 0);
                    turn(loop, one::complete);
                }
                if (round % 3 == 0) {
                    // Its answer may come after the receiver's end.
                    receiver.stop();
                }
                pool.close();
                int after = loop.attach((value, result, flags, first, second) -> {});
                assertThat(after).isEqualTo(before);
                loop.detach(after);
                assertThat(loop.run(1, Duration.ofMillis(1))).isZero();
            }
        }
    }

    @Test
    void shouldLeaveNothingInTheLoopWhenNotOpened() {
        Needs.that(
                KernelVersion.running().compareTo(KernelVersion.parse("6.7")) < 0,
                "gathering is refused before Linux 6.7 only");
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            EventLoop loop = EventLoop.of(ring);
            assertThatThrownBy(
                            () -> ReceivePool.open(loop, ReceivePoolConfig.defaults().gather(1000)))
                    .isInstanceOf(UringException.class)
                    .hasMessageContaining("gather(1000) needs Linux 6.7");
            assertThat(loop.attach((value, result, flags, first, second) -> {})).isZero();
        }
    }

    /** Peers die, receivers are stopped and pools closed at any moment. */
    @ParameterizedTest
    @EnumSource(ReceivePath.class)
    void shouldLoseNoLeaseAndDeliverNoWrongByteWhenKilledAtAnyMoment(ReceivePath path)
            throws Exception {
        byte[] data = Net.random(1_000_000, 8);
        for (int round = 0; round < 40; round++) {
            Random random = new Random(round);
            List<Lease> held = new ArrayList<>();
            try (Ring ring = ring(path)) {
                Connection connection = Connection.open(ring);
                EventLoop loop = EventLoop.of(ring);
                ReceivePoolConfig small = config(path).size(32 << 10).bufferSize(8192);
                ReceivePool pool = ReceivePool.open(loop, small);
                ExpectedStream expected = new ExpectedStream(data, held::add);
                StreamReceiver receiver = pool.receive(connection.fd(), expected);
                Thread peer = send(connection, data, 1 + random.nextInt(20_000), false);
                long until = random.nextInt(200_000);
                turn(
                        loop,
                        () -> {
                            // Where it waits for them, nothing else will happen.
                            long waits = receiver.starvations() + receiver.timesHeldBack();
                            if (random.nextBoolean() || waits > 0) {
                                held.forEach(Lease::close);
                                held.clear();
                            }
                            return expected.at >= until;
                        });
                boolean killed = round % 2 == 0;
                if (killed) {
                    connection.peer().setSoLinger(random.nextBoolean(), 0);
                    connection.peer().close();
                    turn(
                            loop,
                            () -> {
                                held.forEach(Lease::close);
                                held.clear();
                                return receiver.ended();
                            });
                    expected.checkOver();
                } else if (random.nextBoolean()) {
                    receiver.stop();
                }
                int out = held.size();
                if (out == 0) {
                    pool.close();
                } else {
                    assertThatIllegalStateException()
                            .isThrownBy(pool::close)
                            .withMessageContaining("count=" + out);
                    held.forEach(lease -> assertThat(lease.memory().byteSize()).isPositive());
                    held.forEach(Lease::close);
                }
                assertThat(pool.active()).isZero();
                connection.close();
                peer.join();
            }
        }
    }
}
