package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.uring4j.op.Processes.P_ALL;
import static org.uring4j.op.Processes.P_PGID;
import static org.uring4j.op.Processes.P_PID;
import static org.uring4j.op.Processes.P_PIDFD;
import static org.uring4j.op.Processes.WCONTINUED;
import static org.uring4j.op.Processes.WEXITED;
import static org.uring4j.op.Processes.WNOHANG;
import static org.uring4j.op.Processes.WNOWAIT;
import static org.uring4j.op.Processes.WSTOPPED;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.Cancel;
import org.uring4j.op.Files;
import org.uring4j.op.Nops;
import org.uring4j.op.Processes;
import org.uring4j.op.SigInfo;

import java.lang.foreign.Arena;
import java.util.List;

/** {@code IORING_OP_WAITID}. */
class ProcessesTest {
    private static final int SIGKILL = 9;
    private static final int SIGCHLD = 17;
    private static final int SIGCONT = 18;
    private static final int SIGSTOP = 19;

    private final Arena arena = Arena.ofAuto();
    private final SigInfo info = SigInfo.allocate(arena);

    @BeforeEach
    void need() {
        Needs.kernel("6.7", "IORING_OP_WAITID");
    }

    /** A child process that only a signal ends. */
    private record Child(Ring ring, int pid) implements AutoCloseable {
        static Child start(Ring ring) {
            return new Child(ring, Libc.spawn("/bin/sleep", "1000"));
        }

        void signal(int signal) {
            assertThat(Libc.call("kill", pid, signal)).isZero();
        }

