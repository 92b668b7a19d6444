package org.uring4j.resource;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_ENABLE_RINGS;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_RESTRICTIONS;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_RESTRICTION_REGISTER_OP;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_RESTRICTION_SQE_FLAGS_ALLOWED;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_RESTRICTION_SQE_FLAGS_REQUIRED;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_RESTRICTION_SQE_OP;

import org.uring4j.Errno;
import org.uring4j.KernelVersion;
import org.uring4j.Ring;
import org.uring4j.UringException;
import org.uring4j.internal.Access;
import org.uring4j.internal.sys.Memory;
import org.uring4j.internal.sys.Platform;
import org.uring4j.internal.sys.Syscalls;
import org.uring4j.internal.uapi.InterfaceTable;
import org.uring4j.internal.uapi.IoUringRestriction;
import org.uring4j.internal.uapi.IoUringTaskRestriction;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Limits what a ring may do, for good: the ops and flags of its requests, and what may be
 * registered with it ({@code IORING_REGISTER_RESTRICTIONS}).
 *
 * <p>What is not named is denied: with no {@link Restriction.Op} there are no requests, with no
 * {@link Restriction.FlagsAllowed} none has flags, with no {@link Restriction.RegisterOp} nothing
 * can be registered or given up any more. This is the same on all kernels; left to itself, Linux
 * 7.0 would leave a kind that is not named at all unrestricted.
 *
 * <p>A request that is denied completes with {@code EACCES}, as does a registration, of what {@code
 * org.uring4j.resource} offers with an {@link UringException}.
 *
 * <pre>{@code
 * Ring ring = Ring.open(RingConfig.of(64).disabled());
 * RegisteredFiles files = RegisteredFiles.register(ring, fd);
 * Restrictions.register(
 *         ring,
 *         Restriction.op("IORING_OP_READ"),
 *         Restriction.op("IORING_OP_ASYNC_CANCEL"),
 *         Restriction.required(SqeFlag.FIXED_FILE));
 * ring.enable();
 * }</pre>
 *
 * <p>The ring itself registers its descriptor when it is enabled ({@code
 * IORING_REGISTER_RING_FDS}), and cancels what is in flight when it is closed ({@code
 * IORING_REGISTER_SYNC_CANCEL} or, if that is denied, {@code IORING_OP_ASYNC_CANCEL}). It does
 * without the first if denied; without both of the others, closing with requests in flight takes
 * the close timeout. Allow {@code IORING_REGISTER_RING_FDS} only together with {@code
 * IORING_UNREGISTER_RING_FDS}, else the ring lives on until its thread ends.
 *
 * <p>Source: {@code io_uring_register(2)}, {@code io_uring_register_restrictions(3)}.
 */
public final class Restrictions {
    private static final String NAME = "IORING_REGISTER_RESTRICTIONS";

    private static final Access ACCESS = Access.get();

    private Restrictions() {}

    /**
     * Restricts a ring that is not enabled yet ({@code IORING_REGISTER_RESTRICTIONS}). Since Linux
     * 5.10. It takes effect with {@link Ring#enable}; until then anything may be registered.
     *
     * @param ring opened {@link org.uring4j.RingConfig#disabled}
     * @param allowed all that it may do
     * @throws UringException {@code EBADFD} the ring is enabled; {@code EBUSY} it is restricted
     *     already; {@code EACCES} its thread is; {@code EINVAL} this kernel does not know a name
     */
    public static void register(Ring ring, Restriction... allowed) {
        try (Arena arena = Arena.ofConfined()) {
            List<Entry> entries = entries(allowed);
            long at =
                    arena.allocate((long) IoUringRestriction.SIZEOF * entries.size(), 8).address();
            write(entries, at);
            int result = ACCESS.register(ring, IORING_REGISTER_RESTRICTIONS, at, entries.size());
            if (result < 0) {
                throw new UringException(
                        NAME,
                        Errno.of(result),
                        switch (Errno.of(result)) {
                            case EBADFD -> "the ring is enabled: open it with disabled()";
                            case EBUSY, EACCES -> "the ring, or its thread, is restricted already";
                            case EINVAL -> unknown(allowed);
                            default -> null;
                        });
            }
        }
    }

