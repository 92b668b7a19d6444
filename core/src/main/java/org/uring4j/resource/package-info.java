/**
 * What is registered with a ring: buffers and files the kernel keeps at hand, groups of buffers it
 * chooses from. A resource belongs to its ring and is closed with it, or before.
 */
@NullMarked
package org.uring4j.resource;

import org.jspecify.annotations.NullMarked;
