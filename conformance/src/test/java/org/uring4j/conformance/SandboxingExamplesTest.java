package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.uring4j.op.OpenFlags.RESOLVE_BENEATH;
import static org.uring4j.op.Sockets.AF_INET;
import static org.uring4j.op.Sockets.SOCK_STREAM;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.Files;
import org.uring4j.op.Nops;
import org.uring4j.op.OpenFlags;
import org.uring4j.op.SockAddr;
import org.uring4j.op.Sockets;
import org.uring4j.resource.FilterRule;
import org.uring4j.resource.NoNewPrivileges;
import org.uring4j.resource.OpcodeFilter;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The filters of {@code docs/sandboxing.md} and of {@link OpcodeFilter}'s documentation ({@code
 * IORING_REGISTER_BPF_FILTER}), word for word: kernels that have filters are mostly met where there
 * is no compiler for the page's own.
 */
@Timeout(120)
class SandboxingExamplesTest {
    private static final Path SOURCE =
            Path.of("src/test/java/org/uring4j/conformance/SandboxingExamplesTest.java");
    private static final Path ROOT = Path.of("..");
    private static final Path DOCUMENTED =
            ROOT.resolve("core/src/main/java/org/uring4j/resource/OpcodeFilter.java");
    private static final Pattern BLOCK =
            Pattern.compile("<pre>\\{@code\n(.*?) \\* \\}</pre>", Pattern.DOTALL);

    @TempDir private Path directory;

    private final Arena arena = Arena.ofAuto();

    @Test
    void shouldSayWhatThePagesSay() throws Exception {
        Needs.that(java.nio.file.Files.exists(SOURCE), "no sources beside the tests");
        List<String> documented = new ArrayList<>();
        for (Example example : Example.of(ROOT, Path.of("docs/sandboxing.md"))) {
            if (example.code().startsWith("OpcodeFilter")) {
                documented.add(example.code());
            }
        }
        Matcher block = BLOCK.matcher(java.nio.file.Files.readString(DOCUMENTED));
        assertThat(block.find()).isTrue();
        documented.add(block.group(1).replace(" * ", ""));
        assertThat(documented).hasSize(3);
        String here = java.nio.file.Files.readString(SOURCE).replaceAll("\\s", "");
        for (String code : documented) {
            assertThat(here).contains(code.replaceAll("\\s", ""));
        }
    }

    @Test
    void shouldAllowWhatTheFirstExampleNames() throws Exception {
        Needs.kernel("7.0", "IORING_REGISTER_BPF_FILTER");
        Path file = java.nio.file.Files.writeString(directory.resolve("file"), "text");
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            OpcodeFilter.none()
                    .allow("IORING_OP_READ")
                    .allow("IORING_OP_CLOSE")
                    .allow(
                            "IORING_OP_OPENAT2",
                            FilterRule.openToRead().requiringResolve(OpenFlags.RESOLVE_BENEATH))
                    .allow(
                            "IORING_OP_SOCKET",
                            FilterRule.socket(Sockets.AF_INET, Sockets.SOCK_STREAM, 0))
                    .denyRest()
                    .register(ring);

            Sockets.socket(ring.next(), AF_INET, SOCK_STREAM, 0);
            Net.close(ring, Net.ok(ring));
            Sockets.socket(ring.next(), AF_INET, Sockets.SOCK_DGRAM, 0);
            assertThat(denied(ring)).isTrue();
            Nops.nop(ring.next());
            assertThat(denied(ring)).isTrue();
            open(ring, file, 0);
            assertThat(denied(ring)).isTrue();
            open(ring, file, RESOLVE_BENEATH);
            assertThat(Completions.one(ring).failed(Errno.EXDEV)).as("not denied").isTrue();
        }
    }

    @Test
    void shouldAllowConnectionsThatTheSecondExampleNames() throws Exception {
        Needs.kernel("7.2", "CONNECT in filters");
        InetAddress network = InetAddress.ofLiteral("10.0.0.0");
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            int fd = Net.socket(ring, AF_INET, SOCK_STREAM);
            OpcodeFilter.none()
                    .allow("IORING_OP_CONNECT", FilterRule.connect(network, 8, 443, 443))
                    .register(ring);

            assertThat(connectDenied(ring, fd, "10.255.1.2", 444)).isTrue();
            assertThat(connectDenied(ring, fd, "11.0.0.1", 443)).isTrue();
            Net.close(ring, fd);
            // Whatever becomes of it, it is tried: there is no such descriptor.
            assertThat(connectDenied(ring, -1, "10.255.1.2", 443)).isFalse();
        }
    }

    @Test
    void shouldHoldThreadsToWhatTheDocumentationNames() throws Exception {
        Needs.kernel("7.2", "CONNECT in filters");
        InetAddress network = InetAddress.ofLiteral("10.0.0.0");
        Apart.thread(
                () -> {
                    NoNewPrivileges.set();
                    OpcodeFilter.none()
                            .allow("IORING_OP_READ")
                            .allow(
                                    "IORING_OP_OPENAT2",
                                    FilterRule.openToRead().requiringResolve(RESOLVE_BENEATH))
                            .allow(
                                    "IORING_OP_SOCKET",
                                    FilterRule.socket(AF_INET, SOCK_STREAM, FilterRule.ANY))
                            .allow("IORING_OP_CONNECT", FilterRule.connect(network, 8, 443, 443))
                            .denyRest()
                            .registerForThread();

                    try (Ring ring = Ring.open(RingConfig.of(8))) {
                        assertThat(connectDenied(ring, -1, "10.1.2.3", 80)).isTrue();
                        assertThat(connectDenied(ring, -1, "10.1.2.3", 443)).isFalse();
                        Sockets.socket(ring.next(), Sockets.AF_UNIX, SOCK_STREAM, 0);
                        assertThat(denied(ring)).isTrue();
                        Nops.nop(ring.next());
                        assertThat(denied(ring)).isTrue();
                    }
                });
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            Nops.nop(ring.next());
            assertThat(denied(ring)).as("of another thread").isFalse();
        }
    }

    private boolean connectDenied(Ring ring, int fd, String host, int port) {
        InetSocketAddress to = new InetSocketAddress(InetAddress.ofLiteral(host), port);
        Sockets.connect(ring.next(), fd, SockAddr.of(arena, to));
        return denied(ring);
    }

    private void open(Ring ring, Path path, long resolve) {
        MemorySegment how = OpenFlags.how(arena, OpenFlags.O_RDONLY, 0, resolve);
        MemorySegment name = arena.allocateFrom(path.toString());
        Files.openat2(ring.next(), Files.AT_FDCWD, name, how);
    }

    /** Whether the request just written is denied. */
    private static boolean denied(Ring ring) {
        return Completions.one(ring).failed(Errno.EACCES);
    }
}
