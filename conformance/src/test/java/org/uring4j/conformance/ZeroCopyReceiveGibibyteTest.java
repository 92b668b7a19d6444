package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.uring4j.Ring;
import org.uring4j.RingConfig.CqeSize;
import org.uring4j.resource.ZcrxMemory;
import org.uring4j.resource.ZeroCopyReceive;
import org.uring4j.resource.ZeroCopyReceiveConfig;

import java.time.Duration;

/** Much data by {@code IORING_OP_RECV_ZC}: positions pass 2^30, entries go around many times. */
class ZeroCopyReceiveGibibyteTest {
    private static final long BYTES = 1L << 30;

    @Test
    @Timeout(200)
    @NeedsDevice("zcrx")
    void shouldReceiveGibibyteWithoutCopying() throws Exception {
        Needs.device("hugepages");
        ZeroCopyReceiveConfig config =
                ZeroCopyReceiveConfig.of(ZcrxMemory.hugePages(8 << 20))
                        .bufferSize(64 << 10)
                        .statistics();
        try (Ring ring = ZcrxStream.open(CqeSize.MIXED);
                ZeroCopyReceive queue =
                        ZeroCopyReceive.register(ring, ZcrxStream.device(), config);
                Connection connection = ZcrxStream.connect(ring)) {
            ZcrxStream stream = new ZcrxStream(queue, connection);
            stream.limit(Duration.ofSeconds(190));
            long began = System.nanoTime();
            ZcrxStream.send(connection, 0, BYTES, true);
            stream.arm();
            assertThat(stream.receiveToEnd()).isZero();
            long millis = Duration.ofNanos(System.nanoTime() - began).toMillis();
            assertThat(stream.received).isEqualTo(BYTES);
            assertThat(queue.copyCount()).isZero();
            assertThat(queue.counters().buffersOut()).isZero();
            System.out.println("received 1 GiB in " + millis + " ms: " + queue.counters());
        }
    }
}
