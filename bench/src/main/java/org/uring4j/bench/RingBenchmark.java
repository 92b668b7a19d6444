package org.uring4j.bench;

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
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.Nops;

import java.util.concurrent.TimeUnit;

/** Requests through a ring, for JMH to tell what they allocate. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class RingBenchmark implements CompletionHandler {
    private static final int BATCH = 32;

    @SuppressWarnings("NullAway.Init") // JMH calls open() first.
    private Ring ring;

    private long sum;

    @Setup
    public void open() {
        ring = Ring.open(RingConfig.of(256));
    }

    @TearDown
    public void close() {
        ring.close();
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
        sum += userData + result;
    }
}
