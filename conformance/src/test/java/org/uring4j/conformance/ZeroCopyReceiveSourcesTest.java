package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Test;
import org.uring4j.Errno;
import org.uring4j.KernelVersion;
import org.uring4j.Ring;
import org.uring4j.RingConfig.CqeSize;
import org.uring4j.UringException;
import org.uring4j.resource.ZcrxMemory;
import org.uring4j.resource.ZcrxSource;
import org.uring4j.resource.ZeroCopyReceive;
import org.uring4j.resource.ZeroCopyReceiveConfig;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Where {@code IORING_REGISTER_ZCRX_IFQ} gets its data and memory from; areas added by {@code
 * IORING_REGISTER_ZCRX_CTRL}.
 */
class ZeroCopyReceiveSourcesTest {
    private static final int PAGE = 4096;
    private static final long MIB = 1 << 20;
    private static final ZeroCopyReceiveConfig SMALL = ZeroCopyReceiveConfig.of(64 * PAGE);

    @Test
    @NeedsDevice("udmabuf")
    void shouldReceiveIntoDmaBuf() throws Exception {
        ZcrxSource source = ZcrxStream.device();
        int bytes = 4 << 20;
        try (Ring ring = ZcrxStream.open(CqeSize.MIXED);
                DmaBuf buf = DmaBuf.make(ring, Path.of(Needs.device("udmabuf")), bytes);
                ZeroCopyReceive queue =
                        ZeroCopyReceive.register(
                                ring,
                                source,
                                ZeroCopyReceiveConfig.of(ZcrxMemory.dmaBuf(buf.fd(), bytes))
                                        .statistics());
                Connection connection = ZcrxStream.connect(ring)) {
            ZcrxStream stream = new ZcrxStream(queue, connection);
            ZcrxStream.send(connection, 0, 8 * MIB, true);
            stream.arm();
            assertThat(stream.receiveToEnd()).isZero();
            assertThat(stream.received).isEqualTo(8 * MIB);
            assertThat(queue.copyCount()).isZero();
        }
    }

    /** The application has the virtual device alone; packets arrive at the card. */
    @Test
    @NeedsDevice("netkit")
    void shouldReceiveByQueueLeasedToVirtualDevice() throws Exception {
        ZcrxSource source = ZcrxSource.netDevice(Needs.device("netkit"), 1);
        ZeroCopyReceiveConfig config = ZeroCopyReceiveConfig.of(4 * MIB).statistics();
        try (Ring ring = ZcrxStream.open(CqeSize.MIXED);
                ZeroCopyReceive queue = ZeroCopyReceive.register(ring, source, config);
                Connection connection = ZcrxStream.connect(ring, "sim3", "10.80.0.2")) {
            ZcrxStream stream = new ZcrxStream(queue, connection);
            ZcrxStream.send(connection, 0, 8 * MIB, true);
            stream.arm();
            assertThat(stream.receiveToEnd()).isZero();
            assertThat(stream.received).isEqualTo(8 * MIB);
            assertThat(queue.copyCount()).isZero();
        }
    }

    @Test
    void shouldReceiveByTwoQueuesOfOneRing() throws Exception {
        try (Ring ring = ZcrxStream.open(CqeSize.MIXED);
                ZeroCopyReceive one =
                        ZeroCopyReceive.register(ring, ZcrxStream.deviceless(), SMALL);
                ZeroCopyReceive two =
                        ZeroCopyReceive.register(ring, ZcrxStream.deviceless(), SMALL);
                Connection first = Connection.open(ring);
                Connection second = Connection.open(ring)) {
            assertThat(one.id()).isNotEqualTo(two.id());
            ZcrxStream left = new ZcrxStream(one, first);
            ZcrxStream right = new ZcrxStream(two, second);
            ZcrxStream.send(first, 0, 2 * MIB, true);
            ZcrxStream.send(second, 0, 2 * MIB, true);
            left.arm();
            right.arm();
            while (left.armed() || right.armed()) {
                ring.submitAndWait(1);
                ring.completions()
                        .drain(
                                (data, result, flags, place, _) -> {
                                    ZcrxStream stream = data == left.fd ? left : right;
                                    stream.on(result, flags, place, stream.queue::recycle);
                                });
            }
            assertThat(left.received).isEqualTo(2 * MIB);
            assertThat(right.received).isEqualTo(2 * MIB);
        }
    }

    /** A connection's packets go to the queue that their hash says. */
    @Test
    @NeedsDevice("zcrx_queues")
    void shouldReceiveByTwoQueuesOfOneCard() throws Exception {
        String name = Needs.device("zcrx_queues");
        ZeroCopyReceiveConfig config = ZeroCopyReceiveConfig.of(MIB).statistics();
        int[] found = new int[2];
        try (Ring ring = ZcrxStream.open(CqeSize.MIXED);
                ZeroCopyReceive one =
                        ZeroCopyReceive.register(ring, ZcrxSource.netDevice(name, 0), config);
                ZeroCopyReceive two =
                        ZeroCopyReceive.register(ring, ZcrxSource.netDevice(name, 1), config)) {
            for (int i = 0; i < 32; i++) {
                try (Connection connection = ZcrxStream.connect(ring, "sim2", "10.79.0.2")) {
                    found[receiveByEither(one, two, connection)]++;
                }
            }
            assertThat(one.copyCount()).isZero();
            assertThat(two.copyCount()).isZero();
        }
        assertThat(found).doesNotContain(0);
    }

