package org.uring4j.resource;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_FILES_SKIP;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_FILES_UPDATE2;
import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_FILE_ALLOC_RANGE;

import org.jspecify.annotations.Nullable;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.UringException;
import org.uring4j.internal.Access;
import org.uring4j.internal.sys.Memory;
import org.uring4j.internal.uapi.IoUringFileIndexRange;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * A ring's table of files, for requests that name one by its slot ({@link
 * org.uring4j.Sqe#fixedFile}), which spares the kernel to look it up, and for direct descriptors,
 * which are in this table and nowhere else ({@code IORING_REGISTER_FILES2}). Since Linux 5.13.
 *
 * <pre>{@code
 * RegisteredFiles files = RegisteredFiles.sparse(ring, 1024);
 * Sockets.acceptMultishotDirect(ring.next(), listener, 0, 0);
 * ...
 * Sockets.recv(ring.next(), slot, buffer, 0).fixedFile();
 * Files.closeDirect(ring.next(), slot);
 * }</pre>
 *
 * <p>A ring has at most one such table. The table holds the files open: the program may close its
 * own descriptors of them. A slot can be replaced while requests use it: they go on with what they
 * began with. Before Linux 6.13, {@link #close} waits for them.
 *
 * <p><b>Tags.</b> A file may have a tag. It comes back as the user data of a completion, with
 * result and flags 0, when the slot was cleared or replaced and no request uses the file any more.
 * Closing the table, and the ring, brings all tags back. Clear and replace a file with a tag by the
 * methods here, not by requests ({@code FixedFiles}, {@code closeDirect}, another direct
 * descriptor): those bring the tag back too, but then {@link Ring#inFlight} counts one request too
 * few.
 *
 * <p>The older {@code IORING_REGISTER_FILES} and {@code IORING_REGISTER_FILES_UPDATE} can do
 * nothing that this cannot, and have no methods of their own.
 *
 * <p>Source: {@code io_uring_register(2)}, {@code io_uring_registered_files(7)}.
 */
public final class RegisteredFiles implements AutoCloseable {
    /** In place of a descriptor: clears the slot. */
    public static final int CLEAR = -1;

    /** In place of a descriptor, when updating: leaves the slot as it is. */
    public static final int SKIP = IORING_REGISTER_FILES_SKIP;

    /** The most slots a table has; the limit on open files may be lower. */
    public static final int MAX_COUNT = 1 << 20;

    private static final Access ACCESS = Access.get();

    private final Ring ring;
    private final ResourceTable table;

    private RegisteredFiles(Ring ring, int count) {
        this.ring = ring;
        table = new ResourceTable(ring, ResourceTable.Kind.FILE, count);
    }

    /**
     * Registers a table of these files, their slots in order ({@code IORING_REGISTER_FILES2}).
     *
     * @param fds descriptors, or {@link #CLEAR} for an empty slot; 1 to {@link #MAX_COUNT} of them
     * @throws UringException when the kernel refuses: {@code EBUSY}, the ring has such a table;
     *     {@code EBADF}, one is no open file, or a ring; {@code EMFILE}, more than {@code
     *     RLIMIT_NOFILE}
     */
    public static RegisteredFiles register(Ring ring, int... fds) {
        return register(ring, fds, null);
    }

    /**
     * As {@link #register(Ring, int...)}, with tags.
     *
     * @param tags a tag for each file, 0 for none and for empty slots
     */
    public static RegisteredFiles registerTagged(Ring ring, int[] fds, long[] tags) {
        return register(ring, fds, tags);
    }

    /**
     * Registers a table of empty slots, which the kernel calls sparse ({@code
     * IORING_REGISTER_FILES2}).
     *
     * @param count how many, 1 to {@link #MAX_COUNT}
     * @throws UringException when the kernel refuses: {@code EMFILE}, more than {@code
     *     RLIMIT_NOFILE}
     */
    public static RegisteredFiles sparse(Ring ring, int count) {
        checkCount(count);
        int[] fds = new int[count];
        Arrays.fill(fds, CLEAR);
        return register(ring, fds, null);
    }

    private static RegisteredFiles register(Ring ring, int[] fds, long @Nullable [] tags) {
        checkCount(fds.length);
        RegisteredFiles files = new RegisteredFiles(ring, fds.length);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment array = arena.allocateFrom(ValueLayout.JAVA_INT, fds);
            files.table.register(array, tags);
        }
        ACCESS.adopt(ring, files);
        return files;
    }

    private static void checkCount(int count) {
        if (count < 1 || count > MAX_COUNT) {
            throw new IllegalArgumentException(
                    "there can be 1 to " + MAX_COUNT + " registered files: count=" + count);
        }
    }

    /** How many slots there are. */
    public int count() {
        return table.count();
    }

    /**
     * Puts a file into a slot, in place of what was there ({@code IORING_REGISTER_FILES_UPDATE2}).
     */
    public void set(int slot, int fd) {
        update(slot, fd);
    }

    /**
     * Puts a file into a slot, in place of what was there.
     *
     * @param tag what is to come back when it is there no more, 0 for nothing
     */
    public void set(int slot, int fd, long tag) {
        update(slot, new int[] {fd}, new long[] {tag});
    }

    /** Empties a slot ({@code IORING_REGISTER_FILES_UPDATE2}). */
    public void clear(int slot) {
        update(slot, CLEAR);
    }

    /**
     * Replaces the files of slots in a row ({@code IORING_REGISTER_FILES_UPDATE2}).
     *
     * @param first the first slot
     * @param fds a descriptor for each, {@link #CLEAR} or {@link #SKIP}
     * @throws UringException when the kernel refuses: {@code EBADF}, one is no open file, or a
     *     ring. The slots before that one are replaced, its own is empty
     */
    public void update(int first, int... fds) {
        table.check(first, fds.length);
        update(first, fds, null, fds.length);
    }

    /**
     * As {@link #update(int, int...)}, with tags.
     *
     * @param tags a tag for each, 0 for none and for slots that are cleared or skipped
     */
    public void update(int first, int[] fds, long[] tags) {
        table.check(first, fds.length);
        if (tags.length != fds.length) {
            throw new IllegalArgumentException(
                    "as many tags as files: files=" + fds.length + " tags=" + tags.length);
        }
        update(first, fds, tags, fds.length);
    }

    private void update(int first, int[] fds, long @Nullable [] tags, int number) {
        int done = 0;
        while (done < number) {
            int[] rest = Arrays.copyOfRange(fds, done, number);
            long[] restTags = tags == null ? null : Arrays.copyOfRange(tags, done, number);
            int result;
            try (Arena arena = Arena.ofConfined()) {
                result =
                        table.update(
                                first + done,
                                arena.allocateFrom(ValueLayout.JAVA_INT, rest),
                                rest.length,
                                restTags);
            }
            if (result <= 0) {
                throw failed(first + done, rest[0], result);
            }
            for (int i = 0; i < result; i++) {
                if (rest[i] != SKIP) {
                    table.replaceTag(first + done + i, restTags == null ? 0 : restTags[i]);
                }
            }
            done += result;
        }
    }

    private UringException failed(int slot, int fd, int result) {
        if (Errno.EBADF.is(result)) {
            // The kernel has emptied the slot before it looked at the descriptor.
            table.replaceTag(slot, 0);
        }
        return ACCESS.failed(
                IORING_REGISTER_FILES_UPDATE2,
                result,
                "slot=" + slot + " fd=" + fd + (fd < 0 ? "; an empty slot takes no tag" : ""));
    }

    /**
     * Limits where the kernel looks for a free slot when it is to choose one, for instance to keep
     * the others for files put there by number ({@code IORING_REGISTER_FILE_ALLOC_RANGE}). Since
     * Linux 6.0.
     *
     * @param first the first slot it may choose
     * @param number how many it may choose from
     */
    public void allocateFrom(int first, int number) {
        table.check(first, number);
        try (Arena arena = Arena.ofConfined()) {
            long arg = arena.allocate(IoUringFileIndexRange.SIZEOF, 8).address();
            Memory.putInt(arg + IoUringFileIndexRange.OFF, first);
            Memory.putInt(arg + IoUringFileIndexRange.LEN, number);
            ACCESS.require(ring, IORING_REGISTER_FILE_ALLOC_RANGE, arg, 0);
        }
    }

    /**
     * Takes all files out, closing those that are open nowhere else, and gives the table up ({@code
     * IORING_UNREGISTER_FILES}). Before Linux 6.13 it waits until no request uses one of them.
     */
    @Override
    public void close() {
        if (!table.closed()) {
            try {
                table.unregister();
            } finally {
                if (table.closed()) {
                    ACCESS.remove(ring, this);
                }
            }
        }
    }

    @Override
    public String toString() {
        return "RegisteredFiles[count=" + count() + (table.closed() ? " closed" : "") + "]";
    }
}