        /** Ends it, if no test has. */
        @Override
        public void close() {
            Processes.waitid(ring.next(), P_PID, pid, WEXITED | WNOHANG | WNOWAIT);
            if (!Completions.one(ring).failed(Errno.ECHILD)) {
                signal(SIGKILL);
                Processes.waitid(ring.next(), P_PID, pid, WEXITED);
                assertThat(Completions.one(ring).result()).isZero();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldTellOfEnd(RingMode mode) {
        try (Ring ring = mode.open(4)) {
            int pid = Libc.spawn("/bin/sh", "-c", "kill -STOP $$; exit 7");
            Processes.waitid(ring.next(), P_PID, pid, info, WSTOPPED).userData(1);
            assertThat(Completions.one(ring)).isEqualTo(new Completion(1, 0, 0));
            assertHappened(pid, SigInfo.CLD_STOPPED, SIGSTOP);

            Processes.waitid(ring.next(), P_PID, pid, info, WEXITED).userData(2);
            assertThat(Completions.now(ring)).isEmpty();
            assertThat(Libc.call("kill", pid, SIGCONT)).isZero();
            assertThat(Completions.one(ring)).isEqualTo(new Completion(2, 0, 0));
            assertHappened(pid, SigInfo.CLD_EXITED, 7);

            Processes.waitid(ring.next(), P_PID, pid, info, WEXITED);
            assertThat(Completions.one(ring).failed(Errno.ECHILD)).isTrue();
        }
    }

    @Test
    void shouldTellOfSignals() {
        try (Ring ring = Ring.open(RingConfig.of(4));
                Child child = Child.start(ring)) {
            int pid = child.pid();
            Processes.waitid(ring.next(), P_PID, pid, info, WSTOPPED | WCONTINUED | WEXITED);
            assertThat(Completions.now(ring)).isEmpty();
            child.signal(SIGSTOP);
            assertThat(Completions.one(ring).result()).isZero();
            assertHappened(pid, SigInfo.CLD_STOPPED, SIGSTOP);

            child.signal(SIGCONT);
            Processes.waitid(ring.next(), P_PID, pid, info, WCONTINUED);
            assertThat(Completions.one(ring).result()).isZero();
            assertHappened(pid, SigInfo.CLD_CONTINUED, SIGCONT);

            child.signal(SIGKILL);
            Processes.waitid(ring.next(), P_PID, pid, info, WEXITED | WNOWAIT);
            assertThat(Completions.one(ring).result()).isZero();
            assertHappened(pid, SigInfo.CLD_KILLED, SIGKILL);
            Processes.waitid(ring.next(), P_PGID, 0, info, WEXITED);
            assertThat(Completions.one(ring).result()).as("left as it was").isZero();
            assertHappened(pid, SigInfo.CLD_KILLED, SIGKILL);
        }
    }

    @Test
    void shouldWaitByDescriptor() {
        Needs.that(Libc.has("pidfd_open"), "the C library has no pidfd_open");
        try (Ring ring = Ring.open(RingConfig.of(4));
                Child child = Child.start(ring)) {
            int fd = Libc.call("pidfd_open", child.pid(), 0);
            Processes.waitid(ring.next(), P_PIDFD, fd, info, WEXITED).async();
            assertThat(Completions.now(ring)).isEmpty();
            child.signal(SIGKILL);
            assertThat(Completions.one(ring).result()).isZero();
            assertHappened(child.pid(), SigInfo.CLD_KILLED, SIGKILL);
            Files.close(ring.next(), fd);
            assertThat(Completions.one(ring).result()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldNotWaitWhenToldSo(RingMode mode) {
        try (Ring ring = mode.open(8);
                Child child = Child.start(ring)) {
            int options = WEXITED | WNOHANG;
            Processes.waitid(ring.next(), P_PID, child.pid(), info, options).userData(1).link();
            Nops.nop(ring.next()).userData(2);
            assertThat(Completions.some(ring, 2))
                    .containsExactly(new Completion(1, 0, 0), new Completion(2, 0, 0));
            assertThat(info.pid()).isZero();
            assertThat(info.signal()).isZero();
            Processes.waitid(ring.next(), P_PID, child.pid(), options).skipSuccess();
            Nops.nop(ring.next()).userData(3);
            assertThat(Completions.one(ring).userData()).isEqualTo(3);
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldBeCancelled(RingMode mode) {
        try (Ring ring = mode.open(4);
                Child child = Child.start(ring)) {
            Processes.waitid(ring.next(), P_PID, child.pid(), info, WEXITED).userData(1);
            assertThat(Completions.now(ring)).isEmpty();
            Cancel.cancel(ring.next(), 1).userData(2);
            List<Completion> all = Completions.some(ring, 2);
            // Some kernels tell how many were cancelled.
            assertThat(all).anyMatch(c -> c.userData() == 2 && c.result() >= 0);
            assertThat(all).contains(new Completion(1, -Errno.ECANCELED.number(), 0));
        }
    }

    @Test
    void shouldTellErrors() {
        try (Ring ring = Ring.open(RingConfig.of(4))) {
            Processes.waitid(ring.next(), P_PID, 1, info, WEXITED);
            assertThat(Completions.one(ring).failed(Errno.ECHILD)).as("not a child").isTrue();
            Processes.waitid(ring.next(), P_ALL, 0, info, 0);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).as("no option").isTrue();
            Processes.waitid(ring.next(), P_ALL, 0, info, WEXITED | 1 << 20);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).as("option").isTrue();
            Processes.waitid(ring.next(), 77, 0, info, WEXITED);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).as("kind").isTrue();
            Processes.waitid(ring.next(), P_PID, 0, info, WEXITED);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).as("no process").isTrue();
            Processes.waitid(ring.next(), P_PIDFD, 1_000_000, info, WEXITED);
            assertThat(Completions.one(ring).failed(Errno.EBADF)).isTrue();
        }
    }

    private void assertHappened(int pid, int code, int status) {
        assertThat(info.signal()).isEqualTo(SIGCHLD);
        assertThat(info.pid()).isEqualTo(pid);
        assertThat(info.code()).isEqualTo(code);
        assertThat(info.status()).isEqualTo(status);
        assertThat(info.uid()).isNotNegative();
    }

    @Test
    void shouldTellKindsOfChildrenApart() {
        try (Ring ring = Ring.open(RingConfig.of(4));
                Child child = Child.start(ring)) {
            Processes.waitid(ring.next(), P_PID, child.pid(), WEXITED | Processes.WCLONE);
            assertThat(Completions.one(ring).failed(Errno.ECHILD)).isTrue();
            child.signal(SIGKILL);
            int any = WEXITED | Processes.WALL | Processes.WNOTHREAD;
            Processes.waitid(ring.next(), P_PID, child.pid(), info, any);
            assertThat(Completions.one(ring).result()).isZero();
            assertThat(info.pid()).isEqualTo(child.pid());
        }
    }
}
