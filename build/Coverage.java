import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * {@code java Coverage.java DIRECTORY [--anew]}: writes docs/coverage.md from the table, the
 * sources and the tests' results.
 *
 * <p>The results are those that {@code mvn verify} and {@code lab/run} left. Without {@code
 * --anew}, kernels that the page names and that there are no results of now stay on it.
 */
final class Coverage {
    private static final Path PAGE = Path.of("docs/coverage.md");

    /** Register ops that newer ones have taken over from, and that nobody needs any more. */
    private static final Map<String, String> SUPERSEDED =
            Map.of(
                    "IORING_REGISTER_BUFFERS", "IORING_REGISTER_BUFFERS2",
                    "IORING_REGISTER_FILES", "IORING_REGISTER_FILES2",
                    "IORING_REGISTER_FILES_UPDATE", "IORING_REGISTER_FILES_UPDATE2");

    private static final Pattern ROW =
            Pattern.compile("^\\| `(IORING_[A-Z0-9_]+)` \\|.*\\| ([^|]*) \\|$");

    private final Path root;
    private final Sources sources;

    /** The kernels that each op's tests passed on. */
    private final Map<String, Set<String>> kernels = new HashMap<>();

    private Coverage(Path root) throws IOException {
        this.root = root;
        sources = Sources.read(root);
    }

    public static void main(String[] args) throws IOException {
        Coverage coverage = new Coverage(Path.of(args[0]));
        if (args.length == 1) {
            coverage.keepKernels();
        }
        coverage.addResults(Results.read(coverage.root));
        Path page = coverage.root.resolve(PAGE);
        Files.createDirectories(page.getParent());
        Files.writeString(page, coverage.page());
        System.out.println("wrote " + page);
        coverage.all()
                .filter(op -> !coverage.missing(op).isEmpty())
                .forEach(
                        op ->
                                System.out.println(
                                        op.name()
                                                + " has no "
                                                + String.join(", no ", coverage.missing(op))));
    }

    /**
     * What each op lacks, by its name, as the page has it; and where the page is not up to date.
     */
    static Map<String, List<String>> check(Path root, List<String> breaches) throws IOException {
        Coverage coverage = new Coverage(root);
        coverage.keepKernels();
        List<String> written = lines(root);
        List<String> wanted = coverage.page().lines().toList();
        for (int i = 0; i < Math.max(written.size(), wanted.size()); i++) {
            String line = i < written.size() ? written.get(i) : "";
            if (i >= wanted.size() || !line.equals(wanted.get(i))) {
                breaches.add(
                        PAGE + ":" + (i + 1) + " not what the sources say: run build/coverage");
                break;
            }
        }
        return coverage.all().collect(Collectors.toMap(Op::name, coverage::missing));
    }

    private static List<String> lines(Path root) throws IOException {
        Path page = root.resolve(PAGE);
        return Files.exists(page) ? Files.readAllLines(page) : List.of();
    }

    private Stream<Op> all() {
        return Stream.concat(sources.ops().stream(), sources.registerOps().stream());
    }

    private List<String> missing(Op op) {
        if (SUPERSEDED.containsKey(op.name())) {
            return List.of();
        }
        List<String> missing = new ArrayList<>(op.missing());
        if (missing.isEmpty() && kernels.getOrDefault(op.name(), Set.of()).isEmpty()) {
            missing.add("test that ran, according to " + PAGE);
        }
        return missing;
    }

    private void keepKernels() throws IOException {
        for (String line : lines(root)) {
            Matcher row = ROW.matcher(line);
            if (row.find() && !row.group(2).isBlank()) {
                kernels.put(row.group(1), new TreeSet<>(List.of(row.group(2).split(", "))));
            }
        }
    }

    /** A kernel that has the op counts when one of its tests passed there and none failed. */
    private void addResults(Results results) {
        results.kernels()
                .forEach(
                        (kernel, tallies) -> {
                            String release = kernel.replaceFirst(" .*", "");
                            for (Op op : all().toList()) {
                                List<Results.Tally> ran =
                                        op.tests().stream()
                                                .filter(tallies::containsKey)
                                                .map(tallies::get)
                                                .toList();
                                if (ran.isEmpty() || BY_RELEASE.compare(op.since(), release) > 0) {
                                    continue;
                                }
                                Set<String> good =
                                        kernels.computeIfAbsent(op.name(), n -> new TreeSet<>());
                                if (ran.stream().allMatch(tally -> tally.failed() == 0)) {
                                    good.add(kernel);
                                } else {
                                    good.remove(kernel);
                                }
                            }
                        });
    }

    private static final Comparator<String> BY_RELEASE =
            Comparator.comparing((String release) -> Integer.valueOf(release.split("\\.")[0]))
                    .thenComparing(release -> Integer.valueOf(release.split("[. ]")[1]))
                    .thenComparing(Comparator.naturalOrder());

    private String page() {
        StringBuilder page = new StringBuilder();
        page.append(
                """
                # What is there, tested, and on which kernels

                The kernel's %d ops and %d register ops up to Linux 7.3: the methods that make \
                them, where their documentation names them, the classes with tests that come to \
                them, and the kernels on which at least one of these tests passed and none failed.

                `build/coverage` writes this page from [the table](../uapi/uapi.tsv), the sources \
                and the tests' results; the build fails when it is out of date, or when an op has \
                no encoder, no documentation, or no test that ran. Do not edit it.

                Besides, [ModifiersTest](../%s) makes a request of each op with all that any \
                request may carry: linked, drained, in a worker thread, without a completion, by \
                slot, with a file that is none; what does not go together it names.

                ## Ops

                """
                        .formatted(
                                sources.ops().size(),
                                sources.registerOps().size(),
                                sources.file("ModifiersTest")));
        table(page, sources.ops());
        page.append("\n## Register ops\n\n");
        table(page, sources.registerOps());
        return page.toString();
    }

    private void table(StringBuilder page, List<Op> ops) {
        page.append("| op | since | made by | documented in | tests | passed on |\n");
        page.append("|----|-------|---------|---------------|-------|-----------|\n");
        for (Op op : ops) {
            String superseded = SUPERSEDED.get(op.name());
            Set<String> tests = new TreeSet<>(op.tests().stream().map(Coverage::type).toList());
            page.append("| `").append(op.name()).append("` | ").append(op.since()).append(" | ");
            page.append(
                    superseded == null
                            ? list(op.encoders(), this::linked)
                            : "`" + superseded + "`, which does all it does");
            page.append(" | ").append(list(op.documented(), name -> "`" + name + "`"));
            page.append(" | ");
            page.append(list(tests, name -> link(name, name)));
            page.append(" | ");
            page.append(
                    kernels.getOrDefault(op.name(), Set.of()).stream()
                            .sorted(BY_RELEASE)
                            .collect(Collectors.joining(", ")));
            page.append(" |\n");
        }
    }

    private static String list(Set<String> names, Function<String, String> text) {
        return names.stream().map(text).collect(Collectors.joining(", "));
    }

    private static String type(String method) {
        return method.substring(0, method.indexOf('.'));
    }

    private String linked(String method) {
        return link("`" + method + "`", type(method));
    }

    private String link(String text, String type) {
        return "[" + text + "](../" + sources.file(type) + ")";
    }
}
