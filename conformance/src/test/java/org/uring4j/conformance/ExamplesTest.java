package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.InvocationTargetException;
import java.net.URI;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.spi.ToolProvider;

/** Every block of Java in the documentation compiles, and those that can be run do as they say. */
@Timeout(120)
class ExamplesTest {
    private static final Path ROOT = Path.of("..");

    @TestFactory
    List<DynamicTest> shouldCompileAndRun(@TempDir Path folder) throws Exception {
        Needs.that(Files.exists(ROOT.resolve("README.md")), "no README.md beside the module");
        Optional<ToolProvider> javac = ToolProvider.findFirst("javac");
        Needs.that(javac.isPresent(), "no compiler in this run-time");
        List<Example> examples = examples();
        assertThat(examples).isNotEmpty();
        List<String> arguments = new ArrayList<>();
        arguments.addAll(
                List.of("-proc:none", "-Xlint:all,-path", "-Werror", "-d", folder.toString()));
        arguments.addAll(List.of("-cp", System.getProperty("java.class.path")));
        for (Example example : examples) {
            Path source = folder.resolve(example.className() + ".java");
            Files.writeString(source, example.source());
            arguments.add(source.toString());
        }
        StringWriter said = new StringWriter();
        PrintWriter out = new PrintWriter(said);
        int failed = javac.get().run(out, out, arguments.toArray(String[]::new));
        assertThat(failed).as("%s", errors(said.toString(), folder, examples)).isZero();
        define(folder);
        List<DynamicTest> tests = new ArrayList<>();
        for (Example example : examples) {
            URI place = ROOT.resolve(example.page()).toUri();
            String title = example.page() + ":" + example.line();
            if (example.runs()) {
                tests.add(dynamicTest(title, place, () -> run(example)));
            }
        }
        return tests;
    }

    private static List<Example> examples() throws IOException {
        List<Example> examples = new ArrayList<>(Example.of(ROOT, Path.of("README.md")));
        Path docs = ROOT.resolve("docs");
        try (DirectoryStream<Path> pages = Files.newDirectoryStream(docs, "*.md")) {
            for (Path page : pages) {
                examples.addAll(Example.of(ROOT, ROOT.relativize(page)));
            }
        }
        return examples;
    }

    /** What the compiler said, with the pages' names; the lines are theirs. */
    private static String errors(String said, Path folder, List<Example> examples) {
        String errors = said.replace(folder + "/", "");
        for (Example example : examples) {
            errors = errors.replace(example.className() + ".java", example.page().toString());
        }
        return errors;
    }

    /** Loads the examples into this package, so that what they hide can use what tests use. */
    private static void define(Path folder) throws IOException, IllegalAccessException {
        Path classes = folder.resolve("org/uring4j/conformance");
        try (DirectoryStream<Path> files = Files.newDirectoryStream(classes, "*.class")) {
            for (Path file : files) {
                MethodHandles.lookup().defineClass(Files.readAllBytes(file));
            }
        }
    }

    private static void run(Example example) throws Throwable {
        try {
            Class.forName("org.uring4j.conformance." + example.className())
                    .getDeclaredMethod("run")
                    .invoke(null);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
