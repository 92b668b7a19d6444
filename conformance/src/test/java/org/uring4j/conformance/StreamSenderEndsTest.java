package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.conformance.Streams.Producer;
import org.uring4j.io.EventLoop;
import org.uring4j.io.SendChunk;
import org.uring4j.io.SenderConfig;
import org.uring4j.io.StreamSender;
import org.uring4j.io.ZeroCopyPolicy;
import org.uring4j.io.ZeroCopyPolicy.Mode;
import org.uring4j.op.Cancel;
import org.uring4j.op.CancelTarget;

import java.io.File;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Socket;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** How a {@link StreamSender} ends: closed, reset, its peer gone; and when its memory is free. */
@Timeout(300)
class StreamSenderEndsTest {
    private static final long ENDLESS = Long.MAX_VALUE;
    private static final int KILLS = 100;

    private static final List<Mode> MODES = List.of(Mode.AUTO, Mode.ALWAYS, Mode.NEVER);

    private static SenderConfig config(Mode mode) {
        if (mode == Mode.ALWAYS) {
            Needs.kernel("6.1", "IORING_OP_SENDMSG_ZC");
        }
        return SenderConfig.DEFAULT.policy(
                switch (mode) {
                    case AUTO -> ZeroCopyPolicy.auto().minimum(4096);
                    case ALWAYS -> ZeroCopyPolicy.always();
                    case NEVER -> ZeroCopyPolicy.never();
                });
    }

    private static void reset(Socket peer) throws IOException {
        try {
            peer.setSoLinger(true, 0);
        } catch (SocketException e) {
            assertThat(peer.isClosed()).as("%s", e).isTrue();
        }
        peer.close();
    }

