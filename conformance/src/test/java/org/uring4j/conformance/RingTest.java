package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.Sqe;
import org.uring4j.UringException;
import org.uring4j.op.Files;
import org.uring4j.op.Nops;
import org.uring4j.resource.BufferRing;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The queues, the configuration and whose ring it is, {@code IORING_REGISTER_ENABLE_RINGS}; all
 * with {@code IORING_OP_NOP}.
 *
 * <p>What goes wrong in the field: more completions come than the queue holds. Kernels keep the
 * rest, but tell of it only by a flag; who looks at the queue alone waits for completions that are
 * there. And a multishot ends when its completion finds the queue full.
 */
@Timeout(60)
class RingTest {
    private static final Duration LIMIT = Duration.ofSeconds(10);

    @Test
    void shouldSayWhatItGot() {
        try (Ring ring = Ring.open(RingConfig.of(100).cqEntries(300))) {
            assertThat(ring.setup().sqEntries()).isEqualTo(128);
            assertThat(ring.setup().cqEntries()).isEqualTo(512);
            assertThat(ring.submissions().capacity()).isEqualTo(128);
            assertThat(ring.completions().capacity()).isEqualTo(512);
            assertThat(ring.setup().featureNames()).contains("NODROP", "EXT_ARG");
            assertThat(ring.toString()).contains("sqEntries=128");
        }
    }

