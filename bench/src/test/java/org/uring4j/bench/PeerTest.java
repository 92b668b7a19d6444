package org.uring4j.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.List;
import java.util.Map;

class PeerTest {
    private static final Duration LONG = Duration.ofSeconds(30);

    @Test
    void aChildAnswersEachLineUntilItsInputEnds() {
        try (Peer peer =
                shell("echo ready port=7; while read -r n; do echo twice=$((2 * n)); done")) {
            assertThat(peer.ready("port")).isEqualTo("7");
            for (int n = 1; n < 4; n++) {
                Map<String, String> reply = peer.ask(Integer.toString(n), LONG);
                assertThat(Peer.number(reply, "twice")).isEqualTo(2L * n);
            }
        }
    }

    @Test
    void aChildThatFailsIsReportedWithItsExitCode() {
        try (Peer peer = shell("echo ready; read -r line; exit 9")) {
            assertThatThrownBy(() -> peer.ask("go", LONG))
                    .isInstanceOf(BenchException.class)
                    .hasMessage("child ended unexpectedly: exit code 9");
        }
    }

    @Test
    void aChildThatDoesNotAnswerIsKilled() {
        try (Peer peer = shell("echo ready; exec sleep 600")) {
            assertThatThrownBy(() -> peer.ask("go", Duration.ofMillis(50)))
                    .isInstanceOf(BenchException.class)
                    .hasMessage("child gave no answer in time and was killed");
        }
    }

    @Test
    void itsProcessorTimeGrowsWithItsWork() {
        try (Peer peer =
                shell(
                        "echo ready; while read -r n; do i=0; while [ $i -lt $n ]; do i=$((i + 1));"
                                + " done; echo done=$i; done")) {
            long before = peer.cpuNanos();
            peer.ask("200000", LONG);
            assertThat(peer.cpuNanos() - before).isPositive();
        }
    }

    private static Peer shell(String script) {
        return Peer.start("child", List.of("sh", "-c", script));
    }
}
