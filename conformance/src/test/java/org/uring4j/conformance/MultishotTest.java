package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Cqe;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.Cancel;
import org.uring4j.op.CancelTarget;
import org.uring4j.op.Nops;
import org.uring4j.op.Polling;
import org.uring4j.op.Sockets;
import org.uring4j.resource.BufferRing;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.Socket;
import java.util.List;

/**
 * {@code IORING_OP_ACCEPT}, {@code IORING_OP_RECV} that go on by themselves.
 *
 * <p>What goes wrong in the field: a multishot is armed once and taken to go on for ever. It ends
 * without having been asked to: with {@code ENOBUFS} when the buffers have run out, after any
 * completion when the completion queue is full, with an error, or at the end of the stream. Then
 * the connection is silent for good, and only under load. It goes on while {@code F_MORE} is set;
 * without, it must be armed again.
 */
@Timeout(60)
class MultishotTest {
    private static final int GROUP = 3;

    @BeforeEach
    void needsMultishot() {
        Needs.kernel("6.0", "IORING_RECV_MULTISHOT");
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldAcceptUntilCancelledAndAgain(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofShared()) {
            int listener = Net.listener(ring, Net.ANY);
            for (int round = 0; round < 2; round++) {
                Sockets.acceptMultishot(ring.next(), listener, Sockets.SOCK_CLOEXEC, 0).userData(1);
                ring.submit();
                for (int i = 0; i < 3; i++) {
                    try (Socket client = new Socket()) {
                        client.connect(Net.local(listener), 10_000);
                        Completion accepted = Completions.one(ring);
                        assertThat(accepted.hasMore()).isTrue();
                        int fd = Net.ok(accepted);
                        client.getOutputStream().write(round * 3 + i);
                        MemorySegment buffer = arena.allocate(1);
                        Sockets.recv(ring.next(), fd, buffer, 0);
                        assertThat(Net.ok(ring)).isEqualTo(1);
                        assertThat(buffer.get(java.lang.foreign.ValueLayout.JAVA_BYTE, 0))
                                .isEqualTo((byte) (round * 3 + i));
                        Net.close(ring, fd);
                    }
                }
                cancel(ring, 1);
            }
            Net.close(ring, listener);
        }
    }

    /** Cancels a request, which ends with {@code ECANCELED}. */
    private static void cancel(Ring ring, long userData) {
        Cancel.cancel(ring.next(), userData).userData(-1);
        for (Completion completion : Completions.some(ring, 2)) {
            assertThat(completion.hasMore()).isFalse();
            if (completion.userData() == userData) {
                assertThat(completion.failed(Errno.ECANCELED)).as("%s", completion).isTrue();
            } else {
                assertThat(completion.result()).isZero();
            }
        }
    }

    @Test
    void shouldEndAcceptingWhenListenerIsShutDown() {
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            int listener = Net.listener(ring, Net.ANY);
            Sockets.acceptMultishot(ring.next(), listener, 0, Sockets.ACCEPT_POLL_FIRST)
                    .userData(1);
            ring.submit();
            Sockets.shutdown(ring.next(), listener, Sockets.SHUT_RDWR).userData(2);
            for (Completion completion : Completions.some(ring, 2)) {
                assertThat(completion.hasMore()).isFalse();
                assertThat(completion.result())
                        .isEqualTo(completion.userData() == 1 ? -Errno.EINVAL.number() : 0);
            }
            Net.close(ring, listener);
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldReceiveUntilTheEnd(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                BufferRing buffers = BufferRing.register(ring, GROUP, 4, 16);
                Connection connection = Connection.open(ring)) {
            Sockets.recvMultishot(ring.next(), connection.fd(), GROUP, 0).userData(1);
            ring.submit();
            receive(connection, buffers, "first", "second", "third", "fourth", "fifth");
            connection.peer().shutdownOutput();
            Completion last = Completions.one(ring);
            assertThat(last.result()).isZero();
            assertThat(last.hasMore()).isFalse();
        }
    }

