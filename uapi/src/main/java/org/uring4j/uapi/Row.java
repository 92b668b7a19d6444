package org.uring4j.uapi;

import java.math.BigInteger;

/**
 * One line of the table.
 *
 * @param name the constant, {@code struct} for a size, {@code struct.field} for an offset
 * @param kind what {@code value} says about the name
 * @param x86 the value on x86-64
 * @param aarch64 the value on aarch64, the same but for a few rows
 * @param since the first Linux release that has it
 * @param header the header that declares it, as in {@code #include}
 * @param type the Java type of a constant, the C type of a field, {@code struct} for a size
 * @param group what a constant belongs to, such as {@code setup_flag}, or {@code -}
 */
record Row(
        String name,
        Kind kind,
        BigInteger x86,
        BigInteger aarch64,
        String since,
        String header,
        String type,
        String group) {

    enum Kind {
        CONST,
        SIZEOF,
        OFFSETOF
    }

    boolean sameOnEveryMachine() {
        return x86.equals(aarch64);
    }

    boolean isIoUring() {
        return header.equals("linux/io_uring.h") || header.startsWith("linux/io_uring/");
    }

    /** The struct a size or an offset belongs to. */
    String struct() {
        return kind == Kind.OFFSETOF ? name.substring(0, name.indexOf('.')) : name;
    }

    /** The field of an offset, with the path to it when it is nested. */
    String field() {
        return name.substring(name.indexOf('.') + 1);
    }
}
