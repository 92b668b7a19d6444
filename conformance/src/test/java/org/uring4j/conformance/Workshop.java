package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.uring4j.Ring;
import org.uring4j.op.Epoll;
import org.uring4j.op.EpollEvents;
import org.uring4j.op.Files;
import org.uring4j.op.OpenFlags;
import org.uring4j.op.Pipes;
import org.uring4j.op.SockAddr;
import org.uring4j.op.Sockets;
import org.uring4j.resource.RegisteredBuffers;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;

/** What one request of {@link Subject} works on, made when it asks for it and cleaned up after. */
final class Workshop implements AutoCloseable {
    /** The text that is in files, and waits in sockets. */
    static final String TEXT = "abcd";

    private final Ring ring;
    private final Path directory;
    private final Arena arena = Arena.ofShared();
    private final Deque<Closeable> open = new ArrayDeque<>();
    private int names;

    Workshop(Ring ring, Path directory) throws IOException {
        this.ring = ring;
        this.directory = java.nio.file.Files.createTempDirectory(directory, "workshop");
    }

    Ring ring() {
        return ring;
    }

    Arena arena() {
        return arena;
    }

    MemorySegment memory(int bytes) {
        return arena.allocate(bytes, 8);
    }

    MemorySegment text() {
        return Opened.bytes(arena, TEXT);
    }

    /** A path of its own where nothing is. */
    MemorySegment newPath() {
        return path(directory.resolve("name" + names++));
    }

    /** The path of a file of its own. */
    MemorySegment filePath() throws IOException {
        Path file = directory.resolve("file" + names++);
        return path(java.nio.file.Files.writeString(file, TEXT));
    }

    private MemorySegment path(Path path) {
        return arena.allocateFrom(path.toString());
    }

    /** A file, open to read and write. */
    int file() throws IOException {
        String path = filePath().getString(0);
        return closing(Opened.open(ring, Path.of(path), OpenFlags.O_RDWR).fd());
    }

    /** Memory that is registered, as entry 0. */
    MemorySegment registered() {
        MemorySegment memory = memory(TEXT.length());
        RegisteredBuffers buffers = RegisteredBuffers.register(ring, memory);
        open.push(buffers::close);
        return memory;
    }

    /** One end of a connection of unix sockets, in which text waits. */
    int connected() {
        return connected(Net.unixPair(ring, Sockets.SOCK_STREAM));
    }

    /** One end of a TCP connection, in which text waits. */
    int connectedByTcp() throws IOException {
        return connected(Net.pair(ring));
    }

    private int connected(int... pair) {
        closing(pair[0]);
        closing(pair[1]);
        Sockets.send(ring.next(), pair[1], text(), Sockets.MSG_WAITALL);
        assertThat(Net.ok(ring)).isEqualTo(TEXT.length());
        return pair[0];
    }

    /** A stream socket, not connected. */
    int socket() {
        return closing(Net.socket(ring, Sockets.AF_INET, Sockets.SOCK_STREAM));
    }

    /** A socket that listens, on which a connection waits to be accepted. */
    int listener() throws IOException {
        int fd = closing(Net.listener(ring, Net.ANY));
        Socket client = new Socket();
        open.push(client);
        client.connect(Net.local(fd), 10_000);
        return fd;
    }

    /** Any address of the machine itself. */
    SockAddr anyAddress() {
        return SockAddr.of(arena, Net.ANY);
    }

    /** Where somebody listens. */
    SockAddr serverAddress() throws IOException {
        ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        open.push(server);
        return SockAddr.of(arena, server.getLocalSocketAddress());
    }

    /** Another descriptor of a file, which the request closes. */
    int duplicate() throws IOException {
        return Libc.call("dup", file());
    }

    /** A pipe, the end to read from first. */
    int[] pipe() {
        MemorySegment ends = memory(2 * Integer.BYTES);
        Pipes.pipe(ring.next(), ends, 0);
        assertThat(Net.ok(ring)).isZero();
        int[] pipe = ends.toArray(ValueLayout.JAVA_INT);
        closing(pipe[0]);
        closing(pipe[1]);
        return pipe;
    }

    /** The end of a pipe in which text waits. */
    int filledPipe() {
        int[] pipe = pipe();
        Files.write(ring.next(), pipe[1], text(), -1);
        assertThat(Net.ok(ring)).isEqualTo(TEXT.length());
        return pipe[0];
    }

    int epoll() {
        return closing(Libc.call("epoll_create1", 0));
    }

    /** An epoll that has something to tell. */
    int readyEpoll() {
        int epoll = epoll();
        EpollEvents event = EpollEvents.allocate(arena, 1).set(0, Epoll.EPOLLIN, 1);
        int watched = connected();
        Epoll.epollCtl(ring.next(), epoll, Epoll.EPOLL_CTL_ADD, watched, event);
        assertThat(Net.ok(ring)).isZero();
        return epoll;
    }

    /** A descriptor that is closed in the end. */
    int closing(int fd) {
        open.push(
                () -> {
                    Files.close(ring.next(), fd).userData(-1);
                    Completions.until(ring, completion -> completion.userData() == -1);
                });
        return fd;
    }

    @Override
    public void close() throws IOException {
        while (!open.isEmpty()) {
            open.pop().close();
        }
        // What was ended has its completion too, perhaps a little later.
        while (ring.inFlight() > 0) {
            Completions.until(ring, any -> true);
        }
        Completions.now(ring);
        arena.close();
    }
}
