package org.uring4j.tool;

import picocli.CommandLine.IVersionProvider;

/** The version line: uring4j's own, then the JVM's and the kernel's it runs on. */
final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
        Package own = Version.class.getPackage();
        String version = own.getImplementationVersion();
        return new String[] {
            "uring4j %s (Java %s, %s %s, %s)"
                    .formatted(
                            version == null ? "unpackaged" : version,
                            Runtime.version(),
                            System.getProperty("os.name"),
                            System.getProperty("os.version"),
                            System.getProperty("os.arch"))
        };
    }
}
