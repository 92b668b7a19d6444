package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.RingConfig.SqeSize;
import org.uring4j.Sqe;
import org.uring4j.op.Commands;
import org.uring4j.op.Files;
import org.uring4j.op.IoVectors;
import org.uring4j.op.Nops;
import org.uring4j.op.OpenFlags;
import org.uring4j.op.SocketOptions;
import org.uring4j.resource.RegisteredBuffers;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/** {@code IORING_OP_URING_CMD} and {@code IORING_OP_URING_CMD128}, to any driver. */
class CommandsTest {
    static final int GETSOCKOPT = 2;
    private static final int SETSOCKOPT = 3;
    private static final int UNKNOWN = 0x7fff;

    private static final int MOCK_PROBE = 0;
    private static final int MOCK_CREATE = 1;
    private static final int MOCK_COPY_REGBUF = 0;
    private static final int MOCK_COPY_FROM = 1;

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldCarryFieldsAndArea(RingMode mode) throws Exception {
        Needs.kernel("6.7", "a command to a socket");
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofShared();
                Connection connection = Connection.open(ring)) {
            MemorySegment one = arena.allocateFrom(JAVA_INT, 1);
            keepAlive(Commands.command(ring.next(), connection.fd(), SETSOCKOPT, pointer(one)));
            assertThat(Net.ok(ring)).isZero();
            assertThat(keptAlive(ring, arena, connection.fd())).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = SqeSize.class,
            names = {"B128", "MIXED"})
    void shouldTakeLargeCommandsAmongSmallRequests(SqeSize size) throws Exception {
        Needs.kernel("6.7", "a command to a socket");
        if (size == SqeSize.MIXED) {
            Needs.kernel("6.19", "IORING_OP_URING_CMD128");
        }
        try (Ring ring = Ring.open(RingConfig.of(8).sqeSize(size));
                Arena arena = Arena.ofShared();
                Connection connection = Connection.open(ring)) {
            MemorySegment value = arena.allocate(JAVA_INT);
            MemorySegment area = MemorySegment.ofArray(new byte[Commands.LARGE_AREA_SIZE]);
            area.set(JAVA_LONG_UNALIGNED, 0, value.address());
            // More than the queue holds, so that large entries meet its end.
            for (int i = 0; i < 30; i++) {
                Nops.nop(ring.next()).userData(1);
                value.set(JAVA_INT, 0, i & 1);
                keepAlive(Commands.command128(ring.next128(), connection.fd(), SETSOCKOPT, area))
                        .userData(2);
                Completions.some(ring, 2).forEach(Net::ok);
                assertThat(keptAlive(ring, arena, connection.fd())).isEqualTo(i & 1);
            }
            assertThat(ring.inFlight()).isZero();
        }
    }

    @Test
    void shouldFailWhereNobodyTakesCommands() throws Exception {
        Needs.kernel("5.19", "IORING_OP_URING_CMD");
        try (Ring ring = RingMode.DEFAULT.open(8);
                Opened file = Opened.open(ring, Path.of("/proc/self/maps"), OpenFlags.O_RDONLY)) {
            Commands.command(ring.next(), file.fd(), UNKNOWN, MemorySegment.NULL);
            assertThat(Completions.one(ring).failed(Errno.EOPNOTSUPP)).isTrue();
        }
    }

