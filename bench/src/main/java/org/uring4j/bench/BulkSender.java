package org.uring4j.bench;

import org.jspecify.annotations.Nullable;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.UringException;
import org.uring4j.io.EventLoop;
import org.uring4j.io.SendChunk;
import org.uring4j.io.SenderConfig;
import org.uring4j.io.SenderListener;
import org.uring4j.io.StreamSender;
import org.uring4j.io.ZeroCopyPolicy;
import org.uring4j.op.Files;
import org.uring4j.op.SockAddr;
import org.uring4j.op.Sockets;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** Sends in bulk through a {@link StreamSender}; arguments: PORT and auto, always or never. */
final class BulkSender implements SenderListener {
    /** So often the loop is left, so that the JIT need not replace it running. */
    private static final int STRETCH = 64;

    private final EventLoop loop;
    private final StreamSender sender;
    private final int fd;
    private final int size;
    private boolean running;
    private long given;

    private BulkSender(EventLoop loop, int fd, int size, ZeroCopyPolicy policy) {
        this.loop = loop;
        this.fd = fd;
        this.size = size;
        SenderConfig config =
                SenderConfig.DEFAULT
                        .chunks(BulkPeer.buffers(size), size)
                        .request(BulkPeer.GATHER)
                        .policy(policy)
                        .destination(new InetSocketAddress(InetAddress.getLoopbackAddress(), 1));
        sender = StreamSender.open(loop, fd, config, this);
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        int port = Integer.parseInt(args[0]);
        ZeroCopyPolicy policy =
                switch (args[1]) {
                    case "always" -> ZeroCopyPolicy.always();
                    case "never" -> ZeroCopyPolicy.never();
                    default -> ZeroCopyPolicy.auto();
                };
        try (Ring ring = Ring.open(RingConfig.of(64))) {
            EventLoop loop = EventLoop.of(ring);
            @Nullable BulkSender[] current = new BulkSender[1];
            BulkPeer.serve(
                    "uring4j",
                    (size, nanos) -> {
                        BulkSender sender = current[0];
                        if (sender == null || sender.size != size) {
                            if (sender != null) {
                                sender.close();
                            }
                            sender = new BulkSender(loop, connect(loop, port), size, policy);
                            current[0] = sender;
                        }
                        return sender.run(nanos);
                    });
        }
    }

    private void close() {
        sender.close();
        close(loop, fd);
    }

    /** Closes a descriptor through the ring. */
    static void close(EventLoop loop, int fd) {
        int user = loop.attach((value, result, flags, first, second) -> {});
        Files.close(loop.ring().next(), fd).userData(EventLoop.userData(user, 0));
        loop.run(1);
        loop.detach(user);
    }

    /** Connects to loopback through the ring. */
    static int connect(EventLoop loop, int port) {
        int[] result = new int[1];
        int user = loop.attach((value, answer, flags, first, second) -> result[0] = answer);
        try (Arena arena = Arena.ofConfined()) {
            long data = EventLoop.userData(user, 0);
            Ring ring = loop.ring();
            Sockets.socket(ring.next(), Sockets.AF_INET, Sockets.SOCK_STREAM, 0).userData(data);
            loop.run(1);
            int fd = result[0];
            InetSocketAddress sink = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
            Sockets.connect(ring.next(), fd, SockAddr.of(arena, sink)).userData(data);
            loop.run(1);
            if (result[0] != 0) {
                throw UringException.of("IORING_OP_CONNECT", result[0]);
            }
            return fd;
        } finally {
            loop.detach(user);
        }
    }

    private long run(long nanos) {
        long before = given;
        running = true;
        roomAgain(sender);
        long start = System.nanoTime();
        while (System.nanoTime() - start < nanos) {
            stretch();
        }
        running = false;
        while (sender.unsent() > 0 || loop.ring().inFlight() > 0) {
            loop.run(1);
        }
        return given - before;
    }

    private void stretch() {
        for (int i = 0; i < STRETCH; i++) {
            loop.run(1);
        }
    }

    @Override
    public void roomAgain(StreamSender any) {
        if (!running) {
            return;
        }
        for (SendChunk chunk = sender.claim(); chunk != null; chunk = sender.claim()) {
            chunk.send(size);
            given += size;
        }
    }

    @Override
    public void failed(StreamSender any, UringException failure) {
        throw failure;
    }
}
