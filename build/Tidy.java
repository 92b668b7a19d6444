import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * {@code java Tidy.java DIRECTORY}: rules for the sources that no compiler checks. Prints {@code
 * file:line message} for each breach and fails when there is one.
 */
final class Tidy {
    private static final int MAX_COLUMNS = 100;
    private static final int MAX_LINES = 450;

    /** What is read: these endings, and scripts, which have none. */
    private static final Set<String> TEXT =
            Set.of("", "c", "h", "java", "md", "properties", "sh", "tsv", "txt", "xml", "yml");

    private static final Path CORE = Path.of("core/src/main/java/org/uring4j");
    private static final Path OPS = CORE.resolve("op");
    private static final Path SYSTEM_CALLS = CORE.resolve("internal/sys");
    private static final Path CONFORMANCE = Path.of("conformance/src/test");
    private static final Path TABLE = Path.of("uapi/uapi.tsv");
    private static final Path OPS_TO_COME = Path.of("build/ops-to-come.txt");

    /** Code that may not be written where {@code where} holds, and what to say of it. */
    private record Ban(String message, Pattern code, Predicate<Path> where) {
        Ban(String message, String code, Predicate<Path> where) {
            this(message, Pattern.compile(code), where);
        }
    }

    private static final List<Ban> BANS =
            List.of(
                    new Ban(
                            "Unsafe is not used here",
                            "\\bsun\\.misc\\.|\\bUnsafe\\b",
                            any -> true),
                    new Ban(
                            "native libraries are not loaded",
                            "\\bSystem\\.load(Library)?\\b|\\blibraryLookup\\b",
                            any -> true),
                    new Ban(
                            "waits for something, not for time: no Thread.sleep in what is shipped",
                            "\\bThread\\.sleep\\b",
                            path -> isMain(path) && !path.startsWith("bench")),
                    new Ban(
                            "a library prints nothing",
                            "\\bSystem\\.(out|err)\\b|\\bprintStackTrace\\b",
                            path -> path.startsWith(CORE)),
                    new Ban(
                            "restricted methods are called in " + SYSTEM_CALLS + " only",
                            "\\b(reinterpret|nativeLinker|downcallHandle|upcallStub)\\b"
                                    + "|\\bwithTargetLayout\\b",
                            path -> isMain(path) && !path.startsWith(SYSTEM_CALLS)));

    private static final Pattern HOME_PATH = Pattern.compile("/(home|root|Users)/[\\w.-]+");
    private static final Pattern OP = Pattern.compile("\\bIORING_OP_[A-Z0-9_]+\\b");

    private final Path root;
    private final List<String> breaches = new ArrayList<>();
    private final Set<String> encoded = new TreeSet<>();
    private final Set<String> documented = new TreeSet<>();
    private final Set<String> tested = new TreeSet<>();

    private Tidy(Path root) {
        this.root = root;
    }

    public static void main(String[] args) throws IOException {
        Tidy tidy = new Tidy(Path.of(args[0]));
        for (Path path : tidy.files()) {
            tidy.check(path);
        }
        tidy.checkOps();
        tidy.breaches.forEach(System.err::println);
        System.exit(tidy.breaches.isEmpty() ? 0 : 1);
    }

