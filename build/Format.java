import com.google.googlejavaformat.java.Main;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** {@code java Format.java check|write DIRECTORY}: google-java-format over all our Java files. */
final class Format {
    private Format() {}

    public static void main(String[] args) throws Exception {
        boolean write = args[0].equals("write");
        List<String> command = new ArrayList<>(List.of("--aosp"));
        command.addAll(write ? List.of("--replace") : List.of("--dry-run"));
        command.addAll(javaFiles(Path.of(args[1])));

        StringWriter unformatted = new StringWriter();
        StringWriter errors = new StringWriter();
        PrintWriter out = new PrintWriter(unformatted);
        PrintWriter err = new PrintWriter(errors);
        int status =
                new Main(out, err, InputStream.nullInputStream())
                        .format(command.toArray(String[]::new));
        out.flush();
        err.flush();

        System.err.print(errors);
        if (!unformatted.toString().isEmpty()) {
            System.err.print(unformatted);
            System.err.println("Not formatted as google-java-format --aosp does. Run build/format");
        }
        System.exit(status != 0 || !unformatted.toString().isEmpty() ? 1 : 0);
    }

    private static List<String> javaFiles(Path root) throws IOException {
        try (var paths = Files.walk(root)) {
            return paths.filter(path -> path.toString().endsWith(".java"))
                    .filter(path -> !isGenerated(root.relativize(path)))
                    .map(Path::toString)
                    .sorted()
                    .toList();
        }
    }

    private static boolean isGenerated(Path path) {
        return Arrays.asList(path.toString().split("/")).contains("target");
    }
}
