package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.uring4j.Kernel;
import org.uring4j.tool.InThisProcess;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.PipedReader;
import java.io.PipedWriter;
import java.io.PrintWriter;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * The command where the kernel need not copy ({@code IORING_OP_RECV_ZC}, {@code
 * IORING_OP_SEND_ZC}): what arrives, and whether the report is true. In a process of its own it
 * runs where it must be in another network, or under a limit.
 */
@Timeout(300)
class ZeroCopyCommandTest {
    private static final int MIB = 1 << 20;
    private static final int PAGE = 4096;

    private final List<Process> processes = new ArrayList<>();

    @TempDir private Path directory;

    @AfterEach
    void end() {
        processes.forEach(Process::destroyForcibly);
    }

    @Test
    @NeedsDevice("zcrx")
    void shouldReceiveFileWithoutCopying() throws Exception {
        Path sent = file("sent", 2 * MIB + 1);
        Receiving receiving = new Receiving("10.78.0.1", "--zcrx", queue("zcrx"));
        receiving.netcatFrom("sim", sent);

        Report report = receiving.end();
        checkSame(receiving.file, sent);
        assertThat(report.text).contains("received  2097153 bytes");
        assertThat(report.ways()).containsExactly("ZERO_COPY");
        assertThat(report.bytes("truly without copying")).isEqualTo(2 * MIB);
        assertThat(report.bytes("copied by the kernel")).isZero();
        // A piece of a page or less for each refill, of 16 MiB.
        assertThat(report.number("buffers in use")).isBetween(1L, 4096L);
        assertThat(report.number("refills")).isGreaterThan(2 * MIB / PAGE);
    }

    @Test
    @NeedsDevice("zcrx")
    void shouldReceiveIntoLongBuffersInHugePages() throws Exception {
        Needs.device("hugepages");
        Path sent = file("sent", 4 * MIB);
        Receiving receiving =
                new Receiving(
                        "10.78.0.1",
                        "--zcrx",
                        queue("zcrx"),
                        "--huge-pages",
                        "--buffer-length=64K",
                        "--memory=8M");
        receiving.netcatFrom("sim", sent);

        Report report = receiving.end();
        checkSame(receiving.file, sent);
        assertThat(report.ways()).containsExactly("ZERO_COPY");
        assertThat(report.bytes("truly without copying")).isEqualTo(4 * MIB);
        assertThat(report.bytes("copied by the kernel")).isZero();
        assertThat(report.number("buffers in use")).isBetween(1L, 128L);
        assertThat(report.number("refills")).isBetween(64L, 4L * MIB / PAGE);
    }

    /** One connection comes by the queue's card, one by another card: both cards copy nothing. */
    @Test
    @NeedsDevice("zcrx")
    void shouldTellStreamsByTheQueueFromOthers() throws Exception {
        Needs.device("e1000");
        Path first = file("first", 2 * MIB);
        Path second = file("second", MIB);
        Receiving receiving = new Receiving("0.0.0.0", "--zcrx", queue("zcrx"), "--connections=2");
        receiving.at = "10.78.0.1";
        receiving.netcatFrom("sim", first);
        receiving.at = "10.77.0.1";
        String sender = receiving.sendFrom("peer", second, "--zero-copy=always");
        assertThat(new Report(sender).bytes("truly without copying")).isEqualTo(MIB);
        assertThat(new Report(sender).bytes("copied by the kernel")).isZero();

        Report report = receiving.end();
        assertThat(receiving.files()).hasSize(2);
        for (Path file : receiving.files()) {
            checkSame(file, Files.size(file) == Files.size(first) ? first : second);
        }
        assertThat(report.text).contains("received  3145728 bytes (3 MiB)");
        assertThat(report.ways()).hasSize(2).contains("ZERO_COPY");
        assertThat(report.text)
                .contains(
                        "INCREMENTAL, not better: ZERO_COPY: the connection is not on the queue's"
                                + " interface: address=10.77.0.1");
        // The other one's bytes were never to come without copying: they are counted as neither.
        assertThat(report.bytes("truly without copying")).isEqualTo(2 * MIB);
        assertThat(report.bytes("copied by the kernel")).isZero();
        assertThat(report.number("refills")).isGreaterThanOrEqualTo(2 * MIB / PAGE);
    }

