package org.uring4j.io;

import org.jspecify.annotations.Nullable;
import org.uring4j.op.IoVectors;

import java.net.SocketAddress;

/**
 * What a {@link StreamSender} is opened with. Immutable: each method answers a changed copy.
 *
 * <pre>{@code
 * SenderConfig.DEFAULT.chunks(32, 64 << 10).destination(address)
 * }</pre>
 *
 * @param chunks how many chunks of its own a sender has, 0 or more
 * @param chunkSize how many bytes a chunk has, 1 or more
 * @param lentPieces how many pieces of the caller's memory it holds at most, 0 or more
 * @param lentBytes how many bytes these have at most; one piece alone may be larger
 * @param request how many bytes go into one request at most: pieces that are smaller are gathered,
 *     larger ones cut
 * @param policy when to send without copying
 * @param destination the peer, by which senders share what they learn; null when it is not known
 * @param fixedFile whether the descriptor is an index into the ring's registered files
 */
public record SenderConfig(
        int chunks,
        int chunkSize,
        int lentPieces,
        long lentBytes,
        int request,
        ZeroCopyPolicy policy,
        @Nullable SocketAddress destination,
        boolean fixedFile) {
    /** The most chunks, and the most lent pieces. */
    public static final int MAX_PIECES = 1 << 16;

    /**
     * 16 chunks of 64 KiB, 64 pieces of 4 MiB lent, 256 KiB a request, the {@linkplain
     * ZeroCopyPolicy#shared process's} policy.
     *
     * <p>A larger request saves hardly any calls more, and may cost half as much again: the socket
     * copies it into memory that has left the core's cache by the time it is used again. Where the
     * network has a long way, zero-copy sends need more chunks: what is under way until the peer
     * has acknowledged it.
     */
    public static final SenderConfig DEFAULT =
            new SenderConfig(
                    16, 64 << 10, 64, 4 << 20, 256 << 10, ZeroCopyPolicy.shared(), null, false);

    /** The most pieces in one request: a page of the kernel's pointers to them. */
    static final int MAX_GATHERED = IoVectors.MAX / 4;

    /** Checks the numbers. */
    public SenderConfig {
        checkCount(chunks, "chunks", "chunks");
        check(chunkSize >= 1, "a chunk has 1 byte or more", "chunkSize", chunkSize);
        checkCount(lentPieces, "lent pieces", "lentPieces");
        check(lentBytes >= 0, "a sender holds 0 bytes or more lent", "lentBytes", lentBytes);
        check(request >= 4096, "a request has 4096 bytes or more", "request", request);
    }

    private static void checkCount(int count, String what, String name) {
        boolean right = count >= 0 && count <= MAX_PIECES;
        check(right, "a sender has 0 to " + MAX_PIECES + " " + what, name, count);
    }

    private static void check(boolean right, String rule, String name, long value) {
        if (!right) {
            throw new IllegalArgumentException(rule + ": " + name + "=" + value);
        }
    }

    /**
     * How much memory the sender has of its own.
     *
     * @param count how many chunks
     * @param size how many bytes each has
     */
    public SenderConfig chunks(int count, int size) {
        return new SenderConfig(
                count, size, lentPieces, lentBytes, request, policy, destination, fixedFile);
    }

    /**
     * How much memory of the caller's is held at most.
     *
     * @param pieces how many pieces
     * @param bytes how many bytes they have together; one piece alone may be larger
     */
    public SenderConfig lent(int pieces, long bytes) {
        return new SenderConfig(
                chunks, chunkSize, pieces, bytes, request, policy, destination, fixedFile);
    }

    /**
     * How many bytes go into one request at most; pieces that are smaller are gathered, larger ones
     * cut.
     *
     * @param bytes 4096 or more
     */
    public SenderConfig request(int bytes) {
        return new SenderConfig(
                chunks, chunkSize, lentPieces, lentBytes, bytes, policy, destination, fixedFile);
    }

    /** When to send without copying. */
    public SenderConfig policy(ZeroCopyPolicy policy) {
        return new SenderConfig(
                chunks, chunkSize, lentPieces, lentBytes, request, policy, destination, fixedFile);
    }

    /** The peer: what is learned about sending to it, all senders of the policy learn. */
    public SenderConfig destination(SocketAddress destination) {
        return new SenderConfig(
                chunks, chunkSize, lentPieces, lentBytes, request, policy, destination, fixedFile);
    }

    /** The descriptor is an index into the ring's registered files. */
    public SenderConfig withFixedFile() {
        return new SenderConfig(
                chunks, chunkSize, lentPieces, lentBytes, request, policy, destination, true);
    }
}
