package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/** Runs what changes a thread for good on a thread, or in a process, of its own. */
final class Apart {
    private static final long LIMIT_SECONDS = 300;

    private Apart() {}

    /** Something to do. */
    @FunctionalInterface
    interface Work {
        void run() throws Exception;
    }

    /** Does it on a new platform thread, and fails as it fails. */
    static void thread(Work work) throws Exception {
        FutureTask<Boolean> task =
                new FutureTask<>(
                        () -> {
                            work.run();
                            return true;
                        });
        Thread.ofPlatform().daemon().start(task);
        try {
            task.get(LIMIT_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Error error) {
                throw error;
            }
            throw e.getCause() instanceof Exception cause ? cause : e;
        } catch (TimeoutException e) {
            throw new AssertionError("the thread did not end in time", e);
        }
    }

    /** Runs a main class of the tests in a JVM that the calling thread starts; its output. */
    static String process(Class<?> main, String... arguments) throws Exception {
        return run(java(main.getName(), arguments));
    }

    /** As {@link #process}, in a process that may lock so many bytes of memory. */
    static String locking(long bytes, Class<?> main) throws Exception {
        return run(locking(bytes, java(main.getName())));
    }

    /** A command that may lock so many bytes of memory: for root, too, to whom no limit applies. */
    static List<String> locking(long bytes, List<String> command) {
        Needs.program("setpriv", "util-linux");
        Needs.program("prlimit", "util-linux");
        List<String> all = new ArrayList<>();
        all.addAll(List.of("setpriv", "--bounding-set=-ipc_lock", "--inh-caps=-ipc_lock"));
        all.addAll(List.of("prlimit", "--memlock=" + bytes));
        all.addAll(command);
        return all;
    }

    /** The command for a JVM that runs a main class of this class path, and soon begins with it. */
    static List<String> java(String main, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
        // What this JVM was started quickly with, in the kernel lab.
        String[] own = ProcessHandle.current().info().arguments().orElse(new String[0]);
        Stream.of(own).filter(each -> each.startsWith("-XX:AOTCache=")).forEach(command::add);
        command.add("--enable-native-access=ALL-UNNAMED");
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main));
        command.addAll(List.of(arguments));
        return command;
    }

    private static String run(List<String> command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            process.getOutputStream().close();
            String output =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
            Needs.that(!output.startsWith("setpriv:"), output.strip());
            assertThat(process.exitValue()).as("%s", output).isZero();
            return output.strip();
        } finally {
            process.destroyForcibly();
        }
    }
}
