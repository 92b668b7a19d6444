package org.uring4j.tool;

import org.uring4j.Ring;
import org.uring4j.io.EventLoop;
import org.uring4j.io.ZeroCopyPolicy;
import org.uring4j.op.OpenFlags;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/** {@code uring4j send}. */
@Command(
        name = "send",
        description = {
            "Sends a file over TCP, as a plain stream of bytes: 'uring4j receive', nc and socat"
                    + " take it."
        })
final class SendCommand implements Callable<Integer> {
    private static final int STANDARD_INPUT = 0;
    private static final int MAX_CONNECTIONS = 4096;

    @Spec private CommandSpec spec;

    private int count = 1;

    @Parameters(
            index = "0",
            paramLabel = "FILE",
            description = "The file, or - for standard input.")
    private String file;

    @Parameters(
            index = "1",
            paramLabel = "HOST:PORT",
            converter = Endpoint.Converter.class,
            description = "Who to send it to, as localhost:9000 or [::1]:9000.")
    private Endpoint endpoint;

    @Option(
            names = "--zero-copy",
            paramLabel = "WHEN",
            defaultValue = "auto",
            description = {
                "Send without copying (IORING_OP_SEND_ZC): auto, always or never"
                        + " (default: ${DEFAULT-VALUE}).",
                "auto goes over to plain sends where the kernel copies all the same."
            })
    private ZeroCopyPolicy.Mode zeroCopy;

    @Option(
            names = "--connections",
            paramLabel = "N",
            defaultValue = "1",
            description = {
                "Send the file so many times at once, over a connection each"
                        + " (default: ${DEFAULT-VALUE})."
            })
    void setConnections(int connections) {
        if (connections < 1 || connections > MAX_CONNECTIONS) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--connections must be 1 to "
                            + MAX_CONNECTIONS
                            + ": --connections="
                            + connections);
        }
        count = connections;
    }

    @Mixin private TransferOptions options;

    @Option(
            names = {"-q", "--quiet"},
            description = "Say nothing on standard error unless it fails.")
    private boolean quiet;

    @SuppressWarnings("NullAway.Init") // by picocli
    SendCommand() {}

    @Override
    public Integer call() throws IOException {
        Tally tally = Side.run(options.ringConfig(), this::send);
        if (!quiet) {
            PrintWriter err = spec.commandLine().getErr();
            Report.lines("sent", tally).forEach(err::println);
            Report.copying(tally, false).forEach(err::println);
        }
        return 0;
    }

    private Tally send(Ring ring, Arena memory) throws IOException {
        ZeroCopyPolicy policy = FileSender.policy(zeroCopy);
        Connections connections = new Connections(ring);
        Source source = source(connections);
        if (source.sequential() && count > 1) {
            throw new Failure(
                    source.name() + " can be read only once, and so sent over one connection only");
        }
        List<InetSocketAddress> addresses = endpoint.resolve();
        List<Integer> sockets = new ArrayList<>();
        try {
            while (sockets.size() < count) {
                sockets.add(connections.connect(addresses));
            }
            return send(EventLoop.of(ring), memory, source, sockets, policy);
        } finally {
            sockets.forEach(connections::close);
            if (source.fd() != STANDARD_INPUT) {
                connections.close(source.fd());
            }
        }
    }

    private Tally send(
            EventLoop loop,
            Arena memory,
            Source source,
            List<Integer> sockets,
            ZeroCopyPolicy policy) {
        try (Progress progress = Progress.of("sending", count * source.size(), !quiet)) {
            Meter meter = Meter.start();
            List<FileSender> senders = new ArrayList<>();
            for (int socket : sockets) {
                senders.add(new FileSender(loop, memory, source, socket, options, policy));
            }
            Tally tally = FileSender.run(loop, senders, progress);
            meter.stop(tally);
            FileSender.end(loop, senders);
            return tally;
        }
    }

    private Source source(Connections connections) throws IOException {
        if (file.equals("-")) {
            return new Source("standard input", STANDARD_INPUT, true, -1);
        }
        String name = "'" + file + "'";
        int flags = OpenFlags.O_RDONLY | OpenFlags.O_CLOEXEC;
        int fd = connections.open(file, flags, 0, "cannot open " + name);
        Path path = Path.of(file);
        boolean regular = Files.isRegularFile(path);
        return new Source(name, fd, !regular, regular ? Files.size(path) : -1);
    }
}
