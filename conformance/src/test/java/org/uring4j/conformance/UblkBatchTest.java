package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.uring4j.Cqe;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.Commands;
import org.uring4j.op.OpenFlags;
import org.uring4j.op.UblkBatch;
import org.uring4j.op.UblkCommands;
import org.uring4j.op.UblkDevice;
import org.uring4j.op.UblkQueue;
import org.uring4j.resource.BufferRing;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** {@code IORING_OP_URING_CMD} on ublk devices, many requests at a time, as a multishot. */
@NeedsDevice("ublk")
class UblkBatchTest {
    private static final int GROUP = 5;
    private static final int FETCH = 1;
    private static final int COMMIT = 2;

    @Test
    void shouldServeManyRequestsAtATime() throws Exception {
        try (UblkHost host = UblkHost.open()) {
            host.needs(UblkDevice.F_BATCH_IO);
            UblkDevice device = host.add(UblkDevice.F_BATCH_IO);
            Server server = new Server(device, host.disk);
            host.start(device);
            MemorySegment written = MemorySegment.ofArray(Net.random(4 << 20, 3));
            try (FileChannel channel =
                    FileChannel.open(
                            UblkHost.block(device),
                            StandardOpenOption.READ,
                            StandardOpenOption.WRITE)) {
                channel.write(written.asByteBuffer(), 777);
                channel.force(true);
            }
            assertThat(host.disk.asSlice(777, written.byteSize()).mismatch(written)).isEqualTo(-1);
            host.compare(device, host.disk);
            host.stop(device);
            server.join();
            host.remove(device);
        }
    }

    @Test
    void shouldFailOfWrongLists() {
        try (UblkHost host = UblkHost.open()) {
            host.needs(UblkDevice.F_BATCH_IO);
            UblkDevice device = host.add(UblkDevice.F_BATCH_IO);
            try (Opened character =
                    Opened.open(host.ring, UblkHost.character(device), OpenFlags.O_RDWR)) {
                int fd = character.fd();
                MemorySegment buffer = host.arena.allocate(device.maxIoBytes(), 4096);
                UblkBatch many = UblkBatch.allocate(host.arena, device.depth() + 1, true);
                for (int tag = 0; tag <= device.depth(); tag++) {
                    many.add(tag, 0, buffer);
                }
                UblkBatch.prepIoCmds(host.ring.next(), fd, 0, many);
                assertThat(Completions.one(host.ring).failed(Errno.E2BIG)).isTrue();
                UblkBatch.prepIoCmds(host.ring.next(), fd, 1, many);
                assertThat(Completions.one(host.ring).failed(Errno.EINVAL)).isTrue();
                UblkCommands.fetchReq(host.ring.next(), fd, 0, 0, buffer);
                assertThat(Completions.one(host.ring).failed(Errno.EOPNOTSUPP)).isTrue();
                UblkBatch.fetchIoCmds(host.ring.next(), fd, 1, GROUP);
                assertThat(Completions.one(host.ring).failed(Errno.EINVAL)).isTrue();
                assertThatThrownBy(() -> many.add(1, 0, buffer))
                        .isInstanceOf(IndexOutOfBoundsException.class);
                many.clear();
                try (Arena gone = Arena.ofConfined()) {
                    many.add(1, 0, gone.allocate(device.maxIoBytes()));
                }
                assertThatThrownBy(() -> UblkBatch.prepIoCmds(host.ring.next(), fd, 0, many))
                        .isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(() -> many.clear().add(1, 0, MemorySegment.NULL))
                        .isInstanceOf(IllegalArgumentException.class);
            }
            host.remove(device);
        }
    }

    @Test
    void shouldFailOfMultishotWithRegisteredBuffer() {
        try (UblkHost host = UblkHost.open()) {
            host.needs(UblkDevice.F_BATCH_IO);
            UblkDevice device = host.add(UblkDevice.F_BATCH_IO);
            try (Opened character =
                    Opened.open(host.ring, UblkHost.character(device), OpenFlags.O_RDWR)) {
                Commands.fixed(
                        UblkBatch.fetchIoCmds(host.ring.next(), character.fd(), 0, GROUP), 0);
                assertThat(Completions.one(host.ring).failed(Errno.EINVAL)).isTrue();
            }
            host.remove(device);
        }
    }

