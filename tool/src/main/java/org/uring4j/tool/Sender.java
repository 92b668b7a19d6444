package org.uring4j.tool;

import org.uring4j.Cqe;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.Sqe;
import org.uring4j.op.Files;
import org.uring4j.op.Sockets;
import org.uring4j.op.ZeroCopySend;

import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.LongConsumer;

/**
 * Reads a file and sends it, both by one ring.
 *
 * <p>The chunks go round in a circle: the file is read ahead into free ones, many at a time, while
 * one send at a time keeps the order of the stream. A chunk is free again when it is sent in full
 * and every notification of its zero-copy sends has come.
 */
final class Sender {
    /** How long to wait for the peer to take the end of the stream and close. */
    private static final Duration LINGER = Duration.ofSeconds(1);

    private static final int READ = 0;
    private static final int SEND = 1;
    private static final int SHUTDOWN = 2;
    private static final int FAREWELL = 3;

    private final Ring ring;
    private final Source source;
    private final int socket;
    private final ZeroCopyPolicy policy;
    private final LongConsumer progress;
    private final Chunk[] chunks;
    private final int chunkSize;
    private final Tally tally = new Tally();

    /** The zero-copy sends that no notification has come for, by their number. */
    private final Map<Long, Sent> unnotified = new HashMap<>();

    // Chunks are numbered along the stream; number n is chunks[n % chunks.length].
    private long nextRead;
    private long nextSend;
    private int reading;
    private long sends;
    private boolean sending;
    private boolean zeroCopySend;
    private boolean sourceEnded;
    private boolean shutDown;
    private boolean peerClosed;

    /** Memory for more zero-copy sends is lacking until a notification comes. */
    private boolean starved;

    private record Sent(Chunk chunk, int bytes) {}

    /**
     * A sender for one stream.
     *
     * @param memory what the chunks are allocated in; to be kept until the ring has closed
     * @param progress told the number of bytes sent so far
     */
    Sender(
            Ring ring,
            Arena memory,
            Source source,
            int socket,
            TransferOptions options,
            ZeroCopyPolicy policy,
            LongConsumer progress) {
        this.ring = ring;
        this.source = source;
        this.socket = socket;
        this.policy = policy;
        this.progress = progress;
        chunkSize = options.chunk();
        chunks = Chunk.allocate(memory, options.depth(), chunkSize);
    }

    /** Sends the whole file, until the kernel has given back all memory. */
    Tally run() {
        read();
        while (!finished()) {
            ring.submitAndWait(1);
            ring.completions().drain(this::completed);
            // In this order: what has been sent makes room for reading.
            send();
            read();
        }
        tally.remark = policy.remark();
        return tally;
    }

    private boolean finished() {
        return sourceEnded && nextSend == nextRead && reading == 0 && unnotified.isEmpty();
    }

    private void read() {
        int parallel = source.sequential() ? 1 : chunks.length;
        while (!sourceEnded && reading < parallel && nextRead - nextSend < chunks.length) {
            Chunk chunk = chunk(nextRead);
            if (chunk.notifications > 0) {
                return;
            }
            chunk.begin(nextRead * chunkSize);
            readMore(chunk, nextRead);
            nextRead++;
        }
    }

    private void readMore(Chunk chunk, long number) {
        long offset = source.sequential() ? Files.CURRENT : chunk.offset + chunk.filled;
        put(Files.read(ring.next(), source.fd(), chunk.toFill(), offset), READ, number);
        reading++;
    }

    private void send() {
        while (!sending && !starved && nextSend < nextRead && chunk(nextSend).ready) {
            Chunk chunk = chunk(nextSend);
            if (!chunk.empty()) {
                sendRest(chunk);
            } else {
                nextSend++;
                if (chunk.last) {
                    // What was read beyond the end was read in vain.
                    nextSend = nextRead;
                }
            }
        }
    }

    private void sendRest(Chunk chunk) {
        var memory = chunk.toEmpty();
        Sqe sqe = ring.next();
        zeroCopySend = policy.appliesTo(memory.byteSize());
        if (zeroCopySend) {
            ZeroCopySend.send(sqe, socket, memory, Sockets.MSG_WAITALL, policy.ioFlags());
        } else {
            Sockets.send(sqe, socket, memory, Sockets.MSG_WAITALL);
        }
        put(sqe, SEND, ++sends);
        sending = true;
    }