    /**
     * Restricts all rings that the calling thread will open, and those of the threads and processes
     * it will start ({@code IORING_REGISTER_RESTRICTIONS}). Since Linux 7.0. Rings that are open
     * are not affected. There is no way back and no second call; {@link OpcodeFilter} can tighten
     * further.
     *
     * <p>As with {@code seccomp(2)} the thread needs {@code CAP_SYS_ADMIN} or {@link
     * NoNewPrivileges}. A thread of the JVM passes on what it is restricted to when it starts
     * others: pools may start theirs from any thread.
     *
     * <p>Since Linux 7.3 the thread's calls that need no ring are restricted as well: {@link
     * org.uring4j.Waker} needs {@code IORING_REGISTER_SEND_MSG_RING}, a further {@link
     * OpcodeFilter} needs {@code IORING_REGISTER_BPF_FILTER}. 7.2 lets messages through.
     *
     * @param allowed all that they may do
     * @throws UringException {@code EPERM} or {@code EACCES} the thread is restricted already;
     *     {@code EACCES} it may not; {@code EINVAL} this kernel does not know a name, or is older
     *     than 7.0
     * @throws IllegalStateException on a virtual thread
     */
    public static void registerForThread(Restriction... allowed) {
        requirePlatformThread();
        try (Arena arena = Arena.ofConfined()) {
            List<Entry> entries = entries(allowed);
            long size = (long) IoUringRestriction.SIZEOF * entries.size();
            long arg = arena.allocate(IoUringTaskRestriction.SIZEOF + size, 8).address();
            Memory.putShort(arg + IoUringTaskRestriction.NR_RES, (short) entries.size());
            write(entries, arg + IoUringTaskRestriction.RESTRICTIONS);
            int result = Syscalls.register(-1, IORING_REGISTER_RESTRICTIONS, arg, 1);
            if (result < 0) {
                throw new UringException(
                        NAME,
                        Errno.of(result),
                        switch (Errno.of(result)) {
                            case EPERM -> "the thread is restricted already";
                            case EACCES ->
                                    "the thread is restricted already, or "
                                            + NoNewPrivileges.MISSING;
                            case EINVAL, EBADF -> before("7.0", allowed);
                            default -> null;
                        });
            }
        }
    }

    /** Fails on a virtual thread, whose restrictions would be its carrier's. */
    static void requirePlatformThread() {
        Platform.require();
        if (Thread.currentThread().isVirtual()) {
            throw new IllegalStateException(
                    "this thread is virtual, and its carrier would stay restricted: restrict a"
                            + " platform thread");
        }
    }

    private record Entry(int kind, int value) {}

    private static List<Entry> entries(Restriction... allowed) {
        Set<Integer> ops = new TreeSet<>();
        Set<Integer> registerOps = new TreeSet<>();
        Set<SqeFlag> may = EnumSet.noneOf(SqeFlag.class);
        Set<SqeFlag> must = EnumSet.noneOf(SqeFlag.class);
        for (Restriction restriction : allowed) {
            switch (restriction) {
                case Restriction.Op op -> ops.add(Names.op(op.name()));
                case Restriction.RegisterOp op -> registerOps.add(Names.registerOp(op.name()));
                case Restriction.FlagsAllowed flags -> may.addAll(flags.flags());
                case Restriction.FlagsRequired flags -> must.addAll(flags.flags());
            }
        }
        // Each kind must be there, or Linux 7.0 leaves it free. Enabling an enabled ring does
        // nothing: to allow that is to allow no registration.
        registerOps.add(IORING_REGISTER_ENABLE_RINGS);
        List<Entry> entries = new ArrayList<>();
        entries.add(new Entry(IORING_RESTRICTION_SQE_FLAGS_ALLOWED, SqeFlag.bits(may)));
        entries.add(new Entry(IORING_RESTRICTION_SQE_FLAGS_REQUIRED, SqeFlag.bits(must)));
        ops.forEach(op -> entries.add(new Entry(IORING_RESTRICTION_SQE_OP, op)));
        registerOps.forEach(op -> entries.add(new Entry(IORING_RESTRICTION_REGISTER_OP, op)));
        return entries;
    }

    private static void write(List<Entry> entries, long address) {
        long at = address;
        for (Entry entry : entries) {
            Memory.putShort(at + IoUringRestriction.OPCODE, (short) entry.kind);
            Memory.putByte(at + IoUringRestriction.SQE_OP, (byte) entry.value);
            at += IoUringRestriction.SIZEOF;
        }
    }

    private static String before(String release, Restriction... allowed) {
        return KernelVersion.running().compareTo(KernelVersion.parse(release)) < 0
                ? "restricting threads needs Linux "
                        + release
                        + ", this is "
                        + KernelVersion.running()
                : unknown(allowed);
    }

    private static String unknown(Restriction... allowed) {
        StringBuilder names = new StringBuilder();
        for (Restriction restriction : allowed) {
            switch (restriction) {
                case Restriction.Op op -> newer(names, InterfaceTable.OPS, op.name());
                case Restriction.RegisterOp op ->
                        newer(names, InterfaceTable.REGISTER_OPS, op.name());
                default -> {}
            }
        }
        return "this kernel does not know" + (names.isEmpty() ? " an op that is allowed" : names);
    }

    private static void newer(StringBuilder out, List<InterfaceTable.Entry> table, String name) {
        for (InterfaceTable.Entry entry : table) {
            if (entry.name().equals(name)
                    && KernelVersion.parse(entry.since()).compareTo(KernelVersion.running()) > 0) {
                out.append(' ').append(name).append(" (since Linux ").append(entry.since());
                out.append(')');
            }
        }
    }
}
