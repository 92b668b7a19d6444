package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import org.junit.jupiter.api.Test;
import org.uring4j.Errno;
import org.uring4j.op.Nops;
import org.uring4j.op.UblkControl;
import org.uring4j.op.UblkDevice;
import org.uring4j.op.UblkParams;
import org.uring4j.op.UblkPath;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** {@code IORING_OP_URING_CMD} to ublk devices of those who are not root. */
@NeedsDevice("ublk")
class UblkPathTest {
    private static final int CAPABILITY_VERSION = 0x20080522;
    private static final int CAP_SYS_ADMIN = 21;

    @Test
    void shouldServeDeviceOfOneWhoMayNotAdministrate() throws Exception {
        Apart.thread(
                () -> {
                    dropAdministration();
                    try (UblkHost host = UblkHost.open()) {
                        host.needs(UblkDevice.F_UNPRIVILEGED_DEV);
                        serve(host);
                    }
                });
    }

    private static void serve(UblkHost host) throws Exception {
        UblkDevice device = UblkDevice.allocate(host.arena).depth(8);
        UblkControl.addDev(host.next(), host.fd(), device);
        assertThat(Completions.one(host.ring).failed(Errno.EPERM)).as("privileged").isTrue();
        device.flags(UblkDevice.F_UNPRIVILEGED_DEV);
        UblkControl.addDev(host.next(), host.fd(), device);
        Net.ok(host.ring);
        int id = device.id();
        UblkPath path = UblkPath.of(host.arena, UblkHost.character(device).toString());
        UblkParams plain = UblkParams.allocate(host.arena, UblkHost.SIZE);
        UblkControl.setParams(host.next(), host.fd(), id, plain);
        assertThat(Completions.one(host.ring).failed(Errno.EINVAL)).as("no path").isTrue();
        UblkParams params = UblkParams.allocate(path, UblkHost.SIZE);
        UblkControl.path(UblkControl.setParams(host.next(), host.fd(), id, params), path);
        Net.ok(host.ring);
        UblkServer server = new UblkServer(UblkServer.Way.COPY, device, host.disk, null);
        UblkControl.path(UblkControl.startDev(host.next(), host.fd(), id, UblkHost.PID), path);
        Net.ok(host.ring);
        host.disk.copyFrom(MemorySegment.ofArray(Net.random(UblkHost.SIZE, 4)));
        host.compare(device, host.disk);
        UblkDevice told = UblkDevice.allocate(path);
        UblkControl.path(UblkControl.getDevInfo(host.next(), host.fd(), id, told), path);
        Net.ok(host.ring);
        assertThat(told.state()).isEqualTo(UblkDevice.S_DEV_LIVE);
        assertThat(told.flags() & UblkDevice.F_UNPRIVILEGED_DEV).isNotZero();
        MemorySegment processors = path.allocate(128, 8);
        UblkControl.path(
                UblkControl.getQueueAffinity(host.next(), host.fd(), id, 0, processors), path);
        Net.ok(host.ring);
        assertThat(processors.get(JAVA_LONG, 0)).isNotZero();
        UblkControl.path(UblkControl.stopDev(host.next(), host.fd(), id), path);
        Net.ok(host.ring);
        server.join();
        UblkControl.path(UblkControl.delDev(host.next(), host.fd(), id), path);
        Net.ok(host.ring);
    }

    @Test
    void shouldTellWhoeverMayReadThePath() throws Exception {
        try (UblkHost host = UblkHost.open()) {
            UblkDevice device = host.add(0);
            UblkPath path = UblkPath.of(host.arena, UblkHost.character(device).toString());
            UblkDevice told = UblkDevice.allocate(path);
            UblkControl.getDevInfo2(host.next(), host.fd(), device.id(), told, path);
            Net.ok(host.ring);
            assertThat(told.id()).isEqualTo(device.id());
            assertThat(told.depth()).isEqualTo(device.depth());
            UblkPath other = UblkPath.of(host.arena, "/dev/null");
            UblkControl.getDevInfo2(
                    host.next(), host.fd(), device.id(), UblkDevice.allocate(other), other);
            assertThat(Completions.one(host.ring).failed(Errno.EPERM)).isTrue();
            UblkPath none = UblkPath.of(host.arena, "/dev/ublkc-none");
            UblkControl.getDevInfo2(
                    host.next(), host.fd(), device.id(), UblkDevice.allocate(none), none);
            assertThat(Completions.one(host.ring).failed(Errno.ENOENT)).isTrue();
            host.remove(device);
        }
    }

    @Test
    void shouldRefuseWhatWasNotAllocatedFromThePath() {
        try (UblkHost host = UblkHost.open()) {
            UblkPath path = UblkPath.of(host.arena, "/dev/ublkc0");
            UblkDevice apart = UblkDevice.allocate(host.arena);
            assertThatThrownBy(
                            () -> UblkControl.getDevInfo2(host.next(), host.fd(), 0, apart, path))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("UblkParams.allocate(path, size)");
            assertThatThrownBy(() -> UblkControl.path(Nops.nop(host.ring.next()), path))
                    .isInstanceOf(IllegalStateException.class);
            assertThat(host.ring.submissions().ready()).isZero();
            assertThatThrownBy(() -> path.allocate(8, 16)).hasMessageContaining("alignment=16");
            assertThatThrownBy(() -> UblkPath.of(host.arena, "/" + "d".repeat(4096)))
                    .hasMessageContaining("bytes=4097");
        }
    }

    /** Of this thread, and those it starts. */
    private static void dropAdministration() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment header = arena.allocateFrom(JAVA_INT, CAPABILITY_VERSION, 0);
            // Effective, permitted and inheritable, of 32 capabilities, then of the others.
            MemorySegment sets = arena.allocate(24, 4);
            Libc.callAny("capget", header, sets);
            int effective = sets.get(JAVA_INT, 0);
            Needs.that((effective & 1 << CAP_SYS_ADMIN) != 0, "not root");
            sets.set(JAVA_INT, 0, effective & ~(1 << CAP_SYS_ADMIN));
            Libc.callAny("capset", header, sets);
        }
    }
}
