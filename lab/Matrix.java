import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * {@code java -cp lab Matrix.java RESULTS [--write FILE] NAME...}: what the guests of {@code
 * lab/run} brought back, as a matrix of kernels and families of tests. Fails when a test failed or
 * a kernel did not behave.
 */
final class Matrix {
    private Matrix() {}

    public static void main(String[] args) throws IOException {
        List<String> names = new ArrayList<>(Arrays.asList(args));
        Path results = Path.of(names.removeFirst());
        Path page = null;
        if (names.getFirst().equals("--write")) {
            names.removeFirst();
            page = Path.of(names.removeFirst());
        }
        List<Outcome> kernels = new ArrayList<>();
        for (String name : names) {
            kernels.add(Outcome.read(name, results.resolve(name)));
        }
        kernels.forEach(Matrix::printDetails);
        System.out.println(table(rows(kernels)));
        System.out.println(
                "passed, F failed, S skipped, R of those passed did so at the second try only;"
                        + " the reasons are above");
        boolean good = kernels.stream().allMatch(Outcome::isGood);
        if (page != null) {
            Files.writeString(page, page(kernels));
            Path readme = page.resolveSibling("../README.md").normalize();
            Files.writeString(readme, withSummary(Files.readString(readme), kernels));
            System.out.println("wrote " + page + " and the table in " + readme);
        }
        System.exit(good ? 0 : 1);
    }

    private static void printDetails(Outcome kernel) {
        System.out.println(kernel.name() + ": " + kernel.title());
        for (String problem : kernel.problems()) {
            System.out.println("  FAILED " + problem.replace("\n", "\n    "));
        }
        for (Test test : kernel.tests()) {
            if (test.outcome() == Test.Kind.FAILED) {
                System.out.println("  FAILED " + test.family() + "." + test.name());
                test.reason().lines().limit(8).forEach(line -> System.out.println("    " + line));
            }
        }
        for (String second : secondTries(kernel)) {
            System.out.println("  " + second);
        }
        skipped(kernel)
                .forEach(
                        (reason, families) ->
                                System.out.println("  skipped: " + reason + " " + families));
        kernel.devices().stream()
                .filter(device -> device.contains(" absent: "))
                .forEach(device -> System.out.println("  device " + device));
        System.out.println();
    }

    /** What passed only then, a line for each. */
    private static List<String> secondTries(Outcome kernel) {
        List<String> lines = new ArrayList<>();
        for (String problem : kernel.firstProblems()) {
            lines.add("tried once more as a whole: " + shortened(problem));
        }
        for (Test test : kernel.tests()) {
            if (test.outcome() == Test.Kind.PASSED_SECOND_TRY) {
                String name = test.family() + "." + test.name();
                lines.add("passed at the second try: " + name + ": " + shortened(test.reason()));
            }
        }
        return lines;
    }

    /** The first line. */
    private static String shortened(String reason) {
        return reason.lines().findFirst().orElse("no reason was given");
    }

    /** Reasons, and which families have them how often. */
    private static Map<String, Map<String, Integer>> skipped(Outcome kernel) {
        Map<String, Map<String, Integer>> reasons = new TreeMap<>();
        for (Test test : kernel.tests()) {
            if (test.outcome() == Test.Kind.SKIPPED) {
                reasons.computeIfAbsent(test.reason(), reason -> new TreeMap<>())
                        .merge(test.family(), 1, Integer::sum);
            }
        }
        return reasons;
    }

    private static final String BEGIN = "<!-- written by lab/run --write-docs -->\n";
    private static final String END = "<!-- /written -->\n";

    /** A text with another table where it has one already. */
    private static String withSummary(String text, List<Outcome> kernels) {
        int begin = text.indexOf(BEGIN) + BEGIN.length();
        int end = text.indexOf(END, begin);
        if (begin < BEGIN.length() || end < begin) {
            throw new IllegalStateException("README.md has no place for the table: " + BEGIN + END);
        }
        List<List<String>> rows = new ArrayList<>();
        rows.add(releases(kernels));
        rows.add(counts("tests passed", kernels, Matrix::passed));
        if (kernels.stream().anyMatch(k -> count(k.tests(), Test.Kind.PASSED_SECOND_TRY) > 0)) {
            rows.add(
                    counts(
                            "of these at the second try",
                            kernels,
                            tests -> count(tests, Test.Kind.PASSED_SECOND_TRY)));
        }
        rows.add(counts("failed", kernels, tests -> count(tests, Test.Kind.FAILED)));
        rows.add(
                counts(
                        "skipped: it lacks something",
                        kernels,
                        tests -> count(tests, Test.Kind.SKIPPED)));
        return text.substring(0, begin) + table(rows) + text.substring(end);
    }

    private static List<String> counts(
            String title, List<Outcome> kernels, ToIntFunction<List<Test>> counted) {
        return Stream.concat(
                        Stream.of(title),
                        kernels.stream().map(k -> Integer.toString(counted.applyAsInt(k.tests()))))
                .toList();
    }

