package org.uring4j.conformance;

import org.uring4j.Errno;
import org.uring4j.Sqe;
import org.uring4j.op.Advice;
import org.uring4j.op.Cancel;
import org.uring4j.op.Epoll;
import org.uring4j.op.EpollEvents;
import org.uring4j.op.ExtendedAttributes;
import org.uring4j.op.FileAttributes;
import org.uring4j.op.FileSpace;
import org.uring4j.op.FileSystem;
import org.uring4j.op.Files;
import org.uring4j.op.FixedFiles;
import org.uring4j.op.Futexes;
import org.uring4j.op.IoVectors;
import org.uring4j.op.Messages;
import org.uring4j.op.MsgHdr;
import org.uring4j.op.Nops;
import org.uring4j.op.OpenFlags;
import org.uring4j.op.Pipes;
import org.uring4j.op.Polling;
import org.uring4j.op.ProvidedBuffers;
import org.uring4j.op.SockAddr;
import org.uring4j.op.SocketMessages;
import org.uring4j.op.SocketOptions;
import org.uring4j.op.Sockets;
import org.uring4j.op.Statx;
import org.uring4j.op.Timeouts;
import org.uring4j.op.Timespec;
import org.uring4j.op.ZeroCopySend;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.function.IntPredicate;

/**
 * A request of each op that succeeds at once where all goes well, for {@link ModifiersTest}: named
 * as the kernel names the op, with the release from which on it can be made. Left out are ops that
 * need more than that, as those that come with others (LINK_TIMEOUT) or that wait for others.
 */
