package org.uring4j.tool;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;

/** {@code uring4j uapi}. */
@Command(
        name = "uapi",
        description = {
            "Prints the kernel's interface as uring4j knows it: every constant, every struct's size"
                    + " and its fields' offsets, and the first Linux release that has each.",
            "Where a value depends on the machine, it is this machine's."
        },
        footer = {
            "",
            "The lines of --tsv are name, kind, value, since, separated by tabs; the kind is const,"
                    + " sizeof or offsetof."
        })
final class UapiCommand implements Callable<Integer> {
    private static final Pattern TAB = Pattern.compile("\t");
    private static final Pattern BAR = Pattern.compile("\\|");

    @Spec private CommandSpec spec;

    @Option(names = "--tsv", description = "Print tab-separated lines for other programs.")
    private boolean tsv;

    @Parameters(
            arity = "0..1",
            paramLabel = "TEXT",
            description = "Only names that contain this, in upper or lower case.")
    private @Nullable String filter;

    @SuppressWarnings("NullAway.Init") // by picocli
    UapiCommand() {}

    /** A line of the table, with this machine's value. */
    private record Row(String name, String kind, String value, String since, String header) {}

    @Override
    public Integer call() throws IOException {
        List<Row> rows = read();
        String text = filter;
        if (text != null) {
            String wanted = text.toLowerCase(Locale.ROOT);
            rows.removeIf(row -> !row.name().toLowerCase(Locale.ROOT).contains(wanted));
            if (rows.isEmpty()) {
                throw new Failure("no name contains '" + text + "'");
            }
        }
        PrintWriter out = spec.commandLine().getOut();
        if (tsv) {
            rows.forEach(
                    row ->
                            out.print(
                                    String.join(
                                                    "\t",
                                                    row.name(),
                                                    row.kind(),
                                                    row.value(),
                                                    row.since())
                                            + "\n"));
        } else {
            print(rows, out);
        }
        return 0;
    }

    private static void print(List<Row> rows, PrintWriter out) {
        int width = rows.stream().mapToInt(row -> row.name().length()).max().orElse(0);
        String header = "";
        for (Row row : rows) {
            if (!row.header().equals(header)) {
                out.print((header.isEmpty() ? "" : "\n") + row.header() + "\n");
                header = row.header();
            }
            out.print(
                    String.format(
                            Locale.ROOT,
                            "  %-" + width + "s  %-8s  %20s  %s%n",
                            row.name(),
                            row.kind(),
                            row.value(),
                            row.since()));
        }
    }

    private static List<Row> read() throws IOException {
        InputStream table =
                Objects.requireNonNull(
                        UapiCommand.class.getResourceAsStream("uapi.tsv"), "uapi.tsv");
        int machine = System.getProperty("os.arch", "").equals("aarch64") ? 1 : 0;
        List<Row> rows = new ArrayList<>();
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(table, StandardCharsets.UTF_8))) {
            reader.readLine(); // the columns' names
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                String[] columns = TAB.split(line, -1);
                String[] values = BAR.split(columns[2], -1);
                String value = values[values.length > 1 ? machine : 0];
                rows.add(new Row(columns[0], columns[1], value, columns[3], columns[4]));
            }
        }
        return rows;
    }
}
