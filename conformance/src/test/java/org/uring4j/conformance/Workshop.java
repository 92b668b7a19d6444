package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.Epoll;
import org.uring4j.op.EpollEvents;
import org.uring4j.op.Files;
import org.uring4j.op.Futexes;
import org.uring4j.op.OpenFlags;
import org.uring4j.op.Pipes;
import org.uring4j.op.Processes;
import org.uring4j.op.SockAddr;
import org.uring4j.op.Sockets;
import org.uring4j.op.Timeouts;
import org.uring4j.op.Timespec;
import org.uring4j.resource.BufferRing;
import org.uring4j.resource.RegisteredBuffers;
import org.uring4j.resource.RegisteredFiles;
import org.uring4j.resource.ZeroCopyReceive;
import org.uring4j.resource.ZeroCopyReceiveConfig;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/** What one request of {@link Subject} works on, made when it asks for it and cleaned up after. */
final class Workshop implements AutoCloseable {
    /** The text that is in files, and waits in sockets. */
    static final String TEXT = "abcd";

    /** What comes before a message's bytes when neither address nor control data is asked for. */
    static final int MESSAGE_HEADER = 16;

    /** The kind of futex that words are. */
    static final int FUTEX = Futexes.FUTEX2_SIZE_U32 | Futexes.FUTEX2_PRIVATE;

    private static final int GROUP = 5;
    private static final int SLOT = 4;
    private static final int FREE_SLOT = 2;
    private static final long AREA = 1 << 20;

    private final Ring ring;
    private final RegisteredFiles files;
    private final Path directory;
    private final Arena arena = Arena.ofShared();
    private final Deque<Closeable> open = new ArrayDeque<>();
    private int names;
    private int peer;

    Workshop(Ring ring, RegisteredFiles files, Path directory) throws IOException {
        this.ring = ring;
        this.files = files;
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

    /** The name of an extended attribute. */
    MemorySegment attribute() {
        return arena.allocateFrom("user.a");
    }

    /** A file, open to read and write. */
    int file() throws IOException {
        String path = filePath().getString(0);
        return closing(Opened.open(ring, Path.of(path), OpenFlags.O_RDWR).fd());
    }

    /** A slot with a file. */
    int slot() throws IOException {
        files.set(SLOT, file());
        open.push(() -> files.clear(SLOT));
        return SLOT;
    }

    /** The first of two slots in a row in which nothing is. */
    int freeSlots() {
        open.push(
                () -> {
                    files.clear(FREE_SLOT);
                    files.clear(FREE_SLOT + 1);
                });
        return FREE_SLOT;
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
        peer = closing(pair[1]);
        Sockets.send(ring.next(), pair[1], text(), Sockets.MSG_WAITALL);
        assertThat(Net.ok(ring)).isEqualTo(TEXT.length());
        return pair[0];
    }

    /** The same end, and the other will send no more. */
    int ended(int fd) {
        Sockets.shutdown(ring.next(), peer, Sockets.SHUT_WR);
        Net.ok(ring);
        return fd;
    }

    /** A group of buffers, of which each has room for the text and more. */
    int buffers() {
        open.push(BufferRing.register(ring, GROUP, 4, 64)::close);
        return GROUP;
    }

    /** A queue for zero-copy receive, of no device. */
    int interfaceQueue() {
        ZeroCopyReceiveConfig config = ZeroCopyReceiveConfig.of(AREA);
        ZeroCopyReceive queue = ZeroCopyReceive.register(ring, ZcrxStream.deviceless(), config);
        open.push(queue::close);
        return queue.id();
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

    /** Where the ends of a pipe are written to. */
    MemorySegment ends() {
        MemorySegment ends = memory(2 * Integer.BYTES).fill((byte) -1);
        open.push(
                () -> {
                    for (int end : ends.toArray(ValueLayout.JAVA_INT)) {
                        close(end);
                    }
                });
        return ends;
    }

    /** A pipe, the end to read from first. */
    int[] pipe() {
        MemorySegment ends = ends();
        Pipes.pipe(ring.next(), ends, 0);
        assertThat(Net.ok(ring)).isZero();
        return ends.toArray(ValueLayout.JAVA_INT);
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
        open.push(() -> close(fd));
        return fd;
    }

    private void close(int fd) {
        if (fd >= 0) {
            Files.close(ring.next(), fd).userData(-1);
            Completions.until(ring, completion -> completion.userData() == -1);
        }
    }

    /** A child process that has ended, and nobody has been told. */
    int endedChild() {
        int child = Libc.spawn("/bin/sh", "-c", "exit 0");
        int options = Processes.WEXITED | Processes.WNOWAIT;
        Processes.waitid(ring.next(), Processes.P_PID, child, options);
        Net.ok(ring);
        return child;
    }

    /** Has another thread wake who waits for a word, as soon as there is somebody. */
    void wakeSoon(MemorySegment word) {
        AtomicBoolean over = new AtomicBoolean();
        FutureTask<Boolean> waking = new FutureTask<>(() -> wake(word, over), true);
        Thread.ofPlatform().daemon().start(waking);
        open.push(
                () -> {
                    over.set(true);
                    try {
                        waking.get(30, TimeUnit.SECONDS);
                    } catch (InterruptedException | ExecutionException | TimeoutException e) {
                        throw new IOException("the thread that wakes did not end well", e);
                    }
                });
    }

    private static void wake(MemorySegment word, AtomicBoolean over) {
        try (Arena arena = Arena.ofConfined();
                Ring ring = Ring.open(RingConfig.of(2))) {
            Timespec pause = Timespec.of(arena, Duration.ofMillis(1));
            int woken = 0;
            while (woken == 0 && !over.get()) {
                Timeouts.timeout(ring.next(), pause, Timeouts.ETIME_SUCCESS).link();
                Futexes.futexWake(ring.next(), word, 1, Futexes.MATCH_ANY, FUTEX).userData(1);
                woken = Completions.until(ring, c -> c.userData() == 1).getLast().result();
            }
        }
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