    /** What arrives on the card's other queue is copied, and counted so. */
    @Test
    @NeedsDevice("zcrx_queues")
    void shouldCountWhatArrivesOnAnotherQueueAsCopied() throws Exception {
        int connections = 24;
        Path sent = file("sent", 256 << 10);
        Receiving receiving =
                new Receiving(
                        "10.79.0.1",
                        "--zcrx",
                        queue("zcrx_queues"),
                        "--connections=" + connections);
        for (int i = 0; i < connections; i++) {
            receiving.netcatFrom("sim2", sent);
        }

        Report report = receiving.end();
        assertThat(receiving.files()).hasSize(connections);
        for (Path file : receiving.files()) {
            checkSame(file, sent);
        }
        assertThat(report.ways()).containsExactly("ZERO_COPY");
        long uncopied = report.bytes("truly without copying");
        long copied = report.bytes("copied by the kernel");
        assertThat(uncopied).isPositive();
        assertThat(copied).isPositive();
        assertThat(uncopied + copied).isEqualTo(6 * MIB);
    }

    @Test
    void shouldReceiveWithoutCard() throws Exception {
        ZcrxStream.deviceless();
        Path sent = file("sent", 4 * MIB);
        Receiving receiving = new Receiving("127.0.0.1", "--deviceless", "--memory=1M");
        receiving.netcatFrom("", sent);

        Report report = receiving.end();
        checkSame(receiving.file, sent);
        assertThat(report.ways()).containsExactly("ZERO_COPY");
        if (Kernel.current().has("ZCRX_FEATURE_EVENT")) {
            assertThat(report.bytes("truly without copying")).isZero();
            assertThat(report.bytes("copied by the kernel")).isEqualTo(4 * MIB);
        } else {
            assertThat(report.text).contains("what the kernel copied, it tells since Linux 7.2");
        }
        assertThat(report.number("buffers in use")).isBetween(1L, 256L);
        assertThat(report.number("refills")).isGreaterThanOrEqualTo(4 * MIB / PAGE);
        // Nobody else takes from the refill ring.
        assertThat(report.number("flushes")).isPositive();
    }

