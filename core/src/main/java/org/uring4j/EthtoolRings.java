package org.uring4j;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import org.uring4j.internal.Encoder;
import org.uring4j.internal.uapi.IoUringConstants;
import org.uring4j.internal.uapi.LibcConstants;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Asks network interfaces how their rings are set, as {@code ethtool -g} and {@code -x} do: over a
 * generic netlink socket, which a ring of its own serves.
 *
 * <pre>
 *   0        4      6       8          12       16    17        20
 *   +--------+------+-------+----------+--------+-----+---------+- - - - - - - - - - -
 *   | length | type | flags | sequence | port   | cmd | version | attributes
 *   +--------+------+-------+----------+--------+-----+---------+- - - - - - - - - - -
 * </pre>
 *
 * <p>Source: {@code netlink(7)}, {@code linux/genetlink.h}, {@code linux/ethtool_netlink.h}.
 */
final class EthtoolRings implements AutoCloseable {
    private static final int NETLINK_GENERIC = 16;
    private static final int NLM_F_REQUEST = 1;
    private static final int HEADER = 20;
    private static final int NESTED = 0x8000;

    private static final int GENL_ID_CTRL = 16;
    private static final int CTRL_CMD_GETFAMILY = 3;
    private static final int CTRL_ATTR_FAMILY_ID = 1;
    private static final int CTRL_ATTR_FAMILY_NAME = 2;

    private static final int RINGS_GET = 15;
    private static final int RSS_GET = 38;
    private static final int REQUEST_HEADER = 1;
    private static final int HEADER_DEV_INDEX = 1;
    private static final int RINGS_RX_MAX = 2;
    private static final int RINGS_RX = 6;
    private static final int RINGS_TCP_DATA_SPLIT = 11;
    private static final int RINGS_HDS_THRESH = 17;
    private static final int RSS_INDIRECTION = 4;
    private static final int SPLIT_DISABLED = 1;
    private static final int SPLIT_ENABLED = 2;

    private static final Duration LIMIT = Duration.ofSeconds(1);
    private static final int ROOM = 16 << 10;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment message = arena.allocate(ROOM, 8);
    private final Ring ring;
    private final int socket;
    private final int family;
    private int sequence;

    /**
     * How an interface's receive rings are set.
     *
     * @param headerSplit whether headers and data go to different memory
     * @param threshold how long a packet must be for that, in bytes; 0 for all
     * @param size how many packets a ring takes; 0 when it does not tell
     * @param maxSize how many it could
     * @param spreadOver the queues that ordinary packets are spread over; none when it does not
     *     tell
     */
    record Rings(
            HeaderSplit headerSplit,
            int threshold,
            int size,
            int maxSize,
            SortedSet<Integer> spreadOver) {
        static final Rings UNKNOWN =
                new Rings(HeaderSplit.UNKNOWN, 0, 0, 0, Collections.emptySortedSet());
    }

    /** Opens the socket; without one nothing is known of any interface. */
    EthtoolRings() {
        ring = Ring.open(RingConfig.of(2).singleIssuer(false));
        int type = LibcConstants.SOCK_RAW | LibcConstants.SOCK_CLOEXEC;
        socket =
                perform(
                        Encoder.prepare(
                                ring.next(),
                                IoUringConstants.IORING_OP_SOCKET,
                                LibcConstants.AF_NETLINK,
                                type,
                                0,
                                NETLINK_GENERIC,
                                0));
        byte[] name = "ethtool\0".getBytes(StandardCharsets.US_ASCII);
        int end = attribute(HEADER, CTRL_ATTR_FAMILY_NAME, name);
        family =
                numbers(ask(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, end))
                        .getOrDefault(CTRL_ATTR_FAMILY_ID, 0);
    }

    /** How one interface is set. */
    Rings of(int interfaceIndex) {
        if (family == 0) {
            return Rings.UNKNOWN;
        }
        Map<Integer, Integer> rings = numbers(ask(family, RINGS_GET, about(interfaceIndex)));
        HeaderSplit split =
                switch (rings.getOrDefault(RINGS_TCP_DATA_SPLIT, 0)) {
                    case SPLIT_DISABLED -> HeaderSplit.OFF;
                    case SPLIT_ENABLED -> HeaderSplit.ON;
                    default -> HeaderSplit.UNKNOWN;
                };
        return new Rings(
                split,
                rings.getOrDefault(RINGS_HDS_THRESH, 0),
                rings.getOrDefault(RINGS_RX, 0),
                rings.getOrDefault(RINGS_RX_MAX, 0),
                spreadOver(interfaceIndex));
    }

