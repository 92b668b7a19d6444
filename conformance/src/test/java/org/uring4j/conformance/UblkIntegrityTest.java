package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.uring4j.Errno;
import org.uring4j.op.Files;
import org.uring4j.op.ProtectionInformation;
import org.uring4j.op.ReadWriteAttributes;
import org.uring4j.op.UblkControl;
import org.uring4j.op.UblkDevice;
import org.uring4j.op.UblkParams;

import java.lang.foreign.MemorySegment;

/** {@code IORING_OP_URING_CMD} on ublk devices whose blocks carry protection information. */
@NeedsDevice("ublk")
class UblkIntegrityTest {
    private static final long FLAGS = UblkDevice.F_INTEGRITY | UblkDevice.F_USER_COPY;
    private static final int INTERVAL = 512;
    private static final int TUPLE = 8;
    private static final int BLOCKS = 16;

    @Test
    void shouldServeProtectionInformation() throws Exception {
        try (UblkHost host = UblkHost.open()) {
            host.needs(FLAGS);
            UblkParams params =
                    UblkParams.allocate(host.arena, UblkHost.SIZE)
                            .integrity(0, INTERVAL, TUPLE, 0, UblkParams.CSUM_NONE, 0)
                            .integritySegments(4);
            UblkDevice device = host.add(FLAGS, params);
            UblkServer server = new UblkServer(UblkServer.Way.USER_COPY, device, host.disk, null);
            MemorySegment kept = host.arena.allocate(UblkHost.SIZE / INTERVAL * TUPLE, TUPLE);
            server.tuples(kept, INTERVAL, TUPLE);
            host.start(device);
            MemorySegment data = random(host, BLOCKS * INTERVAL, 1);
            MemorySegment tuples = random(host, BLOCKS * TUPLE, 2);
            ProtectionInformation information = ProtectionInformation.of(host.arena, tuples);
            long offset = 32 * INTERVAL;
            try (Opened opened = host.opened(device)) {
                ReadWriteAttributes.protection(
                        Files.write(host.ring.next(), opened.fd(), data, offset), information);
                assertThat(Net.ok(host.ring)).isEqualTo(BLOCKS * INTERVAL);
                assertThat(kept.asSlice(32 * TUPLE, BLOCKS * TUPLE).mismatch(tuples)).isEqualTo(-1);
                MemorySegment read = host.arena.allocate(BLOCKS * INTERVAL, 4096);
                MemorySegment readTuples = host.arena.allocate(BLOCKS * TUPLE, 8);
                ReadWriteAttributes.protection(
                        Files.read(host.ring.next(), opened.fd(), read, offset),
                        information.tuples(readTuples));
                assertThat(Net.ok(host.ring)).isEqualTo(BLOCKS * INTERVAL);
                assertThat(read.mismatch(data)).isEqualTo(-1);
                assertThat(readTuples.mismatch(tuples)).isEqualTo(-1);
            }
            host.stop(device);
            server.join();
            host.remove(device);
        }
    }

    @Test
    void shouldFailOfInformationThatDoesNotFit() {
        try (UblkHost host = UblkHost.open()) {
            host.needs(FLAGS);
            UblkDevice device = host.add(FLAGS);
            int csum = UblkParams.CSUM_CRC16_T10DIF;
            UblkParams params = UblkParams.allocate(host.arena, UblkHost.SIZE);
            params.integrity(UblkParams.PI_REFTAG, INTERVAL, TUPLE, 1, csum, 0);
            UblkControl.setParams(host.next(), host.fd(), device.id(), params);
            assertThat(Completions.one(host.ring).failed(Errno.EINVAL)).as("too long").isTrue();
            params.integrity(UblkParams.PI_REFTAG, INTERVAL, TUPLE, 0, csum, 0);
            UblkControl.setParams(host.next(), host.fd(), device.id(), params);
            Net.ok(host.ring);
            host.remove(device);
            UblkDevice plain = UblkDevice.allocate(host.arena).flags(UblkDevice.F_INTEGRITY);
            UblkControl.addDev(host.next(), host.fd(), plain);
            assertThat(Completions.one(host.ring).failed(Errno.EINVAL)).as("no copying").isTrue();
        }
    }

    @Test
    void shouldRefuseWhatHasNoRoom() {
        try (UblkHost host = UblkHost.open()) {
            UblkParams params = UblkParams.allocate(host.arena, UblkHost.SIZE);
            assertThatThrownBy(() -> params.integrity(0, INTERVAL, 256, 0, 0, 0))
                    .hasMessageContaining("bytes=256");
            assertThatThrownBy(() -> params.integrity(0, 100, 8, 0, 0, 0))
                    .hasMessageContaining("bytes=100");
            assertThatThrownBy(() -> params.integritySegments(65536))
                    .hasMessageContaining("count=65536");
        }
    }

    private static MemorySegment random(UblkHost host, int size, long seed) {
        return host.arena
                .allocate(size, 4096)
                .copyFrom(MemorySegment.ofArray(Net.random(size, seed)));
    }
}
