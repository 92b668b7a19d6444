package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.Waker;
import org.uring4j.op.Sockets;
import org.uring4j.resource.BufferRing;
import org.uring4j.resource.BufferRingConfig;
import org.uring4j.resource.Lease;
import org.uring4j.resource.LeasedMemory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/** Leases on the buffers of a ring. */
@Timeout(60)
class LeaseTest {
    private static final int GROUP = 11;
    private static final long WAKE = 0x77;

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldShowWhatCameUntilClosed(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                BufferRing buffers = BufferRing.register(ring, GROUP, 2, 16);
                Connection connection = Connection.open(ring)) {
            // More often than there are buffers: each has come back.
            for (int i = 0; i < 10; i++) {
                Lease lease = receive(ring, buffers, connection, "hello " + i);
                assertThat(lease.size()).isEqualTo(7);
                assertThat(text(lease)).isEqualTo("hello " + i);
                assertThat(lease.memory().isReadOnly()).isTrue();
                assertThat(buffers.leasesOut().count()).isOne();
                lease.close();
                lease.close();
                assertThatIllegalStateException()
                        .isThrownBy(lease::memory)
                        .withMessageContaining("the lease is closed");
                assertThat(buffers.leasesOut().count()).isZero();
            }
        }
    }

    @Test
    void shouldGiveBackBufferWithLastOfItsParts() throws Exception {
        Needs.kernel("6.8", "IORING_REGISTER_PBUF_STATUS");
        try (Ring ring = Ring.open(RingConfig.of(8));
                BufferRing buffers = BufferRing.register(ring, GROUP, 2, 16);
                Connection connection = Connection.open(ring)) {
            Lease head = receive(ring, buffers, connection, "0123456789");
            AtomicInteger returned = new AtomicInteger();
            head.onReturn(returned::incrementAndGet);
            Lease again = head.retain();
            Lease tail = head.split(4);
            Lease last = tail.split(6);
            assertThat(text(head)).isEqualTo("0123");
            assertThat(text(tail)).isEqualTo("456789");
            assertThat(text(last)).isEmpty();
            assertThat(text(again)).isEqualTo("0123456789");
            for (Lease each : List.of(tail, head, last, tail, head)) {
                each.close();
                assertThat(buffers.available()).isEqualTo(1);
                assertThat(buffers.leasesOut().count()).isOne();
                assertThat(returned).hasValue(0);
            }
            assertThat(text(again)).isEqualTo("0123456789");
            again.close();
            assertThat(buffers.available()).isEqualTo(2);
            assertThat(returned).hasValue(1);
            assertThatIllegalStateException().isThrownBy(() -> again.onReturn(() -> {}));
            assertThatIllegalStateException().isThrownBy(again::retain);
            assertThatIllegalStateException().isThrownBy(() -> again.split(1));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> again.split(11))
                    .withMessageContaining("first=11 size=10");
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldLeaseEachPieceOfBundle(RingMode mode) throws Exception {
        Needs.kernel("6.10", "IORING_RECVSEND_BUNDLE");
        try (Ring ring = mode.open(8);
                BufferRing buffers = BufferRing.register(ring, GROUP, 4, 4);
                Connection connection = Connection.open(ring)) {
            connection.send("0123456789");
            List<Lease> leases = new ArrayList<>();
            int size = 0;
            while (size < 10) {
                Sockets.recvProvided(ring.next(), connection.fd(), 0, GROUP, 0, Sockets.BUNDLE);
                Completion one = Completions.one(ring);
                size += Net.ok(one);
                buffers.leaseAll(one.result(), one.flags(), leases::add);
            }
            assertThat(leases.stream().map(LeaseTest::text).toList())
                    .containsExactly("0123", "4567", "89");
            assertThat(buffers.leasesOut().count()).isEqualTo(3);
            leases.forEach(Lease::close);
            assertThat(buffers.leasesOut().count()).isZero();
        }
    }

    @Test
    void shouldLeasePiecesOfBufferThatIsFilledPieceByPiece() throws Exception {
        Needs.kernel("6.12", "IOU_PBUF_RING_INC");
        try (Ring ring = Ring.open(RingConfig.of(8));
                BufferRing buffers =
                        BufferRing.register(ring, GROUP, BufferRingConfig.of(2, 9).incremental());
                Connection connection = Connection.open(ring)) {
            List<Lease> leases = new ArrayList<>();
            for (String each : List.of("aaa", "bbb", "ccc")) {
                leases.add(receive(ring, buffers, connection, each));
            }
            assertThat(buffers.available()).isEqualTo(1);
            leases.get(1).close();
            leases.get(2).close();
            assertThat(buffers.available()).isEqualTo(1);
            assertThat(text(leases.get(0))).isEqualTo("aaa");
            leases.get(0).close();
            assertThat(buffers.available()).isEqualTo(2);
        }
    }

    @Test
    void shouldTakeInWhatAnotherThreadClosed() throws Exception {
        Needs.kernel("6.8", "IORING_REGISTER_PBUF_STATUS");
        try (Ring ring = Ring.open(RingConfig.of(8));
                BufferRing buffers = BufferRing.register(ring, GROUP, 4, 16);
                Connection connection = Connection.open(ring)) {
            Lease first = receive(ring, buffers, connection, "first");
            Lease second = receive(ring, buffers, connection, "second");
            Thread.ofVirtual().start(first::close).join();
            Thread.ofPlatform().start(second::close).join();
            assertThat(buffers.leasesOut().count()).isZero();
            assertThat(buffers.available()).isEqualTo(2);
            Lease third = receive(ring, buffers, connection, "third");
            assertThat(buffers.available()).isEqualTo(3);
            Thread.ofVirtual().start(third::close).join();
            buffers.reclaim();
            assertThat(buffers.available()).isEqualTo(4);
        }
    }

    @Test
    void shouldWakeOnlyWhileFewerAreThereThanWanted() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                BufferRing buffers = BufferRing.register(ring, GROUP, 2, 16);
                Connection connection = Connection.open(ring);
                Waker waker = ring.waker(WAKE)) {
            buffers.wakeBy(waker);
            Lease first = receive(ring, buffers, connection, "first");
            assertThat(buffers.replenished(1)).isOne();
            first.close();
            assertThat(Completions.now(ring)).isEmpty();
            Lease second = receive(ring, buffers, connection, "second");
            assertThat(buffers.replenished(2)).isOne();
            second.close();
            assertThat(Completions.one(ring).userData()).isEqualTo(WAKE);
        }
    }

    /** Few buffers, several threads that hold them for a while, and a ring that has to wait. */
    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldBeWokenWheneverItStarves(RingMode mode) throws Exception {
        try (Ring ring = mode.open(16);
                BufferRing buffers = BufferRing.register(ring, GROUP, 4, 32);
                Connection connection = Connection.open(ring)) {
            byte[] sent = Net.random(50_000, 5);
            Thread peer = Thread.ofPlatform().start(() -> send(connection, sent));
            Consumers consumers = new Consumers(sent, 3);
            Waker waker = ring.waker(WAKE);
            buffers.wakeBy(waker);
            int[] at = new int[1];
            int[] starved = new int[1];
            boolean[] armed = new boolean[1];
            boolean[] may = {true};
            while (at[0] < sent.length) {
                if (!armed[0] && may[0]) {
                    Sockets.recvMultishot(ring.next(), connection.fd(), GROUP, 0);
                    armed[0] = true;
                }
                ring.submitAndWait(1, Duration.ofSeconds(20));
                int drained =
                        ring.completions()
                                .drain(
                                        (data, result, flags) -> {
                                            if (data == WAKE) {
                                                waker.rearm();
                                                may[0] = buffers.replenished(1) > 0;
                                            } else if (Errno.ENOBUFS.is(result)) {
                                                armed[0] = false;
                                                may[0] = buffers.replenished(1) > 0;
                                                starved[0] += may[0] ? 0 : 1;
                                            } else {
                                                armed[0] &=
                                                        new Completion(data, result, flags)
                                                                .hasMore();
                                                consumers.take(buffers.lease(result, flags), at[0]);
                                                at[0] += result;
                                            }
                                        });
                assertThat(drained).as("at %d", at[0]).isPositive();
            }
            consumers.finish();
            peer.join();
            assertThat(starved[0]).isPositive();
            assertThat(buffers.leasesOut().count()).isZero();
        }
    }

    @Test
    void shouldLeaseMemoryThatTheProgramChose() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                LeasedMemory memory = LeasedMemory.allocate(ring, 2, 16);
                Connection connection = Connection.open(ring)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> LeasedMemory.allocate(ring, 0, 1));
            for (int i = 0; i < 5; i++) {
                int id = memory.take();
                connection.send("hello");
                Sockets.recv(ring.next(), connection.fd(), memory.buffer(id), 0);
                Lease lease = memory.lease(id, Completions.one(ring).result());
                assertThat(text(lease)).isEqualTo("hello");
                assertThatIllegalStateException().isThrownBy(() -> memory.lease(id, 5));
                int other = memory.take();
                assertThat(other).isNotEqualTo(id).isNotNegative();
                assertThat(memory.take()).isEqualTo(-1);
                assertThat(memory.replenished(1)).isZero();
                memory.giveBack(other);
                assertThatIllegalStateException().isThrownBy(() -> memory.giveBack(other));
                assertThat(memory.leasesOut().count()).isOne();
                Thread.ofPlatform().start(lease::close).join();
                assertThat(memory.replenished(1)).isEqualTo(2);
            }
        }
    }

    @Test
    void shouldNameLeasesThatAreOutWhenClosedAndKeepTheirMemory() throws Exception {
        Lease first;
        Lease second;
        Lease part;
        try (Ring ring = Ring.open(RingConfig.of(8));
                Connection connection = Connection.open(ring)) {
            BufferRing buffers = BufferRing.register(ring, GROUP, 4, 16);
            first = receive(ring, buffers, connection, "first");
            second = receive(ring, buffers, connection, "second");
            part = second.split(3);
            assertThat(buffers.leasesOut().count()).isEqualTo(2);
            assertThat(buffers.leasesOut().oldest()).isPositive();
            assertThatIllegalStateException()
                    .isThrownBy(buffers::close)
                    .withMessageContaining("group 11")
                    .withMessageContaining("count=2 oldest=PT");
            buffers.close();
            assertThat(text(first)).isEqualTo("first");
        }
        assertThat(text(second)).isEqualTo("sec");
        assertThat(text(part)).isEqualTo("ond");
        MemorySegment memory = part.memory();
        first.close();
        second.close();
        assertThat(memory.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 'o');
        Thread.ofVirtual().start(part::close).join();
        // Now it is gone, and looking at it is an exception, not a crash.
        assertThatIllegalStateException().isThrownBy(() -> memory.get(ValueLayout.JAVA_BYTE, 0));
    }

    @Test
    void shouldNameLeasesThatAreOutWhenRingClosesAllTheSame() throws Exception {
        Ring ring = Ring.open(RingConfig.of(8));
        BufferRing buffers = BufferRing.register(ring, GROUP, 4, 16);
        Lease lease;
        try (Connection connection = Connection.open(ring)) {
            lease = receive(ring, buffers, connection, "late");
        }
        assertThatIllegalStateException()
                .isThrownBy(ring::close)
                .withMessageContaining("count=1")
                .withMessageContaining("uring4j.traceLeases");
        assertThatIllegalStateException().isThrownBy(ring::submit).withMessageContaining("closed");
        assertThat(text(lease)).isEqualTo("late");
        MemorySegment memory = lease.memory();
        lease.close();
        assertThatIllegalStateException().isThrownBy(() -> memory.get(ValueLayout.JAVA_BYTE, 0));
    }

    @Test
    @Timeout(300) // Another JVM has to start.
    void shouldTellWhereForgottenLeasesWereTakenWhenAskedTo() throws Exception {
        assertThat(Apart.process(ForgetfulChild.class))
                .contains("the buffer ring of group 1 is closed")
                .contains("count=1 oldest=PT")
                .contains("taken at org.uring4j.conformance.ForgetfulChild.forget(")
                .contains("taken at org.uring4j.conformance.ForgetfulChild.forgetPart(")
                .doesNotContain("remember");
    }

    @Test
    void shouldCloseWhileOtherThreadsGiveBack() throws Exception {
        for (int round = 0; round < 50; round++) {
            List<Lease> leases = new ArrayList<>();
            MemorySegment memory;
            List<Thread> threads = new ArrayList<>();
            try (Ring ring = Ring.open(RingConfig.of(8));
                    Connection connection = Connection.open(ring)) {
                BufferRing buffers = BufferRing.register(ring, GROUP, 8, 4);
                for (int i = 0; i < 8; i++) {
                    leases.add(receive(ring, buffers, connection, "abcd"));
                }
                memory = leases.getFirst().memory();
                for (int i = 0; i < 4; i++) {
                    List<Lease> mine = leases.subList(2 * i, 2 * i + 2);
                    threads.add(Thread.ofPlatform().start(() -> mine.forEach(Lease::close)));
                }
                try {
                    buffers.close();
                } catch (IllegalStateException out) {
                    assertThat(out).hasMessageContaining("leases on its memory are out");
                }
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertThatThrownBy(() -> memory.get(ValueLayout.JAVA_BYTE, 0))
                    .isInstanceOf(IllegalStateException.class);
        }
    }

    private static Lease receive(Ring ring, BufferRing buffers, Connection connection, String text)
            throws Exception {
        connection.send(text);
        Sockets.recvProvided(ring.next(), connection.fd(), 0, GROUP, 0, 0);
        Completion one = Completions.one(ring);
        assertThat(one.result()).isEqualTo(text.length());
        return buffers.lease(one.result(), one.flags());
    }

    static String text(Lease lease) {
        byte[] bytes = lease.memory().toArray(ValueLayout.JAVA_BYTE);
        return new String(bytes, StandardCharsets.US_ASCII);
    }

    private static void send(Connection connection, byte[] bytes) {
        try {
            connection.send(bytes);
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** Threads that compare what came with what was sent, then close the leases. */
    private static final class Consumers {
        private record Task(Lease lease, int at) {}

        private final BlockingQueue<Task> tasks = new ArrayBlockingQueue<>(1024);
        private final List<Thread> threads = new ArrayList<>();
        private final AtomicInteger bytes = new AtomicInteger();
        private final AtomicReference<Throwable> failure = new AtomicReference<>();
        private final byte[] sent;

        Consumers(byte[] sent, int count) {
            this.sent = sent;
            for (int i = 0; i < count; i++) {
                Random random = new Random(i);
                threads.add(Thread.ofPlatform().start(() -> consume(random)));
            }
        }

        void take(Lease lease, int at) {
            tasks.add(new Task(lease, at));
        }

        private void consume(Random random) {
            try {
                while (true) {
                    Task task = tasks.poll(20, TimeUnit.SECONDS);
                    if (task == null || task.at < 0) {
                        return;
                    }
                    for (int spin = random.nextInt(2000); spin > 0; spin--) {
                        Thread.onSpinWait();
                    }
                    try (Lease lease = task.lease) {
                        MemorySegment expected =
                                MemorySegment.ofArray(sent).asSlice(task.at, lease.size());
                        if (lease.memory().mismatch(expected) != -1) {
                            throw new AssertionError("other bytes than were sent at " + task.at);
                        }
                        bytes.addAndGet(lease.size());
                    }
                }
            } catch (Throwable e) {
                failure.set(e);
            }
        }

        void finish() throws InterruptedException {
            threads.forEach(_ -> tasks.add(new Task(null, -1)));
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(failure.get()).isNull();
            assertThat(bytes.get()).isEqualTo(sent.length);
        }
    }
}
