package org.uring4j.tool;

import org.uring4j.Kernel;
import org.uring4j.KernelFeature;
import org.uring4j.NetworkInterfaceFitness;
import org.uring4j.NetworkInterfaceFitness.Check;

import picocli.CommandLine.Help.Ansi;

import java.io.PrintWriter;

/** What {@code uring4j probe --nic} prints: what zero-copy receive wants of an interface. */
final class NicText {
    private static final String REGISTER = "IORING_REGISTER_ZCRX_IFQ";

    private final Ansi ansi;
    private final PrintWriter out;

    NicText(Ansi ansi, PrintWriter out) {
        this.ansi = ansi;
        this.out = out;
    }

    /** Whether nothing stands in the way. */
    boolean print(Kernel kernel, NetworkInterfaceFitness nic) {
        line("@|bold " + nic.name() + "|@ for zero-copy receive; nothing was changed");
        boolean good = kernel(kernel);
        good &= capability(kernel);
        for (Check check : nic.checks()) {
            print(check);
        }
        good &= nic.fit();
        line("");
        line(
                good
                        ? "It can be used:  uring4j receive PORT --zcrx "
                                + nic.name()
                                + ":"
                                + nic.queue()
                        : "It cannot be used as it is.");
        return good;
    }

    private boolean kernel(Kernel kernel) {
        boolean there = kernel.has(REGISTER);
        String reason = kernel.feature(REGISTER).map(KernelFeature::reason).orElse("");
        return row("kernel", there, "Linux " + kernel.release(), String.valueOf(reason));
    }

    private boolean capability(Kernel kernel) {
        String name = "CAP_NET_ADMIN";
        boolean there = kernel.access().has(name);
        return row("capability", there, name, name + " is missing; run as root, or give it");
    }

    private boolean row(String subject, boolean there, String good, String otherwise) {
        row(there ? "@|green +|@" : "@|red -|@", subject, there ? good : otherwise);
        return there;
    }

    private void print(Check check) {
        String mark =
                switch (check.verdict()) {
                    case GOOD -> "@|green +|@";
                    case ADVICE -> "@|yellow ~|@";
                    case OBSTACLE -> "@|red -|@";
                };
        row(mark, check.subject(), check.finding());
        if (!check.remedy().isEmpty()) {
            row(" ", "", "    " + check.remedy());
        }
    }

    private void row(String mark, String subject, String text) {
        line("  %s %-13s %s".formatted(mark, subject, text));
    }

    private void line(String markup) {
        out.println(ansi.string(markup).stripTrailing());
    }
}
