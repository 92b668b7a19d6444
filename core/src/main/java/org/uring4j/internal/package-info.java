/** What the exported packages share and nobody else sees. */
@NullMarked
package org.uring4j.internal;

import org.jspecify.annotations.NullMarked;
