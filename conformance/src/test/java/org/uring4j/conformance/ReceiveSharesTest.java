package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.uring4j.conformance.Receiving.config;
import static org.uring4j.conformance.Receiving.ring;
import static org.uring4j.conformance.Receiving.send;
import static org.uring4j.conformance.Receiving.turn;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Ring;
import org.uring4j.UringException;
import org.uring4j.io.EventLoop;
import org.uring4j.io.ReceivePath;
import org.uring4j.io.ReceivePool;
import org.uring4j.io.ReceivePoolConfig;
import org.uring4j.io.StreamReceiver;
import org.uring4j.resource.Lease;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Consumers that keep their leases: their own streams wait, and others do not ({@code
 * IORING_OP_RECV}, {@code IORING_OP_RECV_ZC}, {@code IORING_OP_ASYNC_CANCEL}).
 */
@Timeout(120)
class ReceiveSharesTest {
    private static final int BUFFER = 4096;

    /** As many bytes as there are for zero-copy receive. */
    private static final int AREA = 64 << 10;

    /** Sixteen buffers. */
    private static ReceivePoolConfig shared(ReceivePath path, int perStream) {
        return config(path).size(AREA).bufferSize(BUFFER).perStream(perStream);
    }

    /** One consumer keeps what it gets: its own stream waits for it, and the other one does not. */
    @ParameterizedTest
    @EnumSource(ReceivePath.class)
    void shouldNotLetOneStreamStarveAnother(ReceivePath path) throws Exception {
        byte[] data = Net.random(400_000, 11);
        // Four buffers, and it is held back.
        try (Receiving at = Receiving.open(path, shared(path, 2 * BUFFER))) {
            Connection fast = at.connect();
            List<Lease> kept = new ArrayList<>();
            ExpectedStream keeping = new ExpectedStream(data, kept::add);
            StreamReceiver keeper = at.receive(keeping);
            ExpectedStream passing = new ExpectedStream(data);
            StreamReceiver other = at.pool.receive(fast.fd(), passing);
            // Bit by bit: more at once the kernel would receive before it is told to stop.
            int sent = 0;
            while (keeper.timesHeldBack() == 0) {
                at.connection.send(from(data, sent, 1000));
                long all = sent += 1000;
                at.turn(() -> keeping.at == all);
            }
            // A buffer counts as a whole.
            assertThat(sent).isEqualTo(path == ReceivePath.INCREMENTAL ? 13_000 : 4000);
            fast.send(data[0]);
            at.turn(() -> passing.at == 1);
            Thread slowPeer = at.send(from(data, sent), data.length, true);
            Thread fastPeer = send(fast, from(data, 1), 10_000, true);
            at.turn(other::ended);
            fastPeer.join();
            passing.checkEnded();
            assertThat(other.timesHeldBack()).isZero();
            assertThat(keeping.at).isEqualTo(sent);

            boolean here = true;
            while (!keeper.ended()) {
                giveBack(kept, here);
                here = !here;
                long before = keeper.timesHeldBack();
                at.turn(() -> keeper.ended() || keeper.timesHeldBack() > before);
            }
            giveBack(kept, true);
            slowPeer.join();
            keeping.checkEnded();
            assertThat(keeper.timesHeldBack()).isGreaterThan(2);
            assertThat(at.pool.leasesOut().count()).isZero();
        }
    }

    private static byte[] from(byte[] data, int begin) {
        return from(data, begin, data.length - begin);
    }

    private static byte[] from(byte[] data, int begin, int length) {
        return Arrays.copyOfRange(data, begin, begin + length);
    }

    private static void giveBack(List<Lease> kept, boolean here) throws InterruptedException {
        if (here) {
            kept.forEach(Lease::close);
        } else {
            Thread elsewhere = Thread.ofPlatform().start(() -> kept.forEach(Lease::close));
            elsewhere.join();
        }
        kept.clear();
    }

    /** What a handler throws changes nothing of what its leases hold. */
    @ParameterizedTest
    @EnumSource(ReceivePath.class)
    void shouldHoldBackAlsoWhereTheHandlerThrows(ReceivePath path) throws Exception {
        byte[] data = Net.random(3 * BUFFER, 12);
        try (Receiving at = Receiving.open(path, shared(path, BUFFER))) {
            List<Lease> kept = new ArrayList<>();
            ExpectedStream throwing =
                    new ExpectedStream(
                            data,
                            lease -> {
                                kept.add(lease);
                                throw new IllegalStateException("not today");
                            });
            StreamReceiver receiver = at.receive(throwing);
            int sent = 0;
            // Into the second buffer.
            int enough = path == ReceivePath.INCREMENTAL ? BUFFER + 1 : 1001;
            while (throwing.at < enough) {
                if (throwing.at == sent) {
                    at.connection.send(from(data, sent, 1000));
                    sent += 1000;
                }
                assertThatIllegalStateException()
                        .isThrownBy(() -> at.turn(() -> false))
                        .withMessage("not today");
            }
            assertThat(receiver.timesHeldBack()).isOne();
            kept.forEach(Lease::close);
        }
    }

