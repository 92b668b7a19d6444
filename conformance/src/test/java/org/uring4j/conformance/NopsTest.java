package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.uring4j.Errno;
import org.uring4j.Kernel;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.RingConfig.CqeSize;
import org.uring4j.RingConfig.SqeSize;
import org.uring4j.UringException;
import org.uring4j.op.Nops;
import org.uring4j.op.Sockets;
import org.uring4j.resource.RegisteredBuffers;
import org.uring4j.resource.RegisteredFiles;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** {@code IORING_OP_NOP}, {@code IORING_OP_NOP128}. */
class NopsTest {
    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldCarryUserDataRoundInOrder(RingMode mode) {
        try (Ring ring = mode.open(16)) {
            List<Long> seen = new ArrayList<>();
            for (long i = 0; i < 1000; i++) {
                Nops.nop(ring.next()).userData(Long.MIN_VALUE + i);
                if (i % 7 == 6) {
                    Completions.some(ring, 7).forEach(c -> seen.add(c.userData()));
                }
            }
            Completions.some(ring, 1000 % 7).forEach(c -> seen.add(c.userData()));
            for (int i = 0; i < 1000; i++) {
                assertThat(seen.get(i)).isEqualTo(Long.MIN_VALUE + i);
            }
            assertThat(ring.inFlight()).isZero();
        }
    }

    @Test
    void shouldInjectResult() {
        Needs.kernel("6.10", "IORING_NOP_INJECT_RESULT");
        try (Ring ring = Ring.open(RingConfig.of(4))) {
            Nops.nop(ring.next(), 42).userData(1);
            assertThat(Completions.one(ring)).isEqualTo(new Completion(1, 42, 0));
            Nops.nop(ring.next(), -Errno.EIO.number()).userData(2);
            assertThat(Completions.one(ring).failed(Errno.EIO)).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = CqeSize.class,
            names = {"B32", "MIXED"})
    void shouldDeliverBigCompletion(CqeSize size) {
        Needs.kernel("6.18", "IORING_NOP_CQE32");
        try (Ring ring = Ring.open(RingConfig.of(4).cqeSize(size))) {
            List<long[]> seen = new ArrayList<>();
            // More than the queue holds, so that big entries meet its end.
            for (int i = 0; i < 50; i++) {
                Nops.nopBig(ring.next(), i, -i).userData(i);
                Nops.nop(ring.next()).userData(1000 + i);
                ring.submitAndWait(2);
                ring.completions()
                        .drain((data, result, flags, a, b) -> seen.add(new long[] {data, a, b}));
            }
            assertThat(seen).hasSize(100);
            for (int i = 0; i < 50; i++) {
                assertThat(seen.get(2 * i)).containsExactly(i, i, -i);
                assertThat(seen.get(2 * i + 1)[0]).isEqualTo(1000 + i);
            }
        }
    }

    @Test
    void shouldFailWhenBigCompletionDoesNotFit() {
        Needs.kernel("6.18", "IORING_NOP_CQE32");
        try (Ring ring = Ring.open(RingConfig.of(4))) {
            Nops.nopBig(ring.next(), 1, 2);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = SqeSize.class,
            names = {"B128", "MIXED"})
    void shouldTakeLargeEntriesAmongSmall(SqeSize size) {
        Needs.kernel("6.19", "IORING_OP_NOP128");
        try (Ring ring = Ring.open(RingConfig.of(8).sqeSize(size))) {
            List<Long> seen = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                Nops.nop(ring.next()).userData(2L * i);
                Nops.nop128(ring.next128()).userData(2L * i + 1);
                Completions.some(ring, 2).forEach(c -> seen.add(c.userData()));
            }
            assertThat(seen).hasSize(80).isSorted();
            assertThat(ring.inFlight()).isZero();
        }
    }

    @Test
    void shouldLookUpWhatItIsTold() throws Exception {
        Needs.kernel("6.13", "IORING_NOP_FILE");
        int fixedFile = Nops.FILE | Nops.FIXED_FILE;
        try (Ring ring = Ring.open(RingConfig.of(4));
                Arena arena = Arena.ofShared()) {
            Nops.nop(ring.next(), ring.fd(), 0, 0, Nops.FILE);
            assertThat(Completions.one(ring).result()).isZero();
            Nops.nop(ring.next(), -1, 0, 0, Nops.FILE);
            assertThat(Completions.one(ring).failed(Errno.EBADF)).isTrue();
            Nops.nop(ring.next(), 1, 0, 0, fixedFile);
            assertThat(Completions.one(ring).failed(Errno.EBADF)).isTrue();
            Nops.nop(ring.next(), -1, 1, 0, Nops.FIXED_BUFFER);
            assertThat(Completions.one(ring).failed(Errno.EFAULT)).isTrue();
            MemorySegment memory = arena.allocate(64);
            int[] pair = Net.pair(ring);
            try (RegisteredBuffers buffers = RegisteredBuffers.register(ring, memory, memory);
                    RegisteredFiles files = RegisteredFiles.register(ring, -1, pair[0])) {
                assertThat(buffers.count()).isEqualTo(files.count());
                Nops.nop(ring.next(), 1, 0, 0, fixedFile);
                assertThat(Completions.one(ring).result()).isZero();
                Nops.nop(ring.next(), 0, 0, 0, fixedFile);
                assertThat(Completions.one(ring).failed(Errno.EBADF)).isTrue();
                int all = fixedFile | Nops.FIXED_BUFFER | Nops.INJECT_RESULT;
                Nops.nop(ring.next(), 1, 1, 77, all).userData(5);
                assertThat(Completions.one(ring)).isEqualTo(new Completion(5, 77, 0));
            }
            Net.close(ring, pair);
        }
    }

    @Test
    void shouldCompleteByTaskWork() {
        Needs.kernel("6.17", "IORING_NOP_TW");
        try (Ring ring = Ring.open(RingConfig.of(4))) {
            Nops.nop(ring.next(), -1, 0, 6, Nops.TASK_WORK | Nops.INJECT_RESULT);
            Nops.nop(ring.next(), 7);
            ring.submit();
            // With deferred task work it is not there before somebody asks.
            assertThat(ring.completions().ready()).isEqualTo(1);
            assertThat(Completions.some(ring, 2))
                    .extracting(Completion::result)
                    .containsExactly(7, 6);
        }
    }

    @Test
    void shouldFailOfUnknownFlag() {
        Needs.kernel("6.10", "nop_flags");
        try (Ring ring = Ring.open(RingConfig.of(4))) {
            Nops.nop(ring.next(), -1, 0, 0, 1 << 30);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Nops.nop(ring.next(), -1, 65536, 0, 0))
                    .withMessageContaining("index=65536");
        }
    }

