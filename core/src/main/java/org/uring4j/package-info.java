/**
 * The ring: {@link org.uring4j.Ring} and its two queues, what it is opened with ({@link
 * org.uring4j.RingConfig}) and how errors are told ({@link org.uring4j.UringException}).
 *
 * <h2>Who owns memory</h2>
 *
 * <p>Memory named in a request belongs to the kernel from the submission until the request's last
 * completion: the one without {@link org.uring4j.Cqe#F_MORE}; for a zero-copy send that is the one
 * with {@link org.uring4j.Cqe#F_NOTIF}. Until then the program must not free it, and must not
 * change it (what is sent) or trust it (what is received). Closing a ring ends its requests first.
 *
 * <h2>Memory order</h2>
 *
 * <p>Methods that touch an index shared with the kernel say how in their name: {@code
 * loadTailAcquire}, {@code storeHeadRelease}. An index is read with acquire before the entries it
 * covers are read, and stored with release after the entries it covers were written or consumed.
 *
 * <p>Concepts, with examples: <a
 * href="https://github.com/uring4j/uring4j/blob/main/docs/waiting.md">submitting and waiting</a>,
 * <a href="https://github.com/uring4j/uring4j/blob/main/docs/links-and-drains.md">links and
 * drains</a>, <a
 * href="https://github.com/uring4j/uring4j/blob/main/docs/cancellation.md">cancellation</a>, <a
 * href="https://github.com/uring4j/uring4j/blob/main/docs/sqpoll.md">SQPOLL</a>.
 */
@NullMarked
package org.uring4j;

import org.jspecify.annotations.NullMarked;
