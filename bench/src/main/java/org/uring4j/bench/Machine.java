package org.uring4j.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the numbers were measured on. */
final class Machine {
    private Machine() {}

    static void print(PrintStream out) {
        out.printf(
                "machine: Linux %s, %d x %s, load %s%n",
                firstLine("/proc/sys/kernel/osrelease"),
                Runtime.getRuntime().availableProcessors(),
                processor(),
                firstLine("/proc/loadavg").split(" ", 2)[0]);
        out.printf(
                "java:    %s %s (%s)%n",
                System.getProperty("java.vm.name"),
                Runtime.version(),
                System.getProperty("java.vendor"));
    }

    private static String processor() {
        try {
            return Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
                    .filter(line -> line.startsWith("model name"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse(System.getProperty("os.arch"));
        } catch (IOException e) {
            return System.getProperty("os.arch");
        }
    }

    private static String firstLine(String file) {
        try {
            return Files.readString(Path.of(file)).lines().findFirst().orElse("?");
        } catch (IOException e) {
            return "?";
        }
    }
}
