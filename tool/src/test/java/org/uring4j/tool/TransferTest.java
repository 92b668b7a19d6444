package org.uring4j.tool;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Files over TCP: among ourselves, and with nc and socat at the other end. */
class TransferTest {
    @TempDir Path directory;

    @ParameterizedTest
    @CsvSource({
        "0, 256K, 8, always, 0",
        "1, 256K, 8, always, 0",
        "262144, 256K, 8, always, 16K",
        "3000001, 256K, 8, always, 0",
        "3000001, 256K, 8, auto, 128K",
        "3000001, 256K, 8, never, 4096",
        "3000001, 1M, 1, always, 0",
        "100001, 777, 3, always, 777",
        "5001, 1, 64, never, 1024",
    })
    void shouldArriveAsItWasSent(
            int size, String chunk, String depth, String zeroCopy, String bufferLength)
            throws IOException {
        Path sent = file("sent", size);
        Path received = directory.resolve("received");
        int port = Cli.freePort();
        Cli receiver =
                Cli.receive(
                        port,
                        "-o",
                        received.toString(),
                        "--buffer-length",
                        bufferLength,
                        "--depth",
                        depth);

        Cli.Result sender =
                Cli.run(
                        "send",
                        sent.toString(),
                        "localhost:" + port,
                        "--chunk=" + chunk,
                        "--depth=" + depth,
                        "--zero-copy=" + zeroCopy);

        assertThat(sender.err()).startsWith("sent      " + size + " bytes");
        assertThat(sender.exitCode()).isZero();
        Cli.Result result = receiver.await();
        assertThat(result.err()).contains("received  " + size + " bytes");
        assertThat(result.exitCode()).isZero();
        assertThat(received).hasSameBinaryContentAs(sent);
        assertThat(directory).isDirectoryNotContaining("glob:**.part");
    }

