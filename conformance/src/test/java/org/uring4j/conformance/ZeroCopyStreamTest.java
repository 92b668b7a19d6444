package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.uring4j.conformance.Receiving.turn;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.RingConfig.CqeSize;
import org.uring4j.io.EventLoop;
import org.uring4j.io.ReceivePath;
import org.uring4j.io.ReceivePool;
import org.uring4j.io.ReceivePoolConfig;
import org.uring4j.io.StreamReceiver;
import org.uring4j.resource.Lease;
import org.uring4j.resource.ZcrxSource;
import org.uring4j.resource.ZeroCopyReceiveConfig;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** Streams received without copying, by {@code IORING_OP_RECV_ZC}, where their interface can. */
@Timeout(300)
class ZeroCopyStreamTest {
    private static final int AREA = 1 << 20;

    @ParameterizedTest
    @EnumSource(
            value = CqeSize.class,
            names = {"B32", "MIXED"})
    @NeedsDevice("zcrx")
    void shouldReceiveWithoutCopyingWhatComesByTheQueue(CqeSize size) throws Exception {
        byte[] data = Net.random(8 << 20, 1);
        try (ExecutorService workers = Executors.newFixedThreadPool(2);
                Ring ring = ZcrxStream.open(size);
                Connection connection = ZcrxStream.connect(ring);
                Connection loopback = Connection.open(ring)) {
            EventLoop loop = EventLoop.of(ring);
            try (ReceivePool pool = ReceivePool.open(loop, config())) {
                assertThat(pool.path()).isEqualTo(ReceivePath.ZERO_COPY);
                assertThat(pool.reason()).isEmpty();
                ExpectedStream expected =
                        new ExpectedStream(data, lease -> workers.execute(lease::close));
                StreamReceiver receiver = pool.receive(connection.fd(), expected);
                assertThat(receiver.path()).isEqualTo(ReceivePath.ZERO_COPY);
                assertThat(receiver.reason()).isEmpty();
                // What comes another way goes another way.
                ExpectedStream other = new ExpectedStream(data);
                StreamReceiver usual = pool.receive(loopback.fd(), other);
                assertThat(usual.path()).isEqualTo(ReceivePath.INCREMENTAL);
                assertThat(usual.reason().orElseThrow())
                        .contains("not on the queue's interface", "127.0.0.1");

                Thread peer = Receiving.send(connection, data, 100_000, true);
                Thread second = Receiving.send(loopback, data, 100_000, true);
                turn(loop, () -> receiver.ended() && usual.ended());
                peer.join();
                second.join();
                expected.checkEnded();
                other.checkEnded();
                workers.shutdown();
                assertThat(workers.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
                assertThat(pool.leasesOut().count()).isZero();
                assertThat(pool.zeroCopy().orElseThrow().copyCount()).isZero();
                assertThat(pool.zeroCopy().orElseThrow().counters().buffersOut()).isZero();
            }
        }
    }

    /** No request ends by that: the card drops what comes, and only the kernel's event tells. */
    @Test
    @NeedsDevice("zcrx")
    void shouldTellThatTheCardFoundNoBuffer() throws Exception {
        Needs.kernel("7.2", "ZCRX_EVENT_ALLOC_FAIL");
        byte[] data = Net.random(1 << 19, 3);
        int area = 64 * 4096;
        ReceivePoolConfig small =
                ReceivePoolConfig.defaults()
                        .perStream(area)
                        .zeroCopy(ZcrxStream.device(), ZeroCopyReceiveConfig.of(area));
        try (Ring ring = ZcrxStream.open(CqeSize.B32);
                Connection connection = ZcrxStream.connect(ring)) {
            EventLoop loop = EventLoop.of(ring);
            try (ReceivePool pool = ReceivePool.open(loop, small)) {
                List<Lease> kept = new ArrayList<>();
                int[] told = new int[1];
                ExpectedStream expected =
                        new ExpectedStream(data, kept::add) {
                            @Override
                            public void onStalled(StreamReceiver receiver) {
                                told[0]++;
                                kept.forEach(Lease::close);
                                kept.clear();
                            }
                        };
                StreamReceiver receiver = pool.receive(connection.fd(), expected);
                Thread peer = Receiving.send(connection, data, 100_000, true);
                turn(loop, receiver::ended);
                peer.join();
                expected.checkEnded();
                assertThat(told[0]).isPositive();
                assertThat(pool.starvations()).isPositive();
                assertThat(pool.zeroCopy().orElseThrow().counters().allocFails()).isPositive();
                kept.forEach(Lease::close);
            }
        }
    }

    @Test
    void shouldSayWhyThereIsNoZeroCopyAndReceiveAllTheSame() throws Exception {
        Needs.kernel("6.12", "IOU_PBUF_RING_INC");
        byte[] data = Net.random(100_000, 2);
        try (Ring ring = Ring.open(RingConfig.of(16));
                Connection connection = Connection.open(ring)) {
            EventLoop loop = EventLoop.of(ring);
            ReceivePoolConfig config =
                    ReceivePoolConfig.defaults()
                            .zeroCopy(
                                    ZcrxSource.netDevice("lo", 0), ZeroCopyReceiveConfig.of(AREA));
            try (ReceivePool pool = ReceivePool.open(loop, config)) {
                assertThat(pool.path()).isEqualTo(ReceivePath.INCREMENTAL);
                assertThat(pool.reason().orElseThrow())
                        .startsWith("ZERO_COPY:")
                        .contains("32-byte completions");
                assertThat(pool.zeroCopy()).isEmpty();
                ExpectedStream expected = new ExpectedStream(data);
                StreamReceiver receiver = pool.receive(connection.fd(), expected);
                Receiving.send(connection, data, 5000, true);
                turn(loop, receiver::ended);
                expected.checkEnded();
            }
        }
    }

    private static ReceivePoolConfig config() {
        return ReceivePoolConfig.defaults()
                .zeroCopy(ZcrxStream.device(), ZeroCopyReceiveConfig.of(AREA).statistics());
    }
}
