package org.uring4j.resource;

import java.time.Duration;
import java.util.List;

/**
 * The leases on a resource's memory that were not closed yet.
 *
 * @param count how many pieces of memory are out; parts of one ({@link Lease#retain}) count as one
 * @param oldest for how long the first of them is out; zero when none is
 * @param taken where the leases were taken, parts also; empty unless the program runs with {@code
 *     -During4j.traceLeases=true}
 */
public record LeasesOut(int count, Duration oldest, List<Throwable> taken) {
    /** The system property that has places told; looked at once. */
    static final String PROPERTY = "uring4j.traceLeases";

    private static final int MOST_PLACES = 10;

    /** Copies the list. */
    public LeasesOut {
        taken = List.copyOf(taken);
    }

    /** As {@code count=2 oldest=PT1.5S}, with the places. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        text.append("count=").append(count).append(" oldest=").append(oldest);
        if (count > 0 && taken.isEmpty()) {
            text.append("; -D").append(PROPERTY).append("=true tells where they were taken");
        }
        for (Throwable each : taken.subList(0, Math.min(taken.size(), MOST_PLACES))) {
            text.append("\n    taken ").append(place(each));
        }
        if (taken.size() > MOST_PLACES) {
            text.append("\n    and ").append(taken.size() - MOST_PLACES).append(" more");
        }
        return text.toString();
    }

    /** The line of the program. */
    private static String place(Throwable taken) {
        StackTraceElement[] frames = taken.getStackTrace();
        for (StackTraceElement frame : frames) {
            String name = frame.getClassName();
            if (!name.startsWith("org.uring4j.resource.") && !name.startsWith("org.uring4j.io.")) {
                return "at " + frame;
            }
        }
        return frames.length == 0 ? "nobody knows where" : "at " + frames[0];
    }
}
