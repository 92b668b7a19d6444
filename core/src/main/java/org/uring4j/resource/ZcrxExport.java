package org.uring4j.resource;

import org.uring4j.internal.sys.Syscalls;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * An interface queue, held by a descriptor, for other rings to use: see {@link
 * ZeroCopyReceive#export}. The queue lives on while the descriptor is open, or a ring that has
 * imported it, when the ring it came from is closed.
 */
public final class ZcrxExport implements AutoCloseable {
    final ZcrxQueue queue;
    private final int fd;
    private final AtomicBoolean closed = new AtomicBoolean();

    ZcrxExport(int fd, ZcrxQueue queue) {
        this.fd = fd;
        this.queue = queue;
        queue.join();
    }

    /** The descriptor, to be sent to another process ({@code SCM_RIGHTS}). */
    public int fd() {
        if (closed.get()) {
            throw new IllegalStateException("the export is closed");
        }
        return fd;
    }

    /** Closes the descriptor. */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            Syscalls.close(fd);
            queue.leave();
        }
    }

    @Override
    public String toString() {
        return "ZcrxExport[fd=" + fd + (closed.get() ? " closed" : "") + "]";
    }
}
