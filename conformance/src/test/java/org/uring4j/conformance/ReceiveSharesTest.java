package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.uring4j.conformance.StreamReceiverTest.config;
import static org.uring4j.conformance.StreamReceiverTest.open;
import static org.uring4j.conformance.StreamReceiverTest.send;
import static org.uring4j.conformance.StreamReceiverTest.turn;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Ring;
import org.uring4j.io.EventLoop;
import org.uring4j.io.ReceivePath;
import org.uring4j.io.ReceivePool;
import org.uring4j.io.ReceivePoolConfig;
import org.uring4j.io.StreamReceiver;
import org.uring4j.resource.Lease;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

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
        try (Ring ring = open(path);
                Connection slow = Connection.open(ring);
                Connection fast = Connection.open(ring)) {
            EventLoop loop = EventLoop.of(ring);
            try (ReceivePool pool = ReceivePool.open(loop, shared(path, AREA / 4))) {
                List<Lease> kept = new ArrayList<>();
                ExpectedStream keeping = new ExpectedStream(data, kept::add);
                StreamReceiver keeper = pool.receive(slow.fd(), keeping);
                ExpectedStream passing = new ExpectedStream(data);
                StreamReceiver other = pool.receive(fast.fd(), passing);
                // Bit by bit: more at once the kernel would receive before it is told to stop.
                int sent = 0;
                while (keeper.timesHeldBack() == 0) {
                    slow.send(Arrays.copyOfRange(data, sent, sent + 1000));
                    long all = sent += 1000;
                    turn(loop, () -> keeping.at == all);
                }
                // A buffer counts as a whole.
                assertThat(sent).isEqualTo(path == ReceivePath.INCREMENTAL ? 13_000 : 4000);
                fast.send(data[0]);
                turn(loop, () -> passing.at == 1);
                Thread slowPeer = send(slow, from(data, sent), data.length, true);
                Thread fastPeer = send(fast, from(data, 1), 10_000, true);
                turn(loop, other::ended);
                fastPeer.join();
                passing.checkEnded();
                assertThat(other.timesHeldBack()).isZero();
                assertThat(keeping.at).isEqualTo(sent);

                boolean here = true;
                while (!keeper.ended()) {
                    giveBack(kept, here);
                    here = !here;
                    long before = keeper.timesHeldBack();
                    turn(loop, () -> keeper.ended() || keeper.timesHeldBack() > before);
                }
                giveBack(kept, true);
                slowPeer.join();
                keeping.checkEnded();
                assertThat(keeper.timesHeldBack()).isGreaterThan(2);
                assertThat(pool.leasesOut().count()).isZero();
            }
        }
    }

    private static byte[] from(byte[] data, int begin) {
        return Arrays.copyOfRange(data, begin, data.length);
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
        try (Ring ring = open(path);
                Connection connection = Connection.open(ring)) {
            EventLoop loop = EventLoop.of(ring);
            try (ReceivePool pool = ReceivePool.open(loop, shared(path, BUFFER))) {
                List<Lease> kept = new ArrayList<>();
                ExpectedStream throwing =
                        new ExpectedStream(
                                data,
                                lease -> {
                                    kept.add(lease);
                                    throw new IllegalStateException("not today");
                                });
                StreamReceiver receiver = pool.receive(connection.fd(), throwing);
                connection.send(data[0]);
                assertThatIllegalStateException()
                        .isThrownBy(() -> turn(loop, () -> throwing.at > 0))
                        .withMessage("not today");
                assertThat(receiver.timesHeldBack()).isOne();
                kept.forEach(Lease::close);
            }
        }
    }
}
