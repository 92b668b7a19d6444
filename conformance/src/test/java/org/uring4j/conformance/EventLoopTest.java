package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.RingConfig.CqeSize;
import org.uring4j.Wait;
import org.uring4j.io.EventLoop;
import org.uring4j.op.Nops;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

class EventLoopTest {
    @Test
    void shouldHandEachCompletionToItsUser() {
        try (Ring ring = Ring.open(RingConfig.of(64))) {
            EventLoop loop = EventLoop.of(ring);
            List<List<Integer>> seen = new ArrayList<>();
            int[] users = new int[20];
            for (int i = 0; i < users.length; i++) {
                List<Integer> own = new ArrayList<>();
                seen.add(own);
                users[i] = loop.attach((value, result, flags, first, second) -> own.add(value));
            }
            for (int i = 0; i < users.length; i++) {
                Nops.nop(ring.next()).userData(EventLoop.userData(users[i], -i));
                Nops.nop(ring.next()).userData(EventLoop.userData(users[i], i));
            }
            assertThat(loop.run(2 * users.length)).isEqualTo(2 * users.length);
            for (int i = 0; i < users.length; i++) {
                assertThat(seen.get(i)).containsExactly(-i, i);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = CqeSize.class,
            names = {"B32", "MIXED"})
    void shouldHandOnBigCompletions(CqeSize size) {
        Needs.kernel("6.18", "IORING_NOP_CQE32");
        try (Ring ring = Ring.open(RingConfig.of(4).cqeSize(size))) {
            EventLoop loop = EventLoop.of(ring);
            List<Long> seen = new ArrayList<>();
            int user = loop.attach((value, result, flags, first, second) -> seen.add(first));
            Nops.nopBig(ring.next(), 42, 0).userData(EventLoop.userData(user, 7));
            loop.run(1);
            assertThat(seen).containsExactly(42L);
        }
    }

    @Test
    void shouldGiveNumberOfDetachedUserToNextAndRefuseCompletionsForNobody() {
        try (Ring ring = Ring.open(RingConfig.of(4))) {
            EventLoop loop = EventLoop.of(ring);
            int user = loop.attach((value, result, flags, first, second) -> {});
            loop.detach(user);
            Nops.nop(ring.next()).userData(EventLoop.userData(user, 3));
            assertThatIllegalStateException()
                    .isThrownBy(() -> loop.run(1))
                    .withMessageContaining("nobody");
            assertThat(loop.attach((value, result, flags, first, second) -> {})).isEqualTo(user);
        }
    }

    @Test
    void shouldRefuseToRunWithinItself() {
        try (Ring ring = Ring.open(RingConfig.of(4))) {
            EventLoop loop = EventLoop.of(ring);
            int[] tasks = new int[1];
            loop.beforeSubmit(
                    () -> {
                        tasks[0]++;
                        loop.run(0);
                    });
            assertThatIllegalStateException()
                    .isThrownBy(() -> loop.run(0))
                    .withMessageContaining("within a task");
            int user = loop.attach((value, result, flags, first, second) -> loop.run(0));
            Nops.nop(ring.next()).userData(EventLoop.userData(user, 0));
            assertThatIllegalStateException()
                    .isThrownBy(() -> loop.run(1))
                    .withMessageContaining("within a completion handler");
            // Each was called once, and it goes on.
            assertThat(tasks[0]).isOne();
            assertThat(loop.run(0)).isZero();
        }
    }

    @Test
    void shouldSayThatThereIsNoSuchUser() {
        try (Ring ring = Ring.open(RingConfig.of(4))) {
            EventLoop loop = EventLoop.of(ring);
            for (int user : new int[] {-1, 0, 8, Integer.MAX_VALUE}) {
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> loop.detach(user))
                        .withMessageContaining("user=" + user);
            }
        }
    }

    @Test
    void shouldReturnWithNothingWhenTimeIsOver() {
        try (Ring ring = Ring.open(RingConfig.of(4))) {
            assertThat(EventLoop.of(ring).run(1, Duration.ofMillis(5))).isZero();
            Wait wait = Wait.forCount(1).timeout(Duration.ofMillis(5));
            assertThat(EventLoop.of(ring).run(wait)).isZero();
        }
    }
}
