package org.uring4j.conformance;

import org.uring4j.Cqe;
import org.uring4j.Errno;

/** A completion, kept. */
record Completion(long userData, int result, int flags) {
    boolean hasMore() {
        return Cqe.hasMore(flags);
    }

    boolean isNotification() {
        return Cqe.isNotification(flags);
    }

    int bufferId() {
        return Cqe.bufferId(flags);
    }

    /** Whether it failed with this error. */
    boolean failed(Errno errno) {
        return errno.is(result);
    }

    @Override
    public String toString() {
        String outcome = result < 0 ? Errno.of(result).name() : Integer.toString(result);
        return "userData=" + userData + " result=" + outcome + " flags=" + Cqe.describe(flags);
    }
}
