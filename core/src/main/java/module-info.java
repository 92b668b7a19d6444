/**
 * io_uring for Java: a ring, the requests put into it and the completions taken out of it, with
 * nothing between the program and the kernel but types.
 *
 * <p>The module needs native access: run with {@code --enable-native-access=org.uring4j} (or {@code
 * ALL-UNNAMED} on the class path).
 */
module org.uring4j {
    requires static transitive org.jspecify;

    exports org.uring4j;
    exports org.uring4j.op;
    exports org.uring4j.resource;
}
