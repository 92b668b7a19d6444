import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What the guests of one kernel brought back. The problems are those of the kernel, not of single
 * tests; firstProblems are those of a first try that a second one followed.
 */
record Outcome(
        String name,
        String packageName,
        String release,
        List<String> devices,
        List<Test> tests,
        List<String> problems,
        List<String> firstProblems) {
    private static final int LAST_LINES = 25;

    /** What a kernel logs when something is wrong with it. */
    private static final Pattern COMPLAINT =
            Pattern.compile(
                    "WARNING: |BUG: |Oops|Kernel panic|general protection fault|Call Trace"
                            + "|blocked for more than|detected stall|INFO: rcu|KASAN|UBSAN");

    /**
     * What kernels report of themselves although nothing is wrong: 7.2 writes the pieces of a block
     * request that ublk registers before it writes how many they are.
     */
    private static final Pattern KNOWN =
            Pattern.compile(
                    "UBSAN: array-index-out-of-bounds in \\S*io_uring/rsrc\\.c:\\d+:\\d+\\R"
                            + "[^\\n]*index 0 is out of range for type 'bio_vec \\[\\*\\]'"
                            + ".*?---\\[ end trace \\]---",
                    Pattern.DOTALL);

    /** All guests of a kernel as one. */
    static Outcome read(String name, Path directory) throws IOException {
        List<Path> parts;
        try (Stream<Path> all = Files.list(directory)) {
            parts = all.filter(Files::isDirectory).sorted().toList();
        }
        // Without a kernel to boot there is no guest, and that is what is told.
        Outcome together = bothTries(name, parts.isEmpty() ? directory : parts.getFirst());
        for (Path part : parts.stream().skip(1).toList()) {
            together = together.with(bothTries(name, part));
        }
        return together;
    }

    /** Both tries of a guest as one, if there was a second. */
    private static Outcome bothTries(String name, Path directory) throws IOException {
        Outcome first = of(name, directory);
        Path again = directory.resolve("second-try");
        return Files.isDirectory(again) ? first.followedBy(of(name, again)) : first;
    }

    /** With what another guest of the same kernel brought back, of other tests. */
    private Outcome with(Outcome other) {
        return new Outcome(
                name,
                packageName,
                release.equals(name) ? other.release : release,
                devices.isEmpty() ? other.devices : devices,
                joined(tests, other.tests),
                joined(problems, other.problems),
                joined(firstProblems, other.firstProblems));
    }

    private static <T> List<T> joined(List<T> some, List<T> others) {
        return Stream.concat(some.stream(), others.stream()).toList();
    }

    /** What the second try did not come to is as the first one left it. */
    private Outcome followedBy(Outcome second) {
        Map<String, Test> merged = new LinkedHashMap<>();
        for (Test test : tests) {
            merged.put(test.family() + "." + test.name(), test);
        }
        for (Test test : second.tests) {
            merged.merge(test.family() + "." + test.name(), test, Test::followedBy);
        }
        return new Outcome(
                name,
                packageName,
                release.equals(name) ? second.release : release,
                devices.isEmpty() ? second.devices : devices,
                List.copyOf(merged.values()),
                second.problems,
                problems);
    }

    /** One try of one guest. */
    static Outcome of(String name, Path directory) throws IOException {
        List<String> problems = new ArrayList<>();
        String console = text(directory.resolve("console.log"));
        String release = text(directory.resolve("release")).strip();
        String ended = text(directory.resolve("qemu-status")).strip();
        String status = text(directory.resolve("status")).strip();
        Set<String> complaints = complaints(console);
        complaints.addAll(complaints(text(directory.resolve("dmesg"))));
        if (!complaints.isEmpty()) {
            problems.add(
                    "the kernel complained: "
                            + String.join("\n", complaints)
                            + last("console.log", console));
        }
        if (ended.isEmpty()) {
            problems.add("the guest was not started; the reason is above");
        } else if (release.isEmpty()) {
            problems.add("the kernel did not boot to user space" + last("console.log", console));
        } else if (ended.equals("124") || ended.equals("137")) {
            problems.add("the guest did not end in time" + last("console.log", console));
        } else if (status.isEmpty()) {
            problems.add("the guest ended before its tests" + last("console.log", console));
        } else if (!Set.of("0", "1").contains(status)) {
            // 0 and 1 are JUnit's: all passed, some failed.
            String log = text(directory.resolve("tests.log"));
            problems.add("the tests' JVM ended with status=" + status + last("tests.log", log));
        }
        List<Test> tests = List.of();
        Path xml = directory.resolve("TEST-junit-jupiter.xml");
        if (Files.exists(xml)) {
            tests = Test.read(xml);
        }
        if (tests.isEmpty() && problems.isEmpty()) {
            String log = text(directory.resolve("tests.log"));
            problems.add("the guest brought back no test's result" + last("tests.log", log));
        }
        boolean failed = tests.stream().anyMatch(test -> test.outcome() == Test.Kind.FAILED);
        if (status.equals("1") && !failed && problems.isEmpty()) {
            String log = text(directory.resolve("tests.log"));
            problems.add("JUnit tells of a failure, its report of none" + last("tests.log", log));
        }
        return new Outcome(
                name,
                text(directory.resolve("package")).strip(),
                release.isEmpty() ? name : release,
                text(directory.resolve("devices")).lines().toList(),
                tests,
                problems,
                List.of());
    }

    boolean isLab() {
        return name.equals("lab");
    }

    boolean isGood() {
        return problems.isEmpty()
                && tests.stream().noneMatch(test -> test.outcome() == Test.Kind.FAILED);
    }

    /** Release and where it is from. */
    String title() {
        return "Linux " + release + ", from " + packageName;
    }

    private static Set<String> complaints(String log) {
        Set<String> found = new LinkedHashSet<>();
        KNOWN.matcher(log)
                .replaceAll("")
                .lines()
                .filter(line -> COMPLAINT.matcher(line).find())
                .map(line -> line.replaceFirst("^.*?\\[ *[\\d.]+\\] ?", ""))
                .forEach(found::add);
        return found;
    }

    private static String last(String file, String log) {
        List<String> lines = log.lines().toList();
        List<String> end = lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size());
        return end.isEmpty()
                ? "\n" + file + " is empty"
                : "\nlast lines of " + file + ":\n" + String.join("\n", end);
    }

    private static String text(Path file) throws IOException {
        // A log of a kernel that died may end in the middle of a character.
        return Files.exists(file)
                ? new String(Files.readAllBytes(file), java.nio.charset.StandardCharsets.ISO_8859_1)
                : "";
    }
}
