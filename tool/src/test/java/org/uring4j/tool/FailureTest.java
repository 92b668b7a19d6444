package org.uring4j.tool;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.uring4j.KernelVersion;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** One line on standard error, the right exit code, and nothing left behind. */
class FailureTest {
    @TempDir Path directory;
    @TempDir Path elsewhere;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--no-such-option",
                "no-such-command",
                "probe --no-such-option",
                "probe --json --nic=lo",
                "send",
                "send file",
                "send file nowhere",
                "send file host:0",
                "send file host:65536",
                "send file host:1 --zero-copy=sometimes",
                "send file host:1 --chunk=0",
                "send file host:1 --chunk=many",
                "send file host:1 --depth=0",
                "receive",
                "receive 0",
                "receive nine",
                "demo --size=-1",
                "demo --file=x --size=1M"
            })
    void shouldRefuseWrongCommandLine(String args) {
        Cli.Result result = Cli.run(args.split(" "));
        assertThat(result.exitCode()).isEqualTo(2);
        assertThat(result.error()).endsWith(" --help'");
        assertThat(result.out()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "probe", "uapi", "send", "receive", "demo"})
    void shouldExplainItself(String command) {
        Cli.Result result = Cli.run((command + " --help").strip().split(" "));
        assertThat(result.exitCode()).isZero();
        assertThat(result.out()).contains("Usage: uring4j", "Exit codes:", "--verbose");
        assertThat(result.err()).isEmpty();
    }

    @Test
    void shouldGenerateCompletion() {
        Cli.Result result = Cli.run("generate-completion");
        assertThat(result.exitCode()).isZero();
        assertThat(result.out()).startsWith("#!").contains("_complete_uring4j", "--zero-copy");
    }

    @Test
    void shouldSayThatFileIsMissing() {
        Cli.Result result = Cli.run("send", directory.resolve("absent").toString(), "localhost:1");
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.error()).contains("absent", "no such file or directory");
        result = Cli.run("demo", "--file", directory.resolve("absent").toString());
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.error()).contains("absent", "no such file or directory");
    }

    @Test
    void shouldSayThatConnectionIsRefused() throws IOException {
        int port = Cli.freePort();
        Cli.Result result = Cli.run("send", file(1).toString(), "127.0.0.1:" + port);
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.error())
                .isEqualTo("uring4j: cannot connect to 127.0.0.1:" + port + ": connection refused");
    }

    @Test
    void shouldSayThatHostIsUnknown() throws IOException {
        Cli.Result result = Cli.run("send", file(1).toString(), "no-such-host.invalid:1");
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.error()).contains("unknown host: no-such-host.invalid");
    }

    @Test
    void shouldShowWhereWhenVerbose() throws IOException {
        Cli.Result result =
                Cli.run("--verbose", "send", file(1).toString(), "127.0.0.1:" + Cli.freePort());
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.err()).contains("connection refused", "IORING_OP_CONNECT", "\tat ");
    }

    @Test
    void shouldSayThatReceiverVanished() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            CompletableFuture<Void> peer =
                    CompletableFuture.runAsync(
                            () -> {
                                try (Socket socket = server.accept()) {
                                    socket.getInputStream().readNBytes(1000);
                                    socket.setSoLinger(true, 0);
                                } catch (IOException e) {
                                    throw new AssertionError(e);
                                }
                            });
            Cli.Result result =
                    Cli.run(
                            "send",
                            file(20 << 20).toString(),
                            "127.0.0.1:" + server.getLocalPort());
            assertThat(result.exitCode()).isEqualTo(1);
            assertThat(result.error()).contains("the connection was lost after");
            peer.get(60, TimeUnit.SECONDS);
        }
    }

    @Test
    void shouldSayThatSenderVanishedAndLeaveNothing() throws IOException {
        int port = Cli.freePort();
        Cli receiver = Cli.receive(port, "-o", path("received"));
        assertThat(directory).isDirectoryContaining("glob:**.part");
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.getOutputStream().write(new byte[100_000]);
            socket.setSoLinger(true, 0);
        }
        Cli.Result result = receiver.await();
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.err().lines().toList().getLast())
                .contains("the sender was lost after", "connection reset by peer");
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void shouldNotReplaceFileUnlessForced() throws IOException {
        Path file = Files.writeString(directory.resolve("received"), "old");
        Cli.Result result = Cli.run("receive", "9", "-o", file.toString());
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.error()).contains("exists already", "--force");

        int port = Cli.freePort();
        Cli receiver = Cli.receive(port, "-o", file.toString(), "--force");
        assertThat(file).hasContent("old");
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.getOutputStream().write(new byte[] {110, 101, 119});
        }
        assertThat(receiver.await().exitCode()).isZero();
        assertThat(file).hasContent("new");
        assertThat(directory).isDirectoryNotContaining("glob:**.part");
    }

    @Test
    void shouldNotReplaceFileMadeMeanwhile() throws IOException {
        int port = Cli.freePort();
        Cli receiver = Cli.receive(port, "-o", path("received"));
        Path file = Files.writeString(directory.resolve("received"), "somebody else's");
        new Socket(InetAddress.getLoopbackAddress(), port).close();
        Cli.Result result = receiver.await();
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.err()).contains("exists already");
        assertThat(file).hasContent("somebody else's");
        assertThat(directory).isDirectoryNotContaining("glob:**.part");
    }

    @Test
    void shouldSayThatDiskIsFull() throws IOException {
        int port = Cli.freePort();
        Cli receiver = Cli.receive(port, "-o", "/dev/full");
        Cli.Result sender = Cli.run("send", file(20 << 20).toString(), "127.0.0.1:" + port);
        Cli.Result result = receiver.await();
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.err())
                .endsWith("uring4j: cannot write '/dev/full': no space left on device\n");
        assertThat(sender.exitCode()).isEqualTo(1);
        assertThat(sender.error()).contains("the connection was lost after");
    }

    @Test
    void shouldSayThatOutputIsLost() throws Exception {
        Path err = elsewhere.resolve("err");
        Process process =
                new ProcessBuilder(Cli.command("probe", "--json"))
                        .redirectOutput(new File("/dev/full"))
                        .redirectError(err.toFile())
                        .start();
        assertThat(Cli.await(process)).isEqualTo(1);
        assertThat(err)
                .hasContent("uring4j: cannot write to standard output: no space left on device");
    }

    @Test
    void shouldBeSilentWhenReaderHasHadEnough() throws Exception {
        Path err = elsewhere.resolve("err");
        Process process =
                new ProcessBuilder(Cli.command("uapi")).redirectError(err.toFile()).start();
        process.getInputStream().close();
        assertThat(Cli.await(process)).isEqualTo(1);
        assertThat(err).isEmptyFile();
    }

    @Test
    void shouldNotFillTheDisk() {
        Cli.Result result = Cli.run("demo", "--size", "1000000T");
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.error()).contains("no room for two files", "--size");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "send /etc/hostname 127.0.0.1:PORT --chunk=1G --depth=4096",
                "demo --size=1M --chunk=1G --depth=4096"
            })
    void shouldSayThatThereIsTooLittleMemory(String args) throws IOException {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Cli.Result result =
                    Cli.run(args.replace("PORT", "" + server.getLocalPort()).split(" "));
            assertThat(result.exitCode()).isEqualTo(1);
            assertThat(result.error()).contains("not enough memory", "--chunk", "--depth");
        }
    }

    /** One ring of the demo's two would fit, and of the others none; nobody waits for the other. */
    @ParameterizedTest
    @CsvSource({
        "demo --size=1M --chunk=4096 --depth=4096, 1200000",
        "receive 9 -o /dev/null --depth=4096, 300000",
        "send /etc/hostname 127.0.0.1:9 --chunk=4096 --depth=4096, 300000"
    })
    void shouldSayThatTooLittleMemoryMayBeLocked(String args, long lockable) throws Exception {
        Needs.that(
                KernelVersion.running().compareTo(KernelVersion.parse("6.14")) >= 0,
                "memory of rings counts as locked since Linux 6.14");
        File err = elsewhere.resolve("err").toFile();
        Process process =
                new ProcessBuilder(Cli.limited(lockable, args.split(" ")))
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .redirectError(err)
                        .start();
        assertThat(Cli.await(process)).isEqualTo(1);
        assertThat(err)
                .content()
                .hasLineCount(1)
                .startsWith("uring4j: cannot open a ring; raise the limit on locked memory")
                .contains("(ulimit -l)", "--depth", "RLIMIT_MEMLOCK=" + lockable);
    }

    @Test
    void shouldSayThatPortIsTaken() throws IOException {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            int port = server.getLocalPort();
            Cli.Result result = Cli.run("receive", "" + port, "-o", path("received"));
            assertThat(result.exitCode()).isEqualTo(1);
            assertThat(result.error())
                    .isEqualTo(
                            "uring4j: cannot listen on 127.0.0.1:"
                                    + port
                                    + ": address already in use");
            assertThat(directory).isEmptyDirectory();
        }
    }

    @Test
    void shouldLeaveNothingWhenInterrupted() throws Exception {
        Process receiver =
                new ProcessBuilder(
                                Cli.command("receive", "" + Cli.freePort(), "-o", path("received")))
                        .start();
        try (var err = receiver.errorReader()) {
            assertThat(err.readLine()).startsWith("listening on");
            assertThat(directory).isDirectoryContaining("glob:**.part");
            receiver.destroy();
            assertThat(Cli.await(receiver)).isEqualTo(128 + 15);
        }
        assertThat(directory).isEmptyDirectory();
    }

    private Path file(int size) throws IOException {
        return Files.write(elsewhere.resolve("sent"), new byte[size]);
    }

    private String path(String name) {
        return directory.resolve(name).toString();
    }
}
