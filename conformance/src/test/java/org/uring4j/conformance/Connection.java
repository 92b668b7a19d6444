package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.uring4j.Ring;
import org.uring4j.op.Files;
import org.uring4j.op.SockAddr;
import org.uring4j.op.SocketOptions;
import org.uring4j.op.Sockets;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/**
 * A TCP connection over loopback: a descriptor for the ring, a plain socket for the peer.
 *
 * @param fd the ring's end; closed through the ring
 * @param peer the other end
 */
record Connection(Ring ring, int fd, Socket peer) implements AutoCloseable {
    private static final int FIONREAD = 0x541b;

    /** Connects, through the ring. */
    static Connection open(Ring ring) throws IOException {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return open(ring, server);
        }
    }

    /** One that holds little of what the ring sends until the peer reads: less than 8 MiB. */
    static Connection narrow(Ring ring) throws IOException {
        try (ServerSocket server = new ServerSocket()) {
            server.setReceiveBufferSize(128 << 10);
            server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1);
            return open(ring, server);
        }
    }

    /** Connects to a server, through the ring. */
    static Connection open(Ring ring, ServerSocket server) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            int fd = Net.socket(ring, Sockets.AF_INET, Sockets.SOCK_STREAM);
            SockAddr address = SockAddr.of(arena, server.getLocalSocketAddress());
            Sockets.connect(ring.next(), fd, address);
            assertThat(Completions.one(ring).result()).isZero();
            Socket peer = server.accept();
            peer.setTcpNoDelay(true);
            peer.setSoTimeout(10_000);
            return new Connection(ring, fd, peer);
        }
    }

    /** Lets the ring's end hold so many bytes that nobody has received. */
    void holdUnread(int bytes) {
        try (Arena arena = Arena.ofConfined()) {
            var value = arena.allocateFrom(ValueLayout.JAVA_INT, bytes);
            int level = SocketOptions.SOL_SOCKET;
            Libc.callAny(
                    "setsockopt", fd, level, SocketOptions.SO_RCVBUFFORCE, value, Integer.BYTES);
        }
    }

    /** How many bytes wait to be received. */
    int unread() {
        try (Arena arena = Arena.ofConfined()) {
            var count = arena.allocate(ValueLayout.JAVA_INT);
            Libc.callAny("ioctl", fd, FIONREAD, count);
            return count.get(ValueLayout.JAVA_INT, 0);
        }
    }

    /** The peer sends. */
    void send(byte... bytes) throws IOException {
        peer.getOutputStream().write(bytes);
    }

    /** The peer sends text. */
    void send(String ascii) throws IOException {
        send(ascii.getBytes(StandardCharsets.US_ASCII));
    }

    /** The peer reads exactly so many bytes. */
    byte[] receive(int count) throws IOException {
        return peer.getInputStream().readNBytes(count);
    }

    /** Closes both ends; what requests still use the ring's end for ends with it. */
    @Override
    public void close() throws IOException {
        peer.close();
        Files.close(ring.next(), fd).userData(fd);
        Completions.until(ring, completion -> completion.userData() == fd);
    }
}
