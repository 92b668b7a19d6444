package org.uring4j.io;

import org.uring4j.Waker;
import org.uring4j.resource.LeasesOut;

/** Where the bytes of a pool's receivers are put, and the requests for that. */
abstract class Intake implements AutoCloseable {
    /** What it is. */
    abstract ReceivePath path();

    /** Puts a request for a receiver in, or has it wait for buffers. */
    abstract void arm(StreamReceiver receiver);

    /** Answers one. */
    abstract void onCompletion(StreamReceiver receiver, int result, int flags);

    /**
     * How many buffers there are for those who wait for some; from here on the next one to come
     * back wakes the ring.
     */
    abstract int replenished();

    abstract void wakeBy(Waker waker);

    abstract LeasesOut leasesOut();

    @Override
    public abstract void close();
}
