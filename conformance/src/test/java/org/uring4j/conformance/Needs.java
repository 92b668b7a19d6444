package org.uring4j.conformance;

import org.opentest4j.TestAbortedException;
import org.uring4j.KernelVersion;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** What a test needs of the kernel; without it the test is skipped, and the reason printed. */
final class Needs {
    private Needs() {}

    /** At least this release. */
    static void kernel(String release, String what) {
        KernelVersion running = KernelVersion.running();
        if (running.compareTo(KernelVersion.parse(release)) < 0) {
            throw skip(what + " needs Linux " + release + ", this is " + running);
        }
    }

    /** Some other thing, as root's rights or a device. */
    static void that(boolean there, String otherwise) {
        if (!there) {
            throw skip(otherwise);
        }
    }

    /** A program on the path, which a Debian package has. */
    static void program(String name, String debianPackage) {
        boolean there =
                Stream.of(System.getenv("PATH").split(":", -1))
                        .anyMatch(directory -> Files.isExecutable(Path.of(directory, name)));
        that(there, name + " is missing: apt-get install " + debianPackage);
    }

    /** What is known of a device: a path, an address, a name, as {@code lab/devices} says. */
    static String device(String name) {
        String value = System.getProperty("uring4j.device." + name);
        if (value == null) {
            throw skip("no device " + name);
        }
        return value;
    }

    /** The kernel knows that a block device has protection information. */
    static void integrity(String device) {
        Path format = Path.of(device.replace("/dev", "/sys/block"), "integrity/format");
        that(Files.exists(format), "CONFIG_BLK_DEV_INTEGRITY is not set, there is no " + format);
    }

    static TestAbortedException skip(String reason) {
        System.out.println("skipped: " + reason);
        return new TestAbortedException(reason);
    }
}
