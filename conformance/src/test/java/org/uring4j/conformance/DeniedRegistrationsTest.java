package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingClock;
import org.uring4j.RingConfig;
import org.uring4j.RingConfig.CqeSize;
import org.uring4j.RingSize;
import org.uring4j.UringException;
import org.uring4j.op.Cancel;
import org.uring4j.op.CancelTarget;
import org.uring4j.op.Nops;
import org.uring4j.resource.BufferRing;
import org.uring4j.resource.BusyPolling;
import org.uring4j.resource.EventFd;
import org.uring4j.resource.MemoryRegion;
import org.uring4j.resource.OpcodeFilter;
import org.uring4j.resource.Personality;
import org.uring4j.resource.RegisteredBuffers;
import org.uring4j.resource.RegisteredFiles;
import org.uring4j.resource.Restriction;
import org.uring4j.resource.Restrictions;
import org.uring4j.resource.Workers;
import org.uring4j.resource.Workers.Limits;
import org.uring4j.resource.ZcrxSource;
import org.uring4j.resource.ZcrxSource.NetDevice;
import org.uring4j.resource.ZeroCopyReceive;
import org.uring4j.resource.ZeroCopyReceiveConfig;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.BitSet;

/**
 * Register ops that fail, because restrictions do not name them, tell so and do no harm: {@code
 * IORING_UNREGISTER_BUFFERS}, {@code IORING_UNREGISTER_FILES}, {@code IORING_REGISTER_EVENTFD},
 * {@code IORING_UNREGISTER_EVENTFD}, {@code IORING_REGISTER_EVENTFD_ASYNC}, {@code
 * IORING_REGISTER_PERSONALITY}, {@code IORING_UNREGISTER_PERSONALITY}, {@code
 * IORING_REGISTER_FILES2}, {@code IORING_REGISTER_FILES_UPDATE2}, {@code IORING_REGISTER_BUFFERS2},
 * {@code IORING_REGISTER_BUFFERS_UPDATE}, {@code IORING_REGISTER_IOWQ_AFF}, {@code
 * IORING_UNREGISTER_IOWQ_AFF}, {@code IORING_REGISTER_IOWQ_MAX_WORKERS}, {@code
 * IORING_REGISTER_PBUF_RING}, {@code IORING_UNREGISTER_PBUF_RING}, {@code
 * IORING_REGISTER_SYNC_CANCEL}, {@code IORING_REGISTER_FILE_ALLOC_RANGE}, {@code
 * IORING_REGISTER_PBUF_STATUS}, {@code IORING_REGISTER_NAPI}, {@code IORING_UNREGISTER_NAPI},
 * {@code IORING_REGISTER_CLOCK}, {@code IORING_REGISTER_CLONE_BUFFERS}, {@code
 * IORING_REGISTER_RESIZE_RINGS}, {@code IORING_REGISTER_MEM_REGION}, {@code
 * IORING_REGISTER_RESTRICTIONS}, {@code IORING_REGISTER_ZCRX_IFQ}, {@code
 * IORING_REGISTER_ZCRX_CTRL}, {@code IORING_REGISTER_BPF_FILTER}. What is not here: a ring is
 * enabled before it is restricted, does without a registered descriptor ({@link SubmissionTest}),
 * and is not asked what the kernel can do ({@link KernelTest}) or for messages to another ({@link
 * RestrictionsTest}).
 */
@Timeout(60)
class DeniedRegistrationsTest {
    private static final Restriction NOP = Restriction.op("IORING_OP_NOP");

    private static final BusyPolling.Settings POLLING =
            new BusyPolling.Settings(BusyPolling.Tracking.DYNAMIC, Duration.ofNanos(1000), false);

