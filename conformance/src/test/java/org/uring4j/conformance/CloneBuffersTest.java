package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.RingMemory;
import org.uring4j.UringException;
import org.uring4j.op.Files;
import org.uring4j.op.OpenFlags;
import org.uring4j.resource.RegisteredBuffers;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** {@code IORING_REGISTER_CLONE_BUFFERS}. */
@Timeout(60)
class CloneBuffersTest {
    @BeforeEach
    void needCloning() {
        Needs.kernel("6.13", "cloning ranges of buffers");
    }

    /** Whether the ring can read into this memory as the buffer under this index. */
    private static boolean reads(Ring ring, int index, MemorySegment memory) {
        try (Opened zero = Opened.open(ring, Path.of("/dev/zero"), OpenFlags.O_RDONLY)) {
            Files.readFixed(ring.next(), zero.fd(), memory, 0, index);
            Completion completion = Completions.one(ring);
            assertThat(completion.result()).isIn((int) memory.byteSize(), -Errno.EFAULT.number());
            return !completion.failed(Errno.EFAULT);
        }
    }

    @Test
    void shouldCloneAllAndOutliveTheFirst() {
        try (Arena arena = Arena.ofShared();
                Ring one = Ring.open(RingConfig.of(8));
                Ring two = Ring.open(RingConfig.of(8))) {
            MemorySegment a = arena.allocate(4096);
            MemorySegment b = arena.allocate(8192);
            RegisteredBuffers first = RegisteredBuffers.register(one, a, b);
            RegisteredBuffers second = RegisteredBuffers.cloneOf(two, first);
            assertThat(second.count()).isEqualTo(2);
            assertThat(second.buffer(1)).isEqualTo(b);
            first.close();
            assertThat(reads(two, 0, a)).isTrue();
            assertThat(reads(two, 1, b)).isTrue();
            assertThat(reads(one, 1, b)).isFalse();
            second.clear(0);
            assertThat(reads(two, 0, a)).isFalse();
        }
    }

    @Test
    void shouldReplaceARange() {
        try (Arena arena = Arena.ofShared();
                Ring one = Ring.open(RingConfig.of(8));
                Ring two = Ring.open(RingConfig.of(8))) {
            MemorySegment a = arena.allocate(4096);
            MemorySegment b = arena.allocate(4096);
            MemorySegment c = arena.allocate(4096);
            RegisteredBuffers from = RegisteredBuffers.register(one, a, b, c);
            RegisteredBuffers to = RegisteredBuffers.register(two, a, a, a, a);
            to.replace(2, from, 1, 2);
            assertThat(reads(two, 1, a)).isTrue();
            assertThat(reads(two, 2, b)).isTrue();
            assertThat(reads(two, 2, a)).isFalse();
            assertThat(reads(two, 3, c)).isTrue();
            assertThat(to.buffer(2)).isEqualTo(b);
            assertThatExceptionOfType(IndexOutOfBoundsException.class)
                    .isThrownBy(() -> to.replace(3, from, 0, 2));
            assertThatExceptionOfType(IndexOutOfBoundsException.class)
                    .isThrownBy(() -> to.replace(0, from, 2, 2));
        }
    }

    @Test
    void shouldBringBackTheTagsOfWhatIsReplaced() {
        try (Arena arena = Arena.ofShared();
                Ring one = Ring.open(RingConfig.of(8));
                Ring two = Ring.open(RingConfig.of(8))) {
            MemorySegment[] memory = {arena.allocate(4096), arena.allocate(4096)};
            RegisteredBuffers from = RegisteredBuffers.register(one, memory);
            RegisteredBuffers to = RegisteredBuffers.registerTagged(two, memory, new long[] {5, 6});
            to.replace(1, from, 0, 1);
            assertThat(Completions.one(two)).isEqualTo(new Completion(6, 0, 0));
            assertThat(two.inFlight()).isZero();
        }
    }

    @Test
    void shouldCloneFromARingWithoutDescriptor() {
        try (Arena arena = Arena.ofShared();
                RingMemory memory = RingMemory.allocate(1 << 16);
                Ring one = Ring.open(RingConfig.of(4).memory(memory).registeredFdOnly());
                Ring two = Ring.open(RingConfig.of(4))) {
            MemorySegment a = arena.allocate(4096);
            RegisteredBuffers first = RegisteredBuffers.register(one, a);
            RegisteredBuffers.cloneOf(two, first);
            assertThat(reads(two, 0, a)).isTrue();
        }
    }

    @Test
    void shouldCloneFromAnotherThreadsRingUnlessThatHasASingleIssuer() throws Exception {
        try (Arena arena = Arena.ofShared();
                Ring shared = Ring.open(RingConfig.of(4).singleIssuer(false));
                Ring owned = Ring.open(RingConfig.of(4))) {
            MemorySegment a = arena.allocate(4096);
            RegisteredBuffers first = RegisteredBuffers.register(shared, a);
            RegisteredBuffers other = RegisteredBuffers.register(owned, a);
            Apart.thread(
                    () -> {
                        try (Ring two = Ring.open(RingConfig.of(4))) {
                            assertThatExceptionOfType(UringException.class)
                                    .isThrownBy(() -> RegisteredBuffers.cloneOf(two, other))
                                    .withMessageContaining("singleIssuer(false)");
                            RegisteredBuffers.cloneOf(two, first);
                            assertThat(reads(two, 0, a)).isTrue();
                        }
                    });
        }
    }

    @Test
    void shouldRefuseWhereBuffersAreOrNoneAre() {
        try (Arena arena = Arena.ofShared();
                Ring one = Ring.open(RingConfig.of(4));
                Ring two = Ring.open(RingConfig.of(4))) {
            RegisteredBuffers first = RegisteredBuffers.register(one, arena.allocate(4096));
            RegisteredBuffers second = RegisteredBuffers.register(two, arena.allocate(4096));
            assertThatExceptionOfType(UringException.class)
                    .isThrownBy(() -> RegisteredBuffers.cloneOf(two, first))
                    .withMessageContaining("EBUSY")
                    .withMessageContaining("replace()");
            first.close();
            second.close();
            assertThatIllegalStateException()
                    .isThrownBy(() -> RegisteredBuffers.cloneOf(two, first));
        }
    }
}
