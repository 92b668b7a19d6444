package org.uring4j.tool;

import picocli.CommandLine.IVersionProvider;

/** The version line, for the parser. */
final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
        return new String[] {Start.version()};
    }
}
