/** io_uring for Java. */
module org.uring4j {
    requires static org.jspecify;
}
