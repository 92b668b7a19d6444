package org.uring4j.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A child process that lives through all rounds and works on command: one line to its input is
 * answered by one line {@code key=value key=value}. Its first line starts with {@code ready}; it
 * ends when its input does.
 */
final class Peer implements AutoCloseable {
    private static final Duration START_LIMIT = Duration.ofSeconds(30);

    private final String name;
    private final Process process;
    private final BufferedReader output;
    private final Writer input;
    private final Map<String, String> ready;
    private volatile boolean tooSlow;

    private Peer(String name, Process process) {
        this.name = name;
        this.process = process;
        this.output = process.inputReader();
        this.input = process.outputWriter();
        this.ready = parse(read(START_LIMIT));
    }

    /** Starts a child and waits until it is ready. */
    static Peer start(String name, List<String> command) {
        try {
            return new Peer(
                    name,
                    new ProcessBuilder(command)
                            .redirectError(ProcessBuilder.Redirect.INHERIT)
                            .start());
        } catch (IOException e) {
            throw new BenchException("cannot start " + name + ": " + e.getMessage(), e);
        }
    }

    /** A value of the child's first line. */
    String ready(String key) {
        return value(ready, key);
    }

    /** Sends a line and answers its reply; a child that takes longer than the limit is killed. */
    Map<String, String> ask(String line, Duration limit) {
        try {
            input.write(line + "\n");
            input.flush();
        } catch (IOException e) {
            throw ended();
        }
        return parse(read(limit));
    }

    /** A number in a reply. */
    static long number(Map<String, String> reply, String key) {
        return Long.parseLong(value(reply, key));
    }

    /**
     * The processor time that all threads of the child have had, read once it rests: the kernel
     * counts a thread's time up when the thread stops running.
     */
    long cpuNanos() {
        long before = -1;
        long now = readCpuNanos();
        for (int i = 0; i < 100 && now != before; i++) {
            pause();
            before = now;
            now = readCpuNanos();
        }
        return now;
    }

    private static void pause() {
        try {
            Thread.sleep(1);
        } catch (InterruptedException e) {
            throw new BenchException("interrupted", e);
        }
    }

    private long readCpuNanos() {
        long sum = 0;
        Path tasks = Path.of("/proc", Long.toString(process.pid()), "task");
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(tasks)) {
            for (Path thread : threads) {
                sum += threadCpuNanos(thread.resolve("schedstat"));
            }
        } catch (IOException e) {
            throw new BenchException(
                    "cannot read the processor time of " + name + ": " + e.getMessage(), e);
        }
        return sum;
    }

    private static long threadCpuNanos(Path schedstat) throws IOException {
        try {
            String text = Files.readString(schedstat);
            return Long.parseLong(text.substring(0, text.indexOf(' ')));
        } catch (NoSuchFileException e) {
            if (!Files.exists(Path.of("/proc/self/schedstat"))) {
                throw new BenchException(
                        "this kernel counts no processor time per thread:"
                                + " it lacks CONFIG_SCHED_INFO",
                        e);
            }
            return 0; // The thread has just ended.
        }
    }

    private String read(Duration limit) {
        CompletableFuture<Void> watchdog =
                CompletableFuture.runAsync(
                        () -> {
                            tooSlow = true;
                            process.destroyForcibly();
                        },
                        CompletableFuture.delayedExecutor(limit.toMillis(), TimeUnit.MILLISECONDS));
        try {
            String line = output.readLine();
            if (line == null) {
                throw ended();
            }
            return line;
        } catch (IOException e) {
            throw ended();
        } finally {
            watchdog.cancel(false);
        }
    }

    private BenchException ended() {
        close();
        return new BenchException(
                tooSlow
                        ? name + " gave no answer in time and was killed"
                        : name + " ended unexpectedly: exit code " + process.exitValue());
    }

    private static Map<String, String> parse(String line) {
        Map<String, String> values = new HashMap<>();
        for (String word : line.split(" ", -1)) {
            int equals = word.indexOf('=');
            if (equals > 0) {
                values.put(word.substring(0, equals), word.substring(equals + 1));
            }
        }
        return values;
    }

    private static String value(Map<String, String> values, String key) {
        String value = values.get(key);
        if (value == null) {
            throw new BenchException("a reply lacks " + key + ": " + values);
        }
        return value;
    }

    @Override
    public void close() {
        try {
            input.close();
        } catch (IOException e) {
            // The child has gone before its input was closed, which is what close is for.
        }
        try {
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            throw new BenchException("interrupted", e);
        }
    }
}
