package org.uring4j;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.uring4j.EthtoolRings.Rings;
import org.uring4j.InterfaceTrial.Answer;
import org.uring4j.KernelAccess.Seccomp;
import org.uring4j.NetworkInterfaceFitness.Facts;
import org.uring4j.NetworkInterfaceFitness.Verdict;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

class KernelProbeTest {
    @TempDir Path root;

    @Test
    void shouldFindTheSameByTryingAsByAsking() {
        KernelProbe asked = KernelProbe.byQuery();
        if (asked.answer == null) {
            System.out.println("skipped: only Linux 6.18 and later answer questions");
            Assumptions.abort("no IORING_REGISTER_QUERY");
        }
        assertThat(present(KernelProbe.byTrial()))
                .containsExactlyElementsOf(
                        present(asked).stream().filter(n -> !n.startsWith("IO_URING_Q")).toList());
    }

    private static List<String> present(KernelProbe probe) {
        return probe.features().stream()
                .filter(KernelFeature::present)
                .map(KernelFeature::name)
                .toList();
    }

    @Test
    void shouldSayWhyForAllThatIsMissing() {
        for (KernelProbe probe : List.of(KernelProbe.byQuery(), KernelProbe.byTrial())) {
            assertThat(probe.features())
                    .allSatisfy(
                            f -> assertThat(f.reason() == null).as(f.name()).isEqualTo(f.present()))
                    .filteredOn(f -> f.since().compareTo(KernelVersion.running()) > 0)
                    .filteredOn(f -> !f.present())
                    .allSatisfy(f -> assertThat(f.reason()).startsWith("needs Linux " + f.since()));
        }
    }

    @Test
    void shouldReadWhatTheProcessMay() throws IOException {
        write(
                "self/status",
                "Name:\tjava\nCapEff:\t0000000000001000\nSeccomp:\t2\nSeccomp_filters:\t1\n");
        write("self/limits", "Max locked memory         8388608      8388608      bytes\n");
        write("sys/kernel/io_uring_disabled", "1\n");
        write("sys/kernel/io_uring_group", "42\n");

        KernelAccess access = KernelAccess.of(root);

        assertThat(access.disabled()).hasValue(1);
        assertThat(access.group()).hasValue(42);
        assertThat(access.seccomp()).isEqualTo(Seccomp.FILTER);
        assertThat(access.memlockBytes()).hasValue(8 << 20);
        assertThat(access.has("CAP_NET_ADMIN")).isTrue();
        assertThat(access.has("CAP_IPC_LOCK")).isFalse();
        assertThat(access.limits())
                .satisfiesExactly(
                        l -> assertThat(l).contains("group=42", "kernel.io_uring_disabled=0"),
                        l -> assertThat(l).contains("seccomp", "io_uring_setup"),
                        l -> assertThat(l).contains("memlock=8388608", "ulimit -l"));
    }

    @Test
    void shouldSayWhatToDoWhenIoUringIsSwitchedOff() throws IOException {
        write("sys/kernel/io_uring_disabled", "2\n");
        assertThat(KernelAccess.of(root).limits())
                .singleElement()
                .asString()
                .contains("sysctl -w kernel.io_uring_disabled=0");
    }

    @Test
    void shouldTellNothingWhereTheSystemDoesNot() {
        KernelAccess access = KernelAccess.of(root.resolve("absent"));
        assertThat(access.disabled()).isEmpty();
        assertThat(access.memlockBytes()).isEmpty();
        assertThat(access.seccomp()).isEqualTo(Seccomp.UNKNOWN);
        assertThat(access.limits()).isEmpty();
        assertThat(NetworkInterfaceFitness.of(root.resolve("absent"), index -> Facts.NONE))
                .isEmpty();
    }

