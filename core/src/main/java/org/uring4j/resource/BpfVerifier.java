package org.uring4j.resource;

import static org.uring4j.internal.uapi.LibcConstants.BPF_A;
import static org.uring4j.internal.uapi.LibcConstants.BPF_ABS;
import static org.uring4j.internal.uapi.LibcConstants.BPF_ADD;
import static org.uring4j.internal.uapi.LibcConstants.BPF_ALU;
import static org.uring4j.internal.uapi.LibcConstants.BPF_AND;
import static org.uring4j.internal.uapi.LibcConstants.BPF_DIV;
import static org.uring4j.internal.uapi.LibcConstants.BPF_IMM;
import static org.uring4j.internal.uapi.LibcConstants.BPF_JA;
import static org.uring4j.internal.uapi.LibcConstants.BPF_JEQ;
import static org.uring4j.internal.uapi.LibcConstants.BPF_JGE;
import static org.uring4j.internal.uapi.LibcConstants.BPF_JGT;
import static org.uring4j.internal.uapi.LibcConstants.BPF_JMP;
import static org.uring4j.internal.uapi.LibcConstants.BPF_JSET;
import static org.uring4j.internal.uapi.LibcConstants.BPF_K;
import static org.uring4j.internal.uapi.LibcConstants.BPF_LD;
import static org.uring4j.internal.uapi.LibcConstants.BPF_LDX;
import static org.uring4j.internal.uapi.LibcConstants.BPF_LEN;
import static org.uring4j.internal.uapi.LibcConstants.BPF_LSH;
import static org.uring4j.internal.uapi.LibcConstants.BPF_MAXINSNS;
import static org.uring4j.internal.uapi.LibcConstants.BPF_MEM;
import static org.uring4j.internal.uapi.LibcConstants.BPF_MEMWORDS;
import static org.uring4j.internal.uapi.LibcConstants.BPF_MISC;
import static org.uring4j.internal.uapi.LibcConstants.BPF_MUL;
import static org.uring4j.internal.uapi.LibcConstants.BPF_NEG;
import static org.uring4j.internal.uapi.LibcConstants.BPF_OR;
import static org.uring4j.internal.uapi.LibcConstants.BPF_RET;
import static org.uring4j.internal.uapi.LibcConstants.BPF_RSH;
import static org.uring4j.internal.uapi.LibcConstants.BPF_ST;
import static org.uring4j.internal.uapi.LibcConstants.BPF_STX;
import static org.uring4j.internal.uapi.LibcConstants.BPF_SUB;
import static org.uring4j.internal.uapi.LibcConstants.BPF_TAX;
import static org.uring4j.internal.uapi.LibcConstants.BPF_TXA;
import static org.uring4j.internal.uapi.LibcConstants.BPF_W;
import static org.uring4j.internal.uapi.LibcConstants.BPF_X;
import static org.uring4j.internal.uapi.LibcConstants.BPF_XOR;

import org.jspecify.annotations.Nullable;
import org.uring4j.internal.uapi.IoUringBpfCtx;

/**
 * Finds what the kernel would refuse a program for, and says where: the kernel says only EINVAL.
 *
 * <p>Such a program loads aligned words of the context, calculates, jumps forward within itself and
 * ends with an answer.
 */
final class BpfVerifier {
    private static final int CLASS = 7;

    private BpfVerifier() {}

    static void check(long[] program) {
        if (program.length == 0 || program.length > BPF_MAXINSNS) {
            throw new IllegalArgumentException(
                    "a program has 1 to "
                            + BPF_MAXINSNS
                            + " instructions: instructions="
                            + program.length);
        }
        for (int at = 0; at < program.length; at++) {
            String fault = fault(program[at], program.length - at - 1);
            if (fault != null) {
                throw new IllegalArgumentException(
                        fault + ": at=" + at + " instruction=0x" + Long.toHexString(program[at]));
            }
        }
        if ((code(program[program.length - 1]) & CLASS) != BPF_RET) {
            throw new IllegalArgumentException(
                    "a program ends with an answer: instructions=" + program.length);
        }
    }

    static int code(long instruction) {
        return (int) instruction & 0xffff;
    }

    static int ifTrue(long instruction) {
        return (int) (instruction >>> 16) & 0xff;
    }

    static int ifFalse(long instruction) {
        return (int) (instruction >>> 24) & 0xff;
    }

    static int operand(long instruction) {
        return (int) (instruction >>> 32);
    }

    private static @Nullable String fault(long instruction, int left) {
        int code = code(instruction);
        long operand = Integer.toUnsignedLong(operand(instruction));
        return switch (code & CLASS) {
            case BPF_LD, BPF_LDX, BPF_ST, BPF_STX -> memoryFault(code, operand);
            case BPF_ALU -> arithmeticFault(code, operand);
            case BPF_JMP -> jumpFault(code, operand, instruction, left);
            case BPF_RET ->
                    code == (BPF_RET | BPF_K) || code == (BPF_RET | BPF_A)
                            ? null
                            : "no such answer";
            case BPF_MISC ->
                    code == (BPF_MISC | BPF_TAX) || code == (BPF_MISC | BPF_TXA)
                            ? null
                            : "no such instruction";
            default -> "no such instruction";
        };
    }

    private static @Nullable String memoryFault(int code, long operand) {
        if (code == (BPF_LD | BPF_W | BPF_ABS)) {
            return operand < IoUringBpfCtx.SIZEOF && (operand & 3) == 0
                    ? null
                    : "only aligned words of the context's 40 bytes can be loaded";
        }
        if (code == BPF_ST
                || code == BPF_STX
                || code == (BPF_LD | BPF_MEM)
                || code == (BPF_LDX | BPF_MEM)) {
            return operand < BPF_MEMWORDS ? null : "there are 16 words of memory";
        }
        return code == (BPF_LD | BPF_IMM)
                        || code == (BPF_LDX | BPF_IMM)
                        || code == (BPF_LD | BPF_W | BPF_LEN)
                        || code == (BPF_LDX | BPF_W | BPF_LEN)
                ? null
                : "only words of the context can be loaded";
    }

    private static @Nullable String arithmeticFault(int code, long operand) {
        boolean constant = (code & BPF_X) == 0;
        return switch (code & ~(CLASS | BPF_X)) {
            case BPF_ADD, BPF_SUB, BPF_MUL, BPF_AND, BPF_OR, BPF_XOR -> null;
            case BPF_NEG -> constant ? null : "no such instruction";
            case BPF_DIV -> constant && operand == 0 ? "it divides by 0" : null;
            case BPF_LSH, BPF_RSH ->
                    constant && operand > 31 ? "it shifts by more than 31 bits" : null;
            default -> "no such arithmetic";
        };
    }

    private static @Nullable String jumpFault(int code, long operand, long instruction, int left) {
        if (code == (BPF_JMP | BPF_JA)) {
            return operand < left ? null : "it jumps out of the program";
        }
        return switch (code & ~(CLASS | BPF_X)) {
            case BPF_JEQ, BPF_JGE, BPF_JGT, BPF_JSET ->
                    ifTrue(instruction) < left && ifFalse(instruction) < left
                            ? null
                            : "it jumps out of the program";
            default -> "no such jump";
        };
    }
}
