/** System calls and raw memory: the floor everything else stands on. */
@NullMarked
package org.uring4j.internal.sys;

import org.jspecify.annotations.NullMarked;
