package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.RingSize;
import org.uring4j.UringException;
import org.uring4j.Waker;
import org.uring4j.op.Files;
import org.uring4j.op.Nops;
import org.uring4j.op.OpenFlags;
import org.uring4j.resource.BufferRing;
import org.uring4j.resource.BufferRingConfig;
import org.uring4j.resource.MemoryRegion;
import org.uring4j.resource.RegisteredBuffers;
import org.uring4j.resource.Restriction;
import org.uring4j.resource.Restrictions;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.DirectoryStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Rings that have a registered descriptor alone ({@code IORING_REGISTER_RING_FDS}). */
@Timeout(60)
class RingDescriptorTest {
    private static final RingConfig CONFIG = RingConfig.of(8).registeredFdOnly();

    @BeforeEach
    void need() {
        Needs.kernel("6.3", "registering with a ring without a descriptor");
    }

    @Test
    void shouldDoWithoutADescriptor() throws Exception {
        long before = descriptors();
        try (Ring ring = Ring.open(CONFIG);
                Arena arena = Arena.ofShared();
                Opened zero = Opened.open(ring, Path.of("/dev/zero"), OpenFlags.O_RDONLY);
                RegisteredBuffers buffers =
                        RegisteredBuffers.register(ring, arena.allocate(64).fill((byte) 1))) {
            assertThat(ring.fd()).isEqualTo(-1);
            assertThat(descriptors()).isEqualTo(before);
            assertThat(ring.setup().registeredFd()).isTrue();
            for (int i = 0; i < 50; i++) {
                Nops.nop(ring.next()).userData(i);
                assertThat(Completions.one(ring).userData()).isEqualTo(i);
            }
            Files.readFixed(ring.next(), zero.fd(), buffers.buffer(0), 0, 0);
            assertThat(Net.ok(ring)).isEqualTo(64);
            assertThat(buffers.buffer(0).mismatch(arena.allocate(64))).isEqualTo(-1);
            Waker waker = ring.waker(9);
            waker.wake();
            assertThat(Completions.one(ring).userData()).isEqualTo(9);
            waker.close();
        }
        assertThat(descriptors()).isEqualTo(before);
    }

    @Test
    void shouldGiveItUpWhenEnabled() throws Exception {
        long before = descriptors();
        try (Ring ring = Ring.open(CONFIG.disabled())) {
            assertThat(ring.fd()).isNotNegative();
            ring.enable();
            assertThat(ring.fd()).isEqualTo(-1);
            assertThat(descriptors()).isEqualTo(before);
            Nops.nop(ring.next());
            assertThat(Completions.one(ring).result()).isZero();
        }
    }

    @Test
    void shouldBeWokenByWhatWasMadeBeforeItGaveItUp() {
        try (Ring ring = Ring.open(CONFIG.disabled())) {
            Waker waker = ring.waker(9);
            ring.enable();
            // Its number may be that of another ring now.
            try (Ring other = Ring.open(RingConfig.of(2))) {
                for (int i = 0; i < 3; i++) {
                    assertThat(waker.wake()).isTrue();
                    assertThat(Completions.one(ring).userData()).isEqualTo(9);
                    waker.rearm();
                }
                assertThat(Completions.now(other)).isEmpty();
            }
        }
    }

    @Test
    void shouldRefuseWhatIsMappedByIt() {
        try (Ring ring = Ring.open(CONFIG)) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> RingSize.change(ring, 16, 32))
                    .withMessageContaining("given up");
            assertThatThrownBy(() -> MemoryRegion.allocate(ring, 65536))
                    .isInstanceOf(UnsupportedOperationException.class);
            BufferRingConfig config = BufferRingConfig.of(8, 64).kernelMemory();
            assertThatThrownBy(() -> BufferRing.register(ring, 1, config))
                    .isInstanceOf(UnsupportedOperationException.class);
        }
    }

    @Test
    void shouldSayThatItMayNotBeRegistered() {
        try (Ring ring = Ring.open(CONFIG.disabled())) {
            Restrictions.register(ring, Restriction.op("IORING_OP_NOP"));
            assertThatThrownBy(ring::enable)
                    .isInstanceOfSatisfying(
                            UringException.class,
                            e -> assertThat(e.errno()).isEqualTo(Errno.EACCES))
                    .hasMessageContaining("the ring's restrictions forbid it");
        }
    }

    @Test
    void shouldSayThatAThreadHasNoMoreOfThem() {
        List<Ring> rings = new ArrayList<>();
        try {
            assertThatThrownBy(
                            () -> {
                                for (int i = 0; i < 20; i++) {
                                    rings.add(Ring.open(CONFIG));
                                }
                            })
                    .isInstanceOfSatisfying(
                            UringException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EBUSY))
                    .hasMessageContaining("16 registered rings");
            Nops.nop(rings.getLast().next());
            assertThat(Completions.one(rings.getLast()).result()).isZero();
        } finally {
            rings.forEach(Ring::close);
        }
    }

    /** How many descriptors of rings this process has. */
    private static long descriptors() throws IOException {
        long count = 0;
        try (DirectoryStream<Path> open =
                java.nio.file.Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
            for (Path each : open) {
                String target = target(each);
                count += target.contains("io_uring") ? 1 : 0;
            }
        }
        return count;
    }

    private static String target(Path descriptor) {
        try {
            return java.nio.file.Files.readSymbolicLink(descriptor).toString();
        } catch (IOException e) {
            // Closed meanwhile.
            return "";
        }
    }
}
