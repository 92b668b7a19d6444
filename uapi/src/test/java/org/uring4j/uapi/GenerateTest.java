package org.uring4j.uapi;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.lang.reflect.Field;
import java.math.BigInteger;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

class GenerateTest {
    private static final Path TABLE = Path.of("uapi.tsv");
    private static final String FOLDER = Generate.PACKAGE.replace('.', '/');

    @TempDir private Path directory;

    @Test
    void shouldGenerateWhatTheTableSays() throws Exception {
        Generate.main(new String[] {TABLE.toString(), directory.toString()});
        boolean aarch64 = System.getProperty("os.arch").equals("aarch64");

        try (URLClassLoader loader = compile()) {
            for (Row row : Table.read(TABLE)) {
                String className =
                        row.kind() != Row.Kind.CONST
                                ? Structs.className(row.struct())
                                : row.isIoUring() ? "IoUringConstants" : "LibcConstants";
                String name =
                        switch (row.kind()) {
                            case CONST -> row.name();
                            case SIZEOF -> "SIZEOF";
                            case OFFSETOF -> row.field().toUpperCase(Locale.ROOT).replace('.', '_');
                        };
                Field field = loader.loadClass(Generate.PACKAGE + "." + className).getField(name);
                BigInteger value = aarch64 ? row.aarch64() : row.x86();
                if (row.type().equals("long")) {
                    assertThat(field.getLong(null)).as(row.name()).isEqualTo(value.longValue());
                } else {
                    assertThat(field.getType()).as(row.name()).isEqualTo(int.class);
                    assertThat(field.getInt(null)).as(row.name()).isEqualTo(value.intValue());
                }
            }
        }
    }

    @Test
    void shouldNameOperationsAndFlags() throws Exception {
        Generate.main(new String[] {TABLE.toString(), directory.toString()});

        try (URLClassLoader loader = compile()) {
            Class<?> table = loader.loadClass(Generate.PACKAGE + ".InterfaceTable");
            List<?> ops = (List<?>) table.getField("OPS").get(null);
            Object setupFlags = table.getField("SETUP_FLAGS").get(null);

            assertThat(ops.get(47))
                    .hasToString(
                            "Entry[name=IORING_OP_SEND_ZC, shortName=SEND_ZC, value=47,"
                                    + " since=6.0]");
            assertThat(
                            table.getMethod("describe", List.class, long.class)
                                    .invoke(null, setupFlags, 0x1_0000_3000L))
                    .isEqualTo("SINGLE_ISSUER|DEFER_TASKRUN|0x100000000");
            assertThat(
                            table.getMethod("describe", List.class, long.class)
                                    .invoke(null, setupFlags, 0L))
                    .isEqualTo("0");
            assertThat(table.getMethod("find", List.class, long.class).invoke(null, ops, 65L))
                    .hasToString("Optional.empty");
        }
    }

    @Test
    void shouldLeaveWhatIsUpToDateAndRemoveWhatIsGone() throws IOException {
        String[] args = {TABLE.toString(), directory.toString()};
        Generate.main(args);
        Path sqe = directory.resolve(FOLDER).resolve("IoUringSqe.java");
        Path cqe = directory.resolve(FOLDER).resolve("IoUringCqe.java");
        Path gone = directory.resolve(FOLDER).resolve("Gone.java");
        FileTime past = FileTime.fromMillis(1);
        Files.setLastModifiedTime(sqe, past);
        Files.writeString(cqe, "changed");
        Files.writeString(gone, "gone");

        Generate.main(args);

        assertThat(Files.getLastModifiedTime(sqe)).isEqualTo(past);
        assertThat(cqe).content().contains("BIG_CQE = 16");
        assertThat(gone).doesNotExist();
    }

    /** Compiles as strictly as the modules that use the classes. */
    private URLClassLoader compile() throws IOException {
        JavaCompiler javac = ToolProvider.getSystemJavaCompiler();
        StringWriter messages = new StringWriter();
        Path classes = Files.createDirectory(directory.resolve("classes"));
        try (StandardJavaFileManager files = javac.getStandardFileManager(null, null, null);
                Stream<Path> sources = Files.list(directory.resolve(FOLDER))) {
            List<String> options = List.of("-Xlint:all", "-Werror", "-d", classes.toString());
            List<File> sourceFiles = sources.map(Path::toFile).toList();
            boolean compiled =
                    javac.getTask(
                                    messages,
                                    files,
                                    null,
                                    options,
                                    null,
                                    files.getJavaFileObjectsFromFiles(sourceFiles))
                            .call();
            assertThat(compiled).as(messages.toString()).isTrue();
        }
        return new URLClassLoader(new URL[] {classes.toUri().toURL()});
    }
}
