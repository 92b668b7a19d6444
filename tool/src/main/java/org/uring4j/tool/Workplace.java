package org.uring4j.tool;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.SplittableRandom;

/** A directory for temporary files, gone with this object or with the process. */
final class Workplace implements AutoCloseable {
    private static final int PIECE = 1 << 20;

    private final Path directory;
    private final Thread remover = new Thread(this::remove);

    private Workplace(Path directory) {
        this.directory = directory;
    }

    static Workplace make() throws IOException {
        Workplace workplace = new Workplace(Files.createTempDirectory("uring4j-"));
        Runtime.getRuntime().addShutdownHook(workplace.remover);
        return workplace;
    }

    /** A file of that name in the directory. */
    Path path(String name) {
        return directory.resolve(name);
    }

    /** Makes a file of random bytes, if there is room for it and for another one like it. */
    Path randomFile(String name, long size) throws IOException {
        Path file = path(name);
        long room = Files.getFileStore(directory).getUsableSpace();
        if (size > room / 2) {
            throw new Failure(
                    "there is no room for two files of "
                            + Sizes.format(size)
                            + " in "
                            + directory.getParent()
                            + ", which has "
                            + Sizes.format(room)
                            + " left; choose a smaller --size, or another place by"
                            + " JAVA_TOOL_OPTIONS=-Djava.io.tmpdir=DIRECTORY");
        }
        SplittableRandom random = new SplittableRandom();
        byte[] bytes = new byte[PIECE];
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            for (long left = size; left > 0; left -= PIECE) {
                random.nextBytes(bytes);
                ByteBuffer piece = ByteBuffer.wrap(bytes, 0, (int) Math.min(PIECE, left));
                while (piece.hasRemaining()) {
                    channel.write(piece);
                }
            }
        }
        return file;
    }

    @Override
    public void close() {
        remove();
        try {
            Runtime.getRuntime().removeShutdownHook(remover);
        } catch (IllegalStateException e) {
            // The process is ending, and the hook does the same once more.
        }
    }

    private void remove() {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                Files.deleteIfExists(file);
            }
            Files.deleteIfExists(directory);
        } catch (IOException e) {
            // Nobody is left to tell.
        }
    }
}
