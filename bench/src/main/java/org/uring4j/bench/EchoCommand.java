package org.uring4j.bench;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

/** A TCP echo server under load: what the server's process costs for each request. */
@Command(
        name = "echo",
        description = {
            "Processor time that an echo server's process takes for a request.",
            "The client, one for all servers, compares every byte it gets back."
        })
final class EchoCommand implements Callable<Integer> {
    private record Shape(int connections, int bytes) {
        String label() {
            return "echo, %d x %d bytes".formatted(connections, bytes);
        }
    }

    private static final List<Shape> SHAPES = List.of(new Shape(64, 64), new Shape(512, 1024));

    private static final double BAR = 0.98;

    @Mixin private CompareOptions options = new CompareOptions();

    @Option(
            names = "--millis",
            description = "How long a server works in each round (default: ${DEFAULT-VALUE}).")
    private int millis = 300;

    /** A server with a client of its own. */
    private record Pair(Peer server, Peer client) {
        double nanosPerRequest(Duration time) {
            long before = server.cpuNanos();
            Map<String, String> reply =
                    client.ask("run " + time.toMillis(), time.plus(Duration.ofSeconds(30)));
            return (double) (server.cpuNanos() - before) / Peer.number(reply, "requests");
        }
    }

    @Override
    public Integer call() {
        options.validate();
        Machine.print(System.out);
        Report report = new Report(options.reference(), options.contender());
        try (Peer reference = startServer(options.reference());
                Peer contender = startServer(options.contender())) {
            options.describe(reference, contender);
            warmUp(reference);
            warmUp(contender);
            for (Shape shape : SHAPES) {
                report.add(shape.label(), contest(shape, reference, contender), BAR);
            }
        }
        report.print(System.out, "server's processor time of a request");
        return options.exitCode(report);
    }

    /** One connection makes a server's loop turn fastest, so that the JIT gets to compile it. */
    private void warmUp(Peer server) {
        try (Peer client = startClient(new Shape(1, 64), server)) {
            new Pair(server, client).nanosPerRequest(options.warmUp());
        }
    }

    private Contest contest(Shape shape, Peer reference, Peer contender) {
        try (Peer referenceClient = startClient(shape, reference);
                Peer contenderClient = startClient(shape, contender)) {
            Pair first = new Pair(reference, referenceClient);
            Pair second = new Pair(contender, contenderClient);
            first.nanosPerRequest(options.warmUp());
            second.nanosPerRequest(options.warmUp());
            Duration time = Duration.ofMillis(millis);
            return Contest.run(
                    options.rounds(),
                    () -> first.nanosPerRequest(time),
                    () -> second.nanosPerRequest(time),
                    options.progress(shape.label()));
        }
    }

    private Peer startServer(Engine engine) {
        return options.start(
                "echo server (" + engine + ")",
                Programs.echoServer(engine, "--port", Integer.toString(freePort()), "--until-eof"));
    }

    /** A TCP port of loopback that nobody uses. */
    static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new BenchException("no port is free: " + e.getMessage(), e);
        }
    }

    private Peer startClient(Shape shape, Peer server) {
        return options.start(
                "echo client",
                Programs.c(
                        "echo_client",
                        "--port",
                        server.ready("port"),
                        "--connections",
                        Integer.toString(shape.connections),
                        "--size",
                        Integer.toString(shape.bytes)));
    }
}
