package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.Sqe;
import org.uring4j.op.Files;
import org.uring4j.op.OpenFlags;
import org.uring4j.op.Sockets;
import org.uring4j.op.UblkCommands;
import org.uring4j.op.UblkDevice;
import org.uring4j.op.UblkQueue;
import org.uring4j.op.UblkZones;
import org.uring4j.resource.RegisteredBuffers;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Serves a block device out of memory, or of a file, in a thread of its own. */
final class UblkServer implements Runnable {
    /** How data gets from request to server. */
    enum Way {
        /** The driver copies between requests and the server's buffers. */
        COPY(0),
        /** As that, and what is written is asked for. */
        GET_DATA(UblkDevice.F_NEED_GET_DATA),
        /** The server reads and writes the character device. */
        USER_COPY(UblkDevice.F_USER_COPY),
        /** The server registers requests' memory. */
        REGISTER(UblkDevice.F_SUPPORT_ZERO_COPY),
        /** As that, and sends and receives it. */
        SOCKETS(UblkDevice.F_SUPPORT_ZERO_COPY),
        /** The driver registers requests' memory. */
        AUTO_BUF(UblkDevice.F_SUPPORT_ZERO_COPY | UblkDevice.F_AUTO_BUF_REG);

        static final Set<Way> ZERO_COPY = EnumSet.of(REGISTER, AUTO_BUF);

        final long flags;

        Way(long flags) {
            this.flags = flags;
        }
    }

    private static final int TAG = 0xffff;
    private static final int FETCH = 1 << 16;
    private static final int REGISTER = 2 << 16;
    private static final int MOVE = 3 << 16;
    private static final int UNREGISTER = 4 << 16;
    private static final int TUPLES = 5 << 16;
    private static final int HALF = 6 << 16;

    private final Way way;
    private final UblkDevice device;
    private final MemorySegment disk;
    private final @Nullable Path file;
    private final CountDownLatch ready = new CountDownLatch(1);
    private final Thread thread;
    private final int[] results;
    private volatile @Nullable Throwable failure;
    private final AtomicInteger served = new AtomicInteger();

    /** Memory of programs that the driver names instead of copying, and how often it did. */
    private volatile MemorySegment shared = MemorySegment.NULL;

    private final AtomicInteger servedShared = new AtomicInteger();

    /** Of a device with zones: how many sectors each has, and up to where each is written. */
    private volatile int zoneSectors;

    private volatile long[] written = {};

    /** Of a device with protection information: all of it, and how much goes with how much data. */
    private volatile MemorySegment tuples = MemorySegment.NULL;

    private volatile int interval;
    private volatile int tupleBytes;

    private Ring ring;
    private UblkQueue queue;
    private Arena arena;
    private int fd;
    private int fileFd;
    private MemorySegment[] buffers;
    private int[][] pairs;
    private int live;

    /**
     * Starts it; when this returns, all is fetched.
     *
     * @param file for the ways in which a server never sees the data
     */
    // The rest is made by the thread that owns the ring.
    @SuppressWarnings("NullAway.Init")
    UblkServer(Way way, UblkDevice device, MemorySegment disk, @Nullable Path file)
            throws InterruptedException {
        this.way = way;
        this.device = device;
        this.disk = disk;
        this.file = file;
        results = new int[device.depth()];
        thread = Thread.ofPlatform().name("ublk-server").start(this);
        assertThat(ready.await(10, TimeUnit.SECONDS)).as("all is fetched").isTrue();
        assertThat(failure).isNull();
    }

    /** The memory that was registered under index 0. */
    void share(MemorySegment memory) {
        shared = memory;
    }

    /** How many of the requests had their data there. */
    int servedShared() {
        return servedShared.get();
    }

    /** The device has zones; before it is started. */
    void zones(int sectors, int count) {
        zoneSectors = sectors;
        written = new long[count];
    }

    /** The device has protection information; before it is started. */
    void tuples(MemorySegment all, int interval, int tupleBytes) {
        this.interval = interval;
        this.tupleBytes = tupleBytes;
        tuples = all;
    }

    /** Waits for its end, which comes when the device is stopped; it must have gone well. */
    void join() throws InterruptedException {
        assertThat(thread.join(Duration.ofSeconds(20))).as("the server ends").isTrue();
        assertThat(failure).isNull();
    }

    /** How many requests it has answered. */
    int served() {
        return served.get();
    }

