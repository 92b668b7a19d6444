package org.uring4j.resource;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_BPF_FILTER;
import static org.uring4j.internal.uapi.IoUringConstants.IO_URING_BPF_CMD_FILTER;
import static org.uring4j.internal.uapi.IoUringConstants.IO_URING_BPF_FILTER_DENY_REST;
import static org.uring4j.internal.uapi.IoUringConstants.IO_URING_BPF_FILTER_SZ_STRICT;

import org.uring4j.Errno;
import org.uring4j.KernelVersion;
import org.uring4j.Ring;
import org.uring4j.UringException;
import org.uring4j.internal.Access;
import org.uring4j.internal.sys.Memory;
import org.uring4j.internal.sys.Syscalls;
import org.uring4j.internal.uapi.InterfaceTable;
import org.uring4j.internal.uapi.IoUringBpf;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Says which requests a ring may make, by their op and by what they ask for, and has the kernel
 * hold it to that for good ({@code IORING_REGISTER_BPF_FILTER}, since Linux 7.0). Immutable: each
 * method answers a changed copy.
 *
 * <pre>{@code
 * OpcodeFilter.none()
 *         .allow("IORING_OP_READ")
 *         .allow("IORING_OP_OPENAT2", FilterRule.openToRead().requiringResolve(RESOLVE_BENEATH))
 *         .allow("IORING_OP_SOCKET", FilterRule.socket(AF_INET, SOCK_STREAM, FilterRule.ANY))
 *         .allow("IORING_OP_CONNECT", FilterRule.connect(network, 8, 443, 443))
 *         .denyRest()
 *         .registerForThread();
 * }</pre>
 *
 * <p>A request that is denied completes with {@code EACCES}. Filters add up: of an op only that
 * passes which all filters let pass, the ring's own and those of the thread that opened it, so that
 * a further one can tighten and never loosen. None can be taken away.
 *
 * <p>Each op's rules are compiled to a program of classic BPF, which is verified here and then by
 * the kernel. All are tried before the first is registered: a filter is there as a whole or, unless
 * the kernel's memory runs out between them, not at all.
 *
 * <p><b>What it does not see.</b> Rules look at what the request names, as the kernel has copied
 * it. Paths are not looked at; {@code RESOLVE_*} flags keep them in bounds. Targets are known of
 * {@code CONNECT} only: a {@code SENDMSG} names its own. Registering things with the ring is the
 * business of {@link Restrictions}.
 *
 * <p>Source: {@code io_uring_register_bpf_filter(3)}, {@code linux/io_uring/bpf_filter.h}.
 */
public final class OpcodeFilter {
    private static final String NAME = "IORING_REGISTER_BPF_FILTER";

    /** No program is there: a kernel that would take all else says EFAULT. */
    private static final long NOWHERE = 8;

    private static final int MAX_PAYLOAD = 255;

    private static final Access ACCESS = Access.get();

    /** Where a program comes from. */
    private enum Kind {
        RULES,
        ALL,
        GIVEN
    }

    /** What decides on an op's requests. */
    private static final class Program {
        final Kind kind;
        final List<FilterRule> rules;
        final long[] code;

        /** Up to which size it looks at what the op adds to the context. */
        final int payload;

        Program(Kind kind, List<FilterRule> rules, int payload, long[] code) {
            this.kind = kind;
            this.rules = rules;
            this.payload = payload;
            this.code = code;
        }

        static Program of(List<FilterRule> rules) {
            int payload = rules.stream().mapToInt(FilterCompiler::payload).max().orElse(0);
            return new Program(Kind.RULES, rules, payload, FilterCompiler.compile(rules));
        }
    }

    private static final Program ALLOW =
            new Program(Kind.ALL, List.of(), 0, FilterCompiler.constant(true));

    /** Without rules, nothing passes. */
    private static final Program DENY = Program.of(List.of());

    /** Registers a program, on a ring or a thread; the result, or the negated errno. */
    private interface Target {
        int register(long argument);
    }

    private final Map<String, Program> entries;
    private final boolean denyRest;
    private final boolean strict;

