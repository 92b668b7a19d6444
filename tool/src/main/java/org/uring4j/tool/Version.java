package org.uring4j.tool;

import picocli.CommandLine.IVersionProvider;

/** The version line: uring4j's own, then the JVM's and the kernel's it runs on. */
final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
        return new String[] {line()};
    }

    static String line() {
        String version = Version.class.getPackage().getImplementationVersion();
        return "uring4j "
                + (version == null ? "unpackaged" : version)
                + " (Java "
                + Runtime.version()
                + ", "
                + System.getProperty("os.name")
                + " "
                + System.getProperty("os.version")
                + ", "
                + System.getProperty("os.arch")
                + ")";
    }
}
