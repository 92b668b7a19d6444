package org.uring4j.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

class BulkContestTest {
    @Test
    void shouldCompareWithinRoundsAndChangeWhoComesFirst() {
        BulkContest contest = new BulkContest(3);
        List<Integer> order = new ArrayList<>();
        for (int i = 1; i <= 3; i++) {
            // The machine gets slower, the contestants' ratio stays.
            int slow = i * i;
            contest.round(
                    contestant -> {
                        order.add(contestant);
                        return new BulkContest.Result(slow * (1 + contestant), 8.0 / slow);
                    });
        }
        assertThat(order).containsExactly(0, 1, 2, 1, 2, 0, 2, 0, 1);
        assertThat(contest.ratio(0, 0)).isEqualTo(1);
        assertThat(contest.ratio(2, 0)).isEqualTo(3);
        assertThat(contest.ratio(2, 1)).isEqualTo(1.5);
        assertThat(contest.spread(1, 0)).containsExactly(2, 2);
        assertThat(contest.cpu(1)).isEqualTo(8);
        assertThat(contest.speed(1)).isEqualTo(2);
    }

    @Test
    void shouldCountMillisecondsOfProcessorTimeForGigabyte() {
        BulkContest.Result result = BulkContest.Result.of(2_000_000_000, 300_000_000, 500_000_000);
        assertThat(result.cpu()).isEqualTo(150);
        assertThat(result.speed()).isEqualTo(4);
    }
}
