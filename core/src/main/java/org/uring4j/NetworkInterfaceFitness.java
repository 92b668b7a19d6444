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
 * @param checks what was looked at; of an interface that cannot serve whatever is done, only the
 *     reason
 */
public record NetworkInterfaceFitness(
        String name,
        int index,
        String driver,
        String state,
        int rxQueues,
        HeaderSplit headerSplit,
        List<Check> checks)
        implements Comparable<NetworkInterfaceFitness> {

    /** The drivers that can hand a queue's memory to a program. */
    private static final Set<String> DRIVERS =
            new TreeSet<>(Set.of("bnxt_en", "fbnic", "gve", "mlx5_core"));

    /** A receive ring of so many packets seldom loses one at high rates. */
    private static final int GOOD_RING = 1024;

    /** What came of looking at something. */
    public enum Verdict {
        /** It is as it should be. */
        GOOD,
        /** It works as it is, and would work better otherwise. */
        ADVICE,
        /** It stands in the way. */
        OBSTACLE
    }

    /**
     * Something that was looked at.
     *
     * @param subject what: {@code driver}, {@code header split} …
     * @param verdict what came of it
     * @param finding how it is, the end of a sentence that begins with the subject
     * @param remedy the command that makes it better; empty when there is none, or no need
     */
    public record Check(String subject, Verdict verdict, String finding, String remedy) {
        /** As a sentence, with the remedy. */
        public String sentence() {
            return subject + ": " + finding + (remedy.isEmpty() ? "" : "; '" + remedy + "'");
        }
    }

    /** Copies the list. */
    public NetworkInterfaceFitness {
        checks = List.copyOf(checks);
    }

    /** Whether nothing is known to stand in the way, as far as can be seen without registering. */
    public boolean fit() {
        return obstacles().isEmpty();
    }

    /** What stands in the way and what to do about it, a sentence each. */
    public List<String> obstacles() {
        return checks.stream()
                .filter(check -> check.verdict() == Verdict.OBSTACLE)
                .map(Check::sentence)
                .toList();
    }

    /** The queue to register: the last, so that the first ones remain for everything else. */
    public int queue() {
        return Math.max(0, rxQueues - 1);
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
        List<Check> checks = new ArrayList<>();
        if (driver.isEmpty()) {
            checks.add(
                    obstacle("driver", "none, and what it receives is in the kernel's memory", ""));
        } else if (!lendsQueues(driver, facts)) {
            String known = String.join(", ", DRIVERS);
            checks.add(
                    obstacle(
                            "driver",
                            driver + " does not lend out receive queues; known to do so: " + known,
                            ""));
        } else {
            checks.add(good("driver", driver + " lends out receive queues"));
            checks.addAll(settings(name, state, rxQueues, facts.rings()));
        }
        return new NetworkInterfaceFitness(
                name, index, driver, state, rxQueues, facts.rings().headerSplit(), checks);
    }

    private static boolean lendsQueues(String driver, Facts facts) {
        return facts.lendsQueues() == Answer.YES
                || (facts.lendsQueues() == Answer.UNKNOWN && DRIVERS.contains(driver));
    }

    /** How an interface that could serve is set. */
    private static List<Check> settings(String name, String state, int rxQueues, Rings rings) {
        List<Check> checks = new ArrayList<>();
        checks.add(
                state.equals("down")
                        ? obstacle("link", "down", "ip link set " + name + " up")
                        : good("link", state));
        checks.add(headerSplit(name, rings));
        if (rings.size() > 0) {
            String size = rings.size() + " of " + rings.maxSize() + " packets";
            checks.add(
                    rings.size() < GOOD_RING && rings.size() < rings.maxSize()
                            ? advice("ring size", size, "ethtool -G " + name + " rx " + GOOD_RING)
                            : good("ring size", size));
        }
        int queue = rxQueues - 1;
        if (queue < 1) {
            checks.add(
                    advice(
                            "queues",
                            "one, so that whatever comes in goes through it",
                            "ethtool -L " + name + " combined 2"));
            return checks;
        }
        checks.add(good("queues", rxQueues + "; register number " + queue));
        if (rings.spreadOver().contains(queue)) {
            checks.add(
                    advice(
                            "spreading",
                            "ordinary packets go to queue " + queue + " too",
                            "ethtool -X " + name + " equal " + queue));
        } else if (!rings.spreadOver().isEmpty()) {
            checks.add(good("spreading", "no ordinary packets go to queue " + queue));
        }
        checks.add(
                advice(
                        "flow rule",
                        "connections must be led to queue "
                                + queue
                                + "; which rules there are, 'ethtool -n "
                                + name
                                + "' shows",
                        "ethtool -N " + name + " flow-type tcp4 dst-port PORT action " + queue));
        return checks;
    }

    private static Check headerSplit(String name, Rings rings) {
        String subject = "header split";
        if (rings.headerSplit() == HeaderSplit.OFF) {
            return obstacle(subject, "off", "ethtool -G " + name + " tcp-data-split on");
        }
        if (rings.threshold() > 0) {
            return obstacle(
                    subject,
                    "only of packets from " + rings.threshold() + " bytes on",
                    "ethtool -G " + name + " hds-thresh 0");
        }
        return rings.headerSplit() == HeaderSplit.ON
                ? good(subject, "on")
                : advice(
                        subject,
                        "it does not tell whether it is on",
                        "ethtool -G " + name + " tcp-data-split on");
    }

    private static Check good(String subject, String finding) {
        return new Check(subject, Verdict.GOOD, finding, "");
    }

    private static Check advice(String subject, String finding, String remedy) {
        return new Check(subject, Verdict.ADVICE, finding, remedy);
    }

    private static Check obstacle(String subject, String finding, String remedy) {
        return new Check(subject, Verdict.OBSTACLE, finding, remedy);
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
