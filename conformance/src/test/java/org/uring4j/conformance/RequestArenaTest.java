package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.UringException;
import org.uring4j.op.Sockets;
import org.uring4j.op.ZeroCopySend;
import org.uring4j.resource.RequestArena;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;

class RequestArenaTest {
    @Test
    void shouldFreeWhenClosed() {
        try (Ring ring = Ring.open(RingConfig.of(1))) {
            RequestArena arena = RequestArena.open(ring);
            MemorySegment memory = arena.allocate(10, 1);
            memory.set(ValueLayout.JAVA_BYTE, 9, (byte) 1);
            arena.close();
            arena.close();
            assertThat(memory.scope().isAlive()).isFalse();
        }
    }

    @Test
    void shouldFreeWithTheRingWhenAllRequestsHaveEnded() throws Exception {
        try (Ring opener = Ring.open(RingConfig.of(1));
                Connection connection = Connection.open(opener)) {
            Ring ring = Ring.open(RingConfig.of(1));
            MemorySegment memory = RequestArena.open(ring).allocate(10, 1);
            Sockets.recv(ring.next(), connection.fd(), memory, 0);
            ring.submit();
            ring.close();
            assertThat(memory.scope().isAlive()).isFalse();
            assertThatThrownBy(() -> RequestArena.open(ring))
                    .isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void shouldKeepWhatTheKernelStillUses() throws Exception {
        Needs.kernel("6.0", "IORING_OP_SEND_ZC");
        try (Ring opener = Ring.open(RingConfig.of(1));
                Connection connection = Connection.open(opener)) {
            Ring ring = Ring.open(RingConfig.of(1).closeTimeout(Duration.ofMillis(20)));
            // What the socket takes and the peer does not read, nothing can cancel.
            MemorySegment memory = RequestArena.open(ring).allocate(16 << 20, 4096);
            ZeroCopySend.send(ring.next(), connection.fd(), memory, 0, 0);
            ring.submit();
            assertThatThrownBy(ring::close)
                    .isInstanceOf(UringException.class)
                    .hasMessageContaining("keep their memory");
            assertThat(memory.scope().isAlive()).isTrue();
        }
    }
}
