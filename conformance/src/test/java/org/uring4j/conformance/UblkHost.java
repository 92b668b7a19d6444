package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.RingConfig.SqeSize;
import org.uring4j.Sqe;
import org.uring4j.op.Files;
import org.uring4j.op.OpenFlags;
import org.uring4j.op.UblkControl;
import org.uring4j.op.UblkDevice;
import org.uring4j.op.UblkParams;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** What tests of ublk begin with: a ring, the control device, memory to be a disk. */
final class UblkHost implements AutoCloseable {
    static final int SIZE = 8 << 20;
    static final int BLOCK = 4096;
    static final long PID = ProcessHandle.current().pid();

    private static final int READ_BACK = 2 << 20;

    final Ring ring;
    final Arena arena = Arena.ofShared();
    final MemorySegment disk = arena.allocate(SIZE, BLOCK);

    private final Opened control;
    private int left = UblkDevice.ANY;

    private UblkHost(SqeSize size) {
        ring = Ring.open(RingConfig.of(8).sqeSize(size));
        control = Opened.open(ring, Path.of(Needs.device("ublk")), OpenFlags.O_RDWR);
    }

    static UblkHost open(SqeSize size) {
        Needs.kernel("6.4", "UBLK_U_CMD_ADD_DEV");
        return new UblkHost(size);
    }

    static UblkHost open() {
        return open(SqeSize.B128);
    }

    /** The slot for a command to the control device. */
    Sqe next() {
        return ring.next128();
    }

    /** The control device. */
    int fd() {
        return control.fd();
    }

    void needs(long features) {
        Needs.kernel("6.5", "UBLK_U_CMD_GET_FEATURES");
        MemorySegment known = arena.allocate(JAVA_LONG);
        UblkControl.getFeatures(next(), fd(), known);
        Net.ok(ring);
        long missing = features & ~known.get(JAVA_LONG, 0);
        Needs.that(missing == 0, "the driver has no features 0x" + Long.toHexString(missing));
    }

    UblkDevice add(long flags) {
        return add(flags, UblkParams.allocate(arena, SIZE));
    }

    UblkDevice add(long flags, UblkParams params) {
        return add(UblkDevice.allocate(arena).depth(8).flags(flags), params);
    }

    UblkDevice add(UblkDevice device, UblkParams params) {
        UblkControl.addDev(next(), fd(), device);
        Net.ok(ring);
        left = device.id();
        UblkControl.setParams(next(), fd(), device.id(), params);
        Net.ok(ring);
        return device;
    }

    void start(UblkDevice device) {
        UblkControl.startDev(next(), fd(), device.id(), PID);
        Net.ok(ring);
        assertThat(block(device)).exists();
    }

    void stop(UblkDevice device) {
        UblkControl.stopDev(next(), fd(), device.id());
        Net.ok(ring);
    }

    void remove(UblkDevice device) {
        UblkControl.delDev(next(), fd(), device.id());
        Net.ok(ring);
        left = UblkDevice.ANY;
    }

    static Path block(UblkDevice device) {
        return Path.of("/dev/ublkb" + device.id());
    }

    static Path character(UblkDevice device) {
        return Path.of("/dev/ublkc" + device.id());
    }

    /** The block device, past the page cache. */
    Opened opened(UblkDevice device) {
        return Opened.open(ring, block(device), OpenFlags.O_RDWR | OpenFlags.O_DIRECT);
    }

    /** The block device holds what is expected. */
    void compare(UblkDevice device, MemorySegment expected) {
        try (Opened opened = opened(device)) {
            MemorySegment read = arena.allocate(READ_BACK, BLOCK);
            Files.read(ring.next(), opened.fd(), read, 0);
            assertThat(Net.ok(ring)).isEqualTo(READ_BACK);
            assertThat(read.mismatch(expected.asSlice(0, READ_BACK))).isEqualTo(-1);
        }
    }

    @Override
    public void close() {
        if (left != UblkDevice.ANY) {
            // The test has failed; its server ends with the device.
            UblkControl.stopDev(next(), fd(), left).userData(1);
            Completions.until(ring, completion -> completion.userData() == 1);
            UblkControl.delDevAsync(next(), fd(), left).userData(2);
            Completions.until(ring, completion -> completion.userData() == 2);
        }
        control.close();
        ring.close();
        arena.close();
    }
}
