package org.uring4j.tool;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Whether somebody is looking. */
enum Terminal {
    /** Standard output. */
    STANDARD_OUTPUT(1),
    /** Standard error. */
    STANDARD_ERROR(2);

    private final int descriptor;

    Terminal(int descriptor) {
        this.descriptor = descriptor;
    }

    /** Whether the stream goes to a terminal. */
    boolean isTerminal() {
        try {
            String target =
                    Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)).toString();
            return target.startsWith("/dev/pts/")
                    || target.startsWith("/dev/tty")
                    || target.equals("/dev/console");
        } catch (IOException e) {
            return false;
        }
    }

    /** Whether the stream goes to a terminal and colour is wanted there. */
    boolean hasColour() {
        return wantsColour(System.getenv()) && isTerminal();
    }

    /** By {@code NO_COLOR} and {@code TERM}. */
    static boolean wantsColour(Map<String, String> environment) {
        return environment.getOrDefault("NO_COLOR", "").isEmpty()
                && !environment.getOrDefault("TERM", "dumb").equals("dumb");
    }
}
