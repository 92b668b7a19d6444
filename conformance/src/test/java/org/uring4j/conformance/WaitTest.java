package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Kernel;
import org.uring4j.RegisteredWaits;
import org.uring4j.Ring;
import org.uring4j.RingClock;
import org.uring4j.RingConfig;
import org.uring4j.UringException;
import org.uring4j.Wait;
import org.uring4j.Waker;
import org.uring4j.op.Nops;

import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Every way to wait for completions; {@code IORING_REGISTER_CLOCK}. */
@Timeout(60)
class WaitTest {
    private static final Duration SHORT = Duration.ofMillis(30);
    private static final Duration LONG = Duration.ofSeconds(20);

    /** The JVM has a handler for it, which does nothing. */
    private static final int SIGPIPE = 13;

    /** How /proc begins the line of a thread that sleeps in it. */
    private static final String IO_URING_ENTER = "426 ";

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldReturnWhenTheTimeIsUp(RingMode mode) {
        try (Ring ring = mode.open(8)) {
            Nops.nop(ring.next()).userData(1);
            long began = System.nanoTime();
            assertThat(ring.submitAndWait(2, SHORT)).isEqualTo(1);
            assertThat(System.nanoTime() - began).isGreaterThanOrEqualTo(SHORT.toNanos());
            // On a busy machine a poll thread may not have come to it by then.
            assertThat(Completions.one(ring)).isEqualTo(new Completion(1, 0, 0));
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldReturnAtOnceWhenTheCountIsThere(RingMode mode) {
        try (Ring ring = mode.open(8)) {
            for (int i = 0; i < 3; i++) {
                Nops.nop(ring.next()).userData(i);
            }
            assertThat(ring.submitAndWait(Wait.forCount(3))).isEqualTo(3);
            assertThat(ring.submitAndWait(3, LONG)).isZero();
            assertThat(Completions.now(ring)).hasSize(3);
            assertThat(ring.submitAndWait(0)).isZero();
        }
    }

    @Test
    void shouldWaitUntilAPointInTimeOfEitherClock() {
        Needs.kernel("6.12", "an absolute wait");
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            for (RingClock clock : RingClock.values()) {
                ring.clock(clock);
                long now = nanosOf(clock);
                ring.submitAndWait(Wait.forCount(1).until(now + SHORT.toNanos()));
                assertThat(nanosOf(clock)).isGreaterThanOrEqualTo(now + SHORT.toNanos());
                // What is past already does not wait.
                ring.submitAndWait(Wait.forCount(1).until(1));
            }
        }
    }

    @Test
    void shouldNameTheKernelThatCanChooseTheClock() {
        Needs.that(
                !Kernel.current().has("IORING_REGISTER_CLOCK"), "this kernel can choose the clock");
        try (Ring ring = Ring.open(RingConfig.of(2))) {
            assertThatThrownBy(() -> ring.clock(RingClock.BOOTTIME))
                    .isInstanceOf(UringException.class)
                    .hasMessageContaining("needs Linux 6.12");
        }
    }

    @Test
    void shouldBeContentWithOneCompletionAfterTheMinimum() {
        Needs.kernel("6.12", "a minimum wait");
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            Nops.nop(ring.next()).userData(1);
            long began = System.nanoTime();
            ring.submitAndWait(Wait.forCount(5).timeout(LONG).minimum(SHORT));
            assertThat(System.nanoTime() - began).isBetween(SHORT.toNanos(), LONG.toNanos() - 1);
            assertThat(Completions.now(ring)).hasSize(1);
        }
    }