// The functions capture nothing.
@SuppressWarnings("ImmutableEnumChecker")
enum Subject {
    NOP("5.1", w -> none((sqe, fd) -> Nops.nop(sqe), 0)),
    READV("5.1", w -> file(w.file(), vectors(w), Files::readv)),
    WRITEV("5.1", w -> file(w.file(), vectors(w), Files::writev)),
    FSYNC("5.1", w -> of(w.file(), (sqe, fd) -> Files.fsync(sqe, fd, 0), 0)),
    READ_FIXED("5.1", w -> fixed(w, Files::readFixed)),
    WRITE_FIXED("5.1", w -> fixed(w, Files::writeFixed)),
    POLL_ADD(
            "5.1",
            w ->
                    of(
                            w.connected(),
                            (sqe, fd) -> Polling.pollAdd(sqe, fd, Polling.POLLIN, 0),
                            Polling.POLLIN)),
    POLL_REMOVE(
            "5.1",
            w -> {
                int fd = w.connected();
                Polling.pollAdd(w.ring().next(), fd, Polling.POLLPRI, 0).userData(Request.OTHER);
                w.ring().submit();
                return none((sqe, no) -> Polling.pollRemove(sqe, Request.OTHER), 0);
            }),
    SYNC_FILE_RANGE(
            "5.2", w -> of(w.file(), (sqe, fd) -> FileSpace.syncFileRange(sqe, fd, 0, 0, 0), 0)),
    SENDMSG(
            "5.3",
            w ->
                    message(
                            w,
                            w.connected(),
                            (sqe, fd, msg) -> SocketMessages.sendmsg(sqe, fd, msg, 0, 0))),
    RECVMSG(
            "5.3",
            w ->
                    message(
                            w,
                            w.connected(),
                            (sqe, fd, msg) -> SocketMessages.recvmsg(sqe, fd, msg, 0, 0))),
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
    TIMEOUT_REMOVE(
            "5.5",
            w -> {
                Timespec hour = Timespec.of(w.arena(), Duration.ofHours(1));
                Timeouts.timeout(w.ring().next(), hour, 0).userData(Request.OTHER);
                w.ring().submit();
                return none((sqe, fd) -> Timeouts.timeoutRemove(sqe, Request.OTHER), 0);
            }),
    ACCEPT("5.5", w -> descriptor(w.listener(), (sqe, fd) -> Sockets.accept(sqe, fd, 0))),
    ASYNC_CANCEL(
            "5.5",
            w -> {
                int fd = w.connected();
                Polling.pollAdd(w.ring().next(), fd, Polling.POLLPRI, 0).userData(Request.OTHER);
                w.ring().submit();
                return none((sqe, no) -> Cancel.cancel(sqe, Request.OTHER), 0);
            }),
    CONNECT(
            "5.5",
            w -> {
                SockAddr address = w.serverAddress();
                return of(w.socket(), (sqe, fd) -> Sockets.connect(sqe, fd, address), 0);
            }),
    FALLOCATE("5.6", w -> of(w.file(), (sqe, fd) -> FileSpace.fallocate(sqe, fd, 0, 0, 9), 0)),
    OPENAT(
            "5.6",
            w -> {
                MemorySegment path = w.filePath();
                return descriptor(
                        Request.NO_FILE,
                        (sqe, fd) ->
                                Files.openat(sqe, Files.AT_FDCWD, path, OpenFlags.O_RDONLY, 0));
            }),
    CLOSE("5.6", w -> of(w.duplicate(), (sqe, fd) -> Files.close(sqe, fd), 0)),
    STATX(
            "5.6",
            w -> {
                MemorySegment path = w.filePath();
                Statx answer = Statx.allocate(w.arena());
                return none(
                        (sqe, fd) ->
                                FileAttributes.statx(sqe, Files.AT_FDCWD, path, 0, 0x7ff, answer),
                        0);
            }),
    READ("5.6", w -> file(w.file(), w.text(), Files::read)),
    WRITE("5.6", w -> file(w.file(), w.text(), Files::write)),
    FILES_UPDATE(
            "5.6",
            w -> {
                MemorySegment cleared = w.arena().allocateFrom(ValueLayout.JAVA_INT, -1);
                return none((sqe, fd) -> FixedFiles.update(sqe, cleared, 0), 1);
            }),
    FADVISE("5.6", w -> of(w.file(), (sqe, fd) -> Advice.fadvise(sqe, fd, 0, 0, 0), 0)),
    MADVISE(
            "5.6",
            w -> {
                MemorySegment page = w.arena().allocate(4096, 4096);
                return none((sqe, fd) -> Advice.madvise(sqe, page, 0), 0);
            }),
    SEND(
            "5.6",
            w -> file(w.connected(), w.text(), (sqe, fd, m, at) -> Sockets.send(sqe, fd, m, 0))),
    RECV(
            "5.6",
            w -> file(w.connected(), w.text(), (sqe, fd, m, at) -> Sockets.recv(sqe, fd, m, 0))),
    OPENAT2(
            "5.6",
            w -> {
                MemorySegment path = w.filePath();
                MemorySegment how = OpenFlags.how(w.arena(), OpenFlags.O_RDONLY, 0, 0);
                return descriptor(
                        Request.NO_FILE,
                        (sqe, fd) -> Files.openat2(sqe, Files.AT_FDCWD, path, how));
            }),
    EPOLL_CTL(
            "5.6",
            w -> {
                int epoll = w.epoll();
                int watched = w.connected();
                EpollEvents event = EpollEvents.allocate(w.arena(), 1).set(0, Epoll.EPOLLIN, 1);
                return none(
                        (sqe, fd) ->
                                Epoll.epollCtl(sqe, epoll, Epoll.EPOLL_CTL_ADD, watched, event),
                        0);
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
    SHUTDOWN(
            "5.11",
            w -> of(w.connected(), (sqe, fd) -> Sockets.shutdown(sqe, fd, Sockets.SHUT_RDWR), 0)),
    RENAMEAT("5.11", w -> paths(w.filePath(), w.newPath(), FileSystem::rename)),
    UNLINKAT("5.11", w -> paths(w.filePath(), w.newPath(), (s, p, no) -> FileSystem.unlink(s, p))),
    MKDIRAT(
            "5.15",
            w -> paths(w.newPath(), w.newPath(), (s, p, no) -> FileSystem.mkdir(s, p, 0755))),
    SYMLINKAT("5.15", w -> paths(w.filePath(), w.newPath(), FileSystem::symlink)),
    LINKAT("5.15", w -> paths(w.filePath(), w.newPath(), (s, p, q) -> FileSystem.link(s, p, q, 0))),
    MSG_RING(
            "6.3",
            w -> {
                long to = Request.OTHER;
                return of(w.ring().fd(), (sqe, fd) -> Messages.msgRing(sqe, fd, to, 0), 0);
            }),
    SETXATTR(
            "5.19",
            w -> {
                MemorySegment path = w.filePath();
                MemorySegment name = w.arena().allocateFrom("user.a");
                MemorySegment value = w.text();
                return none((sqe, fd) -> ExtendedAttributes.setxattr(sqe, path, name, value, 0), 0);
            }),
    GETXATTR(
            "5.19",
            w -> {
                MemorySegment path = w.filePath();
                MemorySegment name = w.arena().allocateFrom("user.a");
                ExtendedAttributes.setxattr(w.ring().next(), path, name, w.text(), 0);
                Net.ok(w.ring());
                return file(
                        Request.NO_FILE,
                        w.memory(8),
                        (sqe, fd, m, at) -> ExtendedAttributes.getxattr(sqe, path, name, m));
            }),
    SOCKET(
            "5.19",
            w ->
                    descriptor(
                            Request.NO_FILE,
                            (sqe, fd) ->
                                    Sockets.socket(sqe, Sockets.AF_INET, Sockets.SOCK_STREAM, 0))),
    SEND_ZC(
            "6.0",
            w ->
                    file(
                            w.connectedByTcp(),
                            w.text(),
                            (s, fd, m, at) -> ZeroCopySend.send(s, fd, m, 0, 0))),
    SENDMSG_ZC(
            "6.1",
            w ->
                    message(
                            w,
                            w.connectedByTcp(),
                            (s, fd, msg) -> ZeroCopySend.sendmsg(s, fd, msg, 0, 0))),
    URING_CMD(
            "6.7",
            w -> {
                MemorySegment value = w.memory(4);
                return of(
                        w.socket(),
                        (sqe, fd) ->
                                SocketOptions.get(
                                        sqe,
                                        fd,
                                        SocketOptions.SOL_SOCKET,
                                        SocketOptions.SO_KEEPALIVE,
                                        value),
                        4);
            }),
    SPLICE(
            "6.16",
            w -> {
                int from = w.filledPipe();
                return file(
                        w.pipe()[1],
                        from,
                        (s, fd, in, at) -> Pipes.splice(s, in, -1, fd, -1, 4, 0));
            }),
    TEE(
            "6.16",
            w -> {
                int from = w.filledPipe();
                return file(w.pipe()[1], from, (s, fd, in, at) -> Pipes.tee(s, in, fd, 4, 0));
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
    FTRUNCATE("6.9", w -> of(w.file(), (sqe, fd) -> FileSpace.ftruncate(sqe, fd, 2), 0)),
    BIND(
            "6.11",
            w -> {
                SockAddr address = w.anyAddress();
                return of(w.socket(), (sqe, fd) -> Sockets.bind(sqe, fd, address), 0);
            }),
    LISTEN("6.11", w -> of(w.socket(), (sqe, fd) -> Sockets.listen(sqe, fd, 1), 0)),
    EPOLL_WAIT(
            "6.15",
            w -> {
                EpollEvents events = EpollEvents.allocate(w.arena(), 1);
                return of(w.readyEpoll(), (sqe, fd) -> Epoll.epollWait(sqe, fd, events), 1);
            }),
    READV_FIXED("6.15", w -> fixedVectors(w, (s, fd, v) -> Files.readvFixed(s, fd, v, 0, 0, 0))),
    WRITEV_FIXED("6.15", w -> fixedVectors(w, (s, fd, v) -> Files.writevFixed(s, fd, v, 0, 0, 0)));

    private final String since;
    private final Maker maker;

    Subject(String since, Maker maker) {
        this.since = since;
        this.maker = maker;
    }

    String since() {
        return since;
    }

    Request request(Workshop workshop) throws IOException {
        return maker.request(workshop);
    }

    /** Makes what the request works on, and the request. */
    private interface Maker {
        Request request(Workshop workshop) throws IOException;
    }

    /** Encodes it, for a descriptor or a slot. */
    interface Encoder {
        Sqe encode(Sqe sqe, int fd);
    }

    private interface Transfer<T> {
        Sqe encode(Sqe sqe, int fd, T memory, long offset);
    }

    private interface FixedTransfer {
        Sqe encode(Sqe sqe, int fd, MemorySegment memory, long offset, int index);
    }

    private interface Message<T> {
        Sqe encode(Sqe sqe, int fd, T message);
    }

    private interface Paths {
        Sqe encode(Sqe sqe, MemorySegment one, MemorySegment other);
    }

    /**
     * A request ready to be made.
     *
     * @param fd what it is for, or {@link #NO_FILE}
     * @param good whether a result is that of success
     * @param opens whether the result is a descriptor
     */
    record Request(int fd, Encoder encoder, IntPredicate good, boolean opens) {
        static final int NO_FILE = -1;

        /** The user data of completions that are none of the request's. */
        static final long OTHER = 7777;
    }

    private static Request of(int fd, Encoder encoder, int result) {
        return new Request(fd, encoder, actual -> actual == result, false);
    }

    private static Request none(Encoder encoder, int result) {
        return of(Request.NO_FILE, encoder, result);
    }

    private static Request none(Encoder encoder, IntPredicate good) {
        return new Request(Request.NO_FILE, encoder, good, false);
    }

    private static Request descriptor(int fd, Encoder encoder) {
        return new Request(fd, encoder, result -> result >= 0, true);
    }

    private static <T> Request file(int fd, T memory, Transfer<T> transfer) {
        int length = Workshop.TEXT.length();
        return of(fd, (sqe, file) -> transfer.encode(sqe, file, memory, 0), length);
    }

    private static Request fixed(Workshop workshop, FixedTransfer transfer) throws IOException {
        MemorySegment memory = workshop.registered();
        return file(workshop.file(), memory, (s, fd, m, at) -> transfer.encode(s, fd, m, at, 0));
    }

    private static Request fixedVectors(Workshop workshop, Message<IoVectors> transfer)
            throws IOException {
        IoVectors vectors = IoVectors.of(workshop.arena(), workshop.registered());
        return file(workshop.file(), vectors, (s, fd, v, at) -> transfer.encode(s, fd, v));
    }

    private static IoVectors vectors(Workshop workshop) {
        return IoVectors.of(workshop.arena(), workshop.text());
    }

    private static Request message(Workshop workshop, int fd, Message<MsgHdr> encoder) {
        MsgHdr message = MsgHdr.allocate(workshop.arena(), 0, 0).pieces(vectors(workshop));
        return file(fd, message, (sqe, file, m, at) -> encoder.encode(sqe, file, m));
    }

    private static Request paths(MemorySegment one, MemorySegment other, Paths encoder) {
        return none((sqe, fd) -> encoder.encode(sqe, one, other), 0);
    }
}
