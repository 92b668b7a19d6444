package org.uring4j.io;

import org.uring4j.UringException;

/**
 * Is told what happens to a {@link StreamSender}; called from {@link EventLoop#run}, out of which
 * comes what it throws.
 */
public interface SenderListener {
    /**
     * After {@link StreamSender#claim} or {@link StreamSender#send} found no room: there is some
     * again.
     */
    default void roomAgain(StreamSender sender) {}

    /** The stream cannot go on. What was not sent is dropped; {@link StreamSender#close} it. */
    default void failed(StreamSender sender, UringException failure) {}

    /**
     * After {@link StreamSender#finish}: all is sent, the end too, and all memory has come back.
     */
    default void finished(StreamSender sender) {}

    /**
     * After {@link StreamSender#close}: all memory has come back, and the sender's own is freed.
     */
    default void closed(StreamSender sender) {}
}
