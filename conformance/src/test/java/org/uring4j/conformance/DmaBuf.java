package org.uring4j.conformance;

import org.uring4j.Ring;
import org.uring4j.op.OpenFlags;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/**
 * A dma-buf made of ordinary memory, by {@code /dev/udmabuf}.
 *
 * @param fd its descriptor
 */
record DmaBuf(int fd) implements AutoCloseable {
    private static final int MFD_ALLOW_SEALING = 2;
    private static final int F_ADD_SEALS = 1033;
    private static final int F_SEAL_SHRINK = 2;
    private static final long UDMABUF_CREATE = 0x40187542;

    static DmaBuf make(Ring ring, Path device, int bytes) {
        try (Arena arena = Arena.ofConfined();
                Opened udmabuf = Opened.open(ring, device, OpenFlags.O_RDWR)) {
            int memory =
                    Libc.callAny("memfd_create", arena.allocateFrom("uring4j"), MFD_ALLOW_SEALING);
            Libc.call("ftruncate", memory, bytes);
            Libc.call("fcntl", memory, F_ADD_SEALS, F_SEAL_SHRINK);
            MemorySegment create = arena.allocate(24, 8);
            create.set(ValueLayout.JAVA_INT, 0, memory);
            create.set(ValueLayout.JAVA_LONG, 16, bytes);
            int made = Libc.callAny("ioctl", udmabuf.fd(), UDMABUF_CREATE, create);
            Libc.call("close", memory);
            return new DmaBuf(made);
        }
    }

    @Override
    public void close() {
        Libc.call("close", fd);
    }
}
