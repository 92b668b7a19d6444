package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;

/** A stream whose every byte follows from its position, so that none can be missing or doubled. */
final class Pattern {
    /** No multiple of any buffer's size. */
    private static final int PERIOD = 1_000_003;

    private static final byte[] BYTES = Net.random(PERIOD, 20);
    private static final MemorySegment MEMORY = MemorySegment.ofArray(BYTES);

    private Pattern() {}

    /** Writes the stream's bytes from {@code from} to {@code to}. */
    static void write(OutputStream out, long from, long to) throws IOException {
        for (long at = from; at < to; ) {
            int begin = (int) (at % PERIOD);
            int length = (int) Math.min(Math.min(to - at, PERIOD - begin), 256 << 10);
            out.write(BYTES, begin, length);
            at += length;
        }
    }

    /** Checks that these are the stream's bytes from {@code position} on. */
    static void check(MemorySegment data, long position) {
        for (long at = 0; at < data.byteSize(); ) {
            long begin = (position + at) % PERIOD;
            long length = Math.min(data.byteSize() - at, PERIOD - begin);
            long differs =
                    MemorySegment.mismatch(data, at, at + length, MEMORY, begin, begin + length);
            if (differs >= 0) {
                assertThat(data.get(java.lang.foreign.ValueLayout.JAVA_BYTE, at + differs))
                        .as("the byte at %d", position + at + differs)
                        .isEqualTo(BYTES[(int) (begin + differs)]);
            }
            at += length;
        }
    }
}
