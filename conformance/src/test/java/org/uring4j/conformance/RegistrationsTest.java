package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import static java.time.temporal.ChronoUnit.FOREVER;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.UringException;
import org.uring4j.op.Nops;
import org.uring4j.resource.BusyPolling;
import org.uring4j.resource.BusyPolling.Settings;
import org.uring4j.resource.BusyPolling.Tracking;
import org.uring4j.resource.MemoryRegion;
import org.uring4j.resource.Personality;
import org.uring4j.resource.Restriction;
import org.uring4j.resource.Restrictions;
import org.uring4j.resource.Workers;
import org.uring4j.resource.Workers.Limits;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.BitSet;

/**
 * What is registered with a ring and has no op of its own: {@code IORING_REGISTER_PERSONALITY},
 * {@code IORING_UNREGISTER_PERSONALITY}, {@code IORING_REGISTER_IOWQ_AFF}, {@code
 * IORING_UNREGISTER_IOWQ_AFF}, {@code IORING_REGISTER_IOWQ_MAX_WORKERS}, {@code
 * IORING_REGISTER_NAPI}, {@code IORING_UNREGISTER_NAPI}, {@code IORING_REGISTER_MEM_REGION}.
 */
@Timeout(60)
class RegistrationsTest {
    /** A NAPI id as cards have them: above the processors' numbers. */
    private static final int NAPI_ID = 1 << 20;

    private static Errno errno(Runnable refused) {
        try {
            refused.run();
        } catch (UringException e) {
            return e.errno();
        }
        throw new AssertionError("it was not refused");
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldActWithRegisteredCredentials(RingMode mode) {
        try (Ring ring = mode.open(8);
                Personality one = Personality.register(ring)) {
            Personality two = Personality.register(ring);
            assertThat(one.id()).isPositive();
            assertThat(two.id()).isNotEqualTo(one.id());
            Nops.nop(ring.next()).personality(one.id());
            assertThat(Completions.one(ring).result()).isZero();
            two.close();
            two.close();
            Nops.nop(ring.next()).personality(two.id());
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
            Nops.nop(ring.next()).personality(one.id());
            assertThat(Completions.one(ring).result()).isZero();
        }
    }

    @Test
    void shouldNotRegisterCredentialsWithAClosedRing() {
        Ring ring = Ring.open(RingConfig.of(4));
        Personality personality = Personality.register(ring);
        ring.close();
        personality.close();
        assertThatIllegalStateException().isThrownBy(() -> Personality.register(ring));
    }

    @ParameterizedTest
    @EnumSource(
            value = RingMode.class,
            names = {"DEFAULT", "PLAIN"})
    void shouldLimitWorkers(RingMode mode) throws Exception {
        Apart.thread(
                () -> {
                    try (Ring ring = mode.open(8)) {
                        Nops.nop(ring.next()).async();
                        Completions.one(ring);
                        Limits before = Workers.limits(ring);
                        assertThat(before.bounded()).isPositive();
                        assertThat(Workers.limit(ring, new Limits(2, 3))).isEqualTo(before);
                        assertThat(Workers.limit(ring, new Limits(0, 5)))
                                .isEqualTo(new Limits(2, 3));
                        assertThat(Workers.limits(ring)).isEqualTo(new Limits(2, 5));
                        Nops.nop(ring.next()).async();
                        assertThat(Completions.one(ring).result()).isZero();
                    }
                });
    }

    @Test
    void shouldRefuseLimitsThatCannotBe() {
        assertThatIllegalArgumentException().isThrownBy(() -> new Limits(-1, 0));
    }

    @ParameterizedTest
    @EnumSource(
            value = RingMode.class,
            names = {"DEFAULT", "PLAIN", "POLLED"})
    void shouldBindWorkersToProcessors(RingMode mode) throws Exception {
        Apart.thread(
                () -> {
                    try (Ring ring = mode.open(8)) {
                        Nops.nop(ring.next()).async();
                        Completions.one(ring);
                        BitSet first = new BitSet();
                        first.set(0);
                        Workers.affinity(ring, first);
                        Nops.nop(ring.next()).async();
                        assertThat(Completions.one(ring).result()).isZero();
                        Workers.anyAffinity(ring);
                    }
                });
    }

    @Test
    void shouldNotChangeWorkersWhereItIsForbidden() {
        try (Ring ring = Ring.open(RingConfig.of(8).disabled())) {
            Restrictions.register(ring, Restriction.op("IORING_OP_NOP"));
            ring.enable();
            BitSet first = new BitSet();
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Workers.affinity(ring, first))
                    .withMessageContaining("processors={}");
            first.set(0);
            assertThat(errno(() -> Workers.affinity(ring, first))).isEqualTo(Errno.EACCES);
            assertThat(errno(() -> Workers.anyAffinity(ring))).isEqualTo(Errno.EACCES);
            assertThat(errno(() -> Workers.limits(ring))).isEqualTo(Errno.EACCES);
        }
    }

