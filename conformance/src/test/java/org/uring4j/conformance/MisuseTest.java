package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.uring4j.op.Commands.command;
import static org.uring4j.op.ReadWriteAttributes.protection;
import static org.uring4j.op.ReadWriteAttributes.writeStream;
import static org.uring4j.op.Sockets.sendAddress;
import static org.uring4j.op.UblkCommands.autoBufReg;
import static org.uring4j.op.UblkCommands.fetchReq;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Cqe;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.Sqe;
import org.uring4j.op.Commands;
import org.uring4j.op.ExtendedAttributes;
import org.uring4j.op.Files;
import org.uring4j.op.FixedFiles;
import org.uring4j.op.FixedSockets;
import org.uring4j.op.IoVectors;
import org.uring4j.op.MsgHdr;
import org.uring4j.op.Nops;
import org.uring4j.op.Pipes;
import org.uring4j.op.ProtectionInformation;
import org.uring4j.op.ProvidedBuffers;
import org.uring4j.op.SockAddr;
import org.uring4j.op.SocketMessages;
import org.uring4j.op.SocketOptions;
import org.uring4j.op.Sockets;
import org.uring4j.op.ZeroCopySend;
import org.uring4j.resource.BufferRing;
import org.uring4j.resource.Lease;
import org.uring4j.resource.LeasedMemory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * What a program should not do with a ring: an exception says so, and afterwards nothing is lost,
 * delivered twice or miscounted. With {@code IORING_OP_NOP}.
 */
