package org.uring4j.bench;

import org.jspecify.annotations.Nullable;
import org.uring4j.bench.BulkContest.Result;
import org.uring4j.bench.BulkHalf.Contestant;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;

/** Moving bytes in bulk over TCP: what a GB costs. */
@Command(
        name = "bulk",
        description = {
            "Processor time that moving a GB over a TCP connection of loopback takes.",
            "The other end is one C program for all, which only takes or gives."
        })
final class BulkCommand implements Callable<Integer> {
    private enum Half {
        SEND,
        RECEIVE;

        BulkHalf half() {
            return switch (this) {
                case SEND -> BulkHalf.send();
                case RECEIVE -> BulkHalf.receive();
            };
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** For how many milliseconds a connection finds its pace before it is measured. */
    private static final int SETTLING = 60;

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @Option(names = "--half", split = ",", description = "${COMPLETION-CANDIDATES} (default: all).")
    private List<Half> halves = List.of(Half.values());

    @Option(
            names = "--sizes",
            split = ",",
            paramLabel = "BYTES",
            description = "How large a buffer is (default: ${DEFAULT-VALUE}).")
    private List<Integer> sizes = List.of(64 << 10, 1 << 20);

    @Option(names = "--rounds", description = "How many rounds (default: ${DEFAULT-VALUE}).")
    private int rounds = 41;

    @Option(
            names = "--millis",
            description = "How long each works in a round (default: ${DEFAULT-VALUE}).")
    private int millis = 150;

    @Option(
            names = "--core",
            description = "The core everything measured runs on (default: the last).")
    private @Nullable Integer core;

    @Option(
            names = "--only",
            paramLabel = "TEXT",
            description = "Compare with those only whose name has this text.")
    private String only = "";

    @Option(
            names = "--quick",
            description = "Warm everybody up for a second only: to see that all work.")
    private boolean quick;

    @Option(names = "--check", description = "Exit code 3 when a bar is missed.")
    private boolean check;

    @Override
    public Integer call() {
        if (rounds < 1 || millis < 1) {
            throw new BenchException("--rounds and --millis take 1 or more");
        }
        if (sizes.stream().anyMatch(size -> size < 1 || size > 8 << 20)) {
            throw new BenchException("--sizes takes 1 to 8388608 bytes");
        }
        Machine.print(System.out);
        boolean met = true;
        for (Half half : halves) {
            met &= run(half.half().only(only), System.out);
        }
        return check && !met ? 3 : 0;
    }

    private boolean run(BulkHalf half, PrintStream out) {
        List<Peer> peers = new ArrayList<>();
        boolean met = true;
        try (Peer counterpart = start(half.title() + "'s other end", half.counterpart())) {
            String port = counterpart.ready("port");
            try {
                for (Contestant contestant : half.contestants()) {
                    peers.add(start(contestant.name(), contestant.command().apply(port)));
                }
                warmUp(half, peers);
                Map<Integer, BulkContest> contests = new LinkedHashMap<>();
                for (int i = 0; i < rounds; i++) {
                    for (int size : sizes) {
                        contests.computeIfAbsent(size, any -> new BulkContest(peers.size()))
                                .round(number -> measureAfresh(peers.get(number), size));
                    }
                }
                for (int size : sizes) {
                    met &= print(half, size, Objects.requireNonNull(contests.get(size)), out);
                }
            } finally {
                peers.forEach(Peer::close);
            }
        }
        out.println();
        out.println(
                "ratio: its processor time by the first's, or by that of whom it stands beside, in"
                        + " the same round, the median of all rounds; above 1, it is the dearer.");
        return met;
    }

    private Peer start(String name, List<String> command) {
        int where = core != null ? core : Programs.lastCore();
        return Peer.start(name, Programs.pinned(where, command));
    }

    /** In turns of a second, so that all are warm at the same time. */
    private void warmUp(BulkHalf half, List<Peer> peers) {
        int most = half.contestants().stream().mapToInt(Contestant::warmUp).max().orElse(0);
        for (int second = 0; second < (quick ? 1 : most); second++) {
            for (int i = 0; i < peers.size(); i++) {
                if (second < half.contestants().get(i).warmUp()) {
                    for (int size : sizes) {
                        measure(peers.get(i), size, 1000 / sizes.size());
                    }
                }
            }
        }
    }

    /**
     * On a connection of its own where there are several sizes: how large a socket's memory gets is
     * chance, and changes what a GB costs by more than what is compared differs.
     */
    private Result measureAfresh(Peer peer, int size) {
        measure(peer, size, SETTLING);
        return measure(peer, size, millis);
    }

    private static Result measure(Peer peer, int size, int millis) {
        long before = peer.cpuNanos();
        Map<String, String> reply = peer.ask("run " + size + " " + millis, PATIENCE);
        long cpu = peer.cpuNanos() - before;
        return Result.of(Peer.number(reply, "bytes"), cpu, Peer.number(reply, "wall_ns"));
    }

    private static boolean print(BulkHalf half, int size, BulkContest contest, PrintStream out) {
        boolean met = true;
        String title = half.title() + ", " + (size >> 10) + " KiB a buffer";
        String format = "%-34s %10s %8s   %6s  %-16s %5s%s%s%n";
        out.println();
        out.printf(format, title, "ms a GB", "GB/s", "ratio", "(middle half)", "bar", "", "");
        for (int i = 0; i < half.contestants().size(); i++) {
            Contestant contestant = half.contestants().get(i);
            int ours = half.contestantNamed(contestant.beside());
            double ratio = contest.ratio(i, ours);
            double[] spread = contest.spread(i, ours);
            boolean enough = ratio >= contestant.bar();
            met &= enough;
            out.printf(
                    format,
                    contestant.name(),
                    number("%.1f", contest.cpu(i)),
                    number("%.2f", contest.speed(i)),
                    i == ours ? "" : number("%.3f", ratio),
                    i == ours ? "" : number("(%.2f to ", spread[0]) + number("%.2f)", spread[1]),
                    contestant.bar() == 0 ? "" : number("%.2f", contestant.bar()),
                    contestant.bar() == 0 ? "" : enough ? "  ok" : "  missed",
                    ours == 0 || i == ours ? "" : "  beside " + contestant.beside());
        }
        return met;
    }

    private static String number(String format, double value) {
        return String.format(Locale.ROOT, format, value);
    }
}