    private static String table(List<List<String>> rows) {
        StringBuilder text = new StringBuilder();
        int columns = rows.getFirst().size();
        int[] widths = new int[columns];
        for (List<String> row : rows) {
            for (int i = 0; i < columns; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        for (int r = 0; r < rows.size(); r++) {
            for (int i = 0; i < columns; i++) {
                text.append("| ").append(padded(rows.get(r).get(i), widths[i])).append(' ');
            }
            text.append("|\n");
            if (r == 0) {
                for (int width : widths) {
                    text.append('|').append("-".repeat(width + 2));
                }
                text.append("|\n");
            }
        }
        return text.toString();
    }

    private static String padded(String text, int width) {
        return text + " ".repeat(width - text.length());
    }

    private static List<List<String>> rows(List<Outcome> kernels) {
        TreeSet<String> families = new TreeSet<>();
        kernels.forEach(kernel -> kernel.tests().forEach(test -> families.add(test.family())));
        List<List<String>> rows = new ArrayList<>();
        rows.add(releases(kernels));
        for (String family : families) {
            rows.add(row(family, kernels, test -> test.family().equals(family)));
        }
        rows.add(row("all", kernels, test -> true));
        List<String> kernel = new ArrayList<>(List.of("the kernel itself"));
        kernels.forEach(k -> kernel.add(verdict(k)));
        rows.add(kernel);
        return rows;
    }

    private static String verdict(Outcome kernel) {
        if (!kernel.problems().isEmpty()) {
            return "FAILED";
        }
        return kernel.firstProblems().isEmpty() ? "good" : "good at the second try";
    }

    private static List<String> releases(List<Outcome> kernels) {
        return Stream.concat(
                        Stream.of("Linux"),
                        kernels.stream().map(k -> k.release() + (k.isLab() ? " (lab)" : "")))
                .toList();
    }

    private static List<String> row(String title, List<Outcome> kernels, Predicate<Test> included) {
        List<String> row = new ArrayList<>(List.of(title));
        for (Outcome kernel : kernels) {
            List<Test> tests = kernel.tests().stream().filter(included).toList();
            String cell = Integer.toString(passed(tests));
            int again = count(tests, Test.Kind.PASSED_SECOND_TRY);
            int failed = count(tests, Test.Kind.FAILED);
            int skipped = count(tests, Test.Kind.SKIPPED);
            cell += failed == 0 ? "" : " " + failed + "F";
            cell += skipped == 0 ? "" : " " + skipped + "S";
            cell += again == 0 ? "" : " " + again + "R";
            row.add(tests.isEmpty() ? "none" : cell);
        }
        return row;
    }

    private static int passed(List<Test> tests) {
        return count(tests, Test.Kind.PASSED) + count(tests, Test.Kind.PASSED_SECOND_TRY);
    }

    private static int count(List<Test> tests, Test.Kind kind) {
        return (int) tests.stream().filter(test -> test.outcome() == kind).count();
    }

    private static String page(List<Outcome> kernels) {
        StringBuilder page = new StringBuilder();
        page.append(
                """
                # What works under which kernel

                Measured, not claimed: `lab/run` boots each of these kernels under QEMU and runs \
                the conformance suite inside. `lab/run --write-docs` wrote this page on %s; \
                do not edit it.

                A cell is the number of tests that passed, F how many failed, S how many were \
                skipped because the kernel or a device lacks something; the reasons are below. \
                What failed was tried once more, in a second boot: R says how many of those that \
                passed did so only then, and they are named below. \
                "The kernel itself" is good when it booted, answered in time and logged neither \
                a warning nor an error (but for what lab/Outcome.java names).

                """
                        .formatted(LocalDate.now()));
        page.append(table(rows(kernels)));
        page.append("\n## The kernels\n\n");
        for (Outcome kernel : kernels) {
            page.append("- ").append(kernel.title()).append('\n');
        }
        for (Outcome kernel : kernels) {
            page.append("\n## Linux ").append(kernel.release());
            page.append(kernel.isLab() ? " (lab)\n\n" : "\n\n");
            page.append("Devices: ").append(devices(kernel)).append(".\n\n");
            kernel.problems()
                    .forEach(p -> page.append(item("failed", p.lines().findFirst().get())));
            for (Test test : kernel.tests()) {
                if (test.outcome() == Test.Kind.FAILED) {
                    page.append(item("failed", test.family() + ", " + test.name()));
                }
            }
            secondTries(kernel).forEach(second -> page.append("- " + second + '\n'));
            skipped(kernel)
                    .forEach(
                            (reason, families) ->
                                    page.append(
                                            item(
                                                    "skipped",
                                                    reason
                                                            + " ("
                                                            + String.join(", ", families.keySet())
                                                            + ")")));
            if (kernel.isGood() && skipped(kernel).isEmpty()) {
                page.append("Every test ran and passed.\n");
            }
        }
        return page.toString();
    }

    private static String devices(Outcome kernel) {
        String there =
                kernel.devices().stream()
                        .filter(device -> !device.contains(" absent: "))
                        .map(device -> device.replaceFirst(" .*", ""))
                        .collect(Collectors.joining(", "));
        return there.isEmpty() ? "none" : there;
    }

    private static String item(String kind, String text) {
        return "- " + kind + ": " + text + '\n';
    }
}