@Timeout(60)
class MisuseTest {
    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldRefuseToTakeFewerThanOneCompletion(RingMode mode) {
        try (Ring ring = mode.open(4)) {
            Nops.nop(ring.next()).userData(1);
            ring.submitAndWait(1);
            for (int max : new int[] {0, -1, Integer.MIN_VALUE}) {
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> ring.completions().drain((u, r, f) -> nobody(), max))
                        .withMessageContaining("max=" + max);
                assertThatIllegalArgumentException()
                        .isThrownBy(
                                () -> ring.completions().drain((u, r, f, a, b) -> nobody(), max))
                        .withMessageContaining("max=" + max);
            }
            assertThat(Completions.one(ring).userData()).isEqualTo(1);
            assertThat(ring.inFlight()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldRefuseToSkipTheCompletionOfNoRequest(RingMode mode) {
        try (Ring ring = mode.open(4)) {
            for (int i = 0; i < 3; i++) {
                Sqe sqe = ring.next();
                assertThatIllegalStateException()
                        .isThrownBy(() -> Nops.nop(sqe.skipSuccess()))
                        .withMessageContaining("skipSuccess");
                Nops.nop(sqe).userData(i);
                ring.submit();
                assertThatIllegalStateException().isThrownBy(sqe::skipSuccess);
                assertThat(Completions.one(ring).userData()).isEqualTo(i);
                assertThat(ring.inFlight()).isZero();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldNotMakeARequestThatIsRefusedHalfWay(RingMode mode) {
        try (Ring ring = mode.open(4);
                Arena arena = Arena.ofShared()) {
            MemorySegment memory = arena.allocate(8);
            MemorySegment none = MemorySegment.NULL;
            MemorySegment gone;
            SockAddr nowhere;
            IoVectors pieces;
            ProtectionInformation information;
            try (Arena closed = Arena.ofShared()) {
                gone = closed.allocate(8);
                nowhere = SockAddr.of(closed, Net.ANY);
                pieces = IoVectors.of(arena, gone);
                information = ProtectionInformation.of(arena, gone);
            }
            List<ThrowingCallable> requests =
                    List.of(
                            () -> Sockets.recvProvided(ring.next(), 0, 0, 70_000, 0, 0),
                            () -> Files.read(ring.next(), 0, memory, 0).personality(-1),
                            () -> Files.read(ring.next(), 0, memory, 0).ioPriority(1 << 16),
                            () -> Nops.nop(ring.next()).skipSuccess().bufferGroup(-1),
                            () -> Sockets.sendTo(ring.next(), 0, memory, nowhere, 0, 0),
                            () -> ZeroCopySend.sendTo(ring.next(), 0, memory, nowhere, 0, 0),
                            () -> Commands.command(ring.next(), 0, 0, gone),
                            // What is added to a request that was written.
                            () -> sendAddress(Sockets.send(ring.next(), 0, memory, 0), nowhere),
                            () -> sendAddress(Sockets.recv(ring.next(), 0, memory, 0), nowhere),
                            () -> protection(Files.write(ring.next(), 0, memory, 0), information),
                            () -> protection(Nops.nop(ring.next()), information),
                            () -> writeStream(Files.write(ring.next(), 0, memory, 0), 256),
                            () -> writeStream(Nops.nop(ring.next()), 1),
                            () -> Commands.memory(command(ring.next(), 0, 0, none), gone),
                            () -> Commands.memory(command(ring.next(), 0, 0, none), pieces),
                            () -> Commands.fixed(command(ring.next(), 0, 0, none), 70_000),
                            () -> Commands.multishot(command(ring.next(), 0, 0, none), -1),
                            () -> Commands.fields(Nops.nop(ring.next()), 0, 0, 0),
                            () -> autoBufReg(fetchReq(ring.next(), 0, 0, 0, none), -1, false));
            for (ThrowingCallable request : requests) {
                assertThatThrownBy(request)
                        .isInstanceOfAny(
                                IllegalArgumentException.class, IllegalStateException.class);
                assertThat(ring.submissions().ready()).isZero();
            }
            Nops.nop(ring.next()).userData(1);
            assertThat(Completions.one(ring)).isEqualTo(new Completion(1, 0, 0));
            assertThat(ring.inFlight()).isZero();
        }
    }

    @Test
    @SuppressWarnings("NullAway") // Not all programs are checked for it.
    void shouldNotCancelForNobody() {
        try (Ring ring = Ring.open(RingConfig.of(4))) {
            Nops.nop(ring.next()).userData(1);
            ring.submit();
            assertThatNullPointerException()
                    .isThrownBy(() -> ring.cancelAll(Duration.ZERO, null))
                    .withMessage("handler");
            assertThat(Completions.one(ring)).isEqualTo(new Completion(1, 0, 0));
        }
    }

    @Test
    void shouldNotWriteToReadOnlyMemory() {
        try (Ring ring = Ring.open(RingConfig.of(4));
                Arena arena = Arena.ofShared()) {
            MemorySegment memory = arena.allocate(16).asReadOnly();
            MemorySegment text = arena.allocateFrom("user.x");
            IoVectors pieces = IoVectors.of(arena, arena.allocate(8), memory);
            MsgHdr message = MsgHdr.allocate(arena, 0, 0).pieces(pieces);
            ProtectionInformation tuples = ProtectionInformation.of(arena, memory);
            List<ThrowingCallable> requests =
                    List.of(
                            () -> Files.read(ring.next(), 0, memory, 0),
                            () -> Files.readFixed(ring.next(), 0, memory, 0, 0),
                            () -> Files.readv(ring.next(), 0, pieces, 0),
                            () -> Files.readvFixed(ring.next(), 0, pieces, 0, 0, 0),
                            () -> Sockets.recv(ring.next(), 0, memory, 0),
                            () -> FixedSockets.recv(ring.next(), 0, memory, 0, 0, 0),
                            () -> SocketMessages.recvmsg(ring.next(), 0, message, 0, 0),
                            () -> SocketOptions.get(ring.next(), 0, 1, 1, memory),
                            () -> Pipes.pipe(ring.next(), memory, 0),
                            () -> FixedFiles.add(ring.next(), memory),
                            () -> ProvidedBuffers.provide(ring.next(), memory, 8, 2, 0, 0),
                            () -> ExtendedAttributes.getxattr(ring.next(), text, text, memory),
                            () -> ExtendedAttributes.fgetxattr(ring.next(), 0, text, memory),
                            () -> protection(Files.read(ring.next(), 0, text, 0), tuples),
                            () -> fetchReq(ring.next(), 0, 0, 0, memory));
            for (ThrowingCallable request : requests) {
                assertThatIllegalArgumentException()
                        .isThrownBy(request)
                        .withMessageContaining("read-only");
                assertThat(ring.submissions().ready()).isZero();
            }
            Files.write(ring.next(), -1, memory, 0);
            Sockets.send(ring.next(), -1, memory, 0);
            protection(Files.write(ring.next(), -1, text, 0), tuples);
            assertThat(ring.submissions().ready()).isEqualTo(3);
        }
    }

    @Test
    void shouldTakeNoBufferForMoreBytesThanTheyHold() throws Exception {
        Needs.kernel("5.19", "IORING_REGISTER_PBUF_RING");
        try (Ring ring = Ring.open(RingConfig.of(4));
                BufferRing buffers = BufferRing.register(ring, 1, 4, 16);
                Connection connection = Connection.open(ring)) {
            for (int result : new int[] {4 * 16 + 1, Integer.MAX_VALUE}) {
                assertThatIllegalStateException()
                        .isThrownBy(
                                () -> buffers.forEach(result, Cqe.F_BUFFER, (i, o, s) -> nobody()))
                        .withMessageContaining("MSG_TRUNC");
                assertThatIllegalStateException()
                        .isThrownBy(
                                () -> buffers.consume(result, Cqe.F_BUFFER, (i, o, s) -> nobody()));
                assertThatIllegalStateException()
                        .isThrownBy(
                                () -> buffers.leaseAll(result, Cqe.F_BUFFER, lease -> nobody()));
            }
            for (int i = 0; i < 8; i++) {
                connection.send("hello");
                Sockets.recvProvided(ring.next(), connection.fd(), 0, 1, 0, 0);
                Completion received = Completions.one(ring);
                MemorySegment data = buffers.take(received.result(), received.flags());
                assertThat(Opened.text(data, 5)).isEqualTo("hello");
                buffers.recycle(received.bufferId());
            }
        }
    }

    @Test
    void shouldShowBuffersToTheKernelFromTheRingsThreadOnly() throws Exception {
        Needs.kernel("5.19", "IORING_REGISTER_PBUF_RING");
        try (Ring ring = Ring.open(RingConfig.of(4));
                BufferRing buffers = BufferRing.register(ring, 1, 4, 16)) {
            Apart.thread(
                    () ->
                            assertThatThrownBy(buffers::publish)
                                    .isInstanceOf(WrongThreadException.class));
        }
    }

    @Test
    void shouldGiveBackOnceWhenAnotherThreadRetainsMeanwhile() throws Exception {
        int rounds = 4_000;
        AtomicInteger round = new AtomicInteger();
        AtomicInteger done = new AtomicInteger();
        AtomicReference<Lease> lease = new AtomicReference<>();
        AtomicReference<@Nullable Lease> part = new AtomicReference<>();
        try (Ring ring = Ring.open(RingConfig.of(8));
                LeasedMemory memory = LeasedMemory.allocate(ring, 1, 16)) {
            Thread other =
                    Thread.ofPlatform()
                            .daemon()
                            .start(
                                    () -> {
                                        for (int i = 1; i <= rounds; i++) {
                                            awaitValue(round, i);
                                            try {
                                                part.set(lease.get().retain());
                                            } catch (IllegalStateException closed) {
                                                part.set(null);
                                            }
                                            done.set(i);
                                        }
                                    });
            for (int i = 1; i <= rounds; i++) {
                assertThat(memory.take()).as("round %d", i).isZero();
                assertThat(memory.take()).isEqualTo(-1);
                lease.set(memory.lease(0, 16));
                round.set(i);
                lease.get().close();
                awaitValue(done, i);
                if (part.get() != null) {
                    part.get().close();
                }
            }
            other.join();
        }
    }

    private static void awaitValue(AtomicInteger value, int least) {
        for (int turns = 0; value.get() < least; turns++) {
            // The other thread should be running just now; it may not have a processor.
            if (turns < 1000) {
                Thread.onSpinWait();
            } else {
                LockSupport.parkNanos(1);
            }
        }
    }

    private static void nobody() {
        throw new AssertionError("nothing was to be handed out");
    }
}
