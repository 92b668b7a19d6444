package org.uring4j.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

class ContestTest {
    @Test
    void comparesWithinARoundAndNotAcross() {
        Iterator<Double> reference = List.of(100.0, 300.0, 200.0).iterator();
        Iterator<Double> contender = List.of(100.0, 150.0, 250.0).iterator();

        Contest contest = Contest.run(3, reference::next, contender::next, round -> {});

        assertThat(contest.ratio()).isEqualTo(1.0);
        assertThat(contest.lowestRatio()).isEqualTo(0.8);
        assertThat(contest.highestRatio()).isEqualTo(2.0);
        assertThat(contest.reference()).isEqualTo(200.0);
        assertThat(contest.contender()).isEqualTo(150.0);
    }

    @Test
    void whoComesFirstAlternates() {
        List<String> order = new ArrayList<>();

        Contest.run(
                3,
                () -> measured(order, "reference"),
                () -> measured(order, "contender"),
                round -> order.add("end"));

        assertThat(order)
                .containsExactly(
                        "reference",
                        "contender",
                        "end",
                        "contender",
                        "reference",
                        "end",
                        "reference",
                        "contender",
                        "end");
    }

    @Test
    void theMedianOfAnEvenNumberIsBetweenTheMiddleTwo() {
        assertThat(Contest.median(new double[] {4, 1, 3, 2})).isCloseTo(2.5, within(1e-9));
    }

    private static double measured(List<String> order, String who) {
        order.add(who);
        return 1;
    }
}
