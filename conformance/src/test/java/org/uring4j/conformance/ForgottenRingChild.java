package org.uring4j.conformance;

import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.Sqe;
import org.uring4j.op.Nops;

import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A process that lets go of a ring without closing it, and writes to an entry of it that it still
 * holds.
 */
final class ForgottenRingChild {
    private static final int ROUNDS = 10;

    private final Sqe sqe;
    private final WeakReference<Ring> forgotten;

    private ForgottenRingChild(Ring ring) {
        sqe = ring.next();
        forgotten = new WeakReference<>(ring);
    }

    public static void main(String... arguments) throws Exception {
        // A frame that still had the ring would keep it.
        new ForgottenRingChild(Ring.open(RingConfig.of(8))).write();
    }

    private void write() throws IOException {
        // Often enough for what cleans up behind the ring to have done so.
        for (int i = 0; i < ROUNDS; i++) {
            System.gc();
            mappings();
        }
        System.out.println("forgotten=" + forgotten.refersTo(null) + " mappings=" + mappings());
        Nops.nop(sqe).userData(1);
        System.out.println("written");
    }

    private static long mappings() throws IOException {
        try (var lines = Files.lines(Path.of("/proc/self/maps"))) {
            return lines.filter(line -> line.contains("io_uring")).count();
        }
    }
}
