package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Cqe;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.UringException;
import org.uring4j.Waker;
import org.uring4j.op.Files;
import org.uring4j.op.Messages;
import org.uring4j.op.Nops;
import org.uring4j.op.Timeouts;
import org.uring4j.op.Timespec;
import org.uring4j.resource.NoNewPrivileges;
import org.uring4j.resource.RegisteredBuffers;
import org.uring4j.resource.RegisteredFiles;
import org.uring4j.resource.Restriction;
import org.uring4j.resource.Restrictions;
import org.uring4j.resource.SqeFlag;

import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.List;

/**
 * {@code IORING_REGISTER_RESTRICTIONS}, of a ring and of a thread; {@code
 * IORING_REGISTER_ENABLE_RINGS}. A restricted thread without {@code IORING_REGISTER_SEND_MSG_RING}.
 */
@Timeout(400)
class RestrictionsTest {
    private static final Restriction NOP = Restriction.op("IORING_OP_NOP");

    private static Ring restricted(Restriction... allowed) {
        Ring ring = Ring.open(RingConfig.of(8).disabled());
        Restrictions.register(ring, allowed);
        ring.enable();
        return ring;
    }

    private static boolean nopDenied(Ring ring, SqeFlag... flags) {
        var sqe = Nops.nop(ring.next());
        for (SqeFlag flag : flags) {
            switch (flag) {
                case DRAIN -> sqe.drain();
                case HARDLINK -> sqe.hardlink();
                case LINK -> sqe.link();
                case ASYNC -> sqe.async();
                case FIXED_FILE -> sqe.fixedFile();
                case BUFFER_GROUP -> sqe.bufferGroup(1);
                case SKIP_SUCCESS -> sqe.skipSuccess();
            }
        }
        Completion completion = Completions.one(ring);
        assertThat(completion.result()).isIn(0, -Errno.EACCES.number());
        return completion.failed(Errno.EACCES);
    }

    /** An op that is never named here. */
    private static boolean closeDenied(Ring ring) {
        Files.close(ring.next(), -1);
        Completion completion = Completions.one(ring);
        assertThat(completion.result()).isIn(-Errno.EBADF.number(), -Errno.EACCES.number());
        return completion.failed(Errno.EACCES);
    }

    @ParameterizedTest
    @EnumSource(
            value = RingMode.class,
            names = {"DEFAULT", "SHARED", "POLLED", "CQE32"})
    void shouldDenyOpsThatAreNotNamed(RingMode mode) {
        try (Ring ring = Ring.open(mode.config(8).disabled())) {
            Restrictions.register(ring, NOP);
            ring.enable();
            assertThat(nopDenied(ring)).isFalse();
            assertThat(closeDenied(ring)).isTrue();
        }
    }

    @Test
    void shouldDenyEverythingWhenNothingIsNamed() {
        try (Ring ring = restricted()) {
            assertThat(nopDenied(ring)).isTrue();
            assertThatThrownBy(() -> RegisteredFiles.sparse(ring, 1))
                    .isInstanceOf(UringException.class)
                    .hasMessageContaining("restrictions forbid");
        }
    }

