package org.uring4j.tool;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.uring4j.Kernel;
import org.uring4j.KernelFeature;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

class ProbeCommandTest {
    private static final char ESCAPE = '\033';

    @TempDir Path directory;

    @Test
    void shouldTellPeopleAllThereIs() {
        Cli.Result result = Cli.run("probe");
        assertThat(result.exitCode()).isZero();
        assertThat(result.err()).isEmpty();
        assertThat(result.out())
                .contains(
                        "Linux " + Kernel.current().release(), "can be used", "memlock", "seccomp")
                .contains("Network interfaces", " lo ")
                .doesNotContain("null")
                .doesNotContain(String.valueOf(ESCAPE));
        for (KernelFeature feature : Kernel.current().features()) {
            assertThat(result.out()).contains(feature.shortName());
            if (!feature.present()) {
                assertThat(result.out()).contains(feature.reason());
            }
        }
    }

    @Test
    void shouldBeColouredWhereThereIsColour() {
        assertThat(Cli.run(true, "probe").out()).contains(ESCAPE + "[");
    }

    @Test
    void shouldTellProgramsAllThereIs() throws IOException {
        Cli.Result result = Cli.run("probe", "--json");
        assertThat(result.exitCode()).isZero();
        Map<String, Object> json = JSON.std.mapFrom(result.out());
        assertThat(json)
                .containsEntry("release", Kernel.current().release())
                .containsEntry("available", true)
                .containsEntry("obstacle", null)
                .containsKeys("version", "source", "access", "features", "zcrx", "ringHeaderBytes");
        List<Object> features = new ArrayList<>();
        ((Map<?, ?>) json.get("features"))
                .values()
                .forEach(kind -> features.addAll((List<?>) kind));
        assertThat(features)
                .hasSameSizeAs(Kernel.current().features())
                .filteredOn(feature -> ((Map<?, ?>) feature).get("name").equals("IORING_OP_NOP"))
                .singleElement()
                .hasToString("{name=IORING_OP_NOP, since=5.1, present=true, reason=null}");
    }

    @Test
    void shouldSayWhyIoUringCannotBeUsed() throws Exception {
        Needs.program("python3", "python3");
        Process process =
                new ProcessBuilder(withoutIoUring(Cli.command("probe")))
                        .redirectErrorStream(true)
                        .redirectOutput(directory.resolve("out").toFile())
                        .start();
        assertThat(Cli.await(process)).isEqualTo(1);
        assertThat(Files.readString(directory.resolve("out")))
                .contains("cannot be used", "EPERM", "seccomp", "io_uring_setup")
                .doesNotContain("\tat ");
    }

    @Test
    void shouldFailInOneLineWhenIoUringCannotBeUsed() throws Exception {
        Needs.program("python3", "python3");
        for (List<String> command :
                List.of(
                        Cli.command("demo"),
                        Cli.command("send", "/etc/hostname", "localhost:1"),
                        Cli.command("receive", "1", "-o", directory.resolve("f").toString()))) {
            Path err = directory.resolve("err");
            Process process =
                    new ProcessBuilder(withoutIoUring(command)).redirectError(err.toFile()).start();
            assertThat(Cli.await(process)).isEqualTo(1);
            assertThat(Files.readAllLines(err))
                    .singleElement()
                    .asString()
                    .startsWith("uring4j: io_uring_setup: EPERM")
                    .contains("seccomp");
        }
    }

    @Test
    void shouldSayWhatInterfaceLacks() {
        Cli.Result result = Cli.run("probe", "--nic", "lo");
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.out())
                .contains("lo for zero-copy receive", "driver", "none", "cannot be used")
                .doesNotContain("null");
    }

    @Test
    void shouldNameInterfacesThereAre() {
        Cli.Result result = Cli.run("probe", "--nic", "absent");
        assertThat(result.exitCode()).isEqualTo(1);
        assertThat(result.err()).contains("no network interface absent", "lo").hasLineCount(1);
    }

    /** Under a filter as container runtimes have it: io_uring_setup is not permitted. */
    private static List<String> withoutIoUring(List<String> command) {
        String filter =
                """
                import ctypes, os, struct, sys
                def ins(code, jt, jf, k): return struct.pack("HBBI", code, jt, jf, k)
                load = ins(0x20, 0, 0, 0)
                if_setup = ins(0x15, 0, 1, 425)
                refuse = ins(6, 0, 0, 0x00050001)
                allow = ins(6, 0, 0, 0x7fff0000)
                code = ctypes.create_string_buffer(load + if_setup + refuse + allow)
                program = struct.pack("HxxxxxxQ", 4, ctypes.addressof(code))
                libc = ctypes.CDLL(None)
                assert libc.prctl(38, 1, 0, 0, 0) == 0
                assert libc.prctl(22, 2, ctypes.create_string_buffer(program), 0, 0) == 0
                os.execv(sys.argv[1], sys.argv[1:])
                """;
        List<String> filtered = new ArrayList<>(List.of("python3", "-c", filter));
        filtered.addAll(command);
        return filtered;
    }
}
