package org.uring4j.tool;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;

/**
 * The SHA-256 of two files, in hexadecimal.
 *
 * @param first of one
 * @param second of the other
 */
record Digests(String first, String second) {
    private static final int PIECE = 1 << 20;

    /** Reads both at a time. */
    static Digests of(Path first, Path second) throws IOException {
        CompletableFuture<String> other = CompletableFuture.supplyAsync(() -> unchecked(first));
        String digest = digest(second);
        return new Digests(other.join(), digest);
    }

    boolean equal() {
        return first.equals(second);
    }

    private static String unchecked(Path file) {
        try {
            return digest(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String digest(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            ByteBuffer piece = ByteBuffer.allocateDirect(PIECE);
            while (channel.read(piece) >= 0) {
                digest.update(piece.flip());
                piece.clear();
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }
}