    @Test
    void shouldDenyOpsWhenOnlyRegistrationsAreNamed() {
        try (Ring ring = restricted(Restriction.registerOp("IORING_REGISTER_FILES2"))) {
            assertThat(nopDenied(ring)).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = SqeFlag.class,
            names = {"DRAIN", "ASYNC", "LINK", "HARDLINK"})
    void shouldAllowTheNamedFlagsOnly(SqeFlag flag) {
        try (Ring ring = restricted(NOP, Restriction.allowed(flag))) {
            assertThat(nopDenied(ring)).isFalse();
            assertThat(nopDenied(ring, flag)).isFalse();
        }
        SqeFlag other = flag == SqeFlag.ASYNC ? SqeFlag.DRAIN : SqeFlag.ASYNC;
        try (Ring ring = restricted(NOP, Restriction.allowed(flag))) {
            assertThat(nopDenied(ring, other)).isTrue();
        }
        try (Ring ring = restricted(NOP, Restriction.allowed(flag))) {
            assertThat(nopDenied(ring, flag, other)).isTrue();
        }
        try (Ring ring = restricted(NOP)) {
            assertThat(nopDenied(ring, flag)).isTrue();
        }
    }

    @Test
    void shouldRequireFlags() {
        try (Ring ring = restricted(NOP, Restriction.required(SqeFlag.ASYNC))) {
            assertThat(nopDenied(ring)).isTrue();
            assertThat(nopDenied(ring, SqeFlag.ASYNC)).isFalse();
            assertThat(nopDenied(ring, SqeFlag.ASYNC, SqeFlag.DRAIN)).isTrue();
        }
        try (Ring ring =
                restricted(
                        NOP,
                        Restriction.required(SqeFlag.ASYNC),
                        Restriction.allowed(SqeFlag.DRAIN))) {
            assertThat(nopDenied(ring, SqeFlag.ASYNC)).isFalse();
            assertThat(nopDenied(ring, SqeFlag.ASYNC, SqeFlag.DRAIN)).isFalse();
            assertThat(nopDenied(ring, SqeFlag.DRAIN)).isTrue();
        }
    }

    @Test
    void shouldDenyRegistrationsThatAreNotNamed() {
        try (Arena arena = Arena.ofShared();
                Ring ring =
                        restricted(
                                Restriction.registerOp("IORING_REGISTER_FILES2"),
                                Restriction.registerOp("IORING_UNREGISTER_FILES"))) {
            RegisteredFiles.sparse(ring, 4).close();
            assertThatThrownBy(() -> RegisteredBuffers.register(ring, arena.allocate(4096)))
                    .isInstanceOf(UringException.class)
                    .hasMessageContaining("EACCES")
                    .hasMessageContaining("IORING_REGISTER_BUFFERS2");
        }
    }

    @Test
    void shouldKeepWhatWasRegisteredBefore() {
        try (Ring ring = Ring.open(RingConfig.of(8).disabled())) {
            RegisteredFiles files = RegisteredFiles.sparse(ring, 4);
            Restrictions.register(ring, NOP);
            ring.enable();
            assertThatThrownBy(files::close)
                    .isInstanceOf(UringException.class)
                    .hasMessageContaining("EACCES");
        }
    }

    @Test
    void shouldCloseWithRequestsInFlightWhenCancellingIsARequestOnly() {
        Restriction timeout = Restriction.op("IORING_OP_TIMEOUT");
        Restriction cancel = Restriction.op("IORING_OP_ASYNC_CANCEL");
        try (Arena arena = Arena.ofShared()) {
            Ring ring = restricted(timeout, cancel);
            Timespec day = Timespec.of(arena, Duration.ofDays(1));
            Timeouts.timeout(ring.next(), day, 0, 0);
            ring.submit();
            assertThat(ring.inFlight()).isEqualTo(1);
            ring.close();
        }
    }

    @Test
    void shouldRefuseRestrictingTwiceOrTooLate() {
        try (Ring ring = Ring.open(RingConfig.of(8).disabled())) {
            Restrictions.register(ring, NOP);
            assertThatThrownBy(() -> Restrictions.register(ring, NOP))
                    .isInstanceOfSatisfying(
                            UringException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EBUSY))
                    .hasMessageContaining("restricted already");
        }
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            assertThatThrownBy(() -> Restrictions.register(ring, NOP))
                    .isInstanceOfSatisfying(
                            UringException.class,
                            e -> assertThat(e.errno()).isEqualTo(Errno.EBADFD))
                    .hasMessageContaining("disabled()");
        }
    }

    @Test
    void shouldRefuseNamesNobodyKnows() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Restriction.op("IORING_OP_FLY"))
                .withMessageContaining("IORING_OP_FLY");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Restriction.registerOp("IORING_OP_NOP"));
    }

    @Test
    void shouldNotRestrictVirtualThreads() throws Exception {
        Thread thread =
                Thread.ofVirtual()
                        .start(
                                () ->
                                        assertThatIllegalStateException()
                                                .isThrownBy(
                                                        () -> Restrictions.registerForThread(NOP))
                                                .withMessageContaining("virtual"));
        assertThat(thread.join(Duration.ofSeconds(10))).isTrue();
    }

    @Test
    void shouldSayThatThisKernelCannotRestrictThreads() throws Exception {
        Needs.that(!threads(), "this kernel restricts threads");
        Apart.thread(
                () ->
                        assertThatThrownBy(() -> Restrictions.registerForThread(NOP))
                                .isInstanceOf(UringException.class)
                                .hasMessageContaining("needs Linux 7.0"));
    }

    private static boolean threads() {
        return org.uring4j.KernelVersion.running().compareTo(org.uring4j.KernelVersion.parse("7.0"))
                >= 0;
    }

    @Test
    void shouldRestrictRingsOpenedLaterByTheThreadAndItsChildren() throws Exception {
        Needs.kernel("7.0", "restricting threads");
        Apart.thread(
                () -> {
                    try (Ring before = Ring.open(RingConfig.of(8))) {
                        Restrictions.registerForThread(NOP, Restriction.allowed(SqeFlag.ASYNC));
                        assertThat(closeDenied(before)).isFalse();
                    }
                    checkThatOnlyNopWorks();
                    Apart.thread(RestrictionsTest::checkThatOnlyNopWorks);
                    assertThat(Apart.process(RestrictedChild.class))
                            .isEqualTo("nop=ok close=EACCES known=true");
                });
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            assertThat(closeDenied(ring)).isFalse();
        }
    }

    @Test
    void shouldSayThatAThreadMayNotSendMessages() throws Exception {
        Needs.kernel("7.3", "restrictions of threads that hold where no ring is named");
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            Waker waker = ring.waker(1);
            Apart.thread(
                    () -> {
                        Restrictions.registerForThread(NOP);
                        assertThatThrownBy(() -> Messages.send(ring.fd(), 1, 2, Cqe.F_MORE))
                                .hasMessageContaining("EACCES")
                                .hasMessageContaining("the restrictions of this thread forbid it");
                        assertThatThrownBy(waker::wake)
                                .hasMessageContaining("EACCES")
                                .hasMessageContaining("the restrictions of this thread forbid it");
                    });
            assertThat(Completions.now(ring)).isEmpty();
        }
    }

    @Test
    void shouldNotRestrictAThreadTwice() throws Exception {
        Needs.kernel("7.0", "restricting threads");
        Apart.thread(
                () -> {
                    NoNewPrivileges.set();
                    Restrictions.registerForThread(NOP);
                    assertThatThrownBy(() -> Restrictions.registerForThread(NOP))
                            .isInstanceOfSatisfying(
                                    UringException.class,
                                    e -> assertThat(e.errno()).isIn(Errno.EPERM, Errno.EACCES))
                            .hasMessageContaining("already");
                    try (Ring ring = Ring.open(RingConfig.of(8).disabled())) {
                        assertThatThrownBy(() -> Restrictions.register(ring, NOP))
                                .isInstanceOf(UringException.class)
                                .hasMessageContaining("its thread, is restricted already");
                    }
                });
    }

    @Test
    void shouldPromiseNoNewPrivileges() throws Exception {
        Apart.thread(
                () -> {
                    assertThat(noNewPrivileges()).isEqualTo("0");
                    NoNewPrivileges.set();
                    assertThat(noNewPrivileges()).isEqualTo("1");
                });
        assertThat(noNewPrivileges()).isEqualTo("0");
    }

    private static String noNewPrivileges() throws Exception {
        List<String> lines =
                java.nio.file.Files.readAllLines(java.nio.file.Path.of("/proc/thread-self/status"));
        return lines.stream()
                .filter(line -> line.startsWith("NoNewPrivs:"))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst()
                .orElseThrow();
    }

    private static void checkThatOnlyNopWorks() {
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            assertThat(nopDenied(ring)).isFalse();
            assertThat(nopDenied(ring, SqeFlag.ASYNC)).isFalse();
            assertThat(closeDenied(ring)).isTrue();
            assertThatThrownBy(() -> RegisteredFiles.sparse(ring, 1))
                    .isInstanceOf(UringException.class)
                    .hasMessageContaining("EACCES");
        }
    }
}
