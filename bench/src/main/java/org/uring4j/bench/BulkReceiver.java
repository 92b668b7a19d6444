package org.uring4j.bench;

import org.jspecify.annotations.Nullable;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.UringException;
import org.uring4j.io.EventLoop;
import org.uring4j.io.ReceivePath;
import org.uring4j.io.ReceivePool;
import org.uring4j.io.ReceivePoolConfig;
import org.uring4j.io.StreamReceiver;
import org.uring4j.resource.Lease;

import java.io.IOException;
import java.util.Locale;

/**
 * Receives in bulk through uring4j's {@link StreamReceiver}; arguments: PORT and the {@link
 * ReceivePath}, or {@code best}, and how many bytes to gather.
 */
final class BulkReceiver implements StreamReceiver.Handler {
    /** How many turns between two looks at the clock, as in the C receiver. */
    private static final int STRETCH = 16;

    private final EventLoop loop;
    private final int port;
    private final @Nullable ReceivePath path;
    private final int gather;
    private @Nullable ReceivePool pool;
    private int bufferSize;
    private int fd;
    private long received;

    private BulkReceiver(EventLoop loop, int port, @Nullable ReceivePath path, int gather) {
        this.loop = loop;
        this.port = port;
        this.path = path;
        this.gather = gather;
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        ReceivePath path =
                args[1].equals("best")
                        ? null
                        : ReceivePath.valueOf(args[1].toUpperCase(Locale.ROOT));
        try (Ring ring = Ring.open(RingConfig.of(64).cqEntries(1024))) {
            EventLoop loop = EventLoop.of(ring);
            BulkReceiver receiver =
                    new BulkReceiver(
                            loop, Integer.parseInt(args[0]), path, Integer.parseInt(args[2]));
            BulkPeer.serve("uring4j", receiver::run);
            if (receiver.pool != null) {
                receiver.pool.close();
            }
        }
    }

    private long run(int size, long nanos) {
        if (size != bufferSize) {
            open(size);
        }
        long before = received;
        long start = System.nanoTime();
        while (System.nanoTime() - start < nanos) {
            stretch();
        }
        return received - before;
    }

    private void stretch() {
        for (int i = 0; i < STRETCH; i++) {
            loop.run(1);
        }
    }

    private void open(int size) {
        if (pool != null) {
            pool.close();
            BulkSender.close(loop, fd);
        }
        long bytes = (long) size * BulkPeer.buffers(size);
        ReceivePoolConfig config =
                ReceivePoolConfig.defaults()
                        .size(bytes)
                        .working(bytes)
                        .bufferSize(size)
                        .gather(gather);
        pool = ReceivePool.open(loop, path == null ? config : config.path(path));
        fd = BulkSender.connect(loop, port);
        pool.receive(fd, this);
        bufferSize = size;
    }

    @Override
    public void onLease(StreamReceiver any, Lease lease) {
        received += lease.size();
        lease.close();
    }

    @Override
    public void onEnd(StreamReceiver any) {
        throw new BenchException("the source has gone");
    }

    @Override
    public void onError(StreamReceiver any, UringException error) {
        throw error;
    }
}