    @Test
    void shouldCountRequestsWhileALargeEntryWaits() throws Exception {
        Needs.kernel("6.19", "IORING_SETUP_SQE_MIXED");
        try (Ring ring = RingMode.SQE_MIXED.open(4);
                Connection connection = Connection.open(ring);
                Arena arena = Arena.ofShared()) {
            Sockets.recv(ring.next(), connection.fd(), arena.allocate(8), 0).userData(1);
            ring.submit();
            for (int i = 0; i < 9; i++) {
                ring.next128();
                assertThat(ring.inFlight()).isOne();
                Nops.nop128(ring.next128()).userData(2);
                assertThat(ring.inFlight()).isOne();
                assertThat(Completions.one(ring).userData()).isEqualTo(2);
                assertThat(ring.inFlight()).isOne();
            }
            connection.send("x");
            assertThat(Completions.one(ring).userData()).isEqualTo(1);
            assertThat(ring.inFlight()).isZero();
        }
    }

    @Test
    void shouldTakeSmallRequestInLargeEntry() {
        Needs.kernel("6.19", "IORING_SETUP_SQE_MIXED");
        try (Ring ring = RingMode.SQE_MIXED.open(4)) {
            for (int i = 0; i < 9; i++) {
                Nops.nop(ring.next128()).userData(i);
                assertThat(Completions.one(ring).userData()).isEqualTo(i);
                assertThat(Completions.now(ring)).isEmpty();
                assertThat(ring.inFlight()).isZero();
            }
        }
    }

    @Test
    void shouldKeepChainWholeWithSmallRequestInLargeEntry() {
        try (Ring ring = RingMode.SQE_MIXED.open(8)) {
            for (int i = 0; i < 20; i++) {
                Nops.nop(ring.next128(), -Errno.EIO.number()).userData(1).link();
                Nops.nop(ring.next128()).userData(2).link();
                Nops.nop(ring.next()).userData(3);
                assertThat(Completions.some(ring, 3))
                        .containsExactlyInAnyOrder(
                                new Completion(1, -Errno.EIO.number(), 0),
                                new Completion(2, -Errno.ECANCELED.number(), 0),
                                new Completion(3, -Errno.ECANCELED.number(), 0));
                assertThat(ring.inFlight()).isZero();
            }
        }
    }

