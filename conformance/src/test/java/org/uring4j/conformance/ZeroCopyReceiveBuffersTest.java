package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.uring4j.Cqe;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.RingConfig.CqeSize;
import org.uring4j.resource.ZcrxSource;
import org.uring4j.resource.ZeroCopyReceive;
import org.uring4j.resource.ZeroCopyReceiveConfig;
import org.uring4j.resource.ZeroCopyReceiveCounters;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * What becomes of buffers that {@code IORING_OP_RECV_ZC} brings: held, given back late, out of
 * order or wrongly.
 */
class ZeroCopyReceiveBuffersTest {
    private static final int PAGE = 4096;
    private static final long MIB = 1 << 20;

    private static Connection connect(Ring ring, boolean device) throws Exception {
        return device ? ZcrxStream.connect(ring) : Connection.open(ring);
    }

    private static ZcrxSource source(boolean device) {
        return device ? ZcrxStream.device() : ZcrxStream.deviceless();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldKeepWhatDoesNotFitIntoRefillRing(boolean device) throws Exception {
        ZeroCopyReceiveConfig config = ZeroCopyReceiveConfig.of(256 * PAGE).refillEntries(4);
        try (Ring ring = ZcrxStream.open(CqeSize.MIXED);
                ZeroCopyReceive queue = ZeroCopyReceive.register(ring, source(device), config);
                Connection connection = connect(ring, device)) {
            ZcrxStream stream = new ZcrxStream(queue, connection);
            ZcrxStream.send(connection, 0, 8 * MIB, true);
            Random random = new Random(4);
            List<Long> held = new ArrayList<>();
            stream.arm();
            while (stream.received < 8 * MIB) {
                stream.receiveUntil(
                        () -> held.size() >= 64 || stream.received == 8 * MIB || !stream.armed(),
                        held);
                Collections.shuffle(held, random);
                held.forEach(queue::add);
                held.clear();
                queue.publish();
            }
            assertThat(stream.receiveToEnd()).isZero();
            ZeroCopyReceiveCounters counters = queue.counters();
            assertThat(counters.keptInAll()).as("%s", counters).isPositive();
            assertThat(counters.buffersOut()).as("%s", counters).isZero();
            queue.flush();
            assertThat(queue.counters().kept()).isZero();
            assertThat(queue.counters().waiting()).isZero();
        }
    }

    @Test
    void shouldGoOnAfterAllBuffersWereOut() throws Exception {
        try (Ring ring = ZcrxStream.open(CqeSize.MIXED);
                ZeroCopyReceive queue =
                        ZeroCopyReceive.register(
                                ring,
                                ZcrxStream.deviceless(),
                                ZeroCopyReceiveConfig.of(64 * PAGE));
                Connection connection = Connection.open(ring)) {
            ZcrxStream stream = new ZcrxStream(queue, connection);
            ZcrxStream.send(connection, 0, MIB, true);
            List<Long> held = new ArrayList<>();
            stream.goOn = false;
            stream.arm();
            stream.receiveUntil(() -> !stream.armed(), held);
            assertThat(Errno.ENOMEM.is(stream.ends.getLast())).isTrue();
            assertThat(queue.counters().buffersOut()).isEqualTo(64);
            assertThat(queue.counters().mostBuffersOut()).isEqualTo(64);
            assertThat(queue.replenished(1)).isZero();
            held.forEach(queue::recycle);
            assertThat(queue.replenished(1)).isEqualTo(64);
            stream.goOn = true;
            stream.arm();
            assertThat(stream.receiveToEnd()).isZero();
            assertThat(stream.received).isEqualTo(MIB);
            assertThat(queue.counters().ranOut()).isPositive();
        }
    }

    @Test
    void shouldGoOnAfterCompletionQueueWasFull() throws Exception {
        RingConfig config = RingConfig.of(4).cqEntries(8).cqeSize(CqeSize.B32);
        try (Ring ring = Ring.open(config);
                ZeroCopyReceive queue =
                        ZeroCopyReceive.register(
                                ring,
                                ZcrxStream.deviceless(),
                                ZeroCopyReceiveConfig.of(256 * PAGE));
                Connection connection = Connection.open(ring)) {
            ZcrxStream stream = new ZcrxStream(queue, connection);
            ZcrxStream.send(connection, 0, 2 * MIB, true);
            stream.arm();
            assertThat(stream.receiveToEnd()).isZero();
            assertThat(stream.received).isEqualTo(2 * MIB);
            assertThat(queue.counters().queueFull()).isPositive();
            assertThat(queue.counters().buffersOut()).isZero();
        }
    }

    /** The card drops what arrives, and TCP has it sent again: slowly, so it is not much. */
    @Test
    @NeedsDevice("zcrx")
    void shouldGoOnAfterCardHadNoBuffer() throws Exception {
        ZeroCopyReceiveConfig config = ZeroCopyReceiveConfig.of(64 * PAGE).statistics();
        try (Ring ring = ZcrxStream.open(CqeSize.MIXED);
                ZeroCopyReceive queue =
                        ZeroCopyReceive.register(ring, ZcrxStream.device(), config);
                Connection connection = ZcrxStream.connect(ring)) {
            ZcrxStream stream = new ZcrxStream(queue, connection);
            ZcrxStream.send(connection, 0, MIB / 2, true);
            List<Long> held = new ArrayList<>();
            stream.arm();
            stream.receiveUntil(() -> queue.counters().buffersOut() >= 44, held);
            held.forEach(queue::recycle);
            assertThat(stream.receiveToEnd()).isZero();
            assertThat(stream.received).isEqualTo(MIB / 2);
            assertThat(queue.copyCount()).isZero();
        }
    }

    /** A limit cuts a packet's data in two: two completions, one buffer. */
    @Test
    @NeedsDevice("zcrx")
    void shouldFreeBufferWithLastOfItsPieces() throws Exception {
        try (Ring ring = ZcrxStream.open(CqeSize.B32);
                ZeroCopyReceive queue =
                        ZeroCopyReceive.register(
                                ring, ZcrxStream.device(), ZeroCopyReceiveConfig.of(64 * PAGE));
                Connection connection = ZcrxStream.connect(ring)) {
            ZcrxStream stream = new ZcrxStream(queue, connection);
            Pattern.write(connection.peer().getOutputStream(), 0, 1000);
            List<Long> held = new ArrayList<>();
            for (int part = 0; part < 4; part++) {
                stream.arm(250);
                stream.receiveUntil(() -> !stream.armed(), held);
            }
            assertThat(stream.received).isEqualTo(1000);
            assertThat(held).hasSize(4);
            assertThat(held.stream().map(place -> place / PAGE).distinct()).hasSize(1);
            assertThat(queue.counters().buffersOut()).isEqualTo(1);
            held.subList(0, 3).forEach(queue::recycle);
            assertThat(queue.counters().buffersOut()).isEqualTo(1);
            queue.recycle(held.getLast());
            assertThat(queue.counters().buffersOut()).isZero();
            assertThatIllegalStateException()
                    .isThrownBy(() -> queue.recycle(held.getLast()))
                    .withMessageContaining("recycled before");
        }
    }

    @Test
    void shouldRefusePlacesThatAreNotOut() throws Exception {
        try (Ring ring = ZcrxStream.open(CqeSize.MIXED);
                ZeroCopyReceive queue =
                        ZeroCopyReceive.register(
                                ring,
                                ZcrxStream.deviceless(),
                                ZeroCopyReceiveConfig.of(64 * PAGE));
                Connection connection = Connection.open(ring)) {
            ZcrxStream stream = new ZcrxStream(queue, connection);
            Pattern.write(connection.peer().getOutputStream(), 0, 100);
            List<Long> held = new ArrayList<>();
            stream.arm();
            stream.receiveUntil(() -> stream.received == 100, held);
            queue.recycle(held.getFirst());
            assertThatIllegalStateException().isThrownBy(() -> queue.recycle(held.getFirst()));
            assertThatIllegalStateException().isThrownBy(() -> queue.recycle(63 * PAGE));
            assertThatIllegalArgumentException().isThrownBy(() -> queue.recycle(64 * PAGE));
            assertThatIllegalArgumentException().isThrownBy(() -> queue.recycle(-1));
            assertThatIllegalArgumentException().isThrownBy(() -> queue.recycle(1L << 48));
            assertThatIllegalArgumentException().isThrownBy(() -> queue.take(0, Cqe.F_MORE, 0));
            assertThatIllegalArgumentException().isThrownBy(() -> queue.take(-12, 0, 0));
            assertThatIllegalArgumentException().isThrownBy(() -> queue.take(100, 0, 0));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> queue.take(PAGE + 1, Cqe.F_MORE, 0))
                    .withMessageContaining("offset=0");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> queue.take(1, Cqe.F_MORE, 64 * PAGE));
            assertThat(queue.counters().buffersOut()).isZero();
        }
    }

    @Test
    void shouldRefuseUseOnceClosed() throws Exception {
        try (Ring ring = ZcrxStream.open(CqeSize.MIXED)) {
            ZeroCopyReceive queue =
                    ZeroCopyReceive.register(
                            ring, ZcrxStream.deviceless(), ZeroCopyReceiveConfig.of(64 * PAGE));
            queue.close();
            assertThatIllegalStateException().isThrownBy(() -> queue.take(1, Cqe.F_MORE, 0));
            assertThatIllegalStateException().isThrownBy(() -> queue.recycle(0));
            assertThatIllegalStateException().isThrownBy(queue::flush);
            assertThatIllegalStateException().isThrownBy(queue::publish);
            assertThat(queue.toString()).contains("closed");
        }
    }
}
