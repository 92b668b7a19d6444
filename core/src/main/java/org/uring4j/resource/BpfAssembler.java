package org.uring4j.resource;

import static org.uring4j.internal.uapi.LibcConstants.BPF_ABS;
import static org.uring4j.internal.uapi.LibcConstants.BPF_ALU;
import static org.uring4j.internal.uapi.LibcConstants.BPF_AND;
import static org.uring4j.internal.uapi.LibcConstants.BPF_JEQ;
import static org.uring4j.internal.uapi.LibcConstants.BPF_JGE;
import static org.uring4j.internal.uapi.LibcConstants.BPF_JGT;
import static org.uring4j.internal.uapi.LibcConstants.BPF_JMP;
import static org.uring4j.internal.uapi.LibcConstants.BPF_K;
import static org.uring4j.internal.uapi.LibcConstants.BPF_LD;
import static org.uring4j.internal.uapi.LibcConstants.BPF_LSH;
import static org.uring4j.internal.uapi.LibcConstants.BPF_MISC;
import static org.uring4j.internal.uapi.LibcConstants.BPF_OR;
import static org.uring4j.internal.uapi.LibcConstants.BPF_RET;
import static org.uring4j.internal.uapi.LibcConstants.BPF_RSH;
import static org.uring4j.internal.uapi.LibcConstants.BPF_TAX;
import static org.uring4j.internal.uapi.LibcConstants.BPF_W;
import static org.uring4j.internal.uapi.LibcConstants.BPF_X;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Puts classic BPF together. An instruction is a long, as {@code struct sock_filter} lies in
 * memory:
 *
 * <pre>
 *   63            32 31    24 23    16 15             0
 *  +----------------+--------+--------+----------------+
 *  | operand        | jump   | jump   | code           |
 *  |                | if not | if     |                |
 *  +----------------+--------+--------+----------------+
 * </pre>
 */
final class BpfAssembler {
    /** The label of the next instruction. */
    static final int NEXT = -1;

    private static final int LONGEST_JUMP = 255;

    private long[] program = new long[32];
    private int size;

    /** Where each label stands, -1 before it is placed. */
    private final List<Integer> labels = new ArrayList<>();

    private record Jump(int at, int yes, int no) {}

    private final List<Jump> jumps = new ArrayList<>();

    /** A new label, to be placed further on: programs only jump forward. */
    int label() {
        labels.add(-1);
        return labels.size() - 1;
    }

    /** Places a label before the next instruction. */
    void place(int label) {
        labels.set(label, size);
    }

    /** A = the 32 bits at this offset of the context. */
    void load(int offset) {
        add(BPF_LD | BPF_W | BPF_ABS, offset);
    }

    /** A = A & mask. */
    void and(int mask) {
        add(BPF_ALU | BPF_AND | BPF_K, mask);
    }

    /** A = A << bits. */
    void shiftLeft(int bits) {
        add(BPF_ALU | BPF_LSH | BPF_K, bits);
    }

    /** A = A >>> bits. */
    void shiftRight(int bits) {
        add(BPF_ALU | BPF_RSH | BPF_K, bits);
    }

    /** X = A. */
    void keep() {
        add(BPF_MISC | BPF_TAX, 0);
    }

    /** A = A | X. */
    void orKept() {
        add(BPF_ALU | BPF_OR | BPF_X, 0);
    }

    void ifEqual(int value, int yes, int no) {
        jump(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no);
    }

    /** Compares without sign. */
    void ifAtLeast(int value, int yes, int no) {
        jump(BPF_JMP | BPF_JGE | BPF_K, value, yes, no);
    }

    /** Compares without sign. */
    void ifMore(int value, int yes, int no) {
        jump(BPF_JMP | BPF_JGT | BPF_K, value, yes, no);
    }

    /** Goes on when (word & mask) == value, else to {@code no}. */
    void require(int offset, int mask, int value, int no) {
        load(offset);
        if (mask != -1) {
            and(mask);
        }
        ifEqual(value, NEXT, no);
    }

    /** Ends: the request is allowed, or denied. */
    void answer(boolean allow) {
        add(BPF_RET | BPF_K, allow ? 1 : 0);
    }

    /** The program, verified. */
    long[] finish() {
        for (Jump jump : jumps) {
            program[jump.at] |=
                    distance(jump.at, jump.yes) << 16 | distance(jump.at, jump.no) << 24;
        }
        long[] finished = Arrays.copyOf(program, size);
        BpfVerifier.check(finished);
        return finished;
    }

    private long distance(int at, int label) {
        if (label == NEXT) {
            return 0;
        }
        int distance = labels.get(label) - at - 1;
        if (distance < 0) {
            throw new AssertionError("a label was not placed, or before its jump: at=" + at);
        }
        if (distance > LONGEST_JUMP) {
            throw new IllegalArgumentException(
                    "a rule is too long, make several of it: instructions=" + distance);
        }
        return distance;
    }

    private void jump(int code, int operand, int yes, int no) {
        jumps.add(new Jump(size, yes, no));
        add(code, operand);
    }

    private void add(int code, int operand) {
        if (size == program.length) {
            program = Arrays.copyOf(program, 2 * size);
        }
        program[size++] = code | (long) operand << 32;
    }
}
