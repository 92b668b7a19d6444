package org.uring4j.bench;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The table a benchmark ends with. */
final class Report {
    private record Row(String work, Contest contest, double bar) {
        boolean met() {
            return contest.ratio() >= bar;
        }
    }

    private final Engine reference;
    private final Engine contender;
    private final List<Row> rows = new ArrayList<>();

    Report(Engine reference, Engine contender) {
        this.reference = reference;
        this.contender = contender;
    }

    /**
     * Adds a line.
     *
     * @param bar the least ratio that is good enough
     */
    void add(String work, Contest contest, double bar) {
        rows.add(new Row(work, contest, bar));
    }

    /** Whether every ratio reaches its bar. */
    boolean met() {
        return rows.stream().allMatch(Row::met);
    }

    void print(PrintStream out, String unit) {
        String format = "%-38s %10s %10s   %5s  %-14s %5s%s%n";
        out.println();
        out.printf(format, unit, contender, reference, "ratio", "(min to max)", "bar", "");
        for (Row row : rows) {
            Contest contest = row.contest;
            out.printf(
                    format,
                    row.work,
                    nanos(contest.contender()),
                    nanos(contest.reference()),
                    number("%.3f", contest.ratio()),
                    "("
                            + number("%.2f", contest.lowestRatio())
                            + " to "
                            + number("%.2f", contest.highestRatio())
                            + ")",
                    number("%.2f", row.bar),
                    row.met() ? "  ok" : "  missed");
        }
        out.println();
        out.printf(
                "ratio: %s's time by %s's in the same round, the median of all rounds;"
                        + " above 1, %2$s is cheaper.%n",
                reference, contender);
    }

    private static String nanos(double value) {
        return number("%.1f ns", value);
    }

    private static String number(String format, double value) {
        return String.format(Locale.ROOT, format, value);
    }
}