    @Test
    void shouldUseTheNewestDefaultsOfThisKernel() {
        Needs.kernel("6.6", "NO_SQARRAY");
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            assertThat(ring.setup().flagNames())
                    .containsExactlyInAnyOrder(
                            "SINGLE_ISSUER",
                            "DEFER_TASKRUN",
                            "TASKRUN_FLAG",
                            "SUBMIT_ALL",
                            "NO_SQARRAY");
            assertThat(ring.setup().leftOutNames()).isEmpty();
            assertThat(ring.setup().registeredFd()).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldReportAFullQueueOrSubmitIt(RingMode mode) {
        try (Ring ring = mode.open(4)) {
            for (int i = 0; i < 4; i++) {
                Nops.nop(ring.next()).userData(i);
            }
            assertThat(ring.submissions().spaceLeft()).isZero();
            assertThat(ring.tryNext()).isNull();
            Nops.nop(ring.next()).userData(4);
            assertThat(Completions.some(ring, 5))
                    .extracting(Completion::userData)
                    .containsExactly(0L, 1L, 2L, 3L, 4L);
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldLoseNothingWhenTheCompletionQueueOverflows(RingMode mode) {
        try (Ring ring = mode.open(4)) {
            int count = 20 * ring.completions().capacity();
            for (int i = 0; i < count; i++) {
                Nops.nop(ring.next()).userData(i);
            }
            List<Completion> all = Completions.some(ring, count);
            for (int i = 0; i < count; i++) {
                assertThat(all.get(i).userData()).isEqualTo(i);
            }
            assertThat(ring.completions().dropped()).isZero();
            assertThat(ring.inFlight()).isZero();
        }
    }

    @Test
    void shouldCountOverflows() {
        try (Ring ring = Ring.open(RingConfig.of(4))) {
            for (int i = 0; i < 12; i++) {
                Nops.nop(ring.next());
            }
            ring.submit();
            int[] seen = new int[1];
            while (seen[0] < 12) {
                ring.completions().drain((userData, result, flags) -> seen[0]++);
            }
            assertThat(ring.completions().overflows()).isPositive();
        }
    }

    @Test
    void shouldHandOutASlotAgainThatNoEncoderFilledIn() {
        try (Ring ring = Ring.open(RingConfig.of(2))) {
            for (int i = 0; i < 5; i++) {
                assertThatThrownBy(
                                () ->
                                        Files.read(
                                                ring.next(),
                                                0,
                                                MemorySegment.ofArray(new byte[8]),
                                                0))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("heap memory");
            }
            assertThat(ring.submissions().ready()).isZero();
            Nops.nop(ring.next()).userData(1);
            ring.next();
            assertThat(ring.submit()).isEqualTo(1);
            assertThat(Completions.one(ring)).isEqualTo(new Completion(1, 0, 0));
            assertThat(ring.inFlight()).isZero();
        }
    }

    @Test
    void shouldKeepEntriesBehindAHandlerThatThrows() {
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            for (int i = 0; i < 5; i++) {
                Nops.nop(ring.next()).userData(i);
            }
            ring.submit();
            assertThatThrownBy(
                            () ->
                                    ring.completions()
                                            .drain(
                                                    (userData, result, flags) -> {
                                                        if (userData == 2) {
                                                            throw new ArithmeticException("two");
                                                        }
                                                    }))
                    .hasMessage("two");
            assertThat(Completions.some(ring, 2))
                    .extracting(Completion::userData)
                    .containsExactly(3L, 4L);
            assertThat(ring.inFlight()).isZero();
        }
    }

    @Test
    void shouldLetAHandlerSubmitButNotDrainOrCancelOrClose() {
        try (Ring ring = Ring.open(RingConfig.of(4))) {
            Nops.nop(ring.next()).userData(1);
            ring.submit();
            ring.completions()
                    .drain(
                            (userData, result, flags) -> {
                                assertThatIllegalStateException()
                                        .isThrownBy(() -> ring.completions().drain((u, r, f) -> {}))
                                        .withMessageContaining("handler");
                                assertThatIllegalStateException()
                                        .isThrownBy(ring::close)
                                        .withMessageContaining("handler");
                                Nops.nop(ring.next()).userData(2);
                                assertThatIllegalStateException()
                                        .isThrownBy(() -> ring.cancelAll(LIMIT, (u, r, f) -> {}))
                                        .withMessageContaining("handler");
                                ring.submit();
                            });
            assertThat(Completions.one(ring).userData()).isEqualTo(2);
        }
    }

    @Test
    void shouldRefuseAnotherThreadByNameUnlessShared() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(4));
                Ring shared = Ring.open(RingConfig.of(4).singleIssuer(false))) {
            @Nullable Throwable thrown =
                    elsewhere(
                            () -> {
                                Nops.nop(shared.next()).userData(7);
                                shared.submit();
                                ring.next();
                            });
            assertThat(thrown)
                    .isInstanceOf(WrongThreadException.class)
                    .hasMessageContaining(Thread.currentThread().getName())
                    .hasMessageContaining("visitor");
            assertThat(elsewhere(ring::submit)).isInstanceOf(WrongThreadException.class);
            assertThat(elsewhere(() -> ring.completions().drain((u, r, f) -> {})))
                    .isInstanceOf(WrongThreadException.class);
            assertThat(elsewhere(ring::close)).isInstanceOf(WrongThreadException.class);
            assertThat(Completions.one(shared).userData()).isEqualTo(7);
        }
    }

    @Test
    void shouldRefuseAVirtualThreadUnlessShared() throws Exception {
        AtomicReference<@Nullable Throwable> thrown = new AtomicReference<>();
        Thread.ofVirtual()
                .start(
                        () -> {
                            try (Ring shared = Ring.open(RingConfig.of(4).singleIssuer(false))) {
                                Nops.nop(shared.next());
                                Completions.one(shared);
                                Ring.open(RingConfig.of(4));
                            } catch (Throwable t) {
                                thrown.set(t);
                            }
                        })
                .join();
        assertThat(thrown.get())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("virtual");
    }

    @Test
    void shouldNotBelongToAVirtualThreadThatEnablesIt() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(4).disabled())) {
            AtomicReference<@Nullable Throwable> thrown = new AtomicReference<>();
            Thread.ofVirtual()
                    .uncaughtExceptionHandler((thread, e) -> thrown.set(e))
                    .start(ring::enable)
                    .join();
            assertThat(thrown.get())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("virtual");
            ring.enable();
            Nops.nop(ring.next()).userData(1);
            assertThat(Completions.one(ring).userData()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldRefuseUseAfterCloseWithoutHarm(RingMode mode) {
        Ring ring = mode.open(4);
        Sqe stale = ring.next();
        ring.close();
        ring.close();
        assertThatIllegalStateException().isThrownBy(ring::next).withMessageContaining("closed");
        assertThatIllegalStateException().isThrownBy(ring::submit);
        assertThatIllegalStateException().isThrownBy(() -> ring.submitAndWait(1));
        assertThatIllegalStateException()
                .isThrownBy(() -> ring.completions().drain((u, r, f) -> {}));
        // The memory is given back, but there is something at its addresses: nothing faults.
        Nops.nop(stale).userData(1).link();
        assertThat(ring.submissions().dropped()).isZero();
        assertThat(ring.completions().dropped()).isZero();
        assertThat(ring.toString()).contains("closed");
    }

    @Test
    void shouldKeepItsMemoryForWhoHoldsAnEntryAlone() throws Exception {
        assertThat(Apart.process(ForgottenRingChild.class))
                .matches("forgotten=true mappings=[1-9]\\s+written");
    }

    @Test
    void shouldBelongToWhoEnablesIt() throws Exception {
        Ring ring = Ring.open(RingConfig.of(4).disabled());
        Nops.nop(ring.next());
        assertThatThrownBy(ring::submit)
                .isInstanceOf(UringException.class)
                .hasMessageContaining("enable()");
        assertThat(
                        elsewhere(
                                () -> {
                                    ring.enable();
                                    Completions.one(ring);
                                    ring.close();
                                }))
                .isNull();
    }

    @Test
    void shouldRefuseToBeEnabledWhenItIs() {
        try (Ring ring = Ring.open(RingConfig.of(4).disabled())) {
            ring.enable();
            assertThatIllegalStateException()
                    .isThrownBy(ring::enable)
                    .withMessageContaining("is enabled");
            Nops.nop(ring.next()).userData(1);
            assertThat(Completions.one(ring)).isEqualTo(new Completion(1, 0, 0));
        }
    }

    @Test
    void shouldBeClosableWhenItsThreadIsGone() throws Exception {
        Needs.kernel("5.19", "IORING_REGISTER_PBUF_RING");
        AtomicReference<@Nullable Ring> made = new AtomicReference<>();
        AtomicReference<@Nullable BufferRing> registered = new AtomicReference<>();
        elsewhere(
                () -> {
                    Ring ring = Ring.open(RingConfig.of(4));
                    made.set(ring);
                    registered.set(BufferRing.register(ring, 1, 8, 64));
                });
        Ring ring = made.get();
        BufferRing buffers = registered.get();
        assertThat(ring).isNotNull();
        assertThat(buffers).isNotNull();
        ring.close();
        assertThat(ring.toString()).contains("closed");
        assertThat(buffers.memory().scope().isAlive()).isFalse();
    }

    @Test
    void shouldShareWorkersWithAnotherRing() {
        try (Ring one = Ring.open(RingConfig.of(4).sqPoll(Duration.ofMillis(20)));
                Ring two =
                        Ring.open(
                                RingConfig.of(4).sqPoll(Duration.ofMillis(20), 0).attachTo(one))) {
            Nops.nop(one.next()).userData(1);
            Nops.nop(two.next()).userData(2);
            assertThat(Completions.one(one).userData()).isEqualTo(1);
            assertThat(Completions.one(two).userData()).isEqualTo(2);
        }
    }

    @Test
    void shouldSayThatTheRingToShareWithIsClosed() {
        Ring closed = Ring.open(RingConfig.of(4));
        closed.close();
        assertThat(closed.fd()).isEqualTo(-1);
        // Another file may have its number by now.
        try (Ring other = Ring.open(RingConfig.of(4))) {
            assertThat(other.fd()).isNotNegative();
            assertThatThrownBy(() -> Ring.open(RingConfig.of(4).attachTo(closed)))
                    .isInstanceOf(UringException.class)
                    .hasMessageContaining("attach to is closed");
        }
    }

    @Test
    void shouldWakeThePollThreadThatFellAsleep() {
        try (Ring ring = Ring.open(RingConfig.of(4).sqPoll(Duration.ofMillis(1)))) {
            for (int i = 0; i < 50; i++) {
                Nops.nop(ring.next()).userData(i);
                assertThat(Completions.one(ring).userData()).isEqualTo(i);
                // Nothing to do for longer than the thread's patience.
                ring.submitAndWait(1, Duration.ofMillis(3));
            }
        }
    }

    @Test
    void shouldClampOnlyWhenAsked() {
        assertThatThrownBy(() -> RingConfig.of(RingConfig.MAX_ENTRIES + 1))
                .isInstanceOf(IllegalArgumentException.class);
        try (Ring ring = Ring.open(RingConfig.of(RingConfig.MAX_ENTRIES).clamp())) {
            assertThat(ring.setup().flagNames()).contains("CLAMP");
        }
    }

    @Test
    void shouldGiveBackDescriptorsAndMemory() throws Exception {
        long before = openFiles();
        for (int i = 0; i < 200; i++) {
            try (Ring ring = Ring.open(RingConfig.of(64))) {
                Nops.nop(ring.next());
                Completions.one(ring);
            }
        }
        assertThat(openFiles()).isLessThanOrEqualTo(before + 1);
    }

    private static long openFiles() throws Exception {
        try (var files = java.nio.file.Files.list(java.nio.file.Path.of("/proc/self/fd"))) {
            return files.count();
        }
    }

    private static @Nullable Throwable elsewhere(Runnable action) throws InterruptedException {
        List<Throwable> thrown = new ArrayList<>();
        Thread thread =
                new Thread(
                        () -> {
                            try {
                                action.run();
                            } catch (Throwable t) {
                                thrown.add(t);
                            }
                        },
                        "visitor");
        thread.start();
        thread.join();
        return thrown.isEmpty() ? null : thrown.getFirst();
    }
}
