package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.Cancel;
import org.uring4j.op.Epoll;
import org.uring4j.op.EpollEvents;
import org.uring4j.op.Files;
import org.uring4j.op.OpenFlags;
import org.uring4j.resource.RegisteredFiles;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;

/** {@code IORING_OP_EPOLL_CTL}, {@code IORING_OP_EPOLL_WAIT}. */
class EpollTest {
    @TempDir Path directory;

    private final Arena arena = Arena.ofAuto();
    private final EpollEvents event = EpollEvents.allocate(arena, 1);

    /** An epoll descriptor, which only the C library makes. */
    private record Watch(Ring ring, int fd) implements AutoCloseable {
        static Watch open(Ring ring) {
            return new Watch(ring, Libc.call("epoll_create1", 0));
        }

        @Override
        public void close() {
            Files.close(ring.next(), fd);
            assertThat(Completions.one(ring).result()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldReportWhatIsReady(RingMode mode) throws Exception {
        Needs.kernel("6.15", "IORING_OP_EPOLL_WAIT");
        try (Ring ring = mode.open(8);
                Watch watch = Watch.open(ring);
                Fifo fifo = Fifo.in(directory);
                Opened in = fifo.open(ring, OpenFlags.O_RDONLY)) {
            event.set(0, Epoll.EPOLLIN, 0x1234_5678_9abc_def0L);
            EpollEvents seen = EpollEvents.allocate(arena, 4);
            Epoll.epollCtl(ring.next(), watch.fd(), Epoll.EPOLL_CTL_ADD, in.fd(), event)
                    .userData(1)
                    .link();
            Epoll.epollWait(ring.next(), watch.fd(), seen).userData(2);
            assertThat(Completions.one(ring)).isEqualTo(new Completion(1, 0, 0));
            assertThat(Completions.now(ring)).as("nothing is ready").isEmpty();
            fifo.put("x");
            assertThat(Completions.one(ring)).isEqualTo(new Completion(2, 1, 0));
            assertThat(seen.events(0)).isEqualTo(Epoll.EPOLLIN);
            assertThat(seen.data(0)).isEqualTo(0x1234_5678_9abc_def0L);
        }
    }

    @Test
    void shouldReportAsManyAsFit() throws Exception {
        Needs.kernel("6.15", "IORING_OP_EPOLL_WAIT");
        try (Ring ring = Ring.open(RingConfig.of(8));
                Watch watch = Watch.open(ring);
                Fifo fifo = Fifo.in(directory);
                Opened in = fifo.open(ring, OpenFlags.O_RDONLY);
                Opened out = fifo.open(ring, OpenFlags.O_WRONLY)) {
            fifo.put("x");
            assertThat(ctl(ring, watch, Epoll.EPOLL_CTL_ADD, in.fd(), Epoll.EPOLLIN)).isZero();
            assertThat(ctl(ring, watch, Epoll.EPOLL_CTL_ADD, out.fd(), Epoll.EPOLLOUT)).isZero();
            EpollEvents seen = EpollEvents.allocate(arena, 4);
            Epoll.epollWait(ring.next(), watch.fd(), seen);
            assertThat(Completions.one(ring).result()).isEqualTo(2);
            assertThat(List.of(seen.data(0), seen.data(1)))
                    .containsExactlyInAnyOrder((long) in.fd(), (long) out.fd());
            Epoll.epollWait(ring.next(), watch.fd(), event);
            assertThat(Completions.one(ring).result()).isOne();
        }
    }

    @Test
    void shouldChangeAndEndWatching() throws Exception {
        Needs.kernel("6.15", "IORING_OP_EPOLL_WAIT");
        try (Ring ring = Ring.open(RingConfig.of(8));
                Watch watch = Watch.open(ring);
                RegisteredFiles files = RegisteredFiles.register(ring, watch.fd());
                Fifo fifo = Fifo.in(directory);
                Opened in = fifo.open(ring, OpenFlags.O_RDONLY)) {
            assertThat(files.count()).isOne();
            int oneShot = Epoll.EPOLLIN | Epoll.EPOLLONESHOT | Epoll.EPOLLET;
            assertThat(ctl(ring, watch, Epoll.EPOLL_CTL_ADD, in.fd(), oneShot)).isZero();
            fifo.put("x");
            Epoll.epollWait(ring.next(), 0, event).fixedFile().userData(1);
            assertThat(Completions.one(ring)).isEqualTo(new Completion(1, 1, 0));
            Epoll.epollWait(ring.next(), 0, event).fixedFile().userData(2);
            assertThat(Completions.now(ring)).as("reported once").isEmpty();
            EpollEvents change = EpollEvents.allocate(arena, 1).set(0, oneShot, 77);
            Epoll.epollCtl(ring.next(), watch.fd(), Epoll.EPOLL_CTL_MOD, in.fd(), change)
                    .skipSuccess();
            assertThat(Completions.one(ring)).isEqualTo(new Completion(2, 1, 0));
            assertThat(event.data(0)).isEqualTo(77);

            assertThat(ctl(ring, watch, Epoll.EPOLL_CTL_DEL, in.fd(), 0)).isZero();
            Epoll.epollWait(ring.next(), watch.fd(), event).userData(3);
            assertThat(Completions.now(ring)).as("nothing is watched").isEmpty();
            Cancel.cancel(ring.next(), 3).userData(4);
            assertThat(Completions.some(ring, 2))
                    .contains(new Completion(4, 0, 0))
                    .contains(new Completion(3, -Errno.ECANCELED.number(), 0));
        }
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldKeepToOrderWhenDrainedAndInWorkers(RingMode mode) throws Exception {
        try (Ring ring = mode.open(8);
                Watch watch = Watch.open(ring);
                Fifo fifo = Fifo.in(directory);
                Opened in = fifo.open(ring, OpenFlags.O_RDONLY)) {
            int fd = in.fd();
            event.set(0, Epoll.EPOLLIN, 0);
            Epoll.epollCtl(ring.next(), watch.fd(), Epoll.EPOLL_CTL_ADD, fd, event)
                    .userData(1)
                    .async();
            Epoll.epollCtl(ring.next(), watch.fd(), Epoll.EPOLL_CTL_DEL, fd, event)
                    .userData(2)
                    .drain();
            assertThat(Completions.some(ring, 2))
                    .containsExactly(new Completion(1, 0, 0), new Completion(2, 0, 0));
        }
    }

    @Test
    void shouldTellErrors() throws Exception {
        Needs.kernel("6.15", "IORING_OP_EPOLL_WAIT");
        try (Ring ring = Ring.open(RingConfig.of(8));
                Watch watch = Watch.open(ring);
                Fifo fifo = Fifo.in(directory);
                Opened in = fifo.open(ring, OpenFlags.O_RDONLY);
                Opened dir = Opened.open(ring, directory, OpenFlags.O_DIRECTORY)) {
            int add = Epoll.EPOLL_CTL_ADD;
            assertThat(ctl(ring, watch, add, in.fd(), Epoll.EPOLLIN)).isZero();
            assertError(ctl(ring, watch, add, in.fd(), Epoll.EPOLLIN), Errno.EEXIST);
            assertError(ctl(ring, watch, add, dir.fd(), Epoll.EPOLLIN), Errno.EPERM);
            assertError(ctl(ring, watch, add, 1_000_000, Epoll.EPOLLIN), Errno.EBADF);
            assertError(ctl(ring, watch, add, watch.fd(), Epoll.EPOLLIN), Errno.EINVAL);
            assertError(ctl(ring, watch, 9, in.fd(), Epoll.EPOLLIN), Errno.EINVAL);
            assertError(ctl(ring, watch, Epoll.EPOLL_CTL_DEL, ring.fd(), 0), Errno.ENOENT);
            Epoll.epollWait(ring.next(), in.fd(), event);
            assertError(Completions.one(ring).result(), Errno.EINVAL);
            Epoll.epollWait(ring.next(), 1_000_000, event);
            assertError(Completions.one(ring).result(), Errno.EBADF);
        }
    }

    @Test
    void shouldRefuseWrongSizes() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EpollEvents.allocate(arena, 0))
                .withMessageContaining("capacity=0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> EpollEvents.allocate(arena, Integer.MAX_VALUE));
        assertThatExceptionOfType(IndexOutOfBoundsException.class)
                .isThrownBy(() -> event.events(1));
    }

    /** Watches a descriptor, which is what is reported as well. */
    private int ctl(Ring ring, Watch watch, int operation, int fd, int events) {
        event.set(0, events, fd);
        Epoll.epollCtl(ring.next(), watch.fd(), operation, fd, event);
        return Completions.one(ring).result();
    }

    private static void assertError(int result, Errno errno) {
        assertThat(Errno.of(result)).isEqualTo(errno);
    }
}
