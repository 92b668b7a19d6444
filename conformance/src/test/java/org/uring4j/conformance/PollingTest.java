package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.Files;
import org.uring4j.op.OpenFlags;
import org.uring4j.op.Polling;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;

/** {@code IORING_OP_POLL_ADD}, {@code IORING_OP_POLL_REMOVE}. */
class PollingTest {
    private static final int IN = Polling.POLLIN;
    private static final int OUT = Polling.POLLOUT;

    @TempDir Path directory;
    private Fifo fifo;

    @BeforeEach
    void makeFifo() throws Exception {
        fifo = Fifo.in(directory);
    }

    @AfterEach
    void closeFifo() throws IOException {
        fifo.close();
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldReportWhenThereIsSomethingToRead(RingMode mode) throws Exception {
        try (Ring ring = mode.open(4);
                Opened reader = fifo.open(ring, OpenFlags.O_RDONLY)) {
            Polling.pollAdd(ring.next(), reader.fd(), IN, 0).userData(1);
            assertThat(Completions.now(ring)).isEmpty();
            fifo.put("x");
            assertThat(Completions.one(ring)).isEqualTo(new Completion(1, IN, 0));
            Polling.pollAdd(ring.next(), reader.fd(), IN, 0).userData(2);
            assertThat(Completions.one(ring))
                    .as("there still is")
                    .isEqualTo(new Completion(2, IN, 0));
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldReportWhenThereIsRoomToWrite(RingMode mode) throws Exception {
        try (Ring ring = mode.open(4);
                Arena arena = Arena.ofConfined();
                Opened writer = fifo.open(ring, OpenFlags.O_WRONLY | OpenFlags.O_NONBLOCK)) {
            Polling.pollAdd(ring.next(), writer.fd(), OUT, 0).userData(1);
            assertThat(Completions.one(ring)).isEqualTo(new Completion(1, OUT, 0));
            MemorySegment much = arena.allocate(1 << 20);
            Files.write(ring.next(), writer.fd(), much, 0);
            int written = Completions.one(ring).result();
            assertThat(written).isBetween(1, (1 << 20) - 1);
            Polling.pollAdd(ring.next(), writer.fd(), OUT, 0).userData(2);
            assertThat(Completions.now(ring)).as("the pipe is full").isEmpty();
            fifo.take(written);
            assertThat(Completions.one(ring)).isEqualTo(new Completion(2, OUT, 0));
        }
    }

    @Test
    void shouldReportHangUpUnasked() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(4));
                Opened reader = fifo.open(ring, OpenFlags.O_RDONLY)) {
            Polling.pollAdd(ring.next(), reader.fd(), Polling.POLLPRI, 0).userData(1);
            assertThat(Completions.now(ring)).isEmpty();
            fifo.hangUp();
            assertThat(Completions.one(ring)).isEqualTo(new Completion(1, Polling.POLLHUP, 0));
        }
    }

