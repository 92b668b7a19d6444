package org.uring4j.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The command lines of the processes that a benchmark starts. */
final class Programs {
    /** Where {@code bench/run} says the folder {@code bench} is. */
    private static final Path HOME = Path.of(System.getProperty("uring4j.bench.home", "bench"));

    private static final Path BUILT = HOME.resolve("target/c");

    private Programs() {}

    /** A program of {@code bench/c}, which is compiled first when it is new or was changed. */
    static List<String> c(String program, String... arguments) {
        run(List.of(HOME.resolve("c/build").toString(), BUILT.toString()));
        List<String> command = new ArrayList<>();
        command.add(BUILT.resolve(program).toString());
        command.addAll(List.of(arguments));
        return command;
    }

    /** A main class of this module, in a JVM of its own with the same classes and JVM options. */
    static List<String> java(Class<?> main, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("--enable-native-access=ALL-UNNAMED");
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(main.getName());
        command.addAll(List.of(arguments));
        return command;
    }

    /** An echo server; both take the same arguments. */
    static List<String> echoServer(Engine engine, String... arguments) {
        return switch (engine) {
            case LIBURING -> c("echo_server", arguments);
            case URING4J -> java(EchoServer.class, arguments);
        };
    }

    /** The same command, kept on one core with all its threads. */
    static List<String> pinned(int core, List<String> command) {
        List<String> pinned = new ArrayList<>(List.of("taskset", "-c", Integer.toString(core)));
        pinned.addAll(command);
        return pinned;
    }

    /** The last core this process may run on: the first ones have most of the interrupts. */
    static int lastCore() {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
                if (line.startsWith("Cpus_allowed_list:")) {
                    String[] cores = line.split("[\\s,-]+", -1);
                    return Integer.parseInt(cores[cores.length - 1]);
                }
            }
        } catch (IOException e) {
            throw new BenchException("cannot tell the cores: " + e.getMessage(), e);
        }
        throw new BenchException("/proc/self/status does not tell the cores");
    }

    private static void run(List<String> command) {
        try {
            int exit = new ProcessBuilder(command).inheritIO().start().waitFor();
            if (exit != 0) {
                throw new BenchException("the C side cannot be built: see above");
            }
        } catch (IOException e) {
            throw new BenchException("cannot run " + command.get(0) + ": " + e.getMessage(), e);
        } catch (InterruptedException e) {
            throw new BenchException("interrupted", e);
        }
    }
}
