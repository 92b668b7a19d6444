package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.Sockets;
import org.uring4j.resource.BufferRing;
import org.uring4j.resource.BufferRingConfig;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;

/** {@code IORING_OP_SEND}, {@code IORING_OP_RECV} with provided buffers, many at once. */
@Timeout(60)
class BundlesTest {
    private static final int GROUP = 9;
    private static final int SIZE = 16;

    @BeforeEach
    void needsBundles() {
        Needs.kernel("6.10", "IORING_RECVSEND_BUNDLE");
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldReceiveIntoSeveralBuffers(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                BufferRing buffers = BufferRing.register(ring, GROUP, 16, SIZE);
                Connection connection = Connection.open(ring)) {
            byte[] data = Net.random(200, 1);
            connection.send(data);
            Received received = new Received(buffers);
            while (received.bytes.size() < data.length) {
                Sockets.recvProvided(ring.next(), connection.fd(), 0, GROUP, 0, Sockets.BUNDLE);
                received.add(Completions.one(ring));
            }
            assertThat(received.bytes()).isEqualTo(data);
            assertThat(received.mostPieces).isGreaterThan(1);
        }
    }

    @Test
    void shouldReceiveNoMoreThanAskedFor() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                BufferRing buffers = BufferRing.register(ring, GROUP, 16, SIZE);
                Connection connection = Connection.open(ring)) {
            byte[] data = Net.random(100, 2);
            connection.send(data);
            Received received = new Received(buffers);
            while (received.bytes.size() < data.length) {
                Sockets.recvProvided(ring.next(), connection.fd(), 40, GROUP, 0, Sockets.BUNDLE);
                Completion completion = Completions.one(ring);
                assertThat(completion.result()).isBetween(1, 40);
                received.add(completion);
            }
            assertThat(received.bytes()).isEqualTo(data);
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldReceiveAgainAndAgain(RingMode mode) throws Exception {
        try (Ring ring = mode.open(16);
                BufferRing buffers = BufferRing.register(ring, GROUP, 64, SIZE);
                Connection connection = Connection.open(ring)) {
            Sockets.recvMultishot(ring.next(), connection.fd(), 0, 0, GROUP, 0, Sockets.BUNDLE);
            ring.submit();
            byte[] data = Net.random(10 * 90, 3);
            Received received = new Received(buffers);
            for (int i = 0; i < 10; i++) {
                connection.send(Arrays.copyOfRange(data, i * 90, i * 90 + 90));
                while (received.bytes.size() < (i + 1) * 90) {
                    Completion completion = Completions.until(ring, any -> true).getFirst();
                    assertThat(completion.hasMore()).isTrue();
                    received.add(completion);
                }
            }
            assertThat(received.bytes()).isEqualTo(data);
            assertThat(received.mostPieces).isGreaterThan(1);
            connection.peer().shutdownOutput();
            Completion last = Completions.one(ring);
            assertThat(last.result()).isZero();
            assertThat(last.hasMore()).isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldSendBuffersInOrder(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                BufferRing buffers = outgoing(ring);
                Connection connection = Connection.open(ring)) {
            fill(buffers, 2, "third, ", 0, "first ");
            Sockets.sendProvided(ring.next(), connection.fd(), 0, GROUP, 0, 0);
            Completion single = Completions.one(ring);
            assertThat(single.result()).isEqualTo(7);
            assertThat(single.bufferId()).isEqualTo(2);
            assertThat(connection.receive(7)).isEqualTo(Net.bytes("third, "));
            buffers.take(single.result(), single.flags());
            fill(buffers, 1, "and second", 3, "!");
            int sent = 0;
            Sockets.sendProvided(ring.next(), connection.fd(), 0, GROUP, 0, Sockets.BUNDLE);
            for (Completion each : Completions.until(ring, any -> !any.hasMore())) {
                if (sent == 0) {
                    assertThat(each.bufferId()).isZero();
                }
                sent += Net.ok(each);
            }
            assertThat(sent).isEqualTo(17);
            assertThat(connection.receive(17)).isEqualTo(Net.bytes("first and second!"));
            Sockets.sendProvided(ring.next(), connection.fd(), 0, GROUP, 0, Sockets.BUNDLE);
            assertThat(Completions.one(ring).failed(Errno.ENOBUFS)).isTrue();
        }
    }

    private static BufferRing outgoing(Ring ring) {
        return BufferRing.register(ring, GROUP, BufferRingConfig.of(4, SIZE).empty());
    }

    private static void fill(BufferRing buffers, int id, String text, int second, String more) {
        put(buffers, id, text);
        put(buffers, second, more);
        buffers.publish();
    }

    private static void put(BufferRing buffers, int id, String text) {
        byte[] bytes = Net.bytes(text);
        MemorySegment.copy(bytes, 0, buffers.buffer(id), ValueLayout.JAVA_BYTE, 0, bytes.length);
        buffers.add(id, bytes.length);
    }

    @Test
    void shouldSendBundleOfManyBuffersUnchanged() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                BufferRing buffers =
                        BufferRing.register(ring, GROUP, BufferRingConfig.of(256, 1000).empty());
                Connection connection = Connection.open(ring)) {
            byte[] data = Net.random(256 * 1000, 4);
            for (int i = 0; i < 256; i++) {
                MemorySegment.copy(
                        data, i * 1000, buffers.buffer(i), ValueLayout.JAVA_BYTE, 0, 1000);
                buffers.add(i, 1000);
            }
            buffers.publish();
            Sockets.sendProvided(ring.next(), connection.fd(), 0, GROUP, 0, Sockets.BUNDLE);
            int sent =
                    Completions.until(ring, any -> !any.hasMore()).stream().mapToInt(Net::ok).sum();
            // It may stop short where the socket is full, at a whole buffer or within one.
            assertThat(sent).isBetween(1000, data.length);
            assertThat(connection.receive(sent)).isEqualTo(Arrays.copyOf(data, sent));
        }
    }

    @Test
    void shouldFailWhenThereIsNoSuchGroup() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                Connection connection = Connection.open(ring)) {
            connection.send("x");
            Sockets.recvProvided(ring.next(), connection.fd(), 0, GROUP, 0, Sockets.BUNDLE);
            Completion received = Completions.one(ring);
            Sockets.sendProvided(ring.next(), connection.fd(), 0, GROUP, 0, Sockets.BUNDLE);
            Completion sent = Completions.one(ring);
            // Which of the two it is depends on the kernel.
            assertThat(List.of(received, sent))
                    .allMatch(each -> each.failed(Errno.ENOENT) || each.failed(Errno.ENOBUFS));
        }
    }

    /** Puts together what bundles brought. */
    private static final class Received {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        int mostPieces;
        private final BufferRing buffers;

        Received(BufferRing buffers) {
            this.buffers = buffers;
        }

        void add(Completion completion) {
            Net.ok(completion);
            int pieces =
                    buffers.consume(
                            completion.result(),
                            completion.flags(),
                            (id, offset, size) ->
                                    bytes.writeBytes(
                                            buffers.memory()
                                                    .asSlice(offset, size)
                                                    .toArray(ValueLayout.JAVA_BYTE)));
            mostPieces = Math.max(mostPieces, pieces);
        }

        byte[] bytes() {
            return bytes.toByteArray();
        }
    }
}
