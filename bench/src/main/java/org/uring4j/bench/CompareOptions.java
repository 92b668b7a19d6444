package org.uring4j.bench;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Option;

import java.io.Console;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** What the commands that compare two engines have in common. */
final class CompareOptions {
    private static final String CLEAR_LINE = "\r\u001b[K";

    @Option(
            names = "--engines",
            split = ",",
            paramLabel = "ENGINE",
            description =
                    "Who is compared, the reference first (default: ${DEFAULT-VALUE}). The same"
                            + " engine twice shows what the harness itself adds: 1.00.")
    private List<Engine> engines = List.of(Engine.LIBURING, Engine.URING4J);

    @Option(names = "--rounds", description = "How many rounds (default: ${DEFAULT-VALUE}).")
    private int rounds = 61;

    @Option(
            names = "--warm-up",
            paramLabel = "SECONDS",
            description = "Load of each kind before the first round (default: ${DEFAULT-VALUE}).")
    private int warmUp = 5;

    @Option(
            names = "--core",
            description = "The core everything measured runs on (default: the last).")
    private @Nullable Integer core;

    @Option(names = "--check", description = "Exit code 3 when a bar is missed.")
    private boolean check;

    @Option(names = "--verbose", description = "Print every round.")
    private boolean verbose;

    /** Refuses what cannot be meant. */
    void validate() {
        if (engines.size() != 2) {
            throw new BenchException("--engines takes two, as in liburing,uring4j");
        }
        if (rounds < 1 || warmUp < 1) {
            throw new BenchException("--rounds and --warm-up take 1 or more");
        }
    }

    Engine reference() {
        return engines.get(0);
    }

    Engine contender() {
        return engines.get(1);
    }

    int rounds() {
        return rounds;
    }

    Duration warmUp() {
        return Duration.ofSeconds(warmUp);
    }

    /** Starts a process on the core where everything measured runs. */
    Peer start(String name, List<String> command) {
        int where = core != null ? core : Programs.lastCore();
        return Peer.start(name, Programs.pinned(where, command));
    }

    /** Says what the C side was built with. */
    void describe(Peer referencePeer, Peer contenderPeer) {
        if (reference() == Engine.LIBURING) {
            System.out.println("c:       liburing " + referencePeer.ready("version"));
        } else if (contender() == Engine.LIBURING) {
            System.out.println("c:       liburing " + contenderPeer.ready("version"));
        }
    }

    /** Tells after each round how a contest goes: every round, or in a terminal how far it is. */
    Consumer<Contest> progress(String work) {
        boolean terminal = Stream.ofNullable(System.console()).anyMatch(Console::isTerminal);
        return contest -> {
            if (verbose) {
                System.out.println(work + ": " + contest.lastRound());
            } else if (terminal) {
                boolean over = contest.rounds() == rounds;
                System.err.print(
                        over
                                ? CLEAR_LINE
                                : CLEAR_LINE + work + ": round " + contest.rounds() + "/" + rounds);
            }
        };
    }

    /** 0, or 3 when bars count and one is missed. */
    int exitCode(Report report) {
        return check && !report.met() ? 3 : 0;
    }
}
