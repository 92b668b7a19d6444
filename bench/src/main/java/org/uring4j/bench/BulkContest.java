package org.uring4j.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What several contestants did, round by round. See {@link Contest}. */
final class BulkContest {
    /**
     * What one did in one round.
     *
     * @param cpu processor time, in milliseconds a GB
     * @param speed GB a second
     */
    record Result(double cpu, double speed) {
        static Result of(long bytes, long cpuNanos, long wallNanos) {
            return new Result((double) cpuNanos / bytes * 1e3, (double) bytes / wallNanos);
        }
    }

    /** Measures one, once. */
    @FunctionalInterface
    interface Measure {
        Result of(int contestant);
    }

    private final int contestants;
    private final List<Result[]> rounds = new ArrayList<>();

    BulkContest(int contestants) {
        this.contestants = contestants;
    }

    /** Measures all once; who comes first changes from round to round. */
    void round(Measure measure) {
        Result[] results = new Result[contestants];
        int first = rounds.size() % contestants;
        for (int i = 0; i < contestants; i++) {
            int contestant = (first + i) % contestants;
            results[contestant] = measure.of(contestant);
        }
        rounds.add(results);
    }

    /** The median of one's processor time, in milliseconds a GB. */
    double cpu(int contestant) {
        return Contest.median(
                rounds.stream().mapToDouble(results -> results[contestant].cpu()).toArray());
    }

    /** The median of one's speed, in GB a second. */
    double speed(int contestant) {
        return Contest.median(
                rounds.stream().mapToDouble(results -> results[contestant].speed()).toArray());
    }

    /** The median of one's processor time by another's within a round. */
    double ratio(int contestant, int ours) {
        return Contest.median(ratios(contestant, ours));
    }

    /** The middle half of these ratios: the first and the third quartile. */
    double[] spread(int contestant, int ours) {
        double[] ratios = ratios(contestant, ours);
        Arrays.sort(ratios);
        return new double[] {ratios[ratios.length / 4], ratios[3 * ratios.length / 4]};
    }

    private double[] ratios(int contestant, int ours) {
        return rounds.stream()
                .mapToDouble(results -> results[contestant].cpu() / results[ours].cpu())
                .toArray();
    }
}
