package org.uring4j.tool;

import org.uring4j.Errno;
import org.uring4j.Sqe;
import org.uring4j.UringException;
import org.uring4j.io.EventLoop;
import org.uring4j.io.StreamReceiver;
import org.uring4j.op.Files;
import org.uring4j.op.IoVectors;
import org.uring4j.resource.Lease;

import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;

/**
 * Writes a stream to a file from the memory that the kernel received it into.
 *
 * <p>What has come since the last write goes into the next one; several are under way where the
 * file has positions, and one at a time where it has none. A lease is closed when its bytes are
 * written, so that a slow disk holds up the sender.
 */
final class Receiver implements StreamReceiver.Handler {
    /** How many leases a write gathers at most. */
    private static final int GATHER = 64;

    private static final int FLUSH = -1;

    private final EventLoop loop;
    private final int user;
    private final Sink sink;
    private final LongConsumer progress;
    private final BooleanSupplier nothingCame;
    private final ArrayDeque<Lease> unwritten = new ArrayDeque<>();
    private final ArrayDeque<Write> free = new ArrayDeque<>();
    private final Write[] writes;

    private long bytes;
    private long requests;
    private int mostLeases;

    /** Where in the file the next write begins. */
    private long offset;

    private int leases;
    private boolean scheduled;
    private boolean ended;
    private boolean flushing;
    private boolean done;

    /**
     * A receiver for one stream.
     *
     * @param memory what is allocated in; to be kept until the ring has closed
     * @param depth how many writes may be under way at once
     * @param progress told how many bytes have come, each time some have
     * @param nothingCame told when the connection is reset before any have; whether that is all
     *     right
     */
    Receiver(
            EventLoop loop,
            Arena memory,
            Sink sink,
            int depth,
            LongConsumer progress,
            BooleanSupplier nothingCame) {
        this.nothingCame = nothingCame;
        this.loop = loop;
        this.sink = sink;
        this.progress = progress;
        user = loop.attach((value, result, flags, first, second) -> completed(value, result));
        writes = new Write[sink.sequential() ? 1 : depth];
        for (int i = 0; i < writes.length; i++) {
            writes[i] = new Write(i, IoVectors.allocate(memory, GATHER));
            free.add(writes[i]);
        }
    }

    /** Some bytes of the stream, from where the first lease begins to where the last ends. */
    private final class Write {
        private final int number;
        private final IoVectors vectors;
        private final ArrayDeque<Lease> leases = new ArrayDeque<>();
        private long begin;

        Write(int number, IoVectors vectors) {
            this.number = number;
            this.vectors = vectors;
        }

        void begin() {
            begin = offset;
            while (!unwritten.isEmpty() && leases.size() < GATHER) {
                Lease lease = unwritten.remove();
                offset += lease.size();
                leases.add(lease);
            }
            submit();
        }

        private void submit() {
            long position = sink.sequential() ? Files.CURRENT : begin;
            vectors.clear();
            for (Lease lease : leases) {
                vectors.add(lease.memory());
            }
            Sqe sqe = loop.ring().next();
            put(Files.writev(sqe, sink.fd(), vectors, position), number);
        }

        /** So many of the bytes are written. */
        void written(int bytes) {
            begin += bytes;
            int left = bytes;
            while (left > 0) {
                Lease lease = leases.remove();
                if (lease.size() > left) {
                    leases.addFirst(lease.split(left));
                } else {
                    Receiver.this.leases--;
                }
                left -= lease.size();
                lease.close();
            }
            if (leases.isEmpty()) {
                free.push(this);
            } else {
                submit();
            }
        }
    }

    @Override
    public void onLease(StreamReceiver receiver, Lease lease) {
        bytes += lease.size();
        unwritten.add(lease);
        leases++;
        mostLeases = Math.max(mostLeases, leases);
        progress.accept(lease.size());
        schedule();
    }

    @Override
    public void onEnd(StreamReceiver receiver) {
        ended = true;
        settle();
    }

    @Override
    public void onError(StreamReceiver receiver, UringException error) {
        if (bytes == 0 && error.errno() == Errno.ECONNRESET && nothingCame.getAsBoolean()) {
            finish();
            return;
        }
        throw new Failure(
                "the sender was lost after " + bytes + " bytes: " + error.getMessage(), error);
    }

    private void schedule() {
        if (!scheduled) {
            scheduled = true;
            loop.beforeSubmit(this::write);
        }
    }

    private void write() {
        scheduled = false;
        while (!unwritten.isEmpty() && !free.isEmpty()) {
            free.pop().begin();
        }
    }

    private void settle() {
        if (ended && leases == 0 && !flushing) {
            flushing = true;
            if (sink.sequential()) {
                finish();
            } else {
                put(Files.fsync(loop.ring().next(), sink.fd(), 0), FLUSH);
            }
        }
    }

    private void completed(int value, int result) {
        if (value == FLUSH) {
            if (result < 0) {
                throw Failure.of("cannot flush " + sink.name(), "IORING_OP_FSYNC", result);
            }
            finish();
        } else if (result <= 0) {
            throw Failure.of("cannot write " + sink.name(), "IORING_OP_WRITEV", result);
        } else {
            writes[value].written(result);
            schedule();
            settle();
        }
    }

    private void finish() {
        done = true;
        loop.detach(user);
    }

    /** Whether everything has come, is written, and on the disk. */
    boolean done() {
        return done;
    }

    /** Adds what it has done, but for the bytes, which are reported as they come. */
    void addTo(Tally all) {
        all.requests += requests;
        all.mostBuffers += mostLeases;
    }

    private void put(Sqe sqe, int value) {
        sqe.userData(EventLoop.userData(user, value));
        requests++;
    }
}
