package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.uring4j.op.OpenFlags.O_CLOEXEC;
import static org.uring4j.op.OpenFlags.O_CREAT;
import static org.uring4j.op.OpenFlags.O_RDONLY;
import static org.uring4j.op.OpenFlags.O_RDWR;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.DirectSlot;
import org.uring4j.op.Files;
import org.uring4j.op.IoVectors;
import org.uring4j.op.OpenFlags;
import org.uring4j.resource.RegisteredBuffers;
import org.uring4j.resource.RegisteredFiles;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;

/**
 * Files with registered buffers and as direct descriptors: {@code IORING_OP_READ_FIXED}, {@code
 * IORING_OP_WRITE_FIXED}, {@code IORING_OP_READV_FIXED}, {@code IORING_OP_WRITEV_FIXED}, and the
 * direct forms of {@code IORING_OP_OPENAT}, {@code IORING_OP_OPENAT2}, {@code IORING_OP_CLOSE}.
 */
class FilesFixedTest {
    @TempDir Path directory;
    private final Arena arena = Arena.ofShared();
    private Path path;
    private MemorySegment name;
    private Ring ring;

    @BeforeEach
    void openRing() {
        // Of any thread: with a time limit a test may have one of its own.
        ring = Ring.open(RingConfig.of(8).singleIssuer(false));
        path = directory.resolve("file");
        name = arena.allocateFrom(path.toString());
    }

