package org.uring4j;

import static org.uring4j.internal.uapi.IoUringConstants.IORING_REGISTER_QUERY;
import static org.uring4j.internal.uapi.IoUringConstants.IO_URING_QUERY_OPCODES;
import static org.uring4j.internal.uapi.IoUringConstants.IO_URING_QUERY_SCQ;
import static org.uring4j.internal.uapi.IoUringConstants.IO_URING_QUERY_ZCRX;
import static org.uring4j.internal.uapi.IoUringConstants.IO_URING_QUERY_ZCRX_EVENT;

import org.jspecify.annotations.Nullable;
import org.uring4j.internal.sys.Memory;
import org.uring4j.internal.sys.Syscalls;
import org.uring4j.internal.uapi.IoUringQueryHdr;
import org.uring4j.internal.uapi.IoUringQueryOpcode;
import org.uring4j.internal.uapi.IoUringQueryScq;
import org.uring4j.internal.uapi.IoUringQueryZcrx;
import org.uring4j.internal.uapi.IoUringQueryZcrxEvent;

import java.lang.foreign.Arena;
import java.util.function.LongFunction;

/**
 * Asks the kernel about itself ({@code IORING_REGISTER_QUERY}, since Linux 6.18), which needs no
 * ring and is answered even where none may be opened.
 */
final class KernelQuery {
    private static final int NO_RING = -1;

    private KernelQuery() {}

    /** {@code IO_URING_QUERY_OPCODES}: counts of operations, and flags. */
    record Opcodes(
            int requestOps,
            int registerOps,
            int queryOps,
            long features,
            long setupFlags,
            long enterFlags,
            long sqeFlags) {}

    /** {@code IO_URING_QUERY_ZCRX}, since Linux 6.19. */
    record Zcrx(
            long registerFlags,
            long areaFlags,
            int controlOps,
            long features,
            int refillHeaderBytes,
            int refillHeaderAlignment) {}

    /** {@code IO_URING_QUERY_ZCRX_EVENT}, since Linux 7.2. */
    record ZcrxEvents(int flags, int statisticsBytes, int statisticsAlignment) {}

    /** {@code IO_URING_QUERY_SCQ}, since Linux 6.19. */
    record RingHeader(long bytes, long alignment) {}

    static @Nullable Opcodes opcodes() {
        return ask(
                IO_URING_QUERY_OPCODES,
                IoUringQueryOpcode.SIZEOF,
                data ->
                        new Opcodes(
                                Memory.getInt(data + IoUringQueryOpcode.NR_REQUEST_OPCODES),
                                Memory.getInt(data + IoUringQueryOpcode.NR_REGISTER_OPCODES),
                                Memory.getInt(data + IoUringQueryOpcode.NR_QUERY_OPCODES),
                                Memory.getLong(data + IoUringQueryOpcode.FEATURE_FLAGS),
                                Memory.getLong(data + IoUringQueryOpcode.RING_SETUP_FLAGS),
                                Memory.getLong(data + IoUringQueryOpcode.ENTER_FLAGS),
                                Memory.getLong(data + IoUringQueryOpcode.SQE_FLAGS)));
    }

    static @Nullable Zcrx zcrx() {
        return ask(
                IO_URING_QUERY_ZCRX,
                IoUringQueryZcrx.SIZEOF,
                data ->
                        new Zcrx(
                                Memory.getLong(data + IoUringQueryZcrx.REGISTER_FLAGS),
                                Memory.getLong(data + IoUringQueryZcrx.AREA_FLAGS),
                                Memory.getInt(data + IoUringQueryZcrx.NR_CTRL_OPCODES),
                                Memory.getInt(data + IoUringQueryZcrx.FEATURES),
                                Memory.getInt(data + IoUringQueryZcrx.RQ_HDR_SIZE),
                                Memory.getInt(data + IoUringQueryZcrx.RQ_HDR_ALIGNMENT)));
    }

    static @Nullable ZcrxEvents zcrxEvents() {
        return ask(
                IO_URING_QUERY_ZCRX_EVENT,
                IoUringQueryZcrxEvent.SIZEOF,
                data ->
                        new ZcrxEvents(
                                Memory.getInt(data + IoUringQueryZcrxEvent.EVENT_FLAGS),
                                Memory.getInt(data + IoUringQueryZcrxEvent.STATS_SIZE),
                                Memory.getInt(data + IoUringQueryZcrxEvent.STATS_OFF_ALIGNMENT)));
    }

    static @Nullable RingHeader ringHeader() {
        return ask(
                IO_URING_QUERY_SCQ,
                IoUringQueryScq.SIZEOF,
                data ->
                        new RingHeader(
                                Memory.getLong(data + IoUringQueryScq.HDR_SIZE),
                                Memory.getLong(data + IoUringQueryScq.HDR_ALIGNMENT)));
    }

    /** The answer, or null where the kernel does not know the question. */
    private static <T> @Nullable T ask(int query, int size, LongFunction<T> read) {
        try (Arena arena = Arena.ofConfined()) {
            long header = arena.allocate(IoUringQueryHdr.SIZEOF, 8).address();
            long data = arena.allocate(size, 8).address();
            Memory.putLong(header + IoUringQueryHdr.QUERY_DATA, data);
            Memory.putInt(header + IoUringQueryHdr.QUERY_OP, query);
            Memory.putInt(header + IoUringQueryHdr.SIZE, size);
            int result = Syscalls.register(NO_RING, IORING_REGISTER_QUERY, header, 0);
            boolean answered = result >= 0 && Memory.getInt(header + IoUringQueryHdr.RESULT) >= 0;
            return answered ? read.apply(data) : null;
        }
    }
}
