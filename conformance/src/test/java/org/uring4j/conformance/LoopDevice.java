package org.uring4j.conformance;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A block device over a file, by {@code losetup}: of the host, or of busybox in the lab. */
record LoopDevice(Path path) implements AutoCloseable {
    /** Makes one; where that cannot be, the test is skipped by name. */
    static LoopDevice over(Path file) throws IOException, InterruptedException {
        Needs.that(Files.isWritable(Path.of("/dev/loop-control")), "no loop device can be made");
        // Between asking for a free one and taking it, somebody else may take it.
        String failure = "";
        for (int i = 0; i < 5; i++) {
            Path free = Path.of(losetup("-f"));
            try {
                losetup(free.toString(), file.toString());
                return new LoopDevice(free);
            } catch (IOException taken) {
                failure = taken.getMessage();
            }
        }
        throw Needs.skip("no loop device can be made: " + failure);
    }

    private static String losetup(String... arguments) throws IOException, InterruptedException {
        String[] command = new String[arguments.length + 1];
        command[0] = "losetup";
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said =
                new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        if (!process.waitFor(10, TimeUnit.SECONDS) || process.exitValue() != 0) {
            throw new IOException(String.join(" ", command) + ": " + said);
        }
        return said;
    }

    @Override
    public void close() throws IOException {
        try {
            losetup("-d", path.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
