package org.uring4j.tool;

import org.jspecify.annotations.Nullable;
import org.uring4j.Kernel;
import org.uring4j.NetworkInterfaceFitness;

import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;

/** {@code uring4j probe}. */
@Command(
        name = "probe",
        description = {
            "Shows what the running kernel can do with io_uring and what this process may.",
            "For what is missing it says why, and what to do."
        },
        footer = {
            "",
            "The exit code is 1 where io_uring, or with --nic the interface, cannot be used."
        })
final class ProbeCommand implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Option(names = "--json", description = "Print JSON instead of text.")
    private boolean json;

    @Option(
            names = "--nic",
            paramLabel = "IF",
            description = {
                "Only what a network interface lacks for zero-copy receive, and the commands"
                        + " that set it up. Changes nothing."
            })
    private @Nullable String nic;

    @SuppressWarnings("NullAway.Init") // by picocli
    ProbeCommand() {}

    @Override
    public Integer call() throws IOException {
        if (json && nic != null) {
            throw new ParameterException(spec.commandLine(), "--json and --nic exclude each other");
        }
        Kernel kernel = Kernel.current();
        PrintWriter out = spec.commandLine().getOut();
        Ansi ansi = spec.commandLine().getColorScheme().ansi();
        if (nic != null) {
            return new NicText(ansi, out).print(kernel, find(nic)) ? 0 : 1;
        }
        if (json) {
            out.println(ProbeJson.of(kernel));
        } else {
            new ProbeText(kernel, ansi).print(out);
        }
        return kernel.available() ? 0 : 1;
    }

    private static NetworkInterfaceFitness find(String name) {
        List<NetworkInterfaceFitness> all = NetworkInterfaceFitness.all();
        return all.stream()
                .filter(one -> one.name().equals(name))
                .findFirst()
                .orElseThrow(
                        () ->
                                new Failure(
                                        "there is no network interface "
                                                + name
                                                + "; there are "
                                                + all.stream()
                                                        .map(NetworkInterfaceFitness::name)
                                                        .collect(Collectors.joining(", "))));
    }
}
