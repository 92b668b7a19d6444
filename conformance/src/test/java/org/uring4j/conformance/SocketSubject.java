package org.uring4j.conformance;

import static org.uring4j.conformance.Request.descriptor;
import static org.uring4j.conformance.Request.file;
import static org.uring4j.conformance.Request.fixed;
import static org.uring4j.conformance.Request.message;
import static org.uring4j.conformance.Request.none;
import static org.uring4j.conformance.Request.on;

import org.uring4j.Errno;
import org.uring4j.op.Commands;
import org.uring4j.op.Epoll;
import org.uring4j.op.EpollEvents;
import org.uring4j.op.MsgHdr;
import org.uring4j.op.Polling;
import org.uring4j.op.SockAddr;
import org.uring4j.op.SocketMessages;
import org.uring4j.op.SocketOptions;
import org.uring4j.op.Sockets;
import org.uring4j.op.ZeroCopyReceives;
import org.uring4j.op.ZeroCopySend;

import java.lang.foreign.MemorySegment;

/** Requests of the ops on sockets, and of those that wait for what may be one. */
// The functions capture nothing.
@SuppressWarnings("ImmutableEnumChecker")
enum SocketSubject implements Subject {
    POLL_ADD(
            "5.1",
            w ->
                    on(
                            w.connected(),
                            (sqe, fd) -> Polling.pollAdd(sqe, fd, Polling.POLLIN, 0),
                            Polling.POLLIN)),
    POLL_ADD_MULTISHOT(
            "5.13",
            w -> {
                int flags = Polling.ADD_MULTI;
                return on(
                                w.connected(),
                                (sqe, fd) -> Polling.pollAdd(sqe, fd, Polling.POLLIN, flags),
                                Polling.POLLIN)
                        .ending(
                                -Errno.ECANCELED.number(),
                                sqe -> Polling.pollRemove(sqe, Request.OWN));
            }),
    SENDMSG(
            "5.3",
            w ->
                    message(
                            w,
                            w.connected(),
                            w.text(),
                            (sqe, fd, msg) -> SocketMessages.sendmsg(sqe, fd, msg, 0, 0))),
    RECVMSG(
            "5.3",
            w ->
                    message(
                            w,
                            w.connected(),
                            w.text(),
                            (sqe, fd, msg) -> SocketMessages.recvmsg(sqe, fd, msg, 0, 0))),
    RECVMSG_MULTISHOT(
            "6.0",
            w -> {
                int group = w.buffers();
                MsgHdr message = MsgHdr.allocate(w.arena(), 0, 0);
                return on(
                                w.ended(w.connectedByTcp()),
                                (s, fd) ->
                                        SocketMessages.recvmsgMultishot(
                                                s, fd, message, group, 0, 0),
                                Workshop.MESSAGE_HEADER + Workshop.TEXT.length())
                        .ending(Workshop.MESSAGE_HEADER);
            }),
    ACCEPT("5.5", w -> descriptor(w.listener(), (sqe, fd) -> Sockets.accept(sqe, fd, 0))),
    ACCEPT_DIRECT(
            "5.15",
            w -> {
                int slot = w.freeSlots();
                return on(w.listener(), (sqe, fd) -> Sockets.acceptDirect(sqe, fd, slot, 0, 0), 0);
            }),
    ACCEPT_MULTISHOT(
            "5.19",
            w -> {
                int listener = w.listener();
                return descriptor(listener, (sqe, fd) -> Sockets.acceptMultishot(sqe, fd, 0, 0))
                        .ending(
                                -Errno.EINVAL.number(),
                                sqe -> Sockets.shutdown(sqe, listener, Sockets.SHUT_RDWR));
            }),
    CONNECT(
            "5.5",
            w -> {
                SockAddr address = w.serverAddress();
                return on(w.socket(), (sqe, fd) -> Sockets.connect(sqe, fd, address), 0);
            }),
    SEND(
            "5.6",
            w -> file(w.connected(), w.text(), (sqe, fd, m, at) -> Sockets.send(sqe, fd, m, 0))),
    RECV(
            "5.6",
            w -> file(w.connected(), w.text(), (sqe, fd, m, at) -> Sockets.recv(sqe, fd, m, 0))),
    RECV_MULTISHOT(
            "6.0",
            w -> {
                int group = w.buffers();
                return on(
                                w.ended(w.connectedByTcp()),
                                (sqe, fd) -> Sockets.recvMultishot(sqe, fd, group, 0),
                                Workshop.TEXT.length())
                        .ending(0);
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
    SHUTDOWN(
            "5.11",
            w -> on(w.connected(), (sqe, fd) -> Sockets.shutdown(sqe, fd, Sockets.SHUT_RDWR), 0)),
    SOCKET(
            "5.19",
            w ->
                    descriptor(
                            Request.NO_FILE,
                            (sqe, fd) ->
                                    Sockets.socket(sqe, Sockets.AF_INET, Sockets.SOCK_STREAM, 0))),
    SOCKET_DIRECT(
            "5.19",
            w -> {
                int slot = w.freeSlots();
                return none(
                        (sqe, fd) ->
                                Sockets.socketDirect(
                                        sqe, Sockets.AF_INET, Sockets.SOCK_STREAM, 0, slot),
                        0);
            }),
    URING_CMD(
            "6.7",
            w -> {
                MemorySegment value = w.memory(4);
                return on(
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
    SEND_ZC(
            "6.0",
            w ->
                    file(
                            w.connectedByTcp(),
                            w.text(),
                            (s, fd, m, at) -> ZeroCopySend.send(s, fd, m, 0, 0))),
    SEND_ZC_FIXED(
            "6.0",
            w ->
                    fixed(
                            w,
                            w.connectedByTcp(),
                            (s, fd, m, at, index) ->
                                    ZeroCopySend.sendFixed(s, fd, m, index, 0, 0))),
    SENDMSG_ZC(
            "6.1",
            w ->
                    message(
                            w,
                            w.connectedByTcp(),
                            w.text(),
                            (s, fd, msg) -> ZeroCopySend.sendmsg(s, fd, msg, 0, 0))),
    SENDMSG_ZC_FIXED(
            "6.15",
            w ->
                    message(
                            w,
                            w.connectedByTcp(),
                            w.registered(),
                            (s, fd, msg) -> ZeroCopySend.sendmsgFixed(s, fd, msg, 0, 0, 0))),
    BIND(
            "6.11",
            w -> {
                SockAddr address = w.anyAddress();
                return on(w.socket(), (sqe, fd) -> Sockets.bind(sqe, fd, address), 0);
            }),
    LISTEN("6.11", w -> on(w.socket(), (sqe, fd) -> Sockets.listen(sqe, fd, 1), 0)),
    RECV_ZC(
            "7.1",
            w -> {
                int queue = w.interfaceQueue();
                return on(
                                w.ended(w.connectedByTcp()),
                                (sqe, fd) -> ZeroCopyReceives.receive(sqe, fd, queue),
                                Workshop.TEXT.length())
                        .ending(0);
            },
            RingMode.CQE32,
            RingMode.CQE_MIXED),
    EPOLL_WAIT(
            "6.15",
            w -> {
                EpollEvents events = EpollEvents.allocate(w.arena(), 1);
                return on(w.readyEpoll(), (sqe, fd) -> Epoll.epollWait(sqe, fd, events), 1);
            }),
    URING_CMD128(
            "6.19",
            w -> {
                MemorySegment value = CommandsTest.pointer(w.memory(4));
                return on(
                        w.socket(),
                        (sqe, fd) ->
                                CommandsTest.keepAlive(
                                        Commands.command128(
                                                w.ring().next128(),
                                                fd,
                                                CommandsTest.GETSOCKOPT,
                                                value)),
                        4);
            },
            RingMode.SQE128,
            RingMode.SQE_MIXED);

    private final Recipe recipe;

    SocketSubject(String since, Maker maker, RingMode... only) {
        recipe = new Recipe(since, maker, only);
    }

    @Override
    public Recipe recipe() {
        return recipe;
    }
}
