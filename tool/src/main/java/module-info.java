/** The {@code uring4j} command. */
module org.uring4j.tool {
    requires info.picocli;
    requires static org.jspecify;

    opens org.uring4j.tool to
            info.picocli;
}
