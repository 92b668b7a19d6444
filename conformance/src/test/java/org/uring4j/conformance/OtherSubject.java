package org.uring4j.conformance;

import static org.uring4j.conformance.Request.none;
import static org.uring4j.conformance.Request.on;

import org.uring4j.Errno;
import org.uring4j.op.Cancel;
import org.uring4j.op.FutexWords;
import org.uring4j.op.Futexes;
import org.uring4j.op.Messages;
import org.uring4j.op.Nops;
import org.uring4j.op.Polling;
import org.uring4j.op.Processes;
import org.uring4j.op.ProvidedBuffers;
import org.uring4j.op.Timeouts;
import org.uring4j.op.Timespec;

import java.lang.foreign.MemorySegment;
import java.time.Duration;

/** Requests of the ops on no file: timers, other requests, words of memory, processes. */
// The functions capture nothing.
@SuppressWarnings("ImmutableEnumChecker")
enum OtherSubject implements Subject {
    NOP("5.1", w -> none((sqe, fd) -> Nops.nop(sqe), 0)),
    POLL_REMOVE(
            "5.1",
            w -> {
                int fd = w.connected();
                Polling.pollAdd(w.ring().next(), fd, Polling.POLLPRI, 0).userData(Request.OTHER);
                w.ring().submit();
                return none((sqe, no) -> Polling.pollRemove(sqe, Request.OTHER), 0);
            }),
    TIMEOUT(
            "5.16",
            w ->
                    none(
                            (sqe, fd) ->
                                    Timeouts.timeout(
                                            sqe,
                                            Timespec.allocate(w.arena()).setNanos(1000),
                                            Timeouts.ETIME_SUCCESS),
                            -Errno.ETIME.number())),
    TIMEOUT_MULTISHOT(
            "6.4",
            w -> {
                Timespec time = Timespec.allocate(w.arena()).setNanos(1000);
                int flags = Timeouts.MULTISHOT | Timeouts.ETIME_SUCCESS;
                int expired = -Errno.ETIME.number();
                return none((sqe, fd) -> Timeouts.timeout(sqe, time, 2, flags), expired)
                        .ending(expired);
            }),
    TIMEOUT_REMOVE(
            "5.5",
            w -> {
                Timespec hour = Timespec.of(w.arena(), Duration.ofHours(1));
                Timeouts.timeout(w.ring().next(), hour, 0).userData(Request.OTHER);
                w.ring().submit();
                return none((sqe, fd) -> Timeouts.timeoutRemove(sqe, Request.OTHER), 0);
            }),
    ASYNC_CANCEL(
            "5.5",
            w -> {
                int fd = w.connected();
                Polling.pollAdd(w.ring().next(), fd, Polling.POLLPRI, 0).userData(Request.OTHER);
                w.ring().submit();
                return none((sqe, no) -> Cancel.cancel(sqe, Request.OTHER), 0);
            }),
    LINK_TIMEOUT(
            "5.5",
            w -> {
                Timespec hour = Timespec.of(w.arena(), Duration.ofHours(1));
                return none(
                        (sqe, fd) -> {
                            Nops.nop(sqe).userData(Request.OTHER).link();
                            return Timeouts.linkTimeout(w.ring().next(), hour, 0);
                        },
                        -Errno.ECANCELED.number());
            }),
    PROVIDE_BUFFERS(
            "5.7",
            w -> {
                MemorySegment memory = w.memory(4);
                return none(
                        (sqe, fd) -> ProvidedBuffers.provide(sqe, memory, 4, 1, 9, 9),
                        result -> result >= 0);
            }),
    REMOVE_BUFFERS(
            "5.7",
            w -> {
                ProvidedBuffers.provide(w.ring().next(), w.memory(4), 4, 1, 8, 8);
                Net.ok(w.ring());
                return none((sqe, fd) -> ProvidedBuffers.remove(sqe, 1, 8), 1);
            }),
    MSG_RING(
            "6.3",
            w -> {
                long to = Request.OTHER;
                return on(w.ring().fd(), (sqe, fd) -> Messages.msgRing(sqe, fd, to, 0), 0);
            }),
    WAITID(
            "6.7",
            w -> {
                int child = w.endedChild();
                return none(
                        (sqe, fd) ->
                                Processes.waitid(sqe, Processes.P_PID, child, Processes.WEXITED),
                        0);
            }),
    FUTEX_WAIT(
            "6.7",
            w -> {
                MemorySegment word = w.memory(4);
                w.wakeSoon(word);
                return none(
                        (sqe, fd) ->
                                Futexes.futexWait(sqe, word, 0, Futexes.MATCH_ANY, Workshop.FUTEX),
                        0);
            }),
    FUTEX_WAKE(
            "6.7",
            w -> {
                MemorySegment word = w.memory(4);
                return none(
                        (sqe, fd) ->
                                Futexes.futexWake(
                                        sqe, word, 1, Futexes.MATCH_ANY, Futexes.FUTEX2_SIZE_U32),
                        0);
            }),
    FUTEX_WAITV(
            "6.7",
            w -> {
                MemorySegment word = w.memory(4);
                w.wakeSoon(word);
                FutexWords words =
                        FutexWords.allocate(w.arena(), 2)
                                .set(0, w.memory(4), 0, Workshop.FUTEX)
                                .set(1, word, 0, Workshop.FUTEX);
                return none((sqe, fd) -> Futexes.futexWaitv(sqe, words), 1);
            }),
    NOP128(
            "6.19",
            w -> none((sqe, fd) -> Nops.nop128(w.ring().next128()), 0),
            RingMode.SQE128,
            RingMode.SQE_MIXED);

    private final Recipe recipe;

    OtherSubject(String since, Maker maker, RingMode... only) {
        recipe = new Recipe(since, maker, only);
    }

    @Override
    public Recipe recipe() {
        return recipe;
    }
}
