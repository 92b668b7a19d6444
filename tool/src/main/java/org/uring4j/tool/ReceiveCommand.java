package org.uring4j.tool;

import org.jspecify.annotations.Nullable;
import org.uring4j.Ring;

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
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;

/** {@code uring4j receive}. */
@Command(
        name = "receive",
        description = {
            "Waits for a TCP connection and writes what comes in to a file, until the sender ends"
                    + " the stream: 'uring4j send', nc and socat will do.",
            "The file has its name only when it is complete and on the disk."
        })
final class ReceiveCommand implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Parameters(
            index = "0",
            paramLabel = "PORT",
            converter = Endpoint.PortConverter.class,
            description = "The port to listen on.")
    private int port;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            description =
                    "The file to write, or - for standard output, which is the default"
                            + " unless that is a terminal.")
    private @Nullable String output;

    @Option(names = "--force", description = "Replace the file if it exists.")
    private boolean force;

    @Option(
            names = "--bind",
            paramLabel = "ADDRESS",
            defaultValue = "127.0.0.1",
            description =
                    "The address to listen on, as 0.0.0.0 for every one of this machine's"
                            + " (default: ${DEFAULT-VALUE}).")
    private String address;

    @Mixin private ReceiveOptions options;

    @Option(
            names = {"-q", "--quiet"},
            description = "Say nothing on standard error unless it fails.")
    private boolean quiet;

    @SuppressWarnings("NullAway.Init") // by picocli
    ReceiveCommand() {}

    @Override
    public Integer call() throws IOException {
        if (output == null && Terminal.STANDARD_OUTPUT.isTerminal()) {
            throw new ParameterException(
                    spec.commandLine(),
                    "standard output is a terminal: name a file with -o FILE, or '-o -' to have it"
                            + " all here");
        }
        options.check();
        Tally tally = Side.run(options.ringConfig(), this::receive);
        if (!quiet) {
            PrintWriter err = spec.commandLine().getErr();
            Report.lines("received", tally).forEach(err::println);
            Report.receiving(tally).forEach(err::println);
        }
        return 0;
    }

    private Tally receive(Ring ring, Arena memory) throws IOException {
        Connections connections = new Connections(ring);
        int listener = -1;
        List<Integer> sockets = List.of();
        try (ReceivedFiles files = ReceivedFiles.open(connections, targets(), force);
                Reception reception = new Reception(ring, memory, options)) {
            listener = listen(connections);
            sockets = reception.sockets();
            List<Sink> sinks = files.sinks();
            reception.add(connections.accept(listener), sinks.getFirst());
            reception.accept(listener, sinks.subList(1, sinks.size()));
            try (Progress progress = Progress.of("receiving", -1, !quiet)) {
                Meter meter = Meter.start();
                Tally tally = reception.run(progress);
                meter.stop(tally);
                files.complete();
                return tally;
            }
        } finally {
            sockets.forEach(connections::close);
            if (listener >= 0) {
                connections.close(listener);
            }
        }
    }

    private List<String> targets() {
        String target = output == null ? "-" : output;
        int count = options.connections();
        if (count == 1) {
            return List.of(target);
        }
        if (target.equals("-")) {
            throw new ParameterException(
                    spec.commandLine(),
                    "several connections cannot be written to standard output: name a file with"
                            + " -o FILE");
        }
        if (!Files.exists(Path.of(target)) || Files.isRegularFile(Path.of(target))) {
            return IntStream.rangeClosed(1, count).mapToObj(i -> target + "." + i).toList();
        }
        // Such as /dev/null, which takes them all.
        return Collections.nCopies(count, target);
    }

    private int listen(Connections connections) {
        InetSocketAddress own = new Endpoint(address, port).resolve().getFirst();
        int listener = connections.listen(own);
        if (!quiet) {
            spec.commandLine().getErr().println("listening on " + Endpoint.format(own));
        }
        return listener;
    }
}
