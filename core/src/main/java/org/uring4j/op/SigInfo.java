package org.uring4j.op;

import static org.uring4j.internal.uapi.Siginfo.SIZEOF;
import static org.uring4j.internal.uapi.Siginfo.SI_CODE;
import static org.uring4j.internal.uapi.Siginfo.SI_PID;
import static org.uring4j.internal.uapi.Siginfo.SI_SIGNO;
import static org.uring4j.internal.uapi.Siginfo.SI_STATUS;
import static org.uring4j.internal.uapi.Siginfo.SI_UID;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import org.uring4j.internal.Encoder;
import org.uring4j.internal.uapi.LibcConstants;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * What has happened to a child process, from {@link Processes#waitid} ({@code siginfo_t}). It can
 * be used again and again; its memory is its arena's.
 *
 * <p>Source: {@code waitid(2)}.
 */
public final class SigInfo {
    /** It has ended by itself; {@link #status} is what it answered. */
    public static final int CLD_EXITED = LibcConstants.CLD_EXITED;

    /** The signal {@link #status} has ended it. */
    public static final int CLD_KILLED = LibcConstants.CLD_KILLED;

    /** The signal {@link #status} has ended it, and it left a core dump. */
    public static final int CLD_DUMPED = LibcConstants.CLD_DUMPED;

    /** It is traced, and stands. */
    public static final int CLD_TRAPPED = LibcConstants.CLD_TRAPPED;

    /** The signal {@link #status} has stopped it. */
    public static final int CLD_STOPPED = LibcConstants.CLD_STOPPED;

    /** The signal {@link #status} has had it continue. */
    public static final int CLD_CONTINUED = LibcConstants.CLD_CONTINUED;

    private final MemorySegment memory;

    private SigInfo(MemorySegment memory) {
        this.memory = memory;
    }

    /** Room for it. */
    public static SigInfo allocate(Arena arena) {
        return new SigInfo(arena.allocate(SIZEOF, Long.BYTES));
    }

    /** {@code SIGCHLD}; 0 when nothing has happened. */
    public int signal() {
        return memory.get(JAVA_INT, SI_SIGNO);
    }

    /** What has happened: {@code CLD_*}. */
    public int code() {
        return memory.get(JAVA_INT, SI_CODE);
    }

    /** The child's process id; 0 when nothing has happened. */
    public int pid() {
        return memory.get(JAVA_INT, SI_PID);
    }

    /** The user the child ran as. Unsigned. */
    public int uid() {
        return memory.get(JAVA_INT, SI_UID);
    }

    /** What the child answered, 0 to 255, or the number of a signal, as {@link #code} says. */
    public int status() {
        return memory.get(JAVA_INT, SI_STATUS);
    }

    /** Its address, after a check that it is alive. */
    long address() {
        return Encoder.address(memory, "the information");
    }
}