    /** The peer sends one text after the other, and each comes with more to come. */
    private static void receive(Connection connection, BufferRing buffers, String... texts)
            throws Exception {
        for (String text : texts) {
            connection.send(text);
            Completion received = Completions.one(connection.ring());
            assertThat(received.hasMore()).isTrue();
            assertThat(text(buffers, received)).isEqualTo(text);
            buffers.recycle(received.bufferId());
        }
    }

    private static String text(BufferRing buffers, Completion completion) {
        Net.ok(completion);
        MemorySegment data = buffers.take(completion.result(), completion.flags());
        return Opened.text(data, completion.result());
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldEndWhenNoBufferIsLeftAndGoOnWhenThereIs(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                BufferRing buffers = BufferRing.register(ring, GROUP, 2, 4);
                Connection connection = Connection.open(ring)) {
            Sockets.recvMultishot(ring.next(), connection.fd(), GROUP, 0).userData(1);
            ring.submit();
            connection.send("0123456789");
            List<Completion> some = Completions.some(ring, 3);
            assertThat(some.get(0).hasMore()).isTrue();
            assertThat(Cqe.socketNonEmpty(some.get(0).flags())).isTrue();
            assertThat(text(buffers, some.get(0))).isEqualTo("0123");
            assertThat(text(buffers, some.get(1))).isEqualTo("4567");
            assertThat(some.get(2).failed(Errno.ENOBUFS)).isTrue();
            assertThat(some.get(2).hasMore()).isFalse();

            some.subList(0, 2).forEach(done -> buffers.recycle(done.bufferId()));
            Sockets.recvMultishot(ring.next(), connection.fd(), GROUP, 0).userData(2);
            Completion rest = Completions.one(ring);
            assertThat(rest.hasMore()).isTrue();
            assertThat(text(buffers, rest)).isEqualTo("89");
            buffers.recycle(rest.bufferId());
            cancel(ring, 2);
        }
    }