    @Test
    void shouldRefuseWhatDoesNotFit() {
        try (Ring ring = RingMode.DEFAULT.open(8);
                Arena arena = Arena.ofConfined()) {
            MemorySegment area = arena.allocate(Commands.AREA_SIZE + 1);
            assertThatThrownBy(() -> Commands.command(ring.next(), 0, 0, area))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("bytes=17 max=16");
            assertThatThrownBy(() -> Commands.command128(ring.next(), 0, 0, area))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("next128");
            assertThatThrownBy(() -> Commands.fields(ring.next(), 0, 0, 0))
                    .isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> Commands.memory(Nops.nop(ring.next()), area))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("opcode=0");
            Commands.command(ring.next(), 0, 0, MemorySegment.NULL);
            assertThatThrownBy(() -> Commands.fixed(ring.next(), 70_000))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void shouldRefuseLargeCommandInSmallEntryOfMixedQueue() {
        Needs.kernel("6.19", "IORING_OP_URING_CMD128");
        try (Ring ring = RingMode.SQE_MIXED.open(8)) {
            MemorySegment area = MemorySegment.ofArray(new byte[Commands.LARGE_AREA_SIZE]);
            assertThatThrownBy(() -> Commands.command128(ring.next(), 0, 0, area))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("next128");
        }
    }

    @Test
    @NeedsDevice("mock")
    void shouldHandMemoryToDriver() throws Exception {
        try (Ring ring = RingMode.DEFAULT.open(8);
                Arena arena = Arena.ofShared();
                Opened mock = mock(ring)) {
            MemorySegment features = arena.allocate(80, 8);
            Commands.command(ring.next(), mock.fd(), MOCK_PROBE, MemorySegment.NULL);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
            Commands.memory(
                    Commands.command(ring.next(), mock.fd(), MOCK_PROBE, MemorySegment.NULL),
                    features);
            assertThat(Net.ok(ring)).isZero();
            assertThat(features.get(ValueLayout.JAVA_LONG, 0)).isPositive();
        }
    }

    @Test
    @NeedsDevice("mock")
    void shouldHandPiecesOfRegisteredBufferToDriver() throws Exception {
        try (Ring ring = RingMode.DEFAULT.open(8);
                Arena arena = Arena.ofShared();
                Opened mock = mock(ring)) {
            int file = create(ring, arena, mock.fd());
            MemorySegment buffer = arena.allocate(8192, 4096);
            buffer.copyFrom(MemorySegment.ofArray(Net.random(8192, 5)));
            MemorySegment target = arena.allocate(8192);
            IoVectors pieces =
                    IoVectors.of(arena, buffer.asSlice(100, 50), buffer.asSlice(4000, 3000));
            try (RegisteredBuffers registered = RegisteredBuffers.register(ring, buffer)) {
                assertThat(registered.count()).isEqualTo(1);
                copy(ring, file, pieces, target, 0);
                assertThat(Net.ok(ring)).isEqualTo(3050);
                assertThat(target.asSlice(0, 50).mismatch(buffer.asSlice(100, 50))).isEqualTo(-1);
                assertThat(target.asSlice(50, 3000).mismatch(buffer.asSlice(4000, 3000)))
                        .isEqualTo(-1);
                copy(ring, file, pieces, target, 1);
                assertThat(Completions.one(ring).failed(Errno.EFAULT)).isTrue();
                pieces.set(0, target);
                copy(ring, file, pieces, target, 0);
                assertThat(Completions.one(ring).failed(Errno.EFAULT)).isTrue();
            }
            Files.close(ring.next(), file);
            Net.ok(ring);
        }
    }

    private static Opened mock(Ring ring) throws IOException {
        return Opened.open(ring, Path.of(Needs.device("mock")), OpenFlags.O_RDWR);
    }

    private static int create(Ring ring, Arena arena, int mock) {
        MemorySegment what = arena.allocate(128, 8);
        Commands.memory(Commands.command(ring.next(), mock, MOCK_CREATE, MemorySegment.NULL), what);
        assertThat(Net.ok(ring)).isZero();
        return what.get(JAVA_INT, 0);
    }

    private static void copy(Ring ring, int file, IoVectors from, MemorySegment to, int index) {
        Sqe sqe = Commands.command(ring.next(), file, MOCK_COPY_REGBUF, pointer(to));
        Commands.fields(sqe, 0, 0, MOCK_COPY_FROM);
        Commands.fixed(Commands.memory(sqe, from), index);
    }

    /** The command's other fields: which option. */
    static Sqe keepAlive(Sqe command) {
        long option = SocketOptions.SOL_SOCKET | (long) SocketOptions.SO_KEEPALIVE << 32;
        return Commands.fields(command, option, 0, Integer.BYTES);
    }

    private static int keptAlive(Ring ring, Arena arena, int fd) {
        MemorySegment value = arena.allocate(JAVA_INT);
        keepAlive(Commands.command(ring.next(), fd, GETSOCKOPT, pointer(value)));
        assertThat(Net.ok(ring)).isEqualTo(Integer.BYTES);
        return value.get(JAVA_INT, 0);
    }

    /** An area that begins with an address. */
    static MemorySegment pointer(MemorySegment memory) {
        return MemorySegment.ofArray(new long[] {memory.address()});
    }
}