    /** As somebody does who looks which ports are open: that is no sender, nor any one's end. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void shouldWaitForOthersWhenConnectionsAreResetBeforeTheyBringAnything(int connections)
            throws IOException {
        Path sent = file("sent", 100_000);
        Path received = directory.resolve("received");
        int port = Cli.freePort();
        Cli receiver = Cli.receive(port, "-o", received.toString(), "--connections=" + connections);
        for (int i = 1; i <= connections; i++) {
            for (int reset = 0; reset < 2; reset++) {
                try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                    socket.setSoLinger(true, 0);
                }
            }
            assertThat(Cli.run("send", sent.toString(), "127.0.0.1:" + port).exitCode()).isZero();
        }
        Cli.Result result = receiver.await();
        assertThat(result.err())
                .contains("received  " + 100_000 * connections + " bytes")
                .contains("in place of " + 2 * connections + " connections that brought nothing");
        assertThat(result.exitCode()).isZero();
        for (int i = 1; i <= connections; i++) {
            Path file = connections == 1 ? received : directory.resolve("received." + i);
            assertThat(file).hasSameBinaryContentAs(sent);
        }
    }

    @Test
    void shouldSayWhatTheKernelCopied() throws IOException {
        Path sent = file("sent", 16 << 20);
        int port = Cli.freePort();
        Cli receiver = Cli.receive(port, "-o", "/dev/null");
        Cli.Result sender =
                Cli.run("send", sent.toString(), "127.0.0.1:" + port, "--zero-copy", "auto");
        assertThat(sender.err())
                .contains("0 bytes truly without copying, 512 KiB copied")
                .contains("plain sends: 15.5 MiB")
                .contains("went over to plain sends");
        assertThat(receiver.await().exitCode()).isZero();
    }

    @Test
    void shouldCarryOnAfterShortSends() throws Exception {
        Path sent = file("sent", 2_000_003);
        try (ServerSocket server = new ServerSocket()) {
            server.setReceiveBufferSize(4096);
            server.bind(new java.net.InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            CompletableFuture<byte[]> received =
                    CompletableFuture.supplyAsync(() -> readSlowly(server));
            Cli.Result sender =
                    Cli.run("send", sent.toString(), "127.0.0.1:" + server.getLocalPort());
            assertThat(sender.exitCode()).isZero();
            assertThat(received.get(60, TimeUnit.SECONDS)).isEqualTo(Files.readAllBytes(sent));
        }
    }

    private static byte[] readSlowly(ServerSocket server) {
        try (Socket socket = server.accept();
                InputStream in = socket.getInputStream()) {
            byte[] all = new byte[2_000_003];
            int count = 0;
            for (int n = 0; n >= 0; n = in.read(all, count, Math.min(1000, all.length - count))) {
                count += n;
                if (count == all.length) {
                    return all;
                }
            }
            throw new AssertionError("only " + count + " bytes came");
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** A peer that sends back all it gets, and would wait for ever if nobody read that. */
    @Test
    void shouldSendToPeerThatAnswers() throws Exception {
        Path sent = file("sent", 20 << 20);
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            CompletableFuture<Long> echoed =
                    CompletableFuture.supplyAsync(
                            () -> {
                                try (Socket socket = server.accept()) {
                                    return socket.getInputStream()
                                            .transferTo(socket.getOutputStream());
                                } catch (IOException e) {
                                    throw new AssertionError(e);
                                }
                            });
            Cli.Result sender =
                    Cli.start("send", sent.toString(), "127.0.0.1:" + server.getLocalPort())
                            .await();
            assertThat(sender.err()).startsWith("sent      20971520 bytes");
            assertThat(sender.exitCode()).isZero();
            assertThat(echoed.get(60, TimeUnit.SECONDS)).isEqualTo(20 << 20);
        }
    }

    @Test
    void shouldSendToNc() throws Exception {
        Needs.program("nc", "netcat-openbsd");
        int port = Cli.freePort();
        sendTo(port, "nc", "-l", "127.0.0.1", Integer.toString(port));
    }

    @Test
    void shouldSendToSocat() throws Exception {
        Needs.program("socat", "socat");
        int port = Cli.freePort();
        sendTo(port, "socat", "-u", "TCP-LISTEN:" + port + ",bind=127.0.0.1", "STDOUT");
    }

    private void sendTo(int port, String... command) throws Exception {
        Path sent = file("sent", 3_000_001);
        File received = directory.resolve("received").toFile();
        Process peer = new ProcessBuilder(command).redirectOutput(received).start();
        Cli.Result sender = null;
        for (int i = 0; i < 200 && (sender == null || sender.exitCode() != 0); i++) {
            assertThat(peer.isAlive()).isTrue();
            sender = Cli.run("send", sent.toString(), "127.0.0.1:" + port);
            if (sender.exitCode() != 0) {
                // The peer does not say when it listens.
                assertThat(sender.error()).contains("connection refused");
                peer.waitFor(50, TimeUnit.MILLISECONDS);
            }
        }
        assertThat(sender.exitCode()).isZero();
        assertThat(Cli.await(peer)).isZero();
        assertThat(received.toPath()).hasSameBinaryContentAs(sent);
    }

    @Test
    void shouldReceiveSeveralConnectionsIntoFilesOfTheirOwn() throws Exception {
        Path received = directory.resolve("received");
        int port = Cli.freePort();
        Cli receiver = Cli.receive(port, "-o", received.toString(), "--connections", "3");
        List<Path> sent = new ArrayList<>();
        for (int i = 1; i <= 3; i++) {
            sent.add(file("sent" + i, 1_000_000 * i));
        }
        List<CompletableFuture<Cli.Result>> senders =
                sent.stream()
                        .map(
                                file ->
                                        CompletableFuture.supplyAsync(
                                                () ->
                                                        Cli.run(
                                                                "send",
                                                                file.toString(),
                                                                "localhost:" + port)))
                        .toList();
        for (CompletableFuture<Cli.Result> sender : senders) {
            assertThat(sender.get(60, TimeUnit.SECONDS).exitCode()).isZero();
        }
        Cli.Result result = receiver.await();
        assertThat(result.exitCode()).isZero();
        assertThat(result.err()).contains("received  6000000 bytes", "buffers in use at the peak");
        Map<Long, Path> bySize = new HashMap<>();
        for (int i = 1; i <= 3; i++) {
            Path file = directory.resolve("received." + i);
            bySize.put(Files.size(file), file);
        }
        for (Path file : sent) {
            assertThat(bySize.get(Files.size(file))).hasSameBinaryContentAs(file);
        }
    }

    @Test
    void shouldSendOverSeveralConnections() throws Exception {
        Path sent = file("sent", 700_001);
        Path received = directory.resolve("received");
        int port = Cli.freePort();
        Cli receiver = Cli.receive(port, "-o", received.toString(), "--connections=3");
        Cli.Result sender =
                Cli.run("send", sent.toString(), "localhost:" + port, "--connections=3");
        assertThat(sender.exitCode()).isZero();
        assertThat(sender.err()).startsWith("sent      2100003 bytes");
        assertThat(receiver.await().exitCode()).isZero();
        for (int i = 1; i <= 3; i++) {
            assertThat(directory.resolve("received." + i)).hasSameBinaryContentAs(sent);
        }
    }

    @Test
    void shouldSayByWhichWayItReceivedAndWhyNotByABetterOne() throws Exception {
        int port = Cli.freePort();
        Cli receiver = Cli.receive(port, "-o", "/dev/null", "--zcrx", "lo:0");
        Path sent = file("sent", 100_000);
        assertThat(Cli.run("send", sent.toString(), "localhost:" + port).exitCode()).isZero();
        Cli.Result result = receiver.await();
        assertThat(result.exitCode()).isZero();
        assertThat(result.err()).contains("received by", "not better: ZERO_COPY: ");
    }

    @Test
    void shouldReceiveFromNc() throws Exception {
        Needs.program("nc", "netcat-openbsd");
        int port = Cli.freePort();
        receiveFrom(port, "nc", "-N", "127.0.0.1", Integer.toString(port));
    }

    @Test
    void shouldReceiveFromSocat() throws Exception {
        Needs.program("socat", "socat");
        int port = Cli.freePort();
        receiveFrom(port, "socat", "-u", "STDIN", "TCP:127.0.0.1:" + port);
    }

    private void receiveFrom(int port, String... command) throws Exception {
        Path sent = file("sent", 3_000_001);
        Path received = directory.resolve("received");
        Cli receiver = Cli.receive(port, "-o", received.toString());
        Process peer = new ProcessBuilder(command).redirectInput(sent.toFile()).start();
        assertThat(receiver.await().exitCode()).isZero();
        assertThat(Cli.await(peer)).isZero();
        assertThat(received).hasSameBinaryContentAs(sent);
    }

    @Test
    void shouldPassThroughStandardStreams() throws Exception {
        Path sent = file("sent", 1_000_001);
        Path received = directory.resolve("received");
        int port = Cli.freePort();
        Process receiver =
                new ProcessBuilder(Cli.command("receive", Integer.toString(port)))
                        .redirectOutput(received.toFile())
                        .start();
        try (var err = receiver.errorReader()) {
            assertThat(err.readLine()).isEqualTo("listening on 127.0.0.1:" + port);
            Process sender =
                    new ProcessBuilder(Cli.command("send", "-q", "-", "localhost:" + port)).start();
            try (var in = sender.getOutputStream()) {
                Files.copy(sent, in);
            }
            assertThat(Cli.await(sender)).isZero();
            assertThat(sender.getErrorStream().readAllBytes()).isEmpty();
            assertThat(Cli.await(receiver)).isZero();
        }
        assertThat(received).hasSameBinaryContentAs(sent);
    }

    @Test
    void shouldUseIpv6() throws IOException {
        Needs.that(Files.exists(Path.of("/proc/net/if_inet6")), "this machine has no IPv6");
        Path sent = file("sent", 1001);
        Path received = directory.resolve("received");
        int port = Cli.freePort();
        Cli receiver = Cli.receive(port, "--bind", "::1", "-o", received.toString());
        assertThat(Cli.run("send", sent.toString(), "[::1]:" + port).exitCode()).isZero();
        assertThat(receiver.await().exitCode()).isZero();
        assertThat(received).hasSameBinaryContentAs(sent);
    }

    private Path file(String name, int size) throws IOException {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return Files.write(directory.resolve(name), bytes);
    }
}
