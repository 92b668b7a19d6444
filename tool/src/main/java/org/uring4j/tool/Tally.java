package org.uring4j.tool;

import java.util.LinkedHashSet;
import java.util.Set;

/** What one side of a transfer has done. */
final class Tally {
    /** Bytes of the stream that have passed. */
    long bytes;

    /** Requests that were put into the ring. */
    long requests;

    /** Bytes of plain sends. */
    long plainBytes;

    /** Bytes the kernel told it sent, or received, without copying. */
    long zeroCopyBytes;

    /** Bytes that were to go without copying, and that the kernel told it had to copy. */
    long copiedBytes;

    /** Bytes that were to go without copying, of which the kernel did not tell. */
    long untoldBytes;

    /** By which ways streams were received, and why not by better ones. */
    final Set<String> ways = new LinkedHashSet<>();

    /** How many buffers, or leases on parts of buffers, were in use at the most. */
    long mostBuffers;

    /** How many buffers went back to the kernel through a refill ring, and how often it emptied. */
    long refills;

    long flushes;

    /** How often a network card found no buffer to receive into. */
    long cardStarvations;

    /** Connections that were reset before they brought anything, and that others were taken for. */
    long resets;

    /** Wall-clock time. */
    long nanos;

    /** CPU time of the thread and of the kernel's workers for it; -1 when not known. */
    long cpuNanos = -1;

    /** What else there is to say. */
    String remark = "";
}
