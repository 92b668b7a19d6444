package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.uring4j.Ring;
import org.uring4j.RingConfig.CqeSize;
import org.uring4j.Waker;
import org.uring4j.op.ZeroCopyReceives;
import org.uring4j.resource.Lease;
import org.uring4j.resource.ZeroCopyReceive;
import org.uring4j.resource.ZeroCopyReceiveConfig;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/** What {@code IORING_OP_RECV_ZC} brings, as leases. */
class ZeroCopyReceiveLeasesTest {
    private static final int PAGE = 4096;
    private static final long MIB = 1 << 20;
    private static final long WAKE = 99;
    private static final long RECEIVE = 1;

    /** Receives all of a stream, as leases. */
    private static final class Receiver {
        final Ring ring;
        final ZeroCopyReceive queue;
        final int fd;
        final Waker waker;
        final List<Lease> leases = new ArrayList<>();
        long received;
        boolean ended;
        boolean starved;

        Receiver(Ring ring, ZeroCopyReceive queue, int fd) {
            this.ring = ring;
            this.queue = queue;
            this.fd = fd;
            waker = ring.waker(WAKE);
            queue.wakeBy(waker);
            arm();
        }

        private void arm() {
            ZeroCopyReceives.receive(ring.next(), fd, queue.id()).userData(RECEIVE);
        }

        /** Waits for something, and leases what has come. */
        void step() {
            ring.submitAndWait(1, Duration.ofSeconds(20));
            ring.completions()
                    .drain((data, result, flags, place, _) -> on(data, result, flags, place));
            if (starved && queue.replenished(1) > 0) {
                starved = false;
                arm();
            }
        }

        private void on(long data, int result, int flags, long place) {
            if (data == WAKE) {
                waker.rearm();
                return;
            }
            if (ZeroCopyReceive.hasData(result, flags)) {
                leases.add(queue.lease(result, flags, place));
                received += result;
            } else if (queue.recover(result)) {
                starved = true;
            } else {
                assertThat(result).isZero();
                ended = true;
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldGoOnWithWhatOtherThreadsGiveBack(boolean device) throws Exception {
        try (Ring ring = ZcrxStream.open(CqeSize.MIXED);
                ZeroCopyReceive queue =
                        ZeroCopyReceive.register(
                                ring,
                                device ? ZcrxStream.device() : ZcrxStream.deviceless(),
                                ZeroCopyReceiveConfig.of(64 * PAGE));
                Connection connection = device ? ZcrxStream.connect(ring) : Connection.open(ring);
                ExecutorService worker = Executors.newSingleThreadExecutor()) {
            ZcrxStream.send(connection, 0, 8 * MIB, true);
            Receiver receiver = new Receiver(ring, queue, connection.fd());
            AtomicLong checked = new AtomicLong();
            AtomicReference<Throwable> wrong = new AtomicReference<>();
            while (!receiver.ended) {
                receiver.step();
                List<Lease> leases = List.copyOf(receiver.leases);
                receiver.leases.clear();
                worker.execute(
                        () -> {
                            for (Lease lease : leases) {
                                try (lease) {
                                    Pattern.check(lease.memory(), checked.get());
                                    checked.addAndGet(lease.size());
                                } catch (AssertionError e) {
                                    wrong.set(e);
                                }
                            }
                        });
            }
            worker.shutdown();
            assertThat(worker.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
            assertThat(wrong.get()).isNull();
            assertThat(checked.get()).isEqualTo(8 * MIB);
            assertThat(queue.leasesOut().count()).isZero();
            assertThat(queue.counters().buffersOut()).isZero();
        }
    }

    /** The ring's thread waits for data, of which there can be none until buffers are back. */
    @Test
    @NeedsDevice("zcrx")
    void shouldGiveCardBuffersWhileRingWaits() throws Exception {
        try (Ring ring = ZcrxStream.open(CqeSize.B32);
                ZeroCopyReceive queue =
                        ZeroCopyReceive.register(
                                ring, ZcrxStream.device(), ZeroCopyReceiveConfig.of(64 * PAGE));
                Connection connection = ZcrxStream.connect(ring)) {
            ZcrxStream.send(connection, 0, MIB, true);
            Receiver receiver = new Receiver(ring, queue, connection.fd());
            while (queue.counters().buffersOut() < 44) {
                receiver.step();
            }
            List<Lease> leases = List.copyOf(receiver.leases);
            receiver.leases.clear();
            Thread closer = Thread.ofPlatform().start(() -> leases.forEach(Lease::close));
            while (!receiver.ended) {
                receiver.step();
                receiver.leases.forEach(Lease::close);
                receiver.leases.clear();
            }
            closer.join();
            assertThat(receiver.received).isEqualTo(MIB);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldKeepBytesOfLeasesBeyondRing(boolean device) throws Exception {
        List<Lease> leases;
        MemorySegment memory;
        int fd;
        try (Ring ring = ZcrxStream.open(CqeSize.MIXED)) {
            ZeroCopyReceive queue =
                    ZeroCopyReceive.register(
                            ring,
                            device ? ZcrxStream.device() : ZcrxStream.deviceless(),
                            ZeroCopyReceiveConfig.of(64 * PAGE));
            Connection connection = device ? ZcrxStream.connect(ring) : Connection.open(ring);
            ZcrxStream.send(connection, 0, 10 * PAGE, false);
            fd = connection.fd();
            Receiver receiver = new Receiver(ring, queue, fd);
            while (receiver.received < 10 * PAGE) {
                receiver.step();
            }
            leases = receiver.leases;
            memory = queue.memory();
            assertThat(queue.leasesOut().count()).isEqualTo(leases.size());
            assertThatIllegalStateException()
                    .isThrownBy(queue::close)
                    .withMessageContaining("count=" + leases.size());
            // Meanwhile more arrives, which nobody takes; and a request is in flight.
            Pattern.write(connection.peer().getOutputStream(), 0, 4 * PAGE);
            connection.peer().close();
        }
        Libc.call("close", fd);
        long position = 0;
        for (Lease lease : leases) {
            Pattern.check(lease.memory(), position);
            position += lease.size();
            assertThat(memory.scope().isAlive()).isTrue();
            lease.close();
            assertThatIllegalStateException().isThrownBy(lease::memory);
        }
        assertThat(position).isEqualTo(10 * PAGE);
        assertThat(memory.scope().isAlive()).isFalse();
    }
}
