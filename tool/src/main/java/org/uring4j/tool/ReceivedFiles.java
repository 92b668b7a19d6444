package org.uring4j.tool;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** The files that several streams are received into. */
final class ReceivedFiles implements AutoCloseable {
    private final List<ReceivedFile> files = new ArrayList<>();

    private ReceivedFiles() {}

    /** Opens all, or none. */
    static ReceivedFiles open(Connections connections, List<String> targets, boolean force)
            throws IOException {
        ReceivedFiles all = new ReceivedFiles();
        boolean opened = false;
        try {
            for (String target : targets) {
                all.files.add(ReceivedFile.open(connections, target, force));
            }
            opened = true;
            return all;
        } finally {
            if (!opened) {
                all.close();
            }
        }
    }

    List<Sink> sinks() {
        return files.stream().map(ReceivedFile::sink).toList();
    }

    /** Gives the files their names. */
    void complete() throws IOException {
        for (ReceivedFile file : files) {
            file.complete();
        }
    }

    @Override
    public void close() {
        files.forEach(ReceivedFile::close);
    }
}
