package org.uring4j.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.uring4j.Errno;
import org.uring4j.Ring;
import org.uring4j.RingConfig;
import org.uring4j.RingConfig.CqeSize;
import org.uring4j.RingConfig.SqeSize;
import org.uring4j.RingMemory;
import org.uring4j.Sqe;
import org.uring4j.UringException;
import org.uring4j.op.Nops;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Rings in the program's memory, with {@code IORING_OP_NOP}. */
@Timeout(60)
class RingMemoryTest {
    @Test
    void shouldLiveInTheProgramsMemory() {
        Needs.kernel("6.5", "IORING_SETUP_NO_MMAP");
        try (RingMemory memory = RingMemory.allocate(64 << 10)) {
            RingConfig config = RingConfig.of(16).memory(memory);
            try (Ring one = Ring.open(config);
                    Ring two = Ring.open(config.registeredFdOnly())) {
                assertThat(two.fd()).isEqualTo(-1);
                assertThat(two.setup().flagNames()).contains("REGISTERED_FD_ONLY", "NO_MMAP");
                for (Ring ring : List.of(one, two)) {
                    for (int i = 0; i < 100; i++) {
                        Nops.nop(ring.next()).userData(i);
                        assertThat(Completions.one(ring).userData()).isEqualTo(i);
                    }
                }
                assertThatIllegalStateException()
                        .isThrownBy(memory::close)
                        .withMessageContaining("openRings=2");
            }
            assertThat(memory.used()).isZero();
            assertThatThrownBy(() -> Ring.open(RingConfig.of(4096).memory(memory)))
                    .hasMessageContaining("too small")
                    .hasMessageContaining("needed=");
        }
    }

    @Test
    void shouldLiveInHugePages() throws Exception {
        Needs.kernel("6.5", "IORING_SETUP_NO_MMAP");
        Needs.that(
                hugePages("free_hugepages") > 0,
                "no huge page of 2 MiB is free; set vm.nr_hugepages=4 to run this");
        try (RingMemory memory = RingMemory.hugePages(1)) {
            assertThat(memory.size()).isEqualTo(2 << 20);
            RingConfig config = RingConfig.of(1024).sqeSize(SqeSize.B128).cqeSize(CqeSize.B32);
            try (Ring ring = Ring.open(config.memory(memory))) {
                for (int i = 0; i < 5000; i++) {
                    Nops.nop(ring.next()).userData(i);
                    assertThat(Completions.one(ring).userData()).isEqualTo(i);
                }
            }
        }
    }

    @Test
    void shouldSayHowToGetHugePages() throws Exception {
        // Not one more than are free: a ring that was just closed may yet give one back.
        long pages = hugePages("nr_hugepages") + 1;
        assertThatThrownBy(() -> RingMemory.hugePages(pages << 21))
                .isInstanceOfSatisfying(
                        UringException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOMEM))
                .hasMessageContaining("vm.nr_hugepages");
    }

    @Test
    void shouldRejectAbsurdSizes() {
        assertThatThrownBy(() -> RingMemory.allocate(0)).hasMessageContaining("bytes=0");
        assertThatThrownBy(() -> RingMemory.allocate(-1)).hasMessageContaining("bytes=-1");
        assertThatThrownBy(() -> RingMemory.allocate(Long.MAX_VALUE))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void shouldRefuseUseAfterCloseWithoutHarm() {
        Needs.kernel("6.5", "IORING_SETUP_NO_MMAP");
        RingMemory memory = RingMemory.allocate(64 << 10);
        Ring ring = Ring.open(RingConfig.of(8).memory(memory));
        Sqe stale = ring.next();
        ring.close();
        memory.close();
        memory.close();
        Nops.nop(stale).userData(1);
        assertThatIllegalStateException()
                .isThrownBy(() -> Ring.open(RingConfig.of(8).memory(memory)))
                .withMessageContaining("closed");
    }

    @Test
    void shouldUseAgainWhatAClosedRingHad() {
        Needs.kernel("6.5", "IORING_SETUP_NO_MMAP");
        try (RingMemory memory = RingMemory.allocate(64 << 10)) {
            RingConfig config = RingConfig.of(16).memory(memory);
            try (Ring staying = Ring.open(config)) {
                long used = memory.used();
                for (int round = 0; round < 50; round++) {
                    try (Ring ring = Ring.open(config)) {
                        for (int i = 0; i < round; i++) {
                            Nops.nop(ring.next()).userData(i);
                            assertThat(Completions.one(ring).userData()).isEqualTo(i);
                        }
                    }
                    assertThat(memory.used()).isEqualTo(used);
                    Nops.nop(staying.next()).userData(round);
                    assertThat(Completions.one(staying).userData()).isEqualTo(round);
                }
            }
        }
    }

    @Test
    void shouldKeepACursorOfAClosedRingAwayFromItsSuccessor() {
        Needs.kernel("6.5", "IORING_SETUP_NO_MMAP");
        try (RingMemory memory = RingMemory.allocate(64 << 10)) {
            RingConfig config = RingConfig.of(8).memory(memory);
            Ring closed = Ring.open(config);
            Sqe stale = closed.next();
            closed.close();
            try (Ring ring = Ring.open(config)) {
                Nops.nop(ring.next()).userData(1);
                Nops.nop(stale).userData(2);
                assertThat(Completions.one(ring).userData()).isEqualTo(1);
            }
        }
    }

    @Test
    void shouldGiveBackWhatARingThatFailedHad() {
        Needs.kernel("6.5", "IORING_SETUP_NO_MMAP");
        try (RingMemory memory = RingMemory.allocate(64 << 10)) {
            RingConfig config = RingConfig.of(8).memory(memory).cqEntries(8);
            for (int i = 0; i < 20; i++) {
                assertThatThrownBy(() -> Ring.open(config.sqPoll(Duration.ofSeconds(1), 4095)))
                        .isInstanceOf(UringException.class);
            }
            assertThat(memory.used()).isZero();
        }
    }

    @Test
    void shouldBelongToTheThreadThatHasItsOnlyDescriptor() throws Exception {
        Needs.kernel("6.5", "IORING_SETUP_REGISTERED_FD_ONLY");
        try (RingMemory memory = RingMemory.allocate(64 << 10)) {
            RingConfig config = RingConfig.of(8).memory(memory).registeredFdOnly().disabled();
            try (Ring ring = Ring.open(config)) {
                Apart.thread(
                        () -> {
                            // The same number there, of another ring.
                            try (Ring other = Ring.open(RingConfig.of(8))) {
                                assertThat(other.setup().registeredFd()).isTrue();
                                assertThatThrownBy(ring::enable)
                                        .isInstanceOf(WrongThreadException.class);
                            }
                        });
                ring.enable();
                Nops.nop(ring.next()).userData(1);
                assertThat(Completions.one(ring).userData()).isEqualTo(1);
            }
        }
    }

    private static long hugePages(String which) throws IOException {
        Path count = Path.of("/sys/kernel/mm/hugepages/hugepages-2048kB", which);
        return Files.exists(count) ? Long.parseLong(Files.readString(count).strip()) : 0;
    }
}
