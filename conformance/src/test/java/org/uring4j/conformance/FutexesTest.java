package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.Cancel;
import org.uring4j.op.FutexWords;
import org.uring4j.op.Futexes;
import org.uring4j.op.Nops;
import org.uring4j.op.Timeouts;
import org.uring4j.op.Timespec;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/** {@code IORING_OP_FUTEX_WAIT}, {@code IORING_OP_FUTEX_WAKE}, {@code IORING_OP_FUTEX_WAITV}. */
class FutexesTest {
    private static final int PRIVATE = Futexes.FUTEX2_SIZE_U32 | Futexes.FUTEX2_PRIVATE;
    private static final long ANY = Futexes.MATCH_ANY;
    private static final VarHandle INT = JAVA_INT.varHandle();

    private final Arena arena = Arena.ofAuto();
    private final MemorySegment word = arena.allocate(8, 4);

    @BeforeEach
    void need() {
        Needs.kernel("6.7", "IORING_OP_FUTEX_WAIT");
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldWakeWaiter(RingMode mode) {
        try (Ring ring = mode.open(4)) {
            for (int flags : new int[] {PRIVATE, Futexes.FUTEX2_SIZE_U32}) {
                word.set(JAVA_INT, 0, -5);
                Futexes.futexWait(ring.next(), word, -5, ANY, flags).userData(1);
                assertThat(Completions.now(ring)).isEmpty();
                Futexes.futexWake(ring.next(), word, 1, ANY, flags).userData(2);
                assertThat(Completions.some(ring, 2))
                        .containsExactlyInAnyOrder(
                                new Completion(1, 0, 0), new Completion(2, 1, 0));
            }
        }
    }

    @Test
    void shouldWakeAsManyAsAsked() {
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            for (int i = 1; i <= 5; i++) {
                Futexes.futexWait(ring.next(), word, 0, ANY, PRIVATE).userData(i);
            }
            assertThat(Completions.now(ring)).isEmpty();
            List<Completion> woken = new ArrayList<>(wake(ring, 2, ANY, 2));
            woken.addAll(wake(ring, Integer.MAX_VALUE, ANY, 3));
            assertThat(woken).allMatch(c -> c.result() == 0);
            assertThat(woken)
                    .extracting(Completion::userData)
                    .containsExactlyInAnyOrder(1L, 2L, 3L, 4L, 5L);
            assertThat(wake(ring, 1, ANY, 0)).isEmpty();
        }
    }