    /** The text files of the tree, built and hidden ones aside, relative to its root. */
    private List<Path> files() throws IOException {
        List<Path> files = new ArrayList<>();
        Set<String> hiddenButOurs = Set.of(".ci", ".mvn");
        Files.walkFileTree(
                root,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes a) {
                        String name = dir.getFileName().toString();
                        boolean hidden = name.startsWith(".") && !hiddenButOurs.contains(name);
                        boolean skip = !dir.equals(root) && (hidden || name.equals("target"));
                        return skip ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes a) {
                        String name = file.getFileName().toString();
                        int dot = name.lastIndexOf('.');
                        if (TEXT.contains(dot < 0 ? "" : name.substring(dot + 1))) {
                            files.add(root.relativize(file));
                        }
                        return FileVisitResult.CONTINUE;
                    }
                });
        files.sort(null);
        return files;
    }

    private void check(Path path) throws IOException {
        String text = Files.readString(root.resolve(path));
        List<String> lines = text.lines().toList();
        boolean java = path.toString().endsWith(".java");
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            if (java && line.codePointCount(0, line.length()) > MAX_COLUMNS) {
                breach(path, i, "longer than " + MAX_COLUMNS + " columns");
            }
            if (line.indexOf('\t') >= 0 && !path.toString().endsWith(".tsv")) {
                breach(path, i, "a tab");
            }
            if (!line.equals(line.stripTrailing()) && !path.toString().endsWith(".tsv")) {
                breach(path, i, "blanks at the end of the line");
            }
            if (HOME_PATH.matcher(line).find()) {
                breach(path, i, "the path of somebody's home");
            }
        }
        if (!text.isEmpty() && !text.endsWith("\n")) {
            breach(path, lines.size() - 1, "no newline at the end of the file");
        }
        if (java) {
            if (lines.size() > MAX_LINES) {
                breach(path, lines.size() - 1, "longer than " + MAX_LINES + " lines");
            }
            checkJava(path, text);
        }
    }

    private void checkJava(Path path, String text) {
        JavaText java = JavaText.of(text);
        List<String> code = java.code().lines().toList();
        for (int i = 0; i < code.size(); i++) {
            for (Ban ban : BANS) {
                if (ban.where().test(path) && ban.code().matcher(code.get(i)).find()) {
                    breach(path, i, ban.message());
                }
            }
        }
        if (path.startsWith(OPS)) {
            addOps(java.code(), encoded);
            addOps(java.javadoc(), documented);
        } else if (path.startsWith(CONFORMANCE)) {
            addOps(text, tested);
        }
    }

    /** Every op is encoded, documented and tested, or listed as still to come. */
    private void checkOps() throws IOException {
        Set<String> ops = new TreeSet<>();
        List<String> table = Files.readAllLines(root.resolve(TABLE));
        addOps(String.join("\n", table), ops);
        ops.remove("IORING_OP_LAST");

        List<String> lines = Files.readAllLines(root.resolve(OPS_TO_COME));
        Set<String> toCome = new TreeSet<>();
        for (int i = 0; i < lines.size(); i++) {
            String op = lines.get(i).strip();
            if (op.isEmpty() || op.startsWith("#")) {
                continue;
            }
            toCome.add(op);
            if (!ops.contains(op)) {
                breach(OPS_TO_COME, i, op + " is not in " + TABLE);
            } else if (missing(op).isEmpty()) {
                breach(OPS_TO_COME, i, op + " is complete: remove it from this list");
            }
        }
        for (int i = 0; i < table.size(); i++) {
            String op = table.get(i).split("\t", 2)[0];
            if (ops.contains(op) && !toCome.contains(op) && !missing(op).isEmpty()) {
                breach(TABLE, i, op + " has no " + String.join(", no ", missing(op)));
            }
        }
    }

    private List<String> missing(String op) {
        Map<String, Set<String>> wanted =
                Map.of(
                        "encoder in " + OPS, encoded,
                        "mention in the Javadoc of " + OPS, documented,
                        "test in " + CONFORMANCE, tested);
        return wanted.keySet().stream()
                .filter(what -> !wanted.get(what).contains(op))
                .sorted()
                .toList();
    }

    private static void addOps(String text, Set<String> ops) {
        OP.matcher(text).results().forEach(match -> ops.add(match.group()));
    }

    private static boolean isMain(Path path) {
        return path.getNameCount() > 3 && path.subpath(1, 3).equals(Path.of("src/main"));
    }

    private void breach(Path path, int index, String message) {
        breaches.add(path + ":" + (index + 1) + " " + message);
    }
}
