package org.uring4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

@Timeout(30)
class WakerTest {
    private static final long WAKE = 77;

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldMissNoTaskWhenWokenFromManyThreads(boolean messages) throws Exception {
        if (messages && !Waker.messagesSupported()) {
            System.out.println("skipped: messages without a ring need Linux 6.13");
            return;
        }
        int threads = 4;
        int each = 2000;
        AtomicInteger queued = new AtomicInteger();
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            Waker waker = new Waker(ring, WAKE, messages);
            List<Thread> wakers = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                wakers.add(
                        Thread.ofPlatform()
                                .start(
                                        () -> {
                                            for (int i = 0; i < each; i++) {
                                                queued.incrementAndGet();
                                                waker.wake();
                                            }
                                        }));
            }
            int done = 0;
            while (done < threads * each) {
                ring.submitAndWait(1);
                ring.completions()
                        .drain(
                                (userData, result, flags) -> {
                                    assertThat(userData).isEqualTo(WAKE);
                                    assertThat(result).isNotNegative();
                                });
                waker.rearm();
                done += queued.getAndSet(0);
            }
            for (Thread thread : wakers) {
                thread.join();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldNotWakeAnybodyWhenTheRingIsClosed(boolean messages) {
        Ring ring = Ring.open(RingConfig.of(8));
        Waker waker = new Waker(ring, WAKE, messages && Waker.messagesSupported());
        ring.close();
        assertThat(waker.wake()).isFalse();
        assertThatThrownBy(waker::rearm).isInstanceOf(IllegalStateException.class);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldDoNothingOnceClosed(boolean messages) {
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            Waker waker = new Waker(ring, WAKE, messages && Waker.messagesSupported());
            ring.submit();
            assertThat(waker.wake()).isTrue();
            waker.close();
            waker.close();
            assertThat(waker.wake()).isFalse();
            assertThat(waker.wake()).isFalse();
            // The descriptor may be another file's by now: nothing must be read from it.
            waker.rearm();
            assertThat(ring.submissions().ready()).isZero();
            assertThat(waker.wake()).isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldBeClosedByItsRingsThreadOnly(boolean messages) throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            Waker waker = new Waker(ring, WAKE, messages && Waker.messagesSupported());
            AtomicReference<Throwable> thrown = new AtomicReference<>();
            Thread.ofPlatform()
                    .uncaughtExceptionHandler((thread, e) -> thrown.set(e))
                    .start(waker::close)
                    .join();
            assertThat(thrown.get()).isInstanceOf(WrongThreadException.class);
            assertThat(waker.wake()).isTrue();
            ring.submitAndWait(1);
            assertThat(drained(ring)).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldBeOneCompletionUntilRearmed(boolean messages) {
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            Waker waker = new Waker(ring, WAKE, messages && Waker.messagesSupported());
            waker.wake();
            waker.wake();
            ring.submitAndWait(1);
            assertThat(drained(ring)).isEqualTo(1);
            ring.submitAndWait(1, Duration.ofMillis(20));
            assertThat(drained(ring)).isZero();
            waker.rearm();
            waker.wake();
            ring.submitAndWait(1);
            assertThat(drained(ring)).isEqualTo(1);
        }
    }

    private static int drained(Ring ring) {
        return ring.completions().drain((userData, result, flags) -> {});
    }
}