    private SortedSet<Integer> spreadOver(int interfaceIndex) {
        int received = ask(family, RSS_GET, about(interfaceIndex));
        SortedSet<Integer> queues = new TreeSet<>();
        attributes(
                received,
                (name, at, length) -> {
                    if (name == RSS_INDIRECTION) {
                        for (int i = 0; i + 4 <= length; i += 4) {
                            queues.add(message.get(JAVA_INT_UNALIGNED, at + i));
                        }
                    }
                });
        return queues;
    }

    /** Says which interface a request is about; where the request ends. */
    private int about(int interfaceIndex) {
        int index = HEADER + 4;
        message.set(JAVA_SHORT_UNALIGNED, index, (short) 8);
        message.set(JAVA_SHORT_UNALIGNED, index + 2, (short) HEADER_DEV_INDEX);
        message.set(JAVA_INT_UNALIGNED, index + 4, interfaceIndex);
        message.set(JAVA_SHORT_UNALIGNED, HEADER, (short) 12);
        message.set(JAVA_SHORT_UNALIGNED, HEADER + 2, (short) (REQUEST_HEADER | NESTED));
        return index + 8;
    }

    @Override
    public void close() {
        if (socket >= 0) {
            perform(
                    Encoder.prepare(
                            ring.next(), IoUringConstants.IORING_OP_CLOSE, socket, 0, 0, 0, 0));
        }
        ring.close();
        arena.close();
    }

    /** Sends a request; how many bytes the answer has, 0 when it is an error. */
    private int ask(int type, int command, int end) {
        message.set(JAVA_INT_UNALIGNED, 0, end);
        message.set(JAVA_SHORT_UNALIGNED, 4, (short) type);
        message.set(JAVA_SHORT_UNALIGNED, 6, (short) NLM_F_REQUEST);
        message.set(JAVA_INT_UNALIGNED, 8, ++sequence);
        message.set(JAVA_INT_UNALIGNED, 12, 0);
        message.set(JAVA_BYTE, 16, (byte) command);
        message.set(JAVA_BYTE, 17, (byte) 1);
        int sent = transfer(IoUringConstants.IORING_OP_SEND, end);
        int received = sent < 0 ? sent : transfer(IoUringConstants.IORING_OP_RECV, ROOM);
        boolean answered =
                received >= HEADER && message.get(JAVA_SHORT_UNALIGNED, 4) == (short) type;
        return answered ? received : 0;
    }

    @FunctionalInterface
    private interface AttributeHandler {
        void onAttribute(int name, int at, int length);
    }

    private void attributes(int received, AttributeHandler handler) {
        int at = HEADER;
        while (at + 4 <= received) {
            int length = message.get(JAVA_SHORT_UNALIGNED, at) & 0xffff;
            int name = message.get(JAVA_SHORT_UNALIGNED, at + 2) & 0x3fff;
            if (length >= 4 && at + length <= received) {
                handler.onAttribute(name, at + 4, length - 4);
            }
            at += Math.max(4, (length + 3) & ~3);
        }
    }

    /** The attributes of the answer that are numbers. */
    private Map<Integer, Integer> numbers(int received) {
        Map<Integer, Integer> values = new HashMap<>();
        attributes(
                received,
                (name, at, length) -> {
                    if (length == 1 || length == 2 || length == 4) {
                        values.put(name, number(at, length));
                    }
                });
        return values;
    }

    private int number(int at, int length) {
        return switch (length) {
            case 1 -> message.get(JAVA_BYTE, at) & 0xff;
            case 2 -> message.get(JAVA_SHORT_UNALIGNED, at) & 0xffff;
            default -> message.get(JAVA_INT_UNALIGNED, at);
        };
    }

    private int attribute(int at, int name, byte[] value) {
        message.set(JAVA_SHORT_UNALIGNED, at, (short) (4 + value.length));
        message.set(JAVA_SHORT_UNALIGNED, at + 2, (short) name);
        MemorySegment.copy(value, 0, message, JAVA_BYTE, at + 4, value.length);
        return at + 4 + ((value.length + 3) & ~3);
    }

    private int transfer(int opcode, int length) {
        return perform(
                Encoder.prepare(ring.next(), opcode, socket, 0, message.address(), length, 0));
    }

    private int perform(Sqe sqe) {
        int[] answer = {-Errno.ETIMEDOUT.number()};
        sqe.userData(1);
        ring.submitAndWait(1, LIMIT);
        ring.completions().drain((userData, result, flags) -> answer[0] = result);
        return answer[0];
    }
}
