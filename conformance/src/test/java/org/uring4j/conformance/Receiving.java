package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.io.EventLoop;
import org.uring4j.io.ReceivePath;
import org.uring4j.io.ReceivePool;
import org.uring4j.io.ReceivePoolConfig;
import org.uring4j.io.StreamReceiver;
import org.uring4j.resource.ZeroCopyReceiveConfig;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/** What tests of receiving begin with: a ring, its loop, a pool and a connection. */
final class Receiving implements AutoCloseable {
    final Ring ring;
    final Connection connection;
    final EventLoop loop;
    final ReceivePool pool;
    private final List<Connection> others = new ArrayList<>();

    private Receiving(Ring ring, Connection connection, EventLoop loop, ReceivePool pool) {
        this.ring = ring;
        this.connection = connection;
        this.loop = loop;
        this.pool = pool;
    }

    static Receiving open(ReceivePath path, ReceivePoolConfig config) throws IOException {
        Ring ring = ring(path);
        EventLoop loop = EventLoop.of(ring);
        return new Receiving(ring, Connection.open(ring), loop, ReceivePool.open(loop, config));
    }

    /** A ring for that path. */
    static Ring ring(ReceivePath path) {
        RingConfig config = RingConfig.of(16);
        return Ring.open(
                path == ReceivePath.ZERO_COPY
                        ? config.cqEntries(4096).cqeSize(RingConfig.CqeSize.B32)
                        : config);
    }

    /** The path, if the kernel has it; zero-copy receive with little memory, and without a card. */
    static ReceivePoolConfig config(ReceivePath path) {
        return config(path, 64 << 10);
    }

    /** As {@link #config(ReceivePath)}, with so much memory. */
    static ReceivePoolConfig config(ReceivePath path, long area) {
        ReceivePoolConfig config = ReceivePoolConfig.defaults().path(path);
        if (path == ReceivePath.ZERO_COPY) {
            return config.zeroCopy(ZcrxStream.deviceless(), ZeroCopyReceiveConfig.of(area));
        }
        if (path == ReceivePath.INCREMENTAL) {
            Needs.kernel("6.12", "IOU_PBUF_RING_INC");
        }
        return config;
    }

    /** One more connection. They are closed after the pool, whose completions closing takes. */
    Connection connect() throws IOException {
        Connection other = Connection.open(ring);
        others.add(other);
        return other;
    }

    /** Receives from the connection. */
    StreamReceiver receive(StreamReceiver.Handler handler) {
        return pool.receive(connection.fd(), handler);
    }

    /** Has the connection's peer send. */
    Thread send(byte[] data, int portion, boolean end) {
        return send(connection, data, portion, end);
    }

    /** A peer that sends, in portions, until it is through or the connection ends. */
    static Thread send(Connection connection, byte[] data, int portion, boolean end) {
        return Thread.ofPlatform()
                .start(
                        () -> {
                            try {
                                var out = connection.peer().getOutputStream();
                                for (int at = 0; at < data.length; at += portion) {
                                    out.write(data, at, Math.min(portion, data.length - at));
                                }
                                if (end) {
                                    connection.peer().shutdownOutput();
                                }
                            } catch (IOException closed) {
                                // The other side finds out by itself.
                            }
                        });
    }

    /** Runs the loop until it is so; it must never have nothing to do. */
    void turn(BooleanSupplier done) {
        turn(loop, done);
    }

    /** As {@link #turn(BooleanSupplier)}. */
    static void turn(EventLoop loop, BooleanSupplier done) {
        while (!done.getAsBoolean()) {
            assertThat(loop.run(1, Duration.ofSeconds(30))).isPositive();
        }
    }

    @Override
    public void close() throws IOException {
        try (ring;
                connection) {
            pool.close();
            for (Connection other : others) {
                other.close();
            }
        }
    }
}
