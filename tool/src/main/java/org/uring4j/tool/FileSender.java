package org.uring4j.tool;

import org.jspecify.annotations.Nullable;
import org.uring4j.Errno;
import org.uring4j.UringException;
import org.uring4j.io.EventLoop;
import org.uring4j.io.SendChunk;
import org.uring4j.io.SenderConfig;
import org.uring4j.io.SenderListener;
import org.uring4j.io.SenderReport;
import org.uring4j.io.StreamSender;
import org.uring4j.io.ZeroCopyPolicy;
import org.uring4j.op.Files;
import org.uring4j.op.Sockets;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.function.LongConsumer;

/**
 * Reads a file and sends it, both by one ring: the file is read ahead into the sender's chunks,
 * many at a time, and they are sent in the order of the file.
 */
final class FileSender implements SenderListener {
    /** How long to wait for the peer to take the end of the stream and close. */
    private static final Duration LINGER = Duration.ofSeconds(1);

    private static final int ANSWER_BYTES = 65536;

    /** A chunk that is being read into. */
    private static final class Reading {
        @Nullable SendChunk chunk;
        long offset;
        int filled;
        boolean ready;
    }

    private final EventLoop loop;
    private final Arena memory;
    private final Source source;
    private final int socket;
    private final int chunkSize;
    private final StreamSender sender;
    private final int reader;
    private long reads;

    // Chunks are numbered along the file; number n is readings[n % readings.length].
    private final Reading[] readings;
    private long nextRead;
    private long nextSend;
    private int underWay;

    /** The number of the chunk that the file ends with. */
    private long last = Long.MAX_VALUE;

    private boolean finished;
    private boolean peerClosed;

    /**
     * A sender for one file.
     *
     * @param memory to be kept until the ring has closed
     */
    FileSender(
            EventLoop loop,
            Arena memory,
            Source source,
            int socket,
            TransferOptions options,
            ZeroCopyPolicy policy) {
        this.loop = loop;
        this.memory = memory;
        this.source = source;
        this.socket = socket;
        chunkSize = options.chunk();
        reader = loop.attach((number, result, flags, first, second) -> read(number, result));
        readings = new Reading[options.depth()];
        for (int i = 0; i < readings.length; i++) {
            readings[i] = new Reading();
        }
        SenderConfig config =
                SenderConfig.DEFAULT.chunks(readings.length, chunkSize).lent(0, 0).policy(policy);
        sender = StreamSender.open(loop, socket, config, this);
    }

    /** The policy for a choice on the command line. */
    static ZeroCopyPolicy policy(ZeroCopyPolicy.Mode mode) {
        return switch (mode) {
            case AUTO -> ZeroCopyPolicy.auto();
            case ALWAYS -> ZeroCopyPolicy.always();
            case NEVER -> ZeroCopyPolicy.never();
        };
    }

    /**
     * Sends the whole file and its end over each connection, until the kernel has given back all
     * memory.
     *
     * @param progress told the number of bytes sent so far
     */
    static Tally run(EventLoop loop, List<FileSender> senders, LongConsumer progress) {
        senders.forEach(FileSender::listen);
        senders.forEach(FileSender::readAhead);
        while (!senders.stream().allMatch(sender -> sender.finished)) {
            loop.run(1);
            senders.forEach(FileSender::check);
            progress.accept(senders.stream().mapToLong(each -> each.sender.report().bytes()).sum());
        }
        Tally tally = new Tally();
        senders.forEach(sender -> sender.addTo(tally));
        return tally;
    }

    private void check() {
        if (sender.failure() != null) {
            throw lost(sender.failure());
        }
    }

    private void addTo(Tally tally) {
        sender.close();
        SenderReport report = sender.report();
        tally.bytes += report.bytes();
        tally.requests += reads + report.requests();
        tally.plainBytes += report.plain();
        tally.zeroCopyBytes += report.zeroCopy();
        tally.copiedBytes += report.copied();
        tally.untoldBytes += report.untold();
        tally.remark = report.remark();
    }

    @Override
    public void roomAgain(StreamSender any) {
        readAhead();
    }

    @Override
    public void finished(StreamSender any) {
        finished = true;
    }