    @Override
    public void run() {
        int depth = device.depth();
        try (Ring ring = Ring.open(RingConfig.of(4 * depth));
                Arena arena = Arena.ofShared();
                Opened character =
                        Opened.open(ring, Path.of("/dev/ublkc" + device.id()), OpenFlags.O_RDWR);
                Opened backing = file == null ? character : opened(ring, file);
                UblkQueue queue = UblkQueue.map(character.fd(), 0, device);
                RegisteredBuffers registered = RegisteredBuffers.sparse(ring, depth)) {
            assertThat(registered.count()).isEqualTo(queue.depth());
            this.ring = ring;
            this.queue = queue;
            this.arena = arena;
            fd = character.fd();
            fileFd = backing.fd();
            buffers = new MemorySegment[depth];
            pairs = new int[way == Way.SOCKETS ? depth : 0][];
            for (int tag = 0; tag < pairs.length; tag++) {
                pairs[tag] = Net.unixPair(ring, Sockets.SOCK_STREAM);
            }
            for (int tag = 0; tag < depth; tag++) {
                boolean copies = way == Way.COPY || way == Way.GET_DATA;
                buffers[tag] =
                        copies ? arena.allocate(device.maxIoBytes(), 4096) : MemorySegment.NULL;
                auto(UblkCommands.fetchReq(ring.next(), fd, 0, tag, buffers[tag]), tag)
                        .userData(FETCH | tag);
            }
            live = depth;
            ring.submit();
            ready.countDown();
            while (live > 0) {
                ring.submitAndWait(1);
                ring.completions().drain((data, result, flags) -> completed((int) data, result));
            }
            for (int[] pair : pairs) {
                Net.close(ring, pair);
            }
        } catch (Throwable e) {
            failure = e;
        } finally {
            ready.countDown();
        }
    }

    private static Opened opened(Ring ring, Path path) {
        return Opened.open(ring, path, OpenFlags.O_RDWR);
    }

    private void completed(int data, int result) {
        int tag = data & TAG;
        switch (data & ~TAG) {
            case FETCH -> fetched(tag, result);
            case REGISTER -> {
                assertThat(result).as("registering").isZero();
                if (way == Way.SOCKETS) {
                    moveBySockets(tag);
                } else {
                    moveByFile(tag);
                }
            }
            case MOVE -> {
                results[tag] = result;
                if ((queue.flags(tag) & UblkQueue.F_INTEGRITY) != 0) {
                    moveTuples(tag);
                } else if (way == Way.REGISTER) {
                    giveUp(tag);
                } else {
                    answer(tag, result);
                }
            }
            case UNREGISTER -> {
                assertThat(result).as("giving up").isZero();
                answer(tag, results[tag]);
            }
            case HALF -> {
                assertThat(result).isEqualTo((int) queue.bytes(tag));
                // Both halves are to be there: what was sent, and what was received.
                results[tag] += result;
                if (results[tag] == 2 * result) {
                    results[tag] = result;
                    giveUp(tag);
                }
            }
            case TUPLES -> answer(tag, result < 0 ? result : results[tag]);
            default -> throw new AssertionError("user data: " + data);
        }
    }

    private void fetched(int tag, int result) {
        if (Errno.ENODEV.is(result)) {
            live--;
        } else if (result == UblkCommands.RES_NEED_GET_DATA) {
            assertThat(way).isEqualTo(Way.GET_DATA);
            assertThat(queue.op(tag)).isEqualTo(UblkQueue.WRITE);
            UblkCommands.needGetData(ring.next(), fd, 0, tag, buffers[tag]).userData(FETCH | tag);
        } else {
            assertThat(result).isEqualTo(UblkCommands.RES_OK);
            serve(tag);
        }
    }

    private void serve(int tag) {
        long start = queue.start(tag);
        long bytes = queue.bytes(tag);
        switch (queue.op(tag)) {
            case UblkQueue.READ, UblkQueue.WRITE -> move(tag, start, bytes);
            case UblkQueue.DISCARD, UblkQueue.WRITE_ZEROES -> {
                disk.asSlice(start, bytes).fill((byte) 0);
                answer(tag, (int) bytes);
            }
            case UblkQueue.FLUSH -> answer(tag, 0);
            case UblkQueue.REPORT_ZONES -> report(tag);
            case UblkQueue.ZONE_RESET, UblkQueue.ZONE_RESET_ALL -> reset(tag);
            default -> answer(tag, -Errno.EOPNOTSUPP.number());
        }
    }

    private void report(int tag) {
        int first = (int) (queue.startSector(tag) / zoneSectors);
        int count = Math.min(queue.sectors(tag), written.length - first);
        UblkZones zones = UblkZones.allocate(arena, count);
        for (int i = 0; i < count; i++) {
            long start = (long) (first + i) * zoneSectors;
            long wp = start + written[first + i];
            int condition = wp == start ? UblkZones.EMPTY : UblkZones.IMPLICITLY_OPEN;
            zones.set(i, start, zoneSectors, zoneSectors, wp, UblkZones.SEQUENTIAL, condition);
        }
        long at = UblkCommands.copyOffset(0, tag, 0);
        Files.write(ring.next(), fd, zones.memory(count), at).userData(MOVE | tag);
    }

