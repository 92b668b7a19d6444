package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
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
import org.uring4j.resource.RegisteredBuffers;

import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
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
    private static final int MOVE = 3;

    @TempDir private Path directory;

    @Test
    void shouldServeManyRequestsAtATime() throws Exception {
        try (UblkHost host = UblkHost.open()) {
            host.needs(UblkDevice.F_BATCH_IO);
            UblkDevice device = host.add(UblkDevice.F_BATCH_IO);
            Server server = new Server(device, host.disk, null);
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
    void shouldServeManyRequestsWhereTheirMemoryIs() throws Exception {
        long flags =
                UblkDevice.F_BATCH_IO | UblkDevice.F_SUPPORT_ZERO_COPY | UblkDevice.F_AUTO_BUF_REG;
        Path file = directory.resolve("disk");
        try (RandomAccessFile made = new RandomAccessFile(file.toFile(), "rw")) {
            made.setLength(UblkHost.SIZE);
        }
        try (UblkHost host = UblkHost.open()) {
            host.needs(flags);
            UblkDevice device = host.add(flags);
            Server server = new Server(device, host.disk, file);
            host.start(device);
            MemorySegment written = MemorySegment.ofArray(Net.random(4 << 20, 6));
            try (FileChannel channel =
                    FileChannel.open(UblkHost.block(device), StandardOpenOption.WRITE)) {
                channel.write(written.asByteBuffer(), 777);
                channel.force(true);
            }
            MemorySegment kept = MemorySegment.ofArray(java.nio.file.Files.readAllBytes(file));
            assertThat(kept.asSlice(777, written.byteSize()).mismatch(written)).isEqualTo(-1);
            host.compare(device, kept);
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

    /** Serves out of memory or, where requests' memory is registered, of a file. */
    private static final class Server implements Runnable {
        private final UblkDevice device;
        private final MemorySegment disk;
        private final @Nullable Path file;
        private final CountDownLatch ready = new CountDownLatch(1);
        private final Queue<Integer> asked = new ArrayDeque<>();
        private final Queue<Integer> done = new ArrayDeque<>();
        private final MemorySegment[] buffers;
        private final int[] results;
        private final Thread thread;
        private volatile @Nullable Throwable failure;
        private boolean committing;
        private boolean fetching = true;

        Server(UblkDevice device, MemorySegment disk, @Nullable Path file)
                throws InterruptedException {
            this.device = device;
            this.disk = disk;
            this.file = file;
            buffers = new MemorySegment[device.depth()];
            results = new int[device.depth()];
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
            int depth = device.depth();
            try (Ring ring = Ring.open(RingConfig.of(4 * depth));
                    Arena arena = Arena.ofShared();
                    Opened character =
                            Opened.open(ring, UblkHost.character(device), OpenFlags.O_RDWR);
                    Opened backing =
                            file == null ? character : Opened.open(ring, file, OpenFlags.O_RDWR);
                    UblkQueue queue = UblkQueue.map(character.fd(), 0, device);
                    RegisteredBuffers registered = RegisteredBuffers.sparse(ring, depth);
                    BufferRing tags = BufferRing.register(ring, GROUP, 4, 64)) {
                assertThat(registered.count()).isEqualTo(depth);
                int fd = character.fd();
                UblkBatch list = UblkBatch.allocate(arena, depth, file == null).fallback(false);
                for (int tag = 0; tag < depth; tag++) {
                    buffers[tag] =
                            file == null
                                    ? arena.allocate(device.maxIoBytes(), 4096)
                                    : MemorySegment.NULL;
                    add(list, tag);
                }
                UblkBatch.prepIoCmds(ring.next(), fd, 0, list);
                assertThat(Net.ok(ring)).isZero();
                UblkBatch.fetchIoCmds(ring.next(), fd, 0, GROUP).userData(FETCH);
                ring.submit();
                ready.countDown();
                while (fetching) {
                    ring.submitAndWait(1);
                    ring.completions()
                            .drain((data, result, flags) -> completed(data, result, flags, tags));
                    while (!asked.isEmpty()) {
                        serve(ring, queue, backing.fd(), asked.remove());
                    }
                    if (!committing && !done.isEmpty()) {
                        list.clear();
                        while (!done.isEmpty()) {
                            add(list, done.remove());
                        }
                        UblkBatch.commitIoCmds(ring.next(), fd, 0, list)
                                .userData(
                                        COMMIT | ((long) list.count() * list.elementBytes()) << 8);
                        committing = true;
                    }
                }
            } catch (Throwable e) {
                failure = e;
            } finally {
                ready.countDown();
            }
        }

        private void add(UblkBatch list, int tag) {
            if (file == null) {
                list.add(tag, results[tag], buffers[tag]);
            } else {
                list.addRegistered(tag, results[tag], tag);
            }
        }

        private void completed(long data, int result, int flags, BufferRing tags) {
            switch ((int) data & 0xff) {
                case FETCH -> fetched(result, flags, tags);
                case COMMIT -> {
                    committing = false;
                    assertThat(result).isEqualTo((int) (data >>> 8));
                }
                default -> {
                    int tag = (int) (data >>> 8);
                    results[tag] = result;
                    done.add(tag);
                }
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

        private void serve(Ring ring, UblkQueue queue, int fileFd, int tag) {
            long start = queue.start(tag);
            int bytes = (int) queue.bytes(tag);
            boolean read = queue.op(tag) == UblkQueue.READ;
            if (!read && queue.op(tag) != UblkQueue.WRITE) {
                results[tag] = -Errno.EOPNOTSUPP.number();
                done.add(tag);
            } else if (file == null) {
                MemorySegment there = disk.asSlice(start, bytes);
                MemorySegment here = buffers[tag].asSlice(0, bytes);
                MemorySegment.copy(read ? there : here, 0, read ? here : there, 0, bytes);
                results[tag] = bytes;
                done.add(tag);
            } else if (read) {
                UblkCommands.readFixed(ring.next(), fileFd, 0, bytes, start, tag)
                        .userData(MOVE | (long) tag << 8);
            } else {
                UblkCommands.writeFixed(ring.next(), fileFd, 0, bytes, start, tag)
                        .userData(MOVE | (long) tag << 8);
            }
        }
    }
}
