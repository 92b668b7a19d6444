/** Reads the table of the kernel's interface and writes its Java form. */
@NullMarked
package org.uring4j.uapi;

import org.jspecify.annotations.NullMarked;
