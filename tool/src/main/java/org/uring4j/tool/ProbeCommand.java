package org.uring4j.tool;

import org.uring4j.Kernel;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;

/** {@code uring4j probe}. */
@Command(
        name = "probe",
        description = {
            "Shows what the running kernel can do with io_uring and what this process may.",
            "For what is missing it says why, and what to do."
        },
        footer = {"", "The exit code is 1 where io_uring cannot be used at all."})
final class ProbeCommand implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Option(names = "--json", description = "Print JSON instead of text.")
    private boolean json;

    @SuppressWarnings("NullAway.Init") // by picocli
    ProbeCommand() {}

    @Override
    public Integer call() throws IOException {
        Kernel kernel = Kernel.current();
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(ProbeJson.of(kernel));
        } else {
            new ProbeText(kernel, spec.commandLine().getColorScheme().ansi()).print(out);
        }
        return kernel.available() ? 0 : 1;
    }
}
