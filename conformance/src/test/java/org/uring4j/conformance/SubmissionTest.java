package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.Kernel;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.RingConfig.CqeSize;
import org.uring4j.RingConfig.SqeSize;
import org.uring4j.UringException;
import org.uring4j.op.Files;
import org.uring4j.op.Nops;
import org.uring4j.resource.Restriction;
import org.uring4j.resource.Restrictions;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Handing requests over: {@code IORING_OP_NOP} among {@code IORING_OP_FSYNC} that are refused; by a
 * registered descriptor, {@code IORING_REGISTER_RING_FDS}, {@code IORING_UNREGISTER_RING_FDS}.
 */
@Timeout(60)
class SubmissionTest {
    /** The kernel refuses such flags when it takes the request, not when it carries it out. */
    private static final int NO_SUCH_FLAGS = 0x55;

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldGoOnBehindARequestThatIsRefused(RingMode mode) {
        try (Ring ring = mode.open(16)) {
            for (int i = 0; i < 9; i++) {
                if (i % 3 == 1) {
                    Files.fsync(ring.next(), 0, NO_SUCH_FLAGS).userData(i);
                } else {
                    Nops.nop(ring.next()).userData(i);
                }
            }
            assertThat(ring.submit()).isEqualTo(9);
            assertThat(ring.submissions().spaceLeft())
                    .as("all taken, by whichever thread")
                    .isBetween(7, 16);
            Map<Long, Completion> all =
                    Completions.some(ring, 9).stream()
                            .collect(Collectors.toMap(Completion::userData, c -> c));
            for (long i = 0; i < 9; i++) {
                if (i % 3 == 1) {
                    assertThat(all.get(i).failed(Errno.EINVAL)).isTrue();
                } else {
                    assertThat(all.get(i).result()).isZero();
                }
            }
            assertThat(ring.inFlight()).isZero();
        }
    }

    @Test
    void shouldDoWithoutARegisteredDescriptorWhenTheThreadHasTooMany() {
        Needs.kernel("5.18", "a registered descriptor");
        List<Ring> rings = new ArrayList<>();
        try {
            for (int i = 0; i < 20; i++) {
                rings.add(Ring.open(RingConfig.of(2)));
            }
            assertThat(rings.getFirst().setup().registeredFd()).isTrue();
            assertThat(rings.getLast().setup().registeredFd()).isFalse();
            for (Ring ring : rings) {
                Nops.nop(ring.next()).userData(1);
                assertThat(Completions.one(ring).userData()).isEqualTo(1);
            }
        } finally {
            rings.forEach(Ring::close);
        }
        try (Ring ring = Ring.open(RingConfig.of(2))) {
            assertThat(ring.setup().registeredFd()).isTrue();
        }
    }

    @Test
    void shouldDoWithoutARegisteredDescriptorWhereItIsForbidden() {
        try (Ring ring = restricted("IORING_REGISTER_EVENTFD")) {
            assertThat(ring.setup().registeredFd()).isFalse();
            Nops.nop(ring.next()).userData(1);
            assertThat(Completions.one(ring)).isEqualTo(new Completion(1, 0, 0));
        }
    }

    @Test
    void shouldKeepARegisteredDescriptorThatMayNotBeGivenBack() throws Exception {
        Needs.kernel("5.18", "a registered descriptor");
        Apart.thread(
                () -> {
                    // There is room for 16 of a thread.
                    for (int i = 0; i < 16; i++) {
                        try (Ring ring = restricted("IORING_REGISTER_RING_FDS")) {
                            assertThat(ring.setup().registeredFd()).isTrue();
                        }
                    }
                    try (Ring ring = Ring.open(RingConfig.of(2))) {
                        assertThat(ring.setup().registeredFd()).isFalse();
                    }
                });
        Apart.thread(
                () -> {
                    for (int i = 0; i < 17; i++) {
                        try (Ring ring =
                                restricted(
                                        "IORING_REGISTER_RING_FDS", "IORING_UNREGISTER_RING_FDS")) {
                            assertThat(ring.setup().registeredFd()).isTrue();
                        }
                    }
                });
    }

    /** A ring on which there are NOPs and these register ops only. */
    private static Ring restricted(String... registerOps) {
        Ring ring = Ring.open(RingConfig.of(2).disabled());
        List<Restriction> allowed = new ArrayList<>();
        allowed.add(Restriction.op("IORING_OP_NOP"));
        Stream.of(registerOps).map(Restriction::registerOp).forEach(allowed::add);
        Restrictions.register(ring, allowed.toArray(Restriction[]::new));
        ring.enable();
        return ring;
    }

    @Test
    void shouldNameTheKernelThatAChoiceNeeds() {
        Map<String, RingConfig> choices =
                Map.of(
                        "IORING_SETUP_SQ_REWIND", RingConfig.of(2).sqRewind(),
                        "IORING_SETUP_SQE_MIXED", RingConfig.of(2).sqeSize(SqeSize.MIXED),
                        "IORING_SETUP_CQE_MIXED", RingConfig.of(2).cqeSize(CqeSize.MIXED),
                        "IORING_SETUP_HYBRID_IOPOLL", RingConfig.of(2).hybridIoPoll());
        choices.forEach(
                (name, config) -> {
                    if (Kernel.current().has(name)) {
                        Ring.open(config).close();
                    } else {
                        assertThatThrownBy(() -> Ring.open(config))
                                .isInstanceOf(UringException.class)
                                .hasMessageContaining(name + " needs Linux ")
                                .hasMessageContaining("this is ");
                    }
                });
    }

    @Test
    void shouldExplainAResult() {
        UringException refused = UringException.of("IORING_OP_FSYNC", -Errno.EINVAL.number());
        assertThat(refused.errno()).isEqualTo(Errno.EINVAL);
        assertThat(refused.operation()).isEqualTo("IORING_OP_FSYNC");
        assertThat(refused).hasMessage("IORING_OP_FSYNC: EINVAL (invalid argument)");
        assertThat(UringException.of("IORING_OP_RECV", -Errno.ENOBUFS.number()))
                .hasMessageContaining("no provided buffer");
        assertThat(UringException.of("IORING_OP_RECV", -512)).hasMessageContaining("result=-512");
        assertThatThrownBy(() -> UringException.of("IORING_OP_RECV", 5))
                .isInstanceOf(IllegalArgumentException.class);
        if (!Kernel.current().has("IORING_OP_NOP128")) {
            assertThat(UringException.of("IORING_OP_NOP128", -Errno.EINVAL.number()))
                    .hasMessageContaining("IORING_OP_NOP128 needs Linux 6.19, this is ");
        }
    }
}
