package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.uring4j.Cqe;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.RingMemory;
import org.uring4j.UringException;
import org.uring4j.op.Files;
import org.uring4j.op.Sockets;
import org.uring4j.resource.BufferRing;
import org.uring4j.resource.BufferRingConfig;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;

/**
 * {@code IORING_REGISTER_PBUF_RING}, {@code IORING_UNREGISTER_PBUF_RING}, with receives and reads.
 */
@Timeout(120)
class BufferRingTest {
    private static final int GROUP = 7;

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldDeliverWhatWasSentAcrossManyWraps(RingMode mode) throws Exception {
        try (Ring ring = mode.open(16)) {
            stream(ring, BufferRingConfig.of(8, 64), 50_000, 1500);
        }
    }

    @Test
    void shouldDeliverWhatWasSentWithEntriesInKernelMemory() throws Exception {
        Needs.kernel("6.4", "IOU_PBUF_RING_MMAP");
        try (Ring ring = Ring.open(RingConfig.of(16))) {
            // More than one page of entries.
            stream(ring, BufferRingConfig.of(512, 64).kernelMemory(), 200_000, 10_000);
        }
    }

    @Test
    void shouldGoOnWhenTheTailOfSixteenBitsWraps() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(64))) {
            stream(ring, BufferRingConfig.of(16, 1), 70_000, 64);
        }
    }

    @Test
    void shouldUseAllBuffersOfTheLargestRing() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(64))) {
            stream(ring, BufferRingConfig.of(BufferRingConfig.MAX_COUNT, 2), 150_000, 4000);
        }
    }

    /** The peer sends random bytes in random portions, up to {@code portion} long. */
    private static void stream(Ring ring, BufferRingConfig config, int total, int portion)
            throws Exception {
        try (BufferRing buffers = BufferRing.register(ring, GROUP, config);
                Connection connection = Connection.open(ring)) {
            Random random = new Random(total);
            byte[] sent = new byte[total];
            random.nextBytes(sent);
            byte[] received = new byte[total];
            boolean[] armed = new boolean[1];
            int[] at = new int[1];
            int to = 0;
            while (to < total) {
                int from = to;
                to = Math.min(total, from + 1 + random.nextInt(portion));
                connection.peer().getOutputStream().write(sent, from, to - from);
                while (at[0] < to) {
                    if (!armed[0]) {
                        Sockets.recvMultishot(ring.next(), connection.fd(), GROUP, 0);
                        armed[0] = true;
                    }
                    ring.submitAndWait(1, Duration.ofSeconds(10));
                    int drained =
                            ring.completions()
                                    .drain(
                                            (data, result, flags) -> {
                                                armed[0] = Cqe.hasMore(flags);
                                                if (!Cqe.hasBuffer(flags)) {
                                                    assertThat(Errno.ENOBUFS.is(result)).isTrue();
                                                    return;
                                                }
                                                MemorySegment piece = buffers.take(result, flags);
                                                MemorySegment.copy(
                                                        piece,
                                                        ValueLayout.JAVA_BYTE,
                                                        0,
                                                        received,
                                                        at[0],
                                                        result);
                                                at[0] += result;
                                                buffers.recycle(Cqe.bufferId(flags));
                                            });
                    assertThat(drained).as("at %d", at[0]).isPositive();
                }
            }
            assertThat(received).isEqualTo(sent);
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldRunOutOfBuffersAndRecover(RingMode mode) throws Exception {
        Needs.kernel("6.8", "IORING_REGISTER_PBUF_STATUS");
        try (Ring ring = mode.open(8);
                BufferRing buffers = BufferRing.register(ring, GROUP, 2, 4);
                Connection connection = Connection.open(ring)) {
            assertThat(buffers.available()).isEqualTo(2);
            connection.send("aaaabbbbcccc");
            List<String> taken = new ArrayList<>();
            Sockets.recvMultishot(ring.next(), connection.fd(), GROUP, 0);
            List<Completion> first = Completions.until(ring, c -> !c.hasMore());
            assertThat(first).hasSize(3);
            assertThat(first.getLast().failed(Errno.ENOBUFS)).isTrue();
            first.subList(0, 2).forEach(c -> taken.add(text(buffers, c)));
            assertThat(taken).containsExactly("aaaa", "bbbb");
            assertThat(buffers.available()).isZero();

            buffers.recycle(first.get(1).bufferId());
            assertThat(buffers.available()).isEqualTo(1);
            Sockets.recvProvided(ring.next(), connection.fd(), 0, GROUP, 0, 0);
            Completion next = Completions.one(ring);
            assertThat(next.bufferId()).isEqualTo(first.get(1).bufferId());
            assertThat(text(buffers, next)).isEqualTo("cccc");
            Sockets.recvProvided(ring.next(), connection.fd(), 0, GROUP, 0, 0);
            assertThat(Completions.one(ring).failed(Errno.ENOBUFS)).isTrue();
        }
    }

    @Test
    void shouldShowAddedBuffersOnlyWhenPublished() throws Exception {
        Needs.kernel("6.8", "IORING_REGISTER_PBUF_STATUS");
        try (Ring ring = Ring.open(RingConfig.of(8));
                BufferRing buffers = BufferRing.register(ring, GROUP, 4, 16);
                Connection connection = Connection.open(ring)) {
            for (int i = 0; i < 4; i++) {
                connection.send((byte) i);
                Sockets.recvProvided(ring.next(), connection.fd(), 0, GROUP, 0, 0);
                Completion one = Completions.one(ring);
                assertThat(buffers.takeOffset(one.result(), one.flags()))
                        .isEqualTo(buffers.offset(one.bufferId()));
            }
            for (int id = 0; id < 4; id++) {
                buffers.add(id);
            }
            Sockets.recvProvided(ring.next(), connection.fd(), 0, GROUP, 0, 0);
            connection.send((byte) 9);
            assertThat(Completions.one(ring).failed(Errno.ENOBUFS)).isTrue();
            buffers.publish();
            assertThat(buffers.available()).isEqualTo(4);
            Sockets.recvProvided(ring.next(), connection.fd(), 0, GROUP, 0, 0);
            Completion one = Completions.one(ring);
            assertThat(buffers.take(one.result(), one.flags()).get(ValueLayout.JAVA_BYTE, 0))
                    .isEqualTo((byte) 9);
        }
    }

    @Test
    void shouldHandOverTheBufferOfACompletionWithoutBytes() throws Exception {
        Path file = java.nio.file.Files.createTempFile("uring4j", null);
        try (Ring ring = Ring.open(RingConfig.of(8));
                BufferRing buffers = BufferRing.register(ring, GROUP, 1, 16);
                var arena = java.lang.foreign.Arena.ofConfined()) {
            Files.openat(ring.next(), Files.AT_FDCWD, arena.allocateFrom(file.toString()), 0, 0);
            int fd = Completions.one(ring).result();
            assertThat(fd).isNotNegative();
            // Reading at the end of a file uses up a buffer, each time.
            for (int i = 0; i < 3; i++) {
                Files.readProvided(ring.next(), fd, 0, GROUP, 0);
                Completion end = Completions.one(ring);
                assertThat(end.result()).isZero();
                if (Cqe.hasBuffer(end.flags())) {
                    assertThat(buffers.take(end.result(), end.flags()).byteSize()).isZero();
                    buffers.recycle(end.bufferId());
                }
            }
            Files.close(ring.next(), fd);
            assertThat(Completions.one(ring).result()).isZero();
        } finally {
            java.nio.file.Files.delete(file);
        }
    }

    @Test
    void shouldRefuseToRecycleTwiceOrTooEarly() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                BufferRing buffers = BufferRing.register(ring, GROUP, 2, 4);
                Connection connection = Connection.open(ring)) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> buffers.recycle(1))
                    .withMessageContaining("id=1 group=7");
            connection.send("aaaa");
            Sockets.recvProvided(ring.next(), connection.fd(), 0, GROUP, 0, 0);
            Completion one = Completions.one(ring);
            int id = one.bufferId();
            assertThatIllegalStateException().isThrownBy(() -> buffers.recycle(id));
            buffers.take(one.result(), one.flags());
            assertThatIllegalStateException()
                    .isThrownBy(() -> buffers.take(one.result(), one.flags()))
                    .withMessageContaining("taken before");
            buffers.recycle(id);
            assertThatIllegalStateException()
                    .isThrownBy(() -> buffers.recycle(id))
                    .withMessageContaining("recycled before");
            // All of that has left the group as it should be.
            connection.send("bbbbcccc");
            for (String expected : List.of("bbbb", "cccc")) {
                Sockets.recvProvided(ring.next(), connection.fd(), 0, GROUP, 0, 0);
                assertThat(text(buffers, Completions.one(ring))).isEqualTo(expected);
            }
        }
    }

    @Test
    void shouldRefuseACompletionThatUsedNoBufferOfTheGroup() {
        try (Ring ring = Ring.open(RingConfig.of(8));
                BufferRing buffers = BufferRing.register(ring, GROUP, 2, 4)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> buffers.take(4, Cqe.F_MORE))
                    .withMessageContaining("flags=F_MORE");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> buffers.forEach(4, 2 << 16 | Cqe.F_BUFFER, (i, o, s) -> {}));
            assertThatIllegalStateException()
                    .isThrownBy(() -> buffers.take(5, Cqe.F_BUFFER))
                    .withMessageContaining("forEach");
            assertThatThrownBy(() -> buffers.recycle(2))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> buffers.buffer(-1))
                    .isInstanceOf(IndexOutOfBoundsException.class)
                    .hasMessageContaining("id=-1 count=2");
        }
    }

    @Test
    void shouldRefuseASecondGroupOfTheSameId() {
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            BufferRing first = BufferRing.register(ring, GROUP, 2, 4);
            assertThatThrownBy(() -> BufferRing.register(ring, GROUP, 2, 4))
                    .isInstanceOfSatisfying(
                            UringException.class,
                            e -> assertThat(e.errno()).isEqualTo(Errno.EEXIST))
                    .hasMessageContaining("group=7");
            first.close();
            first.close();
            BufferRing.register(ring, GROUP, 2, 4).close();
            BufferRing.register(ring, 65535, 1, 1).close();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -8, 3, 65536})
    void shouldRefuseACountThatIsNoPowerOfTwo(int count) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BufferRingConfig.of(count, 16))
                .withMessageContaining("count=" + count);
    }

    @Test
    void shouldRefuseOtherValuesOutOfRange() {
        assertThatIllegalArgumentException().isThrownBy(() -> BufferRingConfig.of(1, 0));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BufferRingConfig.of(1, Integer.MAX_VALUE));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BufferRingConfig.of(1, 16).incremental(17));
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> BufferRing.register(ring, 65536, 1, 16));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> BufferRing.register(ring, -1, 1, 16));
            // 64 TiB: more than there are addresses on most machines, or else more than memory.
            assertThatThrownBy(
                            () ->
                                    BufferRing.register(
                                            ring,
                                            GROUP,
                                            BufferRingConfig.MAX_COUNT,
                                            BufferRingConfig.MAX_BUFFER_SIZE))
                    .isInstanceOfSatisfying(
                            UringException.class,
                            e -> assertThat(e.errno()).isEqualTo(Errno.ENOMEM))
                    .hasMessageContaining("count=32768");
            BufferRing.register(ring, GROUP, 1, 16);
        }
    }

    @Test
    void shouldRefuseEverythingOnceClosed() {
        Needs.kernel("6.4", "IOU_PBUF_RING_MMAP");
        Ring ring = Ring.open(RingConfig.of(8));
        BufferRing one = BufferRing.register(ring, 1, 2, 16);
        BufferRing other = BufferRing.register(ring, 2, BufferRingConfig.of(2, 16).kernelMemory());
        MemorySegment slice = one.buffer(1);
        one.close();
        assertThatIllegalStateException()
                .isThrownBy(() -> one.recycle(0))
                .withMessageContaining("closed: group=1");
        assertThatIllegalStateException()
                .isThrownBy(() -> one.take(4, Cqe.F_BUFFER))
                .withMessageContaining("closed: group=1");
        assertThatIllegalStateException()
                .isThrownBy(() -> slice.set(ValueLayout.JAVA_BYTE, 0, (byte) 1));
        assertThatThrownBy(one::available).isInstanceOf(UringException.class);
        one.publish();
        ring.close();
        for (BufferRing buffers : List.of(one, other)) {
            assertThatIllegalStateException().isThrownBy(() -> buffers.recycle(0));
            assertThatIllegalStateException().isThrownBy(() -> buffers.take(4, Cqe.F_BUFFER));
            assertThatIllegalStateException().isThrownBy(buffers::available);
            assertThatIllegalStateException().isThrownBy(() -> buffers.buffer(0).fill((byte) 1));
            assertThatIllegalStateException().isThrownBy(buffers::publish);
            buffers.close();
            assertThat(buffers.toString()).contains("closed");
        }
        assertThatIllegalStateException().isThrownBy(() -> BufferRing.register(ring, 3, 2, 16));
    }

    @Test
    void shouldKeepTheMemoryWhileARequestIsInFlight() throws Exception {
        Ring ring = Ring.open(RingConfig.of(8));
        Connection connection = Connection.open(ring);
        BufferRing buffers = BufferRing.register(ring, GROUP, 2, 16);
        Sockets.recvMultishot(ring.next(), connection.fd(), GROUP, 0);
        ring.submit();
        buffers.close();
        assertThat(buffers.memory().scope().isAlive()).isTrue();
        connection.send((byte) 1);
        assertThat(Completions.one(ring).failed(Errno.ENOBUFS)).isTrue();
        connection.close();
        ring.close();
        assertThat(buffers.memory().scope().isAlive()).isFalse();
    }

    @Test
    void shouldRefuseTheWrongThread() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            BufferRing buffers = BufferRing.register(ring, GROUP, 2, 16);
            List<Throwable> thrown = new ArrayList<>();
            List<Runnable> calls =
                    List.of(
                            () -> BufferRing.register(ring, 8, 2, 16),
                            () -> buffers.recycle(0),
                            () -> buffers.take(4, Cqe.F_BUFFER),
                            () -> buffers.forEach(4, Cqe.F_BUFFER, (id, offset, size) -> {}),
                            buffers::available,
                            buffers::close);
            Thread thread =
                    Thread.ofPlatform().start(() -> calls.forEach(call -> run(call, thrown)));
            thread.join();
            assertThat(thrown).hasSameSizeAs(calls);
            assertThat(thrown).allMatch(WrongThreadException.class::isInstance);
        }
    }

    private static void run(Runnable call, List<Throwable> thrown) {
        try {
            call.run();
        } catch (RuntimeException e) {
            thrown.add(e);
        }
    }

    @Test
    void shouldFreeTheMemoryWithARingWhoseThreadIsGone() throws Exception {
        AtomicReference<BufferRing> buffers = new AtomicReference<>();
        AtomicReference<Ring> ring = new AtomicReference<>();
        Thread thread =
                Thread.ofPlatform()
                        .start(
                                () -> {
                                    ring.set(Ring.open(RingConfig.of(8)));
                                    buffers.set(BufferRing.register(ring.get(), GROUP, 2, 16));
                                });
        thread.join();
        ring.get().close();
        assertThat(buffers.get().memory().scope().isAlive()).isFalse();
    }

    @Test
    void shouldSayThatKernelMemoryNeedsADescriptor() {
        Needs.kernel("6.5", "NO_MMAP");
        try (RingMemory memory = RingMemory.allocate(1 << 20);
                Ring ring = Ring.open(RingConfig.of(8).memory(memory).registeredFdOnly())) {
            assertThatThrownBy(
                            () ->
                                    BufferRing.register(
                                            ring, GROUP, BufferRingConfig.of(2, 16).kernelMemory()))
                    .isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("descriptor");
            BufferRing.register(ring, GROUP, 2, 16).close();
        }
    }

    private static String text(BufferRing buffers, Completion completion) {
        MemorySegment piece = buffers.take(completion.result(), completion.flags());
        return new String(piece.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.US_ASCII);
    }
}
