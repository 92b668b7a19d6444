package org.uring4j.conformance;

import org.uring4j.Ring;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * A pipe with a name, whose one side a ring opens and whose other side is here: what a request
 * waits for then happens when the test wants it.
 */
final class Fifo implements AutoCloseable {
    private final Path path;

    /** To read and to write, so that opening a side does not wait for the other. */
    private final RandomAccessFile here;

    private Fifo(Path path, RandomAccessFile here) {
        this.path = path;
        this.here = here;
    }

    /** Makes one in a directory. */
    static Fifo in(Path directory) throws IOException {
        Path path = directory.resolve("fifo-" + System.nanoTime());
        try (Arena arena = Arena.ofConfined()) {
            Libc.callAny("mkfifo", arena.allocateFrom(path.toString()), 0600);
        }
        return new Fifo(path, new RandomAccessFile(path.toFile(), "rw"));
    }

    /** Its name. */
    Path path() {
        return path;
    }

    /**
     * Opens it through a ring.
     *
     * @param flags {@code O_RDONLY} or {@code O_WRONLY}, or'ed with others
     */
    Opened open(Ring ring, int flags) {
        return Opened.open(ring, path, flags);
    }

    /** Writes into it. */
    void put(String text) throws IOException {
        here.write(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Reads from it, waiting until so many bytes are there. */
    String take(int length) throws IOException {
        byte[] bytes = new byte[length];
        here.readFully(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /** Lets go of it: the ring's side is alone then. */
    void hangUp() throws IOException {
        here.close();
    }

    @Override
    public void close() throws IOException {
        hangUp();
    }
}