    @AfterEach
    void closeRing() {
        ring.close();
        arena.close();
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldTransferWithRegisteredBuffers(RingMode mode) throws IOException {
        MemorySegment first = arena.allocate(8192, 4096);
        MemorySegment second = arena.allocate(100);
        try (Ring ring = mode.open(4);
                RegisteredBuffers buffers = RegisteredBuffers.register(ring, first, second);
                Opened file = Opened.open(ring, path, O_CREAT | O_RDWR)) {
            first.fill((byte) 'a');
            second.fill((byte) 'b');
            Files.writeFixed(ring.next(), file.fd(), first.asSlice(10, 5), 0, 0).userData(1);
            assertThat(Completions.one(ring)).isEqualTo(new Completion(1, 5, 0));
            MemorySegment tail = buffers.slice(1, 97, 3);
            Files.writeFixed(ring.next(), file.fd(), tail, 5, 1, Files.RWF_SYNC).userData(2);
            assertThat(Completions.one(ring)).isEqualTo(new Completion(2, 3, 0));
            assertThat(java.nio.file.Files.readString(path)).isEqualTo("aaaaabbb");
            Files.readFixed(ring.next(), file.fd(), first.asSlice(4094, 10), 1, 0).userData(3);
            assertThat(Completions.one(ring)).isEqualTo(new Completion(3, 7, 0));
            assertThat(Opened.text(first.asSlice(4093), 9)).isEqualTo("aaaaabbba");
            Files.readFixed(ring.next(), file.fd(), first, 0, 0, 0).userData(4).async();
            assertThat(Completions.one(ring)).isEqualTo(new Completion(4, 8, 0));
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldTransferPiecesOfRegisteredBuffer(RingMode mode) throws IOException {
        Needs.kernel("6.15", "IORING_OP_READV_FIXED, IORING_OP_WRITEV_FIXED");
        MemorySegment memory = arena.allocate(8192, 4096);
        memory.asSlice(0, 4).copyFrom(Opened.bytes(arena, "abcd"));
        memory.asSlice(8000, 4).copyFrom(Opened.bytes(arena, "efgh"));
        try (Ring ring = mode.open(4);
                RegisteredBuffers buffers = RegisteredBuffers.register(ring, memory);
                Opened file = Opened.open(ring, path, O_CREAT | O_RDWR)) {
            IoVectors out = IoVectors.of(arena, memory.asSlice(8000, 4), memory.asSlice(1, 3));
            Files.writevFixed(ring.next(), file.fd(), out, 0, 0, 0).userData(1);
            assertThat(Completions.one(ring)).isEqualTo(new Completion(1, 7, 0));
            assertThat(java.nio.file.Files.readString(path)).isEqualTo("efghbcd");
            IoVectors in = IoVectors.of(arena, buffers.slice(0, 4095, 2), buffers.slice(0, 0, 9));
            Files.readvFixed(ring.next(), file.fd(), in, 1, 0, 0).userData(2);
            assertThat(Completions.one(ring)).isEqualTo(new Completion(2, 6, 0));
            assertThat(Opened.text(memory.asSlice(4095), 2)).isEqualTo("fg");
            assertThat(Opened.text(memory, 4)).isEqualTo("hbcd");

            IoVectors outside = IoVectors.of(arena, arena.allocate(4));
            Files.readvFixed(ring.next(), file.fd(), outside, 0, 0, 0);
            assertThat(Completions.one(ring).failed(Errno.EFAULT)).isTrue();
        }
    }

    @Test
    void shouldFailWhenBufferIsNotRegisteredSo() {
        MemorySegment memory = arena.allocate(4096);
        try (Opened file = Opened.open(ring, path, O_CREAT | O_RDWR)) {
            Files.readFixed(ring.next(), file.fd(), memory, 0, 0);
            assertFails(Errno.EFAULT);
            try (RegisteredBuffers buffers = RegisteredBuffers.sparse(ring, 2)) {
                Files.readFixed(ring.next(), file.fd(), memory, 0, 2);
                assertFails(Errno.EFAULT);
                Files.readFixed(ring.next(), file.fd(), memory, 0, 1);
                assertFails(Errno.EFAULT);
                buffers.set(1, memory.asSlice(0, 2048));
                Files.readFixed(ring.next(), file.fd(), memory.asSlice(0, 2048), 0, 1);
                assertThat(Completions.one(ring).result()).isZero();
                Files.readFixed(ring.next(), file.fd(), memory, 0, 1);
                assertFails(Errno.EFAULT);
                Files.writeFixed(ring.next(), file.fd(), memory.asSlice(2048), 0, 1);
                assertFails(Errno.EFAULT);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldOpenIntoSlotAndClose(RingMode mode) {
        try (Ring ring = mode.open(8);
                RegisteredFiles files = RegisteredFiles.sparse(ring, 3)) {
            assertThat(files.count()).isEqualTo(3);
            MemorySegment memory = arena.allocate(3);
            int cwd = Files.AT_FDCWD;
            // The descriptor is used in the chain that opens it.
            Files.openatDirect(ring.next(), cwd, name, O_CREAT | O_RDWR, 0600, 2).link();
            Files.write(ring.next(), 2, Opened.bytes(arena, "abc"), 0).fixedFile().link();
            Files.read(ring.next(), 2, memory, 0).fixedFile().link();
            Files.fsync(ring.next(), 2, 0).fixedFile().link();
            Files.closeDirect(ring.next(), 2);
            assertThat(Completions.some(ring, 5))
                    .extracting(Completion::result)
                    .containsExactly(0, 3, 3, 0, 0);
            assertThat(Opened.text(memory, 3)).isEqualTo("abc");
            Files.read(ring.next(), 2, memory, 0).fixedFile();
            assertThat(Completions.one(ring).failed(Errno.EBADF)).isTrue();
            Files.closeDirect(ring.next(), 2);
            assertThat(Completions.one(ring).failed(Errno.EBADF)).isTrue();
        }
    }

    @Test
    void shouldReplaceWhatIsInSlot() throws IOException {
        java.nio.file.Files.writeString(path, "abc");
        MemorySegment memory = arena.allocate(3);
        int fd = Opened.open(ring, Path.of("/dev/zero"), O_RDONLY).fd();
        try (RegisteredFiles files = RegisteredFiles.register(ring, fd)) {
            new Opened(ring, fd).close();
            assertThat(files.count()).isEqualTo(1);
            Files.read(ring.next(), 0, memory, 0).fixedFile();
            assertThat(Completions.one(ring).result()).isEqualTo(3);
            assertThat(Opened.text(memory, 3)).isEqualTo("\0\0\0");
            Files.openatDirect(ring.next(), Files.AT_FDCWD, name, O_RDONLY, 0, 0);
            assertThat(Completions.one(ring).result()).isZero();
            Files.read(ring.next(), 0, memory, 0).fixedFile();
            assertThat(Completions.one(ring).result()).isEqualTo(3);
            assertThat(Opened.text(memory, 3)).isEqualTo("abc");
        }
    }

    @Test
    void shouldLetKernelChooseSlot() {
        Needs.kernel("5.19", "IORING_FILE_INDEX_ALLOC");
        int any = DirectSlot.ALLOCATE;
        MemorySegment how = OpenFlags.how(arena, O_CREAT | O_RDWR, 0600, 0);
        try (RegisteredFiles files = RegisteredFiles.sparse(ring, 3)) {
            assertThat(files.count()).isEqualTo(3);
            Files.openat2Direct(ring.next(), Files.AT_FDCWD, name, how, 0);
            assertThat(Completions.one(ring).result()).isZero();
            Files.openatDirect(ring.next(), Files.AT_FDCWD, name, O_RDONLY, 0, any);
            assertThat(Completions.one(ring).result()).isEqualTo(1);
            Files.openat2Direct(ring.next(), Files.AT_FDCWD, name, how, any);
            assertThat(Completions.one(ring).result()).isEqualTo(2);
            Files.openatDirect(ring.next(), Files.AT_FDCWD, name, O_RDONLY, 0, any);
            assertFails(Errno.ENFILE);
            Files.closeDirect(ring.next(), 1);
            assertThat(Completions.one(ring).result()).isZero();
            Files.openatDirect(ring.next(), Files.AT_FDCWD, name, O_RDONLY, 0, any);
            assertThat(Completions.one(ring).result()).isEqualTo(1);
        }
    }

    @Test
    void shouldTellWhatIsWrongWithSlot() {
        int flags = O_CREAT | O_RDWR;
        Files.openatDirect(ring.next(), Files.AT_FDCWD, name, flags, 0600, 0);
        assertFails(Errno.ENXIO);
        Files.closeDirect(ring.next(), 0);
        assertFails(Errno.ENXIO);
        try (RegisteredFiles files = RegisteredFiles.sparse(ring, 1)) {
            assertThat(files.count()).isEqualTo(1);
            Files.openatDirect(ring.next(), Files.AT_FDCWD, name, flags, 0600, 1);
            assertFails(Errno.EINVAL);
            Files.openatDirect(ring.next(), Files.AT_FDCWD, name, flags | O_CLOEXEC, 0600, 0);
            assertFails(Errno.EINVAL);
            Files.closeDirect(ring.next(), 1);
            assertFails(Errno.EINVAL);
            Files.closeDirect(ring.next(), 0);
            assertFails(Errno.EBADF);
        }
        for (int slot : List.of(-2, Integer.MIN_VALUE)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(
                            () ->
                                    Files.openatDirect(
                                            ring.next(), Files.AT_FDCWD, name, flags, 0, slot))
                    .withMessageContaining("slot=" + slot);
        }
    }

    private void assertFails(Errno errno) {
        Completion completion = Completions.one(ring);
        assertThat(completion.failed(errno)).as("%s, wanted %s", completion, errno).isTrue();
    }
}