    private void completed(long userData, int result, int flags) {
        long number = userData >>> 2;
        switch ((int) userData & 3) {
            case READ -> readCompleted(number, result);
            case SEND -> {
                if (Cqe.isNotification(flags)) {
                    notified(number, result);
                } else {
                    sendCompleted(number, result, flags);
                }
            }
            case SHUTDOWN -> shutDown = true;
            default -> farewellCompleted(result);
        }
    }

    private void readCompleted(long number, int result) {
        reading--;
        Chunk chunk = chunk(number);
        if (result < 0) {
            throw Failure.of("cannot read " + source.name(), "IORING_OP_READ", result);
        }
        chunk.filled += result;
        if (result == 0) {
            chunk.last = true;
            sourceEnded = true;
        }
        // A short read of a file is not its end: only a read of nothing is.
        if (result > 0 && !source.sequential() && !chunk.full()) {
            readMore(chunk, number);
        } else {
            chunk.ready = true;
        }
    }

    private void sendCompleted(long number, int result, int flags) {
        Chunk chunk = chunk(nextSend);
        sending = false;
        if (Cqe.hasMore(flags)) {
            chunk.notifications++;
            unnotified.put(number, new Sent(chunk, Math.max(result, 0)));
        }
        if (result > 0) {
            chunk.emptied += result;
            tally.bytes += result;
            if (!Cqe.hasMore(flags)) {
                tally.plainBytes += result;
            }
            progress.accept(tally.bytes);
        } else if (!outOfMemory(result)) {
            throw lost(result);
        }
    }

    /**
     * Locked memory or socket memory is used up: there will be more when earlier sends free theirs,
     * and if there are none, it is too little for any send of this size.
     *
     * @return whether it is that, and can be helped
     */
    private boolean outOfMemory(int result) {
        if (!Errno.ENOMEM.is(result) && !Errno.ENOBUFS.is(result)) {
            return false;
        }
        if (unnotified.values().stream().anyMatch(sent -> sent.bytes() > 0)) {
            starved = true;
            return true;
        }
        if (zeroCopySend && !policy.outOfMemory()) {
            throw Failure.of(
                    "cannot send so much at once without copying; choose a smaller --chunk, or"
                            + " --zero-copy auto",
                    "IORING_OP_SEND_ZC",
                    result);
        }
        return zeroCopySend;
    }

    private void notified(long number, int result) {
        Sent sent = Objects.requireNonNull(unnotified.remove(number));
        sent.chunk().notifications--;
        int bytes = sent.bytes();
        if (bytes == 0) {
            return; // of a send that failed: it frees no memory and tells nothing
        }
        starved = false;
        boolean copied = ZeroCopySend.copied(result);
        if (!policy.reportsUsage()) {
            tally.untoldBytes += bytes;
        } else if (copied) {
            tally.copiedBytes += bytes;
        } else {
            tally.zeroCopyBytes += bytes;
        }
        policy.notified(copied);
    }

    /**
     * Says that the stream is over and reads on until the peer closes too: closing a socket that
     * still has something to read would throw away what the peer has not read yet.
     */
    void end() {
        put(Sockets.shutdown(ring.next(), socket, Sockets.SHUT_WR), SHUTDOWN, 0);
        while (!shutDown) {
            ring.submitAndWait(1);
            ring.completions().drain(this::completed);
        }
        Chunk chunk = chunks[0];
        chunk.begin(0);
        long deadline = System.nanoTime() + LINGER.toNanos();
        long left = LINGER.toNanos();
        put(Sockets.recv(ring.next(), socket, chunk.toFill(), 0), FAREWELL, 0);
        while (!peerClosed && left > 0) {
            ring.submitAndWait(1, Duration.ofNanos(left));
            ring.completions().drain(this::completed);
            left = deadline - System.nanoTime();
        }
    }

    private void farewellCompleted(int result) {
        if (result > 0) {
            put(Sockets.recv(ring.next(), socket, chunks[0].toFill(), 0), FAREWELL, 0);
        } else if (result == 0) {
            peerClosed = true;
        } else {
            throw lost(result);
        }
    }

    private Failure lost(int result) {
        return Failure.of(
                "the connection was lost after " + tally.bytes + " bytes",
                "IORING_OP_SEND",
                result);
    }

    private void put(Sqe sqe, int kind, long number) {
        sqe.userData(number << 2 | kind);
        tally.requests++;
    }

    private Chunk chunk(long number) {
        return chunks[(int) (number % chunks.length)];
    }
}