    @Test
    void shouldReportErrorWhenNobodyReads() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(4));
                Opened writer = fifo.open(ring, OpenFlags.O_WRONLY)) {
            Polling.pollAdd(ring.next(), writer.fd(), Polling.POLLPRI, 0).userData(1);
            assertThat(Completions.now(ring)).isEmpty();
            fifo.hangUp();
            assertThat(Completions.one(ring)).isEqualTo(new Completion(1, Polling.POLLERR, 0));
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldReportAgainAndAgain(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofConfined();
                Opened reader = fifo.open(ring, OpenFlags.O_RDONLY)) {
            Polling.pollAdd(ring.next(), reader.fd(), IN, Polling.ADD_MULTI).userData(1);
            assertThat(Completions.now(ring)).isEmpty();
            for (int i = 0; i < 3; i++) {
                fifo.put("x");
                Completion report = Completions.one(ring);
                assertThat(report.userData()).isEqualTo(1);
                assertThat(report.result()).isEqualTo(IN);
                assertThat(report.hasMore()).isTrue();
                Files.read(ring.next(), reader.fd(), arena.allocate(1), 0).userData(2);
                assertThat(Completions.one(ring)).isEqualTo(new Completion(2, 1, 0));
            }
            assertThat(ring.inFlight()).isEqualTo(1);
            Polling.pollRemove(ring.next(), 1).userData(3);
            assertThat(Completions.some(ring, 2))
                    .containsExactlyInAnyOrder(new Completion(3, 0, 0), failed(1, Errno.ECANCELED));
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldRemove(RingMode mode) {
        try (Ring ring = mode.open(4);
                Opened reader = fifo.open(ring, OpenFlags.O_RDONLY)) {
            Polling.pollAdd(ring.next(), reader.fd(), IN, 0).userData(1);
            Polling.pollRemove(ring.next(), 1).userData(2);
            assertThat(Completions.some(ring, 2))
                    .containsExactlyInAnyOrder(new Completion(2, 0, 0), failed(1, Errno.ECANCELED));
            Polling.pollRemove(ring.next(), 1).userData(3);
            assertThat(Completions.one(ring)).isEqualTo(failed(3, Errno.ENOENT));
        }
    }

    @Test
    void shouldRefuseLevelTriggered() {
        try (Ring ring = Ring.open(RingConfig.of(4));
                Opened reader = fifo.open(ring, OpenFlags.O_RDONLY)) {
            int level = Polling.ADD_MULTI | Polling.ADD_LEVEL;
            Polling.pollAdd(ring.next(), reader.fd(), IN, level).userData(1);
            assertThat(Completions.one(ring))
                    .as("a kernel that takes it would be the first")
                    .isEqualTo(failed(1, Errno.EINVAL));
        }
    }

    @Test
    void shouldReportOnceForEachChangeWhenRepeated() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(4));
                Opened reader = fifo.open(ring, OpenFlags.O_RDONLY)) {
            fifo.put("x");
            Polling.pollAdd(ring.next(), reader.fd(), IN, Polling.ADD_MULTI).userData(1);
            assertThat(Completions.one(ring).result()).isEqualTo(IN);
            assertThat(Completions.now(ring)).as("nothing has changed").isEmpty();
            fifo.put("x");
            assertThat(Completions.one(ring).result()).isEqualTo(IN);
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldUpdateEventsAndUserData(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                Opened reader = fifo.open(ring, OpenFlags.O_RDONLY)) {
            Polling.pollAdd(ring.next(), reader.fd(), Polling.POLLPRI, 0).userData(1);
            assertThat(Completions.now(ring)).isEmpty();
            Polling.pollUpdate(ring.next(), 1, 5, 0, Polling.UPDATE_USER_DATA).userData(2);
            assertThat(Completions.one(ring)).isEqualTo(new Completion(2, 0, 0));
            fifo.put("x");
            assertThat(Completions.now(ring)).as("asked for other events").isEmpty();
            Polling.pollUpdate(ring.next(), 5, 0, IN, Polling.UPDATE_EVENTS).userData(3);
            List<Completion> both = Completions.some(ring, 2);
            assertThat(both)
                    .containsExactlyInAnyOrder(new Completion(3, 0, 0), new Completion(5, IN, 0));
            Polling.pollUpdate(ring.next(), 5, 6, 0, Polling.UPDATE_USER_DATA).userData(4);
            assertThat(Completions.one(ring)).isEqualTo(failed(4, Errno.ENOENT));
        }
    }

    @Test
    void shouldReportForEachOfSeveralWaiting() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                Opened reader = fifo.open(ring, OpenFlags.O_RDONLY)) {
            Polling.pollAdd(ring.next(), reader.fd(), IN, 0).userData(1);
            Polling.pollAdd(ring.next(), reader.fd(), IN, 0).userData(2);
            assertThat(Completions.now(ring)).isEmpty();
            fifo.put("x");
            assertThat(Completions.some(ring, 2))
                    .extracting(Completion::userData)
                    .containsExactlyInAnyOrder(1L, 2L);
        }
    }

    @Test
    void shouldReportForOneOfSeveralWhenExclusive() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                Opened reader = fifo.open(ring, OpenFlags.O_RDONLY)) {
            int events = IN | Polling.EPOLLEXCLUSIVE;
            Polling.pollAdd(ring.next(), reader.fd(), events, 0).userData(1);
            Polling.pollAdd(ring.next(), reader.fd(), events, 0).userData(1);
            assertThat(Completions.now(ring)).isEmpty();
            fifo.put("x");
            assertThat(Completions.one(ring)).isEqualTo(new Completion(1, IN, 0));
            assertThat(Completions.now(ring)).isEmpty();
            fifo.put("x");
            assertThat(Completions.one(ring)).isEqualTo(new Completion(1, IN, 0));
        }
    }

    @Test
    void shouldFailWhenDescriptorIsNotOpen() {
        try (Ring ring = Ring.open(RingConfig.of(4))) {
            Polling.pollAdd(ring.next(), 1_000_000, IN, 0).userData(1);
            assertThat(Completions.one(ring)).isEqualTo(failed(1, Errno.EBADF));
        }
    }

    @Test
    void shouldRefuseUnknownFlags() {
        try (Ring ring = Ring.open(RingConfig.of(4));
                Opened reader = fifo.open(ring, OpenFlags.O_RDONLY)) {
            Polling.pollAdd(ring.next(), reader.fd(), IN, Polling.UPDATE_EVENTS).userData(1);
            assertThat(Completions.one(ring)).isEqualTo(failed(1, Errno.EINVAL));
            Polling.pollUpdate(ring.next(), 1, 0, IN, 1 << 20).userData(2);
            assertThat(Completions.one(ring)).isEqualTo(failed(2, Errno.EINVAL));
        }
    }

    private static Completion failed(long userData, Errno errno) {
        return new Completion(userData, -errno.number(), 0);
    }
}