    @Test
    void shouldEndWhenCompletionQueueIsFullAndLoseNothing() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(2).cqEntries(2));
                BufferRing buffers = BufferRing.register(ring, GROUP, 16, 1);
                Connection connection = Connection.open(ring)) {
            connection.send("0123456789");
            StringBuilder all = new StringBuilder();
            int requests = 0;
            while (all.length() < 10) {
                Sockets.recvMultishot(ring.next(), connection.fd(), GROUP, 0).userData(++requests);
                boolean more = true;
                while (more && all.length() < 10) {
                    for (Completion each : Completions.until(ring, any -> true)) {
                        all.append(text(buffers, each));
                        more = each.hasMore();
                    }
                }
            }
            assertThat(all).hasToString("0123456789");
            assertThat(requests).isGreaterThan(1);
            assertThat(ring.completions().dropped()).isZero();
            ring.cancelAll(java.time.Duration.ofSeconds(10), (data, result, flags) -> {});
        }
    }

    @Test
    void shouldCancelReceivingOnOneSocketAlone() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                BufferRing buffers = BufferRing.register(ring, GROUP, 4, 16);
                Connection one = Connection.open(ring);
                Connection other = Connection.open(ring)) {
            Sockets.recvMultishot(ring.next(), one.fd(), GROUP, 0).userData(1);
            Sockets.recvMultishot(ring.next(), other.fd(), GROUP, 0).userData(2);
            Cancel.cancel(ring.next(), CancelTarget.fd(one.fd())).userData(3);
            assertThat(Completions.some(ring, 2))
                    .extracting(Completion::userData)
                    .containsExactlyInAnyOrder(1L, 3L);
            other.send("still here");
            Completion received = Completions.one(ring);
            assertThat(received.userData()).isEqualTo(2);
            assertThat(text(buffers, received)).isEqualTo("still here");
            cancel(ring, 2);
        }
    }

    @Test
    void shouldFailWhenRequestCannotGoOn() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                Connection connection = Connection.open(ring)) {
            Sockets.recvMultishot(ring.next(), connection.fd(), GROUP, Sockets.MSG_WAITALL);
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
            connection.send("x");
            Sockets.recvMultishot(ring.next(), connection.fd(), GROUP, 0);
            // There is no such group.
            assertThat(Completions.one(ring).failed(Errno.ENOBUFS)).isTrue();
        }
    }

    @Test
    void shouldReceiveWithinLimits() throws Exception {
        Needs.kernel("6.17", "a limit of multishot receives");
        try (Ring ring = Ring.open(RingConfig.of(8));
                BufferRing buffers = BufferRing.register(ring, GROUP, 16, 8);
                Connection connection = Connection.open(ring)) {
            int fd = connection.fd();
            Sockets.recvMultishot(ring.next(), fd, 3, 10, GROUP, 0, 0).userData(1);
            connection.send("0123456789abc");
            StringBuilder all = new StringBuilder();
            List<Completion> some = Completions.until(ring, completion -> !completion.hasMore());
            for (Completion each : some) {
                assertThat(each.result()).isBetween(1, 3);
                all.append(text(buffers, each));
            }
            // The limit ends the request; it does not cut the piece that reaches it.
            assertThat(all).hasToString("0123456789ab");
            Sockets.recvMultishot(ring.next(), fd, 0, 1, GROUP, 0, Sockets.POLL_FIRST);
            Completion last = Completions.one(ring);
            assertThat(last.hasMore()).isFalse();
            assertThat(text(buffers, last)).isEqualTo("c");
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldStartWhatIsLinkedOnlyWhenItHasEnded(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                BufferRing buffers = BufferRing.register(ring, GROUP, 4, 16);
                Connection connection = Connection.open(ring)) {
            Sockets.recvMultishot(ring.next(), connection.fd(), GROUP, 0).userData(1).link();
            Nops.nop(ring.next()).userData(2);
            ring.submit();
            receive(connection, buffers, "first", "second");
            connection.peer().shutdownOutput();
            assertThat(Completions.some(ring, 2))
                    .extracting(Completion::userData, Completion::result)
                    .containsExactly(tuple(1L, 0), tuple(2L, 0));
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldCancelWhatIsLinkedWhenItFails(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                BufferRing buffers = BufferRing.register(ring, GROUP, 1, 4);
                Connection connection = Connection.open(ring)) {
            connection.send("0123456789");
            Sockets.recvMultishot(ring.next(), connection.fd(), GROUP, 0).userData(1).link();
            Nops.nop(ring.next()).userData(2);
            List<Completion> all = Completions.some(ring, 3);
            assertThat(text(buffers, all.getFirst())).isEqualTo("0123");
            assertThat(all.subList(1, 3))
                    .extracting(Completion::userData, Completion::result)
                    .containsExactly(
                            tuple(1L, -Errno.ENOBUFS.number()),
                            tuple(2L, -Errno.ECANCELED.number()));
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldNotTellOfGoodEndWhenItSkips(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                BufferRing buffers = BufferRing.register(ring, GROUP, 2, 4);
                Connection connection = Connection.open(ring)) {
            Sockets.recvMultishot(ring.next(), connection.fd(), GROUP, 0)
                    .userData(1)
                    .skipSuccess()
                    .link();
            Nops.nop(ring.next()).userData(2);
            ring.submit();
            receive(connection, buffers, "abc");
            connection.peer().shutdownOutput();
            assertThat(Completions.one(ring)).isEqualTo(new Completion(2, 0, 0));
        }
    }

    @Test
    void shouldRefuseToSkipWhenPollingAgainAndAgain() throws Exception {
        try (Ring ring = Ring.open(RingConfig.of(8));
                Connection connection = Connection.open(ring)) {
            Polling.pollAdd(ring.next(), connection.fd(), Polling.POLLIN, Polling.ADD_MULTI)
                    .skipSuccess();
            assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
        }
    }
}
