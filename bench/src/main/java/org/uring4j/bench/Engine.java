package org.uring4j.bench;

import java.util.Locale;

/** Who does the work. The name on the command line is the constant's, in lower case. */
enum Engine {
    URING4J,
    LIBURING;

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
