package org.uring4j.io;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** How much memory a sender may still take in: its own chunks that are free, and loans. */
final class SendRoom {
    private static final int PAGE = 4096;

    /** The one used last is on top: most of it is in the cache still. */
    private final SendChunk[] free;

    private int freeCount;

    private final int mostPieces;
    private final long mostBytes;
    private int lentPieces;
    private long lentBytes;

    // Asked for in vain.
    private boolean chunkWanted;
    private boolean loanWanted;

    /** A loan was returned since one was refused. */
    private boolean loanReturned;

    SendRoom(SenderConfig config) {
        free = new SendChunk[config.chunks()];
        mostPieces = config.lentPieces();
        mostBytes = config.lentBytes();
    }

    /** Makes the chunks, which are free; the first is claimed first. */
    void allocate(StreamSender sender, SenderConfig config, Arena arena) {
        if (config.chunks() > 0) {
            long size = config.chunkSize();
            MemorySegment memory = arena.allocate(config.chunks() * size, PAGE);
            for (int i = config.chunks() - 1; i >= 0; i--) {
                giveBack(new SendChunk(sender, memory.asSlice(i * size, size)));
            }
        }
    }

    /** A chunk that is free; null when none is, which is kept in mind. */
    @Nullable SendChunk claim() {
        if (freeCount == 0) {
            chunkWanted = true;
            return null;
        }
        return free[--freeCount];
    }

    void giveBack(SendChunk chunk) {
        free[freeCount++] = chunk;
    }

    /** Whether so many bytes of the caller's are taken in; that they are not is kept in mind. */
    boolean lend(long bytes) {
        boolean fits = lentPieces == 0 || lentBytes + bytes <= mostBytes;
        if (lentPieces == mostPieces || !fits) {
            loanWanted = true;
            return false;
        }
        lentPieces++;
        lentBytes += bytes;
        return true;
    }

    void returned(long bytes) {
        lentPieces--;
        lentBytes -= bytes;
        loanReturned = true;
    }

    /** Whether there is room again for what was asked for in vain; answered once. */
    boolean takeNews() {
        boolean news = (chunkWanted && freeCount > 0) || (loanWanted && loanReturned);
        if (news) {
            chunkWanted = false;
            loanWanted = false;
        }
        loanReturned = false;
        return news;
    }

    /** Whether no chunk is in use. */
    boolean allBack() {
        return freeCount == free.length;
    }
}
