package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.Polling;
import org.uring4j.op.Sockets;
import org.uring4j.resource.EventFd;

import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Requests whose thread has ended.
 *
 * <p>What goes wrong in the field: requests are made from the threads of a pool, over a ring they
 * share, and the pool lets idle threads go. To the kernel a request belongs to the thread that
 * submitted it: when that is gone, the request still waits, and when its time comes it does nothing
 * but fail with {@code ECANCELED}. Nobody cancelled it, and what it waited for is still to be had:
 * make it again. Requests of a poll thread are that thread's and go on.
 */
@Timeout(60)
class ThreadEndTest {
    @ParameterizedTest
    @EnumSource(
            value = RingMode.class,
            names = {"SHARED", "PLAIN"})
    void shouldFailRequestsOfAThreadThatIsGone(RingMode mode) throws Exception {
        try (Arena arena = Arena.ofShared();
                Ring ring = mode.open(8);
                Connection connection = Connection.open(ring)) {
            MemorySegment memory = arena.allocate(16);
            onThreadThatEnds(
                    () -> {
                        Sockets.recv(ring.next(), connection.fd(), memory, 0).userData(1);
                        Polling.pollAdd(ring.next(), connection.fd(), Polling.POLLIN, 0)
                                .userData(2);
                        ring.submit();
                    });
            connection.send("for whom?");
            List<Completion> both = Completions.some(ring, 2);
            assertThat(both).allMatch(c -> c.failed(Errno.ECANCELED));
            Sockets.recv(ring.next(), connection.fd(), memory, 0).userData(3);
            assertThat(Completions.one(ring)).isEqualTo(new Completion(3, 9, 0));
            assertThat(Opened.text(memory, 9)).isEqualTo("for whom?");
        }
    }

    @Test
    void shouldGoOnWhenAPollThreadHasSubmitted() throws Exception {
        RingConfig config = RingConfig.of(8).singleIssuer(false).sqPoll(Duration.ofMillis(50));
        try (Arena arena = Arena.ofShared();
                Ring ring = Ring.open(config);
                Connection connection = Connection.open(ring)) {
            MemorySegment memory = arena.allocate(16);
            onThreadThatEnds(
                    () -> {
                        Sockets.recv(ring.next(), connection.fd(), memory, 0).userData(1);
                        ring.submit();
                    });
            connection.send("for all");
            assertThat(Completions.one(ring)).isEqualTo(new Completion(1, 7, 0));
            assertThat(Opened.text(memory, 7)).isEqualTo("for all");
        }
    }

    @Test
    void shouldLetGoOfFilesWhenARingIsClosedWhoseThreadIsGone() throws Exception {
        AtomicReference<Ring> left = new AtomicReference<>();
        try (Arena arena = Arena.ofShared();
                Ring ring = Ring.open(RingConfig.of(8));
                Connection connection = Connection.open(ring)) {
            MemorySegment memory = arena.allocate(16);
            onThreadThatEnds(
                    () -> {
                        Ring own = Ring.open(RingConfig.of(8));
                        left.set(own);
                        Sockets.recv(own.next(), connection.fd(), memory, 0).userData(1);
                        own.submit();
                    });
            left.get().close();
            // Nothing holds the connection but its descriptor: who receives is the other ring.
            connection.send("mine");
            Sockets.recv(ring.next(), connection.fd(), memory, 0).userData(2);
            assertThat(Completions.one(ring)).isEqualTo(new Completion(2, 4, 0));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldCloseARingOnceWhenThreadsCloseItTogether(boolean owned) throws Exception {
        int closers = 4;
        CyclicBarrier together = new CyclicBarrier(closers);
        AtomicReference<Ring> left = new AtomicReference<>();
        Callable<RandomAccessFile> close =
                () -> {
                    together.await();
                    left.get().close();
                    // Gets the lowest number that is free: most likely one that the ring had.
                    return new RandomAccessFile("/dev/zero", "r");
                };
        try (ExecutorService pool = Executors.newFixedThreadPool(closers)) {
            for (int round = 0; round < 50; round++) {
                onThreadThatEnds(
                        () -> {
                            Ring ring = Ring.open(RingConfig.of(8).singleIssuer(owned));
                            EventFd.register(ring);
                            left.set(ring);
                        });
                for (Future<RandomAccessFile> each :
                        pool.invokeAll(Collections.nCopies(closers, close))) {
                    try (RandomAccessFile zero = each.get()) {
                        assertThat(zero.read()).isZero();
                    }
                }
            }
        }
    }

    /** Returns when the kernel has no such thread any more, which is later than Java has not. */
    private static void onThreadThatEnds(Runnable work) throws Exception {
        AtomicInteger id = new AtomicInteger();
        Thread thread =
                Thread.ofPlatform()
                        .start(
                                () -> {
                                    id.set(Libc.call("gettid"));
                                    work.run();
                                });
        thread.join();
        Path task = Path.of("/proc/self/task/" + id.get());
        long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        while (Files.exists(task)) {
            assertThat(System.nanoTime()).as("%s is still there", task).isLessThan(end);
            Thread.onSpinWait();
        }
    }
}
