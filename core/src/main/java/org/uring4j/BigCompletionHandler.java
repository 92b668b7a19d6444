package org.uring4j;

/** What is done with completions of a ring whose entries may be 32 bytes long. */
@FunctionalInterface
public interface BigCompletionHandler {
    /**
     * Called once for each completion queue entry, in order, as {@link CompletionHandler} is.
     *
     * @param userData the request's {@link Sqe#userData}
     * @param result what the op defines: a count, a descriptor, or a negated errno
     * @param flags see {@link Cqe}
     * @param extra1 the first 8 bytes of the entry's second half; 0 for a 16-byte entry
     * @param extra2 the last 8 bytes of the entry's second half; 0 for a 16-byte entry
     */
    void onCompletion(long userData, int result, int flags, long extra1, long extra2);
}