    @Test
    void shouldTakeBackLargeRequestThatIsRefused() {
        try (Ring ring = RingMode.SQE_MIXED.open(4)) {
            for (int i = 0; i < 9; i++) {
                assertThatIllegalArgumentException()
                        .isThrownBy(
                                () -> Nops.nop128(ring.next128()).skipSuccess().personality(-1));
                assertThat(ring.submissions().ready()).isLessThan(2);
                Nops.nop128(ring.next128()).userData(1);
                Nops.nop(ring.next()).userData(2);
                assertThat(Completions.some(ring, 2))
                        .containsExactlyInAnyOrder(
                                new Completion(1, 0, 0), new Completion(2, 0, 0));
                assertThat(ring.inFlight()).isZero();
            }
        }
    }

    @Test
    void shouldRefuseLargeRequestInSmallEntry() {
        Needs.kernel("6.19", "IORING_SETUP_SQE_MIXED");
        try (Ring ring = RingMode.SQE_MIXED.open(2)) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> Nops.nop128(ring.next()))
                    .withMessageContaining("next128");
            Nops.nop(ring.next()).userData(1);
            assertThat(Completions.one(ring).userData()).isEqualTo(1);
            // At the queue's end there is room for a small one only, which is passed over.
            Nops.nop128(ring.next128()).userData(2);
            assertThat(Completions.one(ring).userData()).isEqualTo(2);
            assertThat(ring.inFlight()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = SqeSize.class,
            names = {"B128", "MIXED"})
    void shouldGoOnBehindLargeEntryThatFails(SqeSize size) {
        Needs.kernel("6.19", "IORING_OP_NOP128");
        try (Ring ring = Ring.open(RingConfig.of(8).sqeSize(size))) {
            // More than the queue holds, so that each place in it is met.
            for (int i = 0; i < 20; i++) {
                // There are no credentials with this id.
                Nops.nop128(ring.next128()).personality(99).userData(1).link();
                Nops.nop128(ring.next128()).userData(2);
                Nops.nop(ring.next()).userData(3);
                assertThat(Completions.some(ring, 3))
                        .containsExactlyInAnyOrder(
                                new Completion(1, -Errno.EINVAL.number(), 0),
                                new Completion(2, -Errno.ECANCELED.number(), 0),
                                new Completion(3, 0, 0));
                assertThat(ring.inFlight()).isZero();
            }
        }
    }

    @Test
    void shouldFailOfLargeEntriesWhereKernelHasNone() {
        Needs.that(!Kernel.current().has("IORING_OP_NOP128"), "this kernel has IORING_OP_NOP128");
        try (Ring ring = RingMode.SQE128.open(8)) {
            Nops.nop128(ring.next128());
            Completion refused = Completions.one(ring);
            assertThat(refused.failed(Errno.EINVAL)).as("%s", refused).isTrue();
            assertThat(UringException.of("IORING_OP_NOP128", refused.result()))
                    .hasMessageContaining("needs Linux 6.19");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void shouldKeepChainWholeWhereLargeEntryWouldWrap(int length) {
        try (Ring ring = RingMode.SQE_MIXED.open(16)) {
            for (int start = 0; start < 2 * ring.submissions().capacity(); start++) {
                // Wherever the chain begins, and with large entries in it or not.
                Nops.nop(ring.next()).userData(9);
                assertThat(Completions.one(ring)).isEqualTo(new Completion(9, 0, 0));
                Nops.nop(ring.next()).userData(1);
                Nops.nop(ring.next(), -Errno.EIO.number()).userData(2).link();
                for (int i = 0; i < length; i++) {
                    (start % 2 == 0 ? Nops.nop(ring.next()) : Nops.nop128(ring.next128()))
                            .userData(3)
                            .link();
                }
                Nops.nop128(ring.next128()).userData(4);
                List<Completion> all = Completions.some(ring, 3 + length);
                assertThat(all).contains(new Completion(1, 0, 0));
                assertThat(all).contains(new Completion(2, -Errno.EIO.number(), 0));
                assertThat(all)
                        .filteredOn(c -> c.userData() > 2)
                        .hasSize(1 + length)
                        .allMatch(c -> c.failed(Errno.ECANCELED));
                assertThat(ring.inFlight()).isZero();
            }
        }
    }

    @Test
    void shouldNotDrainOnceLargeEntryWouldHaveWrapped() {
        try (Ring ring = RingMode.SQE_MIXED.open(8)) {
            int last = ring.submissions().capacity() - 1;
            for (int i = 0; i < last; i++) {
                Nops.nop(ring.next()).drain();
                assertThat(Completions.one(ring).result()).isZero();
            }
            Nops.nop128(ring.next128());
            assertThat(Completions.one(ring).result()).isZero();
            Nops.nop(ring.next()).drain();
            assertThat(Completions.one(ring).failed(Errno.EOPNOTSUPP)).isTrue();
        }
    }
}
