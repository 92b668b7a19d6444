package org.uring4j.uapi;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Writes the class that knows names at run time: the operations and flags of io_uring with the
 * kernel each one needs.
 */
final class InterfaceTable {
    private InterfaceTable() {}

    static String text(List<Row> rows) {
        Map<String, List<Row>> groups = new LinkedHashMap<>();
        for (Row row : rows) {
            if (row.isIoUring() && row.kind() == Row.Kind.CONST && isListed(row.group())) {
                groups.computeIfAbsent(row.group(), group -> new ArrayList<>()).add(row);
            }
        }
        StringBuilder lists = new StringBuilder();
        groups.forEach((group, members) -> lists.append(list(group, members)));
        return TEMPLATE.replace("@PACKAGE@", Generate.PACKAGE).replace("@LISTS@", lists);
    }

    private static boolean isListed(String group) {
        return ("_" + group).matches(".*_(op|flag|feature)");
    }

    private static String list(String group, List<Row> members) {
        String prefix = commonPrefix(members);
        StringBuilder text =
                new StringBuilder(
                        "\n    /** Every {@code %s}, in the header's order. */\n".formatted(group));
        text.append("    public static final List<Entry> ")
                .append(group.toUpperCase(Locale.ROOT))
                .append("S =\n            List.of(\n");
        for (Row row : members) {
            text.append(
                    "                    new Entry(\"%s\", \"%s\", %s, \"%s\"),\n"
                            .formatted(
                                    row.name(),
                                    row.name().substring(prefix.length()),
                                    JavaText.literal(row.x86(), "long"),
                                    row.since()));
        }
        text.setLength(text.length() - 2);
        return text.append(");\n").toString();
    }

    /** What the names share up to an underscore; of a lone name, its first word. */
    private static String commonPrefix(List<Row> members) {
        String first = members.get(0).name();
        int end = first.indexOf('_') + 1;
        if (members.size() > 1) {
            for (int i = end; i < first.length(); i++) {
                String candidate = first.substring(0, i + 1);
                if (first.charAt(i) == '_'
                        && members.stream().allMatch(row -> row.name().startsWith(candidate))) {
                    end = i + 1;
                }
            }
        }
        return first.substring(0, end);
    }

    private static final String TEMPLATE =
            """
            package @PACKAGE@;

            import java.util.List;
            import java.util.Optional;

            /** The operations and flags of io_uring by name, with the kernel each one needs. */
            public final class InterfaceTable {
                private InterfaceTable() {}

                /**
                 * An operation or a flag.
                 *
                 * @param name the kernel's name, such as {@code IORING_OP_SEND_ZC}
                 * @param shortName the name without what its group shares, such as {@code SEND_ZC}
                 * @param value the number of an operation, the bit of a flag
                 * @param since the first Linux release that has it, such as {@code 6.0}
                 */
                public record Entry(String name, String shortName, long value, String since) {}
            @LISTS@
                /**
                 * Finds an operation by its number, or a flag by its bit.
                 *
                 * @param entries one of the lists of this class
                 * @param value the number or the bit
                 * @return the entry, or nothing when the table knows none
                 */
                public static Optional<Entry> find(List<Entry> entries, long value) {
                    for (Entry entry : entries) {
                        if (entry.value() == value) {
                            return Optional.of(entry);
                        }
                    }
                    return Optional.empty();
                }

                /**
                 * Spells out flags: short names joined by {@code |}, then in hexadecimal the bits
                 * without a name; {@code 0} when no bit is set.
                 *
                 * @param flags one of the lists of this class
                 * @param bits the flags to spell out, without sign extension
                 * @return the text, such as {@code SINGLE_ISSUER|DEFER_TASKRUN}
                 */
                public static String describe(List<Entry> flags, long bits) {
                    StringBuilder text = new StringBuilder();
                    long rest = bits;
                    for (Entry flag : flags) {
                        if ((rest & flag.value()) != 0) {
                            text.append(text.isEmpty() ? "" : "|").append(flag.shortName());
                            rest &= ~flag.value();
                        }
                    }
                    if (rest != 0) {
                        text.append(text.isEmpty() ? "0x" : "|0x").append(Long.toHexString(rest));
                    }
                    return text.isEmpty() ? "0" : text.toString();
                }
            }
            """;
}
