package org.uring4j.uapi;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The table against the headers at hand, in both directions. */
class HeadersTest {
    private static final Path TABLE = Path.of("uapi.tsv");
    private static final String FETCH = Path.of("../build/fetch-debian").toString();

    /** The release that the table is complete for. */
    private static final String TABLE_RELEASE = "7.3";

    private static final Pattern VERSION_CODE =
            Pattern.compile("(?m)^#define LINUX_VERSION_CODE (\\d+)");

    static Stream<Arguments> headers() {
        String other = System.getProperty("os.arch").equals("aarch64") ? "x86_64" : "aarch64";
        return Stream.of("gcc", other + "-linux-gnu-gcc")
                .flatMap(
                        compiler ->
                                Stream.of(
                                                "system",
                                                "sid linux-libc-dev",
                                                "experimental linux-libc-dev",
                                                "trixie-backports linux-libc-dev=7.3*")
                                        .map(source -> Arguments.of(compiler, source)));
    }

    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("headers")
    void shouldAgreeWithTheHeaders(String compiler, String source) throws Exception {
        Optional<Gcc> found = Gcc.find(compiler);
        if (found.isEmpty()) {
            skip(compiler, source, "the compiler is not installed");
        }
        Gcc gcc = found.get();
        String name = "system";
        if (!source.equals("system")) {
            Path root = fetch(compiler, source);
            name = root.getFileName().toString();
            gcc = gcc.withKernelHeaders(root);
        }
        Optional<String> release = release(gcc);
        if (release.isEmpty()) {
            skip(compiler, source, "the kernel's headers are not installed");
        }

        Findings findings = check(gcc, release.get(), Table.read(TABLE));

        System.out.printf(
                "headers=%s machine=%s %s%n",
                name, gcc.aarch64() ? "aarch64" : "x86-64", findings.summary());
        findings.news.forEach(line -> System.out.println("news: " + line));
        if (!findings.early.isEmpty()) {
            System.out.println("early: " + String.join(" ", findings.early));
        }
        assertThat(findings.problems).isEmpty();
    }

    private static Findings check(Gcc gcc, String release, List<Row> table)
            throws IOException, InterruptedException {
        Findings findings = new Findings(release, TABLE_RELEASE);
        Map<String, List<Row>> byHeader = new LinkedHashMap<>();
        Set<String> names = new LinkedHashSet<>();
        for (Row row : table) {
            byHeader.computeIfAbsent(row.header(), header -> new ArrayList<>()).add(row);
            names.add(row.name());
        }
        for (Map.Entry<String, List<Row>> entry : byHeader.entrySet()) {
            Map<String, Measured> measured = Measured.of(gcc, entry.getKey(), entry.getValue());
            for (Row row : entry.getValue()) {
                findings.compare(row, measured.get(row.name()), gcc.aarch64());
            }
        }
        List<String> headers =
                table.stream().filter(Row::isIoUring).map(Row::header).distinct().toList();
        findings.complete(Declared.names(gcc, headers), names);
        return findings;
    }

    private static Path fetch(String compiler, String source)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(FETCH));
        command.addAll(List.of(source.split(" ", -1)));
        Gcc.Result result = Gcc.run(command, "");
        if (result.status() != 0) {
            skip(compiler, source, result.err().strip());
        }
        return Path.of(result.out().strip());
    }

    private static Optional<String> release(Gcc gcc) throws IOException, InterruptedException {
        Matcher m = VERSION_CODE.matcher(gcc.preprocess("#include <linux/version.h>\n").out());
        if (!m.find()) {
            return Optional.empty();
        }
        int code = Integer.parseInt(m.group(1));
        return Optional.of((code >> 16) + "." + (code >> 8 & 255));
    }

    private static void skip(String compiler, String source, String reason) {
        String message =
                "not checked: headers=%s compiler=%s: %s".formatted(source, compiler, reason);
        System.out.println(message);
        Assumptions.abort(message);
    }
}
