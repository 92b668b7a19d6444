package org.uring4j;

import org.uring4j.internal.uapi.LibcConstants;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * What this process is allowed to do with io_uring.
 *
 * @param disabled {@code kernel.io_uring_disabled}: 0 for everybody, 1 for the privileged and a
 *     group, 2 for nobody; empty before Linux 6.6, which has no such switch
 * @param group {@code kernel.io_uring_group}, who may use io_uring where it is disabled for most;
 *     -1 for no group; empty before Linux 6.6
 * @param seccomp what filters this process's system calls
 * @param memlockBytes how much memory may be locked ({@code RLIMIT_MEMLOCK}), which limits
 *     registered buffers; empty for no limit
 * @param capabilities which of the capabilities that matter to io_uring are in effect, by the name
 *     such as {@code CAP_NET_ADMIN}
 */
public record KernelAccess(
        OptionalInt disabled,
        OptionalInt group,
        Seccomp seccomp,
        OptionalLong memlockBytes,
        Map<String, Boolean> capabilities) {

    /** The seccomp mode of a process ({@code /proc/self/status}). */
    public enum Seccomp {
        /** No filter. */
        NONE,
        /** Only read, write and exit. */
        STRICT,
        /** A filter program, as container runtimes install. */
        FILTER,
        /** The kernel does not tell. */
        UNKNOWN
    }

    /** The least that registered buffers and zero-copy need without being told to be frugal. */
    private static final long COMFORTABLE_MEMLOCK = 64L << 20;

    private static final Map<String, Integer> CAPABILITIES = capabilityNumbers();

    /** Copies the map, which keeps its order. */
    public KernelAccess {
        capabilities = Collections.unmodifiableMap(new LinkedHashMap<>(capabilities));
    }

    /** How it is now. */
    public static KernelAccess current() {
        return of(Path.of("/proc"));
    }

    static KernelAccess of(Path proc) {
        List<String> status = lines(proc.resolve("self/status"));
        return new KernelAccess(
                number(proc.resolve("sys/kernel/io_uring_disabled")),
                number(proc.resolve("sys/kernel/io_uring_group")),
                seccomp(value(status, "Seccomp:")),
                memlock(lines(proc.resolve("self/limits"))),
                capabilities(value(status, "CapEff:")));
    }

    /** Whether a capability is in effect. */
    public boolean has(String capability) {
        return capabilities.getOrDefault(capability, false);
    }

    /** What is limited or forbidden here, and what to do about it, in a sentence each. */
    public List<String> limits() {
        List<String> limits = new ArrayList<>();
        int switchedOff = disabled.orElse(0);
        if (switchedOff == 2) {
            limits.add(
                    "io_uring is switched off for everybody;"
                            + " 'sysctl -w kernel.io_uring_disabled=0' switches it on");
        } else if (switchedOff == 1) {
            limits.add(
                    "io_uring is only for CAP_SYS_ADMIN and the group kernel.io_uring_group"
                            + (group.orElse(-1) < 0 ? ", which is not set" : "=" + group.getAsInt())
                            + "; join it, or 'sysctl -w kernel.io_uring_disabled=0'");
        }
        if (seccomp == Seccomp.FILTER) {
            limits.add(
                    "a seccomp filter is in force; if io_uring fails, let it pass io_uring_setup,"
                            + " io_uring_enter and io_uring_register");
        }
        if (memlockBytes.isPresent()
                && memlockBytes.getAsLong() < COMFORTABLE_MEMLOCK
                && !has("CAP_IPC_LOCK")) {
            limits.add(
                    "registered buffers and zero-copy are limited to memlock="
                            + memlockBytes.getAsLong()
                            + " bytes; raise it with 'ulimit -l', LimitMEMLOCK= in a systemd unit,"
                            + " or CAP_IPC_LOCK");
        }
        return limits;
    }

    private static Map<String, Integer> capabilityNumbers() {
        Map<String, Integer> numbers = new LinkedHashMap<>();
        numbers.put("CAP_NET_ADMIN", LibcConstants.CAP_NET_ADMIN);
        numbers.put("CAP_NET_RAW", LibcConstants.CAP_NET_RAW);
        numbers.put("CAP_IPC_LOCK", LibcConstants.CAP_IPC_LOCK);
        numbers.put("CAP_SYS_ADMIN", LibcConstants.CAP_SYS_ADMIN);
        numbers.put("CAP_SYS_NICE", LibcConstants.CAP_SYS_NICE);
        numbers.put("CAP_SYS_RESOURCE", LibcConstants.CAP_SYS_RESOURCE);
        numbers.put("CAP_PERFMON", LibcConstants.CAP_PERFMON);
        numbers.put("CAP_BPF", LibcConstants.CAP_BPF);
        return numbers;
    }

    private static Map<String, Boolean> capabilities(Optional<String> mask) {
        long bits = mask.map(hex -> Long.parseUnsignedLong(hex, 16)).orElse(0L);
        Map<String, Boolean> capabilities = new LinkedHashMap<>();
        CAPABILITIES.forEach((name, number) -> capabilities.put(name, (bits >>> number & 1) != 0));
        return capabilities;
    }

    private static Seccomp seccomp(Optional<String> mode) {
        return switch (mode.orElse("")) {
            case "0" -> Seccomp.NONE;
            case "1" -> Seccomp.STRICT;
            case "2" -> Seccomp.FILTER;
            default -> Seccomp.UNKNOWN;
        };
    }

    private static OptionalLong memlock(List<String> limits) {
        String soft =
                value(limits, "Max locked memory")
                        .map(rest -> rest.replaceFirst(" .*", ""))
                        .orElse("");
        return soft.matches("[0-9]+")
                ? OptionalLong.of(Long.parseLong(soft))
                : OptionalLong.empty();
    }

    private static OptionalInt number(Path file) {
        List<String> lines = lines(file);
        return lines.isEmpty()
                ? OptionalInt.empty()
                : OptionalInt.of(Integer.parseInt(lines.getFirst().strip()));
    }

    private static Optional<String> value(List<String> lines, String key) {
        return lines.stream()
                .filter(line -> line.startsWith(key))
                .map(line -> line.substring(key.length()).strip())
                .findFirst();
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            // Older kernels lack some of these files, and a container may hide them.
            return List.of();
        }
    }
}
