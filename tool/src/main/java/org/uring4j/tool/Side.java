package org.uring4j.tool;

import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.UringException;

import java.io.IOException;
import java.lang.foreign.Arena;

/** One side of a transfer: a ring and memory, for as long as it takes. */
final class Side {
    private Side() {}

    /** What is done with them. */
    @FunctionalInterface
    interface Work {
        /** Does it; on the thread that the ring belongs to. */
        Tally run(Ring ring, Arena memory) throws IOException;
    }

    static Tally run(RingConfig config, Work work) throws IOException {
        Arena memory = Arena.ofShared();
        Tally tally;
        try (Ring ring = open(config)) {
            tally = work.run(ring, memory);
        } catch (OutOfMemoryError e) {
            throw new Failure(
                    "not enough memory; choose a smaller --depth, --chunk or --memory: "
                            + Failure.oneLine(e),
                    e);
        }
        // Not in a finally block: when the ring would not close, the memory is still the kernel's.
        memory.close();
        return tally;
    }

    /** Opens a ring, or says what to do where too little memory may be locked. */
    static Ring open(RingConfig config) {
        try {
            return Ring.open(config);
        } catch (UringException e) {
            if (e.errno() != Errno.ENOMEM) {
                throw e;
            }
            throw new Failure(
                    "cannot open a ring; raise the limit on locked memory (ulimit -l), or choose a"
                            + " smaller --depth: "
                            + Failure.oneLine(e),
                    e);
        }
    }
}
