package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.uring4j.op.SocketOptions.SOF_TIMESTAMPING_OPT_ID;
import static org.uring4j.op.SocketOptions.SOF_TIMESTAMPING_OPT_ID_TCP;
import static org.uring4j.op.SocketOptions.SOF_TIMESTAMPING_OPT_TSONLY;
import static org.uring4j.op.SocketOptions.SOF_TIMESTAMPING_SOFTWARE;
import static org.uring4j.op.SocketOptions.SOF_TIMESTAMPING_TX_ACK;
import static org.uring4j.op.SocketOptions.SOF_TIMESTAMPING_TX_SCHED;
import static org.uring4j.op.SocketOptions.SOF_TIMESTAMPING_TX_SOFTWARE;
import static org.uring4j.op.SocketOptions.SOL_SOCKET;
import static org.uring4j.op.SocketOptions.SO_TIMESTAMPING;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Cqe;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.RingConfig.CqeSize;
import org.uring4j.op.Cancel;
import org.uring4j.op.Files;
import org.uring4j.op.Polling;
import org.uring4j.op.SockAddr;
import org.uring4j.op.SocketCommands;
import org.uring4j.op.SocketOptions;
import org.uring4j.op.Sockets;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** {@code IORING_OP_URING_CMD} on sockets, but for options. */
class SocketCommandsTest {
    private static final long STAMPS = 77;

    private record Stamp(int type, int number, Instant time, boolean hardware) {}

    @BeforeEach
    void needs() {
        Needs.kernel("6.7", "a command to a socket");
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldTellHowMuchWaitsToBeRead(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                Connection connection = Connection.open(ring)) {
            SocketCommands.siocinq(ring.next(), connection.fd());
            assertThat(Net.ok(ring)).isZero();
            connection.send("seven b");
            Polling.pollAdd(ring.next(), connection.fd(), Polling.POLLIN, 0);
            Net.ok(ring);
            SocketCommands.siocinq(ring.next(), connection.fd());
            assertThat(Net.ok(ring)).isEqualTo(7);
        }
    }

    @Test
    void shouldTellHowMuchIsNotAcknowledged() throws Exception {
        try (Ring ring = RingMode.DEFAULT.open(8);
                Arena arena = Arena.ofShared();
                Connection connection = Connection.open(ring)) {
            // More than both sockets hold, of which nobody reads.
            MemorySegment much = arena.allocate(64L << 20);
            Sockets.send(ring.next(), connection.fd(), much, Sockets.MSG_DONTWAIT);
            int taken = Net.ok(ring);
            SocketCommands.siocoutq(ring.next(), connection.fd());
            assertThat(Net.ok(ring)).isPositive().isLessThanOrEqualTo(taken);
        }
    }

