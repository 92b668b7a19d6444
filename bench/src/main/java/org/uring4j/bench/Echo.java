package org.uring4j.bench;

import org.uring4j.CompletionHandler;
import org.uring4j.Cqe;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.op.Files;
import org.uring4j.op.Sockets;
import org.uring4j.resource.BufferRing;

/**
 * What an echo server does about each completion.
 *
 * <p>Connections are accepted into direct descriptors and received from by multishot requests into
 * provided buffers; each buffer is sent as it was received and given back when its send has ended.
 * What waits to be sent on a connection is a list of its buffers, so bytes stay in order whatever
 * the client does; at most one send is under way on a connection.
 */
final class Echo implements CompletionHandler {
    private static final int NONE = -1;

    // The low byte of the user data; the connection is above it.
    private static final int RECV = 0;
    private static final int SEND = 1;
    private static final int ACCEPT = 2;
    private static final int SHUTDOWN = 3;
    private static final int CLOSE = 4;

    private static final int RECEIVING = 1; // A receive is armed.
    private static final int ENDED = 2; // The peer has ended or broken the connection.
    private static final int BROKEN = 4; // Nothing more can be sent.

    private final Ring ring;
    private final BufferRing buffers;
    private final int listener;

    // Of each connection: its state, and its buffers to send, the first of which is under way.
    private final byte[] state;
    private final int[] first;
    private final int[] last;

    // Of each buffer: how much was received, and the buffer to send after it.
    private final int[] length;
    private final int[] next;

    /** Connections that found no buffer free. */
    private final int[] starved;

    private int starvedCount;
    private int returned;

    /**
     * Starts to accept.
     *
     * @param maxConnections how many direct descriptors the ring has
     */
    Echo(Ring ring, BufferRing buffers, int maxConnections, int listener) {
        this.ring = ring;
        this.buffers = buffers;
        this.listener = listener;
        state = new byte[maxConnections];
        first = new int[maxConnections];
        last = new int[maxConnections];
        starved = new int[maxConnections];
        length = new int[buffers.count()];
        next = new int[buffers.count()];
        armAccept();
    }

    /** Gives the kernel the buffers whose sends have ended; to be called after each drain. */
    void recycle() {
        if (returned > 0) {
            returned = 0;
            buffers.publish();
            while (starvedCount > 0) {
                armReceive(starved[--starvedCount]);
            }
        }
    }

    @Override
    public void onCompletion(long userData, int result, int flags) {
        int id = (int) (userData >>> 8);
        switch ((int) userData & 0xff) {
            case RECV -> onReceive(id, result, flags);
            case SEND -> onSend(id, result);
            case ACCEPT -> onAccept(result, flags);
            case CLOSE -> EchoServer.check(result, "close");
            default -> {} // A shutdown fails when the peer was faster.
        }
    }

    private static long tag(int kind, int connection) {
        return (long) connection << 8 | kind;
    }

    private void armAccept() {
        Sockets.acceptMultishotDirect(ring.next(), listener, 0, 0).userData(tag(ACCEPT, 0));
    }

    private void armReceive(int id) {
        Sockets.recvMultishot(ring.next(), id, buffers.group(), 0)
                .fixedFile()
                .userData(tag(RECV, id));
        state[id] |= RECEIVING;
    }

    private void sendFirst(int id) {
        int buffer = first[id];
        Sockets.send(
                        ring.next(),
                        id,
                        buffers.memory().asSlice(buffers.offset(buffer), length[buffer]),
                        Sockets.MSG_WAITALL)
                .fixedFile()
                .userData(tag(SEND, id));
    }

    private void giveBack(int buffer) {
        buffers.add(buffer);
        returned++;
    }

    private void closeWhenDone(int id) {
        if ((state[id] & (ENDED | RECEIVING)) == ENDED && first[id] == NONE) {
            Files.closeDirect(ring.next(), id).userData(tag(CLOSE, id));
        }
    }

    private void onAccept(int result, int flags) {
        if (result >= 0) {
            state[result] = 0;
            first[result] = NONE;
            armReceive(result);
        } else if (!Errno.ENFILE.is(result) && !Errno.ECONNABORTED.is(result)) {
            EchoServer.check(result, "accept");
        }
        if (!Cqe.hasMore(flags)) {
            armAccept();
        }
    }

    private void onReceive(int id, int result, int flags) {
        if (result > 0) {
            buffers.takeOffset(result, flags);
            onData(id, result, Cqe.bufferId(flags));
        }
        if (Cqe.hasMore(flags)) {
            return;
        }
        state[id] &= ~RECEIVING;
        if (Errno.ENOBUFS.is(result)) {
            starved[starvedCount++] = id;
        } else if (result > 0 && (state[id] & BROKEN) == 0) {
            armReceive(id);
        } else {
            state[id] |= ENDED;
            closeWhenDone(id);
        }
    }

    private void onData(int id, int size, int buffer) {
        if ((state[id] & BROKEN) != 0) {
            giveBack(buffer);
            return;
        }
        length[buffer] = size;
        next[buffer] = NONE;
        if (first[id] == NONE) {
            first[id] = buffer;
            last[id] = buffer;
            sendFirst(id);
        } else {
            next[last[id]] = buffer;
            last[id] = buffer;
        }
    }

    private void onSend(int id, int result) {
        int buffer = first[id];
        boolean whole = result == length[buffer];
        first[id] = next[buffer];
        giveBack(buffer);
        if (whole && first[id] != NONE) {
            sendFirst(id);
            return;
        }
        if (!whole) {
            // Ends the receive too, which then closes the connection.
            Sockets.shutdown(ring.next(), id, Sockets.SHUT_RDWR)
                    .fixedFile()
                    .userData(tag(SHUTDOWN, id));
            state[id] |= BROKEN;
            for (; first[id] != NONE; first[id] = next[first[id]]) {
                giveBack(first[id]);
            }
        }
        closeWhenDone(id);
    }
}
