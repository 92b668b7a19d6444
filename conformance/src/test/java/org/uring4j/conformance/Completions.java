package org.uring4j.conformance;

import org.uring4j.Ring;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** Collects completions, never for longer than a test may take. */
final class Completions {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private Completions() {}

    /** Submits and waits for exactly one completion. */
    static Completion one(Ring ring) {
        return some(ring, 1).getFirst();
    }

    /** Submits and collects completions until there are {@code count}, in order of arrival. */
    static List<Completion> some(Ring ring, int count) {
        List<Completion> all = new ArrayList<>();
        long end = System.nanoTime() + LIMIT.toNanos();
        while (all.size() < count) {
            long left = end - System.nanoTime();
            if (left < 0) {
                throw new AssertionError("waited for " + count + " completions, got " + all);
            }
            ring.submitAndWait(1, Duration.ofNanos(left));
            ring.completions()
                    .drain((data, result, flags) -> all.add(new Completion(data, result, flags)));
        }
        if (all.size() > count) {
            throw new AssertionError("expected " + count + " completions, got " + all);
        }
        return all;
    }

    /** Submits and collects completions until one is as asked for; that one is the last. */
    static List<Completion> until(Ring ring, Predicate<Completion> last) {
        List<Completion> all = new ArrayList<>();
        long end = System.nanoTime() + LIMIT.toNanos();
        while (all.isEmpty() || !last.test(all.getLast())) {
            long left = end - System.nanoTime();
            if (left < 0) {
                throw new AssertionError("the completion waited for did not come; got " + all);
            }
            ring.submitAndWait(1, Duration.ofNanos(left));
            ring.completions()
                    .drain(
                            (data, result, flags) -> all.add(new Completion(data, result, flags)),
                            1);
        }
        return all;
    }

    /** Submits, then takes what is there without waiting. */
    static List<Completion> now(Ring ring) {
        List<Completion> all = new ArrayList<>();
        ring.submit();
        ring.completions()
                .drain((data, result, flags) -> all.add(new Completion(data, result, flags)));
        return all;
    }
}
