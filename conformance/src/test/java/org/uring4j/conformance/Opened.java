package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.op.Files;
import org.uring4j.op.OpenFlags;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** A file opened through a ring, and closed through it. */
record Opened(Ring ring, int fd) implements AutoCloseable {
    /** Opens it, making it with 0644 where {@link OpenFlags#O_CREAT} says so. */
    static Opened open(Ring ring, Path path, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom(path.toString());
            Files.openat(ring.next(), Files.AT_FDCWD, name, flags, 0644);
            Completion completion = Completions.one(ring);
            assertThat(completion.result()).as("open %s: %s", path, completion).isNotNegative();
            return new Opened(ring, completion.result());
        }
    }

    /** Closes it; a test may have done so before. */
    @Override
    public void close() {
        Files.close(ring.next(), fd);
        Completion completion = Completions.one(ring);
        if (completion.result() != 0 && !completion.failed(Errno.EBADF)) {
            throw new AssertionError("close: " + completion);
        }
    }

    /** Text as native memory, without a zero byte. */
    static MemorySegment bytes(Arena arena, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
    }

    /** The first bytes as text. */
    static String text(MemorySegment memory, int length) {
        byte[] bytes = memory.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
