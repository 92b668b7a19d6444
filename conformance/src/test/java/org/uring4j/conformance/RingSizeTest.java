package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.RingMemory;
import org.uring4j.RingSize;
import org.uring4j.Sqe;
import org.uring4j.op.Files;
import org.uring4j.op.Nops;
import org.uring4j.op.OpenFlags;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@code IORING_REGISTER_RESIZE_RINGS}. */
@Timeout(60)
class RingSizeTest {
    @TempDir private Path directory;

    @BeforeEach
    void needResizing() {
        Needs.kernel("6.13", "IORING_REGISTER_RESIZE_RINGS");
    }

    private static List<Long> drain(Ring ring) {
        List<Long> data = new ArrayList<>();
        ring.completions().drain((userData, result, flags) -> data.add(userData));
        return data;
    }

    /** Resizes again and again while completions and requests wait: all come, in order. */
    private static void resizeWithWhatWaits(Ring ring) {
        long put = 0;
        long seen = 0;
        int[][] sizes = {{16, 64}, {8, 16}, {64, 128}, {8, 32}, {32, 32}};
        for (int round = 0; round < 100; round++) {
            for (int i = 0; i < 8; i++) {
                Nops.nop(ring.next()).userData(put++);
                if (i == 4) {
                    ring.submit();
                }
            }
            int[] size = sizes[round % sizes.length];
            RingSize.change(ring, size[0], size[1]);
            assertThat(ring.setup().sqEntries()).isEqualTo(size[0]);
            assertThat(ring.submissions().capacity()).isEqualTo(size[0]);
            assertThat(ring.completions().capacity()).isEqualTo(size[1]);
            assertThat(ring.submissions().ready()).isEqualTo(3);
            assertThat(ring.completions().ready()).isEqualTo(5);
            ring.submit();
            for (long data : drain(ring)) {
                assertThat(data).isEqualTo(seen++);
            }
            assertThat(seen).isEqualTo(put);
        }
        assertThat(ring.inFlight()).isZero();
    }

