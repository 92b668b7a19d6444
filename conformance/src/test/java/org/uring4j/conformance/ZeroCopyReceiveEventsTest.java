package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import org.junit.jupiter.api.Test;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig.CqeSize;
import org.uring4j.UringException;
import org.uring4j.op.Messages;
import org.uring4j.op.ZeroCopyReceives;
import org.uring4j.resource.ZcrxEvent;
import org.uring4j.resource.ZeroCopyReceive;
import org.uring4j.resource.ZeroCopyReceiveConfig;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * What the kernel tells of a queue: how much it copied, and events, armed by {@code
 * IORING_REGISTER_ZCRX_CTRL}.
 */
class ZeroCopyReceiveEventsTest {
    private static final int PAGE = 4096;
    private static final long MIB = 1 << 20;
    private static final long EVENT = 77;

    private final List<ZcrxEvent> events = new ArrayList<>();
    private final List<Long> held = new ArrayList<>();
    private long received;

    @Test
    void shouldCountWhatIsCopied() throws Exception {
        Needs.kernel("7.2", "ZCRX_EVENT_DESC_FLAG_STATS");
        try (Ring ring = ZcrxStream.open(CqeSize.MIXED);
                ZeroCopyReceive queue =
                        ZeroCopyReceive.register(
                                ring,
                                ZcrxStream.deviceless(),
                                ZeroCopyReceiveConfig.of(4 * MIB).statistics());
                Connection connection = Connection.open(ring)) {
            ZcrxStream stream = new ZcrxStream(queue, connection);
            assertThat(queue.copyBytes()).isZero();
            ZcrxStream.send(connection, 0, 2 * MIB, true);
            stream.receive(2 * MIB);
            assertThat(stream.receiveToEnd()).isZero();
            assertThat(queue.copyBytes()).isEqualTo(2 * MIB);
            assertThat(queue.copyCount()).isBetween(1L, 2 * MIB);
        }
    }

    @Test
    void shouldNotCountWhenNotAsked() throws Exception {
        try (Ring ring = ZcrxStream.open(CqeSize.MIXED);
                ZeroCopyReceive queue =
                        ZeroCopyReceive.register(
                                ring,
                                ZcrxStream.deviceless(),
                                ZeroCopyReceiveConfig.of(64 * PAGE))) {
            assertThatIllegalStateException()
                    .isThrownBy(queue::copyCount)
                    .withMessageContaining("statistics()");
        }
    }

    @Test
    void shouldTellOnceThatDataWasCopied() throws Exception {
        Needs.kernel("7.2", "ZCRX_EVENT_COPY");
        Set<ZcrxEvent> all = EnumSet.allOf(ZcrxEvent.class);
        try (Ring ring = ZcrxStream.open(CqeSize.MIXED);
                ZeroCopyReceive queue =
                        ZeroCopyReceive.register(
                                ring,
                                ZcrxStream.deviceless(),
                                ZeroCopyReceiveConfig.of(4 * MIB).events(EVENT, all));
                Connection connection = Connection.open(ring)) {
            assertThatExceptionOfType(UringException.class)
                    .isThrownBy(() -> queue.armEvent(ZcrxEvent.COPY))
                    .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
            ZeroCopyReceives.receive(ring.next(), connection.fd(), queue.id());
            ZcrxStream.send(connection, 0, MIB, false);
            run(ring, queue, () -> received == MIB && !events.isEmpty());
            assertThat(events).containsExactly(ZcrxEvent.COPY);
            assertThat(ring.inFlight()).isEqualTo(1);
            queue.armEvent(ZcrxEvent.COPY);
            ZcrxStream.send(connection, MIB, 2 * MIB, false);
            run(ring, queue, () -> received == 2 * MIB && events.size() == 2);
            assertThat(events).containsExactly(ZcrxEvent.COPY, ZcrxEvent.COPY);
            assertThat(ring.inFlight()).isEqualTo(1);
        }
    }

    /** A completion as that of an event, of a kernel that has more of them. */
    @Test
    void shouldNotCountUnknownEventAsTheEndOfARequest() throws Exception {
        try (Ring ring = ZcrxStream.open(CqeSize.MIXED);
                ZeroCopyReceive queue =
                        ZeroCopyReceive.register(
                                ring, ZcrxStream.deviceless(), ZeroCopyReceiveConfig.of(MIB));
                Connection connection = Connection.open(ring)) {
            ZeroCopyReceives.receive(ring.next(), connection.fd(), queue.id());
            ring.submit();
            assertThat(ring.inFlight()).isEqualTo(1);
            Messages.send(ring.fd(), EVENT, 99, 0);
            ring.submitAndWait(1);
            assertThatIllegalArgumentException()
                    .isThrownBy(
                            () ->
                                    ring.completions()
                                            .drain(
                                                    (data, result, flags) ->
                                                            queue.takeEvent(result)))
                    .withMessageContaining("result=99");
            assertThat(ring.inFlight()).isEqualTo(1);
        }
    }

    @Test
    @NeedsDevice("zcrx")
    void shouldTellThatCardHadNoBuffer() throws Exception {
        Set<ZcrxEvent> wanted = EnumSet.of(ZcrxEvent.ALLOC_FAIL);
        try (Ring ring = ZcrxStream.open(CqeSize.B32);
                ZeroCopyReceive queue =
                        ZeroCopyReceive.register(
                                ring,
                                ZcrxStream.device(),
                                ZeroCopyReceiveConfig.of(64 * PAGE).events(EVENT, wanted));
                Connection connection = ZcrxStream.connect(ring)) {
            ZeroCopyReceives.receive(ring.next(), connection.fd(), queue.id());
            ZcrxStream.send(connection, 0, 2 * MIB, false);
            run(ring, queue, () -> !events.isEmpty());
            assertThat(events).containsExactly(ZcrxEvent.ALLOC_FAIL);
            assertThat(queue.counters().mostBuffersOut()).isPositive();
        }
    }

    /** Keeps what comes until there is an event, then gives back everything at once. */
    private void run(Ring ring, ZeroCopyReceive queue, BooleanSupplier done) {
        long end = System.nanoTime() + Duration.ofSeconds(40).toNanos();
        while (!done.getAsBoolean()) {
            assertThat(System.nanoTime()).as("%s %s", events, queue.counters()).isLessThan(end);
            ring.submitAndWait(1, Duration.ofSeconds(10));
            ring.completions()
                    .drain(
                            (data, result, flags, place, _) -> {
                                if (data == EVENT) {
                                    events.add(queue.takeEvent(result));
                                } else {
                                    assertThat(ZeroCopyReceive.hasData(result, flags)).isTrue();
                                    Pattern.check(queue.take(result, flags, place), received);
                                    received += result;
                                    held.add(place);
                                }
                            });
            if (!events.isEmpty()) {
                held.forEach(queue::recycle);
                held.clear();
            }
        }
    }
}
