package org.uring4j.tool;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Runs the command, in this process or in one of its own. */
final class Cli {
    private static final long SECONDS = 60;

    private final CompletableFuture<Integer> exitCode = new CompletableFuture<>();
    private final StringWriter out = new StringWriter();
    private final Heard err = new Heard();

    private Cli() {}

    /** A finished run. */
    record Result(int exitCode, String out, String err) {
        /** The one line of an error. */
        String error() {
            if (err.lines().count() != 1 || !err.startsWith("uring4j: ")) {
                throw new AssertionError("not one line of an error: " + err);
            }
            return err.strip();
        }
    }

    static Result run(String... args) {
        return run(false, args);
    }

    static Result run(boolean colour, String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int exitCode = Main.run(new PrintWriter(out), new PrintWriter(err), colour, args);
        return new Result(exitCode, out.toString(), err.toString());
    }

    /** Starts it on a thread. */
    static Cli start(String... args) {
        Cli cli = new Cli();
        Thread.ofPlatform()
                .daemon()
                .name(String.join(" ", args))
                .start(
                        () ->
                                cli.exitCode.complete(
                                        Main.run(
                                                new PrintWriter(cli.out),
                                                new PrintWriter(cli.err, true),
                                                false,
                                                args)));
        return cli;
    }

    /** Starts receiving, and waits until it listens. */
    static Cli receive(int port, String... args) {
        List<String> all = new ArrayList<>(List.of("receive", Integer.toString(port)));
        all.addAll(Arrays.asList(args));
        Cli cli = start(all.toArray(String[]::new));
        cli.err.await("listening on");
        return cli;
    }

    Result await() {
        try {
            int code = exitCode.get(SECONDS, TimeUnit.SECONDS);
            return new Result(code, out.toString(), err.text());
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError("did not end; it said: " + err.text(), e);
        }
    }

    /** The command line of a process of its own. */
    static List<String> command(String... args) {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                                "--enable-native-access=ALL-UNNAMED",
                                "-XX:TieredStopAtLevel=1",
                                "-cp",
                                System.getProperty("java.class.path"),
                                "org.uring4j.tool.Start"));
        command.addAll(Arrays.asList(args));
        return command;
    }

    /** As {@link #command}, in a process that may lock so many bytes of memory. */
    static List<String> limited(long lockable, String... args) throws IOException {
        Needs.program("prlimit", "util-linux");
        Needs.program("setpriv", "util-linux");
        List<String> command =
                new ArrayList<>(List.of("prlimit", "--memlock=" + lockable + ":" + lockable));
        if (Files.getOwner(Path.of("/proc/self")).getName().equals("root")) {
            // To root, limits of memory do not apply otherwise.
            command.addAll(List.of("setpriv", "--bounding-set=-ipc_lock", "--inh-caps=-ipc_lock"));
        }
        command.addAll(command(args));
        return command;
    }

    /** Waits for a process, which must end by itself. */
    static int await(Process process) throws InterruptedException {
        if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("the process did not end: " + process.info());
        }
        return process.exitValue();
    }

    /** A port that was free just now. */
    static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    /** What is written, for others to wait for. */
    private static final class Heard extends Writer {
        private final StringBuilder text = new StringBuilder();

        @Override
        public void write(char[] chars, int offset, int length) {
            synchronized (lock) {
                text.append(chars, offset, length);
                lock.notifyAll();
            }
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}

        String text() {
            synchronized (lock) {
                return text.toString();
            }
        }

        void await(String wanted) {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
            synchronized (lock) {
                while (text.indexOf(wanted) < 0) {
                    long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
                    if (left <= 0 || text.indexOf("uring4j: ") >= 0) {
                        throw new AssertionError("waited for '" + wanted + "', it said: " + text);
                    }
                    try {
                        lock.wait(left);
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                }
            }
        }
    }
}
