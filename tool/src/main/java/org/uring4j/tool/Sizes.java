package org.uring4j.tool;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Numbers of bytes as people write them: {@code 64K}, {@code 1.5 GiB}. */
final class Sizes implements ITypeConverter<Long> {
    private static final String UNITS = "KMGT";
    private static final Pattern SIZE = Pattern.compile("([0-9]{1,12})([KMGT]?)(?:i?B)?");

    /** Reads {@code 4096}, {@code 64K}, {@code 1M}, {@code 2GiB}; the units are powers of 1024. */
    @Override
    public Long convert(String value) {
        Matcher matcher = SIZE.matcher(value.strip().toUpperCase(Locale.ROOT).replace("IB", "B"));
        if (!matcher.matches()) {
            throw new TypeConversionException(
                    "'" + value + "' is no size; write a number of bytes, or 64K, 1M, 2G");
        }
        int power = matcher.group(2).isEmpty() ? 0 : UNITS.indexOf(matcher.group(2)) + 1;
        long number = Long.parseLong(matcher.group(1));
        if (number > Long.MAX_VALUE >> (10 * power)) {
            throw new TypeConversionException("'" + value + "' is too large");
        }
        return number << (10 * power);
    }

    /** As {@code 512 bytes}, {@code 8 MiB}, {@code 1.5 GiB}. */
    static String format(long bytes) {
        int power = Math.max(0, (63 - Long.numberOfLeadingZeros(Math.max(bytes, 1))) / 10);
        if (power == 0) {
            return bytes == 1 ? "1 byte" : bytes + " bytes";
        }
        double scaled = bytes / (double) (1L << (10 * power));
        String digits = String.format(Locale.ROOT, "%.2f", scaled).replaceFirst("\\.?0+$", "");
        return digits + " " + "KMGTPE".charAt(power - 1) + "iB";
    }
}
