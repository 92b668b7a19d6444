package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.uring4j.Cqe;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.UringException;
import org.uring4j.op.Sockets;
import org.uring4j.resource.BufferRing;
import org.uring4j.resource.BufferRingConfig;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Random;

/**
 * Provided buffers in pieces: several completions to a buffer, several buffers to a completion;
 * {@code IORING_REGISTER_PBUF_STATUS}.
 *
 * <p>What goes wrong in the field: with bundles, only the first buffer's id is told, and the
 * program has to know which come after it: not the next numbers, but those added next, which is
 * another order as soon as some are given back late. With incremental buffers it has to know how
 * far each is filled, and must not give one back that the kernel goes on filling. Mistakes in
 * either show as bytes of another message.
 */
@Timeout(120)
class BufferPiecesTest {
    private static final int GROUP = 3;

    @BeforeEach
    void needsPieces() {
        Needs.kernel("6.12", "IOU_PBUF_RING_INC and IORING_RECVSEND_BUNDLE");
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldFillABufferPieceByPiece(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                BufferRing buffers =
                        BufferRing.register(ring, GROUP, BufferRingConfig.of(2, 10).incremental());
                Connection connection = Connection.open(ring)) {
            Sockets.recvMultishot(ring.next(), connection.fd(), GROUP, 0);
            List<Completion> pieces = new ArrayList<>();
            List<String> texts = new ArrayList<>();
            for (String message : List.of("aaa", "bbbb", "ccc")) {
                connection.send(message);
                Completion one = Completions.one(ring);
                pieces.add(one);
                assertThat(one.bufferId()).isZero();
                assertThat(Cqe.hasMoreOfBuffer(one.flags())).isEqualTo(pieces.size() < 3);
                texts.add(take(buffers, one));
            }
            assertThat(texts).containsExactly("aaa", "bbbb", "ccc");
            assertThat(text(buffers, buffers.offset(0), 10)).isEqualTo("aaabbbbccc");

            // The kernel is done with it; it gets the buffer back with the last piece.
            buffers.recycle(0);
            buffers.recycle(0);
            assertThat(buffers.available()).isEqualTo(1);
            buffers.recycle(0);
            assertThat(buffers.available()).isEqualTo(2);
            assertThatIllegalStateException().isThrownBy(() -> buffers.recycle(0));

            connection.send("ddddddddddeeee");
            List<Completion> last = Completions.some(ring, 2);
            assertThat(last).extracting(Completion::bufferId).containsExactly(1, 0);
            assertThat(take(buffers, last.get(0))).isEqualTo("dddddddddd");
            assertThat(take(buffers, last.get(1))).isEqualTo("eeee");
        }
    }

