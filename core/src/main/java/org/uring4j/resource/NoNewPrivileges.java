package org.uring4j.resource;

import org.uring4j.Errno;
import org.uring4j.UringException;
import org.uring4j.internal.sys.Syscalls;
import org.uring4j.internal.uapi.LibcConstants;

/**
 * The promise that a thread never gains privileges by executing a program ({@code no_new_privs}),
 * which the kernel wants before a thread without {@code CAP_SYS_ADMIN} may restrict itself.
 *
 * <p>Source: {@code PR_SET_NO_NEW_PRIVS(2const)}.
 */
public final class NoNewPrivileges {
    static final String MISSING = "it needs CAP_SYS_ADMIN, or to have called NoNewPrivileges.set()";

    private NoNewPrivileges() {}

    /**
     * Makes the promise for the calling thread, and the threads and processes it will start. It
     * cannot be taken back: programs they execute do not honour set-user-ID bits.
     *
     * @throws IllegalStateException on a virtual thread
     */
    public static void set() {
        Restrictions.requirePlatformThread();
        int result = Syscalls.prctl(LibcConstants.PR_SET_NO_NEW_PRIVS, 1);
        if (result < 0) {
            throw new UringException("prctl", Errno.of(result), "PR_SET_NO_NEW_PRIVS");
        }
    }
}
