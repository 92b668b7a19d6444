package org.uring4j.tool;

/** What one side of a transfer has done. */
final class Tally {
    /** Bytes of the stream that have passed. */
    long bytes;

    /** Requests that were put into the ring. */
    long requests;

    /** Bytes of plain sends. */
    long plainBytes;

    /** Bytes the kernel told it sent without copying. */
    long zeroCopyBytes;

    /** Bytes of zero-copy sends the kernel told it had to copy. */
    long copiedBytes;

    /** Bytes of zero-copy sends of which the kernel did not tell (before Linux 6.2). */
    long untoldBytes;

    /** Wall-clock time. */
    long nanos;

    /** CPU time of the thread and of the kernel's workers for it; -1 when not known. */
    long cpuNanos = -1;

    /** What else there is to say. */
    String remark = "";
}