    /** What is denied, and what has to be there before. */
    // The functions capture nothing.
    @SuppressWarnings("ImmutableEnumChecker")
    enum Registration {
        REGISTER_FILES2("5.13", (ring, memory) -> () -> RegisteredFiles.sparse(ring, 2)),
        REGISTER_FILES_UPDATE2(
                "5.13",
                (ring, memory) -> {
                    RegisteredFiles files = RegisteredFiles.register(ring, -1, -1);
                    return () -> files.set(0, 0);
                }),
        REGISTER_FILE_ALLOC_RANGE(
                "6.0",
                (ring, memory) -> {
                    RegisteredFiles files = RegisteredFiles.register(ring, -1, -1);
                    return () -> files.allocateFrom(1, 1);
                }),
        UNREGISTER_FILES("5.13", (ring, memory) -> RegisteredFiles.register(ring, -1)::close),
        REGISTER_BUFFERS2("5.13", (ring, memory) -> () -> RegisteredBuffers.register(ring, memory)),
        REGISTER_BUFFERS_UPDATE(
                "5.13",
                (ring, memory) -> {
                    RegisteredBuffers buffers = RegisteredBuffers.register(ring, memory);
                    return () -> buffers.set(0, memory);
                }),
        UNREGISTER_BUFFERS(
                "5.13", (ring, memory) -> RegisteredBuffers.register(ring, memory)::close),
        REGISTER_CLONE_BUFFERS(
                "6.12",
                (ring, memory) ->
                        () -> {
                            try (Ring other = Ring.open(RingConfig.of(2));
                                    RegisteredBuffers buffers =
                                            RegisteredBuffers.register(other, memory)) {
                                RegisteredBuffers.cloneOf(ring, buffers);
                            }
                        }),
        REGISTER_EVENTFD("5.2", (ring, memory) -> () -> EventFd.register(ring)),
        REGISTER_EVENTFD_ASYNC("5.6", (ring, memory) -> () -> EventFd.registerAsync(ring)),
        UNREGISTER_EVENTFD("5.2", (ring, memory) -> EventFd.register(ring)::close),
        REGISTER_PERSONALITY("5.6", (ring, memory) -> () -> Personality.register(ring)),
        UNREGISTER_PERSONALITY("5.6", (ring, memory) -> Personality.register(ring)::close),
        REGISTER_IOWQ_AFF("5.14", (ring, memory) -> () -> Workers.affinity(ring, first())),
        UNREGISTER_IOWQ_AFF("5.14", (ring, memory) -> () -> Workers.anyAffinity(ring)),
        REGISTER_IOWQ_MAX_WORKERS(
                "5.15", (ring, memory) -> () -> Workers.limit(ring, new Limits(1, 1))),
        REGISTER_PBUF_RING("5.19", (ring, memory) -> () -> BufferRing.register(ring, 1, 2, 8)),
        REGISTER_PBUF_STATUS(
                "6.8", (ring, memory) -> BufferRing.register(ring, 1, 2, 8)::available),
        UNREGISTER_PBUF_RING("5.19", (ring, memory) -> BufferRing.register(ring, 1, 2, 8)::close),
        REGISTER_SYNC_CANCEL(
                "6.0",
                (ring, memory) ->
                        () -> Cancel.now(ring, CancelTarget.any(), Duration.ofSeconds(1))),
        REGISTER_NAPI("6.9", (ring, memory) -> () -> BusyPolling.register(ring, POLLING)),
        UNREGISTER_NAPI("6.9", (ring, memory) -> BusyPolling.register(ring, POLLING)::close),
        REGISTER_CLOCK("6.12", (ring, memory) -> () -> ring.clock(RingClock.BOOTTIME)),
        REGISTER_RESIZE_RINGS("6.13", (ring, memory) -> () -> RingSize.change(ring, 16, 32)),
        REGISTER_MEM_REGION("6.13", (ring, memory) -> () -> MemoryRegion.allocate(ring, 4096)),
        REGISTER_RESTRICTIONS("5.10", (ring, memory) -> () -> Restrictions.register(ring, NOP)),
        REGISTER_ZCRX_IFQ("6.15", (ring, memory) -> () -> receive(ring, new NetDevice(1, 0))),
        // Since when a queue does without a network card.
        REGISTER_ZCRX_CTRL("7.1", (ring, memory) -> receive(ring, ZcrxSource.deviceless())::export),
        REGISTER_BPF_FILTER(
                "7.0",
                (ring, memory) -> () -> OpcodeFilter.none().deny("IORING_OP_NOP").register(ring));

        private final String since;
        private final Preparation preparation;

        Registration(String since, Preparation preparation) {
            this.since = since;
            this.preparation = preparation;
        }

        private static ZeroCopyReceive receive(Ring ring, ZcrxSource source) {
            return ZeroCopyReceive.register(ring, source, ZeroCopyReceiveConfig.of(64 * 4096));
        }

        private static BitSet first() {
            BitSet first = new BitSet();
            first.set(0);
            return first;
        }
    }

    /** Makes what is needed before; what is denied then. */
    private interface Preparation {
        ThrowingCallable prepare(Ring ring, MemorySegment memory);
    }

    @ParameterizedTest
    @EnumSource(Registration.class)
    void shouldTellThatItIsForbidden(Registration registration) {
        String name = "IORING_" + registration.name();
        Needs.kernel(registration.since, name);
        try (Arena arena = Arena.ofShared();
                Ring ring = Ring.open(RingConfig.of(8).cqeSize(CqeSize.B32).disabled())) {
            MemorySegment memory = arena.allocate(4096, 4096);
            ThrowingCallable denied = registration.preparation.prepare(ring, memory);
            Restrictions.register(ring, NOP);
            ring.enable();
            assertThatThrownBy(denied)
                    .isInstanceOfSatisfying(
                            UringException.class,
                            e -> {
                                assertThat(e.errno()).isEqualTo(Errno.EACCES);
                                assertThat(e.operation()).isEqualTo(name);
                                assertThat(e).hasMessageMatching(".*(forbid it|already).*");
                            });
            Nops.nop(ring.next()).userData(1);
            assertThat(Completions.one(ring)).isEqualTo(new Completion(1, 0, 0));
        }
    }
}
