package org.uring4j;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_ZCRX_CTRL;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_ZCRX_IFQ;

import org.jspecify.annotations.Nullable;
import org.uring4j.KernelFeature.Kind;
import org.uring4j.internal.sys.Platform;
import org.uring4j.internal.uapi.InterfaceTable;
import org.uring4j.internal.uapi.InterfaceTable.Entry;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.Predicate;

/**
 * Gathers what the kernel has: from its own answers ({@link KernelQuery}) where it gives them, else
 * by trying ({@link KernelTrial}).
 */
final class KernelProbe {
    private static final String BUILT_WITHOUT =
            "this kernel was built without it; use one whose configuration has it";

    private static final KernelQuery.Zcrx NO_ZCRX = new KernelQuery.Zcrx(0, 0, 0, 0, 0, 0);

    /** Register ops a ring is needed for to see whether they were built in. */
    private final BitSet builtOut = new BitSet();

    private final KernelVersion running = KernelVersion.running();
    private final List<KernelFeature> features = new ArrayList<>();

    /** Why no ring can be had, or null. */
    @Nullable String obstacle;

    KernelQuery.@Nullable Opcodes answer;
    KernelQuery.@Nullable Zcrx zcrx;
    KernelQuery.@Nullable ZcrxEvents zcrxEvents;
    KernelQuery.@Nullable RingHeader ringHeader;

    private KernelProbe() {}

    /** Asks the kernel first. */
    static KernelProbe byQuery() {
        return run(true);
    }

    /** As on a kernel that answers no questions. */
    static KernelProbe byTrial() {
        return run(false);
    }

    List<KernelFeature> features() {
        return List.copyOf(features);
    }

    private static KernelProbe run(boolean ask) {
        KernelProbe probe = new KernelProbe();
        try {
            Platform.require();
            if (ask) {
                probe.answer = KernelQuery.opcodes();
                probe.zcrx = KernelQuery.zcrx();
                probe.zcrxEvents = KernelQuery.zcrxEvents();
                probe.ringHeader = KernelQuery.ringHeader();
            }
            try (KernelTrial trial = KernelTrial.open()) {
                probe.gather(trial);
            }
        } catch (UringException | UnsupportedOperationException e) {
            probe.obstacle = e.getMessage();
            probe.gatherWithoutRing();
        }
        return probe;
    }

    private void gather(KernelTrial trial) {
        BitSet ops = trial.ops();
        int known = answer == null ? 0 : answer.requestOps();
        if (ops != null) {
            addOps(ops, Math.max(ops.length(), known));
        } else if (answer != null) {
            addCounted(Kind.OP, InterfaceTable.OPS, known);
        } else {
            // Restrictions forbid all questions: Linux 7.3 does not answer queries then either.
            addDated(Kind.OP, InterfaceTable.OPS);
        }
        for (int op = 0; op < InterfaceTable.REGISTER_OPS.size(); op++) {
            builtOut.set(op, trial.builtWithout(op));
        }
        // What can be done to a zero-copy receive is there when it is.
        builtOut.set(IORING_REGISTER_ZCRX_CTRL, builtOut.get(IORING_REGISTER_ZCRX_IFQ));
        if (answer != null) {
            addAnswer(answer);
        } else {
            BitSet registerOps = trial.registerOps();
            addRegisterOps(registerOps);
            addFlags(Kind.SETUP_FLAG, InterfaceTable.SETUP_FLAGS, SetupFlags.supported());
            addFlags(
                    Kind.ENTER_FLAG,
                    InterfaceTable.ENTER_FLAGS,
                    KernelTrial.enterFlags(registerOps));
            addFlags(
                    Kind.SQE_FLAG,
                    InterfaceTable.SQE_FLAGS,
                    KernelTrial.sqeFlags(trial.features()));
            addFlags(Kind.FEATURE, InterfaceTable.FEATURES, trial.features());
            addCounted(Kind.QUERY, InterfaceTable.QUERY_OPS, 0);
        }
        addZcrx();
    }

    private void gatherWithoutRing() {
        if (answer == null) {
            addFlags(Kind.OP, InterfaceTable.OPS, 0);
            addFlags(Kind.REGISTER_OP, InterfaceTable.REGISTER_OPS, 0);
            addFlags(Kind.SETUP_FLAG, InterfaceTable.SETUP_FLAGS, 0);
            addFlags(Kind.ENTER_FLAG, InterfaceTable.ENTER_FLAGS, 0);
            addFlags(Kind.SQE_FLAG, InterfaceTable.SQE_FLAGS, 0);
            addFlags(Kind.FEATURE, InterfaceTable.FEATURES, 0);
            addFlags(Kind.QUERY, InterfaceTable.QUERY_OPS, 0);
        } else {
            addCounted(Kind.OP, InterfaceTable.OPS, answer.requestOps());
            addAnswer(answer);
        }
        addZcrx();
    }

