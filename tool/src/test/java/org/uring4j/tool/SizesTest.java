package org.uring4j.tool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import picocli.CommandLine.TypeConversionException;

class SizesTest {
    private final Sizes sizes = new Sizes();

    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "4096, 4096",
        "64K, 65536",
        "64k, 65536",
        "1M, 1048576",
        "1MiB, 1048576",
        "2GB, 2147483648",
        "1T, 1099511627776"
    })
    void shouldReadSizes(String text, long bytes) {
        assertThat(sizes.convert(text)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "K", "-1", "1.5M", "1X", "999999999999T", "9999999999999"})
    void shouldRefuseOthers(String text) {
        assertThatThrownBy(() -> sizes.convert(text)).isInstanceOf(TypeConversionException.class);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0 bytes",
        "1, 1 byte",
        "1023, 1023 bytes",
        "1024, 1 KiB",
        "10240, 10 KiB",
        "1536, 1.5 KiB",
        "268435456, 256 MiB",
        "9223372036854775807, 8 EiB"
    })
    void shouldFormatSizes(long bytes, String text) {
        assertThat(Sizes.format(bytes)).isEqualTo(text);
    }
}
