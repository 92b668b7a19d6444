package org.uring4j;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_ENTER_REGISTERED_RING;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_FEAT_CQE_SKIP;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_BPF_FILTER;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_ENABLE_RINGS;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_NAPI;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_PROBE;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_RESTRICTIONS;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_RING_FDS;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_ZCRX_IFQ;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_RESTRICTION_REGISTER_OP;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_SETUP_R_DISABLED;
import static org.uring4j.internal.uapi.IoUringConstants.IOSQE_CQE_SKIP_SUCCESS;
import static org.uring4j.internal.uapi.IoUringConstants.IO_URING_OP_SUPPORTED;

import org.jspecify.annotations.Nullable;
import org.uring4j.internal.sys.Memory;
import org.uring4j.internal.sys.Syscalls;
import org.uring4j.internal.uapi.InterfaceTable;
import org.uring4j.internal.uapi.IoUringParams;
import org.uring4j.internal.uapi.IoUringProbe;
import org.uring4j.internal.uapi.IoUringProbeOp;
import org.uring4j.internal.uapi.IoUringRestriction;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;

/**
 * Finds out by trying, on a ring of one entry, what the kernel can do. Nothing that is tried has an
 * effect outside of that ring.
 */
final class KernelTrial implements AutoCloseable {
    private static final int MAX_OPS = 256;

    /** Where nothing is ever mapped: what reads an argument there fails with EFAULT. */
    private static final long NOWHERE = 8;

    private final int ring;
    private final int features;

    private KernelTrial(int ring, int features) {
        this.ring = ring;
        this.features = features;
    }

    /**
     * Opens the ring.
     *
     * @throws UringException with the reason, when this process may not have one
     */
    static KernelTrial open() {
        try (Arena arena = Arena.ofConfined()) {
            long params = arena.allocate(IoUringParams.SIZEOF, 8).address();
            Memory.putInt(params + IoUringParams.FLAGS, IORING_SETUP_R_DISABLED);
            int ring = Syscalls.setup(1, params);
            if (ring < 0) {
                throw Causes.ofSetup(RingConfig.of(1), ring);
            }
            return new KernelTrial(ring, Memory.getInt(params + IoUringParams.FEATURES));
        }
    }

    @Override
    public void close() {
        Syscalls.close(ring);
    }

    int features() {
        return features;
    }

    /**
     * The operations that {@code IORING_REGISTER_PROBE} reports as supported; null where this
     * process may not ask, because restrictions of the thread forbid it.
     */
    @Nullable BitSet ops() {
        try (Arena arena = Arena.ofConfined()) {
            long size = IoUringProbe.SIZEOF + (long) MAX_OPS * IoUringProbeOp.SIZEOF;
            long probe = arena.allocate(size, 8).address();
            if (Syscalls.register(ring, IORING_REGISTER_PROBE, probe, MAX_OPS) < 0) {
                return null;
            }
            BitSet ops = new BitSet();
            int count = Memory.getByte(probe + IoUringProbe.OPS_LEN) & 0xff;
            for (int i = 0; i < count; i++) {
                long op = probe + IoUringProbe.SIZEOF + (long) i * IoUringProbeOp.SIZEOF;
                boolean supported =
                        (Memory.getShort(op + IoUringProbeOp.FLAGS) & IO_URING_OP_SUPPORTED) != 0;
                ops.set(Memory.getByte(op + IoUringProbeOp.OP) & 0xff, supported);
            }
            return ops;
        }
    }

    /** Whether a register op the kernel knows was left out of it when it was built. */
    boolean builtWithout(int registerOp) {
        int result =
                switch (registerOp) {
                    case IORING_REGISTER_NAPI,
                            IORING_REGISTER_ZCRX_IFQ,
                            IORING_REGISTER_BPF_FILTER ->
                            Syscalls.register(ring, registerOp, NOWHERE, 1);
                    default -> 0;
                };
        return Errno.EOPNOTSUPP.is(result)
                // The one that says it differently.
                || (registerOp == IORING_REGISTER_BPF_FILTER && Errno.EINVAL.is(result));
    }

    /**
     * The register ops the kernel knows. A restricted ring tells without doing any of them: one it
     * knows is forbidden, one it does not know is invalid. Afterwards the ring is of no other use.
     */
    BitSet registerOps() {
        BitSet known = new BitSet();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment allowed = arena.allocate(IoUringRestriction.SIZEOF, 8);
            long address = allowed.address();
            Memory.putShort(
                    address + IoUringRestriction.OPCODE, (short) IORING_RESTRICTION_REGISTER_OP);
            Memory.putByte(address + IoUringRestriction.REGISTER_OP, (byte) IORING_REGISTER_PROBE);
            if (Syscalls.register(ring, IORING_REGISTER_RESTRICTIONS, address, 1) < 0
                    || Syscalls.register(ring, IORING_REGISTER_ENABLE_RINGS, 0, 0) < 0) {
                return known;
            }
        }
        known.set(IORING_REGISTER_PROBE);
        for (InterfaceTable.Entry entry : InterfaceTable.REGISTER_OPS) {
            int op = (int) entry.value();
            if (op != IORING_REGISTER_PROBE) {
                known.set(op, Errno.EACCES.is(Syscalls.register(ring, op, 0, 0)));
            }
        }
        return known;
    }

    /** The enter flags the kernel knows: an unknown one is refused before the descriptor is. */
    static long enterFlags(BitSet registerOps) {
        MemorySegment errno = Syscalls.errnoState();
        long flags = 0;
        for (InterfaceTable.Entry entry : InterfaceTable.ENTER_FLAGS) {
            int result = Syscalls.enter(errno, -1, 0, 0, (int) entry.value(), 0, 0);
            flags |= Errno.EINVAL.is(result) ? 0 : entry.value();
        }
        // For this one a bad index is invalid too; it came together with registering descriptors.
        return registerOps.get(IORING_REGISTER_RING_FDS)
                ? flags | IORING_ENTER_REGISTERED_RING
                : flags;
    }

    /** The flags of submission entries: all but one are older than any kernel supported here. */
    static long sqeFlags(int features) {
        long flags = 0;
        for (InterfaceTable.Entry entry : InterfaceTable.SQE_FLAGS) {
            flags |= entry.value();
        }
        return (features & IORING_FEAT_CQE_SKIP) != 0 ? flags : flags & ~IOSQE_CQE_SKIP_SUCCESS;
    }
}
