package org.uring4j.tool;

import org.jspecify.annotations.Nullable;
import org.uring4j.Kernel;
import org.uring4j.RingConfig;
import org.uring4j.RingConfig.CqeSize;
import org.uring4j.io.ReceivePoolConfig;
import org.uring4j.resource.ZcrxMemory;
import org.uring4j.resource.ZcrxSource;
import org.uring4j.resource.ZeroCopyReceiveConfig;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** How to receive: by which way, into how much memory. */
final class ReceiveOptions {
    private static final int MAX_DEPTH = 4096;
    private static final int MAX_CONNECTIONS = 4096;

    /** For completions of 4 KiB each, which come faster than they are written. */
    private static final int ZERO_COPY_COMPLETIONS = 8192;

    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec;

    @Option(
            names = "--zcrx",
            paramLabel = "IF:QUEUE",
            converter = QueueConverter.class,
            description = {
                "Receive without copying by this queue of a network interface, as eth0:4."
                        + " 'uring4j probe --nic IF' says what it lacks.",
                "What cannot be received so is received as without it."
            })
    private @Nullable ZcrxSource device;

    @Option(
            names = "--deviceless",
            description = "As --zcrx, without a network interface: the kernel copies (Linux 7.1).")
    private boolean deviceless;

    @Option(
            names = "--huge-pages",
            description = "With --zcrx or --deviceless: take the memory from huge pages.")
    private boolean hugePages;

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            defaultValue = "16M",
            converter = Sizes.class,
            description = "How much to receive into (default: ${DEFAULT-VALUE}).")
    private long memory = 16 << 20;

    @Option(
            names = "--buffer-length",
            paramLabel = "SIZE",
            defaultValue = "0",
            converter = Sizes.class,
            description = "Bytes of a buffer, as 4096, 16K or 64K; 0 for what suits the way.")
    private long bufferLength;

    private int depth = 8;
    private int connections = 1;

    @SuppressWarnings("NullAway.Init") // by picocli
    ReceiveOptions() {}

    @Option(
            names = "--depth",
            paramLabel = "N",
            defaultValue = "8",
            description = "How many writes may be under way at once (default: ${DEFAULT-VALUE}).")
    void setDepth(int depth) {
        this.depth = within("--depth", depth, MAX_DEPTH);
    }

    @Option(
            names = "--connections",
            paramLabel = "N",
            defaultValue = "1",
            description = {
                "How many connections to receive from, at once (default: ${DEFAULT-VALUE}).",
                "From 2 on each has a file of its own: FILE.1, FILE.2 …"
            })
    void setConnections(int connections) {
        this.connections = within("--connections", connections, MAX_CONNECTIONS);
    }

    private int within(String option, int value, int most) {
        if (value < 1 || value > most) {
            throw new ParameterException(
                    spec.commandLine(),
                    option + " must be 1 to " + most + ": " + option + "=" + value);
        }
        return value;
    }

    /** Finds what does not go together. */
    void check() {
        if (device != null && deviceless) {
            throw new ParameterException(
                    spec.commandLine(), "--zcrx and --deviceless exclude each other");
        }
        if (hugePages && !zeroCopy()) {
            throw new ParameterException(
                    spec.commandLine(), "--huge-pages needs --zcrx or --deviceless");
        }
    }

    int depth() {
        return depth;
    }

    int connections() {
        return connections;
    }

    private boolean zeroCopy() {
        return device != null || deviceless;
    }

    /** A ring with room for each stream's requests. */
    RingConfig ringConfig() {
        RingConfig config = RingConfig.of(Math.min(4096, connections * (depth + 2) + 2));
        return zeroCopy() ? config.cqeSize(CqeSize.B32).cqEntries(ZERO_COPY_COMPLETIONS) : config;
    }

    ReceivePoolConfig poolConfig(Kernel kernel) {
        try {
            ReceivePoolConfig config = ReceivePoolConfig.defaults().size(memory);
            if (connections == 1) {
                config = config.perStream(memory);
            }
            if (!zeroCopy()) {
                return config.bufferSize(Math.toIntExact(bufferLength));
            }
            ZcrxMemory area =
                    hugePages ? ZcrxMemory.hugePages(memory) : ZcrxMemory.anonymous(memory);
            ZeroCopyReceiveConfig queue = ZeroCopyReceiveConfig.of(area);
            if (bufferLength != 0) {
                queue = queue.bufferSize(Math.toIntExact(bufferLength));
            }
            if (kernel.has("ZCRX_FEATURE_EVENT")) {
                queue = queue.statistics();
            }
            return config.zeroCopy(device != null ? device : ZcrxSource.deviceless(), queue);
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new ParameterException(spec.commandLine(), Failure.oneLine(e), e);
        }
    }

    /** Reads {@code eth0:4}. */
    static final class QueueConverter implements ITypeConverter<ZcrxSource> {
        QueueConverter() {}

        @Override
        public ZcrxSource convert(String value) {
            int colon = value.lastIndexOf(':');
            try {
                if (colon > 0) {
                    int queue = Integer.parseInt(value.substring(colon + 1));
                    return ZcrxSource.netDevice(value.substring(0, colon), queue);
                }
            } catch (NumberFormatException e) {
                // Said below.
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(Failure.oneLine(e));
            }
            throw new TypeConversionException(
                    "'" + value + "' is not IF:QUEUE, as eth0:4 ('uring4j probe --nic IF')");
        }
    }
}