    private static int receiveByEither(
            ZeroCopyReceive one, ZeroCopyReceive two, Connection connection) {
        ZcrxStream.send(connection, 0, 100_000, true);
        ZcrxStream stream = new ZcrxStream(one, connection);
        stream.arm();
        int by = 0;
        if (Errno.EFAULT.is(stream.receiveToEnd())) {
            assertThat(stream.received).isZero();
            stream = new ZcrxStream(two, connection);
            stream.arm();
            assertThat(stream.receiveToEnd()).isZero();
            by = 1;
        }
        assertThat(stream.received).isEqualTo(100_000);
        return by;
    }

    /** What arrives at a queue that was not lent out is copied. */
    @Test
    @NeedsDevice("zcrx_queues")
    void shouldCopyWhatArrivesOnOtherQueue() throws Exception {
        String name = Needs.device("zcrx_queues");
        ZeroCopyReceiveConfig config = ZeroCopyReceiveConfig.of(MIB).statistics();
        boolean copied = false;
        boolean spared = false;
        try (Ring ring = ZcrxStream.open(CqeSize.B32);
                ZeroCopyReceive queue =
                        ZeroCopyReceive.register(ring, ZcrxSource.netDevice(name, 0), config)) {
            for (int i = 0; i < 32; i++) {
                long before = queue.copyBytes();
                try (Connection connection = ZcrxStream.connect(ring, "sim2", "10.79.0.2")) {
                    ZcrxStream stream = new ZcrxStream(queue, connection);
                    ZcrxStream.send(connection, 0, 100_000, true);
                    stream.arm();
                    assertThat(stream.receiveToEnd()).isZero();
                    assertThat(stream.received).isEqualTo(100_000);
                }
                long more = queue.copyBytes() - before;
                copied |= more > 0;
                spared |= more == 0;
                assertThat(more).isBetween(0L, 100_000L);
            }
            assertThat(queue.counters().buffersOut()).isZero();
        }
        assertThat(copied).isTrue();
        assertThat(spared).isTrue();
    }

    @Test
    void shouldReceiveIntoAddedArea() throws Exception {
        Needs.kernel("7.3", "ZCRX_CTRL_ADD_AREA");
        try (Ring ring = ZcrxStream.open(CqeSize.MIXED);
                ZeroCopyReceive queue =
                        ZeroCopyReceive.register(ring, ZcrxStream.deviceless(), SMALL);
                Connection connection = Connection.open(ring)) {
            ZcrxStream stream = new ZcrxStream(queue, connection);
            ZcrxStream.send(connection, 0, 4 * MIB, true);
            List<Long> held = new ArrayList<>();
            stream.goOn = false;
            stream.arm();
            stream.receiveUntil(() -> !stream.armed(), held);
            assertThat(queue.replenished(1)).isZero();

            int added = queue.addArea(ZcrxMemory.anonymous(32 * PAGE));
            assertThat(added).isEqualTo(1);
            assertThat(queue.memory(added).byteSize()).isEqualTo(32 * PAGE);
            assertThat(queue.replenished(1)).isEqualTo(32);
            List<Long> more = new ArrayList<>();
            stream.arm();
            stream.receiveUntil(() -> !stream.armed(), more);
            assertThat(more).hasSize(32);
            assertThat(more).allMatch(place -> ZeroCopyReceive.area(place) == added);
            more.forEach(queue::recycle);
            held.forEach(queue::recycle);
            assertThat(queue.replenished(1)).isEqualTo(96);
            stream.goOn = true;
            stream.arm();
            assertThat(stream.receiveToEnd()).isZero();
            assertThat(stream.received).isEqualTo(4 * MIB);
        }
    }

    @Test
    void shouldNameKernelThatCanAddAreas() throws Exception {
        ZcrxSource source = ZcrxStream.deviceless();
        Needs.that(
                KernelVersion.running().compareTo(KernelVersion.parse("7.3")) < 0,
                "this kernel has ZCRX_CTRL_ADD_AREA");
        try (Ring ring = ZcrxStream.open(CqeSize.MIXED);
                ZeroCopyReceive queue = ZeroCopyReceive.register(ring, source, SMALL)) {
            assertThatExceptionOfType(UringException.class)
                    .isThrownBy(() -> queue.addArea(ZcrxMemory.anonymous(PAGE)))
                    .withMessageContaining("needs Linux 7.3");
        }
    }
}
