package org.uring4j.bench;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;

/** NOPs in batches: what a request costs when the kernel has nothing to do. */
@Command(
        name = "nop",
        description = "Processor time of a NOP, submitted and reaped in batches of 1, 8, 32, 128.")
final class NopCommand implements Callable<Integer> {
    /** How many requests are submitted at a time, and the least ratio that is good enough. */
    private record Batch(int size, double bar) {
        String label() {
            return "NOP, batch " + size;
        }
    }

    private static final List<Batch> BATCHES =
            List.of(
                    new Batch(1, 0.92),
                    new Batch(8, 0.94),
                    new Batch(32, 0.96),
                    new Batch(128, 0.96));

    private static final Duration LIMIT = Duration.ofMinutes(2);

    @Mixin private CompareOptions options = new CompareOptions();

    @Option(
            names = "--millis",
            description = "How long an engine works in each round (default: ${DEFAULT-VALUE}).")
    private int millis = 100;

    @Override
    public Integer call() {
        options.validate();
        Machine.print(System.out);
        Report report = new Report(options.reference(), options.contender());
        try (Peer reference = start(options.reference());
                Peer contender = start(options.contender())) {
            options.describe(reference, contender);
            warmUp(reference);
            warmUp(contender);
            for (Batch batch : BATCHES) {
                long ops = opsInRound(reference, batch);
                Contest contest =
                        Contest.run(
                                options.rounds(),
                                () -> nanosPerOp(reference, batch, ops),
                                () -> nanosPerOp(contender, batch, ops),
                                options.progress(batch.label()));
                report.add(batch.label(), contest, batch.bar);
            }
        }
        report.print(System.out, "processor time of a request");
        return options.exitCode(report);
    }

    private Peer start(Engine engine) {
        List<String> command =
                switch (engine) {
                    case LIBURING -> Programs.c("nop");
                    case URING4J -> Programs.java(NopPeer.class);
                };
        return options.start("nop (" + engine + ")", command);
    }

    private void warmUp(Peer peer) {
        long end = System.nanoTime() + options.warmUp().toNanos();
        do {
            for (Batch batch : BATCHES) {
                nanosPerOp(peer, batch, 100_000);
            }
        } while (System.nanoTime() < end);
    }

    private long opsInRound(Peer peer, Batch batch) {
        return (long) (millis * 1e6 / nanosPerOp(peer, batch, 200_000));
    }

    private static double nanosPerOp(Peer peer, Batch batch, long ops) {
        long batches = Math.ceilDiv(ops, batch.size);
        Map<String, String> reply =
                peer.ask("run " + batch.size + " " + batches * batch.size, LIMIT);
        return (double) Peer.number(reply, "cpu_ns") / (batches * batch.size);
    }
}