    @ParameterizedTest
    @EnumSource(Mode.class)
    void shouldFailWhenPeerResetsInMidStream(Mode mode) throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                Connection connection = Connection.open(ring)) {
            EventLoop loop = EventLoop.of(ring);
            Producer producer = new Producer(ENDLESS, 65_536);
            StreamSender sender = producer.start(loop, connection.fd(), config(mode));
            Streams.run(loop, () -> sender.report().bytes() >= 1 << 18);
            Streams.compare(connection.peer().getInputStream(), 1 << 18);
            reset(connection.peer());
            Streams.run(loop, () -> producer.failure != null);
            assertThat(producer.failure.errno()).isIn(Errno.ECONNRESET, Errno.EPIPE);
            assertThat(sender.failure()).isSameAs(producer.failure);
            assertThat(sender.claim()).isNull();
            try (Arena arena = Arena.ofConfined()) {
                assertThat(sender.send(arena.allocate(1), memory -> {})).isFalse();
            }
            assertThat(sender.unsent()).isZero();
            Streams.close(loop, sender, producer);
            assertThat(producer.finished).isFalse();
            Streams.quiet(ring);
        }
    }

    /** Nothing is told to be free before the kernel says so, which closing does not change. */
    @ParameterizedTest
    @EnumSource(Mode.class)
    void shouldFreeMemoryOnlyWhenTheKernelIsDoneWithIt(Mode mode) throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                Connection connection = Connection.open(ring)) {
            EventLoop loop = EventLoop.of(ring);
            Producer producer = new Producer(ENDLESS, 1 << 20);
            SenderConfig config = config(mode).chunks(16, 1 << 20);
            StreamSender sender = producer.start(loop, connection.fd(), config);
            // The peer does not read: the sockets fill up.
            Streams.untilStill(loop);
            sender.close();
            Streams.untilStill(loop);
            long taken = sender.report().bytes();
            assertThat(taken).isPositive().isLessThan(producer.produced());
            if (mode != Mode.AUTO) {
                assertThat(producer.closed).isEqualTo(mode == Mode.NEVER);
            }
            CompletableFuture<Void> peer =
                    CompletableFuture.runAsync(
                            () -> {
                                try {
                                    Streams.compare(connection.peer().getInputStream(), taken);
                                } catch (IOException e) {
                                    throw new AssertionError(e);
                                }
                            });
            Streams.run(loop, () -> producer.closed);
            peer.get(60, TimeUnit.SECONDS);
            Streams.quiet(ring);
        }
    }

    @ParameterizedTest
    @EnumSource(Mode.class)
    void shouldDropWhatWasNotSentWhenClosed(Mode mode) throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared();
                Connection connection = Connection.open(ring)) {
            EventLoop loop = EventLoop.of(ring);
            Producer producer = new Producer(0, 1);
            StreamSender sender = StreamSender.open(loop, connection.fd(), config(mode), producer);
            List<MemorySegment> returned = new ArrayList<>();
            // Closed before the loop has run: nothing has gone out.
            MemorySegment memory = arena.allocate(1000);
            sender.send(memory, returned::add);
            sender.close();
            assertThat(returned).containsExactly(memory);
            assertThat(producer.closed).isTrue();
            assertThat(sender.report().bytes()).isZero();
            loop.run(0);
            Streams.quiet(ring);
        }
    }

    /**
     * The peer reads only after a while, and what is returned is overwritten at once: were it
     * returned too early, the peer would get the wrong bytes.
     */
    @ParameterizedTest
    @EnumSource(Mode.class)
    void shouldReturnMemoryThatMayBeOverwritten(Mode mode) throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                Connection connection = Connection.open(ring)) {
            Overwriter overwriter = new Overwriter(ring, connection.fd(), config(mode));
            overwriter.send();
            if (mode == Mode.ALWAYS) {
                // All of it is used, and none was returned, for the peer does not read.
                assertThat(overwriter.returned).isLessThan(overwriter.given);
            }
            CompletableFuture<Long> peer = Streams.comparing(connection.peer());
            overwriter.finish();
            assertThat(peer.get(60, TimeUnit.SECONDS)).isEqualTo(overwriter.given);
        }
    }

    /** Lends memory, and overwrites it as soon as it has come back. */
    static final class Overwriter {
        private static final int PIECE = 512 << 10;
        private static final int PIECES = 24;

        private final EventLoop loop;
        private final Arena arena = Arena.ofShared();
        private final Producer producer = new Producer(0, 1);
        private final StreamSender sender;
        long given;
        long returned;

        Overwriter(Ring ring, int fd, SenderConfig config) {
            loop = EventLoop.of(ring);
            sender = StreamSender.open(loop, fd, config.lent(PIECES, ENDLESS), producer);
        }

        /** Lends all pieces, and waits until nothing moves any more. */
        void send() {
            for (int i = 0; i < PIECES; i++) {
                MemorySegment memory = arena.allocate(PIECE, 4096);
                Streams.fill(memory, given, PIECE);
                given += PIECE;
                assertThat(sender.send(memory, this::overwrite)).isTrue();
            }
            Streams.untilStill(loop);
        }

        private void overwrite(MemorySegment memory) {
            assertThat(memory.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo(Streams.at(returned));
            returned += memory.byteSize();
            memory.fill((byte) 0xff);
        }

        /** To the end of the stream. */
        void finish() {
            sender.finish();
            Streams.run(loop, () -> producer.finished);
            assertThat(returned).isEqualTo(given);
            sender.close();
            assertThat(producer.closed).isTrue();
            arena.close();
        }
    }

    /** A send that is stopped half-way gives a short result; the rest goes with the next one. */
    @ParameterizedTest
    @EnumSource(Mode.class)
    void shouldCarryOnAfterShortSends(Mode mode) throws Exception {
        long size = 24 << 20;
        try (Ring ring = Ring.open(RingConfig.of(8));
                Connection connection = Connection.open(ring)) {
            EventLoop loop = EventLoop.of(ring);
            int user = loop.attach((value, result, flags, first, second) -> {});
            Producer producer = new Producer(size, 2_000_003);
            SenderConfig config = config(mode).chunks(12, 2_000_003);
            StreamSender sender = producer.start(loop, connection.fd(), config);
            Streams.untilStill(loop);
            // The peer does not read: a send is under way, and part of it is taken.
            long taken = sender.report().bytes();
            int requests = (int) sender.report().requests();
            CancelTarget all = CancelTarget.fd(connection.fd()).all();
            Cancel.cancel(ring.next(), all).userData(EventLoop.userData(user, 0));
            Streams.run(loop, () -> sender.report().bytes() > taken || producer.failure != null);
            CompletableFuture<Long> peer = Streams.comparing(connection.peer());
            if (producer.failure == null) {
                Streams.run(loop, () -> producer.finished);
                assertThat(sender.report().requests()).isGreaterThan(requests);
                assertThat(peer.get(60, TimeUnit.SECONDS)).isEqualTo(size);
            } else {
                // Nothing of it was taken yet.
                assertThat(producer.failure.errno()).isEqualTo(Errno.ECANCELED);
                connection.peer().close();
            }
            Streams.close(loop, sender, producer);
        }
    }

    @Test
    void shouldServeManyAtOnce() throws Exception {
        int count = 60;
        try (Ring ring = Ring.open(RingConfig.of(16))) {
            List<Connection> connections = new ArrayList<>();
            List<CompletableFuture<Long>> peers = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                connections.add(Connection.open(ring));
                peers.add(Streams.comparing(connections.get(i).peer()));
            }
            EventLoop loop = EventLoop.of(ring);
            List<Producer> producers = new ArrayList<>();
            List<StreamSender> senders = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                Mode mode = MODES.get(i % MODES.size());
                Producer producer = new Producer(10_007L * i, 1 + 997 * i);
                producers.add(producer);
                SenderConfig config = config(mode).chunks(4, 64 << 10);
                senders.add(producer.start(loop, connections.get(i).fd(), config));
            }
            Streams.run(loop, () -> producers.stream().allMatch(producer -> producer.finished));
            for (int i = 0; i < count; i++) {
                assertThat(peers.get(i).get(60, TimeUnit.SECONDS)).isEqualTo(10_007L * i);
                senders.get(i).close();
                assertThat(producers.get(i).closed).isTrue();
            }
            Streams.quiet(ring);
            for (Connection connection : connections) {
                connection.close();
            }
        }
    }

    /**
     * Peers that go at any moment, in mid-send or between two, and senders closed at any moment.
     */
    @Test
    void shouldSurvivePeersThatAreKilled() throws Exception {
        Random random = new Random(5);
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            Connection.open(ring).close();
            int descriptors = descriptors();
            for (int i = 0; i < KILLS; i++) {
                try (Connection connection = Connection.open(ring)) {
                    EventLoop loop = EventLoop.of(ring);
                    Producer producer = new Producer(ENDLESS, 1 + random.nextInt(65_536));
                    SenderConfig config = config(MODES.get(i % MODES.size()));
                    StreamSender sender = producer.start(loop, connection.fd(), config);
                    long reads = random.nextInt(2 << 20);
                    boolean closesFirst = i % 5 == 0;
                    CompletableFuture<Void> peer =
                            CompletableFuture.runAsync(() -> readAndDie(connection, reads));
                    if (closesFirst) {
                        Streams.run(loop, () -> sender.report().bytes() > reads / 2);
                    } else {
                        Streams.run(loop, () -> producer.failure != null);
                    }
                    Streams.close(loop, sender, producer);
                    reset(connection.peer());
                    peer.get(60, TimeUnit.SECONDS);
                    assertThat(ring.inFlight()).isZero();
                }
            }
            assertThat(descriptors()).isLessThanOrEqualTo(descriptors);
        }
    }

    private static void readAndDie(Connection connection, long reads) {
        try {
            Streams.compare(connection.peer().getInputStream(), reads);
            reset(connection.peer());
        } catch (IOException e) {
            // The test has closed it meanwhile.
            assertThat(connection.peer().isClosed()).as("%s", e).isTrue();
        }
    }

    private static int descriptors() {
        String[] all = new File("/proc/self/fd").list();
        assertThat(all).isNotNull();
        return all.length;
    }

    @Test
    void shouldEndWithItsRing() throws Exception {
        try (Ring opener = Ring.open(RingConfig.of(1));
                Connection connection = Connection.open(opener)) {
            Producer producer = new Producer(ENDLESS, 65_536);
            Ring ring = Ring.open(RingConfig.of(8));
            EventLoop loop = EventLoop.of(ring);
            StreamSender sender =
                    producer.start(loop, connection.fd(), config(Mode.NEVER).chunks(512, 65_536));
            Streams.untilStill(loop);
            // A send is under way, which the ring ends.
            assertThat(ring.inFlight()).isEqualTo(1);
            ring.close();
            sender.close();
            assertThat(sender.claim()).isNull();
        }
    }

    /** It is the ring that is closed, and nobody's memory that was freed too early. */
    @Test
    void shouldSayThatItsRingIsClosed() throws Exception {
        try (Ring opener = Ring.open(RingConfig.of(1));
                Arena arena = Arena.ofShared();
                Connection connection = Connection.open(opener)) {
            Producer producer = new Producer(0, 1);
            Ring ring = Ring.open(RingConfig.of(8));
            EventLoop loop = EventLoop.of(ring);
            StreamSender sender =
                    StreamSender.open(loop, connection.fd(), config(Mode.NEVER), producer);
            SendChunk sent = sender.claim();
            SendChunk late = sender.claim();
            sent.send(10);
            assertThat(sender.send(arena.allocate(10), memory -> {})).isTrue();
            ring.close();
            for (int i = 0; i < 2; i++) {
                assertThatIllegalStateException()
                        .isThrownBy(() -> loop.run(1))
                        .withMessage("the ring is closed");
            }
            assertThat(producer.failure).isNull();
            assertThat(sender.claim()).isNull();
            assertThat(sender.send(arena.allocate(10), memory -> {})).isFalse();
            late.send(10);
            sender.finish();
            sender.close();
            assertThatIllegalStateException()
                    .isThrownBy(() -> loop.run(1))
                    .withMessage("the ring is closed");
        }
    }
}
