package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.uring4j.conformance.StreamReceiverTest.turn;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.RingConfig.CqeSize;
import org.uring4j.UringException;
import org.uring4j.io.EventLoop;
import org.uring4j.io.ReceivePath;
import org.uring4j.io.ReceivePool;
import org.uring4j.io.ReceivePoolConfig;
import org.uring4j.io.StreamReceiver;
import org.uring4j.resource.Lease;
import org.uring4j.resource.ZcrxSource;
import org.uring4j.resource.ZeroCopyReceiveConfig;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Streams received without copying, by {@code IORING_OP_RECV_ZC}, where their interface can. */
@Timeout(300)
class ZeroCopyStreamTest {
    private static final int AREA = 1 << 20;
    private static final int DEATHS = 200;

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

                Thread peer = StreamReceiverTest.send(connection, data, 100_000, true);
                Thread second = StreamReceiverTest.send(loopback, data, 100_000, true);
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
                StreamReceiverTest.send(connection, data, 5000, true);
                turn(loop, receiver::ended);
                expected.checkEnded();
            }
        }
    }

    /** Peers, connections, pools and rings die at any moment, many times over. */
    @Test
    @NeedsDevice("zcrx")
    void shouldStandTwoHundredDeaths() throws Exception {
        byte[] data = Net.random(1 << 20, 3);
        for (int warmUp = 0; warmUp < 8; warmUp++) {
            new Death(warmUp, data).run();
        }
        int descriptors = descriptors();
        long memory = kilobytes("VmSize");
        for (int round = 0; round < DEATHS; round++) {
            new Death(round, data).run();
        }
        assertThat(descriptors()).isLessThanOrEqualTo(descriptors);
        // Were areas left behind, they would be twice as much at least.
        assertThat(kilobytes("VmSize") - memory).isLessThan(DEATHS * (AREA >> 10) / 2);
        // The kernel takes a closed ring apart in its own time.
        awaitThat(() -> kilobytes("VmPin") < 2 * (AREA >> 10));
    }

    /** One connection, and what becomes of it. */
    private static final class Death {
        private record Held(Lease lease, long at) {}

        private final int seed;
        private final Random random;
        private final byte[] data;
        private final List<Held> held = new ArrayList<>();
        private final ExpectedStream expected;

        Death(int seed, byte[] data) {
            this.seed = seed;
            this.data = data;
            random = new Random(seed);
            expected = new ExpectedStream(data, this::hold);
        }

        private void hold(Lease lease) {
            held.add(new Held(lease, expected.at - lease.size()));
            if (held.size() > 64) {
                giveBack();
            }
        }

        /** In any order, here or elsewhere; what they show is still right. */
        private void giveBack() {
            Collections.shuffle(held, random);
            List<Lease> elsewhere = new ArrayList<>();
            for (Held each : held) {
                MemorySegment sent =
                        MemorySegment.ofArray(data).asSlice(each.at, each.lease.size());
                assertThat(each.lease.memory().mismatch(sent)).isEqualTo(-1);
                if (random.nextInt(8) == 0) {
                    elsewhere.add(each.lease);
                } else {
                    each.lease.close();
                }
            }
            held.clear();
            Thread.ofVirtual().start(() -> elsewhere.forEach(Lease::close));
        }

        void run() throws Exception {
            Ring ring = ZcrxStream.open(random.nextBoolean() ? CqeSize.B32 : CqeSize.MIXED);
            Connection connection = ZcrxStream.connect(ring);
            EventLoop loop = EventLoop.of(ring);
            ReceivePool pool = open(loop);
            StreamReceiver receiver = pool.receive(connection.fd(), expected);
            assertThat(receiver.path()).isEqualTo(ReceivePath.ZERO_COPY);
            Thread peer =
                    StreamReceiverTest.send(connection, data, 1 + random.nextInt(100_000), true);
            long until = random.nextInt(200_000);
            turn(loop, () -> expected.at >= until);
            switch (seed % 4) {
                case 0 -> {
                    connection.peer().setSoLinger(true, 0);
                    connection.peer().close();
                    giveBack();
                    turn(loop, receiver::ended);
                    expected.checkOver();
                }
                case 1 -> {
                    receiver.stop();
                    turn(loop, receiver::ended);
                    expected.checkNotTold();
                }
                case 2 -> {
                    close(pool);
                    expected.checkNotTold();
                }
                default -> {}
            }
            connection.peer().close();
            close(ring);
            Libc.call("close", connection.fd());
            peer.join();
            // The ring is gone, the bytes are not.
            giveBack();
        }

        /** With leases out it says so, and is closed all the same. */
        private void close(AutoCloseable what) throws Exception {
            try {
                what.close();
            } catch (IllegalStateException leasesOut) {
                assertThat(leasesOut).hasMessageContaining("leases on its memory are out");
            }
        }

        /** The kernel may still be taking the last ring apart, which had the queue. */
        private static ReceivePool open(EventLoop loop) {
            ReceivePool[] pool = new ReceivePool[1];
            awaitThat(
                    () -> {
                        try {
                            pool[0] = ReceivePool.open(loop, config());
                            return true;
                        } catch (UringException e) {
                            assertThat(e.errno()).isEqualTo(Errno.EEXIST);
                            return false;
                        }
                    });
            return pool[0];
        }
    }

    private static ReceivePoolConfig config() {
        return ReceivePoolConfig.defaults()
                .zeroCopy(ZcrxStream.device(), ZeroCopyReceiveConfig.of(AREA).statistics());
    }

    private static void awaitThat(BooleanSupplier condition) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).isLessThan(end);
            LockSupport.parkNanos(1_000_000);
        }
    }

    private static int descriptors() throws IOException {
        try (var all = Files.list(Path.of("/proc/self/fd"))) {
            return (int) all.count();
        }
    }

    private static long kilobytes(String key) {
        try {
            return Files.readAllLines(Path.of("/proc/self/status")).stream()
                    .filter(line -> line.startsWith(key + ":"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                    .findFirst()
                    .orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
