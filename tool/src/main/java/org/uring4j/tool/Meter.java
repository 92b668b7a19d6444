package org.uring4j.tool;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Measures what the calling thread's part of a transfer takes. */
final class Meter {
    private final long startNanos = System.nanoTime();
    private final long startCpu = cpuNanos();

    private Meter() {}

    static Meter start() {
        return new Meter();
    }

    /** Enters the time since the start, on the same thread and before its ring is closed. */
    void stop(Tally tally) {
        tally.nanos = System.nanoTime() - startNanos;
        tally.cpuNanos = cpuNanos() - startCpu;
    }

    private static long cpuNanos() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() + workers();
    }

    /**
     * What the kernel's workers did for this thread: requests that cannot be done without waiting,
     * as writes to some file systems, are done by threads named {@code iou-wrk-} and its number.
     */
    private static long workers() {
        long nanos = 0;
        try (DirectoryStream<Path> tasks = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
            String self = Path.of("/proc/thread-self").toRealPath().getFileName().toString();
            for (Path task : tasks) {
                if (Files.readString(task.resolve("comm")).strip().equals("iou-wrk-" + self)) {
                    String times = Files.readString(task.resolve("schedstat"));
                    nanos += Long.parseLong(times.substring(0, times.indexOf(' ')));
                }
            }
        } catch (IOException e) {
            // A worker that has just ended, or a kernel without these figures.
            return nanos;
        }
        return nanos;
    }
}
