package org.uring4j.io;

import org.jspecify.annotations.Nullable;
import org.uring4j.op.IoVectors;

import java.lang.foreign.MemorySegment;

/**
 * The pieces of a stream, in order, from when they are handed in until their memory is nobody's but
 * their owner's again.
 *
 * <pre>
 *        head               next                 tail
 *         |  the socket's     |   to be sent       |
 *   ------+-------------------+--------------------+------ pieces, number &amp; mask
 *         taken, but requests  taken from here      added here
 *         may still use them   (the first in part)
 * </pre>
 */
final class SendQueue {
    /** A piece of memory with bytes of the stream; reused. */
    static final class Piece {
        MemorySegment memory = MemorySegment.NULL;
        long length;

        /** How many bytes the socket has taken. */
        long taken;

        /** How many requests name it whose last completion has not come. */
        int uses;

        /** Whose it is: a chunk of the sender, or the caller. */
        @Nullable SendChunk chunk;

        StreamSender.@Nullable Return owner;

        /** Lets go of the memory, so that it can be collected. */
        void clear() {
            memory = MemorySegment.NULL;
            chunk = null;
            owner = null;
        }
    }

    private final Piece[] pieces;
    private final int mask;
    private long head;
    private long next;
    private long tail;
    private long unsent;

    SendQueue(int capacity) {
        int size = Integer.highestOneBit(Math.max(1, capacity - 1)) << 1;
        pieces = new Piece[Math.max(2, size)];
        mask = pieces.length - 1;
        for (int i = 0; i < pieces.length; i++) {
            pieces[i] = new Piece();
        }
    }

    int capacity() {
        return pieces.length;
    }

    boolean isEmpty() {
        return head == tail;
    }

    /** How many bytes are there that the socket has not taken. */
    long unsent() {
        return unsent;
    }

    /** The number of the first piece to be sent. */
    long next() {
        return next;
    }

    void add(
            MemorySegment memory,
            long length,
            @Nullable SendChunk chunk,
            StreamSender.@Nullable Return owner) {
        Piece piece = piece(tail);
        piece.memory = memory;
        piece.length = length;
        piece.taken = 0;
        piece.uses = 0;
        piece.chunk = chunk;
        piece.owner = owner;
        unsent += length;
        tail++;
    }

    Piece piece(long number) {
        return pieces[(int) number & mask];
    }

    /**
     * Collects what is to be sent.
     *
     * @param most how many bytes at most; a piece that would be cut in the middle waits, unless it
     *     is the first
     * @return how many bytes it is
     */
    int gather(IoVectors vectors, int most) {
        vectors.clear();
        int bytes = 0;
        for (long number = next; number < tail && vectors.count() < vectors.capacity(); number++) {
            Piece piece = piece(number);
            int left = (int) Math.min(piece.length - piece.taken, most);
            if (left > most - bytes) {
                break;
            }
            vectors.add(piece.memory, piece.taken, left);
            bytes += left;
        }
        return bytes;
    }

    /** A request names these pieces from now on, or no longer. */
    void use(long first, int count, int change) {
        for (long number = first; number < first + count; number++) {
            piece(number).uses += change;
        }
    }

    /** The socket has taken so many bytes. */
    void taken(long bytes) {
        unsent -= bytes;
        long left = bytes;
        while (left > 0) {
            Piece piece = piece(next);
            long part = Math.min(left, piece.length - piece.taken);
            piece.taken += part;
            left -= part;
            if (piece.taken == piece.length) {
                next++;
            }
        }
    }

    /** Whether somebody has freed memory that is to be sent. */
    boolean freed() {
        for (long number = next; number < tail; number++) {
            if (!piece(number).memory.scope().isAlive()) {
                return true;
            }
        }
        return false;
    }

    /** What has not been sent is not going to be. */
    void drop() {
        next = tail;
        unsent = 0;
    }

    /** The first piece if no request uses it and none will; it is out of the queue then. */
    @Nullable Piece pollFree() {
        if (head == next || piece(head).uses > 0) {
            return null;
        }
        return piece(head++);
    }
}
