package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.uring4j.conformance.Receiving.turn;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig.CqeSize;
import org.uring4j.UringException;
import org.uring4j.conformance.PeerProcesses.Peer;
import org.uring4j.io.EventLoop;
import org.uring4j.io.ReceivePath;
import org.uring4j.io.ReceivePool;
import org.uring4j.io.ReceivePoolConfig;
import org.uring4j.io.StreamReceiver;
import org.uring4j.resource.Lease;
import org.uring4j.resource.ZcrxSource;
import org.uring4j.resource.ZeroCopyReceive;
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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Streams received by {@code IORING_OP_RECV_ZC} from processes; these, their connections, pools and
 * rings die at any moment, many times over.
 */
@Timeout(300)
class ZeroCopyDeathsTest {
    private static final int AREA = 1 << 20;
    private static final int DEATHS = 200;

    @TempDir private Path directory;

    @ParameterizedTest(name = "device={0}")
    @ValueSource(booleans = {true, false})
    void shouldStandTwoHundredDeaths(boolean device) throws Exception {
        ZcrxSource source = device ? ZcrxStream.device() : ZcrxStream.deviceless();
        byte[] data = Net.random(1 << 20, 3);
        Path file = Files.write(directory.resolve("data"), data);
        try (PeerProcesses peers =
                PeerProcesses.sending(
                        file, device ? "sim" : "", device ? "10.78.0.2" : "127.0.0.1")) {
            for (int warmUp = 0; warmUp < 10; warmUp++) {
                new Death(warmUp, data, source).run(peers);
            }
            int descriptors = descriptors();
            long memory = kilobytes("VmSize");
            int killed = 0;
            for (int round = 0; round < DEATHS; round++) {
                killed += new Death(round, data, source).run(peers) ? 1 : 0;
            }
            assertThat(killed).isEqualTo(DEATHS / 5 * 2);
            assertThat(descriptors()).isLessThanOrEqualTo(descriptors);
            // Were areas left behind, they would be twice as much at least.
            assertThat(kilobytes("VmSize") - memory).isLessThan(DEATHS * (AREA >> 10) / 2);
            // The kernel takes a closed ring apart in its own time.
            awaitThat(() -> kilobytes("VmPin") < 2 * (AREA >> 10));
        }
    }

    /** One connection, and what becomes of it. */
    private static final class Death {
        private record Held(Lease lease, long at) {}

        private final int seed;
        private final Random random;
        private final byte[] data;
        private final ZcrxSource source;
        private final List<Held> held = new ArrayList<>();
        private final ExpectedStream expected;

        Death(int seed, byte[] data, ZcrxSource source) {
            this.seed = seed;
            this.data = data;
            this.source = source;
            random = new Random(seed);
            expected = new ExpectedStream(data, this::hold);
        }

        private void hold(Lease lease) {
            held.add(new Held(lease, expected.at - lease.size()));
            // A stream may hold 64; then it would wait until it holds 32.
            if (held.size() > 24) {
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

        /** Whether it was the process that died of being killed. */
        boolean run(PeerProcesses peers) throws Exception {
            Ring ring = ZcrxStream.open(random.nextBoolean() ? CqeSize.B32 : CqeSize.MIXED);
            EventLoop loop = EventLoop.of(ring);
            ReceivePool pool = open(loop);
            Peer peer = peers.connect(ring);
            if (random.nextBoolean()) {
                peer.sendUnread();
            }
            StreamReceiver receiver = pool.receive(peer.fd(), expected);
            assertThat(receiver.path()).isEqualTo(ReceivePath.ZERO_COPY);
            boolean killed = false;
            if (seed % 5 == 0) {
                killed = killSoon(peer, () -> turn(loop, () -> isOver(receiver.ended())));
            } else {
                long until = random.nextInt(200_000);
                turn(loop, () -> isOver(expected.at >= until));
            }
            switch (seed % 5) {
                case 0 -> checkEnded(pool);
                case 1 -> {
                    killed = peer.kill();
                    giveBack();
                    turn(loop, receiver::ended);
                    checkEnded(pool);
                }
                case 2 -> {
                    receiver.stop();
                    turn(loop, receiver::ended);
                    expected.checkNotTold();
                }
                case 3 -> {
                    close(pool);
                    expected.checkNotTold();
                }
                default -> {}
            }
            close(ring);
            Libc.call("close", peer.fd());
            peer.kill();
            // The ring is gone, the bytes are not.
            giveBack();
            return killed;
        }

        /**
         * Before it waits all is given back: of so small an area a socket can take all the rest for
         * what has come out of order, and then what is missing finds no buffer.
         */
        private boolean isOver(boolean over) {
            if (!over) {
                giveBack();
            }
            return over;
        }

        /** Has it killed at some moment while this thread does something else. */
        private boolean killSoon(Peer peer, Runnable meanwhile) throws InterruptedException {
            boolean[] killed = new boolean[1];
            long nanos = random.nextInt(20_000_000);
            Thread killer =
                    Thread.ofPlatform()
                            .start(
                                    () -> {
                                        LockSupport.parkNanos(nanos);
                                        killed[0] = peer.kill();
                                    });
            meanwhile.run();
            killer.join();
            return killed[0];
        }

        /** Told once, and no lease lost. */
        private void checkEnded(ReceivePool pool) {
            expected.checkOver();
            giveBack();
            ZeroCopyReceive queue = pool.zeroCopy().orElseThrow();
            // Who closes the last lease elsewhere has yet to put its buffer back.
            awaitThat(() -> pool.leasesOut().count() == 0 && queue.counters().buffersOut() == 0);
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
        private ReceivePool open(EventLoop loop) {
            ReceivePoolConfig config =
                    ReceivePoolConfig.defaults()
                            .zeroCopy(source, ZeroCopyReceiveConfig.of(AREA))
                            .path(ReceivePath.ZERO_COPY);
            ReceivePool[] pool = new ReceivePool[1];
            awaitThat(
                    () -> {
                        try {
                            pool[0] = ReceivePool.open(loop, config);
                            return true;
                        } catch (UringException e) {
                            assertThat(e.errno()).isEqualTo(Errno.EEXIST);
                            return false;
                        }
                    });
            return pool[0];
        }
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
