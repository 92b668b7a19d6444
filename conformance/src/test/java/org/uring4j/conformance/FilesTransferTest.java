package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.uring4j.op.OpenFlags.O_APPEND;
import static org.uring4j.op.OpenFlags.O_CREAT;
import static org.uring4j.op.OpenFlags.O_DIRECT;
import static org.uring4j.op.OpenFlags.O_NONBLOCK;
import static org.uring4j.op.OpenFlags.O_RDONLY;
import static org.uring4j.op.OpenFlags.O_RDWR;
import static org.uring4j.op.OpenFlags.O_WRONLY;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.Files;
import org.uring4j.op.IoVectors;
import org.uring4j.resource.BufferRing;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.List;

/**
 * Reading and writing: {@code IORING_OP_READ}, {@code IORING_OP_WRITE}, {@code IORING_OP_READV},
 * {@code IORING_OP_WRITEV}, {@code IORING_OP_READ_MULTISHOT}.
 */
class FilesTransferTest {
    @TempDir Path directory;
    private final Arena arena = Arena.ofShared();
    private Path path;
    private Ring ring;

    @BeforeEach
    void openRing() {
        // Of any thread: with a time limit a test may have one of its own.
        ring = Ring.open(RingConfig.of(8).singleIssuer(false));
        path = directory.resolve("file");
    }

    @AfterEach
    void closeRing() {
        ring.close();
        arena.close();
    }

    @Test
    void shouldReadToEndAndNotBeyond() throws IOException {
        java.nio.file.Files.writeString(path, "0123456789");
        MemorySegment memory = arena.allocate(6);
        try (Opened file = Opened.open(ring, path, O_RDONLY)) {
            assertThat(read(file, memory, 0)).isEqualTo("012345");
            assertThat(read(file, memory, 6)).as("short").isEqualTo("6789");
            assertThat(read(file, memory, 10)).as("at the end").isEmpty();
            assertThat(read(file, memory, 1L << 40)).as("beyond").isEmpty();
            assertThat(read(file, memory.asSlice(0, 0), 0)).as("nothing wanted").isEmpty();
        }
    }

    @Test
    void shouldMoveFilesOwnPosition() throws IOException {
        try (Opened file = Opened.open(ring, path, O_CREAT | O_RDWR)) {
            for (String part : new String[] {"abc", "def"}) {
                Files.write(ring.next(), file.fd(), Opened.bytes(arena, part), Files.CURRENT);
                assertThat(Completions.one(ring).result()).isEqualTo(3);
            }
            assertThat(java.nio.file.Files.readString(path)).isEqualTo("abcdef");
        }
        MemorySegment memory = arena.allocate(4);
        try (Opened file = Opened.open(ring, path, O_RDONLY)) {
            assertThat(read(file, memory, Files.CURRENT)).isEqualTo("abcd");
            assertThat(read(file, memory, 1)).as("does not move it").isEqualTo("bcde");
            assertThat(read(file, memory, Files.CURRENT)).isEqualTo("ef");
        }
    }

    @Test
    void shouldTellWhyItCannotTransfer() throws Exception {
        java.nio.file.Files.writeString(path, "x");
        MemorySegment memory = arena.allocate(8);
        try (Opened readable = Opened.open(ring, path, O_RDONLY);
                Opened writable = Opened.open(ring, path, O_WRONLY);
                Opened place = Opened.open(ring, directory, O_RDONLY);
                Opened full = Opened.open(ring, Path.of("/dev/full"), O_WRONLY)) {
            Files.write(ring.next(), readable.fd(), memory, 0);
            assertFails(Errno.EBADF);
            Files.read(ring.next(), writable.fd(), memory, 0);
            assertFails(Errno.EBADF);
            Files.read(ring.next(), 1_000_000, memory, 0);
            assertFails(Errno.EBADF);
            Files.read(ring.next(), place.fd(), memory, 0);
            assertFails(Errno.EISDIR);
            Files.read(ring.next(), readable.fd(), memory, -2);
            assertFails(Errno.EINVAL);
            Files.write(ring.next(), full.fd(), memory, 0);
            assertFails(Errno.ENOSPC);
            Files.write(ring.next(), writable.fd(), memory, Long.MAX_VALUE - 8);
            assertFails(Errno.EFBIG);
        }
    }

