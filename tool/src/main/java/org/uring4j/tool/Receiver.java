package org.uring4j.tool;

import org.uring4j.Ring;
import org.uring4j.Sqe;
import org.uring4j.op.Files;
import org.uring4j.op.Sockets;

import java.lang.foreign.Arena;
import java.util.function.LongConsumer;

/**
 * Receives a stream and writes it to a file, both by one ring.
 *
 * <p>The chunks go round in a circle: one receive at a time keeps the order of the stream, while
 * the chunks before it are written, many at a time where the file has positions.
 */
final class Receiver {
    private static final int RECEIVE = 0;
    private static final int WRITE = 1;
    private static final int FLUSH = 2;

    private final Ring ring;
    private final int socket;
    private final Sink sink;
    private final LongConsumer progress;
    private final Chunk[] chunks;
    private final Tally tally = new Tally();

    // Chunks are numbered along the stream; number n is chunks[n % chunks.length].
    private long nextReceive;
    private long nextWrite;
    private int writing;
    private boolean receiving;
    private boolean ended;
    private boolean flushed;

    /**
     * A receiver for one stream.
     *
     * @param memory what the chunks are allocated in; to be kept until the ring has closed
     * @param progress told the number of bytes received so far
     */
    Receiver(
            Ring ring,
            Arena memory,
            int socket,
            Sink sink,
            TransferOptions options,
            LongConsumer progress) {
        this.ring = ring;
        this.socket = socket;
        this.sink = sink;
        this.progress = progress;
        chunks = Chunk.allocate(memory, options.depth(), options.chunk());
    }

    /** Receives to the end of the stream; then everything is written, and on the disk. */
    Tally run() {
        receive();
        while (!ended || writing > 0 || nextWrite < nextReceive) {
            ring.submitAndWait(1);
            ring.completions().drain(this::completed);
            receive();
            write();
        }
        if (!sink.sequential()) {
            put(Files.fsync(ring.next(), sink.fd(), 0), FLUSH, 0);
            while (!flushed) {
                ring.submitAndWait(1);
                ring.completions().drain(this::completed);
            }
        }
        return tally;
    }

    private void receive() {
        Chunk chunk = chunk(nextReceive);
        boolean free = nextReceive < chunks.length || chunk.done;
        if (!receiving && !ended && free) {
            chunk.begin(tally.bytes);
            receiveMore(chunk);
            receiving = true;
        }
    }

    /** Not with MSG_WAITALL: when the sender is lost, it would look like the stream's end. */
    private void receiveMore(Chunk chunk) {
        put(Sockets.recv(ring.next(), socket, chunk.toFill(), 0), RECEIVE, nextReceive);
    }

    private void write() {
        int parallel = sink.sequential() ? 1 : chunks.length;
        while (writing < parallel && nextWrite < nextReceive) {
            writeRest(nextWrite);
            nextWrite++;
        }
    }

    private void writeRest(long number) {
        Chunk chunk = chunk(number);
        long offset = sink.sequential() ? Files.CURRENT : chunk.offset + chunk.emptied;
        put(Files.write(ring.next(), sink.fd(), chunk.toEmpty(), offset), WRITE, number);
        writing++;
    }

    private void completed(long userData, int result, int flags) {
        long number = userData >>> 2;
        switch ((int) userData & 3) {
            case RECEIVE -> receiveCompleted(chunk(number), result);
            case WRITE -> writeCompleted(number, result);
            default -> {
                flushed = true;
                if (result < 0) {
                    throw Failure.of("cannot flush " + sink.name(), "IORING_OP_FSYNC", result);
                }
            }
        }
    }

    private void receiveCompleted(Chunk chunk, int result) {
        if (result < 0) {
            throw Failure.of(
                    "the sender was lost after " + tally.bytes + " bytes",
                    "IORING_OP_RECV",
                    result);
        }
        ended = result == 0;
        chunk.filled += result;
        tally.bytes += result;
        // A file gets whole chunks; whoever reads a pipe gets what there is, at once.
        if (!ended && !chunk.full() && !sink.sequential()) {
            receiveMore(chunk);
        } else {
            receiving = false;
            nextReceive += chunk.filled == 0 ? 0 : 1;
            progress.accept(tally.bytes);
        }
    }

    private void writeCompleted(long number, int result) {
        writing--;
        Chunk chunk = chunk(number);
        if (result <= 0) {
            throw Failure.of("cannot write " + sink.name(), "IORING_OP_WRITE", result);
        }
        chunk.emptied += result;
        if (chunk.empty()) {
            chunk.done = true;
        } else {
            writeRest(number);
        }
    }

    private void put(Sqe sqe, int kind, long number) {
        sqe.userData(number << 2 | kind);
        tally.requests++;
    }

    private Chunk chunk(long number) {
        return chunks[(int) (number % chunks.length)];
    }
}