    @Test
    void shouldSayThatTooLittleMemoryMayBeLocked() throws Exception {
        ZcrxStream.deviceless();
        List<String> args = new ArrayList<>(List.of("receive", Integer.toString(freePort())));
        args.addAll(List.of("-o", "/dev/null", "--deviceless", "--memory=8M"));
        Process process = start("", Apart.locking(2 * MIB, command(args)), Path.of("/dev/null"));
        String said;
        try (InputStream err = process.getErrorStream()) {
            said = new String(err.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        }
        assertThat(process.waitFor(120, TimeUnit.SECONDS)).as("%s", said).isTrue();
        Needs.that(!said.startsWith("setpriv:"), said.strip());
        assertThat(process.exitValue()).as("%s", said).isEqualTo(1);
        assertThat(said)
                .startsWith("uring4j: not enough memory to receive into; raise the limit on locked")
                .contains("(ulimit -l)", "--memory");
    }

    @Test
    @NeedsDevice("zcrx")
    void shouldSayWhatIsWrongWithTheQueue() throws Exception {
        Path sent = file("sent", MIB);
        String noSuchQueue = Needs.device("zcrx") + ":7";
        Receiving receiving = new Receiving("10.78.0.1", "--zcrx", noSuchQueue);
        receiving.netcatFrom("sim", sent);
        Report report = receiving.end();
        checkSame(receiving.file, sent);
        assertThat(report.text)
                .contains("received by INCREMENTAL, not better: ZERO_COPY: ")
                .contains("the interface has no such queue ('ethtool -l' tells how many)")
                .doesNotContain("truly without copying", "refills");
    }

    private static String queue(String device) {
        return Needs.device(device) + ":0";
    }

    private Path file(String name, int size) throws IOException {
        return Files.write(directory.resolve(name), Net.random(size, size));
    }

    private Process start(String namespace, List<String> command, Path input) throws IOException {
        List<String> all = new ArrayList<>();
        if (!namespace.isEmpty()) {
            all.addAll(List.of("ip", "netns", "exec", namespace));
        }
        all.addAll(command);
        Process process =
                new ProcessBuilder(all)
                        .redirectInput(input.toFile())
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start();
        processes.add(process);
        return process;
    }

    private static List<String> command(List<String> args) {
        return Apart.java("org.uring4j.tool.Start", args.toArray(String[]::new));
    }

    private static void checkSame(Path received, Path sent) throws IOException {
        assertThat(Files.mismatch(received, sent)).isEqualTo(-1);
    }

    private static void checkEnded(Process process, String said) throws InterruptedException {
        assertThat(process.waitFor(120, TimeUnit.SECONDS)).as("%s", said).isTrue();
        assertThat(process.exitValue()).as("%s", said).isZero();
    }

    /** {@code uring4j receive}, which listens already. */
    private final class Receiving {
        private final Path file = directory.resolve("received");
        private final int port = freePort();
        private final FutureTask<Integer> exitCode;
        private final BufferedReader says;

        /** Where others find it. */
        private String at;

        Receiving(String address, String... options) throws IOException {
            at = address;
            List<String> args = new ArrayList<>(List.of("receive", Integer.toString(port)));
            args.addAll(List.of("--bind", address, "-o", file.toString()));
            args.addAll(List.of(options));
            PipedReader heard = new PipedReader(1 << 16);
            PrintWriter err = new PrintWriter(new PipedWriter(heard), true);
            exitCode =
                    new FutureTask<>(
                            () -> {
                                try (err) {
                                    return InThisProcess.run(err, args.toArray(String[]::new));
                                }
                            });
            Thread.ofPlatform().daemon().start(exitCode);
            says = new BufferedReader(heard);
            assertThat(says.readLine()).isEqualTo("listening on " + address + ":" + port);
        }

        /** By {@code uring4j send}; what it reports. */
        String sendFrom(String namespace, Path sent, String option) throws Exception {
            List<String> args = List.of("send", sent.toString(), at + ":" + port, option);
            Process sender = start(namespace, command(args), Path.of("/dev/null"));
            String said;
            try (InputStream err = sender.getErrorStream()) {
                said = new String(err.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            }
            checkEnded(sender, said);
            return said;
        }

        void netcatFrom(String namespace, Path sent) throws IOException {
            Needs.program("nc", "netcat-openbsd");
            start(namespace, List.of("nc", "-N", at, Integer.toString(port)), sent);
        }

        /** When it has ended well: what it reports. */
        Report end() throws Exception {
            String said = String.join("\n", says.lines().toList());
            assertThat(exitCode.get(120, TimeUnit.SECONDS)).as("%s", said).isZero();
            return new Report(said);
        }

        /** Those of several connections. */
        List<Path> files() throws IOException {
            try (var all = Files.list(directory)) {
                return all.filter(path -> path.getFileName().toString().startsWith("received."))
                        .toList();
            }
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    /** What a command tells of what it has done. */
    private record Report(String text) {
        private static final Pattern WAY = Pattern.compile("received by ([A-Z_]+)");

        List<String> ways() {
            return WAY.matcher(text).results().map(found -> found.group(1)).toList();
        }

        /** The number before these words. */
        long number(String what) {
            return Long.parseLong(find("([0-9]+) " + what).group(1));
        }

        /** The size before these words, as {@code 5 MiB}. */
        long bytes(String what) {
            MatchResult found = find("([0-9.]+) (bytes?|KiB|MiB) " + what);
            int shift =
                    switch (found.group(2)) {
                        case "KiB" -> 10;
                        case "MiB" -> 20;
                        default -> 0;
                    };
            return (long) (Double.parseDouble(found.group(1)) * (1 << shift));
        }

        private MatchResult find(String pattern) {
            return Pattern.compile(pattern)
                    .matcher(text)
                    .results()
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no '" + pattern + "' in: " + text));
        }
    }
}
