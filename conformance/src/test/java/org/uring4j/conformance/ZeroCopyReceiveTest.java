package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Ring;
import org.uring4j.RingConfig.CqeSize;
import org.uring4j.resource.ZcrxMemory;
import org.uring4j.resource.ZeroCopyReceive;
import org.uring4j.resource.ZeroCopyReceiveConfig;

/**
 * Data by {@code IORING_OP_RECV_ZC}, from a queue of {@code IORING_REGISTER_ZCRX_IFQ} flushed by
 * {@code IORING_REGISTER_ZCRX_CTRL}: all of it, in order, and copied only where it has to be.
 */
class ZeroCopyReceiveTest {
    private static final long AREA = 4 << 20;
    private static final long MIB = 1 << 20;

    @ParameterizedTest
    @EnumSource(names = {"B32", "MIXED"})
    void shouldReceiveWithoutDevice(CqeSize size) throws Exception {
        try (Ring ring = ZcrxStream.open(size);
                ZeroCopyReceive queue =
                        ZeroCopyReceive.register(
                                ring, ZcrxStream.deviceless(), ZeroCopyReceiveConfig.of(AREA));
                Connection connection = Connection.open(ring)) {
            ZcrxStream stream = new ZcrxStream(queue, connection);
            ZcrxStream.send(connection, 0, 16 * MIB, true);
            stream.arm();
            assertThat(stream.receiveToEnd()).isZero();
            assertThat(stream.received).isEqualTo(16 * MIB);
            assertThat(queue.counters().buffersOut()).isZero();
            assertThat(queue.counters().flushes()).isPositive();
        }
    }

    @ParameterizedTest
    @CsvSource({"B32, 4096", "MIXED, 4096", "MIXED, 16384", "MIXED, 65536"})
    @NeedsDevice("zcrx")
    void shouldReceiveFromDeviceWithoutCopying(CqeSize size, int bufferSize) throws Exception {
        ZcrxMemory memory =
                bufferSize == 4096 ? ZcrxMemory.anonymous(AREA) : ZcrxMemory.hugePages(2 * AREA);
        ZeroCopyReceiveConfig config =
                ZeroCopyReceiveConfig.of(memory).bufferSize(bufferSize).statistics();
        try (Ring ring = ZcrxStream.open(size);
                ZeroCopyReceive queue =
                        ZeroCopyReceive.register(ring, ZcrxStream.device(), config);
                Connection connection = ZcrxStream.connect(ring)) {
            assertThat(queue.bufferSize()).isEqualTo(bufferSize);
            ZcrxStream stream = new ZcrxStream(queue, connection);
            ZcrxStream.send(connection, 0, 16 * MIB, true);
            stream.arm();
            assertThat(stream.receiveToEnd()).isZero();
            assertThat(stream.received).isEqualTo(16 * MIB);
            assertThat(queue.copyCount()).isZero();
            assertThat(queue.copyBytes()).isZero();
            assertThat(queue.counters().buffersOut()).isZero();
        }
    }

    @Test
    @NeedsDevice("zcrx")
    void shouldReceiveWithRefillRingInKernelMemory() throws Exception {
        ZeroCopyReceiveConfig config = ZeroCopyReceiveConfig.of(AREA).kernelMemory().statistics();
        try (Ring ring = ZcrxStream.open(CqeSize.MIXED);
                ZeroCopyReceive queue =
                        ZeroCopyReceive.register(ring, ZcrxStream.device(), config);
                Connection connection = ZcrxStream.connect(ring)) {
            ZcrxStream stream = new ZcrxStream(queue, connection);
            ZcrxStream.send(connection, 0, 16 * MIB, true);
            stream.arm();
            assertThat(stream.receiveToEnd()).isZero();
            assertThat(stream.received).isEqualTo(16 * MIB);
            assertThat(queue.copyCount()).isZero();
        }
    }
}
