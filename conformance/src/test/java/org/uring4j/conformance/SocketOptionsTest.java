package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.uring4j.op.SocketOptions.IPPROTO_TCP;
import static org.uring4j.op.SocketOptions.SOL_SOCKET;
import static org.uring4j.op.SocketOptions.SO_ERROR;
import static org.uring4j.op.SocketOptions.SO_KEEPALIVE;
import static org.uring4j.op.SocketOptions.SO_REUSEADDR;
import static org.uring4j.op.SocketOptions.TCP_NODELAY;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.op.Files;
import org.uring4j.op.Polling;
import org.uring4j.op.SockAddr;
import org.uring4j.op.SocketOptions;
import org.uring4j.op.Sockets;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.stream.Stream;

/** {@code IORING_OP_URING_CMD} on sockets. */
class SocketOptionsTest {
    private static final int NO_OPTION = 0x7fff;

    @BeforeEach
    void needs() {
        Needs.kernel("6.7", "a command to a socket");
        Needs.kernel("6.11", "IORING_OP_BIND");
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldGetWhatWasSet(RingMode mode) {
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofShared()) {
            int fd = socket(ring);
            MemorySegment value = arena.allocate(JAVA_INT);
            SocketOptions.get(ring.next(), fd, SOL_SOCKET, SO_KEEPALIVE, value);
            assertThat(Completions.one(ring).result()).isEqualTo(4);
            assertThat(value.get(JAVA_INT, 0)).isZero();
            set(ring, fd, SO_KEEPALIVE, arena);
            SocketOptions.get(ring.next(), fd, SOL_SOCKET, SO_KEEPALIVE, value);
            assertThat(Completions.one(ring).result()).isEqualTo(4);
            assertThat(value.get(JAVA_INT, 0)).isEqualTo(1);
            close(ring, fd);
        }
    }

    @Test
    void shouldBindToAnAddressThatAConnectionLingersOn() throws Exception {
        try (Ring ring = RingMode.DEFAULT.open(8);
                Arena arena = Arena.ofShared()) {
            InetSocketAddress address = leaveLingeringConnection();
            int fd = socket(ring);
            Sockets.bind(ring.next(), fd, SockAddr.of(arena, address));
            assertThat(Completions.one(ring).failed(Errno.EADDRINUSE)).isTrue();
            set(ring, fd, SO_REUSEADDR, arena);
            Sockets.bind(ring.next(), fd, SockAddr.of(arena, address));
            assertThat(Completions.one(ring).result()).isZero();
            close(ring, fd);
        }
    }

    @Test
    void shouldSetOptionsOfTheProtocolButNotGetThem() throws Exception {
        try (Ring ring = RingMode.DEFAULT.open(8);
                Arena arena = Arena.ofShared();
                Connection connection = Connection.open(ring)) {
            MemorySegment value = arena.allocateFrom(JAVA_INT, 1);
            SocketOptions.set(ring.next(), connection.fd(), IPPROTO_TCP, TCP_NODELAY, value);
            assertThat(Completions.one(ring).result()).isZero();
            SocketOptions.get(ring.next(), connection.fd(), IPPROTO_TCP, TCP_NODELAY, value);
            assertThat(Completions.one(ring).failed(Errno.EOPNOTSUPP)).isTrue();
        }
    }

    @Test
    void shouldTellWhatWentWrong() throws Exception {
        try (Ring ring = RingMode.DEFAULT.open(8);
                Arena arena = Arena.ofShared();
                Connection connection = Connection.open(ring)) {
            connection.peer().setSoLinger(true, 0);
            connection.peer().close();
            Polling.pollAdd(ring.next(), connection.fd(), Polling.POLLERR, 0);
            assertThat(Completions.one(ring).result() & Polling.POLLERR).isNotZero();
            MemorySegment value = arena.allocate(JAVA_INT);
            SocketOptions.get(ring.next(), connection.fd(), SOL_SOCKET, SO_ERROR, value);
            assertThat(Completions.one(ring).result()).isEqualTo(4);
            assertThat(value.get(JAVA_INT, 0)).isEqualTo(Errno.ECONNRESET.number());
        }
    }

    static Stream<Arguments> settings() {
        return Stream.of(
                Arguments.of(SOL_SOCKET, SocketOptions.SO_BROADCAST, 1),
                Arguments.of(SOL_SOCKET, SocketOptions.SO_PRIORITY, 3),
                Arguments.of(IPPROTO_TCP, SocketOptions.TCP_CORK, 1),
                Arguments.of(IPPROTO_TCP, SocketOptions.TCP_KEEPIDLE, 77),
                Arguments.of(IPPROTO_TCP, SocketOptions.TCP_KEEPINTVL, 7),
                Arguments.of(IPPROTO_TCP, SocketOptions.TCP_KEEPCNT, 3),
                Arguments.of(IPPROTO_TCP, SocketOptions.TCP_USER_TIMEOUT, 5000),
                Arguments.of(IPPROTO_TCP, SocketOptions.TCP_NOTSENT_LOWAT, 16384),
                Arguments.of(SocketOptions.IPPROTO_IP, SocketOptions.IP_TOS, 16),
                Arguments.of(SocketOptions.IPPROTO_IP, SocketOptions.IP_TTL, 33),
                Arguments.of(SocketOptions.IPPROTO_IP, SocketOptions.IP_FREEBIND, 1));
    }

