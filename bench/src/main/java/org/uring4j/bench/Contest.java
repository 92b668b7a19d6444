package org.uring4j.bench;

import java.util.Arrays;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;

/**
 * Two contenders measured in turn, round by round.
 *
 * <p>What a machine does changes from one second to the next, by more than the contenders differ.
 * Two measurements that follow one another have most of it in common, so the ratio within a round
 * is compared, never a number of one round with a number of another.
 */
final class Contest {
    private final double[] reference;
    private final double[] contender;
    private int rounds;

    private Contest(int rounds) {
        reference = new double[rounds];
        contender = new double[rounds];
    }

    /**
     * Measures both in each round; who comes first alternates.
     *
     * @param reference measures whom the contender is compared with
     * @param afterRound called when a round has ended
     */
    static Contest run(
            int rounds,
            DoubleSupplier reference,
            DoubleSupplier contender,
            Consumer<Contest> afterRound) {
        Contest contest = new Contest(rounds);
        for (int i = 0; i < rounds; i++) {
            if (i % 2 == 0) {
                contest.reference[i] = reference.getAsDouble();
                contest.contender[i] = contender.getAsDouble();
            } else {
                contest.contender[i] = contender.getAsDouble();
                contest.reference[i] = reference.getAsDouble();
            }
            contest.rounds++;
            afterRound.accept(contest);
        }
        return contest;
    }

    /** How many rounds have ended. */
    int rounds() {
        return rounds;
    }

    /** The last round as text. */
    String lastRound() {
        int i = rounds - 1;
        return String.format(
                Locale.ROOT,
                "round %d: %.1f / %.1f ns = %.3f",
                rounds,
                reference[i],
                contender[i],
                reference[i] / contender[i]);
    }

    /** The reference's median. */
    double reference() {
        return median(reference);
    }

    /** The contender's median. */
    double contender() {
        return median(contender);
    }

    /**
     * The median of the rounds' ratios, reference by contender: above 1 the contender is cheaper.
     */
    double ratio() {
        return median(ratios());
    }

    /** The lowest ratio of any round. */
    double lowestRatio() {
        return Arrays.stream(ratios()).min().orElseThrow();
    }

    /** The highest ratio of any round. */
    double highestRatio() {
        return Arrays.stream(ratios()).max().orElseThrow();
    }

    private double[] ratios() {
        double[] ratios = new double[reference.length];
        Arrays.setAll(ratios, i -> reference[i] / contender[i]);
        return ratios;
    }

    static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
