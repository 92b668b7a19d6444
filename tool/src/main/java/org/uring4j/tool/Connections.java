package org.uring4j.tool;

import org.uring4j.Ring;
import org.uring4j.Sqe;
import org.uring4j.UringException;
import org.uring4j.op.Files;
import org.uring4j.op.SockAddr;
import org.uring4j.op.SocketOptions;
import org.uring4j.op.Sockets;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;

/** Makes TCP connections, and opens and closes descriptors, by a ring, one request at a time. */
final class Connections {
    /** Marks requests from here; others may be in flight, left over from a transfer. */
    private static final long OWN = -1;

    private static final int BACKLOG = 128;

    private final Ring ring;

    Connections(Ring ring) {
        this.ring = ring;
    }

    /** Connects to the first of the addresses that answers; the descriptor. */
    int connect(List<InetSocketAddress> addresses) {
        Failure failure = null;
        for (InetSocketAddress address : addresses) {
            try {
                return connect(address);
            } catch (Failure e) {
                failure = e;
            }
        }
        throw failure == null ? new Failure("there is no address to connect to") : failure;
    }

    private int connect(InetSocketAddress address) {
        int socket = socket(address.getAddress());
        try (Arena arena = Arena.ofConfined()) {
            SockAddr to = SockAddr.of(arena, address);
            require(
                    Sockets.connect(ring.next(), socket, to),
                    "IORING_OP_CONNECT",
                    "cannot connect to " + Endpoint.format(address));
            return socket;
        } catch (Failure | UringException e) {
            close(socket);
            throw e;
        }
    }

    /** Lets others connect to the address; the descriptor. */
    int listen(InetSocketAddress address) {
        int socket = socket(address.getAddress());
        String what = "cannot listen on " + Endpoint.format(address);
        try (Arena arena = Arena.ofConfined()) {
            // Or one could not listen again right after a transfer.
            MemorySegment on = arena.allocateFrom(ValueLayout.JAVA_INT, 1);
            require(
                    SocketOptions.set(
                            ring.next(),
                            socket,
                            SocketOptions.SOL_SOCKET,
                            SocketOptions.SO_REUSEADDR,
                            on),
                    "SOCKET_URING_OP_SETSOCKOPT",
                    what);
            SockAddr own = SockAddr.of(arena, address);
            require(Sockets.bind(ring.next(), socket, own), "IORING_OP_BIND", what);
            require(Sockets.listen(ring.next(), socket, BACKLOG), "IORING_OP_LISTEN", what);
            return socket;
        } catch (Failure | UringException e) {
            close(socket);
            throw e;
        }
    }

    /** Waits for somebody to connect; the descriptor. */
    int accept(int listener) {
        return require(
                Sockets.accept(ring.next(), listener, Sockets.SOCK_CLOEXEC),
                "IORING_OP_ACCEPT",
                "cannot accept a connection");
    }

    private int socket(InetAddress address) {
        int family = address instanceof Inet6Address ? Sockets.AF_INET6 : Sockets.AF_INET;
        int type = Sockets.SOCK_STREAM | Sockets.SOCK_CLOEXEC;
        return require(
                Sockets.socket(ring.next(), family, type, 0),
                "IORING_OP_SOCKET",
                "cannot make a socket");
    }

    /** Opens a file; the descriptor. */
    int open(String path, int flags, int mode, String what) {
        try (Arena arena = Arena.ofConfined()) {
            return require(
                    Files.openat(
                            ring.next(), Files.AT_FDCWD, arena.allocateFrom(path), flags, mode),
                    "IORING_OP_OPENAT",
                    what);
        }
    }

    /** Closes a descriptor. What closing may complain of, flushing has complained of before. */
    void close(int fd) {
        perform(Files.close(ring.next(), fd));
    }

    private int require(Sqe sqe, String operation, String what) {
        int result = perform(sqe);
        if (result < 0) {
            throw Failure.of(what, operation, result);
        }
        return result;
    }

    private int perform(Sqe sqe) {
        sqe.userData(OWN);
        int[] answer = new int[1];
        boolean[] done = new boolean[1];
        while (!done[0]) {
            ring.submitAndWait(1);
            ring.completions()
                    .drain(
                            (userData, result, flags) -> {
                                if (userData == OWN) {
                                    answer[0] = result;
                                    done[0] = true;
                                }
                            });
        }
        return answer[0];
    }
}
