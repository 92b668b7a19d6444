package org.uring4j.conformance;

import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.RingConfig.CqeSize;
import org.uring4j.op.OpenFlags;
import org.uring4j.op.ZeroCopyReceives;
import org.uring4j.resource.ZcrxSource;
import org.uring4j.resource.ZeroCopyReceive;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;

/**
 * A connection whose peer sends the {@link Pattern}, received by a queue and checked byte by byte.
 */
final class ZcrxStream {
    private static final int CLONE_NEWNET = 0x40000000;

    final Ring ring;
    final ZeroCopyReceive queue;
    final int fd;
    long received;

    /** The requests' last results, in order. */
    final List<Integer> ends = new ArrayList<>();

    /** Whether a request that ended for want of something is submitted again. */
    boolean goOn = true;

    private boolean armed;
    private Duration limit = Duration.ofSeconds(50);

    ZcrxStream(ZeroCopyReceive queue, Connection connection) {
        this.ring = connection.ring();
        this.queue = queue;
        fd = connection.fd();
    }

    static Ring open(CqeSize size) {
        if (size == CqeSize.MIXED) {
            Needs.kernel("6.18", "IORING_SETUP_CQE_MIXED");
        }
        return Ring.open(RingConfig.of(64).cqEntries(4096).cqeSize(size));
    }

    static ZcrxSource deviceless() {
        Needs.kernel("7.1", "ZCRX_REG_NODEV");
        return ZcrxSource.deviceless();
    }

    static ZcrxSource device() {
        return ZcrxSource.netDevice(Needs.device("zcrx"), 0);
    }

    /** A connection whose peer is beyond the simulated network card. */
    static Connection connect(Ring ring) throws Exception {
        return connect(ring, "sim", "10.78.0.2");
    }

    static Connection connect(Ring ring, String namespace, String address) throws Exception {
        try (ServerSocket server = listen(namespace, address)) {
            return Connection.open(ring, server);
        }
    }

    /** A socket belongs to the namespace of the thread that made it. */
    static ServerSocket listen(String namespace, String address) throws Exception {
        FutureTask<ServerSocket> made =
                new FutureTask<>(
                        () -> {
                            enter(namespace);
                            ServerSocket server = new ServerSocket();
                            server.bind(new InetSocketAddress(InetAddress.ofLiteral(address), 0));
                            return server;
                        });
        Thread.ofPlatform().start(made);
        return made.get();
    }

    private static void enter(String namespace) throws IOException {
        try (Ring opener = Ring.open(RingConfig.of(1));
                Opened opened =
                        Opened.open(opener, Path.of("/run/netns", namespace), OpenFlags.O_RDONLY)) {
            Libc.call("setns", opened.fd(), CLONE_NEWNET);
        }
    }

    /** Has the peer send, then end the stream if asked to. */
    static Thread send(Connection connection, long from, long to, boolean end) {
        return Thread.ofPlatform()
                .daemon()
                .start(
                        () -> {
                            try {
                                Pattern.write(connection.peer().getOutputStream(), from, to);
                                if (end) {
                                    connection.peer().shutdownOutput();
                                }
                            } catch (IOException e) {
                                // The receiver sees that bytes are missing.
                            }
                        });
    }

    /** How long to wait at most. */
    void limit(Duration limit) {
        this.limit = limit;
    }

    void arm() {
        arm(0);
    }

    void arm(int limit) {
        ZeroCopyReceives.receive(ring.next(), fd, queue.id(), limit, 0).userData(fd);
        armed = true;
    }

    void armed(boolean armed) {
        this.armed = armed;
    }

    boolean armed() {
        return armed;
    }

    /** Receives and gives back until so many bytes are here altogether. */
    void receive(long total) {
        receive(total, queue::recycle);
    }

    /** Receives until so many bytes are here altogether; {@code done} has each piece's place. */
    void receive(long total, LongConsumer done) {
        long end = System.nanoTime() + limit.toNanos();
        while (received < total) {
            if (!armed) {
                arm();
            }
            step(end, done);
        }
    }

    /** Receives until {@code enough}, keeping the places of the pieces in {@code places}. */
    void receiveUntil(BooleanSupplier enough, List<Long> places) {
        long end = System.nanoTime() + limit.toNanos();
        while (!enough.getAsBoolean()) {
            step(end, places::add);
        }
    }

    /** Receives until the request has ended; with what. */
    int receiveToEnd() {
        long end = System.nanoTime() + limit.toNanos();
        while (armed) {
            step(end, queue::recycle);
        }
        return ends.getLast();
    }

    private void step(long end, LongConsumer done) {
        long left = end - System.nanoTime();
        if (left < 0) {
            throw new AssertionError("received=" + received + " ends=" + ends + " " + state());
        }
        ring.submitAndWait(1, Duration.ofNanos(left));
        ring.completions().drain((data, result, flags, place, _) -> on(result, flags, place, done));
    }

    void on(int result, int flags, long place, LongConsumer done) {
        if (ZeroCopyReceive.hasData(result, flags)) {
            MemorySegment piece = queue.take(result, flags, place);
            Pattern.check(piece, received);
            received += result;
            done.accept(place);
            return;
        }
        armed = false;
        ends.add(result);
        if (queue.recover(result)) {
            if (goOn) {
                arm();
            }
        } else if (result < 0 && !Errno.EFAULT.is(result)) {
            throw new AssertionError("result=" + result + " received=" + received);
        }
    }

    private String state() {
        return queue + " " + queue.counters();
    }
}
