package org.uring4j.tool;

/**
 * What is sent.
 *
 * @param name how to call it in messages
 * @param fd the descriptor
 * @param sequential whether it can only be read in order, as a pipe
 * @param size how many bytes it has, -1 when that is not known
 */
record Source(String name, int fd, boolean sequential, long size) {}
