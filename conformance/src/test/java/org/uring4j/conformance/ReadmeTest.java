package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.uring4j.Ring;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The example in README.md compiles and does what the text says. */
@Timeout(60)
class ReadmeTest {
    private static final Pattern JAVA = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

    @Test
    void shouldRunTheExampleAsTyped(@TempDir Path folder) throws Exception {
        Needs.kernel("6.0", "the example's SEND_ZC");
        Path readme = Path.of("..", "README.md");
        Needs.that(Files.exists(readme), "no README.md beside the module");
        Matcher example = JAVA.matcher(Files.readString(readme));
        assertThat(example.find()).isTrue();
        Path source = folder.resolve("Hello.java");
        Files.writeString(source, example.group(1));
        Path core = Path.of(Ring.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Process process =
                    new ProcessBuilder(
                                    java.toString(),
                                    "--enable-native-access=ALL-UNNAMED",
                                    "-cp",
                                    core.toString(),
                                    source.toString(),
                                    Integer.toString(server.getLocalPort()))
                            .redirectErrorStream(true)
                            .start();
            server.setSoTimeout(30_000);
            try (Socket peer = server.accept()) {
                assertThat(new String(peer.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                        .isEqualTo("Hello from a ring\n");
            }
            String output =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(output).contains("7: 18 F_MORE").contains("7: 0 F_NOTIF");
            assertThat(process.exitValue()).isZero();
        }
    }
}
