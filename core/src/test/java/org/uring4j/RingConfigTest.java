package org.uring4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_COOP_TASKRUN;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_DEFER_TASKRUN;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_SINGLE_ISSUER;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_TASKRUN_FLAG;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.uring4j.RingConfig.CqeSize;

import java.time.Duration;
import java.util.function.Supplier;

class RingConfigTest {
    private static final Duration IDLE = Duration.ofMillis(10);

    private final RingConfig config = RingConfig.of(8);

    @ParameterizedTest
    @ValueSource(ints = {-1, 0, RingConfig.MAX_ENTRIES + 1})
    void shouldRejectEntriesOutOfRange(int entries) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RingConfig.of(entries))
                .withMessageContaining("entries=" + entries);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 7, RingConfig.MAX_CQ_ENTRIES + 1})
    void shouldRejectCompletionEntriesOutOfRange(int entries) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> config.cqEntries(entries))
                .withMessageContaining("cqEntries=" + entries);
    }

    @Test
    void shouldRejectContradictionsWhicheverComesFirst() {
        refused("sqPoll", "deferTaskrun", () -> config.deferTaskrun(true).sqPoll(IDLE));
        refused("sqPoll", "deferTaskrun", () -> config.sqPoll(IDLE).deferTaskrun(true));
        refused("sqPoll", "coopTaskrun", () -> config.sqPoll(IDLE).coopTaskrun(true));
        refused("sqPoll", "taskrunFlag", () -> config.sqPoll(IDLE).taskrunFlag(true));
        refused("sqPoll", "sqRewind", () -> config.sqRewind().sqPoll(IDLE));
        refused(
                "deferTaskrun",
                "singleIssuer",
                () -> config.singleIssuer(false).deferTaskrun(true));
        refused(
                "taskrunFlag",
                "coopTaskrun",
                () -> config.deferTaskrun(false).coopTaskrun(false).taskrunFlag(true));
        refused("sqRewind", "noSqArray", () -> config.noSqArray(false).sqRewind());
        refused(
                "registeredFdOnly",
                "singleIssuer",
                () -> config.registeredFdOnly().singleIssuer(false));
        refused(
                "registeredFdOnly",
                "registeredFd(false)",
                () -> config.registeredFdOnly().registeredFd(false));
    }

    @Test
    void shouldRejectArgumentsOutOfRange() {
        assertThatThrownBy(() -> config.sqPoll(Duration.ZERO)).hasMessageContaining("idle=PT0S");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> config.sqPoll(Duration.ofSeconds(Long.MAX_VALUE)))
                .withMessageContaining("24 days");
        assertThatThrownBy(() -> config.sqPoll(IDLE, -1)).hasMessageContaining("cpu=-1");
        assertThatThrownBy(() -> config.registeredWaits(0)).hasMessageContaining("count=0");
        assertThatThrownBy(() -> config.closeTimeout(Duration.ofSeconds(-1)))
                .hasMessageContaining("timeout=PT-1S");
    }

    @Test
    void shouldLeaveOutDefaultsThatAChoiceExcludes() {
        assertThat(config.defaultFlags()).matches(has(IORING_SETUP_DEFER_TASKRUN));
        assertThat(config.sqPoll(IDLE).defaultFlags())
                .matches(lacks(IORING_SETUP_DEFER_TASKRUN))
                .matches(lacks(IORING_SETUP_TASKRUN_FLAG))
                .matches(lacks(IORING_SETUP_COOP_TASKRUN));
        assertThat(config.singleIssuer(false).defaultFlags())
                .matches(lacks(IORING_SETUP_SINGLE_ISSUER))
                .matches(lacks(IORING_SETUP_DEFER_TASKRUN))
                .matches(has(IORING_SETUP_COOP_TASKRUN));
        assertThat(config.deferTaskrun(false).coopTaskrun(false).defaultFlags())
                .matches(lacks(IORING_SETUP_TASKRUN_FLAG));
    }

    @Test
    void shouldNotChangeTheConfigurationItIsCalledOn() {
        RingConfig other = config.cqeSize(CqeSize.B32).sqPoll(IDLE);
        assertThat(config.explicitOn).isZero();
        assertThat(other.explicitOn).isNotZero();
        assertThat(other.cqeSize(CqeSize.B16).explicitOn & other.explicitOn)
                .isLessThan(other.explicitOn);
    }

    private static java.util.function.Predicate<Integer> has(int flag) {
        return flags -> (flags & flag) != 0;
    }

    private static java.util.function.Predicate<Integer> lacks(int flag) {
        return has(flag).negate();
    }

    private static void refused(String one, String other, Supplier<RingConfig> choice) {
        assertThatIllegalArgumentException()
                .isThrownBy(choice::get)
                .withMessageContaining(one)
                .withMessageContaining(other);
    }
}
