/**
 * Streams over io_uring: one way to send and one to receive, which find out by themselves what the
 * kernel and the network interface can do without copying.
 *
 * <p>The module needs native access for what it is built on: run with {@code
 * --enable-native-access=org.uring4j} (or {@code ALL-UNNAMED} on the class path).
 */
module org.uring4j.io {
    requires static transitive org.jspecify;
    requires transitive org.uring4j;

    exports org.uring4j.io;
}