    private void reset(int tag) {
        if (queue.op(tag) == UblkQueue.ZONE_RESET_ALL) {
            Arrays.fill(written, 0);
        } else {
            written[(int) (queue.startSector(tag) / zoneSectors)] = 0;
        }
        answer(tag, 0);
    }

    private void moveTuples(int tag) {
        long first = queue.start(tag) / interval * tupleBytes;
        MemorySegment there = tuples.asSlice(first, queue.bytes(tag) / interval * tupleBytes);
        long at = UblkCommands.integrityOffset(0, tag, 0);
        if (queue.op(tag) == UblkQueue.READ) {
            Files.write(ring.next(), fd, there, at).userData(TUPLES | tag);
        } else {
            Files.read(ring.next(), fd, there, at).userData(TUPLES | tag);
        }
    }

    private void move(int tag, long start, long bytes) {
        boolean read = queue.op(tag) == UblkQueue.READ;
        if (zoneSectors > 0 && !read) {
            int zone = (int) (queue.startSector(tag) / zoneSectors);
            if (queue.startSector(tag) % zoneSectors != written[zone]) {
                answer(tag, -Errno.EIO.number());
                return;
            }
            written[zone] += queue.sectors(tag);
        }
        switch (way) {
            case COPY, GET_DATA -> {
                MemorySegment there = disk.asSlice(start, bytes);
                MemorySegment here = data(tag, bytes);
                MemorySegment.copy(read ? there : here, 0, read ? here : there, 0, bytes);
                answer(tag, (int) bytes);
            }
            case USER_COPY -> {
                MemorySegment there = disk.asSlice(start, bytes);
                long at = UblkCommands.copyOffset(0, tag, 0);
                if (read) {
                    Files.write(ring.next(), fd, there, at).userData(MOVE | tag);
                } else {
                    Files.read(ring.next(), fd, there, at).userData(MOVE | tag);
                }
            }
            case REGISTER, SOCKETS ->
                    UblkCommands.registerIoBuf(ring.next(), fd, 0, tag, tag)
                            .userData(REGISTER | tag);
            case AUTO_BUF -> moveByFile(tag);
        }
    }

    /** Where a request's data is. */
    private MemorySegment data(int tag, long bytes) {
        if ((queue.flags(tag) & UblkQueue.F_SHMEM_ZC) == 0) {
            return buffers[tag].asSlice(0, bytes);
        }
        servedShared.incrementAndGet();
        long where = queue.addr(tag);
        assertThat(where >>> Integer.SIZE).as("the index").isZero();
        return shared.asSlice(where & 0xffff_ffffL, bytes);
    }

    private void moveByFile(int tag) {
        long start = queue.start(tag);
        int bytes = (int) queue.bytes(tag);
        if (queue.op(tag) == UblkQueue.READ) {
            UblkCommands.readFixed(ring.next(), fileFd, 0, bytes, start, tag).userData(MOVE | tag);
        } else {
            UblkCommands.writeFixed(ring.next(), fileFd, 0, bytes, start, tag).userData(MOVE | tag);
        }
    }

    /** Between a request's memory and the disk, through the two ends of the tag's connection. */
    private void moveBySockets(int tag) {
        int[] pair = pairs[tag];
        int bytes = (int) queue.bytes(tag);
        int all = Sockets.MSG_WAITALL;
        MemorySegment there = disk.asSlice(queue.start(tag), bytes);
        results[tag] = 0;
        if (queue.op(tag) == UblkQueue.READ) {
            Sockets.send(ring.next(), pair[1], there, all).userData(HALF | tag);
            UblkCommands.recvFixed(ring.next(), pair[0], 0, bytes, tag, all).userData(HALF | tag);
        } else {
            UblkCommands.sendFixed(ring.next(), pair[0], 0, bytes, tag, all).userData(HALF | tag);
            Sockets.recv(ring.next(), pair[1], there, all).userData(HALF | tag);
        }
    }

    private void giveUp(int tag) {
        UblkCommands.unregisterIoBuf(ring.next(), fd, 0, tag, tag).userData(UNREGISTER | tag);
    }

    private void answer(int tag, int result) {
        served.incrementAndGet();
        auto(UblkCommands.commitAndFetchReq(ring.next(), fd, 0, tag, result, buffers[tag]), tag)
                .userData(FETCH | tag);
    }

    private Sqe auto(Sqe fetch, int tag) {
        return way == Way.AUTO_BUF ? UblkCommands.autoBufReg(fetch, tag, false) : fetch;
    }
}
