package org.uring4j.tool;

import org.uring4j.Errno;
import org.uring4j.Kernel;
import org.uring4j.Ring;
import org.uring4j.Sqe;
import org.uring4j.UringException;
import org.uring4j.io.EventLoop;
import org.uring4j.io.ReceivePath;
import org.uring4j.io.ReceivePool;
import org.uring4j.io.StreamReceiver;
import org.uring4j.op.Files;
import org.uring4j.op.Sockets;
import org.uring4j.resource.ZeroCopyReceive;
import org.uring4j.resource.ZeroCopyReceiveCounters;

import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.regex.Pattern;

/** Receives streams, each into a file, by one ring. */
final class Reception implements AutoCloseable {
    private static final int ACCEPT = 0;
    private static final int CLOSE = 1;

    /** Why there is no zero-copy receive where nobody has asked for it: nothing to report. */
    private static final Pattern NOT_ASKED_FOR =
            Pattern.compile("^ZERO_COPY: no queue was given[^;]*(; )?");

    private final EventLoop loop;
    private final Arena memory;
    private final int depth;
    private final ReceivePool pool;
    private final Tally tally = new Tally();
    private final List<Integer> sockets = new ArrayList<>();
    private final List<Receiver> receivers = new ArrayList<>();
    private final List<StreamReceiver> streams = new ArrayList<>();
    private final ArrayDeque<Sink> waitingFor = new ArrayDeque<>();
    private LongConsumer progress = bytes -> {};

    /** Where connections come from; -1 when there are no more to come. */
    private int listener = -1;

    private int acceptor;
    private boolean accepting;

    /** What the pool begins with is there before the connections are, and so for all they bring. */
    Reception(Ring ring, Arena memory, ReceiveOptions options) {
        this.memory = memory;
        loop = EventLoop.of(ring);
        depth = options.depth();
        try {
            pool = ReceivePool.open(loop, options.poolConfig(Kernel.current()));
        } catch (IllegalArgumentException e) {
            throw new Failure(Failure.oneLine(e), e);
        } catch (UringException e) {
            if (e.errno() != Errno.ENOMEM) {
                throw e;
            }
            throw new Failure(
                    "not enough memory to receive into; raise the limit on locked memory"
                            + " (ulimit -l), or choose a smaller --memory: "
                            + Failure.oneLine(e),
                    e);
        }
    }

    /** Receives from a connection. */
    void add(int socket, Sink sink) {
        sockets.add(socket);
        Receiver receiver =
                new Receiver(
                        loop, memory, sink, depth, this::received, () -> replace(socket, sink));
        receivers.add(receiver);
        StreamReceiver stream = pool.receive(socket, receiver);
        streams.add(stream);
        String why =
                stream.reason().map(NOT_ASKED_FOR::matcher).map(m -> m.replaceFirst("")).orElse("");
        tally.ways.add(stream.path() + (why.isEmpty() ? "" : ", not better: " + why));
    }

    /** Receives from as many connections as there are sinks, as they come. */
    void accept(int listener, List<Sink> sinks) {
        this.listener = listener;
        acceptor = loop.attach((value, result, flags, first, second) -> answered(value, result));
        waitingFor.addAll(sinks);
        accept();
    }

    private void accept() {
        if (!accepting && !waitingFor.isEmpty()) {
            accepting = true;
            put(Sockets.accept(loop.ring().next(), listener, Sockets.SOCK_CLOEXEC), ACCEPT);
        }
    }

    private void put(Sqe sqe, int value) {
        sqe.userData(EventLoop.userData(acceptor, value));
        tally.requests++;
    }

    private void answered(int value, int result) {
        if (value == ACCEPT) {
            accepting = false;
            if (result < 0) {
                throw Failure.of("cannot accept a connection", "IORING_OP_ACCEPT", result);
            }
            add(result, waitingFor.remove());
            accept();
        }
    }

    /** As if the connection had never been; another is waited for, if others may come. */
    private boolean replace(int socket, Sink sink) {
        if (listener < 0) {
            return false;
        }
        tally.resets++;
        sockets.remove(Integer.valueOf(socket));
        put(Files.close(loop.ring().next(), socket), CLOSE);
        waitingFor.add(sink);
        accept();
        return true;
    }

    private void received(long bytes) {
        tally.bytes += bytes;
        progress.accept(tally.bytes);
    }

    /**
     * Receives all streams to their ends; then everything is written, and on the disk.
     *
     * @param progress told the number of bytes received so far
     */
    Tally run(LongConsumer progress) {
        this.progress = progress;
        while (!waitingFor.isEmpty() || !receivers.stream().allMatch(Receiver::done)) {
            loop.run(1);
        }
        receivers.forEach(receiver -> receiver.addTo(tally));
        tally.requests += pool.restarts() + sockets.size();
        pool.zeroCopy().ifPresent(this::count);
        return tally;
    }

    /** The connections, which are not closed here. */
    List<Integer> sockets() {
        return sockets;
    }

    /** Only the streams that came by the queue: others of the same pool are always copied. */
    private void count(ZeroCopyReceive queue) {
        long bytes =
                streams.stream()
                        .filter(stream -> stream.path() == ReceivePath.ZERO_COPY)
                        .mapToLong(StreamReceiver::received)
                        .sum();
        ZeroCopyReceiveCounters counters = queue.counters();
        if (bytes == tally.bytes) {
            // Closer than the leases, of which several may be on one buffer.
            tally.mostBuffers = counters.mostBuffersOut();
        }
        tally.refills = counters.refills();
        tally.flushes = counters.flushes();
        tally.cardStarvations = counters.allocFails();
        if (Kernel.current().has("ZCRX_FEATURE_EVENT")) {
            tally.copiedBytes = queue.copyBytes();
            tally.zeroCopyBytes = bytes - tally.copiedBytes;
        } else {
            tally.untoldBytes = bytes;
        }
    }

    @Override
    public void close() {
        pool.close();
    }
}
