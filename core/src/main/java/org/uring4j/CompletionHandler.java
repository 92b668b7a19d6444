package org.uring4j;

/** What is done with a completion. */
@FunctionalInterface
public interface CompletionHandler {
    /**
     * Called once for each completion queue entry, in order.
     *
     * <p>It may put in and submit further requests. It must not drain the queue or close the ring.
     * When it throws, the entry counts as consumed, the entries after it stay in the queue, and the
     * exception passes to whoever drains.
     *
     * @param userData the request's {@link Sqe#userData}
     * @param result what the op defines: a count, a descriptor, or a negated errno ({@link
     *     Errno#of})
     * @param flags see {@link Cqe}
     */
    void onCompletion(long userData, int result, int flags);
}
