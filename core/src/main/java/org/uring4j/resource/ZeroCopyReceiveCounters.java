package org.uring4j.resource;

/**
 * How buffers have gone between the kernel and the program: of a {@link ZeroCopyReceive}, and all
 * others in this process on the same queue.
 *
 * @param buffersOut how many buffers the program has pieces of
 * @param mostBuffersOut how many it had at most
 * @param refills how many pieces went back through the refill ring
 * @param waiting how many of them the kernel has not taken yet
 * @param kept how many pieces wait for room in the refill ring
 * @param keptInAll how many had to wait for it so far
 * @param flushes how often the kernel was asked to empty the refill ring
 * @param ranOut how many requests ended because no buffer was free ({@code ENOMEM})
 * @param queueFull how many ended because the completion queue was full ({@code ENOSPC})
 * @param allocFails how often the network card was told of to have found no buffer for what came:
 *     the events {@link ZcrxEvent#ALLOC_FAIL} that {@link ZeroCopyReceive#takeEvent} was handed
 */
public record ZeroCopyReceiveCounters(
        int buffersOut,
        int mostBuffersOut,
        long refills,
        int waiting,
        int kept,
        long keptInAll,
        long flushes,
        long ranOut,
        long queueFull,
        long allocFails) {}
