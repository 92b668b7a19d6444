package org.uring4j.bench;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The command {@code bench/run}. */
@Command(
        name = "bench/run",
        description =
                "Measures uring4j beside C with liburing and Netty; bench/README.md tells how.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            NopCommand.class,
            EchoCommand.class,
            BulkCommand.class,
            AllocCommand.class,
            ServeCommand.class
        })
final class Main {
    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = ScopeType.INHERIT,
            description = "Show this help.")
    @SuppressWarnings("UnusedVariable") // picocli acts on it.
    private boolean help;

    private Main() {}

    public static void main(String[] args) {
        run(new Main(), args);
    }

    /** Runs a command and ends the JVM with its exit code. */
    static void run(Object command, String[] args) {
        System.exit(
                new CommandLine(command)
                        .setCaseInsensitiveEnumValuesAllowed(true)
                        .setExecutionExceptionHandler(Main::fail)
                        .execute(args));
    }

    private static int fail(Exception error, CommandLine command, CommandLine.ParseResult arguments)
            throws Exception {
        if (error instanceof BenchException) {
            String name = command.getCommandSpec().root().name();
            System.err.println(name + ": " + error.getMessage());
            return 1;
        }
        throw error;
    }
}
