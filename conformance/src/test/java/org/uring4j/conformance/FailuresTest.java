package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.Sqe;
import org.uring4j.op.Advice;
import org.uring4j.op.ExtendedAttributes;
import org.uring4j.op.FileAttributes;
import org.uring4j.op.FileSpace;
import org.uring4j.op.FileSystem;
import org.uring4j.op.Files;
import org.uring4j.op.Nops;
import org.uring4j.op.Pipes;
import org.uring4j.op.Processes;
import org.uring4j.op.Statx;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Which failures count as such: they end the chain the request is in, and are told although it
 * skips its completion. Of many ops that always run in a worker thread the kernel forgets it.
 */
class FailuresTest {
    private static final int NO_FD = 1_000_000;

    /** Encodes a request. */
    private interface Request {
        Sqe encode(Sqe sqe, int fd);
    }

    /** Requests that fail with any descriptor, but not for want of one, which always counts. */
    // The functions capture nothing.
    @SuppressWarnings("ImmutableEnumChecker")
    enum Failing {
        OPENAT(true, "5.6", (sqe, fd) -> Files.openat(sqe, Files.AT_FDCWD, none(), 0, 0)),
        FADVISE(true, "5.6", (sqe, fd) -> Advice.fadvise(sqe, fd, 0, 0, 77)),
        SPLICE(true, "5.7", (sqe, fd) -> Pipes.splice(sqe, NO_FD, 0, NO_FD, 0, 1, 0)),
        WAITID(
                true,
                "6.7",
                (sqe, fd) -> Processes.waitid(sqe, Processes.P_PID, 1, Processes.WEXITED)),
        RENAMEAT(false, "5.11", (sqe, fd) -> FileSystem.rename(sqe, none(), none())),
        UNLINKAT(false, "5.11", (sqe, fd) -> FileSystem.unlink(sqe, none())),
        MKDIRAT(false, "5.15", (sqe, fd) -> FileSystem.mkdir(sqe, none(), 0755)),
        SYMLINKAT(false, "5.15", (sqe, fd) -> FileSystem.symlink(sqe, none(), none())),
        LINKAT(false, "5.15", (sqe, fd) -> FileSystem.link(sqe, none(), none(), 0)),
        STATX(
                false,
                "5.6",
                (sqe, fd) -> {
                    Statx answer = Statx.allocate(Arena.global());
                    return FileAttributes.statx(sqe, Files.AT_FDCWD, none(), 0, 0, answer);
                }),
        SETXATTR(
                false,
                "5.19",
                (sqe, fd) -> ExtendedAttributes.setxattr(sqe, none(), none(), none(), 0)),
        GETXATTR(
                false,
                "5.19",
                (sqe, fd) -> ExtendedAttributes.getxattr(sqe, none(), none(), none())),
        FALLOCATE(false, "5.6", (sqe, fd) -> FileSpace.fallocate(sqe, fd, 0, 0, 0)),
        FTRUNCATE(false, "6.9", (sqe, fd) -> FileSpace.ftruncate(sqe, fd, -1)),
        SYNC_FILE_RANGE(false, "5.2", (sqe, fd) -> FileSpace.syncFileRange(sqe, fd, -1, 1, 0)),
        FSYNC(false, "5.1", (sqe, fd) -> Files.fsync(sqe, fd, 0)),
        MADVISE(false, "5.6", (sqe, fd) -> Advice.madvise(sqe, MemorySegment.NULL, 77));

        private final boolean counts;
        private final String since;
        private final Request request;

        Failing(boolean counts, String since, Request request) {
            this.counts = counts;
            this.since = since;
            this.request = request;
        }

        private static MemorySegment none() {
            return Arena.global().allocateFrom("/none/none");
        }
    }

    @ParameterizedTest
    @EnumSource(Failing.class)
    void shouldCountOrNot(Failing failing) {
        Needs.kernel("5.17", "IOSQE_CQE_SKIP_SUCCESS");
        Needs.kernel(failing.since, "IORING_OP_" + failing);
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            // A ring is a file that can do next to nothing.
            failing.request.encode(ring.next(), ring.fd()).userData(1).link();
            Nops.nop(ring.next()).userData(2);
            List<Completion> all = Completions.some(ring, 2);
            assertThat(all.getFirst().result()).isNegative();
            assertThat(all.getLast().result() < 0).as("the chain ends").isEqualTo(failing.counts);

            failing.request.encode(ring.next(), ring.fd()).skipSuccess().hardlink();
            Nops.nop(ring.next()).userData(3);
            all = Completions.until(ring, c -> c.userData() == 3);
            assertThat(all.size() == 2).as("the failure is told").isEqualTo(failing.counts);
        }
    }
}