    @Test
    void shouldWakeWhomMaskNames() {
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            Futexes.futexWait(ring.next(), word, 0, 1, PRIVATE).userData(1);
            Futexes.futexWait(ring.next(), word, 0, 0x8000_0000L, PRIVATE).userData(2);
            assertThat(Completions.now(ring)).isEmpty();
            assertThat(wake(ring, 9, 2, 0)).isEmpty();
            assertThat(wake(ring, 9, 0x8000_0002L, 1)).containsExactly(new Completion(2, 0, 0));
            assertThat(wake(ring, 9, ANY, 1)).containsExactly(new Completion(1, 0, 0));
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldNotWaitWhenWordHasChanged(RingMode mode) {
        try (Ring ring = mode.open(4)) {
            word.set(JAVA_INT, 0, 1);
            Futexes.futexWait(ring.next(), word, 0, ANY, PRIVATE).userData(1).link();
            Nops.nop(ring.next()).userData(2);
            List<Completion> all = Completions.some(ring, 2);
            assertThat(all.getFirst().failed(Errno.EAGAIN)).isTrue();
            assertThat(all.getLast().failed(Errno.ECANCELED)).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldWaitInChainsAndWorkers(RingMode mode) {
        try (Ring ring = mode.open(8)) {
            MemorySegment other = arena.allocate(4, 4);
            Futexes.futexWait(ring.next(), other, 0, ANY, PRIVATE).userData(1);
            // The link starts once the first word is woken, and wakes the other.
            Futexes.futexWait(ring.next(), word, 0, ANY, PRIVATE).userData(2).async().link();
            Futexes.futexWake(ring.next(), other, 1, ANY, PRIVATE).userData(3).skipSuccess();
            assertThat(Completions.now(ring)).isEmpty();
            List<Completion> woken = new ArrayList<>();
            Timespec pause = Timespec.of(arena, Duration.ofMillis(1));
            long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
            while (woken.size() < 2) {
                // Only a wait that has begun is woken, and a worker thread begins this one.
                assertThat(System.nanoTime()).isLessThan(end);
                Timeouts.timeout(ring.next(), pause, Timeouts.ETIME_SUCCESS).userData(4).link();
                Futexes.futexWake(ring.next(), word, 1, ANY, PRIVATE).userData(5).async();
                woken.addAll(Completions.until(ring, c -> c.userData() == 5));
                woken.removeIf(c -> c.userData() > 2);
            }
            assertThat(woken)
                    .containsExactlyInAnyOrder(new Completion(1, 0, 0), new Completion(2, 0, 0));
        }
    }

    @Test
    void shouldBeCancelledAndLimitedInTime() {
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            Futexes.futexWait(ring.next(), word, 0, ANY, PRIVATE).userData(1);
            assertThat(Completions.now(ring)).isEmpty();
            Cancel.cancel(ring.next(), 1).userData(2);
            List<Completion> all = Completions.some(ring, 2);
            // Some kernels tell how many were cancelled.
            assertThat(all).anyMatch(c -> c.userData() == 2 && c.result() >= 0);
            assertThat(all).anyMatch(c -> c.userData() == 1 && c.failed(Errno.ECANCELED));

            Futexes.futexWait(ring.next(), word, 0, ANY, PRIVATE).userData(3).link();
            Timespec time = Timespec.of(arena, Duration.ofMillis(5));
            Timeouts.linkTimeout(ring.next(), time, 0).userData(4);
            all = Completions.some(ring, 2);
            assertThat(all).anyMatch(c -> c.userData() == 3 && c.failed(Errno.ECANCELED));
            assertThat(all)
                    .anyMatch(c -> c.userData() == 4 && (c.failed(Errno.ETIME) || c.result() == 1));
        }
    }

    @Test
    void shouldPassTurnBetweenThreads() throws Exception {
        int rounds = 50;
        MemorySegment turn = arena.allocate(4, 4);
        FutureTask<Void> other =
                new FutureTask<>(
                        () -> {
                            takeTurns(turn, 1, rounds);
                            return null;
                        });
        Thread thread = new Thread(other, "other");
        thread.start();
        takeTurns(turn, 0, rounds);
        other.get(10, TimeUnit.SECONDS);
        thread.join();
        assertThat((int) INT.getVolatile(turn, 0L)).isEqualTo(2 * rounds);
    }

    /** Counts up whenever the number is even, or odd, and tells the other. */
    private static void takeTurns(MemorySegment turn, int mine, int rounds) {
        try (Ring ring = Ring.open(RingConfig.of(4))) {
            for (int i = 0; i < rounds; i++) {
                int seen = (int) INT.getVolatile(turn, 0L);
                while (seen % 2 != mine) {
                    Futexes.futexWait(ring.next(), turn, seen, ANY, PRIVATE);
                    Completion waited = Completions.one(ring);
                    assertThat(waited.result() == 0 || waited.failed(Errno.EAGAIN)).isTrue();
                    seen = (int) INT.getVolatile(turn, 0L);
                }
                INT.setVolatile(turn, 0L, seen + 1);
                Futexes.futexWake(ring.next(), turn, 1, ANY, PRIVATE);
                assertThat(Completions.one(ring).result()).isBetween(0, 1);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldTellWhichOfSeveralWasWoken(RingMode mode) {
        try (Ring ring = mode.open(4)) {
            MemorySegment all = arena.allocate(3 * 4, 4);
            FutexWords words = FutexWords.allocate(arena, 3);
            for (int i = 0; i < 3; i++) {
                all.setAtIndex(JAVA_INT, i, i);
                words.set(i, all.asSlice(4L * i, 4), i, PRIVATE);
            }
            assertThat(words.count()).isEqualTo(3);
            Futexes.futexWaitv(ring.next(), words).userData(1);
            assertThat(Completions.now(ring)).isEmpty();
            Futexes.futexWake(ring.next(), all.asSlice(8, 4), 1, ANY, PRIVATE).userData(2);
            assertThat(Completions.some(ring, 2))
                    .containsExactlyInAnyOrder(new Completion(1, 2, 0), new Completion(2, 1, 0));
            // The others are waited for no more.
            Futexes.futexWake(ring.next(), all.asSlice(0, 4), 1, ANY, PRIVATE).userData(3);
            assertThat(Completions.one(ring)).isEqualTo(new Completion(3, 0, 0));

            all.setAtIndex(JAVA_INT, 1, 7);
            Futexes.futexWaitv(ring.next(), words);
            assertThat(Completions.one(ring).failed(Errno.EAGAIN)).isTrue();
        }
    }

    @Test
    void shouldTakeAsManyWordsAsThereMayBe() {
        try (Ring ring = Ring.open(RingConfig.of(4))) {
            FutexWords words = FutexWords.allocate(arena, FutexWords.MAX_COUNT);
            MemorySegment all = arena.allocate(4L * FutexWords.MAX_COUNT, 4);
            for (int i = 0; i < FutexWords.MAX_COUNT; i++) {
                words.set(i, all.asSlice(4L * i, 4), 0, PRIVATE);
            }
            Futexes.futexWaitv(ring.next(), words).userData(1);
            assertThat(Completions.now(ring)).isEmpty();
            int last = FutexWords.MAX_COUNT - 1;
            Futexes.futexWake(ring.next(), all.asSlice(4L * last, 4), 1, ANY, PRIVATE);
            assertThat(Completions.some(ring, 2)).contains(new Completion(1, last, 0));
        }
    }

    @Test
    void shouldTellErrors() {
        try (Ring ring = Ring.open(RingConfig.of(4))) {
            MemorySegment crooked = word.asSlice(1, 4);
            Futexes.futexWait(ring.next(), crooked, 0, ANY, PRIVATE);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).as("alignment").isTrue();
            Futexes.futexWait(ring.next(), word, 0, 0, PRIVATE);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).as("no mask").isTrue();
            Futexes.futexWait(ring.next(), word, 0, -1, PRIVATE);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).as("long mask").isTrue();
            Futexes.futexWait(ring.next(), word, 0, ANY, 1 << 20);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).as("flag").isTrue();
            Futexes.futexWake(ring.next(), word, 1, ANY, 0);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).as("8 bits").isTrue();
            Futexes.futexWake(ring.next(), crooked, 1, ANY, PRIVATE);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).as("alignment").isTrue();
            Futexes.futexWaitv(ring.next(), FutexWords.allocate(arena, 1));
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).as("not set").isTrue();
        }
    }

    @Test
    void shouldRefuseWrongMemory() {
        try (Ring ring = Ring.open(RingConfig.of(4))) {
            MemorySegment small = word.asSlice(0, 4);
            assertThatIllegalArgumentException()
                    .isThrownBy(
                            () -> Futexes.futexWake(ring.next(), small.asSlice(1), 1, ANY, PRIVATE))
                    .withMessageContaining("bytes=3");
            int numa = PRIVATE | Futexes.FUTEX2_NUMA;
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Futexes.futexWait(ring.next(), small, 0, ANY, numa))
                    .withMessageContaining("needed=8");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> FutexWords.allocate(arena, 129))
                    .withMessageContaining("count=129");
            assertThatIllegalArgumentException().isThrownBy(() -> FutexWords.allocate(arena, 0));
            FutexWords words = FutexWords.allocate(arena, 1);
            assertThatExceptionOfType(IndexOutOfBoundsException.class)
                    .isThrownBy(() -> words.set(1, word, 0, PRIVATE));
            try (Arena closed = Arena.ofShared()) {
                words.set(0, closed.allocate(4, 4), 0, PRIVATE);
            }
            assertThatIllegalStateException()
                    .isThrownBy(() -> Futexes.futexWaitv(ring.next(), words))
                    .withMessageContaining("a word is in an arena that is closed");
        }
    }

    @Test
    void shouldKeepWaitersAtNode() {
        Needs.kernel("6.16", "FUTEX2_NUMA");
        int numa = PRIVATE | Futexes.FUTEX2_NUMA;
        try (Ring ring = Ring.open(RingConfig.of(4))) {
            MemorySegment pair = arena.allocate(8, 8);
            pair.set(JAVA_INT, 4, -1);
            Futexes.futexWait(ring.next(), pair, 0, ANY, numa).userData(1);
            List<Completion> all = Completions.now(ring);
            Needs.that(
                    all.isEmpty() || !all.getFirst().failed(Errno.EINVAL),
                    "this kernel keeps futexes at no memory node");
            assertThat(all).isEmpty();
            assertThat(pair.get(JAVA_INT, 4)).as("the node it chose").isNotNegative();
            Futexes.futexWake(ring.next(), pair, 1, ANY, numa).userData(2);
            assertThat(Completions.some(ring, 2))
                    .containsExactlyInAnyOrder(new Completion(1, 0, 0), new Completion(2, 1, 0));
        }
    }

    /** Wakes, and collects this completion and those of so many who waited. */
    private List<Completion> wake(Ring ring, int count, long mask, int woken) {
        Futexes.futexWake(ring.next(), word, count, mask, PRIVATE).userData(9);
        List<Completion> all = Completions.some(ring, 1 + woken);
        assertThat(all).contains(new Completion(9, woken, 0));
        return all.stream().filter(c -> c.userData() != 9).toList();
    }
}
