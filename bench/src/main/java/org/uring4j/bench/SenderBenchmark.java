package org.uring4j.bench;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.io.EventLoop;
import org.uring4j.io.SendChunk;
import org.uring4j.io.SenderConfig;
import org.uring4j.io.StreamSender;
import org.uring4j.io.ZeroCopyPolicy;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.TimeUnit;

/** Chunks and lent memory through a {@link StreamSender}, for JMH to tell what they allocate. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class SenderBenchmark {
    private static final int CHUNK = 16 << 10;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment own = arena.allocate(CHUNK);
    private long returned;
    private final StreamSender.Return counter = memory -> returned++;
    private int length;

    @SuppressWarnings("NullAway.Init") // JMH calls open() first.
    private ServerSocket server;

    @SuppressWarnings("NullAway.Init")
    private Ring ring;

    @SuppressWarnings("NullAway.Init")
    private EventLoop loop;

    @SuppressWarnings("NullAway.Init")
    private StreamSender plain;

    @SuppressWarnings("NullAway.Init")
    private StreamSender zeroCopy;

    /** Opens two senders, to peers that read all and keep nothing. */
    @Setup
    public void open() throws IOException {
        server = new ServerSocket(0, 2, InetAddress.getLoopbackAddress());
        Thread.ofPlatform().daemon().start(() -> serve(server));
        ring = Ring.open(RingConfig.of(64));
        loop = EventLoop.of(ring);
        plain = open(ZeroCopyPolicy.never());
        zeroCopy = open(ZeroCopyPolicy.always());
    }

    private StreamSender open(ZeroCopyPolicy policy) {
        int fd = BulkSender.connect(loop, server.getLocalPort());
        return StreamSender.open(loop, fd, SenderConfig.DEFAULT.chunks(16, CHUNK).policy(policy));
    }

    private static void serve(ServerSocket server) {
        try {
            while (true) {
                Socket socket = server.accept();
                Thread.ofPlatform().daemon().start(() -> drain(socket));
            }
        } catch (IOException e) {
            // It was closed.
        }
    }

    private static void drain(Socket socket) {
        byte[] buffer = new byte[1 << 20];
        try (InputStream in = socket.getInputStream()) {
            for (int count = 0; count >= 0; ) {
                count = in.read(buffer);
            }
        } catch (IOException e) {
            // The benchmark is over.
        }
    }

    /** Frees everything. */
    @TearDown
    public void close() throws IOException {
        server.close();
        ring.close();
        arena.close();
    }

    /** A chunk, filled in part, in plain sends that gather. */
    @Benchmark
    public long plainChunk() {
        return chunk(plain);
    }

    /** A chunk, filled in part, in zero-copy sends that gather. */
    @Benchmark
    public long zeroCopyChunk() {
        return chunk(zeroCopy);
    }

    /** Memory lent, in zero-copy sends that gather. */
    @Benchmark
    public long zeroCopyLent() {
        while (!zeroCopy.send(own, counter)) {
            loop.run(1);
        }
        return returned;
    }

    private long chunk(StreamSender sender) {
        SendChunk chunk = sender.claim();
        while (chunk == null) {
            loop.run(1);
            chunk = sender.claim();
        }
        length = (length + 7919) % CHUNK;
        chunk.send(1 + length);
        return length;
    }
}
