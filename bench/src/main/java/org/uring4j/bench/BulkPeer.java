package org.uring4j.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * A process that moves bytes in bulk, on command so that rounds can alternate with another's: a
 * line {@code run SIZE MILLIS} on its input is answered by {@code bytes=B wall_ns=W}.
 */
final class BulkPeer {
    /** What every engine's payload has together, in two buffers at least. */
    static final int POOL = 1 << 20;

    /** How many bytes are moved by a call that gathers, in one buffer at least. */
    static final int GATHER = 1 << 18;

    private BulkPeer() {}

    /** Moves bytes for about so long; nothing is under way any more when it returns. */
    @FunctionalInterface
    interface Work {
        /**
         * Does it.
         *
         * @param size how many bytes a buffer has
         * @return how many bytes were moved
         */
        long run(int size, long nanos) throws IOException, InterruptedException;
    }

    /** How many buffers of a size the pool has. */
    static int buffers(int size) {
        return Math.max(2, POOL / size);
    }

    /** Does as told until the input ends. */
    static void serve(String engine, Work work) throws IOException, InterruptedException {
        BufferedReader input =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        say("ready engine=" + engine);
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            String[] words = line.split(" ", 3);
            int size = Integer.parseInt(words[1]);
            long nanos = Long.parseLong(words[2]) * 1_000_000;
            long start = System.nanoTime();
            long bytes = work.run(size, nanos);
            say("bytes=" + bytes + " wall_ns=" + (System.nanoTime() - start));
        }
    }

    private static void say(String line) throws IOException {
        OutputStream output = System.out;
        output.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        output.flush();
    }
}