    @Test
    void shouldWaitAsRegistered() {
        Needs.kernel("6.13", "a registered wait");
        try (Ring ring = Ring.open(RingConfig.of(8).registeredWaits(2))) {
            assertThat(ring.setup().flagNames()).doesNotContain("R_DISABLED");
            RegisteredWaits waits = ring.registeredWaits();
            assertThat(waits.count()).isEqualTo(2);
            waits.set(0, Wait.forCount(1).timeout(SHORT));
            waits.set(1, Wait.forCount(1).timeout(LONG).minimum(SHORT));
            long began = System.nanoTime();
            ring.submitAndWaitRegistered(1, 0);
            assertThat(System.nanoTime() - began).isGreaterThanOrEqualTo(SHORT.toNanos());
            Nops.nop(ring.next()).userData(3);
            ring.submitAndWaitRegistered(5, 1);
            assertThat(System.nanoTime() - began).isLessThan(LONG.toNanos());
            assertThat(Completions.now(ring)).containsExactly(new Completion(3, 0, 0));
            waits.set(0, Wait.forCount(1).until(System.nanoTime() + SHORT.toNanos()));
            ring.submitAndWaitRegistered(1, 0);
            assertThatThrownBy(() -> ring.submitAndWaitRegistered(1, 2))
                    .isInstanceOf(IndexOutOfBoundsException.class)
                    .hasMessageContaining("index=2 count=2");
        }
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            assertThatThrownBy(ring::registeredWaits)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("registeredWaits(count)");
        }
    }

    @Test
    void shouldWaitWithoutCountingAsIoWait() {
        Needs.kernel("6.15", "noIowait");
        try (Ring ring = Ring.open(RingConfig.of(8).noIowait())) {
            Nops.nop(ring.next());
            ring.submitAndWait(1);
            ring.submitAndWait(Wait.forCount(2).timeout(SHORT).noIowait());
            assertThat(Completions.now(ring)).hasSize(1);
        }
    }

    @Test
    void shouldRejectAbsurdWaits() {
        assertThatThrownBy(() -> Wait.forCount(-1)).hasMessageContaining("count=-1");
        assertThatThrownBy(() -> Wait.forCount(1).timeout(Duration.ofNanos(-1)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Wait.forCount(1).until(-5)).hasMessageContaining("nanos=-5");
        assertThatThrownBy(() -> Wait.forCount(1).minimum(Duration.ofHours(1)))
                .hasMessageContaining("minimum=PT1H");
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            Nops.nop(ring.next());
            ring.submitAndWait(1, Duration.ofSeconds(Long.MAX_VALUE));
            assertThatThrownBy(() -> ring.submitAndWait(-1)).hasMessageContaining("count=-1");
        }
    }

    @Test
    void shouldWakeOnceEnabled() {
        try (Ring ring = Ring.open(RingConfig.of(8).disabled())) {
            Waker waker = ring.waker(9);
            if (Kernel.current().has("IORING_REGISTER_SEND_MSG_RING")) {
                assertThatThrownBy(waker::wake).hasMessageContaining("call enable() first");
            }
            ring.enable();
            assertThat(waker.wake()).isTrue();
            assertThat(Completions.one(ring).userData()).isEqualTo(9);
        }
    }

    @Test
    void shouldGoOnWaitingWhenASignalInterrupts() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            Waker waker = ring.waker(9);
            CompletableFuture<Void> signalled = signalThenWake(waker);
            Completion woken = Completions.some(ring, 1).getFirst();
            assertThat(woken.userData()).isEqualTo(9);
            signalled.get(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void shouldReturnWhenASignalComesThatTheMaskLetsThrough() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            CompletableFuture<Void> signalled = signal();
            long began = System.nanoTime();
            ring.submitAndWait(Wait.forCount(1).timeout(LONG).signalMask(0));
            assertThat(System.nanoTime() - began).isLessThan(LONG.toNanos());
            assertThat(Completions.now(ring)).isEmpty();
            signalled.get(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void shouldNotHearOfASignalThatTheMaskBlocks() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            Waker waker = ring.waker(9);
            CompletableFuture<Void> signalled = signalThenWake(waker);
            ring.submitAndWait(Wait.forCount(1).timeout(LONG).signalMask(1L << (SIGPIPE - 1)));
            assertThat(Completions.now(ring)).hasSize(1);
            signalled.get(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void shouldMaskSignalsAsRegistered() throws Exception {
        Needs.kernel("6.13", "a registered wait");
        try (Ring ring = Ring.open(RingConfig.of(8).registeredWaits(3))) {
            RegisteredWaits waits = ring.registeredWaits();
            waits.set(1, Wait.forCount(1).timeout(LONG).signalMask(0));
            waits.set(2, Wait.forCount(1).timeout(LONG).signalMask(1L << (SIGPIPE - 1)));
            CompletableFuture<Void> signalled = signal();
            long began = System.nanoTime();
            ring.submitAndWaitRegistered(1, 1);
            assertThat(System.nanoTime() - began).isLessThan(LONG.toNanos());
            assertThat(Completions.now(ring)).isEmpty();
            signalled.get(10, TimeUnit.SECONDS);
            Waker waker = ring.waker(9);
            signalled = signalThenWake(waker);
            ring.submitAndWaitRegistered(1, 2);
            assertThat(Completions.now(ring)).hasSize(1);
            signalled.get(10, TimeUnit.SECONDS);
            waker.rearm();
            waits.set(1, Wait.forCount(1).timeout(LONG));
            signalled = signalThenWake(waker);
            ring.submitAndWaitRegistered(1, 1);
            assertThat(Completions.now(ring)).as("a signal does not end it").hasSize(1);
            signalled.get(10, TimeUnit.SECONDS);
            assertThatThrownBy(() -> ring.submitAndWaitRegistered(-1, 0))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("count=-1");
        }
    }

    private static CompletableFuture<Void> signalThenWake(Waker waker) throws Exception {
        return signal().thenRun(waker::wake);
    }

    /** Sends this thread SIGPIPE once it sleeps in the kernel. */
    private static CompletableFuture<Void> signal() throws Exception {
        Path self = Files.readSymbolicLink(Path.of("/proc/thread-self"));
        String thread = self.getFileName().toString();
        boolean x86 = System.getProperty("os.arch").equals("amd64");
        String script =
                "syscall(%d, %d, %s, %d) == 0 or die $!"
                        .formatted(x86 ? 234 : 131, ProcessHandle.current().pid(), thread, SIGPIPE);
        Path call = Path.of("/proc").resolve(self).resolve("syscall");
        return CompletableFuture.runAsync(
                () -> {
                    try {
                        while (!Files.readString(call).startsWith(IO_URING_ENTER)) {
                            Thread.onSpinWait();
                        }
                        Process perl = new ProcessBuilder("perl", "-e", script).inheritIO().start();
                        assertThat(perl.waitFor()).isZero();
                    } catch (Exception e) {
                        throw new AssertionError(e);
                    }
                });
    }

    private static long nanosOf(RingClock clock) {
        if (clock == RingClock.MONOTONIC) {
            return System.nanoTime();
        }
        try {
            String seconds = Files.readString(Path.of("/proc/uptime")).split(" ", 2)[0];
            return new BigDecimal(seconds).movePointRight(9).longValueExact();
        } catch (java.io.IOException e) {
            throw new AssertionError(e);
        }
    }
}
