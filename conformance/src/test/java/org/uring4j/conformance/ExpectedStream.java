package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.uring4j.UringException;
import org.uring4j.io.StreamReceiver;
import org.uring4j.resource.Lease;

import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;

/** Compares a stream, byte by byte, with what its peer sends. */
class ExpectedStream implements StreamReceiver.Handler {
    private final MemorySegment data;
    private final Consumer<Lease> then;
    private int ends;
    private UringException error;
    long at;

    /**
     * A stream.
     *
     * @param data what is sent
     * @param then gets each lease when it was compared
     */
    ExpectedStream(byte[] data, Consumer<Lease> then) {
        this.data = MemorySegment.ofArray(data);
        this.then = then;
    }

    /** One whose leases are closed at once. */
    ExpectedStream(byte[] data) {
        this(data, Lease::close);
    }

    @Override
    public void onLease(StreamReceiver receiver, Lease lease) {
        assertThat(ends).isZero();
        assertThat(lease.size()).isPositive();
        long wrong = lease.memory().mismatch(data.asSlice(at, lease.size()));
        assertThat(wrong).as("a byte wrong, from %d on", at).isEqualTo(-1);
        at += lease.size();
        then.accept(lease);
    }

    @Override
    public void onEnd(StreamReceiver receiver) {
        ends++;
    }

    @Override
    public void onError(StreamReceiver receiver, UringException error) {
        ends++;
        this.error = error;
    }

    boolean complete() {
        return at == data.byteSize();
    }

    /** It has ended once, with all that was sent. */
    void checkEnded() {
        assertThat(error).isNull();
        assertThat(ends).isOne();
        assertThat(at).isEqualTo(data.byteSize());
    }

    /** It has ended once, with this error. */
    UringException checkError() {
        assertThat(ends).isOne();
        assertThat(error).isNotNull();
        return error;
    }

    /** It has ended once, in any way; what came was right. */
    void checkOver() {
        assertThat(ends).isOne();
    }

    void checkNotTold() {
        assertThat(ends).isZero();
    }
}
