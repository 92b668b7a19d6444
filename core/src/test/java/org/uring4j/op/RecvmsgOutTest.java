package org.uring4j.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowable;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Random;

/** Messages in memory, and what is made of memory that holds none. */
class RecvmsgOutTest {
    private final Arena arena = Arena.ofConfined();
    private final RecvmsgOut out = new RecvmsgOut(MsgHdr.allocate(arena, 16, 40));

    /** Header, name, control data, payload. */
    private final MemorySegment buffer = arena.allocate(16 + 16 + 40 + 100, 8);

    @AfterEach
    void close() {
        arena.close();
    }

    private void header(int name, int control, int payload, int flags) {
        int[] header = {name, control, payload, flags};
        MemorySegment.copy(header, 0, buffer, ValueLayout.JAVA_INT, 0, 4);
    }

    @Test
    void shouldReadMessage() {
        header(16, 24, 5, 0);
        SockAddr from = SockAddr.of(arena, new InetSocketAddress("10.0.0.1", 99));
        buffer.asSlice(16).copyFrom(from.raw());
        MemorySegment fd = arena.allocateFrom(ValueLayout.JAVA_INT, 42);
        new ControlMessage(ControlMessage.SOL_SOCKET, ControlMessage.SCM_RIGHTS, fd)
                .write(buffer.asSlice(32, 40));
        buffer.setString(72, "text");
        out.read(buffer, 72 + 5);
        assertThat(out.from()).isEqualTo(new InetSocketAddress("10.0.0.1", 99));
        assertThat(out.controls()).hasSize(1);
        assertThat(out.controls().getFirst().descriptors()).containsExactly(42);
        assertThat(out.payload().getString(0)).isEqualTo("text");
        assertThat(out.payloadOffset()).isEqualTo(72);
        assertThat(out.payloadLength()).isEqualTo(5);
        assertThat(out.truncated()).isFalse();
    }

    @Test
    void shouldTellWhatWasCut() {
        header(110, 0, 1000, Sockets.MSG_TRUNC | Sockets.MSG_CTRUNC);
        out.read(buffer, 72 + 100);
        assertThat(out.truncated()).isTrue();
        assertThat(out.controlTruncated()).isTrue();
        assertThat(out.name().byteSize()).isEqualTo(16);
        assertThat(out.payloadLength()).isEqualTo(100);
        assertThat(out.fullLength()).isEqualTo(1000);
    }

    @Test
    void shouldHaveNoSenderWhenNoneIsTold() {
        header(0, 0, 0, 0);
        out.read(buffer, 72);
        assertThat(out.from()).isNull();
        assertThat(out.payload().byteSize()).isZero();
        assertThat(out.controls()).isEmpty();
    }

    @Test
    void shouldRejectSizesThatDoNotFit() {
        header(16, 0, 100, 0);
        for (int result : new int[] {-105, 0, 15, 71, 173, Integer.MAX_VALUE}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> out.read(buffer, result))
                    .withMessageContaining("result=" + result);
        }
        int[][] headers = {
            {-1, 0, 100}, {16, -1, 100}, {16, 41, 100}, {16, 0, -1}, {16, 0, 99},
        };
        for (int[] each : headers) {
            header(each[0], each[1], each[2], 0);
            assertThatIllegalArgumentException().isThrownBy(() -> out.read(buffer, 172));
        }
    }

    @Test
    void shouldRejectMalformedControlData() {
        for (long length : new long[] {0, 15, 41, -1, Long.MIN_VALUE, Long.MAX_VALUE}) {
            header(0, 40, 0, 0);
            buffer.set(ValueLayout.JAVA_LONG, 32, length);
            out.read(buffer, 72);
            assertThatIllegalArgumentException()
                    .isThrownBy(out::controls)
                    .withMessageContaining("length=" + length);
        }
    }

    /** Whatever is in memory, the answer is a message within the buffer or an exception. */
    @Test
    void shouldNeverLeaveTheBuffer() {
        Random random = new Random(5);
        int read = 0;
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = new byte[(int) buffer.byteSize()];
            random.nextBytes(bytes);
            buffer.copyFrom(MemorySegment.ofArray(bytes));
            header(random.nextInt(-1, 130), random.nextInt(-1, 42), random.nextInt(-1, 120), 0);
            buffer.set(ValueLayout.JAVA_LONG, 32, random.nextLong(-1, 45));
            try {
                out.read(buffer, random.nextInt(60, 180));
                assertThat(out.payload().byteSize()).isBetween(0L, 100L);
                out.controls().forEach(control -> assertThat(control.data()).isNotNull());
                read++;
                out.from();
            } catch (IllegalArgumentException | UnsupportedOperationException e) {
                assertThat(e).hasMessageMatching(".*=.*");
            }
        }
        assertThat(read).isBetween(10, 19_000);
    }

    @Test
    void shouldBuildControlDataToSend() {
        MsgHdr message = MsgHdr.allocate(arena, 0, 2 * ControlMessage.space(4));
        MemorySegment four = arena.allocate(4);
        message.addControl(1, 2, four).addControl(3, 4, four);
        assertThat(catchThrowable(() -> message.addControl(5, 6, four)))
                .isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessageContaining("needed=24 used=48 controlCapacity=48");
        message.forSend();
        List<ControlMessage> controls = message.controls();
        assertThat(controls).extracting(ControlMessage::level).containsExactly(1, 3);
        assertThat(controls).extracting(ControlMessage::type).containsExactly(2, 4);
        assertThatIllegalStateException().isThrownBy(() -> controls.getFirst().descriptors());
        message.clearControl().addControl(7, 8, arena.allocate(1)).forSend();
        assertThat(message.controls()).hasSize(1);
        assertThatIllegalArgumentException().isThrownBy(() -> ControlMessage.space(-1));
        assertThatIllegalArgumentException().isThrownBy(() -> MsgHdr.allocate(arena, 129, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> MsgHdr.allocate(arena, 0, -1));
        SockAddr address = SockAddr.of(arena, new InetSocketAddress("10.0.0.1", 99));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> MsgHdr.allocate(arena, 8, 0).to(address))
                .withMessageContaining("nameCapacity=8");
    }
}
