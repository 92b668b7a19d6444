package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.op.Cancel;
import org.uring4j.op.CancelTarget;
import org.uring4j.op.Nops;
import org.uring4j.op.Sockets;
import org.uring4j.resource.RegisteredFiles;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A descriptor that is closed and given to another file while a request for it is in flight.
 *
 * <p>What goes wrong in the field: a program knows its connections by descriptor. It closes one
 * whose receive is pending; the next connection gets the same number; then the old receive
 * completes, with the old connection's bytes or an error, and the new one is served with it.
 * Closing ends no request: that holds the file it began with, and keeps its connection open. Cancel
 * what uses a file, and wait until it has ended, before closing it. With a poll thread even a
 * request that was submitted may not have its file yet.
 */
@Timeout(60)
class DescriptorReuseTest {
    private static final int OLD = 1;
    private static final int NEW = 2;

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldGoOnWithTheFileItBeganWith(RingMode mode) throws Exception {
        try (Arena arena = Arena.ofShared();
                Ring ring = mode.open(8)) {
            int[] old = Net.pair(ring);
            int[] next = Net.pair(ring);
            MemorySegment oldBytes = arena.allocate(8);
            MemorySegment newBytes = arena.allocate(8);
            Sockets.recv(ring.next(), old[0], oldBytes, 0).userData(OLD);
            taken(ring);
            reuse(old[0], next[0]);
            Sockets.recv(ring.next(), old[0], newBytes, 0).userData(NEW);
            taken(ring);

            send(ring, next[1], Opened.bytes(arena, "new"));
            assertThat(Completions.one(ring)).isEqualTo(completion(NEW, 3));
            assertThat(Opened.text(newBytes, 3)).isEqualTo("new");
            send(ring, old[1], Opened.bytes(arena, "old"));
            assertThat(Completions.one(ring)).isEqualTo(completion(OLD, 3));
            assertThat(Opened.text(oldBytes, 3)).isEqualTo("old");
            Net.close(ring, old[0], old[1], next[0], next[1]);
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldCancelByDescriptorWhatUsesTheNewFileOnly(RingMode mode) throws Exception {
        Needs.kernel("5.19", "IORING_ASYNC_CANCEL_FD");
        try (Arena arena = Arena.ofShared();
                Ring ring = mode.open(8)) {
            int[] old = Net.pair(ring);
            int[] next = Net.pair(ring);
            Sockets.recv(ring.next(), old[0], arena.allocate(8), 0).userData(OLD);
            taken(ring);
            int fd = reuse(old[0], next[0]);
            Sockets.recv(ring.next(), fd, arena.allocate(8), 0).userData(NEW);
            Cancel.cancel(ring.next(), CancelTarget.fd(fd).all()).userData(9);
            assertThat(Completions.some(ring, 2))
                    .containsExactlyInAnyOrder(
                            new Completion(9, 1, 0),
                            new Completion(NEW, -Errno.ECANCELED.number(), 0));
            // No descriptor names the old one any more; its user data does.
            Cancel.cancel(ring.next(), OLD).userData(9);
            assertThat(Completions.some(ring, 2))
                    .containsExactlyInAnyOrder(
                            new Completion(9, 0, 0),
                            new Completion(OLD, -Errno.ECANCELED.number(), 0));
            Net.close(ring, old[0], old[1], next[0], next[1]);
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldGoOnWithTheFileThatWasInTheSlot(RingMode mode) throws Exception {
        try (Arena arena = Arena.ofShared();
                Ring ring = mode.open(8)) {
            int[] old = Net.pair(ring);
            int[] next = Net.pair(ring);
            try (RegisteredFiles files = RegisteredFiles.register(ring, old[0])) {
                MemorySegment bytes = arena.allocate(8);
                Sockets.recv(ring.next(), 0, bytes, 0).fixedFile().userData(OLD);
                taken(ring);
                files.set(0, next[0]);
                send(ring, next[1], Opened.bytes(arena, "new"));
                send(ring, old[1], Opened.bytes(arena, "old"));
                assertThat(Completions.one(ring)).isEqualTo(completion(OLD, 3));
                assertThat(Opened.text(bytes, 3)).isEqualTo("old");
                Sockets.recv(ring.next(), 0, bytes, 0).fixedFile().userData(NEW);
                assertThat(Completions.one(ring)).isEqualTo(completion(NEW, 3));
                assertThat(Opened.text(bytes, 3)).isEqualTo("new");
            }
            Net.close(ring, old[0], old[1], next[0], next[1]);
        }
    }

    /** Closes a descriptor and gives its number to another file, before anybody else gets it. */
    private static int reuse(int fd, int other) {
        assertThat(Libc.call("dup2", other, fd)).isEqualTo(fd);
        return fd;
    }

    /**
     * Returns when what was put in has been taken, and waits. A poll thread looks a descriptor up
     * when it takes the request, which is after {@link Ring#submit} has returned.
     */
    private static void taken(Ring ring) {
        Nops.nop(ring.next()).userData(8);
        assertThat(Completions.one(ring)).isEqualTo(completion(8, 0));
    }

    private static void send(Ring ring, int fd, MemorySegment bytes) {
        Sockets.send(ring.next(), fd, bytes, 0).skipSuccess();
        ring.submit();
    }

    private static Completion completion(long userData, int result) {
        return new Completion(userData, result, 0);
    }
}
