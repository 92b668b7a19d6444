package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.conformance.PeerProcesses.Peer;
import org.uring4j.conformance.Streams.Producer;
import org.uring4j.io.EventLoop;
import org.uring4j.io.SenderConfig;
import org.uring4j.io.StreamSender;
import org.uring4j.io.ZeroCopyPolicy;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;

/**
 * Processes that read what a {@link StreamSender} sends, and are killed meanwhile ({@code
 * IORING_OP_SENDMSG_ZC}, {@code IORING_OP_SENDMSG}).
 */
@Timeout(300)
class StreamSenderPeersTest {
    private static final int KILLS = 60;
    private static final long ENDLESS = Long.MAX_VALUE;

    @TempDir private Path directory;

    /** Over a network card nothing is copied: it reads the memory itself, and again for a peer. */
    @ParameterizedTest(name = "nic={0}")
    @ValueSource(booleans = {true, false})
    void shouldSurviveProcessesThatAreKilled(boolean nic) throws Exception {
        String address = nic ? Needs.device("e1000") : "127.0.0.1";
        Needs.kernel("6.2", "IORING_SEND_ZC_REPORT_USAGE");
        Path file = Files.write(directory.resolve("stream"), Streams.period());
        Random random = new Random(6);
        try (PeerProcesses peers = PeerProcesses.comparing(file, nic ? "peer" : "", address);
                Ring ring = Ring.open(RingConfig.of(8))) {
            int descriptors = descriptors();
            long zeroCopy = 0;
            long copied = 0;
            for (int i = 0; i < KILLS; i++) {
                ZeroCopyPolicy policy =
                        nic || i % 3 > 0
                                ? i % 3 > 1 ? ZeroCopyPolicy.auto() : ZeroCopyPolicy.always()
                                : ZeroCopyPolicy.never();
                SenderConfig config = SenderConfig.DEFAULT.policy(policy);
                StreamSender sender = sendToOneKilled(peers.connect(ring), ring, config, random);
                assertThat(ring.inFlight()).isZero();
                assertThat(descriptors()).isLessThanOrEqualTo(descriptors);
                zeroCopy += sender.report().zeroCopy();
                copied += sender.report().copied();
            }
            if (nic) {
                // What has to be sent again, on a machine that is busy, may be copied for that.
                assertThat(copied).isLessThan(zeroCopy / 4);
            }
        }
    }

    /** Killed after some bytes, or after some time; all memory comes back. */
    private static StreamSender sendToOneKilled(
            Peer peer, Ring ring, SenderConfig config, Random random) throws Exception {
        EventLoop loop = EventLoop.of(ring);
        Producer producer = new Producer(ENDLESS, 1 + random.nextInt(65_536));
        long bytes = random.nextInt(2 << 20);
        long nanos = random.nextInt(20_000_000);
        boolean[] killed = new boolean[1];
        StreamSender sender = producer.start(loop, peer.fd(), config);
        if (random.nextBoolean()) {
            Streams.run(loop, () -> sender.report().bytes() >= bytes);
            killed[0] = peer.kill();
            Streams.run(loop, () -> producer.failure != null);
        } else {
            Thread killer =
                    Thread.ofPlatform()
                            .start(
                                    () -> {
                                        LockSupport.parkNanos(nanos);
                                        killed[0] = peer.kill();
                                    });
            Streams.run(loop, () -> producer.failure != null);
            killer.join();
        }
        assertThat(killed[0]).isTrue();
        assertThat(producer.failure.errno()).isIn(List.of(Errno.ECONNRESET, Errno.EPIPE));
        Streams.close(loop, sender, producer);
        Net.close(ring, peer.fd());
        return sender;
    }

    private static int descriptors() {
        String[] all = new File("/proc/self/fd").list();
        assertThat(all).isNotNull();
        return all.length;
    }
}
