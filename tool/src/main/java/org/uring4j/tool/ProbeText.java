package org.uring4j.tool;

import org.uring4j.Kernel;
import org.uring4j.KernelAccess;
import org.uring4j.KernelFeature;
import org.uring4j.KernelFeature.Kind;
import org.uring4j.KernelZcrx;
import org.uring4j.NetworkInterfaceFitness;

import picocli.CommandLine.Help.Ansi;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;

/** What {@code uring4j probe} prints for people. */
final class ProbeText {
    private static final int COLUMNS = 96;

    private static final Map<Kind, String> TITLES =
            Map.ofEntries(
                    Map.entry(Kind.OP, "Operations"),
                    Map.entry(Kind.REGISTER_OP, "Register operations"),
                    Map.entry(Kind.SETUP_FLAG, "Setup flags"),
                    Map.entry(Kind.ENTER_FLAG, "Enter flags"),
                    Map.entry(Kind.SQE_FLAG, "Submission entry flags"),
                    Map.entry(Kind.FEATURE, "Features"),
                    Map.entry(Kind.QUERY, "Queries"),
                    Map.entry(Kind.ZCRX_REGISTER_FLAG, "Zero-copy receive: register flags"),
                    Map.entry(Kind.ZCRX_AREA_FLAG, "Zero-copy receive: area flags"),
                    Map.entry(Kind.ZCRX_FEATURE, "Zero-copy receive: features"),
                    Map.entry(Kind.ZCRX_CONTROL_OP, "Zero-copy receive: control operations"));

    private final Kernel kernel;
    private final Ansi ansi;
    private final StringBuilder text = new StringBuilder();

    ProbeText(Kernel kernel, Ansi ansi) {
        this.kernel = kernel;
        this.ansi = ansi;
    }

    void print(PrintWriter out) {
        summary();
        access(kernel.access());
        for (Kind kind : Kind.values()) {
            features(kind);
        }
        zcrx(kernel.zcrx());
        out.print(text);
    }

    private void summary() {
        List<KernelFeature> all = kernel.features();
        long present = all.stream().filter(KernelFeature::present).count();
        line(
                "@|bold Linux %s|@ (%s)  io_uring: %s"
                        .formatted(
                                kernel.release(),
                                System.getProperty("os.arch"),
                                kernel.available()
                                        ? "@|green can be used|@"
                                        : "@|red cannot be used|@"));
        kernel.obstacle().ifPresent(obstacle -> bullet("red", obstacle));
        line(
                "%d of %d features, found by %s"
                        .formatted(
                                present,
                                all.size(),
                                kernel.source() == Kernel.Source.QUERY
                                        ? "asking the kernel"
                                        : "probing and trying"));
    }

    private void access(KernelAccess access) {
        title("Access");
        field(
                "kernel.io_uring_disabled",
                access.disabled().isPresent()
                        ? Integer.toString(access.disabled().getAsInt())
                        : "no such switch");
        if (access.disabled().orElse(0) != 0) {
            field("kernel.io_uring_group", Integer.toString(access.group().orElse(-1)));
        }
        field("seccomp", access.seccomp().name().toLowerCase(Locale.ROOT));
        field("memlock", memory(access.memlockBytes()));
        List<String> held = new ArrayList<>();
        List<String> not = new ArrayList<>();
        access.capabilities()
                .forEach((name, has) -> (has ? held : not).add(name.replace("CAP_", "")));
        field("capabilities", held.isEmpty() ? "none" : String.join(" ", held));
        field("not", not.isEmpty() ? "" : String.join(" ", not));
        access.limits().forEach(limit -> bullet("yellow", limit));
    }

    private void features(Kind kind) {
        List<KernelFeature> all = kernel.features(kind);
        List<KernelFeature> missing = all.stream().filter(f -> !f.present()).toList();
        title(TITLES.get(kind) + "  " + (all.size() - missing.size()) + " of " + all.size());
        words(all.stream().filter(KernelFeature::present).map(KernelFeature::shortName).toList());
        int width = missing.stream().mapToInt(f -> f.shortName().length()).max().orElse(0);
        for (KernelFeature feature : missing) {
            String name = feature.shortName();
            String padding = " ".repeat(width - name.length());
            line("  @|yellow - " + name + "|@" + padding + "  " + feature.reason());
        }
    }

    private void zcrx(KernelZcrx zcrx) {
        title("Zero-copy receive: " + (zcrx.available() ? "can be used" : "cannot be used yet"));
        zcrx.obstacles().forEach(obstacle -> bullet("yellow", obstacle));
        zcrx.refillHeaderBytes().ifPresent(bytes -> field("refill ring header", bytes + " bytes"));
        zcrx.statisticsBytes().ifPresent(bytes -> field("statistics", bytes + " bytes"));
        title("Network interfaces for zero-copy receive");
        for (NetworkInterfaceFitness one : zcrx.interfaces()) {
            line(
                    "  %s %-10s %-10s %-8s %d rx queue%s, header split %s"
                            .formatted(
                                    one.fit() ? "@|green +|@" : "@|yellow -|@",
                                    one.name(),
                                    one.driver().isEmpty() ? "(virtual)" : one.driver(),
                                    one.state(),
                                    one.rxQueues(),
                                    one.rxQueues() == 1 ? "" : "s",
                                    one.headerSplit().name().toLowerCase(Locale.ROOT)));
            one.obstacles().forEach(obstacle -> line("      " + obstacle));
        }
    }

    private void words(List<String> words) {
        StringBuilder row = new StringBuilder();
        for (String word : words) {
            if (row.length() + word.length() + 3 > COLUMNS) {
                line(" " + row);
                row.setLength(0);
            }
            row.append(' ').append(word);
        }
        if (!row.isEmpty()) {
            line(" " + row);
        }
    }

    private void title(String title) {
        line("");
        line("@|bold " + title + "|@");
    }

    private void field(String name, String value) {
        if (!value.isEmpty()) {
            line("  %-25s %s".formatted(name, value));
        }
    }

    private void bullet(String colour, String sentence) {
        line("  @|" + colour + " !|@ " + sentence);
    }

    private void line(String markup) {
        text.append(ansi.string(markup)).append('\n');
    }

    private static String memory(OptionalLong bytes) {
        return bytes.isEmpty() ? "unlimited" : Sizes.format(bytes.getAsLong());
    }
}
