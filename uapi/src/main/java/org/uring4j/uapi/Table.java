package org.uring4j.uapi;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** Reads {@code uapi.tsv} and refuses a table that contradicts itself. */
final class Table {
    static final String HEADER_LINE = "name\tkind\tvalue\tsince\theader\ttype\tgroup";

    private static final Pattern SINCE = Pattern.compile("[2-9](\\.[0-9]{1,2}){1,2}");
    private static final BigInteger UNSIGNED_INT_LIMIT = BigInteger.ONE.shiftLeft(32);
    private static final BigInteger UNSIGNED_LONG_LIMIT = BigInteger.ONE.shiftLeft(64);

    private Table() {}

    static List<Row> read(Path tsv) throws IOException {
        List<String> lines = Files.readAllLines(tsv);
        if (lines.isEmpty() || !lines.get(0).equals(HEADER_LINE)) {
            throw new IllegalArgumentException(
                    "file=" + tsv + " line=1: expected the columns " + HEADER_LINE);
        }
        List<Row> rows = new ArrayList<>();
        Set<String> names = new HashSet<>();
        String struct = "";
        for (int i = 1; i < lines.size(); i++) {
            Row row;
            try {
                row = parse(lines.get(i));
                check(names.add(row.name()), "the name is in the table twice");
                if (row.kind() == Row.Kind.OFFSETOF) {
                    check(row.struct().equals(struct), "a field must follow its struct's sizeof");
                } else {
                    struct = row.kind() == Row.Kind.SIZEOF ? row.name() : "";
                }
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(
                        "file=" + tsv + " line=" + (i + 1) + ": " + e.getMessage(), e);
            }
            rows.add(row);
        }
        return rows;
    }

    private static Row parse(String line) {
        String[] f = line.split("\t", -1);
        check(f.length == 7, "expected 7 columns, found " + f.length);
        for (String column : f) {
            check(
                    !column.isBlank() && column.equals(column.strip()),
                    "a column is blank or padded");
        }
        Row.Kind kind =
                switch (f[1]) {
                    case "const" -> Row.Kind.CONST;
                    case "sizeof" -> Row.Kind.SIZEOF;
                    case "offsetof" -> Row.Kind.OFFSETOF;
                    default ->
                            throw new IllegalArgumentException(
                                    "kind=" + f[1] + " is none of const, sizeof, offsetof");
                };
        check(
                (kind == Row.Kind.OFFSETOF) == f[0].contains("."),
                "offsetof is for struct.field, const and sizeof for a plain name");
        check(SINCE.matcher(f[3]).matches(), "since=" + f[3] + " is no kernel release");
        String[] values = f[2].split("\\|", -1);
        check(values.length <= 2, "value=" + f[2] + " is not VALUE or X86_64|AARCH64");
        BigInteger x86 = new BigInteger(values[0]);
        BigInteger aarch64 = values.length == 2 ? new BigInteger(values[1]) : x86;
        Row row = new Row(f[0], kind, x86, aarch64, f[3], f[4], f[5], f[6]);
        if (kind == Row.Kind.CONST) {
            check(
                    f[5].equals("int") || f[5].equals("long"),
                    "type=" + f[5] + " of a constant is neither int nor long");
            check(fits(x86, f[5]) && fits(aarch64, f[5]), "value=" + f[2] + " is no " + f[5]);
            check(
                    f[6].equals(f[6].toLowerCase(Locale.ROOT)) && !f[6].equals("-"),
                    "a constant needs a group in lower case");
        } else {
            check(x86.signum() >= 0 && aarch64.signum() >= 0, "value=" + f[2] + " is negative");
        }
        return row;
    }

    /** Unsigned values up to the type's width fit too: Java keeps the same bits. */
    private static boolean fits(BigInteger value, String type) {
        boolean isInt = type.equals("int");
        BigInteger limit = isInt ? UNSIGNED_INT_LIMIT : UNSIGNED_LONG_LIMIT;
        return value.compareTo(limit) < 0 && value.compareTo(limit.shiftRight(1).negate()) >= 0;
    }

    private static void check(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }
}
