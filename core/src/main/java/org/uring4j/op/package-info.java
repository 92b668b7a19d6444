/**
 * The requests: one class for each family of ops, with static encoders that write a request into
 * the slot a {@link org.uring4j.Sqe} stands on and answer that cursor.
 *
 * <p>What all of them have in common:
 *
 * <ul>
 *   <li>The request starts when it is submitted, and ends with its last completion. Until then the
 *       memory it names is the kernel's: it must stay allocated.
 *   <li>Memory is native ({@link java.lang.foreign.Arena}), its size is the request's length. Heap
 *       memory is refused with {@link java.lang.IllegalArgumentException}, and so is read-only
 *       memory where a request writes; a closed arena with {@link java.lang.IllegalStateException}.
 *       What {@link org.uring4j.op.Commands} and NVMe commands do to theirs only the driver knows.
 *   <li>An exception, of an encoder or of what is added to its request afterwards, means that the
 *       request is not made: nothing of it stays in the queue.
 *   <li>What a request only describes itself with - a path, a time, an array of vectors - is copied
 *       when the kernel takes it ({@code IORING_FEAT_SUBMIT_STABLE}, since Linux 5.5): it may
 *       change when {@link org.uring4j.Ring#submit} has returned or, with a poll thread, when the
 *       request has ended.
 *   <li>A failed request completes with a negated errno: {@link org.uring4j.UringException#of}
 *       makes an exception of it.
 *   <li>{@code fd} is a file descriptor or, with {@link org.uring4j.Sqe#fixedFile}, the index of a
 *       registered file.
 * </ul>
 *
 * <p>Concepts, with examples: <a
 * href="https://github.com/uring4j/uring4j/blob/main/docs/multishot.md">multishot</a>, <a
 * href="https://github.com/uring4j/uring4j/blob/main/docs/links-and-drains.md">links and
 * drains</a>, <a
 * href="https://github.com/uring4j/uring4j/blob/main/docs/cancellation.md">cancellation</a>.
 */
@NullMarked
package org.uring4j.op;

import org.jspecify.annotations.NullMarked;
