/** The ring: nothing between the caller and the kernel but types. */
@NullMarked
package org.uring4j;

import org.jspecify.annotations.NullMarked;
