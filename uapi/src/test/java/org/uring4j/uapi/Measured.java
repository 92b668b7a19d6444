package org.uring4j.uapi;

import java.io.IOException;
import java.math.BigInteger;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a compiler makes of rows of the table: a C program with one function per row, whose assembly
 * names the row's value.
 *
 * @param value the value of a constant, a size or an offset
 * @param type the type of a field as the table writes it, but for what only the table says: byte
 *     order and the name of a struct; empty for anything but a field
 */
record Measured(BigInteger value, String type) {

    private static final Pattern RESULT =
            Pattern.compile("@row (\\d+) (\\d+) (\\d+) (\\d+) (\\d+) (\\d) (\\d+) (\\d)");
    private static final Pattern ERROR = Pattern.compile("(?m)^row:(\\d+):.* error: ");

    /** The rows that the header has, by name; the header's other rows are not in the map. */
    static Map<String, Measured> of(Gcc gcc, String header, List<Row> rows)
            throws IOException, InterruptedException {
        Set<Integer> unknown = new HashSet<>();
        while (true) {
            Gcc.Result result = gcc.compile(program(header, rows, unknown));
            if (result.status() == 0) {
                return parse(result.out(), rows);
            }
            Set<Integer> refused = new HashSet<>();
            ERROR.matcher(result.err()).results().forEach(r -> refused.add(number(r.group(1)) - 1));
            if (!unknown.addAll(refused)) {
                throw new IOException("header=" + header + " does not compile: " + result.err());
            }
        }
    }

    /** Lines are numbered as the rows are, from 1, so that errors say which row it is. */
    private static String program(String header, List<Row> rows, Set<Integer> without) {
        StringBuilder c = new StringBuilder("#define _GNU_SOURCE\n#include <stddef.h>\n");
        c.append("#include <linux/types.h>\n#include <linux/ioctl.h>\n");
        if (header.startsWith("linux/io_uring/")) {
            c.append("#include <linux/io_uring.h>\n");
        }
        if (header.equals("linux/errqueue.h")) {
            c.append("#include <time.h>\n");
        }
        c.append("#if __has_include(<%s>)\n#include <%s>\n#endif\n".formatted(header, header));
        c.append("#define IS_SIGNED(x) _Generic((x), signed char: 1, short: 1, int: 1, ")
                .append("long: 1, long long: 1, default: 0)\n")
                .append("#define PIECE(v, i) \"i\"((unsigned long long)(v) >> 16 * i & 65535)\n")
                .append("#define ROW(row, v, negative, size, is_signed) asm volatile(")
                .append("\"@row \" #row \" %c0 %c1 %c2 %c3 %c4 %c5 %c6\" :: PIECE(v, 3), ")
                .append("PIECE(v, 2), PIECE(v, 1), PIECE(v, 0), \"i\"(negative), \"i\"(size), ")
                .append("\"i\"(is_signed))\n#line 1 \"row\"\n");
        for (int i = 0; i < rows.size(); i++) {
            if (!without.contains(i)) {
                c.append("void f%d(void) { ROW(%d, %s); }".formatted(i, i, arguments(rows.get(i))));
            }
            c.append('\n');
        }
        return c.toString();
    }

    private static String arguments(Row row) {
        return switch (row.kind()) {
            // An unsigned int is not negative, and widening it keeps it so.
            case CONST -> "%s, (%s) < 0, 0, 0".formatted(row.name(), row.name());
            case SIZEOF -> "sizeof(%s), 0, 0, 0".formatted(cType(row.struct()));
            case OFFSETOF -> {
                String struct = cType(row.struct());
                String field = "((%s *)0)->%s".formatted(struct, row.field());
                String element = row.type().endsWith("]") ? field + "[0]" : field;
                yield "offsetof(%s, %s), 0, %s, IS_SIGNED(%s)"
                        .formatted(
                                struct,
                                row.field(),
                                row.type().endsWith("[]") ? "0" : "sizeof(" + field + ")",
                                element);
            }
        };
    }

    private static String cType(String struct) {
        return struct.endsWith("_t") ? struct : "struct " + struct;
    }

    private static Map<String, Measured> parse(String assembly, List<Row> rows) {
        Map<String, Measured> measured = new HashMap<>();
        Matcher m = RESULT.matcher(assembly);
        while (m.find()) {
            Row row = rows.get(number(m.group(1)));
            BigInteger value = BigInteger.ZERO;
            for (int piece = 2; piece <= 5; piece++) {
                value = value.shiftLeft(16).or(new BigInteger(m.group(piece)));
            }
            if (m.group(6).equals("1")) {
                value = value.subtract(BigInteger.ONE.shiftLeft(64));
            }
            boolean isSigned = m.group(8).equals("1");
            String type =
                    row.kind() == Row.Kind.OFFSETOF ? type(row, number(m.group(7)), isSigned) : "";
            measured.put(row.name(), new Measured(value, type));
        }
        return measured;
    }

    /** The row's own type where size and sign agree with it, else what was found. */
    private static String type(Row row, int size, boolean isSigned) {
        String element = row.type().replaceFirst("\\[.*", "");
        if (element.startsWith("struct")) {
            return row.type();
        }
        int elementSize = element.equals("char") ? 1 : number(element.replaceAll("\\D", "")) / 8;
        String count = row.type().replaceAll(".*\\[|]|^[^\\[]*$", "");
        int expected = elementSize * (count.isEmpty() ? 1 : number(count));
        boolean sizeAgrees = row.type().endsWith("[]") || size == expected;
        // Whether a plain char is signed is the machine's choice.
        boolean signAgrees = element.equals("char") || isSigned == element.startsWith("s");
        return sizeAgrees && signAgrees
                ? row.type()
                : (isSigned ? "signed" : "unsigned") + ", " + size + " bytes";
    }

    private static int number(String digits) {
        return Integer.parseInt(digits);
    }
}
