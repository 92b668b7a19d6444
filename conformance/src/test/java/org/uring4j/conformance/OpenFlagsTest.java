package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.uring4j.Errno;
import org.uring4j.KernelVersion;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.op.Files;
import org.uring4j.op.OpenFlags;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** {@code IORING_OP_OPENAT2} of nothing but regular files. */
class OpenFlagsTest {
    private static final boolean KNOWN =
            KernelVersion.running().compareTo(KernelVersion.parse("7.2")) >= 0;

    @TempDir private Path directory;

    private final Arena arena = Arena.ofAuto();

    private Completion open(Ring ring, Path path, long flags) {
        MemorySegment how = OpenFlags.how(arena, flags | OpenFlags.OPENAT2_REGULAR, 0, 0);
        MemorySegment name = arena.allocateFrom(path.toString());
        Files.openat2(ring.next(), Files.AT_FDCWD, name, how);
        return Completions.one(ring);
    }

    @Test
    void shouldOpenRegularFilesAlone() throws Exception {
        Needs.kernel("7.2", "OPENAT2_REGULAR");
        Path file = java.nio.file.Files.writeString(directory.resolve("file"), "text");
        try (Ring ring = Ring.open(RingConfig.of(4))) {
            Net.close(ring, Net.ok(open(ring, file, OpenFlags.O_RDONLY)));
            Completion device = open(ring, Path.of("/dev/null"), OpenFlags.O_RDONLY);
            assertThat(device.failed(Errno.EFTYPE)).as("%s", device).isTrue();
            Completion folder = open(ring, directory, OpenFlags.O_RDONLY);
            assertThat(folder.result()).as("a directory").isNegative();
            Completion both = open(ring, directory, OpenFlags.O_DIRECTORY);
            assertThat(both.failed(Errno.EINVAL)).as("%s", both).isTrue();
        }
    }

    @Test
    void shouldFailOnOlderKernels() {
        Needs.that(!KNOWN, "this kernel knows OPENAT2_REGULAR");
        try (Ring ring = Ring.open(RingConfig.of(4))) {
            Completion opened = open(ring, Path.of("/dev/null"), OpenFlags.O_RDONLY);
            assertThat(opened.failed(Errno.EINVAL)).as("%s", opened).isTrue();
        }
    }
}
