package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.uring4j.Ring;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/**
 * What came of zero-copy sends, by their user data. Each completion is held against the model: a
 * result alone, or a result that announces a notification and then, once, that.
 */
final class Outcomes {
    /** How far a request has got. */
    record Outcome(int result, boolean announced, boolean notified, int notification) {
        boolean ended() {
            return announced == notified;
        }
    }

    private final Map<Long, Outcome> all = new LinkedHashMap<>();
    private final List<Long> order = new ArrayList<>();

    /** Submits and takes note until the requests with these user data have ended. */
    static Outcomes of(Ring ring, long... userData) {
        Outcomes outcomes = new Outcomes();
        for (long each : userData) {
            while (!outcomes.ended(each)) {
                outcomes.add(Completions.until(ring, any -> true).getFirst());
            }
        }
        return outcomes;
    }

    /** Submits and takes note until the request has ended; it is the only one. */
    static Outcome one(Ring ring) {
        Outcomes outcomes = new Outcomes();
        return outcomes.end(ring, outcomes.add(Completions.until(ring, any -> true).getFirst()));
    }

    /**
     * Submits the only request, which sends all of {@code data}; the peer receives meanwhile, for
     * neither the result nor the notification need come before.
     */
    static Outcome delivered(Connection connection, byte[] data) throws Exception {
        Ring ring = connection.ring();
        FutureTask<byte[]> received = new FutureTask<>(() -> connection.receive(data.length));
        Thread.ofVirtual().start(received);
        Outcomes outcomes = new Outcomes();
        long key = outcomes.add(Completions.until(ring, any -> true).getFirst());
        assertThat(outcomes.get(key).result()).isEqualTo(data.length);
        Outcome outcome = outcomes.end(ring, key);
        assertThat(received.get(10, TimeUnit.SECONDS)).isEqualTo(data);
        assertThat(outcome.notified()).isTrue();
        return outcome;
    }

    private Outcome end(Ring ring, long key) {
        while (!ended(key)) {
            add(Completions.until(ring, any -> true).getFirst());
        }
        assertThat(all).hasSize(1);
        return get(key);
    }

    /** Takes note of a completion; its user data. */
    long add(Completion completion) {
        long key = completion.userData();
        Outcome before = all.get(key);
        if (completion.isNotification()) {
            assertThat(before).as("a result before %s", completion).isNotNull();
            assertThat(before.announced()).as("announced: %s", completion).isTrue();
            assertThat(before.notified()).as("only one: %s", completion).isFalse();
            assertThat(completion.hasMore()).as("the last: %s", completion).isFalse();
            all.put(key, new Outcome(before.result(), true, true, completion.result()));
        } else {
            assertThat(before).as("only one result: %s", completion).isNull();
            all.put(key, new Outcome(completion.result(), completion.hasMore(), false, 0));
            order.add(key);
        }
        return key;
    }

    boolean ended(long userData) {
        Outcome outcome = all.get(userData);
        return outcome != null && outcome.ended();
    }

    Outcome get(long userData) {
        return all.get(userData);
    }

    /** The user data of the requests in the order their results came. */
    List<Long> order() {
        return order;
    }
}
