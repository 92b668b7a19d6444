package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.uring4j.Errno;
import org.uring4j.KernelVersion;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.Sqe;
import org.uring4j.UringException;
import org.uring4j.op.Files;
import org.uring4j.op.Nops;
import org.uring4j.op.OpenFlags;
import org.uring4j.op.SockAddr;
import org.uring4j.op.Sockets;
import org.uring4j.resource.FilterRule;
import org.uring4j.resource.NoNewPrivileges;
import org.uring4j.resource.OpcodeFilter;
import org.uring4j.resource.Restriction;
import org.uring4j.resource.Restrictions;
import org.uring4j.resource.SqeFlag;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Set;

/** {@code IORING_REGISTER_BPF_FILTER}, of a ring and of a thread. */
@Timeout(400)
class OpcodeFilterTest {
    private static final String NOP = "IORING_OP_NOP";
    private static final String CLOSE = "IORING_OP_CLOSE";
    private static final String SOCKET = "IORING_OP_SOCKET";
    private static final String OPENAT = "IORING_OP_OPENAT";
    private static final String OPENAT2 = "IORING_OP_OPENAT2";
    private static final String CONNECT = "IORING_OP_CONNECT";

    private static final long RETURN = 0x06;

    @TempDir private Path directory;

    private static void needFilters() {
        Needs.kernel("7.0", "IORING_REGISTER_BPF_FILTER");
    }

    private static Ring filtered(OpcodeFilter filter) {
        Ring ring = Ring.open(RingConfig.of(8));
        filter.register(ring);
        return ring;
    }

    /** Whether the request just written is denied; what it opened otherwise is closed again. */
    private static boolean denied(Ring ring, boolean opens) throws IOException {
        Completion completion = Completions.one(ring);
        if (opens && completion.result() >= 0) {
            try (Ring other = Ring.open(RingConfig.of(1))) {
                Net.close(other, completion.result());
            }
        }
        return completion.failed(Errno.EACCES);
    }

    private static boolean nopDenied(Ring ring) throws IOException {
        Nops.nop(ring.next());
        return denied(ring, false);
    }

    private static boolean closeDenied(Ring ring) throws IOException {
        Files.close(ring.next(), -1);
        return denied(ring, false);
    }

    private static boolean socketDenied(Ring ring, int family, int type) throws IOException {
        Sockets.socket(ring.next(), family, type | Sockets.SOCK_CLOEXEC, 0);
        return denied(ring, true);
    }

    @Test
    void shouldSayThatThisKernelHasNoFilters() throws Exception {
        KernelVersion running = KernelVersion.running();
        Needs.that(running.compareTo(KernelVersion.parse("7.0")) < 0, "this kernel has filters");
        try (Ring ring = Ring.open(RingConfig.of(4))) {
            assertThatThrownBy(() -> OpcodeFilter.none().denyRest().register(ring))
                    .isInstanceOf(UringException.class)
                    .hasMessageContaining("need Linux 7.0");
        }
        Apart.thread(
                () ->
                        assertThatThrownBy(() -> OpcodeFilter.none().deny(NOP).registerForThread())
                                .isInstanceOf(UringException.class)
                                .hasMessageContaining("need Linux 7.0"));
    }

    @Test
    void shouldDenyOneOp() throws Exception {
        needFilters();
        try (Ring ring = filtered(OpcodeFilter.none().deny(NOP));
                Ring other = Ring.open(RingConfig.of(4))) {
            assertThat(nopDenied(ring)).isTrue();
            assertThat(closeDenied(ring)).isFalse();
            assertThat(nopDenied(other)).isFalse();
        }
    }

