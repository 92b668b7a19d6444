package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.KernelVersion;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.FixedSockets;
import org.uring4j.op.SockAddr;
import org.uring4j.op.Sockets;
import org.uring4j.resource.RegisteredBuffers;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** {@code IORING_OP_SEND}, {@code IORING_OP_RECV} by registered buffers. */
@Timeout(60)
class FixedSocketsTest {
    private static final boolean KNOWN =
            KernelVersion.running().compareTo(KernelVersion.parse("7.2")) >= 0;

    private static void need() {
        Needs.kernel("7.2", "sending from a registered buffer with a copy");
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldMoveDataUnchanged(RingMode mode) throws Exception {
        need();
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofShared()) {
            int[] pair = Net.pair(ring);
            MemorySegment memory = arena.allocate(3 << 20, 4096);
            MemorySegment data = MemorySegment.ofArray(Net.random(1 << 20, 5));
            try (RegisteredBuffers buffers =
                    RegisteredBuffers.register(ring, arena.allocate(64), memory)) {
                MemorySegment sent = buffers.slice(1, 100, 1 << 20).copyFrom(data);
                MemorySegment got = buffers.slice(1, 2 << 20, 1 << 20);
                FixedSockets.recv(ring.next(), pair[1], got, 1, Sockets.MSG_WAITALL, 0);
                FixedSockets.send(ring.next(), pair[0], sent, 1, Sockets.MSG_WAITALL, 0);
                assertThat(Completions.some(ring, 2)).allMatch(c -> c.result() == 1 << 20);
                assertThat(got.mismatch(data)).isEqualTo(-1);
            }
            Net.close(ring, pair);
        }
    }

    @Test
    void shouldWaitForWhatComesLater() throws Exception {
        need();
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared()) {
            int[] pair = Net.pair(ring);
            MemorySegment memory = arena.allocate(4096, 4096);
            try (RegisteredBuffers buffers = RegisteredBuffers.register(ring, memory)) {
                MemorySegment got = buffers.slice(0, 0, 8);
                FixedSockets.recv(ring.next(), pair[1], got, 0, 0, Sockets.POLL_FIRST).userData(1);
                ring.submit();
                assertThat(Completions.now(ring)).isEmpty();
                MemorySegment sent = buffers.slice(0, 8, 3).fill((byte) 9);
                FixedSockets.send(ring.next(), pair[0], sent, 0, 0, Sockets.POLL_FIRST).userData(2);
                assertThat(Completions.some(ring, 2)).allMatch(c -> c.result() == 3);
                assertThat(got.asSlice(0, 3).mismatch(sent)).isEqualTo(-1);
            }
            Net.close(ring, pair);
        }
    }

    @Test
    void shouldSendToAnAddress() throws Exception {
        need();
        InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared()) {
            int receiver = Net.bound(ring, any, Sockets.SOCK_DGRAM);
            int sender = Net.socket(ring, Sockets.AF_INET, Sockets.SOCK_DGRAM);
            SockAddr to = SockAddr.of(arena, Net.local(receiver));
            MemorySegment memory = arena.allocate(4096, 4096);
            try (RegisteredBuffers buffers = RegisteredBuffers.register(ring, memory)) {
                MemorySegment sent = buffers.slice(0, 0, 100).fill((byte) 3);
                MemorySegment got = buffers.slice(0, 1000, 200);
                Sockets.sendAddress(FixedSockets.send(ring.next(), sender, sent, 0, 0, 0), to);
                assertThat(Net.ok(ring)).isEqualTo(100);
                FixedSockets.recv(ring.next(), receiver, got, 0, 0, 0);
                assertThat(Net.ok(ring)).isEqualTo(100);
                assertThat(got.asSlice(0, 100).mismatch(sent)).isEqualTo(-1);
            }
            Net.close(ring, sender, receiver);
        }
    }

    @Test
    void shouldFailOfMemoryThatIsNotTheBuffers() throws Exception {
        need();
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared()) {
            int[] pair = Net.pair(ring);
            MemorySegment memory = arena.allocate(8192, 4096);
            try (RegisteredBuffers buffers =
                    RegisteredBuffers.register(ring, memory.asSlice(0, 4096))) {
                assertThat(buffers.contains(0, memory)).isFalse();
                FixedSockets.send(ring.next(), pair[0], memory, 0, 0, 0);
                assertThat(Completions.one(ring).failed(Errno.EFAULT)).as("longer").isTrue();
                FixedSockets.recv(ring.next(), pair[0], memory, 0, 0, 0);
                assertThat(Completions.one(ring).failed(Errno.EFAULT)).as("longer").isTrue();
                MemorySegment part = memory.asSlice(0, 10);
                FixedSockets.send(ring.next(), pair[0], part, 1, 0, 0);
                assertThat(Completions.one(ring).failed(Errno.EFAULT)).as("no buffer").isTrue();
                FixedSockets.send(ring.next(), pair[0], part, 0, 0, Sockets.BUNDLE);
                assertThat(Completions.one(ring).failed(Errno.EINVAL)).as("a bundle").isTrue();
                assertThatThrownBy(() -> FixedSockets.send(ring.next(), 0, part, 1 << 16, 0, 0))
                        .hasMessageContaining("index=65536");
            }
            Net.close(ring, pair);
        }
    }

    @Test
    void shouldFailOnOlderKernels() throws Exception {
        Needs.that(!KNOWN, "this kernel sends from registered buffers with a copy");
        try (Ring ring = Ring.open(RingConfig.of(8));
                Arena arena = Arena.ofShared()) {
            int[] pair = Net.pair(ring);
            MemorySegment memory = arena.allocate(4096, 4096);
            try (RegisteredBuffers buffers = RegisteredBuffers.register(ring, memory)) {
                FixedSockets.send(ring.next(), pair[0], buffers.buffer(0), 0, 0, 0);
                assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
                FixedSockets.recv(ring.next(), pair[0], buffers.buffer(0), 0, 0, 0);
                assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
            }
            Net.close(ring, pair);
        }
    }
}
