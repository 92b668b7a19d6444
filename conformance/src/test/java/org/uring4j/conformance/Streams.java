package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.uring4j.Ring;
import org.uring4j.UringException;
import org.uring4j.io.EventLoop;
import org.uring4j.io.SendChunk;
import org.uring4j.io.SenderConfig;
import org.uring4j.io.SenderListener;
import org.uring4j.io.StreamSender;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.BooleanSupplier;

/**
 * What tests of a {@link StreamSender} share: a stream of bytes to send, and a peer that checks.
 */
final class Streams {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    /** Repeated again and again; its length is prime, so that no buffer's size hides a shift. */
    private static final byte[] PATTERN = Net.random(65_521, 7);

    private Streams() {}

    /** The stream's byte at a place. */
    static byte at(long place) {
        return PATTERN[(int) (place % PATTERN.length)];
    }

    /** What the stream repeats. */
    static byte[] period() {
        return PATTERN.clone();
    }

    /** Puts the stream's bytes from a place on into memory. */
    static void fill(MemorySegment memory, long from, long count) {
        MemorySegment pattern = MemorySegment.ofArray(PATTERN);
        for (long done = 0; done < count; ) {
            long at = (from + done) % PATTERN.length;
            long part = Math.min(count - done, PATTERN.length - at);
            MemorySegment.copy(pattern, at, memory, done, part);
            done += part;
        }
    }

    /** Compares memory with the stream's bytes from a place on. */
    static void check(MemorySegment memory, long from) {
        MemorySegment pattern = MemorySegment.ofArray(PATTERN);
        for (long done = 0; done < memory.byteSize(); ) {
            long at = (from + done) % PATTERN.length;
            long part = Math.min(memory.byteSize() - done, PATTERN.length - at);
            long wrong = MemorySegment.mismatch(memory, done, done + part, pattern, at, at + part);
            if (wrong >= 0) {
                throw new AssertionError("a wrong byte: place=" + (from + done + wrong));
            }
            done += part;
        }
    }

    /** Runs the loop until something has come about, and fails when it does not. */
    static void run(EventLoop loop, BooleanSupplier until) {
        long end = System.nanoTime() + LIMIT.toNanos();
        while (!until.getAsBoolean()) {
            if (System.nanoTime() > end) {
                throw new AssertionError(
                        "did not come about in time: inFlight=" + loop.ring().inFlight());
            }
            loop.run(1, Duration.ofMillis(100));
        }
    }

    /** Reads to the end of the stream, or so many bytes, comparing each; how many there were. */
    static long compare(InputStream in, long most) throws IOException {
        byte[] buffer = new byte[1 << 16];
        long place = 0;
        while (place < most) {
            int count = in.read(buffer, 0, (int) Math.min(buffer.length, most - place));
            if (count < 0) {
                break;
            }
            check(MemorySegment.ofArray(buffer).asSlice(0, count), place);
            place += count;
        }
        return place;
    }

    /** As {@link #compare}, on a thread of its own. */
    static CompletableFuture<Long> comparing(Socket peer) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return compare(peer.getInputStream(), Long.MAX_VALUE);
                    } catch (IOException e) {
                        throw new CompletionException(e);
                    }
                });
    }

    /** Sends so many bytes of the stream by chunks, filled to {@code length} each, then the end. */
    static final class Producer implements SenderListener {
        private final long size;
        private final int length;
        private long produced;
        boolean finished;
        boolean closed;
        UringException failure;

        Producer(long size, int length) {
            this.size = size;
            this.length = length;
        }

        long produced() {
            return produced;
        }

        @Override
        public void roomAgain(StreamSender sender) {
            SendChunk chunk = null;
            while (produced < size && (chunk = sender.claim()) != null) {
                int count = (int) Math.min(size - produced, length);
                fill(chunk.memory(), produced, count);
                produced += count;
                chunk.send(count);
            }
            if (produced == size) {
                sender.finish();
            }
        }

        @Override
        public void failed(StreamSender sender, UringException reason) {
            assertThat(failure).as("only once").isNull();
            failure = reason;
        }

        @Override
        public void finished(StreamSender sender) {
            assertThat(finished).as("only once").isFalse();
            finished = true;
        }

        @Override
        public void closed(StreamSender sender) {
            assertThat(closed).as("only once").isFalse();
            closed = true;
        }

        /** Opens a sender and starts to produce. */
        StreamSender start(EventLoop loop, int fd, SenderConfig config) {
            StreamSender sender = StreamSender.open(loop, fd, config, this);
            roomAgain(sender);
            return sender;
        }
    }

    /** Closes a sender, and waits until all its memory has come back. */
    static void close(EventLoop loop, StreamSender sender, Producer producer) {
        sender.close();
        run(loop, () -> producer.closed);
    }

    /** Completions have stopped to come: nothing changes until somebody else does something. */
    static void untilStill(EventLoop loop) {
        long end = System.nanoTime() + LIMIT.toNanos();
        int silent = 0;
        while (silent < 3 && System.nanoTime() < end) {
            silent = loop.run(1, Duration.ofMillis(50)) == 0 ? silent + 1 : 0;
        }
    }

    /** Ends the tests' own requests on a ring: none is left over. */
    static void quiet(Ring ring) {
        assertThat(ring.inFlight()).isZero();
    }
}