    @Test
    void shouldDenyTheRest() throws Exception {
        needFilters();
        try (Ring ring = filtered(OpcodeFilter.none().allow(NOP).allow(SOCKET).denyRest())) {
            assertThat(nopDenied(ring)).isFalse();
            assertThat(socketDenied(ring, Sockets.AF_INET, Sockets.SOCK_STREAM)).isFalse();
            assertThat(closeDenied(ring)).isTrue();
        }
        try (Ring ring = filtered(OpcodeFilter.none().denyRest())) {
            assertThat(nopDenied(ring)).isTrue();
            assertThat(closeDenied(ring)).isTrue();
        }
    }

    @Test
    void shouldLookAtFlags() throws Exception {
        needFilters();
        FilterRule rule = FilterRule.flags(Set.of(SqeFlag.HARDLINK), Set.of(SqeFlag.ASYNC));
        try (Ring ring = filtered(OpcodeFilter.none().allow(NOP, rule))) {
            assertThat(nopDenied(ring)).isTrue();
            Nops.nop(ring.next()).async();
            assertThat(denied(ring, false)).isFalse();
            Nops.nop(ring.next()).async().hardlink();
            assertThat(denied(ring, false)).isFalse();
            Nops.nop(ring.next()).hardlink();
            assertThat(denied(ring, false)).isTrue();
            Nops.nop(ring.next()).async().drain();
            assertThat(denied(ring, false)).isTrue();
        }
    }

    @Test
    void shouldLookAtSockets() throws Exception {
        needFilters();
        FilterRule tcp = FilterRule.socket(Sockets.AF_INET, Sockets.SOCK_STREAM, FilterRule.ANY);
        FilterRule unix = FilterRule.socket(Sockets.AF_UNIX, FilterRule.ANY, 0);
        try (Ring ring = filtered(OpcodeFilter.none().allow(SOCKET, tcp).allow(SOCKET, unix))) {
            assertThat(socketDenied(ring, Sockets.AF_INET, Sockets.SOCK_STREAM)).isFalse();
            assertThat(socketDenied(ring, Sockets.AF_INET, Sockets.SOCK_DGRAM)).isTrue();
            assertThat(socketDenied(ring, Sockets.AF_INET6, Sockets.SOCK_STREAM)).isTrue();
            assertThat(socketDenied(ring, Sockets.AF_UNIX, Sockets.SOCK_DGRAM)).isFalse();
            assertThat(socketDenied(ring, Sockets.AF_UNIX, Sockets.SOCK_STREAM)).isFalse();
            Sockets.socket(ring.next(), Sockets.AF_UNIX, Sockets.SOCK_STREAM, 1);
            assertThat(denied(ring, true)).isTrue();
            Sockets.socketDirect(ring.next(), Sockets.AF_INET, Sockets.SOCK_DGRAM, 0, 0);
            assertThat(denied(ring, false)).isTrue();
        }
    }

    private boolean openDenied(Ring ring, Arena arena, int flags) throws IOException {
        Path path = directory.resolve("file");
        Files.openat(ring.next(), Files.AT_FDCWD, arena.allocateFrom(path.toString()), flags, 0600);
        return denied(ring, true);
    }

    @Test
    void shouldLookAtHowFilesAreOpened() throws Exception {
        needFilters();
        FilterRule create = FilterRule.openToWrite().requiring(OpenFlags.O_CREAT);
        try (Arena arena = Arena.ofShared();
                Ring ring =
                        filtered(
                                OpcodeFilter.none()
                                        .allow(OPENAT, FilterRule.openToRead(), create))) {
            assertThat(openDenied(ring, arena, OpenFlags.O_WRONLY | OpenFlags.O_CREAT)).isFalse();
            assertThat(openDenied(ring, arena, OpenFlags.O_RDONLY)).isFalse();
            assertThat(openDenied(ring, arena, OpenFlags.O_RDWR)).isTrue();
            assertThat(openDenied(ring, arena, OpenFlags.O_WRONLY)).isTrue();
            assertThat(openDenied(ring, arena, OpenFlags.O_RDONLY | OpenFlags.O_DIRECT)).isTrue();
            assertThat(openDenied(ring, arena, OpenFlags.O_RDWR | OpenFlags.O_CREAT)).isTrue();
        }
    }

