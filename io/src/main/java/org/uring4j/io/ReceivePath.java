package org.uring4j.io;

/** The ways in which a {@link StreamReceiver} gets its bytes, the best first. */
public enum ReceivePath {
    /**
     * The network card writes into memory of the program; what does not arrive on its queue the
     * kernel copies there. Since Linux 6.15; see {@link ReceivePoolConfig#zeroCopy}.
     */
    ZERO_COPY,

    /**
     * One request, that the kernel answers again and again, with buffers that it fills one after
     * the other to the last byte, whichever stream the bytes are of. Since Linux 6.12.
     */
    INCREMENTAL,

    /** The same, with a buffer for each answer, however few bytes that has. Since Linux 6.0. */
    MULTISHOT,

    /** A request for each portion, when there is something, into a buffer of our choice. */
    PLAIN
}
