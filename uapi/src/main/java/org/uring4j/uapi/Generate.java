package org.uring4j.uapi;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Writes the Java constants and layouts of {@code uapi.tsv}. */
public final class Generate {
    static final String PACKAGE = "org.uring4j.internal.uapi";

    private Generate() {}

    /**
     * Writes the classes; a file that would not change is left alone, so that nothing is compiled
     * again for it, and a class the table no longer yields is removed.
     *
     * @param args the table, and the root directory of the sources to write
     * @throws IOException if the table cannot be read or a class cannot be written
     */
    public static void main(String[] args) throws IOException {
        if (args.length != 2) {
            System.err.println("usage: java Generate.java uapi.tsv OUTDIR");
            System.exit(2);
        }
        Map<String, String> classes = classes(Table.read(Path.of(args[0])));
        write(classes, Path.of(args[1]).resolve(PACKAGE.replace('.', '/')));
    }

    /** The text of every class by its simple name. */
    static Map<String, String> classes(List<Row> rows) {
        Map<String, String> classes = new TreeMap<>();
        classes.put("Arch", JavaText.arch());
        classes.put(
                "IoUringConstants",
                Constants.text(
                        "IoUringConstants",
                        "Constants of the kernel's io_uring headers.",
                        rows.stream().filter(Row::isIoUring).toList()));
        classes.put(
                "LibcConstants",
                Constants.text(
                        "LibcConstants",
                        "Constants of the other headers that requests need.",
                        rows.stream().filter(row -> !row.isIoUring()).toList()));
        classes.put("InterfaceTable", InterfaceTable.text(rows));
        classes.putAll(Structs.texts(rows));
        return classes;
    }

    private static void write(Map<String, String> classes, Path directory) throws IOException {
        Files.createDirectories(directory);
        try (Stream<Path> present = Files.list(directory)) {
            for (Path file : present.toList()) {
                String name = file.getFileName().toString();
                if (name.endsWith(".java") && !classes.containsKey(name.replace(".java", ""))) {
                    Files.delete(file);
                }
            }
        }
        for (Map.Entry<String, String> entry : classes.entrySet()) {
            Path file = directory.resolve(entry.getKey() + ".java");
            if (!Files.exists(file) || !Files.readString(file).equals(entry.getValue())) {
                Files.writeString(file, entry.getValue());
            }
        }
    }
}
