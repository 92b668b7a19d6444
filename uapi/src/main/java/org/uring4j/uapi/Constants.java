package org.uring4j.uapi;

import java.util.List;

/** Writes a class of constants under the names they have in C. */
final class Constants {
    private Constants() {}

    static String text(String className, String javadoc, List<Row> rows) {
        StringBuilder text = new StringBuilder(JavaText.classStart(className, javadoc));
        for (Row row : rows) {
            if (row.kind() == Row.Kind.CONST) {
                text.append(
                        JavaText.constant(
                                "{@code %s} in {@code %s}, since Linux %s."
                                        .formatted(row.group(), row.header(), row.since()),
                                row.type(),
                                row.name(),
                                JavaText.expression(row, row.type())));
            }
        }
        return text.append("}\n").toString();
    }
}
