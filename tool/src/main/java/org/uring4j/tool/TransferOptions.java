package org.uring4j.tool;

import org.uring4j.RingConfig;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** How much is under way at once. */
final class TransferOptions {
    private static final long MIN_CHUNK = 1;
    private static final long MAX_CHUNK = 1L << 30;
    private static final int MAX_DEPTH = 4096;

    private long chunk = 256 << 10;
    private int depth = 8;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @SuppressWarnings("NullAway.Init") // by picocli
    TransferOptions() {}

    @Option(
            names = "--chunk",
            paramLabel = "SIZE",
            defaultValue = "256K",
            converter = Sizes.class,
            description =
                    "Bytes read at a time, as 4096, 64K or 1M (default: ${DEFAULT-VALUE})."
                            + " They are sent 256K at a time at most.")
    void setChunk(long chunk) {
        if (chunk < MIN_CHUNK || chunk > MAX_CHUNK) {
            throw new ParameterException(
                    spec.commandLine(), "--chunk must be 1 to 1G: --chunk=" + chunk);
        }
        this.chunk = chunk;
    }

    @Option(
            names = "--depth",
            paramLabel = "N",
            defaultValue = "8",
            description = "How many chunks may be under way at once (default: ${DEFAULT-VALUE}).")
    void setDepth(int depth) {
        if (depth < 1 || depth > MAX_DEPTH) {
            throw new ParameterException(
                    spec.commandLine(), "--depth must be 1 to " + MAX_DEPTH + ": --depth=" + depth);
        }
        this.depth = depth;
    }

    int chunk() {
        return (int) chunk;
    }

    int depth() {
        return depth;
    }

    /** A ring that holds all that can be in flight: each chunk's request, and one beside. */
    RingConfig ringConfig() {
        return RingConfig.of(depth + 1);
    }
}
