package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.Files;
import org.uring4j.op.Nops;
import org.uring4j.op.OpenFlags;
import org.uring4j.op.Polling;
import org.uring4j.op.Timeouts;
import org.uring4j.op.Timespec;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** {@code IORING_OP_TIMEOUT}, {@code IORING_OP_TIMEOUT_REMOVE}, {@code IORING_OP_LINK_TIMEOUT}. */
class TimeoutsTest {
    private static final Duration SHORT = Duration.ofMillis(20);
    private static final Duration LONG = Duration.ofHours(1);

    @TempDir Path directory;

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldCompleteNotBeforeTime(RingMode mode) {
        try (Ring ring = mode.open(4);
                Arena arena = Arena.ofConfined()) {
            long began = System.nanoTime();
            Timeouts.timeout(ring.next(), Timespec.of(arena, SHORT), 0).userData(1);
            assertThat(Completions.one(ring)).isEqualTo(expired(1));
            assertThat(System.nanoTime() - began).isGreaterThanOrEqualTo(SHORT.toNanos());
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldCompleteWhenOthersHave(RingMode mode) {
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofConfined()) {
            Timeouts.timeout(ring.next(), Timespec.of(arena, LONG), 2, 0).userData(1);
            Nops.nop(ring.next()).userData(2);
            List<Completion> first = Completions.some(ring, 1);
            assertThat(first).containsExactly(new Completion(2, 0, 0));
            Nops.nop(ring.next()).userData(3);
            assertThat(Completions.some(ring, 2))
                    .containsExactlyInAnyOrder(new Completion(3, 0, 0), new Completion(1, 0, 0));
        }
    }

    @Test
    void shouldTakePointInTimeOfEachClock() {
        try (Ring ring = Ring.open(RingConfig.of(4));
                Arena arena = Arena.ofConfined()) {
            Timespec time = Timespec.allocate(arena);
            long at = System.nanoTime() + SHORT.toNanos();
            Timeouts.timeout(ring.next(), time.setNanos(at), Timeouts.ABS).userData(1);
            assertThat(Completions.one(ring)).isEqualTo(expired(1));
            assertThat(System.nanoTime()).isGreaterThanOrEqualTo(at);

            Instant instant = Instant.now().plus(SHORT);
            time.set(instant.getEpochSecond(), instant.getNano());
            Timeouts.timeout(ring.next(), time, Timeouts.ABS | Timeouts.REALTIME).userData(2);
            assertThat(Completions.one(ring)).isEqualTo(expired(2));

            // The time since boot has passed 1 ns.
            Timeouts.timeout(ring.next(), time.set(0, 1), Timeouts.ABS | Timeouts.BOOTTIME)
                    .userData(3);
            assertThat(Completions.one(ring)).isEqualTo(expired(3));
        }
    }

    @Test
    void shouldTakeRelativeTimeOfEachClock() {
        try (Ring ring = Ring.open(RingConfig.of(4));
                Arena arena = Arena.ofConfined()) {
            Timespec time = Timespec.of(arena, SHORT);
            for (int clock : new int[] {0, Timeouts.BOOTTIME, Timeouts.REALTIME}) {
                Timeouts.timeout(ring.next(), time, clock).userData(clock);
                assertThat(Completions.one(ring)).isEqualTo(expired(clock));
            }
        }
    }

    @Test
    void shouldRefuseContradictingFlags() {
        try (Ring ring = Ring.open(RingConfig.of(4));
                Arena arena = Arena.ofConfined()) {
            Timespec time = Timespec.of(arena, SHORT);
            int[] wrong = {
                Timeouts.BOOTTIME | Timeouts.REALTIME, Timeouts.ABS | Timeouts.MULTISHOT, 1 << 20
            };
            for (int flags : wrong) {
                Timeouts.timeout(ring.next(), time, flags);
                assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
            }
        }
    }

    @Test
    void shouldRepeatAsOftenAsAsked() {
        Needs.kernel("6.4", "IORING_TIMEOUT_MULTISHOT");
        try (Ring ring = Ring.open(RingConfig.of(4));
                Arena arena = Arena.ofConfined()) {
            Duration period = Duration.ofMillis(2);
            long began = System.nanoTime();
            Timeouts.timeout(ring.next(), Timespec.of(arena, period), 3, Timeouts.MULTISHOT)
                    .userData(1);
            List<Completion> all = Completions.some(ring, 3);
            assertThat(all).allMatch(c -> c.failed(Errno.ETIME) && c.userData() == 1);
            assertThat(all).extracting(Completion::hasMore).containsExactly(true, true, false);
            assertThat(System.nanoTime() - began).isGreaterThanOrEqualTo(3 * period.toNanos());
            assertThat(ring.inFlight()).isZero();
        }
    }

    @Test
    void shouldRepeatUntilRemoved() {
        Needs.kernel("6.4", "IORING_TIMEOUT_MULTISHOT");
        try (Ring ring = Ring.open(RingConfig.of(4));
                Arena arena = Arena.ofConfined()) {
            Timespec time = Timespec.of(arena, Duration.ofMillis(1));
            Timeouts.timeout(ring.next(), time, Timeouts.MULTISHOT).userData(1);
            for (int i = 0; i < 5; i++) {
                Completion tick = Completions.until(ring, c -> c.userData() == 1).getLast();
                assertThat(tick.failed(Errno.ETIME)).isTrue();
                assertThat(tick.hasMore()).isTrue();
            }
            Completion end = null;
            for (int tries = 0; end == null; tries++) {
                assertThat(tries).isLessThan(1000);
                // At the very moment of a tick it is not found: ask again.
                Timeouts.timeoutRemove(ring.next(), 1).userData(2);
                List<Completion> all = Completions.until(ring, c -> c.userData() == 2);
                boolean removed = all.getLast().result() == 0;
                if (removed && all.stream().noneMatch(c -> ended(c, 1))) {
                    all.addAll(Completions.until(ring, c -> ended(c, 1)));
                }
                end = all.stream().filter(c -> ended(c, 1)).findFirst().orElse(null);
            }
            assertThat(end.failed(Errno.ECANCELED)).isTrue();
        }
    }

    @Test
    void shouldStartLinkedWhenTimeHasPassedIsSuccess() {
        Needs.kernel("5.16", "IORING_TIMEOUT_ETIME_SUCCESS");
        try (Ring ring = Ring.open(RingConfig.of(4));
                Arena arena = Arena.ofConfined()) {
            Timespec time = Timespec.of(arena, Duration.ofMillis(1));
            Timeouts.timeout(ring.next(), time, Timeouts.ETIME_SUCCESS).userData(1).link();
            Nops.nop(ring.next()).userData(2);
            assertThat(Completions.some(ring, 2))
                    .containsExactly(expired(1), new Completion(2, 0, 0));

            Timeouts.timeout(ring.next(), time, 0).userData(3).link();
            Nops.nop(ring.next()).userData(4);
            assertThat(Completions.some(ring, 2))
                    .containsExactly(expired(3), failed(4, Errno.ECANCELED));
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldRemoveTimer(RingMode mode) {
        try (Ring ring = mode.open(4);
                Arena arena = Arena.ofConfined()) {
            Timeouts.timeout(ring.next(), Timespec.of(arena, LONG), 0).userData(1);
            Timeouts.timeoutRemove(ring.next(), 1).userData(2);
            assertThat(Completions.some(ring, 2))
                    .containsExactlyInAnyOrder(failed(1, Errno.ECANCELED), new Completion(2, 0, 0));
            Timeouts.timeoutRemove(ring.next(), 1).userData(3);
            assertThat(Completions.one(ring)).isEqualTo(failed(3, Errno.ENOENT));
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldUpdateTimer(RingMode mode) {
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofConfined()) {
            Timeouts.timeout(ring.next(), Timespec.of(arena, LONG), 0).userData(1);
            assertThat(Completions.now(ring)).isEmpty();
            long began = System.nanoTime();
            Timeouts.timeoutUpdate(ring.next(), 1, Timespec.of(arena, SHORT), 0).userData(2);
            assertThat(Completions.some(ring, 2))
                    .containsExactly(new Completion(2, 0, 0), expired(1));
            assertThat(System.nanoTime() - began).isGreaterThanOrEqualTo(SHORT.toNanos());

            Timeouts.timeout(ring.next(), Timespec.of(arena, LONG), 0).userData(3);
            Timespec past = Timespec.allocate(arena).setNanos(System.nanoTime());
            Timeouts.timeoutUpdate(ring.next(), 3, past, Timeouts.ABS).userData(4);
            assertThat(Completions.some(ring, 2))
                    .containsExactlyInAnyOrder(new Completion(4, 0, 0), expired(3));

            Timeouts.timeoutUpdate(ring.next(), 77, past, 0).userData(5);
            assertThat(Completions.one(ring)).isEqualTo(failed(5, Errno.ENOENT));
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldCancelLinkedRequestWhenTimeHasPassed(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofConfined();
                Fifo fifo = Fifo.in(directory);
                Opened reader = fifo.open(ring, OpenFlags.O_RDONLY)) {
            Files.read(ring.next(), reader.fd(), arena.allocate(1), 0).userData(1).link();
            Timeouts.linkTimeout(ring.next(), Timespec.of(arena, SHORT), 0).userData(2);
            long began = System.nanoTime();
            assertThat(Completions.some(ring, 2))
                    .containsExactlyInAnyOrder(failed(1, Errno.ECANCELED), expired(2));
            assertThat(System.nanoTime() - began).isPositive();
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldCancelTimeLimitWhenRequestCompletes(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofConfined();
                Fifo fifo = Fifo.in(directory);
                Opened reader = fifo.open(ring, OpenFlags.O_RDONLY)) {
            Files.read(ring.next(), reader.fd(), arena.allocate(1), 0).userData(1).link();
            Timeouts.linkTimeout(ring.next(), Timespec.of(arena, LONG), 0).userData(2).link();
            Nops.nop(ring.next()).userData(3);
            assertThat(Completions.now(ring)).isEmpty();
            fifo.put("x");
            assertThat(Completions.some(ring, 3))
                    .containsExactlyInAnyOrder(
                            new Completion(1, 1, 0),
                            failed(2, Errno.ECANCELED),
                            new Completion(3, 0, 0));
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldDrainWholeChainWhenTimeLimitIsDrained(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofConfined();
                Fifo fifo = Fifo.in(directory);
                Opened reader = fifo.open(ring, OpenFlags.O_RDONLY);
                Connection connection = Connection.open(ring)) {
            Timespec time = Timespec.of(arena, SHORT);
            Files.read(ring.next(), reader.fd(), arena.allocate(1), 0).userData(1);
            Polling.pollAdd(ring.next(), connection.fd(), Polling.POLLIN, 0).userData(2).link();
            Timeouts.linkTimeout(ring.next(), time, 0).userData(3).drain();
            // The time passes here, but begins there only when what is before has ended.
            ring.submitAndWait(1, SHORT.multipliedBy(3));
            assertThat(Completions.now(ring)).isEmpty();
            fifo.put("x");
            List<Completion> all = Completions.some(ring, 3);
            assertThat(all.getFirst()).isEqualTo(new Completion(1, 1, 0));
            assertThat(all.subList(1, 3))
                    .containsExactlyInAnyOrder(failed(2, Errno.ECANCELED), expired(3));
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldTellNeitherEndOfTimeLimitThatSkips(RingMode mode) throws Exception {
        Needs.kernel("5.17", "IOSQE_CQE_SKIP_SUCCESS");
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofConfined();
                Fifo fifo = Fifo.in(directory);
                Opened reader = fifo.open(ring, OpenFlags.O_RDONLY)) {
            Files.read(ring.next(), reader.fd(), arena.allocate(1), 0).userData(1).link();
            Timeouts.linkTimeout(ring.next(), Timespec.of(arena, SHORT), 0)
                    .userData(2)
                    .skipSuccess();
            assertThat(Completions.one(ring)).isEqualTo(failed(1, Errno.ECANCELED));
            Nops.nop(ring.next()).userData(3).link();
            Timeouts.linkTimeout(ring.next(), Timespec.of(arena, LONG), 0)
                    .userData(4)
                    .skipSuccess();
            assertThat(Completions.one(ring)).isEqualTo(new Completion(3, 0, 0));
            Nops.nop(ring.next()).userData(5);
            assertThat(Completions.one(ring)).isEqualTo(new Completion(5, 0, 0));
            assertThat(ring.inFlight()).isZero();
        }
    }

    @Test
    void shouldUpdateTimeLimit() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofConfined();
                Fifo fifo = Fifo.in(directory);
                Opened reader = fifo.open(ring, OpenFlags.O_RDONLY)) {
            Files.read(ring.next(), reader.fd(), arena.allocate(1), 0).userData(1).link();
            Timeouts.linkTimeout(ring.next(), Timespec.of(arena, LONG), 0).userData(2);
            assertThat(Completions.now(ring)).isEmpty();
            Timespec time = Timespec.of(arena, SHORT);
            // A plain update does not find it.
            Timeouts.timeoutUpdate(ring.next(), 2, time, 0).userData(3);
            assertThat(Completions.one(ring)).isEqualTo(failed(3, Errno.ENOENT));
            Timeouts.linkTimeoutUpdate(ring.next(), 2, time, 0).userData(4);
            assertThat(Completions.some(ring, 3))
                    .containsExactlyInAnyOrder(
                            new Completion(4, 0, 0), failed(1, Errno.ECANCELED), expired(2));
        }
    }

    @Test
    void shouldRefuseTimeLimitOfNothing() {
        try (Ring ring = Ring.open(RingConfig.of(4));
                Arena arena = Arena.ofConfined()) {
            Timeouts.linkTimeout(ring.next(), Timespec.of(arena, SHORT), 0).userData(1);
            assertThat(Completions.one(ring)).isEqualTo(failed(1, Errno.EINVAL));
        }
    }

    @Test
    void shouldTakeTimeInRequest() throws Exception {
        Needs.kernel("7.1", "IORING_TIMEOUT_IMMEDIATE_ARG");
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofConfined();
                Fifo fifo = Fifo.in(directory);
                Opened reader = fifo.open(ring, OpenFlags.O_RDONLY)) {
            long began = System.nanoTime();
            Timeouts.timeoutNanos(ring.next(), SHORT.toNanos(), 0, 0).userData(1);
            assertThat(Completions.one(ring)).isEqualTo(expired(1));
            assertThat(System.nanoTime() - began).isGreaterThanOrEqualTo(SHORT.toNanos());

            Timeouts.timeoutNanos(ring.next(), LONG.toNanos(), 0, 0).userData(2);
            Timeouts.timeoutUpdateNanos(ring.next(), 2, SHORT.toNanos(), 0).userData(3);
            assertThat(Completions.some(ring, 2))
                    .containsExactlyInAnyOrder(new Completion(3, 0, 0), expired(2));

            Files.read(ring.next(), reader.fd(), arena.allocate(1), 0).userData(4).link();
            Timeouts.linkTimeoutNanos(ring.next(), LONG.toNanos(), 0).userData(5);
            assertThat(Completions.now(ring)).isEmpty();
            Timeouts.linkTimeoutUpdateNanos(ring.next(), 5, SHORT.toNanos(), 0).userData(6);
            assertThat(Completions.some(ring, 3))
                    .containsExactlyInAnyOrder(
                            new Completion(6, 0, 0), failed(4, Errno.ECANCELED), expired(5));
        }
    }

    @Test
    void shouldRefuseWrongTimes() {
        try (Ring ring = Ring.open(RingConfig.of(4));
                Arena arena = Arena.ofConfined()) {
            Timespec time = Timespec.allocate(arena);
            assertThatIllegalArgumentException().isThrownBy(() -> time.set(Duration.ofNanos(-1)));
            assertThatIllegalArgumentException().isThrownBy(() -> time.set(0, 1_000_000_000));
            assertThatIllegalArgumentException().isThrownBy(() -> time.setNanos(-1));
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Timeouts.timeoutNanos(ring.next(), -1, 0, 0))
                    .withMessageContaining("nanos=-1");
            Arena closed = Arena.ofConfined();
            Timespec gone = Timespec.allocate(closed);
            closed.close();
            assertThatIllegalStateException().isThrownBy(() -> gone.set(SHORT));
            assertThatIllegalStateException()
                    .isThrownBy(() -> Timeouts.timeout(ring.next(), gone, 0));
        }
    }

    private static boolean ended(Completion c, long userData) {
        return c.userData() == userData && !c.hasMore();
    }

    private static Completion expired(long userData) {
        return failed(userData, Errno.ETIME);
    }

    private static Completion failed(long userData, Errno errno) {
        return new Completion(userData, -errno.number(), 0);
    }
}
