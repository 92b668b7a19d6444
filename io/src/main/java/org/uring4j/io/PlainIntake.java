package org.uring4j.io;

import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.Waker;
import org.uring4j.op.Polling;
import org.uring4j.op.Sockets;
import org.uring4j.resource.Lease;
import org.uring4j.resource.LeasedMemory;
import org.uring4j.resource.LeasesOut;

/**
 * A request for each portion. While there is nothing to receive the socket is polled, so that
 * streams that are silent hold no buffer.
 */
final class PlainIntake extends Intake {
    private final Ring ring;
    private final LeasedMemory memory;
    private final int share;

    PlainIntake(Ring ring, ReceivePoolConfig config) {
        this.ring = ring;
        memory =
                LeasedMemory.allocate(
                        ring,
                        config.count(ReceivePath.PLAIN),
                        config.bufferSize(ReceivePath.PLAIN));
        share = config.share(memory.count(), memory.bufferSize());
    }

    @Override
    ReceivePath path() {
        return ReceivePath.PLAIN;
    }

    @Override
    int share() {
        return share;
    }

    @Override
    void arm(StreamReceiver receiver) {
        int buffer = memory.take();
        if (buffer < 0) {
            receiver.starve();
            return;
        }
        receiver.buffer = buffer;
        receiver.sent(
                Sockets.recv(
                        ring.next(), receiver.fd, memory.buffer(buffer), Sockets.MSG_DONTWAIT));
    }

    @Override
    void onCompletion(StreamReceiver receiver, int result, int flags, long place) {
        int buffer = receiver.buffer;
        receiver.buffer = StreamReceiver.NO_BUFFER;
        if (buffer == StreamReceiver.NO_BUFFER) {
            if (result < 0) {
                receiver.over(result);
            } else {
                receiver.proceed();
            }
        } else if (result > 0) {
            Lease lease = memory.lease(buffer, result);
            receiver.proceed();
            receiver.deliver(lease, buffer);
        } else {
            memory.giveBack(buffer);
            if (!Errno.EAGAIN.is(result)) {
                receiver.over(result);
            } else if (receiver.wanted()) {
                receiver.sent(Polling.pollAdd(ring.next(), receiver.fd, Polling.POLLIN, 0));
            }
            // The buffer is another's to use.
            feed();
        }
    }

    @Override
    int replenished(int wanted) {
        return memory.replenished(wanted);
    }

    @Override
    void wakeBy(Waker waker) {
        super.wakeBy(waker);
        memory.wakeBy(waker);
    }

    @Override
    LeasesOut leasesOut() {
        return memory.leasesOut();
    }

    @Override
    public void close() {
        memory.close();
    }
}