    private void readAhead() {
        int parallel = source.sequential() ? 1 : readings.length;
        while (last == Long.MAX_VALUE && underWay < parallel) {
            SendChunk chunk = sender.claim();
            if (chunk == null) {
                return;
            }
            Reading reading = reading(nextRead);
            reading.chunk = chunk;
            reading.offset = nextRead * chunkSize;
            reading.filled = 0;
            reading.ready = false;
            readMore(reading, chunk, nextRead);
            nextRead++;
        }
    }

    private void readMore(Reading reading, SendChunk chunk, long number) {
        long offset = source.sequential() ? Files.CURRENT : reading.offset + reading.filled;
        MemorySegment rest = chunk.memory().asSlice(reading.filled);
        int place = (int) (number % readings.length);
        Files.read(loop.ring().next(), source.fd(), rest, offset)
                .userData(EventLoop.userData(reader, place));
        underWay++;
        reads++;
    }

    private void read(int place, int result) {
        underWay--;
        Reading reading = readings[place];
        SendChunk chunk = reading.chunk;
        if (result < 0) {
            throw Failure.of("cannot read " + source.name(), "IORING_OP_READ", result);
        }
        if (chunk == null) {
            return;
        }
        reading.filled += result;
        boolean full = reading.filled == chunkSize;
        // A short read of a file is not its end: only a read of nothing is.
        if (result > 0 && !source.sequential() && !full) {
            readMore(reading, chunk, place);
            return;
        }
        reading.ready = true;
        if (result == 0) {
            last = Math.min(last, number(place));
        }
        sendReady();
        readAhead();
    }

    /** The number of the chunk at a place: of those under way, one is there. */
    private long number(int place) {
        return nextSend + Math.floorMod(place - nextSend, (long) readings.length);
    }

    private void sendReady() {
        while (nextSend < nextRead && reading(nextSend).ready) {
            Reading reading = reading(nextSend);
            SendChunk chunk = reading.chunk;
            reading.chunk = null;
            reading.ready = false;
            if (chunk != null) {
                if (reading.filled > 0 && nextSend <= last) {
                    chunk.send(reading.filled);
                } else {
                    // Beyond the end it was read in vain.
                    chunk.giveBack();
                }
            }
            nextSend++;
        }
        if (nextSend == nextRead && last != Long.MAX_VALUE) {
            sender.finish();
        }
    }

    private Reading reading(long number) {
        return readings[(int) (number % readings.length)];
    }

    /** Reads on until the peers close too, for a while. */
    static void end(EventLoop loop, List<FileSender> senders) {
        long deadline = System.nanoTime() + LINGER.toNanos();
        long left = LINGER.toNanos();
        while (left > 0 && !senders.stream().allMatch(sender -> sender.peerClosed)) {
            loop.run(1, Duration.ofNanos(left));
            left = deadline - System.nanoTime();
        }
    }

    /**
     * Throws away what the peer sends. If it were left, a peer that answers would stop reading when
     * there is no more room for answers, and closing would throw away what it has not read yet.
     */
    private void listen() {
        MemorySegment buffer = memory.allocate(ANSWER_BYTES);
        int user =
                loop.attach(
                        (value, result, flags, first, second) -> answered(buffer, value, result));
        receive(buffer, user);
    }

    private void receive(MemorySegment buffer, int user) {
        Sockets.recv(loop.ring().next(), socket, buffer, 0)
                .userData(EventLoop.userData(user, user));
    }

    private void answered(MemorySegment buffer, int user, int result) {
        if (result > 0) {
            receive(buffer, user);
        } else if (result == 0) {
            peerClosed = true;
        } else {
            throw lost(UringException.of("IORING_OP_RECV", result));
        }
    }

    private Failure lost(UringException reason) {
        int result = -reason.errno().number();
        if (reason.errno() == Errno.ENOMEM || reason.errno() == Errno.ENOBUFS) {
            return Failure.of(
                    "cannot send without copying, for the limit on locked memory is too low; raise"
                            + " it (ulimit -l), or choose --zero-copy auto",
                    reason.operation(),
                    result);
        }
        return Failure.of(
                "the connection was lost after " + sender.report().bytes() + " bytes",
                reason.operation(),
                result);
    }
}
