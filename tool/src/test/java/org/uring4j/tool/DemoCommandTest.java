package org.uring4j.tool;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;

class DemoCommandTest {
    @TempDir Path directory;

    @Test
    void shouldMoveFileWithoutCopyingAndReport() {
        Cli.Result result = Cli.run("demo", "--size", "20M");
        assertThat(result.err()).isEmpty();
        assertThat(result.exitCode()).isZero();
        assertThat(result.out())
                .contains("sent      20971520 bytes (20 MiB) in ", "received  20971520 bytes")
                .containsPattern("CPU [0-9.]+ s per GiB, [0-9]+ requests")
                .contains("0 bytes truly without copying, 20 MiB copied by the kernel")
                .contains("over loopback it always does")
                .doesNotContain("plain")
                .endsWith("equal\n");
    }

    @Test
    void shouldMoveFileOfOnesOwn() throws Exception {
        byte[] bytes = new byte[1_234_567];
        new Random(1).nextBytes(bytes);
        Path file = Files.write(directory.resolve("mine"), bytes);
        Cli.Result result = Cli.run("demo", "--file", file.toString());
        assertThat(result.exitCode()).isZero();
        String digest =
                HexFormat.of()
                        .formatHex(
                                java.security.MessageDigest.getInstance("SHA-256").digest(bytes));
        assertThat(result.out()).contains(digest + " sent", digest + " received", "1234567 bytes");
        assertThat(file).hasBinaryContent(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "1", "4095", "256K"})
    void shouldMoveFileOfAnySize(String size) {
        Cli.Result result = Cli.run("demo", "--size", size);
        assertThat(result.err()).isEmpty();
        assertThat(result.exitCode()).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "auto, 'went over to plain sends, for the limit on locked memory is too low'",
        "always, '0 bytes truly without copying, 8 MiB copied'"
    })
    void shouldMakeDoWithLittleMemoryToLock(String zeroCopy, String report)
            throws IOException, InterruptedException {
        List<String> command =
                Cli.limited(256 << 10, "demo", "--size=8M", "--zero-copy=" + zeroCopy);
        File out = directory.resolve("out").toFile();
        Process process =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(out).start();
        assertThat(Cli.await(process)).isZero();
        assertThat(out).content().contains(report);
    }

    @Test
    void shouldLeaveNothingBehind() throws IOException, InterruptedException {
        var command = Cli.command("demo", "--size", "1M");
        command.add(1, "-Djava.io.tmpdir=" + directory);
        Process process = new ProcessBuilder(command).start();
        assertThat(Cli.await(process)).isZero();
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void shouldTellEqualFromDifferent() throws IOException {
        Path one = Files.writeString(directory.resolve("one"), "abc");
        Path other = Files.writeString(directory.resolve("other"), "abd");
        assertThat(Digests.of(one, one).equal()).isTrue();
        assertThat(Digests.of(one, other).equal()).isFalse();
        assertThat(Digests.of(one, other).first())
                .isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
