package org.uring4j.uapi;

import java.math.BigInteger;

/** The Java spelling of what the generated classes have in common. */
final class JavaText {
    private static final BigInteger LAST_DECIMAL = BigInteger.valueOf(255);

    private JavaText() {}

    static String classStart(String name, String javadoc) {
        return """
        package %s;

        /** %s */
        public final class %s {
            private %s() {}
        """
                .formatted(Generate.PACKAGE, javadoc, name, name);
    }

    static String constant(String javadoc, String type, String name, String expression) {
        return "\n    /** %s */\n    public static final %s %s = %s;\n"
                .formatted(javadoc, type, name, expression);
    }

    static String expression(Row row, String type) {
        String x86 = literal(row.x86(), type);
        return row.sameOnEveryMachine()
                ? x86
                : "Arch.AARCH64 ? " + literal(row.aarch64(), type) + " : " + x86;
    }

    /** Small numbers in decimal, bits in hexadecimal, unsigned values as the bits they are. */
    static String literal(BigInteger value, String type) {
        boolean decimal = value.compareTo(LAST_DECIMAL) <= 0;
        String digits = decimal ? value.toString() : "0x" + value.toString(16);
        return type.equals("long") ? digits + "L" : digits;
    }

    static String arch() {
        return """
        package %s;

        /** The machine this runs on, for the few values that are not the same everywhere. */
        final class Arch {
            static final boolean AARCH64 = "aarch64".equals(System.getProperty("os.arch"));

            private Arch() {}
        }
        """
                .formatted(Generate.PACKAGE);
    }
}
