package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.SockAddr;
import org.uring4j.op.Sockets;
import org.uring4j.op.ZeroCopySend;
import org.uring4j.resource.BufferRing;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * Other programs at the other end: {@code IORING_OP_ACCEPT}, {@code IORING_OP_CONNECT}, {@code
 * IORING_OP_RECV}, {@code IORING_OP_SEND_ZC}.
 */
@Timeout(60)
class RealPeersTest {
    private static final int GROUP = 1;
    private static final long RECEIVED = 9;

    @Test
    void shouldReceiveWhatNetcatSends(@TempDir Path directory) throws Exception {
        Needs.program("nc", "netcat-openbsd");
        byte[] data = Net.random(3_000_000, 1);
        Path file = Files.write(directory.resolve("data"), data);
        try (Ring ring = Ring.open(RingConfig.of(16));
                BufferRing buffers = BufferRing.register(ring, GROUP, 64, 8192)) {
            int listener = Net.listener(ring, Net.ANY);
            String port = Integer.toString(Net.local(listener).getPort());
            Process nc =
                    new ProcessBuilder("nc", "-N", "127.0.0.1", port)
                            .redirectInput(file.toFile())
                            .redirectErrorStream(true)
                            .start();
            try {
                Sockets.accept(ring.next(), listener, Sockets.SOCK_CLOEXEC);
                int fd = Net.ok(ring);
                assertThat(receiveAll(ring, buffers, fd, new Outcomes())).isEqualTo(data);
                Net.close(ring, fd, listener);
                assertThat(nc.waitFor(10, TimeUnit.SECONDS)).isTrue();
                assertThat(nc.exitValue()).isZero();
            } finally {
                nc.destroyForcibly();
            }
        }
    }

    @Test
    void shouldHearFromSocatWhatWasSentWithoutCopying() throws Exception {
        Needs.program("socat", "socat");
        Needs.kernel("6.0", "IORING_OP_SEND_ZC");
        byte[] data = Net.random(3_000_000, 2);
        Process socat =
                new ProcessBuilder(
                                "socat",
                                "-d",
                                "-d",
                                "-t10",
                                "TCP-LISTEN:0,bind=127.0.0.1",
                                "EXEC:cat")
                        .start();
        try (Ring ring = Ring.open(RingConfig.of(16));
                Arena arena = Arena.ofShared();
                BufferRing buffers = BufferRing.register(ring, GROUP, 64, 8192)) {
            SockAddr address =
                    SockAddr.of(arena, new InetSocketAddress(Net.ANY.getAddress(), port(socat)));
            int fd = Net.socket(ring, Sockets.AF_INET, Sockets.SOCK_STREAM);
            Sockets.connect(ring.next(), fd, address);
            Net.ok(ring);
            // What comes back is received meanwhile, or neither side would get on.
            MemorySegment buffer = arena.allocateFrom(ValueLayout.JAVA_BYTE, data);
            ZeroCopySend.send(ring.next(), fd, buffer, Sockets.MSG_WAITALL, 0).userData(1).link();
            Sockets.shutdown(ring.next(), fd, Sockets.SHUT_WR).userData(2);
            Outcomes sent = new Outcomes();
            assertThat(receiveAll(ring, buffers, fd, sent)).isEqualTo(data);
            while (!sent.ended(1)) {
                sent.add(Completions.until(ring, any -> true).getFirst());
            }
            assertThat(sent.get(1).result()).isEqualTo(data.length);
            assertThat(sent.get(2).result()).isZero();
            Net.close(ring, fd);
            assertThat(socat.waitFor(10, TimeUnit.SECONDS)).isTrue();
            assertThat(socat.exitValue()).isZero();
        } finally {
            socat.destroyForcibly();
        }
    }

    /** Receives to the end of the stream, and takes note of what else completes. */
    private static byte[] receiveAll(Ring ring, BufferRing buffers, int fd, Outcomes others) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        boolean armed = false;
        boolean ended = false;
        while (!ended) {
            if (!armed) {
                Sockets.recvMultishot(ring.next(), fd, GROUP, 0).userData(RECEIVED);
            }
            armed = true;
            Completion completion = Completions.until(ring, any -> true).getFirst();
            if (completion.userData() != RECEIVED) {
                others.add(completion);
                continue;
            }
            armed = completion.hasMore();
            ended = completion.result() == 0;
            if (completion.result() > 0) {
                MemorySegment data = buffers.take(completion.result(), completion.flags());
                all.writeBytes(data.toArray(ValueLayout.JAVA_BYTE));
                buffers.recycle(completion.bufferId());
            } else if (!completion.failed(Errno.ENOBUFS)) {
                Net.ok(completion);
            }
        }
        return all.toByteArray();
    }

    /** The port socat says it listens on. */
    private static int port(Process socat) throws IOException {
        BufferedReader messages =
                new BufferedReader(
                        new InputStreamReader(socat.getErrorStream(), StandardCharsets.UTF_8));
        String line = messages.readLine();
        while (line != null && !line.contains("listening on")) {
            line = messages.readLine();
        }
        assertThat(line).as("what socat says").isNotNull();
        return Integer.parseInt(line.substring(line.lastIndexOf(':') + 1).strip());
    }
}
