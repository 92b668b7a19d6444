package org.uring4j;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_COOP_TASKRUN;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_DEFER_TASKRUN;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_HYBRID_IOPOLL;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_IOPOLL;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_NO_MMAP;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_NO_SQARRAY;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_REGISTERED_FD_ONLY;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_SINGLE_ISSUER;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_SQPOLL;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_SQ_AFF;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_SQ_REWIND;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_TASKRUN_FLAG;

import org.uring4j.internal.sys.Memory;
import org.uring4j.internal.sys.Syscalls;
import org.uring4j.internal.uapi.InterfaceTable;
import org.uring4j.internal.uapi.IoUringParams;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;

/** Which {@code IORING_SETUP_*} flags the running kernel knows, found by trying each. */
final class SetupFlags {
    /** Flags that mean nothing alone, with what they need beside them. */
    private static final Map<Integer, Integer> COMPANIONS =
            Map.of(
                    IORING_SETUP_DEFER_TASKRUN, IORING_SETUP_SINGLE_ISSUER,
                    IORING_SETUP_TASKRUN_FLAG, IORING_SETUP_COOP_TASKRUN,
                    IORING_SETUP_HYBRID_IOPOLL, IORING_SETUP_IOPOLL,
                    IORING_SETUP_SQ_AFF, IORING_SETUP_SQPOLL,
                    IORING_SETUP_REGISTERED_FD_ONLY, IORING_SETUP_NO_MMAP,
                    IORING_SETUP_SQ_REWIND, IORING_SETUP_NO_SQARRAY);

    private static volatile int known;

    private SetupFlags() {}

    /** The flags the kernel does not refuse as unknown. */
    static int supported() {
        int flags = known;
        if (flags == 0) {
            for (InterfaceTable.Entry entry : InterfaceTable.SETUP_FLAGS) {
                flags |= tried((int) entry.value()) ? (int) entry.value() : 0;
            }
            known = flags;
        }
        return flags;
    }

    private static boolean tried(int flag) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment params = arena.allocate(IoUringParams.SIZEOF, 8);
            long address = params.address();
            Memory.putInt(address + IoUringParams.FLAGS, flag | COMPANIONS.getOrDefault(flag, 0));
            // CQSIZE needs a size. ATTACH_WQ and NO_MMAP get a bad descriptor and a bad address:
            // a kernel that knows them complains of that, one that does not says EINVAL.
            Memory.putInt(address + IoUringParams.CQ_ENTRIES, 2);
            Memory.putInt(address + IoUringParams.WQ_FD, -1);
            int result = Syscalls.setup(1, address);
            if (result >= 0) {
                Syscalls.close(result);
            }
            return !Errno.EINVAL.is(result);
        }
    }
}
