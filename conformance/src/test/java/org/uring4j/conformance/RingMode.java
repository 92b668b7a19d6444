package org.uring4j.conformance;

import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.RingConfig.CqeSize;
import org.uring4j.RingConfig.SqeSize;
import org.uring4j.UringException;

import java.time.Duration;
import java.util.function.UnaryOperator;

/** The kinds of ring that a family's tests are run over, as {@code @EnumSource(RingMode.class)}. */
// The functions capture nothing.
@SuppressWarnings("ImmutableEnumChecker")
enum RingMode {
    DEFAULT(config -> config),
    COOPERATIVE(config -> config.deferTaskrun(false)),
    SHARED(config -> config.singleIssuer(false)),
    PLAIN(
            config ->
                    config.singleIssuer(false)
                            .coopTaskrun(false)
                            .taskrunFlag(false)
                            .submitAll(false)
                            .noSqArray(false)
                            .registeredFd(false)),
    POLLED(config -> config.sqPoll(Duration.ofMillis(50))),
    SQE128(config -> config.sqeSize(SqeSize.B128)),
    SQE_MIXED(config -> config.sqeSize(SqeSize.MIXED)),
    CQE32(config -> config.cqeSize(CqeSize.B32)),
    CQE_MIXED(config -> config.cqeSize(CqeSize.MIXED)),
    REWIND(RingConfig::sqRewind);

    private final UnaryOperator<RingConfig> change;

    RingMode(UnaryOperator<RingConfig> change) {
        this.change = change;
    }

    /** The configuration of such a ring. */
    RingConfig config(int entries) {
        return change.apply(RingConfig.of(entries));
    }

    /** Opens such a ring; where the kernel lacks the mode, the test is skipped by name. */
    Ring open(int entries) {
        try {
            return Ring.open(config(entries));
        } catch (UringException e) {
            if (e.errno() == Errno.EINVAL && e.getMessage().contains("needs Linux")) {
                throw Needs.skip(name() + ": " + e.getMessage());
            }
            throw e;
        }
    }
}
