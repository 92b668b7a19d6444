package org.uring4j.tool;

import org.jspecify.annotations.Nullable;
import org.uring4j.Kernel;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.io.ZeroCopyPolicy;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;

/** {@code uring4j demo}. */
@Command(
        name = "demo",
        description = {
            "Moves a file over TCP through the loopback interface, with a ring for the sender and"
                    + " one for the receiver, checks it and reports."
        },
        footer = {"", "The exit code is 0 only when the received file equals the sent one."})
final class DemoCommand implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Option(
            names = "--file",
            paramLabel = "FILE",
            description = "The file to send (default: one of random bytes, removed afterwards).")
    private @Nullable Path file;

    @Option(
            names = "--size",
            paramLabel = "SIZE",
            defaultValue = "256M",
            converter = Sizes.class,
            description = "How large the file of random bytes is (default: ${DEFAULT-VALUE}).")
    private long size;

    @Option(
            names = "--zero-copy",
            paramLabel = "WHEN",
            defaultValue = "always",
            description =
                    "Send without copying (IORING_OP_SEND_ZC): auto, always or never"
                            + " (default: ${DEFAULT-VALUE}).")
    private ZeroCopyPolicy.Mode zeroCopy;

    @Mixin private TransferOptions options;

    @SuppressWarnings("NullAway.Init") // by picocli
    DemoCommand() {}

    @Override
    public Integer call() throws IOException {
        if (file != null && spec.commandLine().getParseResult().hasMatchedOption("--size")) {
            throw new ParameterException(
                    spec.commandLine(), "--file and --size exclude each other");
        }
        // Before a large file is made in vain.
        Kernel.current()
                .obstacle()
                .ifPresent(
                        reason -> {
                            throw new Failure(reason);
                        });
        ZeroCopyPolicy policy = FileSender.policy(zeroCopy);
        PrintWriter out = spec.commandLine().getOut();
        try (Workplace workplace = Workplace.make()) {
            Path sent = file != null ? file : workplace.randomFile("sent", size);
            if (!Files.isRegularFile(sent)) {
                throw new Failure(
                        "cannot send '"
                                + sent
                                + (Files.exists(sent)
                                        ? "': it is no regular file"
                                        : "': no such file or directory"));
            }
            Path received = workplace.path("received");
            Loopback loopback = connect();
            Loopback.Result result = loopback.transfer(sent, received, options, policy);
            Report.lines("sent", result.sender()).forEach(out::println);
            Report.copying(result.sender(), true).forEach(out::println);
            Report.lines("received", result.receiver()).forEach(out::println);
            Report.receiving(result.receiver()).forEach(out::println);
            return compare(sent, received, out);
        }
    }

    private static Loopback connect() {
        try (Ring ring = Side.open(RingConfig.of(2))) {
            return Loopback.connect(new Connections(ring));
        }
    }

    private static int compare(Path sent, Path received, PrintWriter out) throws IOException {
        Digests digests = Digests.of(sent, received);
        out.println("SHA-256   " + digests.first() + " sent");
        out.println("          " + digests.second() + " received");
        out.println(digests.equal() ? "          equal" : "          DIFFERENT");
        return digests.equal() ? 0 : 1;
    }
}