    @Test
    void shouldTellFitInterfacesFromOthers() throws IOException {
        networkInterface("eth1", "mlx5_core", "up", 8);
        networkInterface("eth2", "bnxt_en", "down", 1);
        networkInterface("eth3", "e1000", "up", 1);
        write("net/lo/operstate", "unknown\n");

        List<NetworkInterfaceFitness> all = interfaces(Facts.NONE);

        assertThat(all)
                .extracting(NetworkInterfaceFitness::name)
                .containsExactly("eth1", "eth2", "eth3", "lo");
        assertThat(all.getFirst().fit()).isTrue();
        assertThat(all.getFirst().queue()).isEqualTo(7);
        assertThat(all.get(1).obstacles())
                .satisfiesExactly(o -> assertThat(o).contains("ip link set eth2 up"));
        assertThat(advice(all.get(1))).contains("ethtool -L eth2 combined 2");
        assertThat(all.get(2).obstacles().getFirst()).contains("driver: e1000", "mlx5_core");
        assertThat(all.get(3).obstacles().getFirst()).contains("driver: none");
    }

    @Test
    void shouldBelieveTheKernelMoreThanTheListOfDrivers() throws IOException {
        networkInterface("eth1", "mlx5_core", "up", 8);
        networkInterface("eth2", "brand_new", "up", 8);
        assertThat(interfaces(new Facts(Answer.NO, Rings.UNKNOWN)))
                .noneMatch(NetworkInterfaceFitness::fit);
        assertThat(interfaces(new Facts(Answer.YES, Rings.UNKNOWN)))
                .allMatch(NetworkInterfaceFitness::fit);
    }

    @Test
    void shouldWantHeadersSplit() throws IOException {
        networkInterface("eth1", "mlx5_core", "up", 8);
        assertThat(eth1(HeaderSplit.ON, 0).fit()).isTrue();
        assertThat(eth1(HeaderSplit.OFF, 0).obstacles())
                .satisfiesExactly(o -> assertThat(o).contains("ethtool -G eth1 tcp-data-split on"));
        assertThat(eth1(HeaderSplit.ON, 256).obstacles())
                .satisfiesExactly(
                        o -> assertThat(o).contains("256 bytes", "ethtool -G eth1 hds-thresh 0"));
    }

    @Test
    void shouldAdviseOnWhatWouldBeBetter() throws IOException {
        networkInterface("eth1", "mlx5_core", "up", 4);
        Rings poor = new Rings(HeaderSplit.ON, 0, 256, 8192, new TreeSet<>(Set.of(0, 1, 2, 3)));
        assertThat(advice(interfaces(new Facts(Answer.YES, poor)).getFirst()))
                .containsExactly(
                        "ethtool -G eth1 rx 1024",
                        "ethtool -X eth1 equal 3",
                        "ethtool -N eth1 flow-type tcp4 dst-port PORT action 3");
        Rings good = new Rings(HeaderSplit.ON, 0, 1024, 8192, new TreeSet<>(Set.of(0, 1, 2)));
        assertThat(advice(interfaces(new Facts(Answer.YES, good)).getFirst()))
                .containsExactly("ethtool -N eth1 flow-type tcp4 dst-port PORT action 3");
    }

    private static List<String> advice(NetworkInterfaceFitness fitness) {
        return fitness.checks().stream()
                .filter(check -> check.verdict() == Verdict.ADVICE)
                .map(NetworkInterfaceFitness.Check::remedy)
                .filter(remedy -> !remedy.contains("tcp-data-split"))
                .toList();
    }

    private NetworkInterfaceFitness eth1(HeaderSplit split, int threshold) {
        Rings rings = new Rings(split, threshold, 0, 0, Collections.emptySortedSet());
        return interfaces(new Facts(Answer.YES, rings)).getFirst();
    }

    private List<NetworkInterfaceFitness> interfaces(Facts facts) {
        return NetworkInterfaceFitness.of(root.resolve("net"), index -> facts);
    }

    private void networkInterface(String name, String driver, String state, int rxQueues)
            throws IOException {
        Path drivers = Files.createDirectories(root.resolve("drivers").resolve(driver));
        write("net/" + name + "/operstate", state + "\n");
        write("net/" + name + "/ifindex", "7\n");
        Path device = Files.createDirectories(root.resolve("net/" + name + "/device"));
        Files.createSymbolicLink(device.resolve("driver"), drivers);
        for (int i = 0; i < rxQueues; i++) {
            Files.createDirectories(root.resolve("net/" + name + "/queues/rx-" + i));
        }
        Files.createDirectories(root.resolve("net/" + name + "/queues/tx-0"));
    }

    private void write(String file, String text) throws IOException {
        Path path = root.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, text);
    }
}
