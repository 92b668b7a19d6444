package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Cqe;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.UringException;
import org.uring4j.op.DirectSlot;
import org.uring4j.op.Files;
import org.uring4j.op.Messages;
import org.uring4j.op.Nops;
import org.uring4j.op.OpenFlags;
import org.uring4j.resource.RegisteredFiles;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/** {@code IORING_OP_MSG_RING}, {@code IORING_REGISTER_SEND_MSG_RING}. */
class MessagesTest {
    @TempDir Path directory;

    private final Arena arena = Arena.ofAuto();

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldPostCompletion(RingMode mode) {
        Needs.kernel("6.3", "IORING_MSG_RING_FLAGS_PASS");
        try (Ring sender = mode.open(4);
                Ring receiver = mode.open(4)) {
            Messages.msgRing(sender.next(), receiver.fd(), Long.MIN_VALUE, -7).userData(1);
            assertThat(Completions.one(sender)).isEqualTo(new Completion(1, 0, 0));
            assertThat(Completions.one(receiver))
                    .isEqualTo(new Completion(Long.MIN_VALUE, -7, Cqe.F_MORE));
            assertThat(receiver.inFlight()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldNotCountAsEndOfRequest(RingMode mode) throws Exception {
        Needs.kernel("6.3", "IORING_MSG_RING_FLAGS_PASS");
        try (Ring sender = mode.open(4);
                Ring receiver = mode.open(4);
                Fifo fifo = Fifo.in(directory);
                Opened in = fifo.open(receiver, OpenFlags.O_RDONLY)) {
            Files.read(receiver.next(), in.fd(), arena.allocate(1), 0).userData(1);
            assertThat(Completions.now(receiver)).isEmpty();
            Messages.msgRing(sender.next(), receiver.fd(), 2, 0);
            assertThat(Completions.one(sender).result()).isZero();
            assertThat(Completions.one(receiver).userData()).isEqualTo(2);
            assertThat(receiver.inFlight()).isOne();

            Messages.msgRingCqeFlags(sender.next(), receiver.fd(), 3, 0, 0);
            assertThat(Completions.one(sender).result()).isZero();
            assertThat(Completions.one(receiver)).isEqualTo(new Completion(3, 0, 0));
            assertThat(receiver.inFlight()).as("counted as the read's end").isZero();
            receiver.completions().discount();
            assertThat(receiver.inFlight()).isOne();

            fifo.put("x");
            assertThat(Completions.one(receiver)).isEqualTo(new Completion(1, 1, 0));
            assertThat(receiver.inFlight()).isZero();
        }
    }

    @Test
    void shouldPassFlagsOnWhole() {
        Needs.kernel("6.3", "IORING_MSG_RING_FLAGS_PASS");
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            int[] all = {Cqe.F_MORE | Cqe.F_SOCK_NONEMPTY, 0xabcd_0003, Cqe.F_MORE | 1 << 20};
            for (int flags : all) {
                // To oneself, where both completions meet.
                Messages.msgRingCqeFlags(ring.next(), ring.fd(), 5, 6, flags).userData(4);
                assertThat(Completions.some(ring, 2))
                        .containsExactlyInAnyOrder(
                                new Completion(4, 0, 0), new Completion(5, 6, flags));
            }
            assertThat(ring.inFlight()).isZero();
            assertThatIllegalArgumentException()
                    .isThrownBy(
                            () -> Messages.msgRingCqeFlags(ring.next(), ring.fd(), 0, 0, Cqe.F_32))
                    .withMessageContaining("16 bytes");
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldPostInOrderWhenLinkedDrainedAndInWorkers(RingMode mode) {
        Needs.kernel("6.3", "IORING_MSG_RING_FLAGS_PASS");
        try (Ring sender = mode.open(8);
                Ring receiver = mode.open(8)) {
            int fd = receiver.fd();
            Messages.msgRing(sender.next(), fd, 1, 0).async().link();
            Messages.msgRing(sender.next(), fd, 2, 0);
            Messages.msgRing(sender.next(), fd, 3, 0).drain();
            assertThat(Completions.some(sender, 3)).allMatch(c -> c.result() == 0);
            Messages.msgRing(sender.next(), fd, 4, 0).skipSuccess().link();
            Messages.msgRing(sender.next(), fd, 5, 0).userData(9);
            assertThat(Completions.one(sender)).isEqualTo(new Completion(9, 0, 0));
            assertThat(Completions.some(receiver, 5))
                    .extracting(Completion::userData)
                    .containsExactly(1L, 2L, 3L, 4L, 5L);
        }
    }

    @Test
    void shouldReturnOtherThreadFromItsWait() throws Exception {
        Needs.kernel("6.3", "IORING_MSG_RING_FLAGS_PASS");
        CompletableFuture<Integer> opened = new CompletableFuture<>();
        FutureTask<Completion> receiving =
                new FutureTask<>(
                        () -> {
                            try (Ring receiver = Ring.open(RingConfig.of(4))) {
                                opened.complete(receiver.fd());
                                return Completions.one(receiver);
                            }
                        });
        Thread thread = new Thread(receiving, "receiver");
        thread.start();
        try (Ring sender = Ring.open(RingConfig.of(4))) {
            int fd = opened.get(10, TimeUnit.SECONDS);
            Messages.msgRing(sender.next(), fd, 11, 12);
            assertThat(Completions.one(sender).result()).isZero();
            assertThat(receiving.get(10, TimeUnit.SECONDS))
                    .isEqualTo(new Completion(11, 12, Cqe.F_MORE));
        }
        thread.join();
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldPassOnFile(RingMode mode) throws Exception {
        Needs.kernel("6.0", "IORING_MSG_SEND_FD");
        try (Ring sender = mode.open(8);
                Ring receiver = mode.open(8);
                Fifo fifo = Fifo.in(directory);
                Opened out = fifo.open(sender, OpenFlags.O_WRONLY);
                RegisteredFiles from = RegisteredFiles.register(sender, -1, out.fd());
                RegisteredFiles to = RegisteredFiles.sparse(receiver, 4)) {
            assertThat(from.count() + to.count()).isEqualTo(6);
            Messages.msgRingFd(sender.next(), receiver.fd(), 1, 2, 77, 0).userData(1);
            assertThat(Completions.one(sender)).isEqualTo(new Completion(1, 0, 0));
            assertThat(Completions.one(receiver)).isEqualTo(new Completion(77, 0, 0));
            receiver.completions().discount();
            from.clear(1);
            write(receiver, 2, "passed");
            assertThat(fifo.take(6)).isEqualTo("passed");
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldPassOnFileToFreeSlotAndTellOfIt(RingMode mode) throws Exception {
        Needs.kernel("6.3", "IORING_MSG_RING_FLAGS_PASS");
        try (Ring sender = mode.open(8);
                Ring receiver = mode.open(8);
                Fifo fifo = Fifo.in(directory);
                Opened out = fifo.open(sender, OpenFlags.O_WRONLY);
                RegisteredFiles from = RegisteredFiles.register(sender, out.fd());
                RegisteredFiles to = RegisteredFiles.register(receiver, 0, -1)) {
            assertThat(from.count() + to.count()).isEqualTo(3);
            int fd = receiver.fd();
            Messages.msgRingFd(sender.next(), fd, 0, DirectSlot.ALLOCATE, 5, 0).userData(1);
            assertThat(Completions.one(sender)).isEqualTo(new Completion(1, 1, 0));
            assertThat(Completions.one(receiver)).isEqualTo(new Completion(5, 1, 0));
            receiver.completions().discount();
            Messages.msgRingFd(sender.next(), fd, 0, DirectSlot.ALLOCATE, 5, 0);
            assertFailed(sender, Errno.ENFILE, "no free slot");

            Messages.msgRingFd(sender.next(), fd, 0, 0, 6, Messages.CQE_SKIP).userData(2).link();
            Messages.msgRing(sender.next(), fd, 7, 0).userData(3);
            assertThat(Completions.some(sender, 2))
                    .containsExactly(new Completion(2, 0, 0), new Completion(3, 0, 0));
            assertThat(Completions.one(receiver)).isEqualTo(new Completion(7, 0, Cqe.F_MORE));
            write(receiver, 0, "told");
            assertThat(fifo.take(4)).isEqualTo("told");
            assertThat(receiver.inFlight()).isZero();
        }
    }

    @Test
    void shouldTellErrors() {
        Needs.kernel("6.3", "IORING_MSG_RING_FLAGS_PASS");
        try (Ring sender = Ring.open(RingConfig.of(4));
                Ring disabled = Ring.open(RingConfig.of(4).disabled());
                Ring receiver = Ring.open(RingConfig.of(4));
                Opened file = Opened.open(sender, directory, OpenFlags.O_DIRECTORY);
                RegisteredFiles files = RegisteredFiles.register(sender, file.fd(), -1)) {
            assertThat(files.count()).isEqualTo(2);
            Messages.msgRing(sender.next(), file.fd(), 0, 0);
            assertFailed(sender, Errno.EBADFD, "no ring");
            Messages.msgRing(sender.next(), 1_000_000, 0, 0);
            assertFailed(sender, Errno.EBADF, "not open");
            Messages.msgRing(sender.next(), disabled.fd(), 0, 0);
            assertFailed(sender, Errno.EBADFD, "disabled");

            int fd = receiver.fd();
            Messages.msgRingFd(sender.next(), fd, 0, 0, 0, 0);
            assertFailed(sender, Errno.ENXIO, "no table");
            Messages.msgRingFd(sender.next(), fd, 1, 0, 0, 0);
            assertFailed(sender, Errno.EBADF, "empty slot");
            Messages.msgRingFd(sender.next(), sender.fd(), 0, 1, 0, 0);
            assertFailed(sender, Errno.EINVAL, "itself");
            Messages.msgRingFd(sender.next(), fd, 0, 0, 0, 4);
            assertFailed(sender, Errno.EINVAL, "flag");
            try (RegisteredFiles table = RegisteredFiles.sparse(receiver, 1)) {
                Messages.msgRingFd(sender.next(), fd, 0, table.count(), 0, 0);
                assertFailed(sender, Errno.EINVAL, "no slot");
            }
            assertThat(Completions.now(receiver)).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldSendFromNoRing(RingMode mode) {
        Needs.kernel("6.13", "IORING_REGISTER_SEND_MSG_RING");
        try (Ring receiver = mode.open(4)) {
            Nops.nop(receiver.next()).userData(1);
            assertThat(Completions.one(receiver).userData()).isOne();
            Messages.send(receiver.fd(), 2, 3, Cqe.F_MORE);
            assertThat(Completions.one(receiver)).isEqualTo(new Completion(2, 3, Cqe.F_MORE));
            assertThat(receiver.inFlight()).isZero();
        }
        assertThatExceptionOfType(UringException.class)
                .isThrownBy(() -> Messages.send(1_000_000, 0, 0, Cqe.F_MORE))
                .withMessageContaining("EBADF");
        assertThatIllegalArgumentException().isThrownBy(() -> Messages.send(0, 0, 0, Cqe.F_32));
    }

    private static void assertFailed(Ring sender, Errno errno, String why) {
        assertThat(Completions.one(sender).failed(errno)).as(why).isTrue();
    }

    private void write(Ring ring, int slot, String text) {
        MemorySegment bytes = Opened.bytes(arena, text);
        Files.write(ring.next(), slot, bytes, Files.CURRENT).fixedFile();
        assertThat(Completions.one(ring).result()).isEqualTo(text.length());
    }
}
