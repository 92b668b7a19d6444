package org.uring4j.tool;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Puts into words what a transfer did. */
final class Report {
    private static final double GIBIBYTE = 1L << 30;

    /** From how many bytes on CPU time per GiB says something. */
    private static final long ENOUGH = 16 << 20;

    private Report() {}

    /** What one side did, a line each. */
    static List<String> lines(String did, Tally tally) {
        List<String> lines = new ArrayList<>();
        double seconds = tally.nanos / 1e9;
        lines.add(
                String.format(
                        Locale.ROOT,
                        "%-9s %d bytes (%s) in %.3f s, %.2f GB/s",
                        did,
                        tally.bytes,
                        Sizes.format(tally.bytes),
                        seconds,
                        tally.bytes / Math.max(seconds, 1e-9) / 1e9));
        double cpuSeconds = tally.cpuNanos / 1e9;
        String cpu =
                tally.bytes < ENOUGH
                        ? String.format(Locale.ROOT, "CPU %.3f s, ", cpuSeconds)
                        : String.format(
                                Locale.ROOT,
                                "CPU %.2f s per GiB, ",
                                cpuSeconds / (tally.bytes / GIBIBYTE));
        lines.add(indented(cpu + tally.requests + " requests"));
        return lines;
    }

    /** How the kernel sent, a line each. */
    static List<String> copying(Tally tally, boolean loopback) {
        List<String> lines = new ArrayList<>();
        if (tally.zeroCopyBytes + tally.copiedBytes > 0) {
            lines.add(
                    indented(
                            "zero-copy sends: %s truly without copying, %s copied by the kernel%s"
                                    .formatted(
                                            Sizes.format(tally.zeroCopyBytes),
                                            Sizes.format(tally.copiedBytes),
                                            loopback && tally.copiedBytes > 0
                                                    ? " (over loopback it always does)"
                                                    : "")));
        }
        if (tally.untoldBytes > 0) {
            lines.add(
                    indented(
                            "zero-copy sends: %s; whether the kernel copied, it tells since Linux"
                                            .formatted(Sizes.format(tally.untoldBytes))
                                    + " 6.2"));
        }
        if (tally.plainBytes > 0) {
            lines.add(indented("plain sends: " + Sizes.format(tally.plainBytes)));
        }
        if (!tally.remark.isEmpty()) {
            lines.add(indented(tally.remark));
        }
        return lines;
    }

    /** How the kernel received, a line each. */
    static List<String> receiving(Tally tally) {
        List<String> lines = new ArrayList<>();
        tally.ways.forEach(way -> lines.add(indented("received by " + way)));
        if (tally.resets > 0) {
            lines.add(
                    indented(
                            "waited for others in place of %d connections that brought nothing"
                                    .formatted(tally.resets)));
        }
        if (tally.zeroCopyBytes + tally.copiedBytes > 0) {
            lines.add(
                    indented(
                            "%s truly without copying, %s copied by the kernel"
                                    .formatted(
                                            Sizes.format(tally.zeroCopyBytes),
                                            Sizes.format(tally.copiedBytes))));
        } else if (tally.untoldBytes > 0) {
            lines.add(indented("what the kernel copied, it tells since Linux 7.2"));
        }
        String buffers = tally.mostBuffers + " buffers in use at the peak";
        if (tally.refills > 0) {
            buffers += ", " + tally.refills + " refills, " + tally.flushes + " flushes";
        }
        lines.add(indented(buffers));
        if (tally.cardStarvations > 0) {
            lines.add(
                    indented(
                            "the card found no buffer free %d times: choose a larger --memory"
                                    .formatted(tally.cardStarvations)));
        }
        return lines;
    }

    private static String indented(String text) {
        return String.format(Locale.ROOT, "%-9s %s", "", text);
    }
}