    private OpcodeFilter(Map<String, Program> entries, boolean denyRest, boolean strict) {
        this.entries = entries;
        this.denyRest = denyRest;
        this.strict = strict;
    }

    /** A filter that lets everything pass, to begin with. */
    public static OpcodeFilter none() {
        return new OpcodeFilter(Map.of(), false, false);
    }

    /**
     * Lets requests of an op pass to which one of the rules applies, in addition to what was
     * allowed of it before; the others not. Without rules, lets all of the op pass.
     *
     * @param op the kernel's name, as "IORING_OP_OPENAT2"
     * @throws IllegalArgumentException when a rule is about another op, or the op has a program
     */
    public OpcodeFilter allow(String op, FilterRule... rules) {
        Names.op(op);
        if (rules.length == 0) {
            return with(op, ALLOW);
        }
        Program before = entries.getOrDefault(op, DENY);
        if (before.kind == Kind.GIVEN) {
            throw new IllegalArgumentException("the op has a program: op=" + op);
        }
        List<FilterRule> all = new ArrayList<>(before.rules);
        for (FilterRule rule : rules) {
            FilterCompiler.check(rule, op);
            all.add(rule);
        }
        return before.kind == Kind.ALL ? this : with(op, Program.of(all));
    }

    /** Denies all requests of an op. */
    public OpcodeFilter deny(String op) {
        Names.op(op);
        return with(op, DENY);
    }

    /**
     * Decides on requests of an op by a program of the caller's, in place of rules.
     *
     * @param op the kernel's name
     * @param payload how many bytes after the first 16 of {@code struct io_uring_bpf_ctx} the
     *     program looks at, 0 to 255: not more than this kernel has for the op
     * @param instructions of classic BPF, each laid out as {@code struct sock_filter}: 16 bits of
     *     code, 8 of the jump if true, 8 of the jump if false, 32 of operand, from the lowest bit
     *     up. They answer 0 to deny
     * @throws IllegalArgumentException when the kernel would not take it, with the place
     */
    public OpcodeFilter program(String op, int payload, long... instructions) {
        Names.op(op);
        if (payload < 0 || payload > MAX_PAYLOAD) {
            throw new IllegalArgumentException("the payload is 0 to 255: payload=" + payload);
        }
        BpfVerifier.check(instructions);
        return with(op, new Program(Kind.GIVEN, List.of(), payload, instructions.clone()));
    }

    /** Denies all ops that are not named, also those that kernels do not have yet. */
    public OpcodeFilter denyRest() {
        return new OpcodeFilter(entries, true, strict);
    }

    /**
     * Has registering fail with {@code EMSGSIZE} when this kernel tells more of an op than the
     * {@code payload} of its {@link #program}: one that names all of what it looks at wants to know
     * ({@code IO_URING_BPF_FILTER_SZ_STRICT}). Of ops with rules this is of no account.
     */
    public OpcodeFilter strict() {
        return new OpcodeFilter(entries, denyRest, true);
    }

    private OpcodeFilter with(String op, Program program) {
        Map<String, Program> copy = new LinkedHashMap<>(entries);
        copy.put(op, program);
        return new OpcodeFilter(copy, denyRest, strict);
    }

    /**
     * Holds this ring to it, from the next request on ({@code IORING_REGISTER_BPF_FILTER}).
     *
     * @throws UringException {@code EINVAL} this kernel has no filters or not such an op; {@code
     *     EMSGSIZE} it does not tell filters so much of an op's requests; {@code EACCES} the ring's
     *     restrictions forbid it; {@code ENOMEM}
     */
    public void register(Ring ring) {
        register(argument -> ACCESS.register(ring, IORING_REGISTER_BPF_FILTER, argument, 1), false);
    }

    /**
     * Holds all rings to it that the calling thread will open, and those of the threads and
     * processes it will start ({@code IORING_REGISTER_BPF_FILTER}); rings that are open are not
     * affected. The thread needs {@code CAP_SYS_ADMIN} or {@link NoNewPrivileges}.
     *
     * @throws UringException as {@link #register}; {@code EACCES} the thread may not
     * @throws IllegalStateException on a virtual thread
     */
    public void registerForThread() {
        Restrictions.requirePlatformThread();
        register(argument -> Syscalls.register(-1, IORING_REGISTER_BPF_FILTER, argument, 1), true);
    }

