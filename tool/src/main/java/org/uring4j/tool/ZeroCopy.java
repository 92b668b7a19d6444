package org.uring4j.tool;

/** Whether to send without copying. */
enum ZeroCopy {
    /** While the kernel does not copy all the same. */
    AUTO,
    /** Every send. */
    ALWAYS,
    /** No send. */
    NEVER
}
