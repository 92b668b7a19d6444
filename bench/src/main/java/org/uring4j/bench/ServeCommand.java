package org.uring4j.bench;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;

/** A benchmark's server alone, for other clients. */
@Command(
        name = "serve",
        description = "Runs a benchmark's server alone, so that other clients can drive it.")
final class ServeCommand implements Callable<Integer> {
    private enum Service {
        ECHO;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Parameters(paramLabel = "SERVICE", description = "What it serves: ${COMPLETION-CANDIDATES}.")
    private Service service = Service.ECHO;

    @Option(names = "--engine", required = true, description = "${COMPLETION-CANDIDATES}")
    private Engine engine = Engine.URING4J;

    @Option(names = "--port", required = true, description = "The TCP port.")
    private int port;

    @Option(
            names = "--host",
            description = "The IPv4 address to listen on (default: ${DEFAULT-VALUE}).")
    private String host = "127.0.0.1";

    @Option(
            names = "--seconds",
            description = "End after that many seconds; without, when stopped.")
    private @Nullable Integer seconds;

    /**
     * Leaves the server's command line, its words ended by NUL, in the file that {@code bench/run}
     * asks for: the launcher becomes the server, so that its process is the server's alone.
     */
    @Override
    public Integer call() throws IOException {
        List<String> arguments = new ArrayList<>(List.of("--host", host, "--port", "" + port));
        if (seconds != null) {
            arguments.addAll(List.of("--seconds", "" + seconds));
        }
        List<String> command =
                switch (service) {
                    case ECHO -> Programs.echoServer(engine, arguments.toArray(String[]::new));
                };
        String file = System.getProperty("uring4j.bench.next");
        if (file == null) {
            throw new BenchException("serve works through the launcher only: bench/run serve");
        }
        Files.writeString(Path.of(file), String.join("\0", command) + "\0");
        return 0;
    }
}
