package org.uring4j.conformance;

import org.jspecify.annotations.Nullable;
import org.uring4j.Sqe;
import org.uring4j.op.IoVectors;
import org.uring4j.op.MsgHdr;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.function.IntPredicate;
import java.util.function.UnaryOperator;

/**
 * A request ready to be made, of an op of {@link Subject}.
 *
 * @param fd what it is for, or {@link #NO_FILE}
 * @param good whether the result of its first completion is that of success
 * @param opens whether that result is a descriptor
 * @param multishot how it goes on from there; null when it does not
 */
record Request(
        int fd, Encoder encoder, IntPredicate good, boolean opens, @Nullable Multishot multishot) {
    static final int NO_FILE = -1;

    /** The user data of its own completions. */
    static final long OWN = 1;

    /** The user data of completions that are none of the request's. */
    static final long OTHER = 7777;

    /** Encodes it, for a descriptor or a slot. */
    interface Encoder {
        Sqe encode(Sqe sqe, int fd);
    }

    interface Transfer<T> {
        Sqe encode(Sqe sqe, int fd, T memory, long offset);
    }

    interface FixedTransfer {
        Sqe encode(Sqe sqe, int fd, MemorySegment memory, long offset, int index);
    }

    interface Message<T> {
        Sqe encode(Sqe sqe, int fd, T message);
    }

    interface Paths {
        Sqe encode(Sqe sqe, MemorySegment one, MemorySegment other);
    }

    /**
     * What follows the first completion.
     *
     * @param last the result of the last completion
     * @param end a request that ends it, which then is a failure; null where it ends by itself
     */
    record Multishot(int last, @Nullable UnaryOperator<Sqe> end) {}

    static Request on(int fd, Encoder encoder, IntPredicate good) {
        return new Request(fd, encoder, good, false, null);
    }

    static Request on(int fd, Encoder encoder, int result) {
        return on(fd, encoder, actual -> actual == result);
    }

    static Request none(Encoder encoder, int result) {
        return on(NO_FILE, encoder, result);
    }

    static Request none(Encoder encoder, IntPredicate good) {
        return on(NO_FILE, encoder, good);
    }

    /** One that opens something. */
    static Request descriptor(int fd, Encoder encoder) {
        return new Request(fd, encoder, result -> result >= 0, true, null);
    }

    /** This one, as a multishot that ends by itself, and well. */
    Request ending(int last) {
        return new Request(fd, encoder, good, opens, new Multishot(last, null));
    }

    /** This one, as a multishot that another request ends. */
    Request ending(int last, UnaryOperator<Sqe> end) {
        return new Request(fd, encoder, good, opens, new Multishot(last, end));
    }

    static <T> Request file(int fd, T memory, Transfer<T> transfer) {
        int length = Workshop.TEXT.length();
        return on(fd, (sqe, file) -> transfer.encode(sqe, file, memory, 0), length);
    }

    /** With a registered buffer. */
    static Request fixed(Workshop workshop, int fd, FixedTransfer transfer) {
        MemorySegment memory = workshop.registered();
        return file(fd, memory, (s, file, m, at) -> transfer.encode(s, file, m, at, 0));
    }

    /** With pieces of a registered buffer. */
    static Request fixedVectors(Workshop workshop, Message<IoVectors> transfer) throws IOException {
        IoVectors vectors = IoVectors.of(workshop.arena(), workshop.registered());
        return file(workshop.file(), vectors, (s, fd, v, at) -> transfer.encode(s, fd, v));
    }

    static Request message(Workshop workshop, int fd, MemorySegment data, Message<MsgHdr> encoder) {
        IoVectors pieces = IoVectors.of(workshop.arena(), data);
        MsgHdr message = MsgHdr.allocate(workshop.arena(), 0, 0).pieces(pieces);
        return file(fd, message, (sqe, file, m, at) -> encoder.encode(sqe, file, m));
    }

    static Request paths(MemorySegment one, MemorySegment other, Paths encoder) {
        return none((sqe, fd) -> encoder.encode(sqe, one, other), 0);
    }
}