    /** A consumer that keeps its share, and waits for more, gets that: again and again. */
    @ParameterizedTest
    @EnumSource(ReceivePath.class)
    void shouldGoOnWithWhoeverKeepsNoMoreThanItsShare(ReceivePath path) throws Exception {
        int share = 4;
        byte[] data = Net.random(40 * BUFFER, 13);
        // Of a thousand bytes each, where a buffer takes several.
        int leasesInBuffer = path == ReceivePath.INCREMENTAL ? BUFFER / 1000 + 1 : 1;
        int most = (share - 1) * leasesInBuffer + 1;
        try (Receiving at = Receiving.open(path, shared(path, share * BUFFER))) {
            ArrayDeque<Lease> kept = new ArrayDeque<>();
            ExpectedStream keeping = new ExpectedStream(data, kept::add);
            StreamReceiver receiver = at.receive(keeping);
            int sent = 0;
            for (int round = 0; round < 5; round++) {
                while (!receiver.stalled()) {
                    at.connection.send(from(data, sent, 1000));
                    long all = sent += 1000;
                    at.turn(() -> keeping.at == all);
                }
                assertThat(receiver.timesHeldBack()).isEqualTo(round + 1);
                while (kept.size() > most) {
                    kept.remove().close();
                }
                at.turn(() -> !receiver.stalled());
            }
            kept.forEach(Lease::close);
        }
    }

    /** It would wait for ever for what only it can give back; told so, it copies, and goes on. */
    @ParameterizedTest
    @EnumSource(ReceivePath.class)
    void shouldTellWhoKeepsItsWholeShare(ReceivePath path) throws Exception {
        checkToldAndGoingOn(path, AREA / 4);
    }

    /** Likewise where it may hold all buffers, and there are none left. */
    @ParameterizedTest
    @EnumSource(ReceivePath.class)
    void shouldTellWhoKeepsAllBuffers(ReceivePath path) throws Exception {
        checkToldAndGoingOn(path, AREA);
    }

    private static void checkToldAndGoingOn(ReceivePath path, int perStream) throws Exception {
        byte[] data = Net.random(400_000, 14);
        try (Receiving at = Receiving.open(path, shared(path, perStream))) {
            Message message = new Message(new ExpectedStream(data));
            StreamReceiver receiver = at.receive(message);
            Thread peer = at.send(data, 10_000, true);
            at.turn(receiver::ended);
            peer.join();
            message.checkWhole();
            assertThat(message.stalls).isPositive();
            assertThat(receiver.timesHeldBack() > 0).isEqualTo(perStream < AREA);
            assertThat(at.pool.leasesOut().count()).isZero();
        }
    }

    /** Keeps all leases until there is the whole stream, unless it is told that it cannot. */
    private static final class Message implements StreamReceiver.Handler {
        private final ExpectedStream whole;
        private final List<Lease> kept = new ArrayList<>();
        private int stalls;

        Message(ExpectedStream whole) {
            this.whole = whole;
        }

        @Override
        public void onLease(StreamReceiver receiver, Lease lease) {
            kept.add(lease);
        }

        @Override
        public void onStalled(StreamReceiver receiver) {
            assertThat(receiver.stalled()).isTrue();
            assertThat(receiver).asString().contains("stalled");
            stalls++;
            take(receiver);
        }

        @Override
        public void onEnd(StreamReceiver receiver) {
            take(receiver);
            whole.onEnd(receiver);
        }

        @Override
        public void onError(StreamReceiver receiver, UringException error) {
            whole.onError(receiver, error);
        }

        private void take(StreamReceiver receiver) {
            kept.forEach(lease -> whole.onLease(receiver, lease));
            kept.clear();
        }

        void checkWhole() {
            whole.checkEnded();
        }
    }

    /** Those too that are told after one that throws. */
    @Test
    void shouldTellAllThatAreStalled() throws Exception {
        ReceivePath path = ReceivePath.MULTISHOT;
        int count = 3;
        try (Ring ring = ring(path)) {
            List<Connection> connections = new ArrayList<>();
            List<Lease> kept = new ArrayList<>();
            AtomicInteger told = new AtomicInteger();
            EventLoop loop = EventLoop.of(ring);
            try (ReceivePool pool = ReceivePool.open(loop, shared(path, BUFFER))) {
                for (int i = 0; i < count; i++) {
                    Connection connection = Connection.open(ring);
                    connections.add(connection);
                    pool.receive(connection.fd(), new Thrower(kept, told));
                }
                sendOne(connections);
                turn(loop, () -> kept.size() == count);
                sendOne(connections);
                for (int i = 1; i <= count; i++) {
                    assertThatIllegalStateException()
                            .isThrownBy(() -> turn(loop, () -> false))
                            .withMessage("not today");
                    assertThat(told).hasValue(i);
                }
                kept.forEach(Lease::close);
            }
            for (Connection connection : connections) {
                connection.close();
            }
        }
    }

    private static void sendOne(List<Connection> connections) throws IOException {
        for (Connection connection : connections) {
            connection.send((byte) 1);
        }
    }

    /** Keeps its leases, and throws when it is told of it. */
    private record Thrower(List<Lease> kept, AtomicInteger told) implements StreamReceiver.Handler {
        @Override
        public void onLease(StreamReceiver receiver, Lease lease) {
            kept.add(lease);
        }

        @Override
        public void onStalled(StreamReceiver receiver) {
            told.incrementAndGet();
            throw new IllegalStateException("not today");
        }

        @Override
        public void onEnd(StreamReceiver receiver) {}

        @Override
        public void onError(StreamReceiver receiver, UringException error) {}
    }
}
