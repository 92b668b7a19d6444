package org.uring4j.io;

import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.Waker;
import org.uring4j.op.Polling;
import org.uring4j.op.ZeroCopyReceives;
import org.uring4j.resource.LeasesOut;
import org.uring4j.resource.ZcrxEvent;
import org.uring4j.resource.ZeroCopyReceive;

/** Data that a network card has put into the program's memory. */
final class ZeroCopyIntake extends Intake {
    private final Ring ring;
    final ZeroCopyReceive queue;
    private final int share;

    /** The card has found no buffer, and no data has come since. */
    private boolean dry;

    ZeroCopyIntake(Ring ring, ZeroCopyReceive queue, ReceivePoolConfig config) {
        this.ring = ring;
        this.queue = queue;
        long buffers = queue.memory().byteSize() / queue.bufferSize();
        share = config.share((int) buffers, queue.bufferSize());
    }

    @Override
    ReceivePath path() {
        return ReceivePath.ZERO_COPY;
    }

    @Override
    String operation() {
        return "IORING_OP_RECV_ZC";
    }

    @Override
    int share() {
        return share;
    }

    @Override
    void arm(StreamReceiver receiver) {
        receiver.sent(ZeroCopyReceives.receive(ring.next(), receiver.fd, queue.id()));
    }

    /**
     * Of a connection that is reset while bytes wait (more packets than it takes at once, 20) the
     * kernel's receive takes the bytes, and then waits for more: seen with 7.2. A poll tells, and
     * goes on where something else is to be told of the socket.
     */
    @Override
    void watch(StreamReceiver receiver) {
        int events = Polling.POLLHUP;
        receiver.watch(Polling.pollAdd(ring.next(), receiver.fd, events, Polling.ADD_MULTI));
    }

    @Override
    void onCompletion(StreamReceiver receiver, int result, int flags, long place) {
        if (ZeroCopyReceive.hasData(result, flags)) {
            receiver.deliver(queue.lease(result, flags, place), place / queue.bufferSize());
            if (dry) {
                queue.armEvent(ZcrxEvent.ALLOC_FAIL);
                dry = false;
            }
        } else if (!queue.recover(result)) {
            receiver.over(result);
        } else if (Errno.ENOMEM.is(result)) {
            receiver.starve();
        } else {
            receiver.restart();
        }
    }

    /** Told once until data comes again: a card drops packet after packet for want of a buffer. */
    void onEvent(int result) {
        dry = queue.takeEvent(result) == ZcrxEvent.ALLOC_FAIL;
    }

    @Override
    boolean isDry() {
        return dry;
    }

    @Override
    int replenished(int wanted) {
        return queue.replenished(wanted);
    }

    @Override
    void wakeBy(Waker waker) {
        super.wakeBy(waker);
        queue.wakeBy(waker);
    }

    @Override
    LeasesOut leasesOut() {
        return queue.leasesOut();
    }

    @Override
    public void close() {
        queue.close();
    }
}
