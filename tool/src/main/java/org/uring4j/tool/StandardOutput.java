package org.uring4j.tool;

import org.jspecify.annotations.Nullable;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Locale;

/** Standard output, which keeps in mind why it failed: who prints to it is not told. */
final class StandardOutput extends OutputStream {
    private static final String NO_READER = "Broken pipe";

    private final OutputStream file = new FileOutputStream(FileDescriptor.out);
    private @Nullable String failure;

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        try {
            file.write(bytes, offset, length);
        } catch (IOException e) {
            failure = Failure.oneLine(e);
            throw e;
        }
    }

    boolean failed() {
        return failure != null;
    }

    /** What to tell; empty where the reader has had enough, as {@code head} has. */
    String complaint() {
        return failure == null || failure.equals(NO_READER)
                ? ""
                : "cannot write to standard output: " + failure.toLowerCase(Locale.ROOT);
    }
}
