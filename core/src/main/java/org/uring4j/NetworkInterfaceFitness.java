package org.uring4j;

import org.uring4j.EthtoolRings.Rings;
import org.uring4j.InterfaceTrial.Answer;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntFunction;
import java.util.stream.Stream;

/**
 * How fit a network interface is for zero-copy receive.
 *
 * @param name the interface's name
 * @param index the interface's number, which registering takes
 * @param driver the driver's name, empty for an interface without a device
 * @param state whether it is up: {@code up}, {@code down}, {@code unknown} …
 * @param rxQueues how many receive queues it has
 * @param headerSplit whether headers and data of packets go to different memory
 * @param obstacles what stands in the way and what to do about it, a sentence each; empty when it
 *     is fit as far as can be seen without registering it
 */
public record NetworkInterfaceFitness(
        String name,
        int index,
        String driver,
        String state,
        int rxQueues,
        HeaderSplit headerSplit,
        List<String> obstacles)
        implements Comparable<NetworkInterfaceFitness> {

    /** The drivers that can hand a queue's memory to a program. */
    private static final Set<String> DRIVERS =
            new TreeSet<>(Set.of("bnxt_en", "fbnic", "gve", "mlx5_core"));

    /** Copies the list. */
    public NetworkInterfaceFitness {
        obstacles = List.copyOf(obstacles);
    }

    /** Whether nothing is known to stand in the way. */
    public boolean fit() {
        return obstacles.isEmpty();
    }

    /** By name. */
    @Override
    public int compareTo(NetworkInterfaceFitness other) {
        return name.compareTo(other.name);
    }

    /** What is known of an interface beside what the file system tells. */
    record Facts(InterfaceTrial.Answer lendsQueues, EthtoolRings.Rings rings) {
        static final Facts NONE = new Facts(InterfaceTrial.Answer.UNKNOWN, Rings.UNKNOWN);
    }

    /** All interfaces of this network namespace, by name. */
    public static List<NetworkInterfaceFitness> all() {
        Path root = Path.of("/sys/class/net");
        Kernel kernel = Kernel.current();
        if (!kernel.available()) {
            return of(root, index -> Facts.NONE);
        }
        boolean zcrx = kernel.has("IORING_REGISTER_ZCRX_IFQ");
        try (EthtoolRings rings = new EthtoolRings()) {
            return of(
                    root,
                    index ->
                            new Facts(
                                    zcrx ? InterfaceTrial.lendsQueues(index) : Answer.UNKNOWN,
                                    rings.of(index)));
        }
    }

    static List<NetworkInterfaceFitness> of(Path root, IntFunction<Facts> ask) {
        List<NetworkInterfaceFitness> all = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(root, Files::isDirectory)) {
            entries.forEach(directory -> all.add(one(directory, ask)));
        } catch (IOException e) {
            // Without sysfs nothing can be said about interfaces.
            return List.of();
        }
        all.sort(null);
        return all;
    }

    private static NetworkInterfaceFitness one(Path directory, IntFunction<Facts> ask) {
        String name = directory.getFileName().toString();
        int index = number(directory.resolve("ifindex"));
        String driver = driver(directory.resolve("device/driver"));
        String state = read(directory.resolve("operstate"));
        int rxQueues = rxQueues(directory.resolve("queues"));
        Facts facts = ask.apply(index);
        List<String> obstacles = new ArrayList<>();
        if (driver.isEmpty()) {
            obstacles.add("it has no device, and what it receives is in the kernel's memory");
        } else if (!lendsQueues(driver, facts)) {
            obstacles.add(
                    "its driver "
                            + driver
                            + " does not lend out receive queues; known to do so are "
                            + String.join(", ", DRIVERS));
        } else {
            adjust(name, state, rxQueues, facts.rings(), obstacles);
        }
        return new NetworkInterfaceFitness(
                name, index, driver, state, rxQueues, facts.rings().headerSplit(), obstacles);
    }

    private static boolean lendsQueues(String driver, Facts facts) {
        return facts.lendsQueues() == Answer.YES
                || (facts.lendsQueues() == Answer.UNKNOWN && DRIVERS.contains(driver));
    }

    /** What an interface that could serve still lacks. */
    private static void adjust(
            String name, String state, int rxQueues, Rings rings, List<String> obstacles) {
        if (state.equals("down")) {
            obstacles.add("it is down; 'ip link set " + name + " up'");
        }
        if (rxQueues < 2) {
            obstacles.add(
                    "it needs one receive queue beside the ordinary ones; 'ethtool -L "
                            + name
                            + " combined 2' or more");
        }
        if (rings.headerSplit() == HeaderSplit.OFF) {
            obstacles.add(
                    "headers and data are not split; 'ethtool -G " + name + " tcp-data-split on'");
        }
        if (rings.threshold() > 0) {
            obstacles.add(
                    "headers and data are split only from "
                            + rings.threshold()
                            + " bytes on; 'ethtool -G "
                            + name
                            + " hds-thresh 0'");
        }
    }

    private static String driver(Path link) {
        try {
            return link.toRealPath().getFileName().toString();
        } catch (IOException e) {
            return "";
        }
    }

    private static int rxQueues(Path queues) {
        try (Stream<Path> entries = Files.list(queues)) {
            return (int)
                    entries.filter(queue -> queue.getFileName().toString().startsWith("rx-"))
                            .count();
        } catch (IOException e) {
            return 0;
        }
    }

    private static int number(Path file) {
        String text = read(file);
        return text.matches("[0-9]+") ? Integer.parseInt(text) : 0;
    }

    private static String read(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            return "";
        }
    }
}
