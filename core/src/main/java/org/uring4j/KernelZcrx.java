package org.uring4j;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * What can be had of zero-copy receive here.
 *
 * @param obstacles what stands in the way and what to do about it, a sentence each; empty when
 *     nothing does
 * @param refillHeaderBytes how long the header of a refill ring is; empty where the kernel does not
 *     tell (before Linux 6.19)
 * @param refillHeaderAlignment how the header of a refill ring is aligned, in bytes; empty as above
 * @param statisticsBytes how long the statistics are; empty before Linux 7.2
 * @param interfaces the network interfaces and how fit they are
 */
public record KernelZcrx(
        List<String> obstacles,
        OptionalInt refillHeaderBytes,
        OptionalInt refillHeaderAlignment,
        OptionalInt statisticsBytes,
        List<NetworkInterfaceFitness> interfaces) {

    /** Copies the lists. */
    public KernelZcrx {
        obstacles = List.copyOf(obstacles);
        interfaces = List.copyOf(interfaces);
    }

    /** Whether nothing is known to stand in the way. */
    public boolean available() {
        return obstacles.isEmpty();
    }

    static KernelZcrx of(Kernel kernel, KernelProbe probe) {
        List<NetworkInterfaceFitness> interfaces = NetworkInterfaceFitness.all();
        List<String> obstacles = new ArrayList<>();
        kernel.obstacle().ifPresent(obstacles::add);
        String name = "IORING_REGISTER_ZCRX_IFQ";
        kernel.feature(name)
                .filter(feature -> !feature.present())
                .ifPresent(feature -> obstacles.add(name + ": " + feature.reason()));
        if (!kernel.access().has("CAP_NET_ADMIN")) {
            obstacles.add("needs CAP_NET_ADMIN; run as root, or give the capability to the JVM");
        }
        if (interfaces.stream().noneMatch(NetworkInterfaceFitness::fit)) {
            obstacles.add(
                    kernel.has("ZCRX_REG_NODEV")
                            ? "no network interface is fit for it; without one (ZCRX_REG_NODEV)"
                                    + " it works by copying"
                            : "no network interface is fit for it");
        }
        KernelQuery.Zcrx zcrx = probe.zcrx;
        KernelQuery.ZcrxEvents events = probe.zcrxEvents;
        return new KernelZcrx(
                obstacles,
                zcrx == null ? OptionalInt.empty() : OptionalInt.of(zcrx.refillHeaderBytes()),
                zcrx == null ? OptionalInt.empty() : OptionalInt.of(zcrx.refillHeaderAlignment()),
                events == null ? OptionalInt.empty() : OptionalInt.of(events.statisticsBytes()),
                interfaces);
    }
}
