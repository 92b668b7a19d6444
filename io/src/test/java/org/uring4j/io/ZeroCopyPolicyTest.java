package org.uring4j.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.uring4j.io.ZeroCopyPolicy.Mode;
import org.uring4j.io.ZeroCopyPolicy.Verdict;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;

class ZeroCopyPolicyTest {
    private static final int MUCH = 1 << 20;

    private final Route route = new Route(Mode.AUTO, ZeroCopyPolicy.MINIMUM);

    private static InetSocketAddress host(int number, int port) {
        byte[] address = {10, (byte) (number >> 16), (byte) (number >> 8), (byte) number};
        try {
            return new InetSocketAddress(InetAddress.getByAddress(address), port);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    private void copyAll(Route tried) {
        for (int i = 0; i < Route.PATIENCE; i++) {
            assertThat(tried.begin(MUCH)).isTrue();
            tried.told(true);
        }
    }

    @Test
    void shouldGiveUpOnlyWhenAllIsCopied() {
        for (int i = 0; i <= 12 * Route.PATIENCE; i++) {
            assertThat(route.begin(MUCH)).isTrue();
            route.told(i % Route.PATIENCE != 0);
        }
        assertThat(route.verdict()).isEqualTo(Verdict.ZERO_COPY);
        copyAll(route);
        assertThat(route.verdict()).isEqualTo(Verdict.COPIED);
        assertThat(route.begin(MUCH)).isFalse();
    }

    @Test
    void shouldSendPlainlyWhileTrialIsUndecided() {
        for (int i = 0; i < Route.PATIENCE; i++) {
            assertThat(route.limit(MUCH, MUCH)).isEqualTo(Route.TRIAL_BYTES);
            assertThat(route.begin(MUCH)).isTrue();
        }
        assertThat(route.begin(MUCH)).isFalse();
        assertThat(route.limit(MUCH, MUCH)).isEqualTo(MUCH);
        // One that came to nothing leaves its place to another.
        route.untold();
        assertThat(route.begin(MUCH)).isTrue();
        assertThat(route.begin(MUCH)).isFalse();
        route.told(false);
        assertThat(route.begin(MUCH)).isTrue();
        assertThat(route.limit(MUCH, MUCH)).isEqualTo(MUCH);
    }

    @Test
    void shouldLimitOnlyWhatGoesWithoutCopying() {
        route.told(false);
        assertThat(route.limit(MUCH, MUCH / 2)).isEqualTo(MUCH / 2);
        route.unsupported();
        assertThat(route.limit(MUCH, MUCH / 2)).isEqualTo(MUCH);
    }

    @Test
    void shouldTryAgainAfterLongerAndLongerPauses() {
        copyAll(route);
        for (long pause = Route.FIRST_PAUSE; pause < 100 * Route.LONGEST_PAUSE; pause *= 2) {
            long length = Math.min(pause, Route.LONGEST_PAUSE);
            route.sentPlainly(length - 1);
            assertThat(route.begin(MUCH)).isFalse();
            route.sentPlainly(1);
            assertThat(route.verdict()).isEqualTo(Verdict.TRYING);
            copyAll(route);
            assertThat(route.verdict()).isEqualTo(Verdict.COPIED);
        }
        // What was once without copying is tried after the shortest again.
        route.sentPlainly(Route.LONGEST_PAUSE);
        assertThat(route.begin(MUCH)).isTrue();
        route.told(false);
        copyAll(route);
        route.sentPlainly(Route.FIRST_PAUSE);
        assertThat(route.begin(MUCH)).isTrue();
    }

    @Test
    void shouldNotWaitForeverForNotificationsThatDoNotCome() {
        for (int i = 0; i < Route.PATIENCE; i++) {
            assertThat(route.begin(MUCH)).isTrue();
        }
        route.sentPlainly(Route.FIRST_PAUSE);
        assertThat(route.begin(MUCH)).isTrue();
    }

    /** A trial costs half as much again at most, and so the pauses bound what all trials cost. */
    @Test
    void shouldTryLittleBesideWhatIsSentBetween() {
        long trial = (long) Route.PATIENCE * Route.TRIAL_BYTES;
        assertThat(trial / 2).isLessThan(Route.FIRST_PAUSE / 100);
    }

    @Test
    void shouldSendLittlePlainly() {
        assertThat(route.begin(ZeroCopyPolicy.MINIMUM - 1)).isFalse();
        assertThat(route.begin(ZeroCopyPolicy.MINIMUM)).isTrue();
        assertThat(new Route(Mode.AUTO, 100).begin(100)).isTrue();
    }

    @Test
    void shouldDoAsTold() {
        Route always = ZeroCopyPolicy.always().route(null);
        for (int i = 0; i < 100; i++) {
            assertThat(always.begin(1)).isTrue();
            always.told(true);
        }
        assertThat(ZeroCopyPolicy.never().route(null).begin(MUCH)).isFalse();
        route.unsupported();
        route.told(false);
        assertThat(route.verdict()).isEqualTo(Verdict.UNSUPPORTED);
        assertThat(route.begin(MUCH)).isFalse();
    }

    @Test
    void shouldShareWhatIsLearnedOfHostWhateverThePort() {
        ZeroCopyPolicy policy = ZeroCopyPolicy.auto();
        copyAll(policy.route(host(1, 80)));
        assertThat(policy.route(host(1, 443)).begin(MUCH)).isFalse();
        assertThat(policy.verdict(host(1, 9))).isEqualTo(Verdict.COPIED);
        assertThat(policy.route(host(2, 80)).begin(MUCH)).isTrue();
        assertThat(policy.route(UnixDomainSocketAddress.of("/tmp/x")).begin(MUCH)).isTrue();
        assertThat(policy.route(null)).isNotSameAs(policy.route(null));
        assertThat(policy.toString()).contains("mode=AUTO", "minimum=32768", "known=3");
        policy.forget();
        assertThat(policy.verdict(host(1, 9))).isEqualTo(Verdict.TRYING);
    }

    @Test
    void shouldForgetWhatWasNotAskedForLongest() {
        ZeroCopyPolicy policy = ZeroCopyPolicy.auto();
        copyAll(policy.route(host(0, 1)));
        copyAll(policy.route(host(1, 1)));
        for (int i = 2; i <= ZeroCopyPolicy.MAX_DESTINATIONS; i++) {
            policy.route(host(i, 1));
            policy.route(host(0, 1));
        }
        assertThat(policy.verdict(host(0, 1))).isEqualTo(Verdict.COPIED);
        assertThat(policy.verdict(host(1, 1))).isEqualTo(Verdict.TRYING);
        assertThat(policy.toString()).contains("known=" + ZeroCopyPolicy.MAX_DESTINATIONS);
    }

    @Test
    void shouldRefuseSizesThatAreNone() {
        assertThatIllegalArgumentException().isThrownBy(() -> ZeroCopyPolicy.auto().minimum(0));
        assertThat(ZeroCopyPolicy.never().minimum(1).mode()).isEqualTo(Mode.NEVER);
        assertThat(ZeroCopyPolicy.auto().minimum(7).minimum()).isEqualTo(7);
    }
}
