package org.uring4j.uapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

class TableTest {
    @TempDir private Path directory;

    @Test
    void shouldNumberOperationsWithoutGaps() throws IOException {
        List<Row> rows = Table.read(Path.of("uapi.tsv"));
        for (String group : List.of("op", "register_op")) {
            List<Row> operations = rows.stream().filter(row -> row.group().equals(group)).toList();
            assertThat(operations).isNotEmpty();
            for (int i = 0; i < operations.size(); i++) {
                assertThat(operations.get(i).x86()).as(group).isEqualTo(BigInteger.valueOf(i));
            }
        }
    }

    @Test
    void shouldReadOneValuePerMachine() throws IOException {
        List<Row> rows = read("O_DIRECT\tconst\t16384|65536\t2.6\tlinux/fcntl.h\tint\topen_flag");

        assertThat(rows).hasSize(1);
        assertThat(rows.get(0).x86()).isEqualTo(16384);
        assertThat(rows.get(0).aarch64()).isEqualTo(65536);
        assertThat(rows.get(0).sameOnEveryMachine()).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiterString = " => ",
            textBlock =
                    """
                    A const 1 2.6 h.h int => 7 columns
                    A macro 1 2.6 h.h int g => kind=macro
                    A.b const 1 2.6 h.h int g => a plain name
                    A const 1 now h.h int g => since=now
                    A const 1|2|3 2.6 h.h int g => X86_64|AARCH64
                    A const 4294967296 2.6 h.h int g => is no int
                    A const 1 2.6 h.h short g => neither int nor long
                    A const 1 2.6 h.h int - => needs a group
                    A sizeof -1 2.6 h.h struct - => is negative
                    A.b offsetof 0 2.6 h.h u8 - => follow its struct's sizeof
                    """)
    void shouldRefuse(String row, String reason) {
        assertThatThrownBy(() -> read(row.replace(' ', '\t')))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("line=2")
                .hasMessageContaining(reason);
    }

    @Test
    void shouldRefuseANameTwice() {
        String row = "A\tconst\t1\t2.6\th.h\tint\tg";

        assertThatThrownBy(() -> read(row, row))
                .hasMessageContaining("line=3")
                .hasMessageContaining("twice");
    }

    private List<Row> read(String... rows) throws IOException {
        Path tsv = directory.resolve("table.tsv");
        Files.writeString(tsv, Table.HEADER_LINE + "\n" + String.join("\n", rows) + "\n");
        return Table.read(tsv);
    }
}
