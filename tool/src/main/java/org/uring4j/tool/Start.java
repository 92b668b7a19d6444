package org.uring4j.tool;

/** Where the command starts: what can be said without loading the parser is said at once. */
public final class Start {
    private Start() {}

    /**
     * Runs the command and ends the JVM with its exit code.
     *
     * @param args the command line
     */
    public static void main(String[] args) {
        if (args.length == 1 && args[0].equals("--version")) {
            System.out.println(version());
        } else {
            Main.main(args);
        }
    }

    /** uring4j's version, then the JVM's and the kernel's it runs on. */
    static String version() {
        String version = Start.class.getPackage().getImplementationVersion();
        // Not by +, which would generate code for it at start-up.
        return "uring4j "
                .concat(version == null ? "unpackaged" : version)
                .concat(" (Java ")
                .concat(System.getProperty("java.runtime.version"))
                .concat(", ")
                .concat(System.getProperty("os.name"))
                .concat(" ")
                .concat(System.getProperty("os.version"))
                .concat(", ")
                .concat(System.getProperty("os.arch"))
                .concat(")");
    }
}
