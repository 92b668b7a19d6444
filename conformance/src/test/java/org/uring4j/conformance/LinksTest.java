package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.KernelVersion;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.Cancel;
import org.uring4j.op.CancelTarget;
import org.uring4j.op.Files;
import org.uring4j.op.Nops;
import org.uring4j.op.OpenFlags;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** What one request has to do with others: chains, drains, skipped completions, worker threads. */
class LinksTest {
    @TempDir Path directory;

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldRunChainInOrder(RingMode mode) {
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofConfined();
                Opened file = Opened.open(ring, directory.resolve("file"), createFlags())) {
            MemorySegment read = arena.allocate(6);
            // Each depends on the one before, and would be quicker than it.
            Files.write(ring.next(), file.fd(), Opened.bytes(arena, "abcdef"), 0)
                    .userData(1)
                    .async()
                    .link();
            Files.write(ring.next(), file.fd(), Opened.bytes(arena, "XY"), 2)
                    .userData(2)
                    .async()
                    .link();
            Files.read(ring.next(), file.fd(), read, 0).userData(3);
            List<Completion> all = Completions.some(ring, 3);
            assertThat(all)
                    .containsExactly(
                            new Completion(1, 6, 0),
                            new Completion(2, 2, 0),
                            new Completion(3, 6, 0));
            assertThat(Opened.text(read, 6)).isEqualTo("abXYef");
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldCancelRestOfChainWhenOneFails(RingMode mode) {
        try (Ring ring = mode.open(8)) {
            Nops.nop(ring.next()).userData(1).link();
            Files.close(ring.next(), 1_000_000).userData(2).link();
            Nops.nop(ring.next()).userData(3).link();
            Nops.nop(ring.next()).userData(4);
            Nops.nop(ring.next()).userData(5);
            List<Completion> all = Completions.some(ring, 5);
            assertThat(result(all, 1)).isZero();
            assertThat(result(all, 2)).isEqualTo(-Errno.EBADF.number());
            assertThat(result(all, 3)).isEqualTo(-Errno.ECANCELED.number());
            assertThat(result(all, 4)).isEqualTo(-Errno.ECANCELED.number());
            assertThat(result(all, 5)).as("not of the chain").isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldCancelRestOfChainWhenReadIsShort(RingMode mode) {
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofConfined();
                Opened file = Opened.open(ring, directory.resolve("file"), createFlags())) {
            Files.write(ring.next(), file.fd(), Opened.bytes(arena, "abc"), 0);
            assertThat(Completions.one(ring).result()).isEqualTo(3);
            Files.read(ring.next(), file.fd(), arena.allocate(4), 0).userData(1).link();
            Nops.nop(ring.next()).userData(2);
            List<Completion> all = Completions.some(ring, 2);
            assertThat(result(all, 1)).isEqualTo(3);
            assertThat(result(all, 2)).isEqualTo(-Errno.ECANCELED.number());
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldGoOnAfterFailureWhenHardlinked(RingMode mode) {
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofConfined();
                Opened file = Opened.open(ring, directory.resolve("file"), createFlags())) {
            Files.close(ring.next(), 1_000_000).userData(1).hardlink();
            Files.read(ring.next(), file.fd(), arena.allocate(4), 0).userData(2).hardlink();
            Nops.nop(ring.next()).userData(3);
            assertThat(Completions.some(ring, 3))
                    .containsExactly(
                            new Completion(1, -Errno.EBADF.number(), 0),
                            new Completion(2, 0, 0),
                            new Completion(3, 0, 0));
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldEndChainAtSubmission(RingMode mode) {
        try (Ring ring = mode.open(8)) {
            Files.close(ring.next(), 1_000_000).userData(1).link();
            assertThat(Completions.one(ring).failed(Errno.EBADF)).isTrue();
            Nops.nop(ring.next()).userData(2);
            assertThat(Completions.one(ring)).isEqualTo(new Completion(2, 0, 0));
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldWaitForAllEarlierWhenDraining(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofConfined();
                Fifo fifo = Fifo.in(directory);
                Opened reader = fifo.open(ring, OpenFlags.O_RDONLY)) {
            Files.read(ring.next(), reader.fd(), arena.allocate(1), 0).userData(1);
            Nops.nop(ring.next()).userData(2).drain();
            Nops.nop(ring.next()).userData(3);
            assertThat(Completions.now(ring)).as("all wait for the read").isEmpty();
            fifo.put("x");
            List<Long> order =
                    Completions.some(ring, 3).stream().map(Completion::userData).toList();
            // Old kernels start what a drain held back last in, first out.
            boolean inOrder = KernelVersion.running().compareTo(KernelVersion.parse("6.12")) >= 0;
            assertThat(order).first().isEqualTo(1L);
            assertThat(inOrder ? order : order.stream().sorted().toList())
                    .containsExactly(1L, 2L, 3L);
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldHoldBackWhatComesAfterUntilTheDrainedHasEnded(RingMode mode) throws Exception {
        Needs.kernel("6.16", "a drain that later requests wait for the end of");
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofConfined();
                Fifo fifo = Fifo.in(directory);
                Opened reader = fifo.open(ring, OpenFlags.O_RDONLY)) {
            Files.read(ring.next(), reader.fd(), arena.allocate(1), 0).userData(1).drain();
            Nops.nop(ring.next()).userData(2);
            Cancel.cancel(ring.next(), 1).userData(3);
            ring.submitAndWait(1, Duration.ofMillis(20));
            assertThat(Completions.now(ring)).as("even cancelling waits").isEmpty();
            // What is no request does not.
            assertThat(Cancel.now(ring, CancelTarget.userData(1), Duration.ofSeconds(10)))
                    .isEqualTo(Cancel.Outcome.ENDED);
            List<Completion> all = Completions.some(ring, 3);
            assertThat(all.getFirst()).isEqualTo(failed(1, Errno.ECANCELED));
            assertThat(all.subList(1, 3))
                    .containsExactlyInAnyOrder(new Completion(2, 0, 0), failed(3, Errno.ENOENT));
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldSkipCompletionsOfSuccess(RingMode mode) {
        Needs.kernel("5.17", "IOSQE_CQE_SKIP_SUCCESS");
        try (Ring ring = mode.open(8)) {
            Nops.nop(ring.next()).userData(1).skipSuccess().link();
            Nops.nop(ring.next()).userData(2).skipSuccess().link();
            Nops.nop(ring.next()).userData(3);
            assertThat(Completions.one(ring)).isEqualTo(new Completion(3, 0, 0));
            assertThat(ring.inFlight()).isZero();
            assertThat(cancelAll(ring)).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldEndChainWhoseRequestsSkip(RingMode mode) throws Exception {
        Needs.kernel("5.19", "IORING_ASYNC_CANCEL_ANY");
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofConfined();
                Connection connection = Connection.open(ring)) {
            for (int i = 1; i <= 3; i++) {
                Files.read(ring.next(), connection.fd(), arena.allocate(1), 0)
                        .userData(i)
                        .skipSuccess()
                        .hardlink();
            }
            assertThat(Completions.now(ring)).isEmpty();
            // They are not counted, and start one after the other, when the one before has ended.
            assertThat(cancelAll(ring))
                    .extracting(Completion::userData)
                    .containsExactly(1L, 2L, 3L);
        }
    }

    @Test
    void shouldNotDrainOnceOneWasToSkip() {
        Needs.kernel("5.17", "IOSQE_CQE_SKIP_SUCCESS");
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            Nops.nop(ring.next()).userData(1).drain();
            assertThat(Completions.one(ring)).isEqualTo(new Completion(1, 0, 0));
            Nops.nop(ring.next()).skipSuccess();
            Nops.nop(ring.next()).userData(2);
            assertThat(Completions.one(ring)).isEqualTo(new Completion(2, 0, 0));
            Nops.nop(ring.next()).userData(3).drain();
            assertThat(Completions.one(ring).failed(Errno.EOPNOTSUPP)).isTrue();
        }
    }

    @Test
    void shouldShowFailureOfSkippingRequest() {
        Needs.kernel("5.17", "IOSQE_CQE_SKIP_SUCCESS");
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            Nops.nop(ring.next()).userData(1).skipSuccess().link();
            Files.close(ring.next(), 1_000_000).userData(2).skipSuccess();
            assertThat(Completions.one(ring))
                    .isEqualTo(new Completion(2, -Errno.EBADF.number(), 0));
        }
    }

    @Test
    void shouldSkipCancelledRestAfterSkippingRequestFailed() {
        Needs.kernel("5.17", "IOSQE_CQE_SKIP_SUCCESS");
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            Files.close(ring.next(), 1_000_000).userData(1).skipSuccess().link();
            Nops.nop(ring.next()).userData(2).skipSuccess().link();
            Nops.nop(ring.next()).userData(3).skipSuccess();
            Nops.nop(ring.next()).userData(4);
            List<Completion> all = Completions.until(ring, c -> c.userData() == 4);
            assertThat(all).extracting(Completion::userData).containsExactly(1L, 4L);
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldRunInWorkerThread(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofConfined();
                Fifo fifo = Fifo.in(directory);
                Opened reader = fifo.open(ring, OpenFlags.O_RDONLY)) {
            MemorySegment memory = arena.allocate(5);
            Files.read(ring.next(), reader.fd(), memory, 0).userData(1).async();
            assertThat(Completions.now(ring)).isEmpty();
            fifo.put("hello");
            assertThat(Completions.one(ring)).isEqualTo(new Completion(1, 5, 0));
            assertThat(Opened.text(memory, 5)).isEqualTo("hello");
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldCancelRestOfChainWhenFirstIsCancelled(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofConfined();
                Fifo fifo = Fifo.in(directory);
                Opened reader = fifo.open(ring, OpenFlags.O_RDONLY)) {
            Files.read(ring.next(), reader.fd(), arena.allocate(1), 0).userData(1).link();
            Nops.nop(ring.next()).userData(2);
            assertThat(Completions.now(ring)).isEmpty();
            Cancel.cancel(ring.next(), 1).userData(3);
            List<Completion> all = Completions.some(ring, 3);
            assertThat(result(all, 1)).isEqualTo(-Errno.ECANCELED.number());
            assertThat(result(all, 2)).isEqualTo(-Errno.ECANCELED.number());
            assertThat(result(all, 3)).isZero();
        }
    }

    /** What ended by being cancelled; it must not take all the time there is. */
    private static List<Completion> cancelAll(Ring ring) {
        Duration limit = Duration.ofSeconds(20);
        long began = System.nanoTime();
        List<Completion> ended = new ArrayList<>();
        long left =
                ring.cancelAll(
                        limit,
                        (data, result, flags) -> ended.add(new Completion(data, result, flags)));
        assertThat(left).isZero();
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(limit);
        return ended;
    }

    private static Completion failed(long userData, Errno errno) {
        return new Completion(userData, -errno.number(), 0);
    }

    private static int createFlags() {
        return OpenFlags.O_CREAT | OpenFlags.O_RDWR | OpenFlags.O_TRUNC;
    }

    private static int result(List<Completion> all, long userData) {
        return all.stream()
                .filter(c -> c.userData() == userData)
                .findFirst()
                .orElseThrow()
                .result();
    }
}
