package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.Cancel;
import org.uring4j.op.CancelTarget;
import org.uring4j.op.Files;
import org.uring4j.op.OpenFlags;
import org.uring4j.op.Polling;
import org.uring4j.op.Timeouts;
import org.uring4j.op.Timespec;
import org.uring4j.resource.RegisteredFiles;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;

/**
 * {@code IORING_OP_ASYNC_CANCEL}.
 *
 * <p>What goes wrong in the field: who has cancelled a request frees its buffer when the cancelling
 * is done, or takes the request for cancelled. The request completes by itself, before or after,
 * and may have been quicker: then it has data that must not be lost. What ends it is its own
 * completion, and it has exactly one.
 */
class CancelTest {
    @TempDir Path directory;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory = arena.allocate(16);
    private Fifo fifo;
    private Fifo other;

    @BeforeEach
    void makeFifos() throws Exception {
        fifo = Fifo.in(directory);
        other = Fifo.in(directory);
    }

    @AfterEach
    void closeFifos() throws IOException {
        fifo.close();
        other.close();
        arena.close();
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldCancelWaitingRead(RingMode mode) {
        try (Ring ring = mode.open(8);
                Opened reader = fifo.open(ring, OpenFlags.O_RDONLY)) {
            read(ring, reader, 1);
            read(ring, reader, 2);
            assertThat(Completions.now(ring)).isEmpty();
            Cancel.cancel(ring.next(), 2).userData(9);
            assertThat(Completions.some(ring, 2))
                    .containsExactlyInAnyOrder(new Completion(9, 0, 0), cancelled(2));
            assertThat(ring.inFlight()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldFindNothingWhenThereIsNone(RingMode mode) {
        try (Ring ring = mode.open(8)) {
            Cancel.cancel(ring.next(), 1).userData(9);
            assertThat(Completions.one(ring).failed(Errno.ENOENT)).isTrue();
            Cancel.cancel(ring.next(), CancelTarget.userData(1).all()).userData(9);
            assertThat(Completions.one(ring)).isEqualTo(new Completion(9, 0, 0));
        }
    }

    @Test
    void shouldCountWhenCancellingAll() {
        Needs.kernel("5.19", "IORING_ASYNC_CANCEL_ALL");
        try (Ring ring = Ring.open(RingConfig.of(8));
                Opened reader = fifo.open(ring, OpenFlags.O_RDONLY)) {
            read(ring, reader, 1);
            read(ring, reader, 1);
            read(ring, reader, 2);
            assertThat(Completions.now(ring)).isEmpty();
            Cancel.cancel(ring.next(), CancelTarget.userData(1).all()).userData(9);
            assertThat(Completions.some(ring, 3))
                    .containsExactlyInAnyOrder(new Completion(9, 2, 0), cancelled(1), cancelled(1));
        }
    }

    @Test
    void shouldCancelByDescriptor() {
        Needs.kernel("5.19", "IORING_ASYNC_CANCEL_FD");
        try (Ring ring = Ring.open(RingConfig.of(8));
                Opened reader = fifo.open(ring, OpenFlags.O_RDONLY);
                Opened second = other.open(ring, OpenFlags.O_RDONLY)) {
            read(ring, reader, 1);
            read(ring, second, 2);
            read(ring, reader, 3);
            assertThat(Completions.now(ring)).isEmpty();
            Cancel.cancel(ring.next(), CancelTarget.fd(reader.fd())).userData(9);
            List<Completion> one = Completions.some(ring, 2);
            assertThat(one).contains(new Completion(9, 0, 0));
            assertThat(one).containsAnyOf(cancelled(1), cancelled(3));
            Cancel.cancel(ring.next(), CancelTarget.fd(second.fd()).all()).userData(10);
            assertThat(Completions.some(ring, 2))
                    .containsExactlyInAnyOrder(new Completion(10, 1, 0), cancelled(2));
            Cancel.cancel(ring.next(), CancelTarget.fd(1_000_000)).userData(11);
            assertThat(Completions.one(ring).failed(Errno.EBADF)).isTrue();
        }
    }

    @Test
    void shouldCancelByRegisteredFile() {
        Needs.kernel("6.0", "IORING_ASYNC_CANCEL_FD_FIXED");
        try (Ring ring = Ring.open(RingConfig.of(8));
                Opened reader = fifo.open(ring, OpenFlags.O_RDONLY);
                Opened second = other.open(ring, OpenFlags.O_RDONLY);
                RegisteredFiles files = RegisteredFiles.register(ring, reader.fd(), second.fd())) {
            assertThat(files.count()).isEqualTo(2);
            Files.read(ring.next(), 0, memory, 0).fixedFile().userData(1);
            Files.read(ring.next(), 1, memory, 0).fixedFile().userData(2);
            read(ring, second, 3);
            assertThat(Completions.now(ring)).isEmpty();
            // By whatever name a request knows the file.
            Cancel.cancel(ring.next(), CancelTarget.fixedFd(1).all()).userData(9);
            assertThat(Completions.some(ring, 3))
                    .containsExactlyInAnyOrder(new Completion(9, 2, 0), cancelled(2), cancelled(3));
            Cancel.cancel(ring.next(), CancelTarget.fixedFd(2)).userData(10);
            assertThat(Completions.one(ring).failed(Errno.EBADF)).isTrue();
            // Older kernels do not give the table up while a request uses it.
            Cancel.cancel(ring.next(), CancelTarget.fixedFd(0)).userData(11);
            assertThat(Completions.some(ring, 2))
                    .containsExactlyInAnyOrder(new Completion(11, 0, 0), cancelled(1));
        }
    }

    @Test
    void shouldCancelByOp() {
        Needs.kernel("6.6", "IORING_ASYNC_CANCEL_OP");
        try (Ring ring = Ring.open(RingConfig.of(8));
                Opened reader = fifo.open(ring, OpenFlags.O_RDONLY)) {
            read(ring, reader, 1);
            poll(ring, reader, 2);
            timer(ring, 3);
            assertThat(Completions.now(ring)).isEmpty();
            Cancel.cancel(ring.next(), CancelTarget.opcode("IORING_OP_POLL_ADD")).userData(9);
            assertThat(Completions.some(ring, 2))
                    .containsExactlyInAnyOrder(new Completion(9, 0, 0), cancelled(2));
            Cancel.cancel(ring.next(), CancelTarget.opcode("IORING_OP_TIMEOUT").all()).userData(10);
            assertThat(Completions.some(ring, 2))
                    .containsExactlyInAnyOrder(new Completion(10, 1, 0), cancelled(3));
            assertThat(ring.inFlight()).isEqualTo(1);
        }
    }

    @Test
    void shouldCancelWhatAllIsTrueOf() {
        Needs.kernel("6.6", "IORING_ASYNC_CANCEL_USERDATA, IORING_ASYNC_CANCEL_OP");
        try (Ring ring = Ring.open(RingConfig.of(8));
                Opened reader = fifo.open(ring, OpenFlags.O_RDONLY);
                Opened second = other.open(ring, OpenFlags.O_RDONLY)) {
            read(ring, reader, 1);
            read(ring, second, 1);
            poll(ring, reader, 1);
            read(ring, reader, 2);
            assertThat(Completions.now(ring)).isEmpty();
            CancelTarget target =
                    CancelTarget.fd(reader.fd())
                            .and(CancelTarget.opcode("IORING_OP_READ"))
                            .and(CancelTarget.userData(1))
                            .all();
            Cancel.cancel(ring.next(), target).userData(9);
            assertThat(Completions.some(ring, 2))
                    .containsExactlyInAnyOrder(new Completion(9, 1, 0), cancelled(1));
            assertThat(ring.inFlight()).isEqualTo(3);
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldCancelEverything(RingMode mode) {
        Needs.kernel("5.19", "IORING_ASYNC_CANCEL_ANY");
        try (Ring ring = mode.open(8);
                Opened reader = fifo.open(ring, OpenFlags.O_RDONLY)) {
            for (CancelTarget target : List.of(CancelTarget.any(), CancelTarget.any().all())) {
                read(ring, reader, 1);
                poll(ring, reader, 2);
                timer(ring, 3);
                assertThat(Completions.now(ring)).isEmpty();
                Cancel.cancel(ring.next(), target).userData(9);
                assertThat(Completions.some(ring, 4))
                        .containsExactlyInAnyOrder(
                                new Completion(9, 3, 0), cancelled(1), cancelled(2), cancelled(3));
                assertThat(ring.inFlight()).isZero();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldCancelReadInWorkerThread(RingMode mode) {
        try (Ring ring = mode.open(8);
                Opened reader = fifo.open(ring, OpenFlags.O_RDONLY)) {
            Files.read(ring.next(), reader.fd(), memory, 0).userData(1).async();
            assertThat(Completions.now(ring)).isEmpty();
            Timespec pause = Timespec.of(arena, Duration.ofMillis(1));
            Completion read = null;
            for (int tries = 0; read == null; tries++) {
                assertThat(tries).isLessThan(1000);
                // A worker about to wait may miss the interruption: ask again.
                Cancel.cancel(ring.next(), 1).userData(9).hardlink();
                Timeouts.timeout(ring.next(), pause, 0).userData(10);
                List<Completion> all = Completions.until(ring, c -> c.userData() == 10);
                int cancel = result(all, 9);
                assertThat(cancel == 0 || Errno.EALREADY.is(cancel) || Errno.ENOENT.is(cancel))
                        .as("cancel: %s", all)
                        .isTrue();
                read = all.stream().filter(c -> c.userData() == 1).findFirst().orElse(null);
            }
            assertThat(read.failed(Errno.ECANCELED) || read.failed(Errno.EINTR))
                    .as("read: %s", read)
                    .isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldEndEachRequestOnceWhenCancelRacesCompletion(RingMode mode) throws Exception {
        int rounds = 300;
        Semaphore go = new Semaphore(0);
        Thread writer = Thread.ofPlatform().daemon().start(() -> write(go, rounds));
        try (Ring ring = mode.open(8);
                Opened reader = fifo.open(ring, OpenFlags.O_RDONLY)) {
            for (long i = 0; i < rounds; i++) {
                Files.read(ring.next(), reader.fd(), memory.asSlice(0, 1), 0).userData(2 * i);
                ring.submit();
                // Now the one is likely to be first, now the other.
                boolean late = i % 3 == 2;
                if (!late) {
                    go.release();
                }
                if (i % 3 == 1) {
                    ring.submitAndWait(1, Duration.ofNanos(500 * i));
                }
                Cancel.cancel(ring.next(), 2 * i).userData(2 * i + 1);
                if (late) {
                    go.release();
                }
                List<Completion> both = Completions.some(ring, 2);
                assertThat(both)
                        .extracting(Completion::userData)
                        .containsExactlyInAnyOrder(2 * i, 2 * i + 1);
                if (result(both, 2 * i) != 1) {
                    assertThat(both).contains(cancelled(2 * i));
                    // A byte is never lost to a read that was cancelled.
                    assertThat(fifo.take(1)).isEqualTo("x");
                }
            }
            assertThat(ring.inFlight()).isZero();
        }
        writer.join();
    }

    @Test
    void shouldRefuseTargetsThatContradict() {
        CancelTarget fd = CancelTarget.fd(1);
        assertThatIllegalArgumentException().isThrownBy(() -> fd.and(CancelTarget.fixedFd(2)));
        assertThatIllegalArgumentException().isThrownBy(() -> fd.and(CancelTarget.any()));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CancelTarget.opcode("IORING_OP_NONE"))
                .withMessageContaining("name=IORING_OP_NONE");
    }

    private void read(Ring ring, Opened file, long userData) {
        Files.read(ring.next(), file.fd(), memory, 0).userData(userData);
    }

    private static void poll(Ring ring, Opened file, long userData) {
        Polling.pollAdd(ring.next(), file.fd(), Polling.POLLIN, 0).userData(userData);
    }

    private void timer(Ring ring, long userData) {
        Timespec time = Timespec.of(arena, Duration.ofHours(1));
        Timeouts.timeout(ring.next(), time, 0).userData(userData);
    }

    private void write(Semaphore go, int count) {
        try {
            for (int i = 0; i < count; i++) {
                go.acquire();
                fifo.put("x");
            }
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static int result(List<Completion> all, long userData) {
        return all.stream()
                .filter(c -> c.userData() == userData)
                .findFirst()
                .orElseThrow()
                .result();
    }

    private static Completion cancelled(long userData) {
        return new Completion(userData, -Errno.ECANCELED.number(), 0);
    }
}
