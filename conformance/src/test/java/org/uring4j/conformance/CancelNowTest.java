package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.UringException;
import org.uring4j.op.Cancel;
import org.uring4j.op.Cancel.Outcome;
import org.uring4j.op.CancelTarget;
import org.uring4j.op.Files;
import org.uring4j.op.OpenFlags;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** {@code IORING_REGISTER_SYNC_CANCEL}. */
@Timeout(60)
class CancelNowTest {
    private static final Duration LONG = Duration.ofSeconds(30);

    @TempDir private Path directory;

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldCancelAndSayWhatBecameOfIt(RingMode mode) throws Exception {
        Needs.kernel("6.0", "IORING_REGISTER_SYNC_CANCEL");
        try (Arena arena = Arena.ofShared();
                Fifo fifo = Fifo.in(directory);
                Ring ring = mode.open(8);
                Opened reader = fifo.open(ring, OpenFlags.O_RDONLY)) {
            CancelTarget two = CancelTarget.userData(2);
            assertThat(Cancel.now(ring, two, Duration.ZERO)).isEqualTo(Outcome.NONE);
            for (int i = 1; i <= 3; i++) {
                Files.read(ring.next(), reader.fd(), arena.allocate(8), 0).userData(i);
            }
            assertThat(Completions.now(ring)).isEmpty();
            awaitTaken(ring);
            assertThat(Cancel.now(ring, two, LONG)).isEqualTo(Outcome.ENDED);
            assertThat(Completions.one(ring).userData()).isEqualTo(2);
            assertThat(Cancel.now(ring, CancelTarget.fd(reader.fd()).all(), LONG))
                    .isEqualTo(Outcome.ENDED);
            List<Completion> rest = Completions.some(ring, 2);
            assertThat(rest).allMatch(completion -> completion.failed(Errno.ECANCELED));
            assertThat(Cancel.now(ring, two, LONG)).isEqualTo(Outcome.NONE);
        }
    }

    /** With a poll thread, until it has taken what was submitted. */
    private static void awaitTaken(Ring ring) {
        while (ring.submissions().ready() > 0) {
            Thread.onSpinWait();
        }
    }

    @Test
    void shouldChooseByOp() throws Exception {
        Needs.kernel("6.6", "cancelling by op");
        try (Arena arena = Arena.ofShared();
                Fifo fifo = Fifo.in(directory);
                Ring ring = Ring.open(RingConfig.of(8));
                Opened reader = fifo.open(ring, OpenFlags.O_RDONLY)) {
            Files.read(ring.next(), reader.fd(), arena.allocate(8), 0).userData(1);
            ring.submit();
            assertThat(Cancel.now(ring, CancelTarget.opcode("IORING_OP_RECV"), LONG))
                    .isEqualTo(Outcome.NONE);
            assertThat(Cancel.now(ring, CancelTarget.opcode("IORING_OP_READ"), LONG))
                    .isEqualTo(Outcome.ENDED);
            assertThat(Completions.one(ring).failed(Errno.ECANCELED)).isTrue();
        }
    }

    @Test
    void shouldRefuseDescriptorsAndTimesThatAreNone() {
        Needs.kernel("6.0", "IORING_REGISTER_SYNC_CANCEL");
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            assertThatExceptionOfType(UringException.class)
                    .isThrownBy(() -> Cancel.now(ring, CancelTarget.fixedFd(7), LONG))
                    .withMessageContaining("EBADF");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Cancel.now(ring, CancelTarget.any(), Duration.ofSeconds(-1)));
        }
    }
}
