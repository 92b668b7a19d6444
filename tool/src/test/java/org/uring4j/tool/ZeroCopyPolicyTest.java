package org.uring4j.tool;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.uring4j.Kernel;

import java.util.Map;

class ZeroCopyPolicyTest {
    private static final int MUCH = 1 << 20;

    @Test
    void shouldGiveUpOnlyWhenAllIsCopied() {
        ZeroCopyPolicy policy = ZeroCopyPolicy.of(ZeroCopy.AUTO, Kernel.current());
        for (int i = 0; i < 100; i++) {
            policy.notified(i % ZeroCopyPolicy.PATIENCE != 0);
            assertThat(policy.appliesTo(MUCH)).isTrue();
        }
        for (int i = 0; i < ZeroCopyPolicy.PATIENCE; i++) {
            policy.notified(true);
        }
        assertThat(policy.appliesTo(MUCH)).isFalse();
        assertThat(policy.remark()).contains("plain sends");
    }

    @Test
    void shouldSendLittlePlainly() {
        ZeroCopyPolicy policy = ZeroCopyPolicy.of(ZeroCopy.AUTO, Kernel.current());
        assertThat(policy.appliesTo(ZeroCopyPolicy.THRESHOLD - 1)).isFalse();
        assertThat(policy.appliesTo(ZeroCopyPolicy.THRESHOLD)).isTrue();
    }

    @Test
    void shouldInsistWhenTold() {
        ZeroCopyPolicy policy = ZeroCopyPolicy.of(ZeroCopy.ALWAYS, Kernel.current());
        for (int i = 0; i < 100; i++) {
            policy.notified(true);
        }
        assertThat(policy.appliesTo(1)).isTrue();
        assertThat(ZeroCopyPolicy.of(ZeroCopy.NEVER, Kernel.current()).appliesTo(MUCH)).isFalse();
    }

    @Test
    void shouldGoOverToPlainSendsWhenMemoryIsTooLittleForOne() {
        ZeroCopyPolicy policy = ZeroCopyPolicy.of(ZeroCopy.AUTO, Kernel.current());
        assertThat(policy.outOfMemory()).isTrue();
        assertThat(policy.appliesTo(MUCH)).isFalse();
        assertThat(policy.remark()).contains("ulimit -l").contains("--chunk");
        assertThat(ZeroCopyPolicy.of(ZeroCopy.ALWAYS, Kernel.current()).outOfMemory()).isFalse();
    }

    @Test
    void shouldHonourNoColor() {
        assertThat(Terminal.wantsColour(Map.of("TERM", "xterm"))).isTrue();
        assertThat(Terminal.wantsColour(Map.of("TERM", "xterm", "NO_COLOR", ""))).isTrue();
        assertThat(Terminal.wantsColour(Map.of("TERM", "xterm", "NO_COLOR", "1"))).isFalse();
        assertThat(Terminal.wantsColour(Map.of("TERM", "dumb"))).isFalse();
        assertThat(Terminal.wantsColour(Map.of())).isFalse();
    }
}
