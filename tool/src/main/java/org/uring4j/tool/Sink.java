package org.uring4j.tool;

/**
 * Where received bytes go.
 *
 * @param name how to call it in messages
 * @param fd the descriptor
 * @param sequential whether it can only be written in order, as a pipe
 */
record Sink(String name, int fd, boolean sequential) {}
