package org.uring4j.bench;

import static java.util.Objects.requireNonNull;

import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;

/** What a request allocates on the Java heap. */
@Command(
        name = "alloc",
        description = "Bytes a request allocates on the Java heap, by JMH's GC profiler.")
final class AllocCommand implements Callable<Integer> {
    /**
     * What JMH itself allocates makes a few hundredths on a slow machine; an object has 16 bytes.
     */
    private static final double NOTHING = 0.1;

    @Option(names = "--check", description = "Exit code 3 when anything is allocated.")
    private boolean check;

    @Option(names = "--verbose", description = "Print what JMH prints.")
    private boolean verbose;

    @Override
    public Integer call() throws RunnerException {
        Machine.print(System.out);
        Collection<RunResult> results =
                new Runner(
                                new OptionsBuilder()
                                        .include(RingBenchmark.class.getName())
                                        .include(SenderBenchmark.class.getName())
                                        .addProfiler(GCProfiler.class)
                                        .forks(1)
                                        .warmupIterations(5)
                                        .warmupTime(TimeValue.seconds(1))
                                        .measurementIterations(5)
                                        .measurementTime(TimeValue.seconds(1))
                                        .jvmArgsAppend(
                                                "--enable-native-access=ALL-UNNAMED",
                                                "--sun-misc-unsafe-memory-access=allow")
                                        .verbosity(
                                                verbose ? VerboseMode.NORMAL : VerboseMode.SILENT)
                                        .build())
                        .run();
        boolean none = true;
        System.out.printf("%n%-34s %12s %14s%n", "work", "time", "allocated");
        for (RunResult result : results) {
            Result<?> time = result.getPrimaryResult();
            double allocated = medianAllocation(result);
            none &= allocated < NOTHING;
            System.out.printf(
                    Locale.ROOT,
                    "%-34s %9.1f ns %9.4f B/op  %s%n",
                    label(result),
                    time.getScore(),
                    allocated,
                    allocated < NOTHING ? "ok" : "missed");
        }
        return check && !none ? 3 : 0;
    }

    /** Of the iterations: the last one includes the end of the benchmark. */
    private static double medianAllocation(RunResult result) {
        List<Double> perIteration = new ArrayList<>();
        for (BenchmarkResult fork : result.getBenchmarkResults()) {
            for (IterationResult iteration : fork.getIterationResults()) {
                Result<?> allocated = iteration.getSecondaryResults().get("gc.alloc.rate.norm");
                perIteration.add(requireNonNull(allocated).getScore());
            }
        }
        return Contest.median(perIteration.stream().mapToDouble(value -> value).toArray());
    }

    private static String label(RunResult result) {
        String name = result.getParams().getBenchmark();
        return name.substring(name.lastIndexOf('.') + 1);
    }
}
