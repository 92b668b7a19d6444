package org.uring4j.tool;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

class UapiCommandTest {
    private final List<String> lines = Cli.run("uapi", "--tsv").out().lines().toList();

    @Test
    void shouldPrintFourColumns() {
        String kinds = "(const|sizeof|offsetof)";
        assertThat(lines)
                .allMatch(line -> line.matches("[\\w.]+\t" + kinds + "\t-?\\d+\t[2-9][\\d.]+"))
                .contains(
                        "io_uring_sqe\tsizeof\t64\t5.1",
                        "io_uring_sqe.opcode\toffsetof\t0\t5.1",
                        "IORING_OP_SEND_ZC\tconst\t47\t6.0",
                        "IORING_ZCRX_AREA_MASK\tconst\t18446462598732840960\t6.15");
        assertThat(lines.stream().map(line -> line.replaceFirst("\t.*", "")))
                .doesNotHaveDuplicates();
    }

    @Test
    void shouldPrintTheWholeTable() throws IOException {
        List<String> table = Files.readAllLines(Path.of("../uapi/uapi.tsv"));
        assertThat(lines).hasSize(table.size() - 1);
    }

    @Test
    void shouldPrintThisMachinesValues() {
        String directory = System.getProperty("os.arch").equals("aarch64") ? "16384" : "65536";
        assertThat(lines).anyMatch(line -> line.startsWith("O_DIRECTORY\tconst\t" + directory));
    }

    @Test
    void shouldPrintWhatIsAskedFor() {
        Cli.Result result = Cli.run("uapi", "send_zc");
        assertThat(result.exitCode()).isZero();
        assertThat(result.out().lines().skip(1)).isNotEmpty().allMatch(l -> l.contains("SEND_ZC"));
        assertThat(result.out()).startsWith("linux/io_uring.h\n");
    }

    @Test
    void shouldFailWhenThereIsNoSuchName() {
        Cli.Result result = Cli.run("uapi", "no_such_name");
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.error()).contains("no_such_name");
    }
}
