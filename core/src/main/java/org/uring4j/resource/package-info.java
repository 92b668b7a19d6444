/**
 * What is registered with a ring: buffers and files the kernel keeps at hand, groups of buffers it
 * chooses from. A resource belongs to its ring and is closed with it, or before.
 *
 * <p>Concepts, with examples: <a
 * href="https://github.com/uring4j/uring4j/blob/main/docs/buffers.md">buffers</a>, <a
 * href="https://github.com/uring4j/uring4j/blob/main/docs/registered-files.md">registered
 * files</a>, <a
 * href="https://github.com/uring4j/uring4j/blob/main/docs/sandboxing.md">sandboxing</a>.
 */
@NullMarked
package org.uring4j.resource;

import org.jspecify.annotations.NullMarked;
