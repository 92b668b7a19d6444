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
import java.util.concurrent.Callable;

/** {@code uring4j receive}. */
@Command(
        name = "receive",
        description = {
            "Waits for one TCP connection and writes what comes in to a file, until the sender ends"
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

    @Mixin private TransferOptions options;

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
        Tally tally = Side.run(options.ringConfig(), this::receive);
        if (!quiet) {
            PrintWriter err = spec.commandLine().getErr();
            Report.lines("received", tally).forEach(err::println);
        }
        return 0;
    }

    private Tally receive(Ring ring, Arena memory) throws IOException {
        Connections connections = new Connections(ring);
        String target = output == null ? "-" : output;
        try (ReceivedFile file = ReceivedFile.open(connections, target, force)) {
            int socket = accept(connections);
            try (Progress progress = Progress.of("receiving", -1, !quiet)) {
                Meter meter = Meter.start();
                Tally tally =
                        new Receiver(ring, memory, socket, file.sink(), options, progress).run();
                meter.stop(tally);
                file.complete();
                return tally;
            } finally {
                connections.close(socket);
            }
        }
    }

    private int accept(Connections connections) {
        InetSocketAddress own = new Endpoint(address, port).resolve().getFirst();
        int listener = connections.listen(own);
        if (!quiet) {
            spec.commandLine().getErr().println("listening on " + Endpoint.format(own));
        }
        try {
            return connections.accept(listener);
        } finally {
            connections.close(listener);
        }
    }
}