    @Test
    void shouldTellWhyItCannotTransferPieces() throws Exception {
        java.nio.file.Files.writeString(path, "content");
        IoVectors pieces = IoVectors.of(arena, arena.allocate(3), arena.allocate(5));
        try (Opened readable = Opened.open(ring, path, O_RDONLY);
                Opened writable = Opened.open(ring, path, O_WRONLY);
                Opened direct = Opened.open(ring, path, O_RDWR | O_DIRECT);
                Opened place = Opened.open(ring, directory, O_RDONLY);
                Opened full = Opened.open(ring, Path.of("/dev/full"), O_WRONLY)) {
            Files.readv(ring.next(), writable.fd(), pieces, 0);
            assertFails(Errno.EBADF);
            Files.writev(ring.next(), readable.fd(), pieces, 0);
            assertFails(Errno.EBADF);
            Files.readv(ring.next(), place.fd(), pieces, 0);
            assertFails(Errno.EISDIR);
            Files.readv(ring.next(), readable.fd(), pieces, -2);
            assertFails(Errno.EINVAL);
            Files.readv(ring.next(), direct.fd(), pieces, 0);
            assertFails(Errno.EINVAL);
            Files.writev(ring.next(), full.fd(), pieces, 0);
            assertFails(Errno.ENOSPC);
            Files.writev(ring.next(), writable.fd(), pieces, Long.MAX_VALUE - 8);
            assertFails(Errno.EFBIG);
        }
    }

    @Test
    void shouldFailWhenMemoryCannotBeWritten() throws IOException {
        java.nio.file.Files.writeString(path, "content");
        long bytes = 65536;
        MemorySegment page = arena.allocate(bytes, bytes);
        Libc.callAny("mprotect", page, bytes, /* PROT_READ */ 1);
        try (Opened file = Opened.open(ring, path, O_RDONLY)) {
            Files.read(ring.next(), file.fd(), page, 0);
            assertFails(Errno.EFAULT);
            Files.readv(ring.next(), file.fd(), IoVectors.of(arena, page), 0);
            assertFails(Errno.EFAULT);
        } finally {
            Libc.callAny("mprotect", page, bytes, /* PROT_READ | PROT_WRITE */ 3);
        }
    }

