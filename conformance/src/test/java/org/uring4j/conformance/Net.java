package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.uring4j.KernelVersion;
import org.uring4j.Ring;
import org.uring4j.op.Files;
import org.uring4j.op.SockAddr;
import org.uring4j.op.Sockets;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Random;

/** Sockets made through a ring, for the tests of what they can do. */
final class Net {
    /** Any free port of the machine itself. */
    static final InetSocketAddress ANY =
            new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0);

    /** Since Linux 6.11 a ring can; before, what comes after must not go untested. */
    private static final boolean RING_BINDS =
            KernelVersion.running().compareTo(KernelVersion.parse("6.11")) >= 0;

    private Net() {}

    /** The result, which is none of an error. */
    static int ok(Completion completion) {
        assertThat(completion.result()).as("%s", completion).isNotNegative();
        return completion.result();
    }

    /** The result of the request just written. */
    static int ok(Ring ring) {
        return ok(Completions.one(ring));
    }

    static int socket(Ring ring, int domain, int type) {
        Needs.kernel("5.19", "IORING_OP_SOCKET");
        Sockets.socket(ring.next(), domain, type | Sockets.SOCK_CLOEXEC, 0);
        return ok(ring);
    }

    /** A socket of this type, bound. */
    static int bound(Ring ring, SocketAddress address, int type) {
        int fd = socket(ring, domain(address), type);
        try (Arena arena = Arena.ofConfined()) {
            bind(ring, fd, SockAddr.of(arena, address));
        }
        return fd;
    }

    private static void bind(Ring ring, int fd, SockAddr address) {
        if (RING_BINDS) {
            Sockets.bind(ring.next(), fd, address);
            ok(ring);
        } else {
            Libc.bind(fd, address.raw());
        }
    }

    private static void listen(Ring ring, int fd, int backlog) {
        if (RING_BINDS) {
            Sockets.listen(ring.next(), fd, backlog);
            ok(ring);
        } else {
            Libc.call("listen", fd, backlog);
        }
    }

    /** A stream socket that listens. */
    static int listener(Ring ring, SocketAddress address) {
        int fd = bound(ring, address, Sockets.SOCK_STREAM);
        listen(ring, fd, 16);
        return fd;
    }

    /** Both ends of a TCP connection: who connected, who accepted. */
    static int[] pair(Ring ring) throws IOException {
        int listener = listener(ring, ANY);
        int client = socket(ring, Sockets.AF_INET, Sockets.SOCK_STREAM);
        try (Arena arena = Arena.ofConfined()) {
            Sockets.connect(ring.next(), client, SockAddr.of(arena, local(listener)));
            ok(ring);
        }
        Sockets.accept(ring.next(), listener, Sockets.SOCK_CLOEXEC);
        int server = ok(ring);
        close(ring, listener);
        return new int[] {client, server};
    }

    /** Both ends of a connection of unix sockets. */
    static int[] unixPair(Ring ring, int type) {
        int listener = socket(ring, Sockets.AF_UNIX, type);
        int client = socket(ring, Sockets.AF_UNIX, type);
        try (Arena arena = Arena.ofConfined()) {
            byte[] name = bytes("uring4j-" + ProcessHandle.current().pid() + "-" + listener);
            SockAddr address = SockAddr.allocate(arena).setAbstract(name);
            bind(ring, listener, address);
            listen(ring, listener, 1);
            Sockets.connect(ring.next(), client, address);
            ok(ring);
        }
        Sockets.accept(ring.next(), listener, Sockets.SOCK_CLOEXEC);
        int server = ok(ring);
        close(ring, listener);
        return new int[] {client, server};
    }

    static void close(Ring ring, int... fds) {
        for (int fd : fds) {
            Files.close(ring.next(), fd);
            ok(ring);
        }
    }

    /** The loopback address a socket of the internet listens on or, with UDP, is bound to. */
    static InetSocketAddress local(int fd) throws IOException {
        Path link = java.nio.file.Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd));
        String inode = link.toString().replaceAll("\\D", "");
        for (String table : new String[] {"tcp", "udp", "tcp6", "udp6"}) {
            for (String line : java.nio.file.Files.readAllLines(Path.of("/proc/net/" + table))) {
                String[] columns = line.strip().split("\\s+", -1);
                if (columns.length > 9 && columns[9].equals(inode)) {
                    String port = columns[1].substring(columns[1].indexOf(':') + 1);
                    String host = table.endsWith("6") ? "::1" : "127.0.0.1";
                    return new InetSocketAddress(host, Integer.parseInt(port, 16));
                }
            }
        }
        throw new AssertionError("the kernel lists no such socket: fd=" + fd);
    }

    private static int domain(SocketAddress address) {
        if (!(address instanceof InetSocketAddress inet)) {
            return Sockets.AF_UNIX;
        }
        return inet.getAddress().getAddress().length == 4 ? Sockets.AF_INET : Sockets.AF_INET6;
    }

    /** Bytes that are the same for the same seed. */
    static byte[] random(int count, long seed) {
        byte[] bytes = new byte[count];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