    @ParameterizedTest
    @MethodSource("settings")
    void shouldSetOptionsOfEveryLevel(int level, int option, int number) {
        try (Ring ring = RingMode.DEFAULT.open(8);
                Arena arena = Arena.ofShared()) {
            int fd = socket(ring);
            MemorySegment value = arena.allocateFrom(JAVA_INT, number);
            SocketOptions.set(ring.next(), fd, level, option, value);
            assertThat(Completions.one(ring).result()).isZero();
            MemorySegment told = arena.allocate(JAVA_INT);
            MemorySegment size = arena.allocateFrom(JAVA_INT, Integer.BYTES);
            Libc.callAny("getsockopt", fd, level, option, told, size);
            assertThat(told.get(JAVA_INT, 0)).isEqualTo(number);
            close(ring, fd);
        }
    }

    @Test
    void shouldTellOfWhichKindASocketIs() {
        try (Ring ring = RingMode.DEFAULT.open(8);
                Arena arena = Arena.ofShared()) {
            int fd = socket(ring);
            assertThat(get(ring, fd, SocketOptions.SO_TYPE, arena)).isEqualTo(Sockets.SOCK_STREAM);
            assertThat(get(ring, fd, SocketOptions.SO_DOMAIN, arena)).isEqualTo(Sockets.AF_INET);
            assertThat(get(ring, fd, SocketOptions.SO_PROTOCOL, arena)).isEqualTo(IPPROTO_TCP);
            assertThat(get(ring, fd, SocketOptions.SO_ACCEPTCONN, arena)).isZero();
            close(ring, fd);
        }
    }

    private static int get(Ring ring, int fd, int option, Arena arena) {
        MemorySegment value = arena.allocate(JAVA_INT);
        SocketOptions.get(ring.next(), fd, SOL_SOCKET, option, value);
        assertThat(Completions.one(ring).result()).isEqualTo(Integer.BYTES);
        return value.get(JAVA_INT, 0);
    }

    @Test
    void shouldFailForWhatThereIsNot() throws Exception {
        try (Ring ring = RingMode.DEFAULT.open(8);
                Arena arena = Arena.ofShared();
                Connection connection = Connection.open(ring)) {
            int fd = connection.fd();
            MemorySegment value = arena.allocateFrom(JAVA_INT, 1);
            SocketOptions.set(ring.next(), fd, SOL_SOCKET, NO_OPTION, value);
            assertThat(Completions.one(ring).failed(Errno.ENOPROTOOPT)).isTrue();
            SocketOptions.get(ring.next(), fd, SOL_SOCKET, NO_OPTION, value);
            assertThat(Completions.one(ring).failed(Errno.ENOPROTOOPT)).isTrue();
            SocketOptions.set(ring.next(), fd, SOL_SOCKET, SO_KEEPALIVE, value.asSlice(0, 1));
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
            SocketOptions.set(ring.next(), ring.fd(), SOL_SOCKET, SO_KEEPALIVE, value);
            assertThat(Completions.one(ring).failed(Errno.EOPNOTSUPP)).isTrue();
        }
    }

    /** The address of a server that closed a connection before its client did, and then went. */
    private static InetSocketAddress leaveLingeringConnection() throws IOException {
        try (ServerSocket server = new ServerSocket()) {
            server.setReuseAddress(true);
            server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            try (Socket client = new Socket(server.getInetAddress(), server.getLocalPort())) {
                server.accept().close();
                assertThat(client.getInputStream().read()).isEqualTo(-1);
            }
            return (InetSocketAddress) server.getLocalSocketAddress();
        }
    }

    private static int socket(Ring ring) {
        Sockets.socket(ring.next(), Sockets.AF_INET, Sockets.SOCK_STREAM, 0);
        int fd = Completions.one(ring).result();
        assertThat(fd).isNotNegative();
        return fd;
    }

    private static void set(Ring ring, int fd, int option, Arena arena) {
        SocketOptions.set(ring.next(), fd, SOL_SOCKET, option, arena.allocateFrom(JAVA_INT, 1));
        assertThat(Completions.one(ring).result()).isZero();
    }

    private static void close(Ring ring, int fd) {
        Files.close(ring.next(), fd);
        assertThat(Completions.one(ring).result()).isZero();
    }
}
