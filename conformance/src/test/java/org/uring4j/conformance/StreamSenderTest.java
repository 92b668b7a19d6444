package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.conformance.Streams.Producer;
import org.uring4j.io.EventLoop;
import org.uring4j.io.SendChunk;
import org.uring4j.io.SenderConfig;
import org.uring4j.io.SenderReport;
import org.uring4j.io.StreamSender;
import org.uring4j.io.ZeroCopyPolicy;
import org.uring4j.io.ZeroCopyPolicy.Mode;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * {@link StreamSender}: bytes in order over {@code IORING_OP_SEND}, {@code IORING_OP_SENDMSG},
 * {@code IORING_OP_SEND_ZC}, {@code IORING_OP_SENDMSG_ZC}.
 */
@Timeout(180)
class StreamSenderTest {
    private static final SenderConfig CONFIG =
            SenderConfig.DEFAULT.policy(ZeroCopyPolicy.auto().minimum(4096));

    private static ZeroCopyPolicy policy(Mode mode) {
        if (mode == Mode.ALWAYS) {
            Needs.kernel("6.1", "IORING_OP_SENDMSG_ZC");
        }
        return switch (mode) {
            case AUTO -> ZeroCopyPolicy.auto().minimum(4096);
            case ALWAYS -> ZeroCopyPolicy.always();
            case NEVER -> ZeroCopyPolicy.never();
        };
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldSendAllInOrder(RingMode mode) throws Exception {
        for (Mode policy : Mode.values()) {
            try (Ring ring = mode.open(8);
                    Connection connection = Connection.open(ring)) {
                sendAll(ring, connection, CONFIG.policy(policy(policy)), 1_500_001, 65_536);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1, 1, 1, AUTO", // a byte
        "100001, 777, 3, 777, ALWAYS", // chunks smaller than a page
        "5001, 1, 64, 1, AUTO", // chunks of one byte
        "300000, 65536, 16, 1000, ALWAYS", // chunks that are not filled
        "300000, 65536, 16, 1000, NEVER",
        "6000000, 1048576, 2, 1048576, ALWAYS", // chunks larger than a request
        "6000000, 262144, 1, 262144, ALWAYS", // a single chunk
    })
    void shouldSendAnySize(long size, int chunkSize, int chunks, int length, Mode mode)
            throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(4));
                Connection connection = Connection.open(ring)) {
            SenderConfig config = CONFIG.chunks(chunks, chunkSize).policy(policy(mode));
            SenderReport report = sendAll(ring, connection, config, size, length);
            assertThat(report.gathered()).isGreaterThanOrEqualTo((size + length - 1) / length);
        }
    }

    private static SenderReport sendAll(
            Ring ring, Connection connection, SenderConfig config, long size, int length)
            throws Exception {
        EventLoop loop = EventLoop.of(ring);
        CompletableFuture<Long> peer = Streams.comparing(connection.peer());
        Producer producer = new Producer(size, length);
        StreamSender sender = producer.start(loop, connection.fd(), config);
        Streams.run(loop, () -> producer.finished);
        assertThat(peer.get(60, TimeUnit.SECONDS)).isEqualTo(size);
        SenderReport report = sender.report();
        assertThat(report.bytes()).isEqualTo(size);
        assertThat(report.plain() + report.zeroCopy() + report.copied() + report.untold())
                .isEqualTo(size);
        assertThat(sender.unsent()).isZero();
        sender.close();
        assertThat(producer.closed).isTrue();
        assertThat(producer.failure).isNull();
        Streams.quiet(ring);
        return report;
    }

    @Test
    void shouldSoonSendPlainlyWhereTheKernelCopies() throws Exception {
        Needs.kernel("6.2", "IORING_SEND_ZC_REPORT_USAGE");
        ZeroCopyPolicy policy = ZeroCopyPolicy.auto();
        long size = 12 << 20;
        try (Ring ring = Ring.open(RingConfig.of(4));
                Connection connection = Connection.open(ring);
                Connection another = Connection.open(ring)) {
            SenderConfig config =
                    SenderConfig.DEFAULT
                            .policy(policy)
                            .destination(connection.peer().getLocalSocketAddress());
            SenderReport report = sendAll(ring, connection, config, size, 65_536);
            assertThat(report.zeroCopy()).isZero();
            assertThat(report.copied()).isPositive().isLessThan(1 << 20);
            assertThat(report.remark()).contains("went over to plain sends");
            assertThat(policy.verdict(another.peer().getLocalSocketAddress()))
                    .isEqualTo(ZeroCopyPolicy.Verdict.COPIED);
            // The next one to the same host need not try.
            report = sendAll(ring, another, config, 4 << 20, 65_536);
            assertThat(report.plain()).isEqualTo(4 << 20);
            assertThat(report.remark()).contains("copies what goes to this destination");
        }
    }

    @Test
    void shouldGatherWhatHasComeUp() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(4));
                Connection connection = Connection.open(ring)) {
            EventLoop loop = EventLoop.of(ring);
            SenderConfig config = CONFIG.chunks(64, 16 << 10).policy(ZeroCopyPolicy.never());
            Producer producer = new Producer(1 << 20, 16 << 10);
            CompletableFuture<Long> peer = Streams.comparing(connection.peer());
            StreamSender sender = producer.start(loop, connection.fd(), config);
            Streams.run(loop, () -> producer.finished);
            assertThat(peer.get(60, TimeUnit.SECONDS)).isEqualTo(1 << 20);
            // 64 pieces in four sends of 256 KiB, and the end.
            assertThat(sender.report().requests()).isEqualTo(5);
            assertThat(sender.report().gathered()).isEqualTo(64);
            sender.close();
        }
    }

    /** Of small pieces none goes without copying, and so no trial keeps what is gathered small. */
    @Test
    void shouldGatherSmallPiecesWithoutTrying() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(4));
                Connection connection = Connection.open(ring)) {
            SenderConfig config = CONFIG.chunks(256, 1000).policy(ZeroCopyPolicy.auto());
            SenderReport report = sendAll(ring, connection, config, 256_000, 1000);
            assertThat(report.plain()).isEqualTo(256_000);
            assertThat(report.requests()).isEqualTo(2);
        }
    }

    @ParameterizedTest
    @EnumSource(Mode.class)
    void shouldReturnLentMemoryInOrder(Mode mode) throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(4));
                Arena arena = Arena.ofShared();
                Connection connection = Connection.open(ring)) {
            EventLoop loop = EventLoop.of(ring);
            CompletableFuture<Long> peer = Streams.comparing(connection.peer());
            Producer producer = new Producer(0, 1);
            StreamSender sender =
                    StreamSender.open(loop, connection.fd(), CONFIG.policy(policy(mode)), producer);
            List<MemorySegment> returned = new ArrayList<>();
            List<MemorySegment> lent = new ArrayList<>();
            long place = 0;
            for (int i = 0; i < 20; i++) {
                MemorySegment memory = arena.allocate(10_000L + 77L * i);
                Streams.fill(memory, place, memory.byteSize());
                place += memory.byteSize();
                assertThat(sender.send(memory, returned::add)).isTrue();
                lent.add(memory);
                SendChunk chunk = sender.claim();
                if (chunk != null) {
                    Streams.fill(chunk.memory(), place, 1000);
                    place += 1000;
                    chunk.send(1000);
                }
            }
            sender.finish();
            Streams.run(loop, () -> producer.finished);
            assertThat(returned).isEqualTo(lent);
            assertThat(peer.get(60, TimeUnit.SECONDS)).isEqualTo(place);
            sender.close();
        }
    }

    @Test
    void shouldRefuseMoreThanItMayHold() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(4));
                Arena arena = Arena.ofShared();
                Connection connection = Connection.open(ring)) {
            EventLoop loop = EventLoop.of(ring);
            int[] news = new int[1];
            SenderConfig config = CONFIG.chunks(2, 1000).lent(3, 2500);
            StreamSender sender =
                    StreamSender.open(
                            loop,
                            connection.fd(),
                            config,
                            new org.uring4j.io.SenderListener() {
                                @Override
                                public void roomAgain(StreamSender any) {
                                    news[0]++;
                                }
                            });
            SendChunk first = sender.claim();
            SendChunk second = sender.claim();
            assertThat(first).isNotNull();
            assertThat(second).isNotNull();
            assertThat(sender.claim()).isNull();
            second.giveBack();
            Streams.run(loop, () -> news[0] == 1);
            List<MemorySegment> returned = new ArrayList<>();
            // One piece alone may be larger than all together.
            assertThat(sender.send(arena.allocate(3000), returned::add)).isTrue();
            assertThat(sender.send(arena.allocate(1), returned::add)).isFalse();
            Streams.run(loop, () -> news[0] == 2);
            assertThat(returned).hasSize(1);
            for (int i = 0; i < 3; i++) {
                assertThat(sender.send(arena.allocate(100), returned::add)).isTrue();
            }
            assertThat(sender.send(arena.allocate(1), returned::add)).isFalse();
            first.giveBack();
            Streams.run(loop, () -> news[0] == 3);
            assertThat(returned).hasSize(4);
            sender.close();
        }
    }

    /** Somebody may be filling it, so that closing cannot take it away. */
    @Test
    void shouldKeepClaimedChunkUntilItIsBackOrTheRingCloses() throws Exception {
        try (Ring opener = Ring.open(RingConfig.of(1));
                Connection connection = Connection.open(opener);
                Ring ring = Ring.open(RingConfig.of(4))) {
            EventLoop loop = EventLoop.of(ring);
            Producer producer = new Producer(0, 1);
            StreamSender sender = StreamSender.open(loop, connection.fd(), CONFIG, producer);
            SendChunk sent = sender.claim();
            SendChunk returned = sender.claim();
            MemorySegment memory = sent.memory();
            sender.close();
            sent.memory().fill((byte) 1);
            sent.send(10);
            loop.run(0);
            assertThat(producer.closed).isFalse();
            memory.fill((byte) 2);
            returned.giveBack();
            Streams.run(loop, () -> producer.closed);
            assertThat(sender.report().bytes()).isZero();
            assertThatThrownBy(() -> memory.fill((byte) 3))
                    .isInstanceOf(IllegalStateException.class);

            MemorySegment forgotten = forgetChunk(connection);
            assertThatThrownBy(() -> forgotten.fill((byte) 5))
                    .isInstanceOf(IllegalStateException.class);
        }
    }

    /** Of a sender of a ring that is closed by then. */
    private static MemorySegment forgetChunk(Connection connection) {
        try (Ring ring = Ring.open(RingConfig.of(4))) {
            StreamSender sender = StreamSender.open(EventLoop.of(ring), connection.fd(), CONFIG);
            MemorySegment memory = sender.claim().memory();
            sender.close();
            memory.fill((byte) 4);
            return memory;
        }
    }

    @Test
    void shouldRefuseMisuse() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(4));
                Connection connection = Connection.open(ring)) {
            EventLoop loop = EventLoop.of(ring);
            StreamSender sender = StreamSender.open(loop, connection.fd(), CONFIG);
            SendChunk chunk = sender.claim();
            assertThatThrownBy(() -> chunk.send(0)).hasMessageContaining("length=0");
            assertThatThrownBy(() -> chunk.send(65_537)).hasMessageContaining("length=65537");
            Apart.thread(
                    () ->
                            assertThatThrownBy(() -> chunk.send(1))
                                    .isInstanceOf(WrongThreadException.class));
            chunk.send(1);
            assertThatThrownBy(chunk::memory).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> chunk.send(1)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(chunk::giveBack).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> sender.send(MemorySegment.ofArray(new byte[1]), m -> {}))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("native=false");
            assertThatThrownBy(() -> sender.send(MemorySegment.NULL, m -> {}))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("bytes=0");
            assertThatThrownBy(() -> CONFIG.chunks(-1, 1)).hasMessageContaining("chunks=-1");
            assertThatThrownBy(() -> CONFIG.request(4095)).hasMessageContaining("request=4095");
            SendChunk late = sender.claim();
            sender.finish();
            assertThat(sender.claim()).isNull();
            // Not dropped in silence.
            assertThatThrownBy(() -> late.send(1))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("finished");
            late.giveBack();
            sender.close();
            sender.close();
            assertThat(sender.claim()).isNull();
            Streams.run(loop, () -> ring.inFlight() == 0);
        }
    }

    @Test
    void shouldGoOnWhenListenersThrow() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(4));
                Arena arena = Arena.ofShared();
                Connection connection = Connection.open(ring)) {
            EventLoop loop = EventLoop.of(ring);
            Producer producer = new Producer(0, 1);
            StreamSender sender = StreamSender.open(loop, connection.fd(), CONFIG, producer);
            int pieces = 5;
            List<MemorySegment> returned = new ArrayList<>();
            for (int i = 0; i < pieces; i++) {
                MemorySegment memory = arena.allocate(100);
                Streams.fill(memory, 100L * i, 100);
                assertThat(
                                sender.send(
                                        memory,
                                        back -> {
                                            returned.add(back);
                                            throw new IllegalStateException("not today");
                                        }))
                        .isTrue();
            }
            sender.finish();
            for (int i = 1; i <= pieces; i++) {
                assertThatThrownBy(() -> Streams.run(loop, () -> producer.finished))
                        .hasMessage("not today");
                assertThat(returned).hasSize(i).doesNotHaveDuplicates();
            }
            Streams.run(loop, () -> producer.finished);
            assertThat(Streams.compare(connection.peer().getInputStream(), Long.MAX_VALUE))
                    .isEqualTo(100L * pieces);
            sender.close();
        }
    }

    @Test
    void shouldFailWhereMemoryWasFreedTooEarly() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(4));
                Connection connection = Connection.open(ring)) {
            EventLoop loop = EventLoop.of(ring);
            Producer producer = new Producer(0, 1);
            StreamSender sender = StreamSender.open(loop, connection.fd(), CONFIG, producer);
            Arena arena = Arena.ofShared();
            boolean[] returned = new boolean[1];
            sender.send(arena.allocate(1000), memory -> returned[0] = true);
            arena.close();
            Streams.run(loop, () -> returned[0]);
            assertThat(producer.failure.errno()).isEqualTo(Errno.EFAULT);
            assertThat(producer.failure).hasMessageContaining("was freed before");
            Streams.close(loop, sender, producer);
        }
    }
}
