package org.uring4j;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * How fit a network interface is for zero-copy receive.
 *
 * @param name the interface's name
 * @param index the interface's number, which registering takes
 * @param driver the driver's name, empty for an interface without a device
 * @param state whether it is up: {@code up}, {@code down}, {@code unknown} …
 * @param rxQueues how many receive queues it has
 * @param obstacles what stands in the way and what to do about it, a sentence each; empty when it
 *     is fit as far as can be seen without registering it
 */
public record NetworkInterfaceFitness(
        String name, int index, String driver, String state, int rxQueues, List<String> obstacles)
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

    /** All interfaces of this network namespace, by name. */
    public static List<NetworkInterfaceFitness> all() {
        return of(Path.of("/sys/class/net"));
    }

    static List<NetworkInterfaceFitness> of(Path root) {
        List<NetworkInterfaceFitness> all = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(root, Files::isDirectory)) {
            entries.forEach(directory -> all.add(one(directory)));
        } catch (IOException e) {
            // Without sysfs nothing can be said about interfaces.
            return List.of();
        }
        all.sort(null);
        return all;
    }

    private static NetworkInterfaceFitness one(Path directory) {
        String name = directory.getFileName().toString();
        String driver = driver(directory.resolve("device/driver"));
        String state = read(directory.resolve("operstate"));
        int rxQueues = rxQueues(directory.resolve("queues"));
        List<String> obstacles = new ArrayList<>();
        if (driver.isEmpty()) {
            obstacles.add("it has no device, and what it receives is in the kernel's memory");
        } else if (!DRIVERS.contains(driver)) {
            obstacles.add(
                    "its driver "
                            + driver
                            + " is not known to lend out queues; "
                            + String.join(", ", DRIVERS)
                            + " are");
        } else {
            if (rxQueues < 2) {
                obstacles.add(
                        "one receive queue is needed beside the ordinary ones; 'ethtool -L "
                                + name
                                + " combined 2' or more");
            }
            if (state.equals("down")) {
                obstacles.add("it is down; 'ip link set " + name + " up'");
            }
        }
        return new NetworkInterfaceFitness(
                name, number(directory.resolve("ifindex")), driver, state, rxQueues, obstacles);
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
