/**
 * The ring: {@link org.uring4j.Ring} and its two queues, what it is opened with ({@link
 * org.uring4j.RingConfig}) and how errors are told ({@link org.uring4j.UringException}).
 *
 * <p>Requests are made by the classes of {@link org.uring4j.op}, in the slots that {@link
 * org.uring4j.Ring#next} answers; what is registered with a ring is in {@link
 * org.uring4j.resource}.
 *
 * <pre>{@code
 * try (Arena arena = Arena.ofShared();
 *         Ring ring = Ring.open(RingConfig.of(256))) {
 *     MemorySegment buffer = arena.allocate(4096);
 *     Sockets.recv(ring.next(), fd, buffer, 0).userData(7);
 *     ring.submitAndWait(1);
 *     ring.completions().drain((userData, result, flags) -> {
 *         if (result < 0) {
 *             throw UringException.of("IORING_OP_RECV", result);
 *         }
 *         MemorySegment received = buffer.asSlice(0, result);
 *     });
 * }
 * }</pre>
 *
 * <h2>Whose thread</h2>
 *
 * <p>A ring belongs to the platform thread that opened it, and so do its queues and what is
 * registered with it; on another one there is a {@link java.lang.WrongThreadException}. Have a ring
 * for each thread. What other threads may do: {@link org.uring4j.Waker#wake}, and use and close a
 * {@link org.uring4j.resource.Lease}. Not on virtual threads: the kernel would see their carrier.
 *
 * <h2>Errors</h2>
 *
 * <p>A request that failed is a completion with a negated errno, no exception; {@link
 * org.uring4j.UringException#of} makes one of it, and {@link org.uring4j.Errno#is} compares. What
 * the kernel refuses otherwise is a {@link org.uring4j.UringException}, with the likely cause; what
 * the program got wrong is an {@link java.lang.IllegalArgumentException} or {@link
 * java.lang.IllegalStateException}. What a kernel lacks of the defaults is left out ({@link
 * org.uring4j.Ring#setup} tells); of what was asked for, nothing is. {@link org.uring4j.Kernel}
 * tells beforehand.
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
