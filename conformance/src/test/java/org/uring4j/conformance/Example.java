package org.uring4j.conformance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A block of Java in a page of the documentation, with what the page hides: a comment of HTML right
 * before it that begins with {@code <!-- given} or {@code <!-- run} has the code around it. The
 * block stands for its line {@code ...}, or follows it.
 *
 * @param page the page, from the root of the project
 * @param line where the block's first line is in the page, from 1
 * @param code the block
 * @param given the code around it, line by line; empty if there is none
 * @param runs whether it is to be run, and not only compiled
 */
record Example(Path page, int line, String code, List<String> given, boolean runs) {
    private static final String IMPORTS =
            "package org.uring4j.conformance; import module java.base; import org.uring4j.*;"
                    + " import org.uring4j.io.*; import org.uring4j.op.*;"
                    + " import org.uring4j.resource.*;"
                    + " import static org.assertj.core.api.Assertions.assertThat;";

    /** The examples of a page. */
    static List<Example> of(Path root, Path page) throws IOException {
        List<Example> examples = new ArrayList<>();
        List<String> lines = Files.readAllLines(root.resolve(page));
        List<String> given = List.of();
        boolean runs = false;
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            if (line.startsWith("<!-- given") || line.startsWith("<!-- run")) {
                int end = end(lines, i, "-->");
                given = lines.subList(i + 1, end);
                runs = line.startsWith("<!-- run");
                i = end;
            } else if (line.equals("```java")) {
                int end = end(lines, i, "```");
                String code = String.join("\n", lines.subList(i + 1, end));
                examples.add(new Example(page, i + 2, code, List.copyOf(given), runs));
                i = end;
                given = List.of();
                runs = false;
            }
        }
        return examples;
    }

    private static int end(List<String> lines, int from, String mark) {
        for (int i = from + 1; i < lines.size(); i++) {
            if (lines.get(i).equals(mark)) {
                return i;
            }
        }
        throw new IllegalStateException("no " + mark + " for line " + (from + 1));
    }

    /** What its class is called: {@code docs_buffers_12}. */
    String className() {
        return page.toString().replaceFirst("\\.md$", "").replaceAll("\\W", "_") + "_" + line;
    }

    /** A whole source, in which the lines have the numbers they have in the page. */
    String source() {
        if (code.contains("void main(")) {
            return "\n".repeat(line - 1) + code + "\n";
        }
        int place = given.stream().map(String::strip).toList().indexOf("...");
        int before = place < 0 ? given.size() : place;
        // The comment ends with a line of its own, and the block begins with one.
        int first = given.isEmpty() ? line : line - 2 - given.size();
        StringBuilder source = new StringBuilder(IMPORTS);
        source.append(" class ").append(className());
        source.append(" { static void run() throws Exception {").append("\n".repeat(first - 1));
        given.subList(0, before).forEach(each -> source.append(each).append('\n'));
        source.append("\n".repeat(line - first - before)).append(code).append('\n');
        given.stream().skip(before + 1L).forEach(each -> source.append(each).append('\n'));
        return source.append("}}\n").toString();
    }
}
