package org.uring4j.uapi;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Writes a class per struct: its size and the offsets of its fields, in bytes. */
final class Structs {
    private Structs() {}

    static Map<String, String> texts(List<Row> rows) {
        Map<String, List<Row>> fields =
                rows.stream()
                        .filter(row -> row.kind() == Row.Kind.OFFSETOF)
                        .collect(Collectors.groupingBy(Row::struct));
        Map<String, String> texts = new HashMap<>();
        for (Row row : rows) {
            if (row.kind() == Row.Kind.SIZEOF) {
                String name = className(row.name());
                String text = text(name, row, fields.getOrDefault(row.name(), List.of()));
                if (texts.put(name, text) != null) {
                    throw new IllegalArgumentException("class=" + name + " is two structs");
                }
            }
        }
        return texts;
    }

    private static String text(String className, Row struct, List<Row> fields) {
        StringBuilder text =
                new StringBuilder(
                        JavaText.classStart(
                                className,
                                "Layout of {@code %s} in {@code %s}, since Linux %s."
                                        .formatted(
                                                struct.name(), struct.header(), struct.since())));
        text.append(
                JavaText.constant(
                        "Size in bytes.", "int", "SIZEOF", JavaText.expression(struct, "int")));
        for (Row field : fields) {
            text.append(
                    JavaText.constant(
                            "Offset of {@code %s %s}, since Linux %s."
                                    .formatted(field.type(), field.field(), field.since()),
                            "int",
                            field.field().toUpperCase(Locale.ROOT).replace('.', '_'),
                            JavaText.expression(field, "int")));
        }
        return text.append("}\n").toString();
    }

    /** {@code __kernel_timespec} becomes {@code KernelTimespec}, {@code siginfo_t} Siginfo. */
    static String className(String struct) {
        StringBuilder name = new StringBuilder();
        for (String word : struct.replaceFirst("_t$", "").split("_", -1)) {
            if (!word.isEmpty()) {
                name.append(Character.toUpperCase(word.charAt(0))).append(word.substring(1));
            }
        }
        return name.toString();
    }
}
