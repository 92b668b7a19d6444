import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Which methods of core make which op, and which tests come to them.
 *
 * <p>An op's encoders are the public methods of {@code org.uring4j.op} whose code, or that of what
 * they call in their class, has its constant. A register op's are the public methods whose Javadoc
 * names it in parentheses as what they do, like {@code ({@code IORING_REGISTER_CLOCK})}: its
 * constant is deeper down. A test is one of an op when its class names the op in its Javadoc, and
 * its code, or that of what it calls in its class and in helpers, calls an encoder.
 */
final class Sources {
    private static final Path CORE = Path.of("core/src/main/java/org/uring4j");
    private static final Path OPS = CORE.resolve("op");
    private static final Path INTERNAL = CORE.resolve("internal");
    private static final Path CONFORMANCE =
            Path.of("conformance/src/test/java/org/uring4j/conformance");
    private static final Path TABLE = Path.of("uapi/uapi.tsv");

    private static final Pattern TYPE =
            Pattern.compile("(?m)^(public )?[a-z ]*\\b(class|record|enum|interface) \\w");
    private static final Pattern NAME =
            Pattern.compile("(?<![\\w.])(?:([A-Z]\\w*)(?:\\.|::))?(\\w+)\\b");

    private final Map<String, Source> core = new TreeMap<>();
    private final Map<String, Source> tests = new TreeMap<>();
    private final Map<Member, Set<Member>> closures = new HashMap<>();
    private final List<Op> ops = new ArrayList<>();
    private final List<Op> registerOps = new ArrayList<>();

    /** A file: its type, the type's Javadoc and members. */
    private record Source(
            Path path,
            String type,
            String text,
            boolean isPublic,
            String javadoc,
            List<Member> members) {
        static Source of(Path path, String text) {
            String file = path.getFileName().toString();
            String type = file.substring(0, file.length() - ".java".length());
            Matcher declared = TYPE.matcher(text);
            if (!declared.find()) {
                return new Source(path, type, text, false, "", List.of());
            }
            String javadoc = Member.inOneLine(text.substring(0, declared.start()));
            boolean isPublic = declared.group(1) != null;
            return new Source(path, type, text, isPublic, javadoc, Member.of(type, text));
        }

        boolean imports(String name) {
            return Pattern.compile("import org\\.uring4j\\.(\\w+\\.)?" + name + ";")
                    .matcher(text)
                    .find();
        }
    }

    private Sources() {}

    static Sources read(Path root) throws IOException {
        Sources sources = new Sources();
        read(root, CORE, sources.core);
        read(root, CONFORMANCE, sources.tests);
        for (String line : Files.readAllLines(root.resolve(TABLE))) {
            String[] columns = line.split("\t");
            switch (columns[columns.length - 1]) {
                case "op" -> sources.ops.add(sources.op(columns[0], columns[3]));
                case "register_op" -> sources.registerOps.add(sources.op(columns[0], columns[3]));
                default -> {}
            }
        }
        return sources;
    }

    /** The ops, in order of their numbers. */
    List<Op> ops() {
        return ops;
    }

    /** The register ops, in order of their numbers. */
    List<Op> registerOps() {
        return registerOps;
    }

    /** The file of a type, from the root. */
    Path file(String type) {
        Source source = core.get(type);
        return source == null ? tests.get(type).path : source.path;
    }

    private static void read(Path root, Path folder, Map<String, Source> into) throws IOException {
        List<Path> paths;
        try (Stream<Path> walk = Files.walk(root.resolve(folder))) {
            paths = walk.map(root::relativize).filter(p -> !p.startsWith(INTERNAL)).toList();
        }
        for (Path path : paths) {
            if (path.toString().endsWith(".java")) {
                Source source = Source.of(path, Files.readString(root.resolve(path)));
                into.put(source.type, source);
            }
        }
    }

    private Op op(String name, String since) {
        boolean register = name.contains("REGISTER_");
        Pattern constant = Pattern.compile("\\b" + name + "\\b");
        Pattern done = Pattern.compile("\\(\\{@code " + name + "\\b");
        Set<String> encoders = new TreeSet<>();
        Set<String> documented = new TreeSet<>();
        for (Source source : core.values()) {
            for (Member member : source.members) {
                boolean makes =
                        register
                                ? done.matcher(member.javadoc()).find()
                                : source.path.startsWith(OPS)
                                        && member.isMethod()
                                        && closure(member)
                                                .anyMatch(m -> constant.matcher(m.code()).find());
                if (source.isPublic && member.isPublic() && makes) {
                    String title = source.type + "." + member.name();
                    encoders.add(title);
                    if (constant.matcher(member.javadoc()).find()) {
                        documented.add(title);
                    }
                    if (constant.matcher(source.javadoc).find()) {
                        documented.add(source.type);
                    }
                }
            }
        }
        Set<String> found = new TreeSet<>();
        for (Source test : tests.values()) {
            if (constant.matcher(test.javadoc).find()) {
                test.members.stream()
                        .filter(member -> member.isTest() && comesTo(member, encoders, register))
                        .forEach(member -> found.add(test.type + "." + member.name()));
            }
        }
        return new Op(name, since, encoders, documented, found);
    }

    private boolean comesTo(Member test, Set<String> encoders, boolean register) {
        return closure(test)
                .anyMatch(m -> encoders.stream().anyMatch(encoder -> calls(m, encoder, register)));
    }

    private boolean calls(Member member, String encoder, boolean register) {
        String type = encoder.substring(0, encoder.indexOf('.'));
        String method = encoder.substring(encoder.indexOf('.') + 1);
        if (!tests.get(member.type()).imports(type)) {
            return false;
        }
        String pattern;
        if (!register) {
            pattern = "(?<![\\w.])" + type + "(\\.|::)" + method + "\\b";
        } else if (method.equals("close")) {
            // Mostly by a try.
            pattern = "(?<![\\w.])" + type + "\\b";
        } else {
            pattern = "(\\.|::)" + method + "\\b";
        }
        return Pattern.compile(pattern).matcher(member.code()).find();
    }

    /** A member and all it leads to: in its own type and, of tests, by a type's name in others. */
    private Stream<Member> closure(Member from) {
        return closures.computeIfAbsent(from, this::reached).stream();
    }

    private Set<Member> reached(Member from) {
        Set<Member> seen = new LinkedHashSet<>(Set.of(from));
        Deque<Member> left = new ArrayDeque<>(seen);
        while (!left.isEmpty()) {
            mentioned(left.remove()).filter(seen::add).forEach(left::add);
        }
        return seen;
    }

    private Stream<Member> mentioned(Member member) {
        Map<String, Source> side = tests.containsKey(member.type()) ? tests : core;
        return NAME.matcher(member.code())
                .results()
                .flatMap(
                        name -> {
                            String type = name.group(1) == null ? member.type() : name.group(1);
                            Source source = side.get(type);
                            // What core calls elsewhere is no matter of its own.
                            return source == null || (side == core && !type.equals(member.type()))
                                    ? Stream.empty()
                                    : source.members.stream()
                                            .filter(m -> m.name().equals(name.group(2)));
                        });
    }
}
