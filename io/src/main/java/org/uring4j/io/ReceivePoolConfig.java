package org.uring4j.io;

import org.jspecify.annotations.Nullable;
import org.uring4j.resource.ZcrxSource;
import org.uring4j.resource.ZeroCopyReceive;
import org.uring4j.resource.ZeroCopyReceiveConfig;

/** What a {@link ReceivePool} is opened with. Immutable: each method answers a changed copy. */
public final class ReceivePoolConfig {
    private static final long MOST_BUFFERS = 32768;

    final long size;
    final long working;
    final long perStream;
    final int bufferSize;
    final int gather;
    final @Nullable ReceivePath path;
    final @Nullable Queue queue;

    /** What zero-copy receive is registered with. */
    record Queue(ZcrxSource source, ZeroCopyReceiveConfig config) {}

    private ReceivePoolConfig(
            long size,
            long working,
            long perStream,
            int bufferSize,
            int gather,
            @Nullable ReceivePath path,
            @Nullable Queue queue) {
        this.size = size;
        this.working = working;
        this.perStream = perStream;
        this.bufferSize = bufferSize;
        this.gather = gather;
        this.path = path;
        this.queue = queue;
    }

    /** 16 MiB, the first of them within the processor's cache; the best path there is. */
    public static ReceivePoolConfig defaults() {
        return new ReceivePoolConfig(16 << 20, 512 << 10, 0, 0, 0, null, null);
    }

    /**
     * How many bytes of buffers there are at most: what can be out in leases.
     *
     * @param bytes 4096 or more; rounded up so that there is a power of two of buffers
     */
    public ReceivePoolConfig size(long bytes) {
        if (bytes < 4096) {
            throw new IllegalArgumentException("a pool has 4096 bytes at least: size=" + bytes);
        }
        return new ReceivePoolConfig(bytes, working, perStream, bufferSize, gather, path, queue);
    }

    /**
     * How many bytes the kernel gets to begin with; it gets more, up to {@link #size}, when these
     * do not do. Buffers are used in turn: as long as they fit into the cache of the processor
     * (L2), what was received is read from there.
     *
     * @param bytes 1 or more; a buffer at least is given
     */
    public ReceivePoolConfig working(long bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException(
                    "the kernel gets 1 byte or more to begin with: working=" + bytes);
        }
        return new ReceivePoolConfig(size, bytes, perStream, bufferSize, gather, path, queue);
    }

    /**
     * How many bytes of buffers a stream's leases may hold while it waits for more. When they hold
     * twice as many, its peer has to wait until they hold no more than this; the other streams need
     * not. A buffer counts as a whole for everyone who has a lease on some of it.
     *
     * <p>A consumer that keeps leases until it has a whole message needs as much as its largest
     * message, and two buffers for its ends; with less it would wait for ever, of which {@link
     * StreamReceiver.Handler#onStalled} tells.
     *
     * <p>What the kernel has received when it is told to stop is delivered still: what is left to
     * the others should be more than comes at once, as {@link #working}, or what a socket holds.
     *
     * @param bytes 1 or more, a buffer at least; half of all buffers, or more, for no limit. Not
     *     said, it is an eighth of them
     */
    public ReceivePoolConfig perStream(long bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException(
                    "the leases of a stream may hold 1 byte or more: perStream=" + bytes);
        }
        return new ReceivePoolConfig(size, working, bytes, bufferSize, gather, path, queue);
    }

    /**
     * How long a buffer is, and so the longest lease.
     *
     * @param bytes 64 to 1 GiB, or 0 for what fits the path: 128 KiB where buffers are filled one
     *     after the other, else 16 KiB
     */
    public ReceivePoolConfig bufferSize(int bytes) {
        if (bytes != 0 && (bytes < 64 || bytes > 1 << 30)) {
            throw new IllegalArgumentException(
                    "a buffer has 64 bytes to 1 GiB: bufferSize=" + bytes);
        }
        return new ReceivePoolConfig(size, working, perStream, bytes, gather, path, queue);
    }

    /**
     * Has the kernel tell of a stream only when so many bytes have come, or its end ({@code
     * SO_RCVLOWAT}): fewer and longer receives, for streams in bulk. Not for conversations: of a
     * message that is shorter nobody hears until more comes. Since Linux 6.7.
     *
     * <p>With buffers that are longer ({@link #bufferSize}), it saves processor time; with shorter
     * ones it may cost some: measure it.
     *
     * @param bytes for instance 256 KiB; 0 to be told of every byte
     */
    public ReceivePoolConfig gather(int bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("0 bytes or more are gathered: gather=" + bytes);
        }
        return new ReceivePoolConfig(size, working, perStream, bufferSize, bytes, path, queue);
    }

    /**
     * Takes this path for all streams, instead of the best for each; if it is not to be had,
     * opening the pool fails.
     *
     * @param path the path
     */
    public ReceivePoolConfig path(ReceivePath path) {
        return new ReceivePoolConfig(size, working, perStream, bufferSize, gather, path, queue);
    }

    /**
     * Receives without copying, by this queue, what comes by it; if that is not to be had, as
     * without this. What comes by other interfaces is received as without this too. The size of its
     * memory is the configuration's, not {@link #size}. The ring keeps the queue until it closes.
     *
     * @param source the queue; its ring needs completions of 32 bytes, see {@link ZeroCopyReceive}
     * @param config its memory
     */
    public ReceivePoolConfig zeroCopy(ZcrxSource source, ZeroCopyReceiveConfig config) {
        return new ReceivePoolConfig(
                size, working, perStream, bufferSize, gather, path, new Queue(source, config));
    }

    int bufferSize(ReceivePath path) {
        if (bufferSize != 0) {
            return bufferSize;
        }
        int usual = path == ReceivePath.INCREMENTAL ? 128 << 10 : 16 << 10;
        return (int) Math.min(usual, size);
    }

    /** How many buffers, a power of two. */
    int count(ReceivePath path) {
        long wanted = Math.max(1, Math.ceilDiv(size, bufferSize(path)));
        if (wanted > MOST_BUFFERS) {
            throw new IllegalArgumentException(
                    "a pool has 32768 buffers at most; choose longer ones: size="
                            + size
                            + " bufferSize="
                            + bufferSize(path));
        }
        return wanted == 1 ? 1 : Integer.highestOneBit((int) wanted - 1) << 1;
    }

    /** How many of them one stream may hold while it waits; more than there are for no limit. */
    int share(int count, int bufferSize) {
        long wanted = perStream == 0 ? count / 8 : Math.ceilDiv(perStream, bufferSize);
        return wanted < count / 2 ? (int) Math.max(1, wanted) : Integer.MAX_VALUE;
    }

    /** How many of them the kernel has at first. */
    int workingCount(ReceivePath path) {
        return (int) Math.clamp(working / bufferSize(path), 1L, (long) count(path));
    }
}
