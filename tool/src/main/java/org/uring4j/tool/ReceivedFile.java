package org.uring4j.tool;

import org.jspecify.annotations.Nullable;
import org.uring4j.op.OpenFlags;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The file that is received into. A regular file is written under another name beside its own, and
 * has its own only when it is complete; until then it goes away with this object, or with the
 * process.
 */
final class ReceivedFile implements AutoCloseable {
    private static final int STANDARD_OUTPUT = 1;
    private static final int READ_AND_WRITE = 0666;

    private final Connections connections;
    private final boolean force;
    private final Sink sink;

    /** The final name; null for what is written directly. */
    private final @Nullable Path path;

    private final @Nullable Path temporary;
    private final @Nullable Thread remover;

    private ReceivedFile(
            Connections connections,
            boolean force,
            Sink sink,
            @Nullable Path path,
            @Nullable Path temporary) {
        this.connections = connections;
        this.force = force;
        this.sink = sink;
        this.path = path;
        this.temporary = temporary;
        remover = temporary == null ? null : new Thread(() -> remove(temporary));
        if (remover != null) {
            Runtime.getRuntime().addShutdownHook(remover);
        }
    }

    /**
     * Opens it.
     *
     * @param target a path, or {@code -} for standard output
     * @param force whether a file that exists is replaced
     */
    static ReceivedFile open(Connections connections, String target, boolean force)
            throws IOException {
        if (target.equals("-")) {
            Sink output = new Sink("to standard output", STANDARD_OUTPUT, true);
            return new ReceivedFile(connections, force, output, null, null);
        }
        Path path = Path.of(target).toAbsolutePath();
        String name = "'" + target + "'";
        if (Files.isDirectory(path)) {
            throw new Failure(name + " is a directory");
        }
        if (Files.exists(path) && !Files.isRegularFile(path)) {
            int flags = OpenFlags.O_WRONLY | OpenFlags.O_CLOEXEC;
            int fd = connections.open(target, flags, 0, "cannot open " + name);
            return new ReceivedFile(connections, force, new Sink(name, fd, true), null, null);
        }
        if (Files.exists(path)) {
            if (!force) {
                throw exists(name);
            }
            // Through a link, the file it leads to is replaced and the link stays.
            path = path.toRealPath();
        }
        String random = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt());
        Path temporary = path.resolveSibling("." + path.getFileName() + "." + random + ".part");
        int flags = OpenFlags.O_WRONLY | OpenFlags.O_CREAT | OpenFlags.O_EXCL | OpenFlags.O_CLOEXEC;
        int fd =
                connections.open(
                        temporary.toString(), flags, READ_AND_WRITE, "cannot create " + name);
        return new ReceivedFile(connections, force, new Sink(name, fd, false), path, temporary);
    }

    Sink sink() {
        return sink;
    }

    /** Gives the file its name; its contents are on the disk already. */
    void complete() throws IOException {
        if (path == null || temporary == null) {
            return;
        }
        if (force) {
            Files.move(
                    temporary,
                    path,
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } else {
            try {
                // Unlike renaming, this fails when somebody has made the file meanwhile.
                Files.createLink(path, temporary);
            } catch (FileAlreadyExistsException e) {
                throw exists(sink.name());
            } catch (UnsupportedOperationException | FileSystemException e) {
                // There are file systems without links.
                Files.move(temporary, path);
            }
        }
        try (FileChannel directory = FileChannel.open(path.resolveSibling("."))) {
            directory.force(true);
        }
    }

    /** Closes the file, and removes what has not been completed. */
    @Override
    public void close() {
        if (sink.fd() != STANDARD_OUTPUT) {
            connections.close(sink.fd());
        }
        if (temporary != null && remover != null) {
            remove(temporary);
            try {
                Runtime.getRuntime().removeShutdownHook(remover);
            } catch (IllegalStateException e) {
                // The process is ending, and the hook does the same once more.
            }
        }
    }

    private static Failure exists(String name) {
        return new Failure(name + " exists already; --force replaces it");
    }

    private static void remove(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            // Nobody is left to tell.
        }
    }
}
