package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.conformance.StreamSenderEndsTest.Overwriter;
import org.uring4j.conformance.Streams.Producer;
import org.uring4j.io.EventLoop;
import org.uring4j.io.SenderConfig;
import org.uring4j.io.SenderReport;
import org.uring4j.io.StreamSender;
import org.uring4j.io.ZeroCopyPolicy;
import org.uring4j.io.ZeroCopyPolicy.Verdict;
import org.uring4j.op.SockAddr;
import org.uring4j.op.Sockets;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A {@link StreamSender} where nothing is copied, and where little memory may be locked. */
@Timeout(300)
class StreamSenderRoutesTest {
    private static final int ECHO = 7;
    private static final int SINK = 9;

    @BeforeEach
    void needsReports() {
        Needs.kernel("6.2", "IORING_SEND_ZC_REPORT_USAGE");
    }

    private static int connect(Ring ring, InetSocketAddress to) {
        int fd = Net.socket(ring, Sockets.AF_INET, Sockets.SOCK_STREAM);
        try (Arena arena = Arena.ofConfined()) {
            Sockets.connect(ring.next(), fd, SockAddr.of(arena, to));
            Net.ok(ring);
        }
        return fd;
    }

    @Test
    @NeedsDevice("e1000")
    void shouldEndAtZeroCopyOverNic() {
        InetSocketAddress sink = new InetSocketAddress(Needs.device("e1000"), SINK);
        ZeroCopyPolicy policy = ZeroCopyPolicy.auto();
        SenderConfig config = SenderConfig.DEFAULT.policy(policy).destination(sink);
        long size = 8 << 20;
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            SenderReport report = send(ring, sink, config, size);
            assertThat(report.copied()).isZero();
            assertThat(report.zeroCopy()).isGreaterThan(size / 2);
            assertThat(report.remark()).isEmpty();
            assertThat(policy.verdict(sink)).isEqualTo(Verdict.ZERO_COPY);
            // The next one knows already.
            report = send(ring, sink, config, size);
            assertThat(report.zeroCopy()).isEqualTo(size);
        }
    }

    private static SenderReport send(
            Ring ring, InetSocketAddress sink, SenderConfig config, long size) {
        int fd = connect(ring, sink);
        EventLoop loop = EventLoop.of(ring);
        Producer producer = new Producer(size, config.chunkSize());
        StreamSender sender = producer.start(loop, fd, config);
        Streams.run(loop, () -> producer.finished);
        SenderReport report = sender.report();
        assertThat(report.bytes()).isEqualTo(size);
        sender.close();
        assertThat(producer.closed).isTrue();
        Net.close(ring, fd);
        return report;
    }

    /** As over loopback, where the kernel copies; here the card reads the memory itself. */
    @Test
    @NeedsDevice("e1000")
    void shouldReturnMemoryThatMayBeOverwrittenOverNic() throws Exception {
        InetSocketAddress echo = new InetSocketAddress(Needs.device("e1000"), ECHO);
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            int fd = connect(ring, echo);
            SenderConfig config = SenderConfig.DEFAULT.policy(ZeroCopyPolicy.always());
            Overwriter overwriter = new Overwriter(ring, fd, config);
            // Nobody reads what comes back, and so the other end soon reads no more either.
            overwriter.send();
            assertThat(overwriter.returned).isLessThan(overwriter.given);
            CompletableFuture<Long> peer = new CompletableFuture<>();
            Thread.ofPlatform()
                    .daemon()
                    .start(
                            () -> {
                                try {
                                    peer.complete(receive(fd, overwriter.given));
                                } catch (RuntimeException | AssertionError e) {
                                    peer.completeExceptionally(e);
                                }
                            });
            overwriter.finish();
            assertThat(peer.get(120, TimeUnit.SECONDS)).isEqualTo(overwriter.given);
            Net.close(ring, fd);
        }
    }

    /** Receives so many bytes by a ring of its own, and compares each. */
    private static long receive(int fd, long size) {
        try (Ring ring = Ring.open(RingConfig.of(1));
                Arena arena = Arena.ofShared()) {
            MemorySegment buffer = arena.allocate(1 << 16);
            long place = 0;
            while (place < size) {
                Sockets.recv(ring.next(), fd, buffer, 0);
                int count = Net.ok(Completions.one(ring));
                assertThat(count).as("place=%d", place).isPositive();
                Streams.check(buffer.asSlice(0, count), place);
                place += count;
            }
            return place;
        }
    }

    @Test
    void shouldSendInAnotherWayWhenLittleMemoryMayBeLocked() throws Exception {
        assertThat(Apart.locking(1 << 20, Limited.class))
                .contains("auto bytes=4000000")
                .contains("the limit on locked memory is too low for one zero-copy send")
                .contains("always, less at once bytes=4000000")
                .contains("always ENOMEM")
                .contains("raise it (ulimit -l)");
    }

    /** Sends with too little memory to lock. */
    static final class Limited {
        private static final long SIZE = 4_000_000;

        private Limited() {}

        public static void main(String[] args) throws Exception {
            List<String> lines = new ArrayList<>();
            // A chunk is a request: of several in one, kernels (6.12) lock the memory uncounted.
            SenderConfig config = SenderConfig.DEFAULT.chunks(4, 256 << 10);
            SenderConfig page = SenderConfig.DEFAULT.chunks(1, 4096);
            ZeroCopyPolicy always = ZeroCopyPolicy.always();
            ZeroCopyPolicy auto = ZeroCopyPolicy.auto().minimum(256 << 10);
            // Less than a request.
            lines.add("auto " + send(config.policy(auto), 200_000));
            lines.add("always, less at once " + send(config.policy(always), 200_000));
            lines.add("always " + send(page.policy(always), 0));
            lines.forEach(System.out::println);
        }

        private static String send(SenderConfig config, int lockable) throws Exception {
            limit(1 << 20);
            try (Ring ring = Ring.open(RingConfig.of(8));
                    Connection connection = Connection.open(ring)) {
                // Rings lock memory too.
                limit(lockable);
                EventLoop loop = EventLoop.of(ring);
                CompletableFuture<Long> peer = Streams.comparing(connection.peer());
                Producer producer = new Producer(SIZE, config.chunkSize());
                StreamSender sender = producer.start(loop, connection.fd(), config);
                Streams.run(loop, () -> producer.finished || producer.failure != null);
                if (producer.failure != null) {
                    assertThat(producer.failure.errno()).isEqualTo(Errno.ENOMEM);
                    Streams.close(loop, sender, producer);
                    return producer.failure.errno() + " " + producer.failure.getMessage();
                }
                assertThat(peer.get(60, TimeUnit.SECONDS)).isEqualTo(SIZE);
                SenderReport report = sender.report();
                sender.close();
                return "bytes=" + report.bytes() + " " + report;
            }
        }

        private static void limit(int bytes) throws Exception {
            long pid = ProcessHandle.current().pid();
            List<String> command = List.of("prlimit", "--pid=" + pid, "--memlock=" + bytes + ":");
            assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
        }
    }
}
