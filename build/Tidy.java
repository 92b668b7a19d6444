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
import java.util.TreeMap;
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
    private static final Path SYSTEM_CALLS = CORE.resolve("internal/sys");
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

    private final Path root;
    private final List<String> breaches = new ArrayList<>();

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
        List<String> code = JavaText.code(text).lines().toList();
        for (int i = 0; i < code.size(); i++) {
            for (Ban ban : BANS) {
                if (ban.where().test(path) && ban.code().matcher(code.get(i)).find()) {
                    breach(path, i, ban.message());
                }
            }
        }
    }

    /**
     * Every op and register op is encoded, documented and tested, and a test of it has run, or it
     * is listed as still to come.
     */
    private void checkOps() throws IOException {
        Map<String, List<String>> missing = new TreeMap<>(Coverage.check(root, breaches));
        List<String> lines = Files.readAllLines(root.resolve(OPS_TO_COME));
        for (int i = 0; i < lines.size(); i++) {
            String op = lines.get(i).strip();
            if (op.isEmpty() || op.startsWith("#")) {
                continue;
            }
            List<String> lacks = missing.remove(op);
            if (lacks == null) {
                breach(OPS_TO_COME, i, op + " is no op");
            } else if (lacks.isEmpty()) {
                breach(OPS_TO_COME, i, op + " is complete: remove it from this list");
            }
        }
        missing.forEach(
                (op, lacks) -> {
                    if (!lacks.isEmpty()) {
                        breaches.add(op + " has no " + String.join(", no ", lacks));
                    }
                });
    }

    private static boolean isMain(Path path) {
        return path.getNameCount() > 3 && path.subpath(1, 3).equals(Path.of("src/main"));
    }

    private void breach(Path path, int index, String message) {
        breaches.add(path + ":" + (index + 1) + " " + message);
    }
}
