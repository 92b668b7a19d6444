package org.uring4j.io;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** What a caller reads who has chosen something that cannot be. */
class ConfigMessagesTest {
    private static final SenderConfig SENDER = SenderConfig.DEFAULT;
    private static final ReceivePoolConfig POOL = ReceivePoolConfig.defaults();

    private static void check(ThrowingCallable choice, String message) {
        assertThatIllegalArgumentException().isThrownBy(choice).withMessage(message);
    }

    @Test
    void shouldSayWhatASenderCanHave() {
        check(() -> SENDER.chunks(-1, 1), "a sender has 0 to 65536 chunks: chunks=-1");
        check(() -> SENDER.chunks(65_537, 1), "a sender has 0 to 65536 chunks: chunks=65537");
        check(() -> SENDER.chunks(1, 0), "a chunk has 1 byte or more: chunkSize=0");
        check(() -> SENDER.lent(-1, 1), "a sender has 0 to 65536 lent pieces: lentPieces=-1");
        check(() -> SENDER.lent(1, -1), "a sender holds 0 bytes or more lent: lentBytes=-1");
        check(() -> SENDER.request(4095), "a request has 4096 bytes or more: request=4095");
        check(() -> ZeroCopyPolicy.auto().minimum(0), "a send has 1 byte or more: minimum=0");
    }

    @Test
    void shouldSayWhatAPoolCanHave() {
        check(() -> POOL.size(4095), "a pool has 4096 bytes at least: size=4095");
        check(() -> POOL.working(0), "the kernel gets 1 byte or more to begin with: working=0");
        check(
                () -> POOL.perStream(0),
                "the leases of a stream may hold 1 byte or more: perStream=0");
        check(() -> POOL.bufferSize(63), "a buffer has 64 bytes to 1 GiB: bufferSize=63");
        check(() -> POOL.gather(-1), "0 bytes or more are gathered: gather=-1");
        check(
                () -> POOL.size(1L << 40).bufferSize(4096).count(ReceivePath.MULTISHOT),
                "a pool has 32768 buffers at most; choose longer ones: size=1099511627776"
                        + " bufferSize=4096");
    }
}