    private void register(Target target, boolean thread) {
        Map<String, Program> programs = new LinkedHashMap<>(entries);
        if (denyRest) {
            programs.putIfAbsent("IORING_OP_NOP", DENY);
        }
        try (Arena arena = Arena.ofConfined()) {
            long argument = arena.allocate(IoUringBpf.SIZEOF, 8).address();
            programs.forEach(
                    (op, program) -> {
                        int result = register(target, argument, op, program, NOWHERE, 0);
                        if (!Errno.EFAULT.is(result)) {
                            throw failure(op, program, result, argument, thread);
                        }
                    });
            if (denyRest) {
                denyUnnamed(programs, target, argument);
            }
            int left = programs.size();
            for (Map.Entry<String, Program> entry : programs.entrySet()) {
                Program program = entry.getValue();
                long code = arena.allocateFrom(ValueLayout.JAVA_LONG, program.code).address();
                // The flag fills all places that are empty: those still to come would not be.
                int flags = --left == 0 && denyRest ? IO_URING_BPF_FILTER_DENY_REST : 0;
                int result = register(target, argument, entry.getKey(), program, code, flags);
                if (result < 0) {
                    throw failure(entry.getKey(), program, result, argument, thread);
                }
            }
        }
    }

    /**
     * Denies the other ops one by one. The kernel's own flag for that leaves alone what an earlier
     * filter has named, so that a second filter with it would deny less than it says.
     */
    private void denyUnnamed(Map<String, Program> programs, Target target, long argument) {
        for (InterfaceTable.Entry op : InterfaceTable.OPS) {
            if (!programs.containsKey(op.name())
                    && Errno.EFAULT.is(register(target, argument, op.name(), DENY, NOWHERE, 0))) {
                programs.put(op.name(), DENY);
            }
        }
    }

    private int register(
            Target target, long argument, String op, Program program, long code, int flags) {
        int size = strict && program.kind == Kind.GIVEN ? IO_URING_BPF_FILTER_SZ_STRICT : 0;
        Memory.clear(argument, IoUringBpf.SIZEOF);
        Memory.putShort(argument + IoUringBpf.CMD_TYPE, (short) IO_URING_BPF_CMD_FILTER);
        Memory.putInt(argument + IoUringBpf.FILTER_OPCODE, Names.op(op));
        Memory.putInt(argument + IoUringBpf.FILTER_FLAGS, flags | size);
        Memory.putInt(argument + IoUringBpf.FILTER_FILTER_LEN, program.code.length);
        Memory.putByte(argument + IoUringBpf.FILTER_PDU_SIZE, (byte) program.payload);
        Memory.putLong(argument + IoUringBpf.FILTER_FILTER_PTR, code);
        return target.register(argument);
    }

    private static UringException failure(
            String op, Program program, int result, long argument, boolean thread) {
        Errno errno = Errno.of(result);
        int known = Memory.getByte(argument + IoUringBpf.FILTER_PDU_SIZE) & 0xff;
        boolean old = KernelVersion.running().compareTo(KernelVersion.parse("7.0")) < 0;
        return new UringException(
                NAME,
                errno,
                switch (errno) {
                    case EINVAL, EBADF ->
                            old
                                    ? "filters need Linux 7.0, this is " + KernelVersion.running()
                                    : "this kernel has not this op, or no CONFIG_IO_URING_BPF: op="
                                            + op;
                    case EMSGSIZE ->
                            "this kernel tells filters of the op less, or with strict() more: op="
                                    + op
                                    + " needed="
                                    + program.payload
                                    + " bytes="
                                    + known;
                    case EACCES ->
                            thread
                                    ? "the thread is restricted, or " + NoNewPrivileges.MISSING
                                    : "the ring's restrictions forbid it";
                    default -> "op=" + op;
                });
    }

    @Override
    public String toString() {
        return "OpcodeFilter["
                + entries.keySet()
                + (denyRest ? " denyRest" : "")
                + (strict ? " strict" : "")
                + "]";
    }
}
