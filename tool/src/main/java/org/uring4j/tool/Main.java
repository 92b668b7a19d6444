package org.uring4j.tool;

import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

import java.io.PrintWriter;
import java.nio.charset.Charset;

/** The {@code uring4j} command. */
@Command(
        name = "uring4j",
        description = "io_uring for Java, from the command line.",
        mixinStandardHelpOptions = true,
        scope = ScopeType.INHERIT,
        versionProvider = Version.class,
        subcommands = {
            ProbeCommand.class,
            DemoCommand.class,
            SendCommand.class,
            ReceiveCommand.class,
            UapiCommand.class,
            GenerateCompletion.class
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:it did what was asked",
            "1:it failed, and said why on standard error",
            "2:the command line is wrong"
        })
final class Main implements Runnable {
    @Spec private CommandSpec spec;

    @Option(
            names = "--verbose",
            scope = ScopeType.INHERIT,
            description = "When something fails, show where in the program.")
    private boolean verbose;

    @SuppressWarnings("NullAway.Init") // by picocli
    private Main() {}

    /** Runs the command and ends the JVM with its exit code. */
    static void main(String[] args) {
        Charset charset = System.out.charset();
        StandardOutput out = new StandardOutput();
        PrintWriter err = new PrintWriter(System.err, true, charset);
        boolean colour = Terminal.STANDARD_OUTPUT.hasColour();
        int exitCode = run(new PrintWriter(out, false, charset), err, colour, args);
        if (exitCode == 0 && out.failed()) {
            exitCode = 1;
            if (!out.complaint().isEmpty()) {
                err.println("uring4j: " + out.complaint());
            }
        }
        System.exit(exitCode);
    }

    /** Runs the command with these streams; the exit code. */
    static int run(PrintWriter out, PrintWriter err, boolean colour, String... args) {
        Main main = new Main();
        CommandLine commandLine = new CommandLine(main);
        commandLine
                .setOut(out)
                .setErr(err)
                .setColorScheme(CommandLine.Help.defaultColorScheme(colour ? Ansi.ON : Ansi.OFF))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setUsageHelpAutoWidth(false)
                .setParameterExceptionHandler(Main::wrongCommandLine)
                .setExecutionExceptionHandler(
                        (e, command, result) -> failed(e, command, main.verbose));
        int exitCode = commandLine.execute(args);
        out.flush();
        err.flush();
        return exitCode;
    }

    @Override
    public void run() {
        spec.commandLine().usage(spec.commandLine().getOut());
    }

    private static int wrongCommandLine(ParameterException e, String[] args) {
        CommandSpec command = e.getCommandLine().getCommandSpec();
        e.getCommandLine()
                .getErr()
                .println(
                        "uring4j: "
                                + Failure.oneLine(e)
                                + "; see '"
                                + command.qualifiedName()
                                + " --help'");
        return command.exitCodeOnInvalidInput();
    }

    private static int failed(Exception e, CommandLine command, boolean verbose) {
        command.getErr().println("uring4j: " + Failure.describe(e));
        if (verbose) {
            e.printStackTrace(command.getErr());
        }
        return command.getCommandSpec().exitCodeOnExecutionException();
    }
}
