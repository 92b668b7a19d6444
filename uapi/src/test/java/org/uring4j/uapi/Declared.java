package org.uring4j.uapi;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The names that the kernel's io_uring headers declare, as the table writes them: macros with a
 * value, enum constants, structs and their fields. Reads what the preprocessor makes of the
 * headers.
 */
final class Declared {
    private static final Pattern LINE_MARKER = Pattern.compile("# \\d+ \"([^\"]*)\".*");
    private static final Pattern HEADER = Pattern.compile(".*/linux/io_uring(/\\w+)?\\.h");
    private static final Pattern MACRO = Pattern.compile("#define (\\w+) +(\\S.*)");
    private static final Pattern TOKEN = Pattern.compile("\\w+|[{}\\[\\];,=()]");

    private final Set<String> names = new LinkedHashSet<>();
    private final Map<String, List<Member>> structs = new LinkedHashMap<>();
    private final List<String> tokens = new ArrayList<>();
    private int next;

    /**
     * A member of a struct.
     *
     * @param name its name, empty for an anonymous struct or union
     * @param struct the name of the struct it is, empty for anything else
     * @param members what it declares itself
     */
    private record Member(String name, String struct, List<Member> members) {}

    private Declared() {}

    /** The names of all the headers among these that are there. */
    static Set<String> names(Gcc gcc, Iterable<String> headers)
            throws IOException, InterruptedException {
        StringBuilder c = new StringBuilder();
        for (String header : headers) {
            c.append("#if __has_include(<%s>)\n#include <%s>\n#endif\n".formatted(header, header));
        }
        Gcc.Result result = gcc.preprocess(c.toString());
        if (result.status() != 0) {
            throw new IOException("the io_uring headers cannot be read: " + result.err());
        }
        Declared declared = new Declared();
        declared.read(result.out());
        return declared.names;
    }

    private void read(String preprocessed) {
        boolean ours = false;
        for (String line : preprocessed.lines().toList()) {
            Matcher marker = LINE_MARKER.matcher(line);
            if (marker.matches()) {
                ours = HEADER.matcher(marker.group(1)).matches();
            } else if (ours && line.startsWith("#")) {
                Matcher macro = MACRO.matcher(line);
                if (macro.matches()) {
                    names.add(macro.group(1));
                }
            } else if (ours) {
                TOKEN.matcher(line).results().forEach(token -> tokens.add(token.group()));
            }
        }
        while (next < tokens.size()) {
            declaration();
        }
        structs.forEach(
                (struct, members) -> {
                    names.add(struct);
                    addFields(struct + ".", members);
                });
    }

    private void declaration() {
        String token = tokens.get(next++);
        if (token.equals("enum")) {
            while (!tokens.get(next).equals("{")) {
                next++;
            }
            next++;
            enumConstants();
        } else if (token.equals("struct") && tokens.get(next + 1).equals("{")) {
            String struct = tokens.get(next);
            next += 2;
            structs.put(struct, members());
        }
    }

    /** Leaves the position after the closing brace. */
    private void enumConstants() {
        boolean first = true;
        for (String token = tokens.get(next++); !token.equals("}"); token = tokens.get(next++)) {
            if (first) {
                names.add(token);
            }
            first = token.equals(",");
        }
    }

    /** Leaves the position after the closing brace. */
    private List<Member> members() {
        List<Member> members = new ArrayList<>();
        while (!tokens.get(next).equals("}")) {
            members.add(member());
        }
        next++;
        return members;
    }

    /** Leaves the position after the semicolon. */
    private Member member() {
        List<Member> inner = List.of();
        String struct = "";
        boolean isStruct = tokens.get(next).equals("struct");
        if (isStruct || tokens.get(next).equals("union")) {
            next++;
            if (tokens.get(next).equals("{")) {
                next++;
                inner = members();
            } else {
                struct = tokens.get(next++);
            }
        }
        String name = "";
        while (!tokens.get(next).equals(";")) {
            String token = tokens.get(next++);
            switch (token) {
                case "__attribute__", "[" -> skip(token.equals("[") ? "]" : ")");
                default -> name = token;
            }
            if (token.equals("[")) {
                // The elements of an array have no rows of their own.
                struct = "";
            }
        }
        next++;
        return new Member(name, struct, inner);
    }

    private void skip(String end) {
        int depth = 0;
        do {
            String token = tokens.get(next++);
            depth += token.equals("(") ? 1 : token.equals(")") ? -1 : 0;
            if (token.equals(end) && depth == 0) {
                return;
            }
        } while (true);
    }

    private void addFields(String prefix, List<Member> members) {
        for (Member member : members) {
            String path = prefix;
            // The kernel's macro for a flexible array puts an empty struct before it.
            if (!member.name().isEmpty() && !member.name().startsWith("__empty_")) {
                names.add(prefix + member.name());
                path = prefix + member.name() + ".";
            }
            addFields(path, member.members());
            addFields(path, structs.getOrDefault(member.struct(), List.of()));
        }
    }
}
