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

import java.nio.ByteBuffer;

/** Runs the instructions that {@link BpfAssembler} has, as the kernel's manual describes them. */
final class BpfInterpreter {
    private BpfInterpreter() {}

    /** Whether a program lets pass a request with this context. */
    static boolean allows(long[] program, ByteBuffer context) {
        int a = 0;
        int x = 0;
        int at = 0;
        while (true) {
            long instruction = program[at++];
            int operand = (int) (instruction >> 32);
            int yes = (int) (instruction >> 16) & 0xff;
            int no = (int) (instruction >> 24) & 0xff;
            switch ((int) instruction & 0xffff) {
                case BPF_LD | BPF_W | BPF_ABS -> a = context.getInt(operand);
                case BPF_ALU | BPF_AND | BPF_K -> a &= operand;
                case BPF_ALU | BPF_LSH | BPF_K -> a <<= operand;
                case BPF_ALU | BPF_RSH | BPF_K -> a >>>= operand;
                case BPF_ALU | BPF_OR | BPF_X -> a |= x;
                case BPF_MISC | BPF_TAX -> x = a;
                case BPF_JMP | BPF_JEQ | BPF_K -> at += a == operand ? yes : no;
                case BPF_JMP | BPF_JGE | BPF_K ->
                        at += Integer.compareUnsigned(a, operand) >= 0 ? yes : no;
                case BPF_JMP | BPF_JGT | BPF_K ->
                        at += Integer.compareUnsigned(a, operand) > 0 ? yes : no;
                case BPF_RET | BPF_K -> {
                    return operand != 0;
                }
                default -> throw new AssertionError("instruction=" + Long.toHexString(instruction));
            }
        }
    }
}
