package org.uring4j.bench;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The command {@code bench/run}. */
@Command(
        name = "bench/run",
        description = "Measures uring4j beside C with liburing; bench/README.md tells how.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {NopCommand.class, AllocCommand.class})
final class Main {
    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = ScopeType.INHERIT,
            description = "Show this help.")
    @SuppressWarnings("UnusedVariable") // picocli acts on it.
    private boolean help;

    private Main() {}

    /** Runs the command and ends the JVM with its exit code. */
    public static void main(String[] args) {
        CommandLine command =
                new CommandLine(new Main())
                        .setCaseInsensitiveEnumValuesAllowed(true)
                        .setExecutionExceptionHandler(Main::fail);
        System.exit(command.execute(args));
    }

    private static int fail(Exception error, CommandLine command, CommandLine.ParseResult arguments)
            throws Exception {
        if (error instanceof BenchException) {
            System.err.println("bench/run: " + error.getMessage());
            return 1;
        }
        throw error;
    }
}
