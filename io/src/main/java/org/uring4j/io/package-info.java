/** Streams of bytes over one ring, driven by an {@link org.uring4j.io.EventLoop}. */
@NullMarked
package org.uring4j.io;

import org.jspecify.annotations.NullMarked;
