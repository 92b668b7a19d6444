package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.Cancel;
import org.uring4j.op.DirectSlot;
import org.uring4j.op.Files;
import org.uring4j.op.SockAddr;
import org.uring4j.op.Sockets;
import org.uring4j.resource.RegisteredFiles;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;

/**
 * {@code IORING_OP_SOCKET}, {@code IORING_OP_ACCEPT} into registered files, and what sockets do
 * there.
 *
 * <p>What goes wrong in the field: the table of direct descriptors is full, and an accept ends with
 * {@code ENFILE}. It looks like the process's or the machine's limit and is neither; a multishot
 * accept has ended with it, the connection it took is closed, and nobody is accepted any more until
 * it is armed again. A slot becomes free by closing it directly.
 */
@Timeout(60)
class DirectSocketsTest {
    private static final int STREAM = Sockets.SOCK_STREAM;

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldServeWithoutDescriptors(RingMode mode, @TempDir Path directory) throws Exception {
        Needs.kernel("6.11", "IORING_OP_BIND");
        SocketAddress path = UnixDomainSocketAddress.of(directory.resolve("socket"));
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofShared();
                RegisteredFiles files = RegisteredFiles.sparse(ring, 4)) {
            assertThat(files.count()).isEqualTo(4);
            SockAddr address = SockAddr.of(arena, path);
            Sockets.socketDirect(ring.next(), Sockets.AF_UNIX, STREAM, 0, 2);
            assertThat(Net.ok(ring)).isZero();
            Sockets.bind(ring.next(), 2, address).fixedFile();
            Net.ok(ring);
            Sockets.listen(ring.next(), 2, 4).fixedFile();
            Net.ok(ring);
            try (SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX)) {
                client.connect(path);
                Sockets.acceptDirect(ring.next(), 2, 3, 0, 0).fixedFile();
                assertThat(Net.ok(ring)).isZero();
                echo(ring, arena, client, 3);
                Sockets.shutdown(ring.next(), 3, Sockets.SHUT_RDWR).fixedFile();
                Net.ok(ring);
                assertThat(client.read(ByteBuffer.allocate(1))).isEqualTo(-1);
            }
            // Into a slot that is in use: its file is closed.
            try (SocketChannel client = SocketChannel.open(StandardProtocolFamily.UNIX)) {
                client.connect(path);
                SockAddr peer = SockAddr.allocate(arena);
                Sockets.acceptDirect(ring.next(), 2, peer, 3, 0, 0).fixedFile();
                assertThat(Net.ok(ring)).isZero();
                assertThat(peer.address()).isEqualTo(UnixDomainSocketAddress.of(""));
                echo(ring, arena, client, 3);
            }
            Sockets.socketDirect(ring.next(), Sockets.AF_UNIX, STREAM, 0, 0);
            Net.ok(ring);
            Sockets.connect(ring.next(), 0, address).fixedFile();
            assertThat(Net.ok(ring)).isZero();
            for (int slot : new int[] {0, 2, 3}) {
                Files.closeDirect(ring.next(), slot);
                Net.ok(ring);
            }
            Sockets.listen(ring.next(), 2, 4).fixedFile();
            assertThat(Completions.one(ring).failed(Errno.EBADF)).isTrue();
        }
    }

    /** What the client sends comes back through the socket in the slot. */
    private static void echo(Ring ring, Arena arena, SocketChannel client, int slot)
            throws IOException {
        client.write(ByteBuffer.wrap(Net.bytes("echo")));
        MemorySegment buffer = arena.allocate(4);
        Sockets.recv(ring.next(), slot, buffer, Sockets.MSG_WAITALL).fixedFile().link();
        Sockets.send(ring.next(), slot, buffer, Sockets.MSG_WAITALL).fixedFile();
        List<Completion> both = Completions.some(ring, 2);
        assertThat(both).allMatch(completion -> completion.result() == 4);
        ByteBuffer back = ByteBuffer.allocate(4);
        while (back.hasRemaining()) {
            assertThat(client.read(back)).isPositive();
        }
        assertThat(back.array()).isEqualTo(Net.bytes("echo"));
    }

    @Test
    void shouldChooseSlotsUntilNoneIsFree() {
        Needs.kernel("5.19", "IORING_FILE_INDEX_ALLOC");
        try (Ring ring = Ring.open(RingConfig.of(8));
                RegisteredFiles files = RegisteredFiles.sparse(ring, 4)) {
            files.allocateFrom(1, 2);
            for (int slot = 1; slot <= 2; slot++) {
                socketAnywhere(ring);
                assertThat(Net.ok(ring)).isEqualTo(slot);
            }
            socketAnywhere(ring);
            assertThat(Completions.one(ring).failed(Errno.ENFILE)).isTrue();
            Files.closeDirect(ring.next(), 1);
            Net.ok(ring);
            socketAnywhere(ring);
            assertThat(Net.ok(ring)).isEqualTo(1);
        }
    }

    private static void socketAnywhere(Ring ring) {
        Sockets.socketDirect(ring.next(), Sockets.AF_INET, STREAM, 0, DirectSlot.ALLOCATE);
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldAcceptIntoSlotsUntilNoneIsFreeAndGoOn(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                Arena arena = Arena.ofShared();
                RegisteredFiles files = RegisteredFiles.sparse(ring, 2);
                Socket first = new Socket();
                Socket second = new Socket();
                Socket third = new Socket();
                Socket fourth = new Socket()) {
            int listener = Net.listener(ring, Net.ANY);
            SocketAddress address = Net.local(listener);
            Sockets.acceptMultishotDirect(ring.next(), listener, 0, 0).userData(1);
            ring.submit();
            for (Socket client : List.of(first, second)) {
                client.connect(address, 10_000);
                Completion accepted = Completions.one(ring);
                assertThat(accepted.hasMore()).isTrue();
                int slot = Net.ok(accepted);
                assertThat(slot).isBetween(0, files.count() - 1);
                Sockets.send(ring.next(), slot, Opened.bytes(arena, "slot" + slot), 0).fixedFile();
                Net.ok(ring);
                assertThat(client.getInputStream().readNBytes(5))
                        .isEqualTo(Net.bytes("slot" + slot));
            }
            third.connect(address, 10_000);
            Completion full = Completions.one(ring);
            assertThat(full.failed(Errno.ENFILE)).isTrue();
            assertThat(full.hasMore()).isFalse();
            // The connection that found no slot is closed.
            assertThat(third.getInputStream().read()).isEqualTo(-1);

            Files.closeDirect(ring.next(), 1);
            Net.ok(ring);
            Sockets.acceptMultishotDirect(ring.next(), listener, 0, 0).userData(2);
            ring.submit();
            fourth.connect(address, 10_000);
            Completion again = Completions.one(ring);
            assertThat(Net.ok(again)).isEqualTo(1);
            assertThat(again.hasMore()).isTrue();
            Cancel.cancel(ring.next(), 2).userData(3);
            assertThat(Completions.some(ring, 2))
                    .anyMatch(end -> end.userData() == 2 && end.failed(Errno.ECANCELED));
            Net.close(ring, listener);
        }
    }

    @Test
    void shouldFailWhenThereIsNoSuchSlot() {
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            int listener = Net.listener(ring, Net.ANY);
            Sockets.socketDirect(ring.next(), Sockets.AF_INET, STREAM, 0, 0);
            assertThat(Completions.one(ring).failed(Errno.ENXIO)).isTrue();
            socketAnywhere(ring);
            assertThat(Completions.one(ring).result())
                    .isIn(-Errno.ENFILE.number(), -Errno.ENXIO.number());
            try (RegisteredFiles files = RegisteredFiles.sparse(ring, 2)) {
                Sockets.socketDirect(ring.next(), Sockets.AF_INET, STREAM, 0, files.count());
                assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
                int type = STREAM | Sockets.SOCK_CLOEXEC;
                Sockets.socketDirect(ring.next(), Sockets.AF_INET, type, 0, 0);
                assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
                int flags = Sockets.SOCK_CLOEXEC;
                Sockets.acceptDirect(ring.next(), listener, 0, flags, 0);
                assertThat(Completions.one(ring).failed(Errno.EINVAL)).isTrue();
                Sockets.recv(ring.next(), 1, MemorySegment.NULL, 0).fixedFile();
                assertThat(Completions.one(ring).failed(Errno.EBADF)).isTrue();
            }
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> Sockets.acceptDirect(ring.next(), listener, -2, 0, 0))
                    .withMessageContaining("slot=-2");
            Net.close(ring, listener);
        }
    }
}