    /** Serves out of memory, in a thread of its own. */
    private static final class Server implements Runnable {
        private final UblkDevice device;
        private final MemorySegment disk;
        private final CountDownLatch ready = new CountDownLatch(1);
        private final Queue<Integer> asked = new ArrayDeque<>();
        private final MemorySegment[] buffers;
        private final Thread thread;
        private volatile @Nullable Throwable failure;
        private boolean committing;
        private boolean fetching = true;

        Server(UblkDevice device, MemorySegment disk) throws InterruptedException {
            this.device = device;
            this.disk = disk;
            buffers = new MemorySegment[device.depth()];
            thread = Thread.ofPlatform().name("ublk-batches").start(this);
            assertThat(ready.await(10, TimeUnit.SECONDS)).as("all is ready").isTrue();
            assertThat(failure).isNull();
        }

        void join() throws InterruptedException {
            assertThat(thread.join(Duration.ofSeconds(20))).as("the server ends").isTrue();
            assertThat(failure).isNull();
        }

        @Override
        public void run() {
            try (Ring ring = Ring.open(RingConfig.of(8));
                    Arena arena = Arena.ofShared();
                    Opened character =
                            Opened.open(ring, UblkHost.character(device), OpenFlags.O_RDWR);
                    UblkQueue queue = UblkQueue.map(character.fd(), 0, device);
                    BufferRing tags = BufferRing.register(ring, GROUP, 4, 64)) {
                int fd = character.fd();
                UblkBatch list = UblkBatch.allocate(arena, device.depth(), true);
                for (int tag = 0; tag < device.depth(); tag++) {
                    buffers[tag] = arena.allocate(device.maxIoBytes(), 4096);
                    list.add(tag, 0, buffers[tag]);
                }
                UblkBatch.prepIoCmds(ring.next(), fd, 0, list);
                assertThat(Net.ok(ring)).isZero();
                UblkBatch.fetchIoCmds(ring.next(), fd, 0, GROUP).userData(FETCH);
                ring.submit();
                ready.countDown();
                while (fetching) {
                    ring.submitAndWait(1);
                    ring.completions()
                            .drain(
                                    (data, result, flags) -> {
                                        if (data == FETCH) {
                                            fetched(result, flags, tags);
                                        } else {
                                            committing = false;
                                            assertThat(result)
                                                    .isEqualTo(list.count() * list.elementBytes());
                                        }
                                    });
                    if (!committing && !asked.isEmpty()) {
                        answer(queue, list);
                        UblkBatch.commitIoCmds(ring.next(), fd, 0, list).userData(COMMIT);
                        committing = true;
                    }
                }
            } catch (Throwable e) {
                failure = e;
            } finally {
                ready.countDown();
            }
        }

        private void fetched(int result, int flags, BufferRing tags) {
            if (result > 0) {
                MemorySegment some = tags.take(result, flags);
                for (int i = 0; i < result; i += Short.BYTES) {
                    asked.add(some.get(JAVA_SHORT, i) & 0xffff);
                }
                tags.recycle(Cqe.bufferId(flags));
            }
            if (!Cqe.hasMore(flags)) {
                assertThat(Errno.ENODEV.is(result)).as("result=%d", result).isTrue();
                fetching = false;
            }
        }

        private void answer(UblkQueue queue, UblkBatch list) {
            list.clear();
            while (!asked.isEmpty()) {
                int tag = asked.remove();
                long bytes = queue.bytes(tag);
                int result = (int) bytes;
                switch (queue.op(tag)) {
                    case UblkQueue.READ ->
                            MemorySegment.copy(disk, queue.start(tag), buffers[tag], 0, bytes);
                    case UblkQueue.WRITE ->
                            MemorySegment.copy(buffers[tag], 0, disk, queue.start(tag), bytes);
                    default -> result = -Errno.EOPNOTSUPP.number();
                }
                list.add(tag, result, buffers[tag]);
            }
        }
    }
}
