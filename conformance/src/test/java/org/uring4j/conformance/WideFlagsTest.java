package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.uring4j.Cqe;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.Files;
import org.uring4j.op.Messages;
import org.uring4j.op.OpenFlags;
import org.uring4j.op.Polling;
import org.uring4j.op.ProvidedBuffers;
import org.uring4j.op.Sockets;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * Flags beyond the lowest eight bits.
 *
 * <p>What goes wrong in the field: a wrapper keeps a completion's flags in a byte, or in a signed
 * short. All works in tests with few buffers; then a buffer's id of 128 or more comes back as
 * another, and data is read from the wrong memory. Request flags of which only the low byte is
 * written are worse: {@code MSG_WAITALL} is lost in silence, and a short read is taken for a whole
 * one.
 */
@Timeout(60)
class WideFlagsTest {
    @ParameterizedTest
    @EnumSource(
            value = RingMode.class,
            names = {"DEFAULT", "PLAIN", "CQE32"})
    void shouldKeepEachFlagOfACompletion(RingMode mode) {
        Needs.kernel("6.3", "IORING_MSG_RING_FLAGS_PASS");
        try (Ring ring = mode.open(8)) {
            for (int bit = 0; bit < Integer.SIZE; bit++) {
                int flags = Cqe.F_MORE | 1 << bit;
                if ((flags & Cqe.F_32) != 0) {
                    continue;
                }
                Messages.msgRingCqeFlags(ring.next(), ring.fd(), 5, 6, flags).userData(4);
                assertThat(Completions.some(ring, 2))
                        .containsExactlyInAnyOrder(
                                new Completion(4, 0, 0), new Completion(5, 6, flags));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {127, 128, 255, 256, 0x7fff, 0x8000, 0xfffe})
    void shouldKeepTheIdOfABuffer(int id) throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared();
                Connection connection = Connection.open(ring)) {
            MemorySegment memory = arena.allocate(4);
            ProvidedBuffers.provide(ring.next(), memory, 4, 1, id, id);
            assertThat(Completions.one(ring).result()).isNotNegative();
            connection.send("abcd");
            Sockets.recvProvided(ring.next(), connection.fd(), 0, id, 0, 0);
            Completion received = Completions.one(ring);
            assertThat(received.result()).isEqualTo(4);
            assertThat(received.bufferId()).isEqualTo(id);
            assertThat(Opened.text(memory, 4)).isEqualTo("abcd");
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldWaitForAllBytesAsFlagOfTheSocketSays(RingMode mode) throws Exception {
        try (Arena arena = Arena.ofShared();
                Ring ring = mode.open(8);
                Connection connection = Connection.open(ring)) {
            assertThat(Sockets.MSG_WAITALL).isGreaterThan(0xff);
            MemorySegment memory = arena.allocate(8);
            Sockets.recv(ring.next(), connection.fd(), memory, Sockets.MSG_WAITALL).userData(1);
            connection.send("half");
            // A second request is served meanwhile, and the first has not ended.
            Polling.pollAdd(ring.next(), connection.fd(), Polling.POLLOUT, 0).userData(2);
            assertThat(Completions.one(ring).userData()).isEqualTo(2);
            connection.send("rest");
            Completion whole = Completions.one(ring);
            assertThat(whole.result()).as("%s", whole).isEqualTo(8);
            assertThat(Opened.text(memory, 8)).isEqualTo("halfrest");
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldReportEventsOfHighBits(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                Connection connection = Connection.open(ring)) {
            assertThat(Polling.POLLRDHUP).isGreaterThan(0xff);
            Polling.pollAdd(ring.next(), connection.fd(), Polling.POLLRDHUP, 0);
            ring.submit();
            connection.peer().shutdownOutput();
            assertThat(Completions.one(ring).result() & Polling.POLLRDHUP).isNotZero();
        }
    }

    @Test
    void shouldOpenAsFlagsOfHighBitsSay(@TempDir Path directory) throws Exception {
        Path file = java.nio.file.Files.createFile(directory.resolve("file"));
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared()) {
            assertThat(OpenFlags.O_DIRECTORY).isGreaterThan(0xff);
            MemorySegment path = arena.allocateFrom(file.toString());
            Files.openat(ring.next(), Files.AT_FDCWD, path, OpenFlags.O_DIRECTORY, 0);
            assertThat(Completions.one(ring).failed(Errno.ENOTDIR)).isTrue();
        }
    }
}
