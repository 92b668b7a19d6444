package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.ExtendedAttributes;
import org.uring4j.op.OpenFlags;
import org.uring4j.resource.RegisteredFiles;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;

/**
 * {@code IORING_OP_SETXATTR}, {@code IORING_OP_FSETXATTR}, {@code IORING_OP_GETXATTR}, {@code
 * IORING_OP_FGETXATTR}.
 */
class ExtendedAttributesTest {
    @TempDir Path directory;

    private final Arena arena = Arena.ofAuto();
    private final MemorySegment name = arena.allocateFrom("user.colour");
    private final MemorySegment value = arena.allocate(64);
    private Path file;
    private MemorySegment path;

    @BeforeEach
    void makeFile() throws IOException {
        Needs.kernel("5.19", "IORING_OP_SETXATTR");
        file = Files.createFile(directory.resolve("file"));
        path = arena.allocateFrom(file.toString());
        Needs.that(
                Files.getFileStore(file)
                        .supportsFileAttributeView(UserDefinedFileAttributeView.class),
                "the file system of " + directory + " has no extended attributes");
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldSetAndGetByPath(RingMode mode) throws IOException {
        try (Ring ring = mode.open(4)) {
            ExtendedAttributes.setxattr(ring.next(), path, name, bytes("blue"), 0)
                    .userData(1)
                    .link();
            ExtendedAttributes.getxattr(ring.next(), path, name, value).userData(2);
            assertThat(Completions.some(ring, 2))
                    .containsExactly(new Completion(1, 0, 0), new Completion(2, 4, 0));
            assertThat(Opened.text(value, 4)).isEqualTo("blue");
            assertThat(Files.getAttribute(file, "user:colour"))
                    .isEqualTo("blue".getBytes(StandardCharsets.UTF_8));
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldSetAndGetByDescriptor(RingMode mode) {
        try (Ring ring = mode.open(8);
                Opened opened = Opened.open(ring, file, OpenFlags.O_RDWR)) {
            ExtendedAttributes.fsetxattr(ring.next(), opened.fd(), name, bytes("red"), 0)
                    .async()
                    .userData(1);
            ExtendedAttributes.fgetxattr(ring.next(), opened.fd(), name, value).drain().userData(2);
            assertThat(Completions.some(ring, 2))
                    .containsExactly(new Completion(1, 0, 0), new Completion(2, 3, 0));
            assertThat(Opened.text(value, 3)).isEqualTo("red");
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldSetAndGetOfRegisteredFile(RingMode mode) {
        Needs.kernel("6.13", "IORING_OP_FGETXATTR of a registered file");
        try (Ring ring = mode.open(8);
                Opened opened = Opened.open(ring, file, OpenFlags.O_RDWR);
                RegisteredFiles files = RegisteredFiles.register(ring, opened.fd())) {
            assertThat(files.count()).isOne();
            ExtendedAttributes.fsetxattr(ring.next(), 0, name, bytes("red"), 0)
                    .fixedFile()
                    .link()
                    .userData(1);
            ExtendedAttributes.fgetxattr(ring.next(), 0, name, value).fixedFile().userData(2);
            assertThat(Completions.some(ring, 2))
                    .containsExactly(new Completion(1, 0, 0), new Completion(2, 3, 0));
            assertThat(Opened.text(value, 3)).isEqualTo("red");
        }
    }

    @Test
    void shouldMindWhetherItIsThere() {
        try (Ring ring = Ring.open(RingConfig.of(4))) {
            assertThat(set(ring, ExtendedAttributes.XATTR_REPLACE).failed(Errno.ENODATA)).isTrue();
            assertThat(set(ring, ExtendedAttributes.XATTR_CREATE).result()).isZero();
            assertThat(set(ring, ExtendedAttributes.XATTR_CREATE).failed(Errno.EEXIST)).isTrue();
            assertThat(set(ring, ExtendedAttributes.XATTR_REPLACE).result()).isZero();
            assertThat(set(ring, 4).failed(Errno.EINVAL)).isTrue();
        }
    }

    @Test
    void shouldTellLengthAndWantRoom() {
        try (Ring ring = Ring.open(RingConfig.of(4))) {
            assertThat(set(ring, 0).result()).isZero();
            ExtendedAttributes.getxattr(ring.next(), path, name, arena.allocate(0));
            assertThat(Completions.one(ring).result()).isEqualTo(5);
            ExtendedAttributes.getxattr(ring.next(), path, name, arena.allocate(4));
            assertThat(Completions.one(ring).failed(Errno.ERANGE)).isTrue();
        }
    }

    @Test
    void shouldTakeEmptyValue() throws IOException {
        try (Ring ring = Ring.open(RingConfig.of(4))) {
            ExtendedAttributes.setxattr(ring.next(), path, name, arena.allocate(0), 0);
            assertThat(Completions.one(ring).result()).isZero();
            assertThat((byte[]) Files.getAttribute(file, "user:colour")).isEmpty();
        }
    }

    @Test
    void shouldTellErrors() {
        try (Ring ring = Ring.open(RingConfig.of(4))) {
            ExtendedAttributes.getxattr(ring.next(), path, name, value);
            assertThat(Completions.one(ring).failed(Errno.ENODATA)).isTrue();
            MemorySegment none = arena.allocateFrom(directory.resolve("none").toString());
            ExtendedAttributes.getxattr(ring.next(), none, name, value);
            assertThat(Completions.one(ring).failed(Errno.ENOENT)).isTrue();
            ExtendedAttributes.setxattr(ring.next(), none, name, bytes("x"), 0);
            assertThat(Completions.one(ring).failed(Errno.ENOENT)).isTrue();
            ExtendedAttributes.fsetxattr(ring.next(), 1_000_000, name, bytes("x"), 0);
            assertThat(Completions.one(ring).failed(Errno.EBADF)).isTrue();
            ExtendedAttributes.fgetxattr(ring.next(), 1_000_000, name, value);
            assertThat(Completions.one(ring).failed(Errno.EBADF)).isTrue();
            MemorySegment nameless = arena.allocateFrom("");
            ExtendedAttributes.setxattr(ring.next(), path, nameless, bytes("x"), 0);
            assertThat(Completions.one(ring).failed(Errno.ERANGE)).isTrue();
            ExtendedAttributes.setxattr(ring.next(), path, name, arena.allocate(65537), 0);
            assertThat(Completions.one(ring).failed(Errno.E2BIG)).isTrue();
            MemorySegment kind = arena.allocateFrom("nonsense.x");
            ExtendedAttributes.setxattr(ring.next(), path, kind, bytes("x"), 0);
            assertThat(Completions.one(ring).failed(Errno.EOPNOTSUPP)).isTrue();
        }
    }

    @Test
    void shouldRefuseNameWithoutEnd() {
        try (Ring ring = Ring.open(RingConfig.of(4))) {
            assertThatIllegalArgumentException()
                    .isThrownBy(
                            () ->
                                    ExtendedAttributes.fgetxattr(
                                            ring.next(), 0, bytes("user.x"), value))
                    .withMessageContaining("the name does not end with a zero byte");
        }
    }

    private Completion set(Ring ring, int flags) {
        ExtendedAttributes.setxattr(ring.next(), path, name, bytes("green"), flags);
        return Completions.one(ring);
    }

    private MemorySegment bytes(String text) {
        return Opened.bytes(arena, text);
    }
}
