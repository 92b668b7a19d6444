/** The {@code uring4j} command, one class per subcommand. */
@NullMarked
package org.uring4j.tool;

import org.jspecify.annotations.NullMarked;
