package org.uring4j.tool;

import java.io.PrintWriter;
import java.io.Writer;

/** The command without a process of its own, which takes long to start in the kernel lab. */
public final class InThisProcess {
    private InThisProcess() {}

    /** Runs it, with what it says for standard error; the exit code. */
    public static int run(PrintWriter err, String... args) {
        return Main.run(new PrintWriter(Writer.nullWriter()), err, false, args);
    }
}
