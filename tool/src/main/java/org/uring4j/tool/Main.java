package org.uring4j.tool;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The {@code uring4j} command. */
@Command(
        name = "uring4j",
        description = "io_uring for Java, from the command line.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class)
public final class Main implements Runnable {
    private Main() {}

    /**
     * Runs the command and ends the JVM with its exit code.
     *
     * @param args the command line
     */
    public static void main(String[] args) {
        if (args.length == 1 && args[0].equals("--version")) {
            // Answered before the parser's some 200 classes are loaded.
            System.out.println(Version.line());
            return;
        }
        System.exit(new CommandLine(new Main()).execute(args));
    }

    @Override
    public void run() {
        CommandLine.usage(this, System.out);
    }
}
