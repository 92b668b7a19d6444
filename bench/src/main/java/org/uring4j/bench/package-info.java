/** Benchmarks of uring4j beside C with liburing; see {@code bench/README.md}. */
@NullMarked
package org.uring4j.bench;

import org.jspecify.annotations.NullMarked;
