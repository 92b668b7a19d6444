package org.uring4j;

import org.jspecify.annotations.Nullable;
import org.uring4j.internal.uapi.InterfaceTable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Why the kernel refused, as far as this process can tell, and what to do about it. */
final class Causes {
    private static final Pattern MEMLOCK = Pattern.compile("^Max locked memory +(\\S+)");

    private Causes() {}

    /** The exception for a failed {@code io_uring_setup}. */
    static UringException ofSetup(RingConfig config, int result) {
        Errno errno = Errno.of(result);
        String cause =
                switch (errno) {
                    case ENOSYS ->
                            "this kernel was built without io_uring, or a seccomp filter hides it"
                                    + seccomp();
                    case EPERM -> forbidden();
                    case EACCES -> "a security module forbids io_uring";
                    case EINVAL -> unknownFlags(config);
                    case ENOMEM ->
                            "not enough memory for entries="
                                    + config.entries
                                    + memlock()
                                    + "; choose fewer entries or raise the limit (ulimit -l)";
                    case EMFILE -> "too many open files; raise the limit (ulimit -n)";
                    case ENFILE -> "the system has too many open files (fs.file-max)";
                    case ENXIO ->
                            config.attachTo == null
                                    ? null
                                    : "the ring to attach to is closed, or has no descriptor"
                                            + " (registeredFdOnly)";
                    case EFAULT ->
                            config.memory == null
                                    ? null
                                    : "before Linux 6.10 the memory must be huge pages";
                    default -> null;
                };
        return new UringException("io_uring_setup", errno, cause);
    }

    /** The exception for a failed {@code io_uring_enter}. */
    static UringException ofEnter(Ring ring, int result) {
        Errno errno = Errno.of(result);
        String cause =
                switch (errno) {
                    case EBADFD -> "the ring is disabled; call enable() first";
                    case EBUSY -> "too many completions wait; drain them, then submit again";
                    case EAGAIN ->
                            "not enough memory for the requests now; they stay in the queue, submit"
                                    + " again";
                    case EBADR ->
                            "completions were lost for want of memory: dropped="
                                    + ring.completions().dropped();
                    case EEXIST -> "the ring belongs to another thread";
                    case EOPNOTSUPP, EINVAL ->
                            "this kernel does not know a choice of the wait; this is "
                                    + KernelVersion.running();
                    default -> null;
                };
        return new UringException("io_uring_enter", errno, cause);
    }

    /** The likely cause of a failed request, or null. */
    static @Nullable String ofRequest(String operation, Errno errno) {
        return switch (errno) {
            case EINVAL, EOPNOTSUPP -> olderThan(InterfaceTable.OPS, operation);
            case ENOBUFS -> "no provided buffer is free; give some back and submit again";
            case ECANCELED -> "it was cancelled, or a request it was linked to failed";
            case EPROTONOSUPPORT ->
                    operation.equals("IORING_OP_RECV_ZC")
                            ? "only TCP can be received without copying"
                            : null;
            case ENOMEM -> "not enough memory" + memlock();
            default -> null;
        };
    }

    /**
     * The exception for a failed {@code io_uring_register}.
     *
     * @param told what it was about, or null
     */
    static UringException ofRegister(int opcode, int result, @Nullable String told) {
        String name = InterfaceTable.REGISTER_OPS.get(opcode).name();
        Errno errno = Errno.of(result);
        String cause = ofRegister(name, errno);
        return new UringException(
                name, errno, cause == null ? told : told == null ? cause : cause + ": " + told);
    }

    private static @Nullable String ofRegister(String operation, Errno errno) {
        return switch (errno) {
            case EINVAL, EOPNOTSUPP -> olderThan(InterfaceTable.REGISTER_OPS, operation);
            case ENOMEM ->
                    "registered memory counts against RLIMIT_MEMLOCK"
                            + memlock()
                            + "; register less, or raise it (ulimit -l)";
            case EEXIST -> "the ring belongs to another thread, or this is registered already";
            case EBUSY -> "the ring has such registered already; close that first";
            case EMFILE -> "more files than may be open; register fewer, or raise it (ulimit -n)";
            case EACCES -> "the ring's restrictions forbid it";
            case EBADFD -> "the ring is disabled, or enabled already";
            default -> null;
        };
    }

    /** "X needs Linux 6.0, this is 5.15", or null when this kernel is new enough. */
    static @Nullable String olderThan(List<InterfaceTable.Entry> table, String name) {
        KernelVersion running = KernelVersion.running();
        Optional<InterfaceTable.Entry> entry =
                table.stream().filter(e -> e.name().equals(name)).findFirst();
        return entry.map(InterfaceTable.Entry::since)
                .map(KernelVersion::parse)
                .filter(since -> since.compareTo(running) > 0)
                .map(since -> name + " needs Linux " + since + ", this is " + running)
                .orElse(null);
    }

    private static String unknownFlags(RingConfig config) {
        int missing = config.explicitOn & ~SetupFlags.supported();
        List<String> needs = new ArrayList<>();
        for (InterfaceTable.Entry entry : InterfaceTable.SETUP_FLAGS) {
            if ((missing & entry.value()) != 0) {
                needs.add(entry.name() + " needs Linux " + entry.since());
            }
        }
        return needs.isEmpty()
                ? "the kernel does not take this combination: " + flagNames(config.explicitOn)
                : String.join(", ", needs) + "; this is " + KernelVersion.running();
    }

    private static String flagNames(int flags) {
        return "explicit=" + String.join("|", new RingSetup(flags, 0, 0, 0, 0, false).flagNames());
    }

    private static String forbidden() {
        String disabled = firstLine("/proc/sys/kernel/io_uring_disabled");
        return switch (disabled) {
            case "2" ->
                    "io_uring is switched off: kernel.io_uring_disabled=2;"
                            + " 'sysctl -w kernel.io_uring_disabled=0' switches it on";
            case "1" ->
                    "kernel.io_uring_disabled=1 allows io_uring only to CAP_SYS_ADMIN and the group"
                            + " kernel.io_uring_group; join it, or set the sysctl to 0";
            default ->
                    "most likely a seccomp filter forbids io_uring, as container runtimes do by"
                            + " default; allow io_uring_setup, io_uring_enter, io_uring_register"
                            + seccomp();
        };
    }

    private static String seccomp() {
        return status("Seccomp:").map(mode -> " (Seccomp=" + mode + ")").orElse("");
    }

    private static String memlock() {
        try (var lines = Files.lines(Path.of("/proc/self/limits"))) {
            return lines.map(MEMLOCK::matcher)
                    .filter(Matcher::find)
                    .map(line -> " (RLIMIT_MEMLOCK=" + line.group(1) + ")")
                    .findFirst()
                    .orElse("");
        } catch (IOException e) {
            return "";
        }
    }

    private static Optional<String> status(String key) {
        try (var lines = Files.lines(Path.of("/proc/self/status"))) {
            return lines.filter(line -> line.startsWith(key))
                    .map(line -> line.substring(key.length()).strip())
                    .findFirst();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static String firstLine(String path) {
        try {
            return Files.readString(Path.of(path)).strip();
        } catch (IOException e) {
            return "";
        }
    }
}