    private static Sqe openBeneath(Ring ring, Arena arena, int fd, String name, long resolve) {
        MemorySegment how = OpenFlags.how(arena, OpenFlags.O_RDONLY, 0, resolve);
        return Files.openat2(ring.next(), fd, arena.allocateFrom(name), how);
    }

    @Test
    void shouldLookAtHowPathsAreResolved() throws Exception {
        needFilters();
        java.nio.file.Files.createFile(directory.resolve("inside"));
        FilterRule beneath =
                FilterRule.openToRead()
                        .allowingResolve(OpenFlags.RESOLVE_NO_SYMLINKS)
                        .requiringResolve(OpenFlags.RESOLVE_BENEATH);
        try (Arena arena = Arena.ofShared();
                Ring ring = Ring.open(RingConfig.of(8));
                Opened root = Opened.open(ring, directory, OpenFlags.O_DIRECTORY);
                Ring jail =
                        filtered(
                                OpcodeFilter.none()
                                        .allow(OPENAT, beneath)
                                        .allow(OPENAT2, beneath))) {
            openBeneath(jail, arena, root.fd(), "inside", OpenFlags.RESOLVE_BENEATH);
            assertThat(denied(jail, true)).isFalse();
            openBeneath(
                    jail,
                    arena,
                    root.fd(),
                    "inside",
                    OpenFlags.RESOLVE_BENEATH | OpenFlags.RESOLVE_NO_SYMLINKS);
            assertThat(denied(jail, true)).isFalse();
            openBeneath(jail, arena, root.fd(), "../inside", OpenFlags.RESOLVE_BENEATH);
            assertThat(Completions.one(jail).failed(Errno.EXDEV)).isTrue();
            openBeneath(jail, arena, root.fd(), "inside", 0);
            assertThat(denied(jail, true)).isTrue();
            openBeneath(
                    jail,
                    arena,
                    root.fd(),
                    "inside",
                    OpenFlags.RESOLVE_BENEATH | OpenFlags.RESOLVE_NO_XDEV);
            assertThat(denied(jail, true)).isTrue();
            assertThat(openDenied(jail, arena, OpenFlags.O_RDONLY)).isTrue();
        }
    }

    private static boolean connectDenied(Ring ring, Arena arena, String address, int port)
            throws IOException {
        InetSocketAddress target = new InetSocketAddress(InetAddress.ofLiteral(address), port);
        try (Ring other = Ring.open(RingConfig.of(4))) {
            boolean four = target.getAddress().getAddress().length == 4;
            int family = four ? Sockets.AF_INET : Sockets.AF_INET6;
            int fd = Net.socket(other, family, Sockets.SOCK_STREAM);
            Sockets.connect(ring.next(), fd, SockAddr.of(arena, target));
            boolean denied = denied(ring, false);
            Net.close(other, fd);
            return denied;
        }
    }

    @Test
    void shouldLookAtWhereSocketsConnectTo() throws Exception {
        Needs.kernel("7.2", "filtering connects");
        FilterRule four = FilterRule.connect(InetAddress.ofLiteral("127.1.0.0"), 16, 10, 20);
        FilterRule six = FilterRule.connect(new InetSocketAddress(InetAddress.ofLiteral("::1"), 7));
        try (Arena arena = Arena.ofShared();
                Ring ring = filtered(OpcodeFilter.none().allow(CONNECT, four, six))) {
            // Nobody listens there: what is allowed is refused by the other side.
            assertThat(connectDenied(ring, arena, "127.1.0.0", 10)).isFalse();
            assertThat(connectDenied(ring, arena, "127.1.255.255", 20)).isFalse();
            assertThat(connectDenied(ring, arena, "127.1.2.3", 9)).isTrue();
            assertThat(connectDenied(ring, arena, "127.1.2.3", 21)).isTrue();
            assertThat(connectDenied(ring, arena, "127.2.0.0", 15)).isTrue();
            assertThat(connectDenied(ring, arena, "127.0.0.1", 15)).isTrue();
            assertThat(connectDenied(ring, arena, "::1", 7)).isFalse();
            assertThat(connectDenied(ring, arena, "::1", 8)).isTrue();
            assertThat(connectDenied(ring, arena, "::2", 7)).isTrue();
        }
    }

