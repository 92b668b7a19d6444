package org.uring4j.io;

/**
 * What a {@link StreamSender} has done so far.
 *
 * @param bytes how many bytes the socket took: the sum of the next four, and of those of zero-copy
 *     sends that no notification has come for
 * @param plain by plain sends, which copy
 * @param zeroCopy by zero-copy sends of which the kernel reported that nothing was copied
 * @param copied by zero-copy sends of which the kernel reported that it copied, in part or all
 * @param untold by zero-copy sends of which the kernel did not report, as before Linux 6.2
 * @param requests how many requests that took
 * @param gathered how many pieces of memory went into them
 * @param memoryShortages how many zero-copy sends failed for want of memory to lock, and were done
 *     in another way
 * @param remark why it does not send without copying where it might have been expected to; empty
 *     when there is nothing to say
 */
public record SenderReport(
        long bytes,
        long plain,
        long zeroCopy,
        long copied,
        long untold,
        long requests,
        long gathered,
        long memoryShortages,
        String remark) {}
