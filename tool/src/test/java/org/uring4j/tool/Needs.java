package org.uring4j.tool;

import org.opentest4j.TestAbortedException;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** What a test needs of the machine; without it the test is skipped, and the reason printed. */
final class Needs {
    private Needs() {}

    /** A program on the PATH. */
    static void program(String name, String debianPackage) {
        boolean there =
                Arrays.stream(System.getenv("PATH").split(":", -1))
                        .anyMatch(directory -> Files.isExecutable(Path.of(directory, name)));
        that(there, name + " is not installed: apt-get install " + debianPackage);
    }

    static void that(boolean there, String otherwise) {
        if (!there) {
            System.out.println("skipped: " + otherwise);
            throw new TestAbortedException(otherwise);
        }
    }
}
