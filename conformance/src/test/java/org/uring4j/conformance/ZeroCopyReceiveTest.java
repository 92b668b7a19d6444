package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig.CqeSize;
import org.uring4j.UringException;
import org.uring4j.op.Sockets;
import org.uring4j.op.ZeroCopyReceives;
import org.uring4j.resource.RegisteredFiles;
import org.uring4j.resource.ZcrxMemory;
import org.uring4j.resource.ZeroCopyReceive;
import org.uring4j.resource.ZeroCopyReceiveConfig;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

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
        if (bufferSize > 4096) {
            Needs.device("hugepages");
        }
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

    @Test
    void shouldEndAtLimitAndGoOn() throws Exception {
        try (Ring ring = ZcrxStream.open(CqeSize.B32);
                ZeroCopyReceive queue =
                        ZeroCopyReceive.register(
                                ring, ZcrxStream.deviceless(), ZeroCopyReceiveConfig.of(AREA));
                Connection connection = Connection.open(ring)) {
            ZcrxStream stream = new ZcrxStream(queue, connection);
            ZcrxStream.send(connection, 0, MIB, true);
            stream.arm(100_000);
            assertThat(stream.receiveToEnd()).isZero();
            assertThat(stream.received).isEqualTo(100_000);
            stream.arm(1);
            assertThat(stream.receiveToEnd()).isZero();
            assertThat(stream.received).isEqualTo(100_001);
            stream.arm();
            assertThat(stream.receiveToEnd()).isZero();
            assertThat(stream.received).isEqualTo(MIB);
        }
    }

    @Test
    void shouldSendOnAfterPeerHasEndedItsHalf() throws Exception {
        try (Ring ring = ZcrxStream.open(CqeSize.MIXED);
                Arena arena = Arena.ofConfined();
                ZeroCopyReceive queue =
                        ZeroCopyReceive.register(
                                ring, ZcrxStream.deviceless(), ZeroCopyReceiveConfig.of(AREA));
                Connection connection = Connection.open(ring)) {
            ZcrxStream stream = new ZcrxStream(queue, connection);
            ZcrxStream.send(connection, 0, 1000, true);
            stream.arm();
            assertThat(stream.receiveToEnd()).isZero();
            assertThat(stream.received).isEqualTo(1000);
            // The end is an end for good.
            stream.arm();
            assertThat(stream.receiveToEnd()).isZero();
            Sockets.send(ring.next(), connection.fd(), Opened.bytes(arena, "answer"), 0);
            assertThat(Completions.one(ring).result()).isEqualTo(6);
            assertThat(connection.receive(6)).asString().isEqualTo("answer");
        }
    }

    /** The kernel stops at the urgent byte until an ordinary receive has gone past it. */
    @Test
    void shouldStopAtUrgentByteUntilItIsPassed() throws Exception {
        try (Ring ring = ZcrxStream.open(CqeSize.MIXED);
                Arena arena = Arena.ofConfined();
                ZeroCopyReceive queue =
                        ZeroCopyReceive.register(
                                ring, ZcrxStream.deviceless(), ZeroCopyReceiveConfig.of(AREA));
                Connection connection = Connection.open(ring)) {
            ZcrxStream stream = new ZcrxStream(queue, connection);
            Pattern.write(connection.peer().getOutputStream(), 0, 1000);
            connection.peer().sendUrgentData('!');
            Pattern.write(connection.peer().getOutputStream(), 1000, 2000);
            stream.receive(1000);
            assertThat(stream.received).isEqualTo(1000);
            assertThat(stream.armed()).isTrue();

            MemorySegment next = arena.allocate(10);
            Sockets.recv(ring.next(), connection.fd(), next, Sockets.MSG_WAITALL).userData(77);
            List<Completion> all = Completions.until(ring, c -> c.userData() == 77);
            assertThat(all).hasSize(1);
            assertThat(all.getFirst().result()).isEqualTo(10);
            Pattern.check(next, 1000);
            stream.received += 10;
            connection.peer().shutdownOutput();
            assertThat(stream.receiveToEnd()).isZero();
            assertThat(stream.received).isEqualTo(2000);
        }
    }

    @Test
    void shouldRefuseWhatIsNoTcpSocket() throws Exception {
        try (Ring ring = ZcrxStream.open(CqeSize.MIXED);
                ZeroCopyReceive queue =
                        ZeroCopyReceive.register(
                                ring, ZcrxStream.deviceless(), ZeroCopyReceiveConfig.of(AREA))) {
            int datagrams = Net.bound(ring, Net.ANY, Sockets.SOCK_DGRAM);
            ZeroCopyReceives.receive(ring.next(), datagrams, queue.id());
            Completion refused = Completions.one(ring);
            assertThat(refused.failed(Errno.EPROTONOSUPPORT)).as("%s", refused).isTrue();
            assertThat(UringException.of("IORING_OP_RECV_ZC", refused.result()))
                    .hasMessageContaining("TCP");
            int[] unix = Net.unixPair(ring, Sockets.SOCK_STREAM);
            ZeroCopyReceives.receive(ring.next(), unix[0], queue.id());
            refused = Completions.one(ring);
            assertThat(refused.failed(Errno.EPROTONOSUPPORT)).as("%s", refused).isTrue();
            ZeroCopyReceives.receive(ring.next(), ring.fd(), queue.id());
            refused = Completions.one(ring);
            assertThat(refused.failed(Errno.ENOTSOCK)).as("%s", refused).isTrue();
            Net.close(ring, datagrams, unix[0], unix[1]);
        }
    }

    @Test
    void shouldRefuseQueueThatIsNotThere() throws Exception {
        Needs.kernel("6.15", "IORING_OP_RECV_ZC");
        try (Ring ring = ZcrxStream.open(CqeSize.B32);
                Connection connection = Connection.open(ring)) {
            ZeroCopyReceives.receive(ring.next(), connection.fd(), 3);
            Completion refused = Completions.one(ring);
            assertThat(refused.failed(Errno.EINVAL)).as("%s", refused).isTrue();
        }
    }

    @Test
    void shouldReceiveFromRegisteredFile() throws Exception {
        try (Ring ring = ZcrxStream.open(CqeSize.B32);
                RegisteredFiles files = RegisteredFiles.sparse(ring, 4);
                ZeroCopyReceive queue =
                        ZeroCopyReceive.register(
                                ring, ZcrxStream.deviceless(), ZeroCopyReceiveConfig.of(AREA));
                Connection connection = Connection.open(ring)) {
            files.set(2, connection.fd());
            ZcrxStream stream = new ZcrxStream(queue, connection);
            ZcrxStream.send(connection, 0, MIB, true);
            ZeroCopyReceives.receive(ring.next(), 2, queue.id()).fixedFile().userData(1);
            stream.armed(true);
            assertThat(stream.receiveToEnd()).isZero();
            assertThat(stream.received).isEqualTo(MIB);
        }
    }
}