    @Test
    void shouldPollQueues() {
        Needs.kernel("6.13", "static tracking of NAPI queues");
        Settings dynamic = new Settings(Tracking.DYNAMIC, Duration.ofNanos(50_000), true);
        Settings fixed = new Settings(Tracking.STATIC, Duration.ofNanos(70_000), false);
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            BusyPolling polling = BusyPolling.register(ring, dynamic);
            assertThat(errno(() -> polling.add(NAPI_ID))).isEqualTo(Errno.EINVAL);
            assertThat(polling.set(fixed)).isEqualTo(dynamic);
            polling.add(NAPI_ID);
            assertThat(errno(() -> polling.add(NAPI_ID))).isEqualTo(Errno.EEXIST);
            assertThat(errno(() -> polling.add(0))).isEqualTo(Errno.EINVAL);
            Nops.nop(ring.next()).async();
            assertThat(Completions.one(ring).result()).isZero();
            polling.remove(NAPI_ID);
            assertThat(errno(() -> polling.remove(NAPI_ID))).isEqualTo(Errno.ENOENT);
            assertThat(polling.set(dynamic)).isEqualTo(fixed);
            polling.close();
            assertThatIllegalStateException().isThrownBy(() -> polling.add(NAPI_ID));
        }
    }

    @Test
    void shouldNotPollQueuesOfAPolledRing() {
        Needs.kernel("6.9", "IORING_REGISTER_NAPI");
        Settings settings = new Settings(Tracking.DYNAMIC, Duration.ofMillis(1), false);
        try (Ring ring = Ring.open(RingConfig.of(8).ioPoll())) {
            assertThat(errno(() -> BusyPolling.register(ring, settings))).isEqualTo(Errno.EINVAL);
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Settings(Tracking.DYNAMIC, Duration.ofHours(2), false));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Settings(Tracking.DYNAMIC, FOREVER.getDuration(), false))
                .withMessageContaining("71 minutes");
    }

    @Test
    void shouldShareMemoryOfTheProgram() {
        Needs.kernel("6.13", "IORING_REGISTER_MEM_REGION");
        try (Arena arena = Arena.ofShared();
                Ring ring = Ring.open(RingConfig.of(8))) {
            MemoryRegion.register(ring, arena.allocate(8192, 4096));
            assertThat(errno(() -> MemoryRegion.allocate(ring, 4096))).isEqualTo(Errno.EBUSY);
        }
    }

    @Test
    void shouldShareMemoryOfTheKernel() {
        Needs.kernel("6.13", "IORING_REGISTER_MEM_REGION");
        Ring ring = Ring.open(RingConfig.of(8));
        MemorySegment memory = MemoryRegion.allocate(ring, 8192);
        assertThat(memory.byteSize()).isEqualTo(8192);
        assertThat(memory.fill((byte) 7).get(java.lang.foreign.ValueLayout.JAVA_BYTE, 8191))
                .isEqualTo((byte) 7);
        ring.close();
        assertThatIllegalStateException().isThrownBy(() -> memory.fill((byte) 1));
    }

    @Test
    void shouldRefuseRegionsThatAreNoPages() {
        try (Arena arena = Arena.ofShared();
                Ring ring = Ring.open(RingConfig.of(8))) {
            MemorySegment pages = arena.allocate(8192, 4096);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> MemoryRegion.register(ring, pages.asSlice(8, 4096)))
                    .withMessageContaining("4096");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> MemoryRegion.register(ring, pages.asSlice(0, 100)));
            assertThatIllegalArgumentException().isThrownBy(() -> MemoryRegion.allocate(ring, 1));
            assertThatThrownBy(
                            () -> MemoryRegion.register(ring, MemorySegment.ofArray(new byte[1])))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
