package org.uring4j.io;

import java.lang.foreign.MemorySegment;

/**
 * A piece of a {@link StreamSender}'s own memory, while it is the caller's to fill: from {@link
 * StreamSender#claim} to {@link #send} or {@link #giveBack}.
 *
 * <p>After that the memory is the sender's and the kernel's: what is written to it then may go out
 * in place of what was to be sent.
 *
 * <p><b>Send it or give it back, also when the sender was closed meanwhile.</b> Closing does not
 * take a claimed chunk away: a thread may be filling it, or a request of the program's reading into
 * it, and neither could be told. The sender's memory, all of it, is therefore kept, and {@link
 * SenderListener#closed} not called, until the last chunk is back; or until the ring closes, when
 * its requests have ended: whoever still writes to a chunk gets an {@code IllegalStateException}.
 * Requests of other rings that read into a chunk are to have ended before.
 */
public final class SendChunk {
    private final StreamSender sender;
    private final MemorySegment memory;
    private boolean claimed;

    SendChunk(StreamSender sender, MemorySegment memory) {
        this.sender = sender;
        this.memory = memory;
    }

    void claimed() {
        claimed = true;
    }

    MemorySegment whole() {
        return memory;
    }

    /**
     * The memory, to be filled from its beginning. Any thread may write to it.
     *
     * @throws IllegalStateException when the chunk was sent or given back
     */
    public MemorySegment memory() {
        checkClaimed();
        return memory;
    }

    /**
     * Sends the first bytes of the chunk, after all that was sent before. When the stream has
     * failed or was closed meanwhile, they are dropped.
     *
     * @param length how many, 1 to all of it
     * @throws IllegalStateException when the chunk was sent or given back, or the stream was
     *     {@linkplain StreamSender#finish finished}
     */
    public void send(int length) {
        if (length < 1 || length > memory.byteSize()) {
            throw new IllegalArgumentException(
                    "1 to " + memory.byteSize() + " bytes can be sent: length=" + length);
        }
        checkClaimed();
        sender.send(this, length);
        claimed = false;
    }

    /** Gives the chunk back without sending anything. */
    public void giveBack() {
        checkClaimed();
        sender.giveBack(this);
        claimed = false;
    }

    private void checkClaimed() {
        if (!claimed) {
            throw new IllegalStateException(
                    "the chunk was sent or given back; claim another one of the sender");
        }
    }
}