    @Test
    void shouldOnlyTighten() throws Exception {
        needFilters();
        try (Ring ring = filtered(OpcodeFilter.none().allow(NOP).allow(CLOSE).denyRest())) {
            OpcodeFilter.none().allow(SOCKET).register(ring);
            assertThat(socketDenied(ring, Sockets.AF_INET, Sockets.SOCK_STREAM)).isTrue();
            assertThat(closeDenied(ring)).isFalse();
            // What an earlier filter has named is rest to a later one all the same.
            OpcodeFilter.none().allow(NOP).denyRest().register(ring);
            assertThat(closeDenied(ring)).isTrue();
            assertThat(nopDenied(ring)).isFalse();
            OpcodeFilter.none().deny(NOP).register(ring);
            OpcodeFilter.none().allow(NOP).register(ring);
            assertThat(nopDenied(ring)).isTrue();
        }
    }

    @Test
    void shouldHoldForRingsOpenedLaterByTheThreadAndItsChildren() throws Exception {
        needFilters();
        Apart.thread(
                () -> {
                    try (Ring before = Ring.open(RingConfig.of(8))) {
                        OpcodeFilter.none().allow(NOP).denyRest().registerForThread();
                        assertThat(closeDenied(before)).isFalse();
                    }
                    checkThatOnlyNopWorks();
                    Apart.thread(OpcodeFilterTest::checkThatOnlyNopWorks);
                    assertThat(Apart.process(RestrictedChild.class))
                            .isEqualTo("nop=ok close=EACCES known=true");
                    // The child's own filters add to its parent's.
                    Apart.thread(
                            () -> {
                                OpcodeFilter.none().allow(CLOSE).registerForThread();
                                checkThatOnlyNopWorks();
                                OpcodeFilter.none().deny(NOP).registerForThread();
                                try (Ring ring = Ring.open(RingConfig.of(8))) {
                                    assertThat(nopDenied(ring)).isTrue();
                                }
                            });
                    checkThatOnlyNopWorks();
                });
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            assertThat(closeDenied(ring)).isFalse();
        }
    }

    private static void checkThatOnlyNopWorks() throws IOException {
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            assertThat(nopDenied(ring)).isFalse();
            assertThat(closeDenied(ring)).isTrue();
            assertThat(socketDenied(ring, Sockets.AF_INET, Sockets.SOCK_STREAM)).isTrue();
        }
    }

    @Test
    void shouldAddToRestrictions() throws Exception {
        needFilters();
        Apart.thread(
                () -> {
                    NoNewPrivileges.set();
                    Restrictions.registerForThread(
                            Restriction.op(NOP),
                            Restriction.op(CLOSE),
                            Restriction.registerOp("IORING_REGISTER_BPF_FILTER"));
                    OpcodeFilter.none().deny(CLOSE).registerForThread();
                    try (Ring ring = filtered(OpcodeFilter.none().allow(SOCKET))) {
                        assertThat(nopDenied(ring)).isFalse();
                        assertThat(closeDenied(ring)).isTrue();
                        assertThat(socketDenied(ring, Sockets.AF_INET, Sockets.SOCK_STREAM))
                                .isTrue();
                    }
                });
        try (Ring ring = Ring.open(RingConfig.of(8).disabled())) {
            Restrictions.register(ring, Restriction.op(NOP));
            ring.enable();
            assertThatThrownBy(() -> OpcodeFilter.none().deny(NOP).register(ring))
                    .isInstanceOf(UringException.class)
                    .hasMessageContaining("restrictions forbid");
        }
    }

    @Test
    void shouldRunProgramsAsGiven() throws Exception {
        needFilters();
        long loadUserData = 0x20;
        long ifSeven = 0x07_0100_0015L | 7L << 32;
        OpcodeFilter filter =
                OpcodeFilter.none()
                        .program(NOP, 0, loadUserData, ifSeven, RETURN | 1L << 32, RETURN);
        try (Ring ring = filtered(filter)) {
            Nops.nop(ring.next()).userData(7);
            assertThat(denied(ring, false)).isFalse();
            Nops.nop(ring.next()).userData(8);
            assertThat(denied(ring, false)).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0x28, 0x0000_0028_0000_0020L, 0x0000_0005_0000_0005L, 0x15, 0xffff})
    void shouldRefuseAMalformedProgramBeforeTheKernelSeesIt(long instruction) {
        long wrong = instruction == 0x15 ? 0x0500_0015L : instruction;
        assertThatIllegalArgumentException()
                .isThrownBy(() -> OpcodeFilter.none().program(NOP, 0, wrong, RETURN))
                .withMessageContaining("at=0");
    }

    @Test
    void shouldRegisterNothingWhenTheKernelKnowsLess() throws Exception {
        needFilters();
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            OpcodeFilter filter = OpcodeFilter.none().deny(NOP).program(SOCKET, 200, RETURN);
            assertThatThrownBy(() -> filter.register(ring))
                    .isInstanceOfSatisfying(
                            UringException.class,
                            e -> assertThat(e.errno()).isEqualTo(Errno.EMSGSIZE))
                    .hasMessageContaining("op=IORING_OP_SOCKET needed=200 bytes=12");
            assertThat(nopDenied(ring)).isFalse();
        }
    }

    @Test
    void shouldTellWhenTheKernelKnowsMore() throws Exception {
        needFilters();
        OpcodeFilter four = OpcodeFilter.none().program(SOCKET, 4, RETURN);
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            assertThatThrownBy(() -> four.strict().register(ring))
                    .isInstanceOfSatisfying(
                            UringException.class,
                            e -> assertThat(e.errno()).isEqualTo(Errno.EMSGSIZE))
                    .hasMessageContaining("op=IORING_OP_SOCKET needed=4 bytes=12");
            assertThat(socketDenied(ring, Sockets.AF_INET, Sockets.SOCK_STREAM)).isFalse();
            OpcodeFilter.none().program(SOCKET, 12, RETURN).strict().register(ring);
            assertThat(socketDenied(ring, Sockets.AF_INET, Sockets.SOCK_STREAM)).isTrue();
        }
        FilterRule tcp = FilterRule.socket(Sockets.AF_INET, FilterRule.ANY, FilterRule.ANY);
        try (Ring ring = filtered(OpcodeFilter.none().allow(SOCKET, tcp).strict().denyRest())) {
            assertThat(socketDenied(ring, Sockets.AF_INET, Sockets.SOCK_STREAM)).isFalse();
        }
        try (Ring ring = filtered(four)) {
            assertThat(socketDenied(ring, Sockets.AF_INET, Sockets.SOCK_STREAM)).isTrue();
        }
    }

    @Test
    void shouldRefuseRulesOfOtherOps() {
        OpcodeFilter none = OpcodeFilter.none();
        FilterRule rule = FilterRule.openToRead();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> none.allow(SOCKET, rule))
                .withMessageContaining("op=IORING_OP_SOCKET");
        FilterRule both = rule.and(FilterRule.connect(Sockets.AF_INET));
        assertThatIllegalArgumentException().isThrownBy(() -> none.allow(CONNECT, both));
        assertThatIllegalArgumentException().isThrownBy(() -> none.allow("IORING_OP_FLY"));
        OpcodeFilter program = none.program(SOCKET, 0, RETURN);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> program.allow(SOCKET, FilterRule.socket(Sockets.AF_INET, 1, 0)));
    }
}
