package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.ProvidedBuffers;
import org.uring4j.op.Sockets;
import org.uring4j.resource.BufferRing;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;

/** {@code IORING_OP_PROVIDE_BUFFERS}, {@code IORING_OP_REMOVE_BUFFERS}. */
@Timeout(60)
class ProvidedBuffersTest {
    private static final int GROUP = 11;
    private static final int SIZE = 4;

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldReceiveIntoBuffersThatWereProvided(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofShared();
                Connection connection = Connection.open(ring)) {
            MemorySegment memory = arena.allocate(3 * SIZE);
            ProvidedBuffers.provide(ring.next(), memory, SIZE, 3, GROUP, 100);
            assertThat(Completions.one(ring).result()).isNotNegative();
            connection.send("aaaabbbbccccdddd");
            Set<Integer> ids = new HashSet<>();
            for (String expected : new String[] {"aaaa", "bbbb", "cccc"}) {
                Completion one = receive(ring, connection);
                assertThat(text(memory, one)).isEqualTo(expected);
                ids.add(one.bufferId());
            }
            assertThat(ids).containsExactlyInAnyOrder(100, 101, 102);
            assertThat(receive(ring, connection).failed(Errno.ENOBUFS)).isTrue();

            MemorySegment second = memory.asSlice(SIZE, SIZE);
            ProvidedBuffers.provide(ring.next(), second, SIZE, 1, GROUP, 101);
            assertThat(Completions.one(ring).result()).isNotNegative();
            Completion last = receive(ring, connection);
            assertThat(last.bufferId()).isEqualTo(101);
            assertThat(text(memory, last)).isEqualTo("dddd");
        }
    }

    @Test
    void shouldRemoveBuffersNotUsed() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared();
                Connection connection = Connection.open(ring)) {
            MemorySegment memory = arena.allocate(5 * SIZE);
            ProvidedBuffers.remove(ring.next(), 1, GROUP);
            assertThat(Completions.one(ring).failed(Errno.ENOENT)).isTrue();
            ProvidedBuffers.provide(ring.next(), memory, SIZE, 5, GROUP, 0);
            assertThat(Completions.one(ring).result()).isNotNegative();
            ProvidedBuffers.remove(ring.next(), 2, GROUP);
            assertThat(Completions.one(ring).result()).isEqualTo(2);
            ProvidedBuffers.remove(ring.next(), 65535, GROUP);
            assertThat(Completions.one(ring).result()).isEqualTo(3);
            connection.send("aaaa");
            assertThat(receive(ring, connection).failed(Errno.ENOBUFS)).isTrue();
        }
    }

    @Test
    void shouldProvideTheHighestId() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared();
                Connection connection = Connection.open(ring)) {
            MemorySegment memory = arena.allocate(SIZE);
            ProvidedBuffers.provide(ring.next(), memory, SIZE, 1, 65535, 65535);
            Completion provided = Completions.one(ring);
            Needs.that(!provided.failed(Errno.EINVAL), "this kernel does not take the id 65535");
            assertThat(provided.result()).isNotNegative();
            connection.send("aaaa");
            Sockets.recvProvided(ring.next(), connection.fd(), 0, 65535, 0, 0);
            assertThat(Completions.one(ring).bufferId()).isEqualTo(65535);
        }
    }

    @Test
    void shouldFailForAGroupThatIsARingOfBuffers() {
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared();
                BufferRing buffers = BufferRing.register(ring, GROUP, 1, SIZE)) {
            ProvidedBuffers.provide(ring.next(), arena.allocate(SIZE), SIZE, 1, GROUP, 0);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
            ProvidedBuffers.remove(ring.next(), 1, buffers.group());
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
        }
    }

    @Test
    void shouldRefuseWhatCannotBe() {
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared()) {
            MemorySegment memory = arena.allocate(2 * SIZE);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> ProvidedBuffers.provide(ring.next(), memory, SIZE, 3, 0, 0))
                    .withMessageContaining("needed=12 bytes=8");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> ProvidedBuffers.provide(ring.next(), memory, SIZE, 0, 0, 0));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> ProvidedBuffers.provide(ring.next(), memory, 0, 1, 0, 0));
            assertThatIllegalArgumentException()
                    .isThrownBy(
                            () -> ProvidedBuffers.provide(ring.next(), memory, SIZE, 2, 0, 65535))
                    .withMessageContaining("firstId=65535 count=2");
            assertThatIllegalArgumentException()
                    .isThrownBy(
                            () -> ProvidedBuffers.provide(ring.next(), memory, SIZE, 1, 65536, 0));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> ProvidedBuffers.remove(ring.next(), 65536, 0));
            Arena closed = Arena.ofShared();
            MemorySegment gone = closed.allocate(SIZE);
            closed.close();
            assertThatIllegalStateException()
                    .isThrownBy(() -> ProvidedBuffers.provide(ring.next(), gone, SIZE, 1, 0, 0));
        }
    }

    private static Completion receive(Ring ring, Connection connection) {
        Sockets.recvProvided(ring.next(), connection.fd(), 0, GROUP, 0, 0);
        return Completions.one(ring);
    }

    /** What is in the buffer of a completion; the buffer with id 100 is the first. */
    private static String text(MemorySegment memory, Completion completion) {
        long offset = (long) (completion.bufferId() - 100) * SIZE;
        byte[] bytes = memory.asSlice(offset, completion.result()).toArray(ValueLayout.JAVA_BYTE);
        return new String(bytes, StandardCharsets.US_ASCII);
    }
}
