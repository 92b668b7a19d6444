package org.uring4j;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A kernel release: what features are dated by.
 *
 * @param major as 6 in 6.18
 * @param minor as 18 in 6.18
 */
public record KernelVersion(int major, int minor) implements Comparable<KernelVersion> {
    private static final Pattern RELEASE = Pattern.compile("(\\d+)\\.(\\d+).*", Pattern.DOTALL);

    /**
     * Reads a release such as {@code 6.18} or {@code 6.18.44-amd64}.
     *
     * @throws IllegalArgumentException when it does not begin with two numbers
     */
    public static KernelVersion parse(String release) {
        Matcher matcher = RELEASE.matcher(release);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("not a kernel release: " + release);
        }
        return new KernelVersion(
                Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)));
    }

    /**
     * The running kernel's ({@code /proc/sys/kernel/osrelease}). Distributions carry features over
     * to older releases: ask the kernel what is there, and this only for messages.
     */
    public static KernelVersion running() {
        return parse(runningRelease());
    }

    /** The running kernel's release as it says it, for instance {@code 6.18.44-amd64}. */
    static String runningRelease() {
        try {
            return Files.readString(Path.of("/proc/sys/kernel/osrelease")).strip();
        } catch (IOException e) {
            return System.getProperty("os.version", "0.0");
        }
    }

    @Override
    public int compareTo(KernelVersion other) {
        return Comparator.comparingInt(KernelVersion::major)
                .thenComparingInt(KernelVersion::minor)
                .compare(this, other);
    }

    @Override
    public String toString() {
        return major + "." + minor;
    }
}
