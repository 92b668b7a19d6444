package org.uring4j.tool;

import org.jspecify.annotations.Nullable;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.io.EventLoop;
import org.uring4j.io.ZeroCopyPolicy;
import org.uring4j.op.OpenFlags;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Both ends of a TCP connection within the machine.
 *
 * @param sending the descriptor of one end
 * @param receiving the descriptor of the other
 */
record Loopback(int sending, int receiving) {
    private static final int FIRST_PORT = 49152;
    private static final int LAST_PORT = 65535;
    private static final int ATTEMPTS = 50;

    /** What the two sides did. */
    record Result(Tally sender, Tally receiver) {}

    /** Makes the connection, through a port that is free. */
    static Loopback connect(Connections connections) {
        for (int i = 1; ; i++) {
            int port = ThreadLocalRandom.current().nextInt(FIRST_PORT, LAST_PORT + 1);
            InetSocketAddress address =
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
            int listener;
            try {
                listener = connections.listen(address);
            } catch (Failure e) {
                if (i == ATTEMPTS) {
                    throw e;
                }
                continue; // most likely the port is in use
            }
            int sending = connections.connect(List.of(address));
            int receiving = connections.accept(listener);
            connections.close(listener);
            return new Loopback(sending, receiving);
        }
    }

    /** Sends one file and receives it as the other, each on a thread and by a ring of its own. */
    Result transfer(Path from, Path to, TransferOptions options, ZeroCopyPolicy policy)
            throws IOException {
        long size = Files.size(from);
        Sides sides = new Sides(options.ringConfig());
        AtomicReference<Tally> sender = new AtomicReference<>();
        AtomicReference<Tally> receiver = new AtomicReference<>();
        try (Progress progress = Progress.of("moving", size, true)) {
            Thread sends =
                    sides.start(
                            "sender",
                            sender,
                            (ring, memory) -> send(ring, memory, from, size, options, policy));
            Thread receives =
                    sides.start(
                            "receiver",
                            receiver,
                            (ring, memory) -> receive(ring, memory, to, progress));
            sends.join();
            receives.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Failure("interrupted", e);
        }
        switch (sides.failure.get()) {
            case null -> {}
            case IOException io -> throw io;
            case RuntimeException unchecked -> throw unchecked;
            case Throwable e -> throw new Failure("a side of the transfer failed: " + e, e);
        }
        return new Result(sender.get(), receiver.get());
    }

    /** Both sides. None begins before both have a ring: it would wait for the other for ever. */
    private static final class Sides {
        private final RingConfig config;
        private final CountDownLatch opening = new CountDownLatch(2);

        /** The first side to fail tells why: the other only sees the connection go. */
        private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

        Sides(RingConfig config) {
            this.config = config;
        }

        Thread start(String name, AtomicReference<Tally> tally, Side.Work work) {
            Runnable run =
                    () -> {
                        try {
                            tally.set(Side.run(config, (ring, arena) -> begin(work, ring, arena)));
                        } catch (IOException | RuntimeException | Error e) {
                            failure.compareAndSet(null, e);
                            opening.countDown();
                        }
                    };
            return Thread.ofPlatform().name(name).start(run);
        }

        private Tally begin(Side.Work work, Ring ring, Arena memory) throws IOException {
            opening.countDown();
            try {
                opening.await();
            } catch (InterruptedException e) {
                throw new Failure("interrupted", e);
            }
            if (failure.get() != null) {
                throw new Failure("the other side has failed");
            }
            return work.run(ring, memory);
        }
    }

    private Tally send(
            Ring ring,
            Arena memory,
            Path file,
            long size,
            TransferOptions options,
            ZeroCopyPolicy policy) {
        Connections connections = new Connections(ring);
        try {
            String name = "'" + file + "'";
            int flags = OpenFlags.O_RDONLY | OpenFlags.O_CLOEXEC;
            int fd = connections.open(file.toString(), flags, 0, "cannot open " + name);
            try {
                Source source = new Source(name, fd, false, size);
                Meter meter = Meter.start();
                EventLoop loop = EventLoop.of(ring);
                List<FileSender> senders =
                        List.of(new FileSender(loop, memory, source, sending, options, policy));
                Tally tally = FileSender.run(loop, senders, bytes -> {});
                meter.stop(tally);
                FileSender.end(loop, senders);
                return tally;
            } finally {
                connections.close(fd);
            }
        } finally {
            connections.close(sending);
        }
    }

    private Tally receive(Ring ring, Arena memory, Path file, Progress progress)
            throws IOException {
        Connections connections = new Connections(ring);
        List<String> target = List.of(file.toString());
        try (ReceivedFiles files = ReceivedFiles.open(connections, target, false);
                Reception reception = new Reception(ring, memory, new ReceiveOptions())) {
            Meter meter = Meter.start();
            reception.add(receiving, files.sinks().getFirst());
            Tally tally = reception.run(progress);
            meter.stop(tally);
            files.complete();
            return tally;
        } finally {
            connections.close(receiving);
        }
    }
}
