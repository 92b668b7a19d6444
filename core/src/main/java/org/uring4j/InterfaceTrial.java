package org.uring4j;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_MEM_REGION_TYPE_USER;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_ZCRX_IFQ;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_CQE32;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_DEFER_TASKRUN;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_SINGLE_ISSUER;

import org.uring4j.internal.sys.Memory;
import org.uring4j.internal.sys.Syscalls;
import org.uring4j.internal.uapi.IoUringParams;
import org.uring4j.internal.uapi.IoUringRegionDesc;
import org.uring4j.internal.uapi.IoUringZcrxAreaReg;
import org.uring4j.internal.uapi.IoUringZcrxIfqReg;

import java.lang.foreign.Arena;

/**
 * Finds out whether a network interface can lend out a receive queue, by asking for one it does not
 * have: where queues can be lent out at all the kernel complains of the number, else of that.
 */
final class InterfaceTrial {
    private static final int NO_SUCH_QUEUE = 0x7fff_fff0;

    /** A multiple of every page size. */
    private static final long MEMORY = 64 << 10;

    private InterfaceTrial() {}

    /** What came of it. */
    enum Answer {
        /** Its queues can be lent out. */
        YES,
        /** They cannot. */
        NO,
        /** The kernel does not tell: it wants CAP_NET_ADMIN, or is too old. */
        UNKNOWN
    }

    static Answer lendsQueues(int interfaceIndex) {
        try (Arena arena = Arena.ofConfined()) {
            long params = arena.allocate(IoUringParams.SIZEOF, 8).address();
            Memory.putInt(
                    params + IoUringParams.FLAGS,
                    IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQE32);
            int ring = Syscalls.setup(1, params);
            if (ring < 0) {
                return Answer.UNKNOWN;
            }
            int result = register(ring, interfaceIndex, arena);
            Syscalls.close(ring);
            return switch (Errno.of(result)) {
                case ERANGE -> Answer.YES;
                case EOPNOTSUPP -> Answer.NO;
                default -> Answer.UNKNOWN;
            };
        }
    }

    private static int register(int ring, int interfaceIndex, Arena arena) {
        long area = arena.allocate(IoUringZcrxAreaReg.SIZEOF, 8).address();
        Memory.putLong(area + IoUringZcrxAreaReg.ADDR, arena.allocate(MEMORY, MEMORY).address());
        Memory.putLong(area + IoUringZcrxAreaReg.LEN, MEMORY);

        long region = arena.allocate(IoUringRegionDesc.SIZEOF, 8).address();
        long refill = arena.allocate(MEMORY, MEMORY).address();
        Memory.putLong(region + IoUringRegionDesc.USER_ADDR, refill);
        Memory.putLong(region + IoUringRegionDesc.SIZE, MEMORY);
        Memory.putInt(region + IoUringRegionDesc.FLAGS, IORING_MEM_REGION_TYPE_USER);

        long queue = arena.allocate(IoUringZcrxIfqReg.SIZEOF, 8).address();
        Memory.putInt(queue + IoUringZcrxIfqReg.IF_IDX, interfaceIndex);
        Memory.putInt(queue + IoUringZcrxIfqReg.IF_RXQ, NO_SUCH_QUEUE);
        Memory.putInt(queue + IoUringZcrxIfqReg.RQ_ENTRIES, 1);
        Memory.putLong(queue + IoUringZcrxIfqReg.AREA_PTR, area);
        Memory.putLong(queue + IoUringZcrxIfqReg.REGION_PTR, region);
        return Syscalls.register(ring, IORING_REGISTER_ZCRX_IFQ, queue, 1);
    }
}
