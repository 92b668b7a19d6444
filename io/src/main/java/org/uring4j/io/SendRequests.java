package org.uring4j.io;

import org.uring4j.Ring;
import org.uring4j.Sqe;
import org.uring4j.op.Cancel;
import org.uring4j.op.IoVectors;
import org.uring4j.op.MsgHdr;
import org.uring4j.op.SocketMessages;
import org.uring4j.op.Sockets;
import org.uring4j.op.ZeroCopySend;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Writes a sender's requests into the ring. A request is known by a value: what it is, and for a
 * send its slot.
 */
final class SendRequests {
    static final int SEND = 0;
    static final int SHUTDOWN = 1;
    static final int CANCEL = 2;

    private static final int KIND_BITS = 2;

    private final Ring ring;
    private final int user;
    private final int fd;
    private final boolean fixedFile;
    private final IoVectors vectors;
    private final MsgHdr message;
    private long requests;
    private long gathered;

    SendRequests(Ring ring, int user, int fd, SenderConfig config, Arena arena, int pieces) {
        this.ring = ring;
        this.user = user;
        this.fd = fd;
        fixedFile = config.fixedFile();
        vectors = IoVectors.allocate(arena, Math.min(pieces, SenderConfig.MAX_GATHERED));
        message = MsgHdr.allocate(arena, 0, 0).pieces(vectors);
    }

    static int kind(int value) {
        return value & (1 << KIND_BITS) - 1;
    }

    static int slot(int value) {
        return value >>> KIND_BITS;
    }

    /** What the next send is made of, as {@link SendQueue#gather} puts it there. */
    IoVectors vectors() {
        return vectors;
    }

    /**
     * Sends what was gathered.
     *
     * @param first the memory of the first piece
     * @param ioFlags of a zero-copy send
     */
    void send(int slot, MemorySegment first, int bytes, boolean withoutCopying, int ioFlags) {
        int flags = Sockets.MSG_WAITALL;
        Sqe sqe = ring.next();
        // A single whole piece needs no vector.
        boolean alone = vectors.count() == 1 && first.byteSize() == bytes;
        if (alone && withoutCopying) {
            ZeroCopySend.send(sqe, fd, first, flags, ioFlags);
        } else if (alone) {
            Sockets.send(sqe, fd, first, flags);
        } else if (withoutCopying) {
            ZeroCopySend.sendmsg(sqe, fd, message, flags, ioFlags);
        } else {
            SocketMessages.sendmsg(sqe, fd, message, flags, 0);
        }
        put(sqe, slot, SEND);
        gathered += vectors.count();
    }

    void shutdown() {
        put(Sockets.shutdown(ring.next(), fd, Sockets.SHUT_WR), 0, SHUTDOWN);
    }

    /** Cancels the send with this slot. */
    void cancel(int slot) {
        Cancel.cancel(ring.next(), userData(slot, SEND)).userData(userData(0, CANCEL));
        requests++;
    }

    private void put(Sqe sqe, int slot, int kind) {
        sqe.userData(userData(slot, kind));
        if (fixedFile) {
            sqe.fixedFile();
        }
        requests++;
    }

    private long userData(int slot, int kind) {
        return EventLoop.userData(user, slot << KIND_BITS | kind);
    }

    /** How many requests there were. */
    long requests() {
        return requests;
    }

    /** How many pieces went into them. */
    long gathered() {
        return gathered;
    }
}
