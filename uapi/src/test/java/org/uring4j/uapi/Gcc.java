package org.uring4j.uapi;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A C compiler that only ever compiles to assembly, so that one for another machine does as well.
 *
 * @param command the program
 * @param aarch64 whether it compiles for aarch64 rather than x86-64
 * @param headers directories with headers that win over the compiler's own
 */
record Gcc(String command, boolean aarch64, List<Path> headers) {

    /** What a program left behind. */
    record Result(int status, String out, String err) {}

    /** The compiler of this name, if it runs here and compiles for a machine of the table. */
    static Optional<Gcc> find(String command) throws IOException, InterruptedException {
        Result machine;
        try {
            machine = run(List.of(command, "-dumpmachine"), "");
        } catch (IOException e) {
            return Optional.empty();
        }
        boolean aarch64 = machine.out().startsWith("aarch64");
        return aarch64 || machine.out().startsWith("x86_64")
                ? Optional.of(new Gcc(command, aarch64, List.of()))
                : Optional.empty();
    }

    /** The same compiler with the kernel's headers of an unpacked linux-libc-dev. */
    Gcc withKernelHeaders(Path root) {
        Path include = root.resolve("usr/include");
        return new Gcc(
                command,
                aarch64,
                List.of(include, include.resolve((aarch64 ? "aarch64" : "x86_64") + "-linux-gnu")));
    }

    Result compile(String program) throws IOException, InterruptedException {
        return gcc(program, "-S", "-w", "-fmax-errors=0", "-ftrack-macro-expansion=0");
    }

    Result preprocess(String program) throws IOException, InterruptedException {
        return gcc(program, "-E", "-dD");
    }

    private Result gcc(String program, String... options) throws IOException, InterruptedException {
        List<String> line = new ArrayList<>(List.of(command));
        line.addAll(List.of(options));
        for (Path directory : headers) {
            line.add("-isystem");
            line.add(directory.toString());
        }
        line.addAll(List.of("-x", "c", "-o", "-", "-"));
        return run(line, program);
    }

    /** Runs a program to its end, two minutes at most. */
    static Result run(List<String> command, String input) throws IOException, InterruptedException {
        Path in = Files.createTempFile("uapi", ".in");
        Path out = Files.createTempFile("uapi", ".out");
        Path err = Files.createTempFile("uapi", ".err");
        try {
            Files.writeString(in, input);
            Process process =
                    new ProcessBuilder(command)
                            .redirectInput(in.toFile())
                            .redirectOutput(out.toFile())
                            .redirectError(err.toFile())
                            .start();
            if (!process.waitFor(2, TimeUnit.MINUTES)) {
                process.destroyForcibly().waitFor();
                throw new IOException("still running after 2 minutes: " + command);
            }
            return new Result(process.exitValue(), text(out), text(err));
        } finally {
            Files.delete(in);
            Files.delete(out);
            Files.delete(err);
        }
    }

    private static String text(Path file) throws IOException {
        return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    }
}
