package org.uring4j.uapi;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Weighs one set of headers against the table: what is wrong, and what is only worth telling. */
final class Findings {
    private static final Pattern RELEASE = Pattern.compile("(\\d+)\\.(\\d+).*");
    private static final Pattern RESERVED = Pattern.compile(".*\\._*(pad|resv|rsvd|spare)\\d*");

    /** What fails the test. */
    final List<String> problems = new ArrayList<>();

    /** What headers newer than the table add. */
    final List<String> news = new ArrayList<>();

    /**
     * Rows that older headers have already: the kernel's stable releases take some of them over.
     */
    final List<String> early = new ArrayList<>();

    /** Declared from 6.0 to 6.3 for an interface that never came. */
    private static final Pattern GONE =
            Pattern.compile("io_uring_notification_(slot|register)(\\..*)?");

    private final String release;
    private final boolean newerThanTable;
    private final boolean olderThanTable;
    private int checked;
    private int missing;
    private int newer;

    /**
     * Starts with nothing found.
     *
     * @param release the kernel release of the headers, such as {@code 6.1}
     * @param tableRelease the release the table is complete for
     */
    Findings(String release, String tableRelease) {
        this.release = release;
        this.newerThanTable = isBefore(tableRelease, release);
        this.olderThanTable = isBefore(release, tableRelease);
    }

    /** Compares a row with what the compiler made of it, null when the header does not have it. */
    void compare(Row row, Measured measured, boolean aarch64) {
        boolean isKernel = row.header().startsWith("linux/") || row.header().startsWith("asm/");
        boolean isNewer = isKernel && isBefore(release, row.since());
        BigInteger value = aarch64 ? row.aarch64() : row.x86();
        if (isNewer) {
            newer++;
            if (measured != null && measured.value().equals(value)) {
                early.add(row.name() + "=" + row.since());
            }
        } else if (measured == null) {
            missing++;
            problems.add(
                    "name=%s since=%s is not in %s of release=%s"
                            .formatted(row.name(), row.since(), row.header(), release));
        } else {
            checked++;
            if (!measured.value().equals(value)) {
                List<String> list = newerThanTable && mayChange(row) ? news : problems;
                list.add(
                        "name=%s kind=%s table=%s header=%s"
                                .formatted(row.name(), row.kind(), value, measured.value()));
            }
            // Older headers have some fields signed that are unsigned by now.
            if (row.kind() == Row.Kind.OFFSETOF
                    && !olderThanTable
                    && !measured.type().equals(row.type())) {
                problems.add(
                        "name=%s type=%s is %s in the header"
                                .formatted(row.name(), row.type(), measured.type()));
            }
        }
    }

    /** Looks for names in the headers that the table does not have. */
    void complete(Set<String> declared, Set<String> table) {
        Set<String> unknown = new LinkedHashSet<>(declared);
        unknown.removeAll(table);
        for (String name : unknown) {
            // What was reserved may have a name by now, or another place.
            boolean replaced = RESERVED.matcher(name).matches() || GONE.matcher(name).matches();
            if (!(olderThanTable && replaced)) {
                (newerThanTable ? news : problems).add("name=" + name + " is not in the table");
            }
        }
    }

    String summary() {
        return "release=%s checked=%d missing=%d newer=%d early=%d problems=%d news=%d"
                .formatted(
                        release,
                        checked,
                        missing,
                        newer,
                        early.size(),
                        problems.size(),
                        news.size());
    }

    /** A next kernel may add to an enum, to a mask, and take from what is reserved. */
    private static boolean mayChange(Row row) {
        return row.group().equals("sentinel")
                || row.group().equals("mask")
                || RESERVED.matcher(row.name()).matches();
    }

    private static boolean isBefore(String release, String other) {
        return number(release) < number(other);
    }

    private static int number(String release) {
        Matcher m = RELEASE.matcher(release);
        if (!m.matches()) {
            throw new IllegalArgumentException("release=" + release);
        }
        return Integer.parseInt(m.group(1)) * 1000 + Integer.parseInt(m.group(2));
    }
}
