package org.uring4j.bench;

import org.uring4j.CompletionHandler;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.Nops;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;

/**
 * NOPs through uring4j, run on command so that rounds can alternate with another engine's: the twin
 * of {@code bench/c/nop.c}. A line {@code run BATCH OPS} on its input is answered by {@code
 * cpu_ns=C wall_ns=W}.
 */
final class NopPeer implements CompletionHandler {
    private static final int ENTRIES = 256;

    /** So many requests at a time leave the loop, so that the JIT need not replace it running. */
    private static final long STRETCH = 10_000;

    private final Ring ring;
    private long sum;

    private NopPeer(Ring ring) {
        this.ring = ring;
    }

    public static void main(String[] args) throws IOException {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        BufferedReader input =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        try (Ring ring = Ring.open(RingConfig.of(ENTRIES))) {
            NopPeer peer = new NopPeer(ring);
            System.out.println("ready engine=uring4j");
            for (String line = input.readLine(); line != null; line = input.readLine()) {
                String[] words = line.split(" ", 3);
                int batch = Integer.parseInt(words[1]);
                long ops = Long.parseLong(words[2]);
                long wall = System.nanoTime();
                long cpu = threads.getCurrentThreadCpuTime();
                peer.run(batch, ops);
                cpu = threads.getCurrentThreadCpuTime() - cpu;
                wall = System.nanoTime() - wall;
                System.out.println("cpu_ns=" + cpu + " wall_ns=" + wall);
            }
        }
    }

    private void run(int batch, long ops) {
        sum = 0;
        long expected = 0;
        for (long done = 0; done < ops; ) {
            long end = Math.min(done + STRETCH / batch * batch, ops);
            expected += nops(batch, done, end);
            done = end;
        }
        if (sum != expected) {
            throw new IllegalStateException("completions carry the wrong user data");
        }
    }

    private long nops(int batch, long from, long end) {
        long expected = 0;
        for (long done = from; done < end; done += batch) {
            for (int i = 0; i < batch; i++) {
                Nops.nop(ring.next()).userData(done + i);
                expected += done + i;
            }
            ring.submitAndWait(batch);
            int seen = ring.completions().drain(this);
            if (seen != batch) {
                throw new IllegalStateException(seen + " completions for " + batch + " requests");
            }
        }
        return expected;
    }

    @Override
    public void onCompletion(long userData, int result, int flags) {
        if (result < 0) {
            throw new IllegalStateException("a nop failed: result=" + result);
        }
        sum += userData;
    }
}
