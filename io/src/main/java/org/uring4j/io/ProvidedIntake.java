package org.uring4j.io;

import org.uring4j.Cqe;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.Sqe;
import org.uring4j.Waker;
import org.uring4j.op.Sockets;
import org.uring4j.resource.BufferRing;
import org.uring4j.resource.BufferRingConfig;
import org.uring4j.resource.Lease;
import org.uring4j.resource.LeasesOut;

/**
 * Multishot receives into a ring of buffers.
 *
 * <p>The kernel takes buffers in turn, so that all it has go through the processor's cache. It gets
 * few, and more only when it had none left.
 *
 * <p>No bundles: a buffer that is filled piece by piece takes as much at once as they would, and
 * stays in the cache.
 */
final class ProvidedIntake extends Intake {
    private final Ring ring;
    private final ReceivePath path;
    private final BufferRing buffers;
    private final int share;

    /** Buffers that the kernel, or a lease, has had by now; the others were never touched. */
    private int used;

    ProvidedIntake(Ring ring, int group, ReceivePath path, ReceivePoolConfig config) {
        this.ring = ring;
        this.path = path;
        BufferRingConfig choice =
                BufferRingConfig.of(config.count(path), config.bufferSize(path)).empty();
        buffers =
                BufferRing.register(
                        ring,
                        group,
                        path == ReceivePath.INCREMENTAL ? choice.incremental() : choice);
        share = config.share(buffers.count(), buffers.bufferSize());
        give(config.workingCount(path));
    }

    private void give(int count) {
        int end = Math.min(buffers.count(), used + count);
        while (used < end) {
            buffers.recycle(used++);
        }
    }

    @Override
    ReceivePath path() {
        return path;
    }

    @Override
    int share() {
        return share;
    }

    @Override
    void arm(StreamReceiver receiver) {
        Sqe sqe = Sockets.recvMultishot(ring.next(), receiver.fd, buffers.group(), 0);
        receiver.sent(sqe);
    }

    @Override
    void onCompletion(StreamReceiver receiver, int result, int flags, long place) {
        boolean more = Cqe.hasMore(flags);
        if (result > 0) {
            Lease lease = buffers.lease(result, flags);
            if (!more) {
                receiver.restart();
            }
            receiver.deliver(lease, Cqe.bufferId(flags));
            return;
        }
        if (Cqe.hasBuffer(flags)) {
            buffers.lease(result, flags).close();
        }
        if (Errno.ENOBUFS.is(result)) {
            receiver.starve();
        } else if (!more) {
            receiver.over(result);
        }
    }

    @Override
    int replenished(int wanted) {
        int free = buffers.replenished(wanted);
        if (free == 0 && used < buffers.count()) {
            give(used);
            free = buffers.replenished(wanted);
        }
        return free;
    }

    @Override
    void wakeBy(Waker waker) {
        super.wakeBy(waker);
        buffers.wakeBy(waker);
    }

    @Override
    LeasesOut leasesOut() {
        return buffers.leasesOut();
    }

    @Override
    public void close() {
        buffers.close();
    }
}
