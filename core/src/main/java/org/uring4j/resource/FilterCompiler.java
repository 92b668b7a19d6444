package org.uring4j.resource;

import static org.uring4j.internal.uapi.LibcConstants.O_ACCMODE;
import static org.uring4j.internal.uapi.LibcConstants.O_LARGEFILE;

import org.uring4j.internal.uapi.IoUringBpfCtx;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** Compiles the rules of an op to classic BPF, and says what of a request they look at. */
final class FilterCompiler {
    /** The words of {@code struct io_uring_bpf_ctx}, whose fields are little-endian. */
    private static final int HEAD = IoUringBpfCtx.OPCODE;

    private static final int FLAGS_SHIFT = 8 * (IoUringBpfCtx.SQE_FLAGS - IoUringBpfCtx.OPCODE);
    private static final int ALL_FLAGS = 0xff;
    private static final int WORD = Integer.BYTES;

    private static final int SOCKET_SIZE = 12;
    private static final int OPEN_SIZE = 24;
    private static final int CONNECT_SIZE = 24;

    private final BpfAssembler out = new BpfAssembler();

    private FilterCompiler() {}

    /** A program that lets pass what one of these rules, or no rule, is about. */
    static long[] compile(List<FilterRule> rules) {
        FilterCompiler compiler = new FilterCompiler();
        for (FilterRule rule : rules) {
            int next = compiler.out.label();
            compiler.write(rule, next);
            compiler.out.answer(true);
            compiler.out.place(next);
        }
        compiler.out.answer(false);
        return compiler.out.finish();
    }

    /** A program that answers always the same. */
    static long[] constant(boolean allow) {
        BpfAssembler out = new BpfAssembler();
        out.answer(allow);
        return out.finish();
    }

    /** How many bytes of what the op adds to the context a rule looks at. */
    static int payload(FilterRule rule) {
        return switch (rule) {
            case FilterRule.Flags flags -> 0;
            case FilterRule.Socket socket -> SOCKET_SIZE;
            case FilterRule.Open open -> OPEN_SIZE;
            case FilterRule.Connect connect -> CONNECT_SIZE;
            case FilterRule.Both both -> Math.max(payload(both.one()), payload(both.other()));
        };
    }

    /** Fails when a rule is about other ops. */
    static void check(FilterRule rule, String op) {
        String ops =
                switch (rule) {
                    case FilterRule.Flags flags -> op;
                    case FilterRule.Socket socket -> "IORING_OP_SOCKET";
                    case FilterRule.Open open ->
                            op.equals("IORING_OP_OPENAT") ? op : "IORING_OP_OPENAT2";
                    case FilterRule.Connect connect -> "IORING_OP_CONNECT";
                    case FilterRule.Both both -> {
                        check(both.one(), op);
                        check(both.other(), op);
                        yield op;
                    }
                };
        if (!ops.equals(op)) {
            throw new IllegalArgumentException(
                    "the rule is not about this op: op=" + op + " rule=" + rule);
        }
    }

    /** Writes instructions that go on when the rule holds, and else jump to {@code no}. */
    private void write(FilterRule rule, int no) {
        switch (rule) {
            case FilterRule.Flags flags -> {
                int required = SqeFlag.bits(flags.required());
                int denied = ALL_FLAGS & ~SqeFlag.bits(flags.allowed()) & ~required;
                bits(HEAD, denied << FLAGS_SHIFT, required << FLAGS_SHIFT, no);
            }
            case FilterRule.Socket socket -> {
                equal(IoUringBpfCtx.SOCKET_FAMILY, -1, socket.family(), no);
                equal(IoUringBpfCtx.SOCKET_TYPE, FilterRule.Socket.TYPE_MASK, socket.type(), no);
                equal(IoUringBpfCtx.SOCKET_PROTOCOL, -1, socket.protocol(), no);
            }
            case FilterRule.Open open -> open(open, no);
            case FilterRule.Connect connect -> connect(connect, no);
            case FilterRule.Both both -> {
                write(both.one(), no);
                write(both.other(), no);
            }
        }
    }

    private void equal(int offset, int mask, int value, int no) {
        if (value != FilterRule.ANY) {
            out.require(offset, mask, value, no);
        }
    }

    /** Goes on when none of the denied bits is set and all of the required ones are. */
    private void bits(int offset, int denied, int required, int no) {
        if ((denied | required) != 0) {
            out.require(offset, denied | required, required, no);
        }
    }

    private void longBits(int offset, long denied, long required, int no) {
        bits(offset, (int) denied, (int) required, no);
        bits(offset + WORD, (int) (denied >>> 32), (int) (required >>> 32), no);
    }

    private void open(FilterRule.Open open, int no) {
        // The kernel adds O_LARGEFILE by itself.
        long allowed = open.allowedFlags() | open.requiredFlags() | O_LARGEFILE | O_ACCMODE;
        longBits(IoUringBpfCtx.OPEN_FLAGS, ~allowed, open.requiredFlags(), no);
        out.load(IoUringBpfCtx.OPEN_FLAGS);
        out.and(O_ACCMODE);
        if (open.access() == FilterRule.Access.ANY) {
            // Both bits are an access of its own, for device control only.
            out.ifAtLeast(O_ACCMODE, no, BpfAssembler.NEXT);
        } else {
            out.ifEqual(open.access().mode, BpfAssembler.NEXT, no);
        }
        long resolve = open.allowedResolve() | open.requiredResolve();
        longBits(IoUringBpfCtx.OPEN_RESOLVE, ~resolve, open.requiredResolve(), no);
    }

    private void connect(FilterRule.Connect connect, int no) {
        out.require(IoUringBpfCtx.CONNECT_FAMILY, -1, connect.family(), no);
        InetAddress network = connect.network();
        if (network != null) {
            network(network.getAddress(), connect.prefix(), no);
        }
        int first = connect.firstPort();
        int last = connect.lastPort();
        if (first > 0 || last < FilterRule.Connect.MAX_PORT) {
            loadPort();
            out.ifAtLeast(first, BpfAssembler.NEXT, no);
            out.ifMore(last, no, BpfAssembler.NEXT);
        }
    }

    /** Compares the leading bits word by word, each in the order of its bytes. */
    private void network(byte[] address, int prefix, int no) {
        int at =
                address.length == WORD
                        ? IoUringBpfCtx.CONNECT_V4_ADDR
                        : IoUringBpfCtx.CONNECT_V6_ADDR;
        ByteBuffer words = ByteBuffer.wrap(address).order(ByteOrder.BIG_ENDIAN);
        for (int left = prefix; left > 0; left -= Integer.SIZE) {
            int mask = left >= Integer.SIZE ? -1 : -1 << (Integer.SIZE - left);
            int value = words.getInt() & mask;
            out.require(at, Integer.reverseBytes(mask), Integer.reverseBytes(value), no);
            at += WORD;
        }
    }

    /** A = the port, whose two bytes the context has the other way round. */
    private void loadPort() {
        out.load(IoUringBpfCtx.CONNECT_PORT);
        out.and(0xff);
        out.shiftLeft(8);
        out.keep();
        out.load(IoUringBpfCtx.CONNECT_PORT);
        out.shiftRight(8);
        out.and(0xff);
        out.orKept();
    }
}