    @Test
    void shouldNotGiveBackABufferTheKernelGoesOnFilling() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                BufferRing buffers =
                        BufferRing.register(ring, GROUP, BufferRingConfig.of(1, 10).incremental());
                Connection connection = Connection.open(ring)) {
            Sockets.recvMultishot(ring.next(), connection.fd(), GROUP, 0);
            for (int round = 0; round < 100; round++) {
                for (int i = 0; i < 9; i++) {
                    connection.send((byte) ('0' + i));
                    assertThat(take(buffers, Completions.one(ring))).isEqualTo("" + i);
                    buffers.recycle(0);
                }
                assertThat(buffers.available()).isEqualTo(1);
                assertThatIllegalStateException().isThrownBy(() -> buffers.recycle(0));
                connection.send("9");
                assertThat(take(buffers, Completions.one(ring))).isEqualTo("9");
                assertThat(buffers.available()).isZero();
                buffers.recycle(0);
            }
        }
    }

    @Test
    void shouldKnowWhoseABufferIsAfterCompletionsOfNoBytes() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                BufferRing buffers =
                        BufferRing.register(ring, GROUP, BufferRingConfig.of(2, 10).incremental());
                Connection connection = Connection.open(ring)) {
            connection.send("aaa");
            Sockets.recvProvided(ring.next(), connection.fd(), 0, GROUP, 0, 0);
            assertThat(take(buffers, Completions.one(ring))).isEqualTo("aaa");
            connection.peer().shutdownOutput();
            // Uses up 4 bytes of a buffer before it starts, then finds the end of the stream. Some
            // kernels do not say that they go on with the buffer.
            for (int i = 0; i < 4; i++) {
                Sockets.recvProvided(ring.next(), connection.fd(), 4, GROUP, 0, 0).async();
                Completion end = Completions.one(ring);
                assertThat(end.result()).isZero();
                if (Cqe.hasBuffer(end.flags())) {
                    assertThat(take(buffers, end)).isEmpty();
                    buffers.recycle(end.bufferId());
                }
            }
            buffers.recycle(0);
            assertThat(buffers.available()).isEqualTo(2);
            assertThatIllegalStateException().isThrownBy(() -> buffers.recycle(0));
            assertThatIllegalStateException().isThrownBy(() -> buffers.recycle(1));
        }
    }

    @Test
    void shouldTakeTheNextBufferWhenLessThanTheMinimumIsLeft() throws Exception {
        BufferRingConfig config = BufferRingConfig.of(2, 10).incremental(4);
        try (Ring ring = Ring.open(RingConfig.of(8));
                BufferRing buffers = register(ring, config);
                Connection connection = Connection.open(ring)) {
            Sockets.recvMultishot(ring.next(), connection.fd(), GROUP, 0);
            connection.send("aaaaaa");
            Completion first = Completions.one(ring);
            assertThat(take(buffers, first)).isEqualTo("aaaaaa");
            assertThat(Cqe.hasMoreOfBuffer(first.flags())).isTrue();
            connection.send("b");
            Completion second = Completions.one(ring);
            assertThat(second.bufferId()).isZero();
            assertThat(take(buffers, second)).isEqualTo("b");
            assertThat(Cqe.hasMoreOfBuffer(second.flags())).isFalse();
            connection.send("c");
            Completion third = Completions.one(ring);
            assertThat(third.bufferId()).isEqualTo(1);
            assertThat(take(buffers, third)).isEqualTo("c");
            buffers.recycle(0, 1);
            buffers.recycle(0);
            assertThat(buffers.available()).isEqualTo(2);
        }
    }

    private static BufferRing register(Ring ring, BufferRingConfig config) {
        try {
            return BufferRing.register(ring, GROUP, config);
        } catch (UringException e) {
            if (e.errno() == Errno.EINVAL && e.getMessage().contains("needs Linux")) {
                throw Needs.skip(e.getMessage());
            }
            throw e;
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldTakeABundlePieceByPiece(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                BufferRing buffers = BufferRing.register(ring, GROUP, 4, 4);
                Connection connection = Connection.open(ring)) {
            connection.send("aaaabbbbcccc");
            Completion bundle = bundle(ring, connection);
            assertThat(bundle.result()).isEqualTo(12);
            assertThatIllegalStateException()
                    .isThrownBy(() -> take(buffers, bundle))
                    .withMessageContaining("forEach");
            List<String> seen = new ArrayList<>();
            int pieces =
                    buffers.forEach(
                            bundle.result(),
                            bundle.flags(),
                            (id, offset, size) -> seen.add(id + text(buffers, offset, size)));
            assertThat(pieces).isEqualTo(3);
            assertThat(seen).containsExactly("0aaaa", "1bbbb", "2cccc");
            assertThat(buffers.available()).isEqualTo(1);
            buffers.recycle(bundle.bufferId(), pieces);
            assertThat(buffers.available()).isEqualTo(4);
        }
    }

    @Test
    void shouldFollowTheOrderInWhichBuffersWereAdded() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                BufferRing buffers = BufferRing.register(ring, GROUP, 8, 4);
                Connection connection = Connection.open(ring)) {
            Random random = new Random(1);
            List<Integer> order = new ArrayList<>(List.of(0, 1, 2, 3, 4, 5, 6, 7));
            for (int round = 0; round < 50; round++) {
                connection.send("aaaabbbbccccddddeeeeffffgggghhhh");
                List<Integer> ids = new ArrayList<>();
                StringBuilder all = new StringBuilder();
                while (all.length() < 32) {
                    Completion bundle = bundle(ring, connection);
                    buffers.forEach(
                            bundle.result(),
                            bundle.flags(),
                            (id, offset, size) -> {
                                ids.add(id);
                                all.append(text(buffers, offset, size));
                            });
                }
                assertThat(all.toString()).isEqualTo("aaaabbbbccccddddeeeeffffgggghhhh");
                assertThat(ids).isEqualTo(order);
                Collections.shuffle(order, random);
                order.forEach(buffers::add);
                buffers.publish();
            }
        }
    }

    @Test
    void shouldTakeABundleWhoseEntriesWereOverwritten() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                BufferRing buffers = BufferRing.register(ring, GROUP, 4, 4);
                Connection connection = Connection.open(ring)) {
            connection.send("aaaabbbb");
            Completion bundle = bundle(ring, connection);
            assertThat(bundle.result()).isEqualTo(8);
            for (String text : List.of("cccc", "dddd")) {
                connection.send(text);
                Sockets.recvProvided(ring.next(), connection.fd(), 0, GROUP, 0, 0);
                Completion one = Completions.one(ring);
                assertThat(take(buffers, one)).isEqualTo(text);
                buffers.recycle(one.bufferId());
            }
            // The entries of buffers 0 and 1 now name 2 and 3.
            List<String> seen = new ArrayList<>();
            buffers.consume(
                    bundle.result(),
                    bundle.flags(),
                    (id, offset, size) -> seen.add(id + text(buffers, offset, size)));
            assertThat(seen).containsExactly("0aaaa", "1bbbb");
        }
    }

    @Test
    void shouldLoseNoBufferWhenTheHandlerThrows() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                BufferRing buffers = BufferRing.register(ring, GROUP, 4, 4);
                Connection connection = Connection.open(ring)) {
            BufferRing.PieceHandler failing =
                    (id, offset, size) -> {
                        if (offset == 4) {
                            throw new IllegalArgumentException("the handler's");
                        }
                    };
            connection.send("aaaabbbbccccdddd");
            Completion first = bundle(ring, connection);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> buffers.forEach(first.result(), first.flags(), failing));
            // Buffers 0 and 1 were handed over, the others are back.
            assertThat(buffers.available()).isEqualTo(2);
            buffers.recycle(0);
            buffers.recycle(1);
            assertThatIllegalStateException().isThrownBy(() -> buffers.recycle(2));

            connection.send("aaaabbbbccccdddd");
            Completion second = bundle(ring, connection);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> buffers.consume(second.result(), second.flags(), failing));
            assertThat(buffers.available()).isEqualTo(4);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void shouldDeliverAStreamInBundles(boolean incremental) throws Exception {
        BufferRingConfig plain = BufferRingConfig.of(8, 32);
        try (Ring ring = Ring.open(RingConfig.of(16));
                BufferRing buffers =
                        BufferRing.register(
                                ring, GROUP, incremental ? plain.incremental() : plain);
                Connection connection = Connection.open(ring)) {
            Random random = new Random(2);
            byte[] sent = new byte[100_000];
            random.nextBytes(sent);
            ByteArrayOutputStream received = new ByteArrayOutputStream();
            Receiver receiver = new Receiver(ring, connection, buffers, random, received);
            for (int to = 0; to < sent.length; ) {
                int from = to;
                to = Math.min(sent.length, from + 1 + random.nextInt(500));
                connection.peer().getOutputStream().write(sent, from, to - from);
                receiver.receive(to);
            }
            assertThat(received.toByteArray()).isEqualTo(sent);
            assertThat(receiver.largest).as("pieces of a bundle").isGreaterThan(2);
        }
    }

    /** Receives bundles, and gives their pieces back late and in another order. */
    private static final class Receiver {
        private final Ring ring;
        private final Connection connection;
        private final BufferRing buffers;
        private final Random random;
        private final ByteArrayOutputStream received;
        private final Deque<Integer> kept = new ArrayDeque<>();
        private boolean armed;
        private int largest;

        Receiver(
                Ring ring,
                Connection connection,
                BufferRing buffers,
                Random random,
                ByteArrayOutputStream received) {
            this.ring = ring;
            this.connection = connection;
            this.buffers = buffers;
            this.random = random;
            this.received = received;
        }

        void receive(int total) {
            while (received.size() < total) {
                if (!armed) {
                    Sockets.recvMultishot(
                            ring.next(), connection.fd(), 0, 0, GROUP, 0, Sockets.BUNDLE);
                    armed = true;
                }
                ring.submitAndWait(1, Duration.ofSeconds(10));
                assertThat(ring.completions().drain(this::take)).isPositive();
            }
        }

        private void take(long userData, int result, int flags) {
            armed = Cqe.hasMore(flags);
            if (!Cqe.hasBuffer(flags)) {
                assertThat(Errno.ENOBUFS.is(result)).isTrue();
                giveBack(0);
                return;
            }
            int pieces =
                    buffers.forEach(
                            result,
                            flags,
                            (id, offset, size) -> {
                                received.writeBytes(bytes(buffers, offset, size));
                                if (random.nextBoolean()) {
                                    kept.addFirst(id);
                                } else {
                                    kept.addLast(id);
                                }
                            });
            largest = Math.max(largest, pieces);
            giveBack(random.nextInt(8));
        }

        private void giveBack(int leave) {
            while (kept.size() > leave) {
                buffers.add(kept.removeFirst());
            }
            buffers.publish();
        }
    }

    @Test
    void shouldSendBuffersTheProgramFilled() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                BufferRing buffers =
                        BufferRing.register(ring, GROUP, BufferRingConfig.of(4, 8).empty());
                Connection connection = Connection.open(ring)) {
            assertThat(buffers.available()).isZero();
            Sockets.sendProvided(ring.next(), connection.fd(), 0, GROUP, 0, 0);
            assertThat(Completions.one(ring).failed(Errno.ENOBUFS)).isTrue();
            for (int round = 0; round < 20; round++) {
                fill(buffers, 2, "cc");
                fill(buffers, 0, "aaaaaaaa");
                fill(buffers, 3, "ddd");
                buffers.publish();
                assertThatIllegalStateException().isThrownBy(() -> buffers.add(0, 1));
                assertThat(buffers.available()).isEqualTo(3);
                Sockets.sendProvided(
                        ring.next(),
                        connection.fd(),
                        0,
                        GROUP,
                        Sockets.MSG_WAITALL,
                        Sockets.BUNDLE);
                Completion sent = Completions.until(ring, c -> !c.hasMore()).getFirst();
                assertThat(sent.result()).isEqualTo(13);
                List<String> pieces = new ArrayList<>();
                buffers.forEach(
                        sent.result(),
                        sent.flags(),
                        (id, offset, size) -> pieces.add(id + ":" + size));
                assertThat(pieces).containsExactly("2:2", "0:8", "3:3");
                assertThat(new String(connection.receive(13), StandardCharsets.US_ASCII))
                        .isEqualTo("ccaaaaaaaaddd");
                assertThat(buffers.available()).isZero();
            }
            assertThatIllegalArgumentException().isThrownBy(() -> buffers.add(0, 9));
            assertThatIllegalArgumentException().isThrownBy(() -> buffers.add(0, 0));
        }
    }

    private static void fill(BufferRing buffers, int id, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        buffers.buffer(id).copyFrom(MemorySegment.ofArray(bytes));
        buffers.add(id, bytes.length);
    }

    private static Completion bundle(Ring ring, Connection connection) {
        Sockets.recvProvided(ring.next(), connection.fd(), 0, GROUP, 0, Sockets.BUNDLE);
        return Completions.one(ring);
    }

    private static String take(BufferRing buffers, Completion completion) {
        byte[] bytes =
                buffers.take(completion.result(), completion.flags())
                        .toArray(ValueLayout.JAVA_BYTE);
        return new String(bytes, StandardCharsets.US_ASCII);
    }

    private static String text(BufferRing buffers, long offset, int size) {
        return new String(bytes(buffers, offset, size), StandardCharsets.US_ASCII);
    }

    private static byte[] bytes(BufferRing buffers, long offset, int size) {
        return buffers.memory().asSlice(offset, size).toArray(ValueLayout.JAVA_BYTE);
    }
}