    @Test
    void shouldTransferAtMostWhatTheKernelTakesAtOnce() throws IOException {
        long most = 0x7fff_f000L;
        try (RandomAccessFile sparse = new RandomAccessFile(path.toFile(), "rw")) {
            sparse.setLength(1L << 33);
            MemorySegment mapped =
                    sparse.getChannel().map(FileChannel.MapMode.READ_ONLY, 0, 1L << 33, arena);
            try (Opened sink = Opened.open(ring, Path.of("/dev/null"), O_WRONLY)) {
                Files.write(ring.next(), sink.fd(), mapped.asSlice(0, 0xffff_ffffL), 0);
                assertThat(Completions.one(ring).result()).isEqualTo((int) most);
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> Files.write(ring.next(), sink.fd(), mapped, 0))
                        .withMessageContaining("bytes=8589934592");
            }
        }
    }

    @Test
    void shouldTransferPastThePageCache() throws IOException {
        int size = 4096;
        try (Opened file = Opened.open(ring, path, O_CREAT | O_RDWR | O_DIRECT)) {
            MemorySegment memory = arena.allocate(2L * size, size);
            memory.fill((byte) 'd');
            Files.write(ring.next(), file.fd(), memory, 0);
            assertThat(Completions.one(ring).result()).isEqualTo(2 * size);
            memory.fill((byte) 0);
            assertThat(read(file, memory.asSlice(0, size), size)).isEqualTo("d".repeat(size));
            Files.read(ring.next(), file.fd(), memory.asSlice(0, size), 1);
            assertFails(Errno.EINVAL);
            Files.read(ring.next(), file.fd(), memory.asSlice(0, 100), 0);
            assertFails(Errno.EINVAL);
            Files.read(ring.next(), file.fd(), memory.asSlice(1, size), 0);
            assertFails(Errno.EINVAL);
        }
    }

    @Test
    void shouldObeyFlagsOfOneTransfer() throws Exception {
        java.nio.file.Files.writeString(path, "abc");
        MemorySegment x = Opened.bytes(arena, "x");
        try (Opened file = Opened.open(ring, path, O_RDWR)) {
            for (int flag : new int[] {Files.RWF_DSYNC, Files.RWF_SYNC}) {
                Files.write(ring.next(), file.fd(), x, 0, flag);
                assertThat(Completions.one(ring).result()).isEqualTo(1);
            }
            Files.write(ring.next(), file.fd(), x, 0, Files.RWF_APPEND);
            assertThat(Completions.one(ring).result()).isEqualTo(1);
            assertThat(java.nio.file.Files.readString(path)).isEqualTo("xbcx");
            Files.read(ring.next(), file.fd(), x, 0, Files.RWF_HIPRI);
            assertFails(Errno.EINVAL);
            Files.read(ring.next(), file.fd(), x, 0, 1 << 30);
            assertFails(Errno.EOPNOTSUPP);
            Files.write(ring.next(), file.fd(), x, 0, Files.RWF_ATOMIC);
            assertFails(Errno.EOPNOTSUPP);
        }
    }

    @Test
    void shouldWriteWhereAskedThoughOpenToAppend() throws IOException {
        Needs.kernel("6.9", "RWF_NOAPPEND");
        java.nio.file.Files.writeString(path, "abc");
        MemorySegment x = Opened.bytes(arena, "x");
        try (Opened file = Opened.open(ring, path, O_RDWR | O_APPEND)) {
            Files.write(ring.next(), file.fd(), x, 0);
            assertThat(Completions.one(ring).result()).isEqualTo(1);
            Files.write(ring.next(), file.fd(), x, 1, Files.RWF_NOAPPEND);
            assertThat(Completions.one(ring).result()).isEqualTo(1);
            assertThat(java.nio.file.Files.readString(path)).isEqualTo("axcx");
        }
    }

    @Test
    void shouldSparePageCacheWhereFileSystemCan() throws IOException {
        Needs.kernel("6.14", "RWF_DONTCACHE");
        MemorySegment memory = arena.allocate(4096);
        try (Opened file = Opened.open(ring, path, O_CREAT | O_RDWR)) {
            Files.write(ring.next(), file.fd(), memory, 0, Files.RWF_DONTCACHE);
            int result = Completions.one(ring).result();
            Needs.that(!Errno.EOPNOTSUPP.is(result), "the file system has no RWF_DONTCACHE");
            assertThat(result).isEqualTo(4096);
            Files.read(ring.next(), file.fd(), memory, 0, Files.RWF_DONTCACHE);
            assertThat(Completions.one(ring).result()).isEqualTo(4096);
        }
    }

    @Test
    void shouldTellThatNobodyReads() throws Exception {
        MemorySegment x = Opened.bytes(arena, "x");
        try (Fifo fifo = Fifo.in(directory);
                Opened writer = fifo.open(ring, O_WRONLY)) {
            fifo.hangUp();
            Files.write(ring.next(), writer.fd(), x, 0);
            assertFails(Errno.EPIPE);
            Files.write(ring.next(), writer.fd(), x, 0, Files.RWF_NOSIGNAL);
            Completion second = Completions.one(ring);
            Needs.that(!second.failed(Errno.EOPNOTSUPP), "RWF_NOSIGNAL needs Linux 6.18");
            assertThat(second.failed(Errno.EPIPE)).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldWaitForPipe(RingMode mode) throws Exception {
        try (Ring ring = mode.open(4);
                Fifo fifo = Fifo.in(directory);
                Opened reader = fifo.open(ring, O_RDONLY)) {
            MemorySegment memory = arena.allocate(8);
            Files.read(ring.next(), reader.fd(), memory, 0).userData(1);
            assertThat(Completions.now(ring)).isEmpty();
            fifo.put("abc");
            assertThat(Completions.one(ring)).isEqualTo(new Completion(1, 3, 0));
            assertThat(Opened.text(memory, 3)).isEqualTo("abc");
            fifo.put("def");
            Files.read(ring.next(), reader.fd(), memory, 5).userData(2);
            assertThat(Completions.one(ring)).as("no position").isEqualTo(new Completion(2, 3, 0));
            fifo.hangUp();
            Files.read(ring.next(), reader.fd(), memory, Files.CURRENT).userData(3);
            assertThat(Completions.one(ring)).as("the end").isEqualTo(new Completion(3, 0, 0));
        }
    }

    @Test
    void shouldWaitForPipeThoughOpenedNotTo() throws Exception {
        try (Fifo fifo = Fifo.in(directory);
                Opened reader = fifo.open(ring, O_RDONLY | O_NONBLOCK)) {
            MemorySegment memory = arena.allocate(8);
            Files.read(ring.next(), reader.fd(), memory, 0).userData(1);
            assertThat(Completions.now(ring)).isEmpty();
            fifo.put("abc");
            assertThat(Completions.one(ring)).isEqualTo(new Completion(1, 3, 0));
        }
    }

    @Test
    void shouldNotWaitWhenAskedNotTo() throws Exception {
        Needs.kernel("6.5", "RWF_NOWAIT with a socket");
        try (Connection connection = Connection.open(ring)) {
            Files.read(ring.next(), connection.fd(), arena.allocate(8), 0, Files.RWF_NOWAIT);
            assertFails(Errno.EAGAIN);
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldTransferSeveralPiecesAsOne(RingMode mode) throws IOException {
        try (Ring ring = mode.open(4);
                Opened file = Opened.open(ring, path, O_CREAT | O_RDWR)) {
            IoVectors out =
                    IoVectors.of(
                            arena,
                            Opened.bytes(arena, "abc"),
                            arena.allocate(0),
                            Opened.bytes(arena, "defgh"));
            assertThat(out.byteSize()).isEqualTo(8);
            Files.writev(ring.next(), file.fd(), out, 2).userData(1);
            assertThat(Completions.one(ring)).isEqualTo(new Completion(1, 8, 0));
            assertThat(java.nio.file.Files.readString(path)).isEqualTo("\0\0abcdefgh");

            MemorySegment first = arena.allocate(3);
            MemorySegment second = arena.allocate(3);
            MemorySegment third = arena.allocate(30);
            IoVectors in = IoVectors.of(arena, first, second, third);
            Files.readv(ring.next(), file.fd(), in, 3).userData(2);
            assertThat(Completions.one(ring)).isEqualTo(new Completion(2, 7, 0));
            assertThat(Opened.text(first, 3)).isEqualTo("bcd");
            assertThat(Opened.text(second, 3)).isEqualTo("efg");
            assertThat(Opened.text(third, 1)).isEqualTo("h");

            Files.writev(ring.next(), file.fd(), out, 0, Files.RWF_APPEND).userData(3);
            assertThat(Completions.one(ring)).isEqualTo(new Completion(3, 8, 0));
            assertThat(path).hasSize(18);
            Files.readv(ring.next(), file.fd(), in.clear(), 0, 0).userData(4);
            assertThat(Completions.one(ring)).isEqualTo(new Completion(4, 0, 0));
        }
    }

    @Test
    void shouldTakeAsManyPiecesAsTheKernel() throws IOException {
        MemorySegment memory = arena.allocate(IoVectors.MAX);
        IoVectors vectors = IoVectors.allocate(arena, IoVectors.MAX);
        for (int i = 0; i < IoVectors.MAX; i++) {
            vectors.add(memory.asSlice(i, 1).fill((byte) ('a' + i % 26)));
        }
        try (Opened file = Opened.open(ring, path, O_CREAT | O_RDWR)) {
            Files.writev(ring.next(), file.fd(), vectors, 0);
            // The kernel has copied the array by then.
            ring.submit();
            vectors.clear().add(memory.asSlice(0, 26));
            assertThat(Completions.one(ring).result()).isEqualTo(IoVectors.MAX);
            assertThat(java.nio.file.Files.readString(path))
                    .startsWith("abcdefghijklmnopqrstuvwxyzab");
            Files.readv(ring.next(), file.fd(), vectors, 26);
            assertThat(Completions.one(ring).result()).isEqualTo(26);
        }
    }

    @Test
    void shouldRefuseWrongPieces() {
        assertThatIllegalArgumentException().isThrownBy(() -> IoVectors.allocate(arena, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> IoVectors.allocate(arena, 1025));
        IoVectors vectors = IoVectors.allocate(arena, 1);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> vectors.add(MemorySegment.ofArray(new byte[1])));
        assertThatExceptionOfType(IndexOutOfBoundsException.class)
                .isThrownBy(() -> vectors.add(arena.allocate(10), 1, 10));
        assertThat(vectors.count()).isZero();
        assertThatExceptionOfType(IndexOutOfBoundsException.class)
                .isThrownBy(() -> vectors.set(0, arena.allocate(1)));
        try (Arena closed = Arena.ofConfined()) {
            vectors.add(closed.allocate(1));
        }
        assertThatExceptionOfType(IndexOutOfBoundsException.class)
                .isThrownBy(() -> vectors.add(arena.allocate(1)));
        assertThatIllegalStateException()
                .isThrownBy(() -> Files.writev(ring.next(), 1, vectors, 0))
                .withMessageContaining("closed");
    }

    @Test
    void shouldReadIntoProvidedBuffer() throws IOException {
        java.nio.file.Files.writeString(path, "0123456789");
        try (BufferRing buffers = BufferRing.register(ring, 7, 2, 4);
                Opened file = Opened.open(ring, path, O_RDONLY)) {
            int[] lengths = {0, 3, 100};
            String[] expected = {"2345", "234", "2345"};
            for (int i = 0; i < lengths.length; i++) {
                Files.readProvided(ring.next(), file.fd(), lengths[i], 7, 2);
                Completion c = Completions.one(ring);
                MemorySegment data = buffers.take(c.result(), c.flags());
                assertThat(Opened.text(data, c.result())).isEqualTo(expected[i]);
                buffers.recycle(c.bufferId());
            }
        }
        try (Opened file = Opened.open(ring, path, O_RDONLY)) {
            Files.readProvided(ring.next(), file.fd(), 0, 7, 2);
            assertFails(Errno.ENOBUFS);
        }
    }

    @Test
    void shouldReadAgainAndAgain() throws Exception {
        Needs.kernel("6.7", "IORING_OP_READ_MULTISHOT");
        try (BufferRing buffers = BufferRing.register(ring, 7, 2, 4);
                Connection connection = Connection.open(ring)) {
            Files.readMultishot(ring.next(), connection.fd(), 7).userData(1);
            assertThat(Completions.now(ring)).isEmpty();
            for (String text : new String[] {"ab", "cde", "f", "ghij"}) {
                connection.send(text);
                Completion c = Completions.one(ring);
                assertThat(c.hasMore()).isTrue();
                MemorySegment data = buffers.take(c.result(), c.flags());
                assertThat(Opened.text(data, c.result())).isEqualTo(text);
                buffers.recycle(c.bufferId());
            }
            connection.peer().shutdownOutput();
            assertThat(Completions.one(ring)).as("the end").isEqualTo(new Completion(1, 0, 0));
        }
    }

    @Test
    void shouldEndReadingAgainAndAgain() throws Exception {
        Needs.kernel("6.7", "IORING_OP_READ_MULTISHOT");
        java.nio.file.Files.writeString(path, "x");
        try (BufferRing buffers = BufferRing.register(ring, 7, 2, 4);
                Opened file = Opened.open(ring, path, O_RDONLY);
                Fifo fifo = Fifo.in(directory);
                Opened reader = fifo.open(ring, O_RDONLY)) {
            Files.readMultishot(ring.next(), file.fd(), 7);
            assertFails(Errno.EBADFD);
            assertThat(buffers.available()).isEqualTo(2);

            Files.readMultishot(ring.next(), reader.fd(), 7);
            fifo.put("123456789");
            List<Completion> all = Completions.until(ring, c -> !c.hasMore());
            assertThat(all).hasSize(3);
            assertThat(all.getLast().failed(Errno.ENOBUFS)).as("%s", all).isTrue();

            Files.readMultishot(ring.next(), reader.fd(), 8);
            assertFails(Errno.ENOBUFS);
        }
    }

    /** What is read at an offset. */
    private String read(Opened file, MemorySegment memory, long offset) {
        Files.read(ring.next(), file.fd(), memory, offset);
        Completion completion = Completions.one(ring);
        assertThat(completion.result()).as("%s", completion).isNotNegative();
        return Opened.text(memory, completion.result());
    }

    private void assertFails(Errno errno) {
        Completion completion = Completions.one(ring);
        assertThat(completion.failed(errno)).as("%s, wanted %s", completion, errno).isTrue();
    }
}
