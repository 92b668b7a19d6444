package org.uring4j.io;

/**
 * The requests of a sender whose last completion has not come: the one that is being taken, and the
 * zero-copy sends that wait for their notification. A request's slot is part of its user data.
 */
final class InFlight {
    /** Of each slot: the first piece, how many, whether it is a zero-copy send, and the result. */
    private final long[] first;

    private final int[] count;
    private final boolean[] zeroCopy;
    private final long[] bytes;

    private final int[] free;
    private int freeCount;

    InFlight(int slots) {
        first = new long[slots];
        count = new int[slots];
        zeroCopy = new boolean[slots];
        bytes = new long[slots];
        free = new int[slots];
        freeCount = slots;
        for (int i = 0; i < slots; i++) {
            free[i] = slots - 1 - i;
        }
    }

    boolean full() {
        return freeCount == 0;
    }

    boolean isEmpty() {
        return freeCount == free.length;
    }

    /** Takes a slot for a request that names pieces. */
    int begin(long firstPiece, int pieces, boolean withoutCopying) {
        int slot = free[--freeCount];
        first[slot] = firstPiece;
        count[slot] = pieces;
        zeroCopy[slot] = withoutCopying;
        bytes[slot] = 0;
        return slot;
    }

    /** Its last completion has come. */
    void end(int slot) {
        free[freeCount++] = slot;
    }

    long first(int slot) {
        return first[slot];
    }

    int count(int slot) {
        return count[slot];
    }

    boolean zeroCopy(int slot) {
        return zeroCopy[slot];
    }

    /** How many bytes the socket has taken of it. */
    long bytes(int slot) {
        return bytes[slot];
    }

    void bytes(int slot, long taken) {
        bytes[slot] = taken;
    }
}