    @Test
    void shouldFailOfListenersAndUnixSockets() throws Exception {
        try (Ring ring = RingMode.DEFAULT.open(8)) {
            int listener = Net.listener(ring, Net.ANY);
            SocketCommands.siocinq(ring.next(), listener);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
            SocketCommands.siocoutq(ring.next(), listener);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
            int[] pair = Net.unixPair(ring, Sockets.SOCK_STREAM);
            SocketCommands.siocinq(ring.next(), pair[0]);
            assertThat(Completions.one(ring).failed(Errno.EOPNOTSUPP)).isTrue();
            Net.close(ring, listener, pair[0], pair[1]);
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldTellBothAddressesOfConnection(RingMode mode) throws Exception {
        Needs.kernel("6.19", "SOCKET_URING_OP_GETSOCKNAME");
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofShared();
                Connection connection = Connection.open(ring)) {
            SockAddr address = SockAddr.allocate(arena);
            SocketCommands.getsockname(ring.next(), connection.fd(), address);
            assertThat(Net.ok(ring)).isZero();
            assertThat(address.address()).isEqualTo(connection.peer().getRemoteSocketAddress());
            SocketCommands.getpeername(ring.next(), connection.fd(), address);
            assertThat(Net.ok(ring)).isZero();
            assertThat(address.address()).isEqualTo(connection.peer().getLocalSocketAddress());
        }
    }

    @Test
    void shouldFailToNamePeerWhenNotConnected() {
        try (Ring ring = RingMode.DEFAULT.open(8);
                Arena arena = Arena.ofShared()) {
            int fd = Net.socket(ring, Sockets.AF_INET, Sockets.SOCK_STREAM);
            SockAddr address = SockAddr.allocate(arena);
            SocketCommands.getpeername(ring.next(), fd, address);
            Completion completion = Completions.one(ring);
            // Before Linux 6.19 the command is not known.
            assertThat(completion.failed(Errno.ENOTCONN) || completion.failed(Errno.EOPNOTSUPP))
                    .as("%s", completion)
                    .isTrue();
            Net.close(ring, fd);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = CqeSize.class,
            names = {"B32", "MIXED"})
    void shouldTellWhenBytesWereSent(CqeSize size) throws Exception {
        Needs.kernel("6.18", "SOCKET_URING_OP_TX_TIMESTAMP on a ring of mixed completions");
        try (Ring ring = Ring.open(RingConfig.of(8).cqeSize(size));
                Arena arena = Arena.ofShared();
                Connection connection = Connection.open(ring)) {
            stampAll(ring, connection.fd(), arena);
            SocketCommands.txTimestamps(ring.next(), connection.fd()).userData(STAMPS);
            Instant before = Instant.now();
            for (int sent = 1; sent <= 2; sent++) {
                Sockets.send(ring.next(), connection.fd(), Opened.bytes(arena, "0123456789"), 0);
                List<Stamp> stamps = stamps(ring, 3);
                assertThat(connection.receive(10)).hasSize(10);
                assertThat(stamps)
                        .extracting(Stamp::type)
                        .containsExactlyInAnyOrder(
                                SocketCommands.SCM_TSTAMP_SND,
                                SocketCommands.SCM_TSTAMP_SCHED,
                                SocketCommands.SCM_TSTAMP_ACK);
                assertThat(stamps).extracting(Stamp::number).containsOnly(10 * sent - 1);
                assertThat(stamps).extracting(Stamp::hardware).containsOnly(false);
                assertThat(stamps)
                        .extracting(Stamp::time)
                        .allMatch(time -> !time.isBefore(before) && !time.isAfter(Instant.now()));
            }
            Cancel.cancel(ring.next(), STAMPS).userData(1);
            List<Completion> ends = Completions.some(ring, 2);
            assertThat(ends)
                    .anyMatch(end -> end.userData() == STAMPS && end.failed(Errno.ECANCELED));
        }
    }

    @Test
    void shouldFailToTellStampsWithoutBigCompletions() throws Exception {
        Needs.kernel("6.17", "SOCKET_URING_OP_TX_TIMESTAMP");
        try (Ring ring = RingMode.DEFAULT.open(8);
                Connection connection = Connection.open(ring)) {
            SocketCommands.txTimestamps(ring.next(), connection.fd());
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
        }
    }

    @Test
    void shouldFailOfWhatIsNoSocket() {
        try (Ring ring = RingMode.DEFAULT.open(8)) {
            SocketCommands.siocinq(ring.next(), ring.fd());
            assertThat(Completions.one(ring).failed(Errno.EOPNOTSUPP)).isTrue();
            Files.close(ring.next(), -1).link();
            SocketCommands.siocinq(ring.next(), -1);
            assertThat(Completions.some(ring, 2))
                    .extracting(completion -> Errno.of(completion.result()))
                    .containsExactly(Errno.EBADF, Errno.ECANCELED);
        }
    }

    private static void stampAll(Ring ring, int fd, Arena arena) {
        int flags =
                SOF_TIMESTAMPING_SOFTWARE
                        | SOF_TIMESTAMPING_OPT_ID
                        | SOF_TIMESTAMPING_OPT_ID_TCP
                        | SOF_TIMESTAMPING_OPT_TSONLY
                        | SOF_TIMESTAMPING_TX_SCHED
                        | SOF_TIMESTAMPING_TX_SOFTWARE
                        | SOF_TIMESTAMPING_TX_ACK;
        MemorySegment value = arena.allocateFrom(ValueLayout.JAVA_INT, flags);
        SocketOptions.set(ring.next(), fd, SOL_SOCKET, SO_TIMESTAMPING, value);
        Net.ok(ring);
    }

    private static List<Stamp> stamps(Ring ring, int count) {
        List<Stamp> stamps = new ArrayList<>();
        long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        while (stamps.size() < count) {
            long left = end - System.nanoTime();
            assertThat(left).as("time left, with %s", stamps).isPositive();
            ring.submitAndWait(1, Duration.ofNanos(left));
            ring.completions()
                    .drain(
                            (data, result, flags, extra1, extra2) -> {
                                if (data == STAMPS) {
                                    assertThat(Cqe.hasMore(flags)).as("result=%d", result).isTrue();
                                    stamps.add(
                                            new Stamp(
                                                    SocketCommands.timestampType(flags),
                                                    result,
                                                    SocketCommands.timestamp(extra1, extra2),
                                                    SocketCommands.isHardwareTimestamp(flags)));
                                }
                            });
        }
        return stamps;
    }
}
