package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.UringException;
import org.uring4j.op.Files;
import org.uring4j.op.Nops;
import org.uring4j.resource.EventFd;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/**
 * {@code IORING_REGISTER_EVENTFD}, {@code IORING_REGISTER_EVENTFD_ASYNC}, {@code
 * IORING_UNREGISTER_EVENTFD}.
 */
@Timeout(60)
class EventFdTest {
    /** What a descriptor has counted since it was last asked here. */
    private static long count(Ring reader, Arena arena, int fd) throws IOException {
        // A read by a ring would wait for the count, whatever the descriptor's flags.
        Path info = Path.of("/proc/self/fdinfo/" + fd);
        String line =
                java.nio.file.Files.readAllLines(info).stream()
                        .filter(some -> some.startsWith("eventfd-count:"))
                        .findFirst()
                        .orElseThrow();
        long counted = Long.parseLong(line.substring(line.indexOf(':') + 1).strip(), 16);
        if (counted > 0) {
            MemorySegment count = arena.allocate(ValueLayout.JAVA_LONG);
            Files.read(reader.next(), fd, count, 0);
            assertThat(Completions.one(reader).result()).isEqualTo(Long.BYTES);
            assertThat(count.get(ValueLayout.JAVA_LONG, 0)).isGreaterThanOrEqualTo(counted);
        }
        return counted;
    }

    @ParameterizedTest
    @EnumSource(RingMode.class)
    void shouldTellOfCompletions(RingMode mode) throws IOException {
        try (Arena arena = Arena.ofShared();
                Ring reader = Ring.open(RingConfig.of(4));
                Ring ring = mode.open(8);
                EventFd eventFd = EventFd.register(ring)) {
            assertThat(count(reader, arena, eventFd.fd())).isZero();
            Nops.nop(ring.next());
            Completions.one(ring);
            assertThat(count(reader, arena, eventFd.fd())).isPositive();
            assertThat(count(reader, arena, eventFd.fd())).isZero();
        }
    }

    @Test
    void shouldBeQuietWhileDisabled() throws IOException {
        try (Arena arena = Arena.ofShared();
                Ring reader = Ring.open(RingConfig.of(4));
                Ring ring = Ring.open(RingConfig.of(8));
                EventFd eventFd = EventFd.register(ring)) {
            eventFd.enabled(false);
            Nops.nop(ring.next());
            Completions.one(ring);
            assertThat(count(reader, arena, eventFd.fd())).isZero();
            eventFd.enabled(true);
            Nops.nop(ring.next());
            Completions.one(ring);
            assertThat(count(reader, arena, eventFd.fd())).isPositive();
        }
    }

    @Test
    void shouldTellOnlyOfWhatCameLaterWhenAsync() throws IOException {
        try (Arena arena = Arena.ofShared();
                Ring reader = Ring.open(RingConfig.of(4));
                Ring ring = Ring.open(RingConfig.of(8));
                EventFd eventFd = EventFd.registerAsync(ring)) {
            Nops.nop(ring.next());
            Completions.one(ring);
            assertThat(count(reader, arena, eventFd.fd())).isZero();
            Nops.nop(ring.next()).async();
            Completions.one(ring);
            assertThat(count(reader, arena, eventFd.fd())).isPositive();
        }
    }

    @Test
    void shouldTakeTheProgramsEventFdAndLeaveItOpen() throws IOException {
        try (Arena arena = Arena.ofShared();
                Ring reader = Ring.open(RingConfig.of(4));
                Ring one = Ring.open(RingConfig.of(8));
                Ring two = Ring.open(RingConfig.of(8));
                EventFd first = EventFd.register(one)) {
            EventFd second = EventFd.register(two, first.fd());
            Nops.nop(two.next());
            Completions.one(two);
            assertThat(count(reader, arena, first.fd())).isPositive();
            second.close();
            second.close();
            Nops.nop(two.next());
            Completions.one(two);
            assertThat(count(reader, arena, first.fd())).isZero();
            EventFd.registerAsync(two, first.fd()).close();
            assertThatIllegalStateException().isThrownBy(() -> second.enabled(true));
        }
    }

    @Test
    void shouldRefuseASecondOneAndWhatIsNone() {
        try (Ring ring = Ring.open(RingConfig.of(8))) {
            assertThatThrownBy(() -> EventFd.register(ring, ring.fd()))
                    .isInstanceOfSatisfying(
                            UringException.class,
                            e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
            assertThatThrownBy(() -> EventFd.register(ring, -1))
                    .isInstanceOfSatisfying(
                            UringException.class,
                            e -> assertThat(e.errno()).isEqualTo(Errno.EBADF));
            EventFd eventFd = EventFd.register(ring);
            assertThatThrownBy(() -> EventFd.register(ring))
                    .isInstanceOfSatisfying(
                            UringException.class,
                            e -> assertThat(e.errno()).isEqualTo(Errno.EBUSY));
            eventFd.close();
            EventFd.register(ring);
        }
    }
}
