package org.uring4j.bench;

import static org.uring4j.op.Sockets.SOCK_STREAM;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.uring4j.CompletionHandler;
import org.uring4j.Cqe;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.Sqe;
import org.uring4j.op.Nops;
import org.uring4j.op.SockAddr;
import org.uring4j.op.Sockets;
import org.uring4j.resource.BufferRing;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;

/** Requests through a ring, for JMH to tell what they allocate. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class RingBenchmark implements CompletionHandler {
    private static final int BATCH = 32;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment message = arena.allocate(64);
    private long sum;

    @SuppressWarnings("NullAway.Init") // JMH calls open() first.
    private Ring ring;

    @SuppressWarnings("NullAway.Init")
    private BufferRing buffers;

    private int sender;

    /** Opens a ring, and a connection whose receiving end waits for messages. */
    @Setup
    public void open() {
        ring = Ring.open(RingConfig.of(256));
        buffers = BufferRing.register(ring, 0, 64, 1024);
        SockAddr address = SockAddr.allocate(arena);
        address.setAbstract(("uring4j-bench-" + ProcessHandle.current().pid()).getBytes(UTF_8));
        int listener = await(Sockets.socket(ring.next(), Sockets.AF_UNIX, SOCK_STREAM, 0));
        await(Sockets.bind(ring.next(), listener, address));
        await(Sockets.listen(ring.next(), listener, 1));
        sender = await(Sockets.socket(ring.next(), Sockets.AF_UNIX, SOCK_STREAM, 0));
        await(Sockets.connect(ring.next(), sender, address));
        int receiver = await(Sockets.accept(ring.next(), listener, 0));
        Sockets.recvMultishot(ring.next(), receiver, buffers.group(), 0);
    }

    /** Frees everything. */
    @TearDown
    public void close() {
        ring.close();
        arena.close();
    }

    private int await(Sqe request) {
        int[] answer = new int[1];
        request.userData(1);
        ring.submitAndWait(1);
        ring.completions().drain((userData, result, flags) -> answer[0] = result);
        return EchoServer.check(answer[0], "request");
    }

    /** A message, sent and received into a provided buffer, which is given back. */
    @Benchmark
    public long sendAndReceive() {
        Sockets.send(ring.next(), sender, message, Sockets.MSG_WAITALL);
        ring.submitAndWait(2);
        ring.completions().drain(this);
        buffers.publish();
        return sum;
    }

    /** One request at a time. */
    @Benchmark
    public long nop() {
        return nops(1);
    }

    /** Requests in batches. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public long nopOf32() {
        return nops(BATCH);
    }

    private long nops(int batch) {
        for (int i = 0; i < batch; i++) {
            Nops.nop(ring.next()).userData(i);
        }
        ring.submitAndWait(batch);
        ring.completions().drain(this);
        return sum;
    }

    @Override
    public void onCompletion(long userData, int result, int flags) {
        if (Cqe.hasBuffer(flags)) {
            buffers.takeOffset(result, flags);
            buffers.add(Cqe.bufferId(flags));
        }
        sum += userData + result;
    }
}