    @ParameterizedTest
    @EnumSource(
            value = RingMode.class,
            names = {"DEFAULT", "SQE128", "CQE32", "REWIND"})
    void shouldTakeAlongWhatWaits(RingMode mode) {
        try (Ring ring = mode.open(8)) {
            resizeWithWhatWaits(ring);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = RingMode.class,
            names = {"SQE_MIXED", "CQE_MIXED"})
    void shouldResizeMixedEntriesOnceNoneWaits(RingMode mode) {
        try (Ring ring = mode.open(8)) {
            Nops.nop(ring.next()).userData(1);
            if (mode == RingMode.CQE_MIXED) {
                ring.submit();
            }
            assertThatIllegalStateException()
                    .isThrownBy(() -> RingSize.change(ring, 16, 32))
                    .withMessageContaining("mixed size");
            assertThat(Completions.one(ring).userData()).isEqualTo(1);
            RingSize.change(ring, 16, 32);
            for (int i = 0; i < 100; i++) {
                Nops.nop(ring.next()).userData(i);
                assertThat(Completions.one(ring).userData()).isEqualTo(i);
            }
        }
    }

    @Test
    void shouldDeliverBigCompletionsFromBefore() {
        Needs.kernel("6.18", "IORING_NOP_CQE32");
        try (Ring ring = Ring.open(RingConfig.of(4).cqeSize(RingConfig.CqeSize.B32))) {
            for (int round = 0; round < 20; round++) {
                for (int i = 0; i < 3; i++) {
                    Nops.nopBig(ring.next(), round, i).userData(i);
                }
                ring.submit();
                RingSize.change(ring, 4, round % 2 == 0 ? 32 : 4);
                List<List<Long>> seen = new ArrayList<>();
                ring.completions()
                        .drain((data, result, flags, a, b) -> seen.add(List.of(data, a, b)));
                long number = round;
                assertThat(seen)
                        .containsExactly(
                                List.of(0L, number, 0L),
                                List.of(1L, number, 1L),
                                List.of(2L, number, 2L));
            }
        }
    }

    @Test
    void shouldLeaveRequestsInFlightAlone() throws Exception {
        try (Arena arena = Arena.ofShared();
                Fifo fifo = Fifo.in(directory);
                Ring ring = Ring.open(RingConfig.of(8));
                Opened reader = fifo.open(ring, OpenFlags.O_RDONLY);
                Opened writer = fifo.open(ring, OpenFlags.O_WRONLY)) {
            MemorySegment in = arena.allocate(8);
            Files.read(ring.next(), reader.fd(), in, 0).userData(1);
            ring.submit();
            RingSize.change(ring, 64, 256);
            assertThat(ring.inFlight()).isEqualTo(1);
            MemorySegment out = arena.allocateFrom(ValueLayout.JAVA_LONG, 42);
            Files.write(ring.next(), writer.fd(), out, 0).userData(2);
            assertThat(Completions.some(ring, 2))
                    .containsExactlyInAnyOrder(new Completion(1, 8, 0), new Completion(2, 8, 0));
            assertThat(in.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(42);
        }
    }

    @Test
    void shouldHelpAQueueThatIsTooSmall() {
        try (Ring ring = Ring.open(RingConfig.of(4).cqEntries(4))) {
            for (int i = 0; i < 20; i++) {
                Nops.nop(ring.next()).userData(i);
                ring.submit();
            }
            RingSize.change(ring, 4, 64);
            List<Long> all = new ArrayList<>();
            for (List<Long> some = drain(ring); !some.isEmpty(); some = drain(ring)) {
                all.addAll(some);
            }
            assertThat(all).hasSize(20).isSorted();
            assertThat(ring.completions().dropped()).isZero();
            for (int i = 0; i < 40; i++) {
                Nops.nop(ring.next()).userData(i);
                ring.submit();
            }
            assertThat(ring.completions().ready()).isEqualTo(40);
        }
    }

    @Test
    void shouldGiveTheCursorANewPlace() {
        try (Ring ring = Ring.open(RingConfig.of(4))) {
            Sqe before = ring.next();
            RingSize.change(ring, 128, 256);
            // Misuse, which must do no harm.
            before.userData(77).link();
            for (int i = 0; i < 128; i++) {
                Nops.nop(ring.next()).userData(i);
            }
            assertThat(ring.tryNext()).isNull();
            assertThat(Completions.some(ring, 128)).allMatch(c -> c.result() == 0);
        }
    }

    @Test
    void shouldRefuseWhatWouldNotFit() {
        try (Ring ring = Ring.open(RingConfig.of(16))) {
            for (int i = 0; i < 9; i++) {
                Nops.nop(ring.next());
            }
            assertThatIllegalStateException()
                    .isThrownBy(() -> RingSize.change(ring, 8, 16))
                    .withMessageContaining("requests=9 entries=8");
            ring.submit();
            assertThatIllegalStateException()
                    .isThrownBy(() -> RingSize.change(ring, 8, 8))
                    .withMessageContaining("completions=9");
            RingSize.change(ring, 8, 16);
            assertThat(drain(ring)).hasSize(9);
            assertThatIllegalArgumentException().isThrownBy(() -> RingSize.change(ring, 8, 4));
            assertThatIllegalArgumentException().isThrownBy(() -> RingSize.change(ring, 0, 4));
            Nops.nop(ring.next());
            ring.submit();
            assertThatIllegalStateException()
                    .isThrownBy(
                            () ->
                                    ring.completions()
                                            .drain((a, b, c) -> RingSize.change(ring, 16, 32)))
                    .withMessageContaining("handler");
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = RingMode.class,
            names = {"DEFAULT", "SQE128", "CQE32"})
    void shouldMoveWithinTheProgramsMemory(RingMode mode) {
        try (RingMemory memory = RingMemory.allocate(256 << 10);
                Ring ring = Ring.open(mode.config(8).memory(memory))) {
            resizeWithWhatWaits(ring);
            long used = memory.used();
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> RingSize.change(ring, 4096, 8192))
                    .withMessageContaining("too small")
                    .withMessageContaining("needed=");
            assertThat(memory.used()).isEqualTo(used);
            Nops.nop(ring.next()).userData(1);
            assertThat(Completions.one(ring).userData()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = RingMode.class,
            names = {"DEFAULT", "SQE128", "CQE32"})
    void shouldMoveWithAnIndexArray(RingMode mode) {
        try (Ring ring = Ring.open(mode.config(8).noSqArray(false))) {
            resizeWithWhatWaits(ring);
        }
    }

    @Test
    void shouldMoveARingWithoutDescriptorAndLeaveOthersAlone() {
        try (RingMemory memory = RingMemory.allocate(256 << 10)) {
            RingConfig config = RingConfig.of(8).memory(memory);
            try (Ring one = Ring.open(config.noSqArray(false));
                    Ring two = Ring.open(config.registeredFdOnly())) {
                for (int i = 0; i < 6; i++) {
                    Nops.nop(one.next()).userData(i);
                    Nops.nop(two.next()).userData(100 + i);
                }
                one.submit();
                two.submit();
                RingSize.change(two, 64, 512);
                RingSize.change(one, 32, 64);
                try (Ring three = Ring.open(config)) {
                    Nops.nop(three.next()).userData(7);
                    assertThat(Completions.one(three).userData()).isEqualTo(7);
                }
                assertThat(drain(one)).containsExactly(0L, 1L, 2L, 3L, 4L, 5L);
                assertThat(drain(two)).containsExactly(100L, 101L, 102L, 103L, 104L, 105L);
            }
            assertThat(memory.used()).isZero();
        }
    }

    @Test
    void shouldRefuseRingsThatCannotBeResized() {
        try (Ring cooperative = Ring.open(RingConfig.of(4).deferTaskrun(false))) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> RingSize.change(cooperative, 8, 16))
                    .withMessageContaining("deferred");
        }
    }
}