    private void addAnswer(KernelQuery.Opcodes answer) {
        BitSet registerOps = new BitSet();
        registerOps.set(0, answer.registerOps());
        addRegisterOps(registerOps);
        addFlags(Kind.SETUP_FLAG, InterfaceTable.SETUP_FLAGS, answer.setupFlags());
        addFlags(Kind.ENTER_FLAG, InterfaceTable.ENTER_FLAGS, answer.enterFlags());
        addFlags(Kind.SQE_FLAG, InterfaceTable.SQE_FLAGS, answer.sqeFlags());
        addFlags(Kind.FEATURE, InterfaceTable.FEATURES, answer.features());
        addCounted(Kind.QUERY, InterfaceTable.QUERY_OPS, answer.queryOps());
    }

    private void addOps(BitSet ops, int known) {
        for (Entry entry : InterfaceTable.OPS) {
            int op = (int) entry.value();
            add(Kind.OP, entry, ops.get(op), op < known ? BUILT_WITHOUT : null);
        }
    }

    private void addRegisterOps(BitSet known) {
        for (Entry entry : InterfaceTable.REGISTER_OPS) {
            int op = (int) entry.value();
            boolean here = known.get(op);
            boolean present = here && !builtOut.get(op);
            add(Kind.REGISTER_OP, entry, present, here ? BUILT_WITHOUT : null);
        }
    }

    /**
     * Zero-copy receive tells of itself since Linux 6.19. Before, its few flags are dated by the
     * release: trying them takes a network interface.
     */
    private void addZcrx() {
        boolean there = has("IORING_REGISTER_ZCRX_IFQ");
        if (there && zcrx == null) {
            addDated(Kind.ZCRX_REGISTER_FLAG, InterfaceTable.ZCRX_REG_FLAGS);
            addDated(Kind.ZCRX_AREA_FLAG, InterfaceTable.ZCRX_AREA_FLAGS);
        }
        KernelQuery.Zcrx told = zcrx == null || !there ? NO_ZCRX : zcrx;
        if (!there || zcrx != null) {
            addFlags(Kind.ZCRX_REGISTER_FLAG, InterfaceTable.ZCRX_REG_FLAGS, told.registerFlags());
            addFlags(Kind.ZCRX_AREA_FLAG, InterfaceTable.ZCRX_AREA_FLAGS, told.areaFlags());
        }
        addFlags(Kind.ZCRX_FEATURE, InterfaceTable.ZCRX_FEATURES, told.features());
        addCounted(Kind.ZCRX_CONTROL_OP, InterfaceTable.ZCRX_CTRL_OPS, told.controlOps());
    }

    private boolean has(String name) {
        return features.stream().anyMatch(f -> f.name().equals(name) && f.present());
    }

    private void addFlags(Kind kind, List<Entry> entries, long bits) {
        addIf(kind, entries, entry -> (bits & entry.value()) != 0);
    }

    private void addCounted(Kind kind, List<Entry> entries, int count) {
        addIf(kind, entries, entry -> entry.value() < count);
    }

    private void addDated(Kind kind, List<Entry> entries) {
        addIf(kind, entries, entry -> since(entry).compareTo(running) <= 0);
    }

    private void addIf(Kind kind, List<Entry> entries, Predicate<Entry> present) {
        for (Entry entry : entries) {
            add(kind, entry, present.test(entry), null);
        }
    }

    private void add(Kind kind, Entry entry, boolean present, @Nullable String otherwise) {
        features.add(
                new KernelFeature(
                        kind,
                        entry.name(),
                        entry.shortName(),
                        since(entry),
                        present,
                        present ? null : reason(entry, otherwise)));
    }

    private String reason(Entry entry, @Nullable String known) {
        if (since(entry).compareTo(running) > 0) {
            return "needs Linux " + entry.since() + ", this is " + running;
        }
        if (obstacle != null && answer == null) {
            return "unknown while io_uring cannot be used";
        }
        return known == null
                ? "Linux " + entry.since() + " has it, but this " + running + " does not"
                : known;
    }

    private static KernelVersion since(Entry entry) {
        return KernelVersion.parse(entry.since());
    }
}
