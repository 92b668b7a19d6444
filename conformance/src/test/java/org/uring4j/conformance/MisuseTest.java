package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Ring;
import org.uring4j.Sqe;
import org.uring4j.op.Nops;

/**
 * What a program should not do with a ring: an exception says so, and afterwards nothing is lost,
 * delivered twice or miscounted. With {@code IORING_OP_NOP}.
 */
@Timeout(60)
class MisuseTest {
    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldRefuseToTakeFewerThanOneCompletion(RingMode mode) {
        try (Ring ring = mode.open(4)) {
            Nops.nop(ring.next()).userData(1);
            ring.submitAndWait(1);
            for (int max : new int[] {0, -1, Integer.MIN_VALUE}) {
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> ring.completions().drain((u, r, f) -> nobody(), max))
                        .withMessageContaining("max=" + max);
                assertThatIllegalArgumentException()
                        .isThrownBy(
                                () -> ring.completions().drain((u, r, f, a, b) -> nobody(), max))
                        .withMessageContaining("max=" + max);
            }
            assertThat(Completions.one(ring).userData()).isEqualTo(1);
            assertThat(ring.inFlight()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldRefuseToSkipTheCompletionOfNoRequest(RingMode mode) {
        try (Ring ring = mode.open(4)) {
            for (int i = 0; i < 3; i++) {
                Sqe sqe = ring.next();
                assertThatIllegalStateException()
                        .isThrownBy(() -> Nops.nop(sqe.skipSuccess()))
                        .withMessageContaining("skipSuccess");
                Nops.nop(sqe).userData(i);
                ring.submit();
                assertThatIllegalStateException().isThrownBy(sqe::skipSuccess);
                assertThat(Completions.one(ring).userData()).isEqualTo(i);
                assertThat(ring.inFlight()).isZero();
            }
        }
    }

    private static void nobody() {
        throw new AssertionError("nothing was to be handed out");
    }
}
