package org.uring4j.uapi;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.math.BigInteger;
import java.util.Set;

/** What counts as wrong and what as news; {@link HeadersTest} depends on it. */
class FindingsTest {
    private static final String TABLE = "7.3";

    @Test
    void shouldReportAWrongValue() {
        Findings findings = new Findings("7.3", TABLE);
        findings.compare(constant("A", 1, "6.0", "op"), measured(2), false);

        assertThat(findings.problems).containsExactly("name=A kind=CONST table=1 header=2");
    }

    @Test
    void shouldReportAMissingRowUnlessTheHeaderIsOlder() {
        Findings findings = new Findings("6.1", TABLE);
        findings.compare(constant("OLD", 1, "5.1", "op"), null, false);
        findings.compare(constant("NEW", 2, "6.2", "op"), null, false);

        assertThat(findings.problems).hasSize(1).first().asString().contains("name=OLD");
        assertThat(findings.summary()).contains("missing=1 newer=1");
    }

    @Test
    void shouldTellWhatAnOlderHeaderHasAlready() {
        Findings findings = new Findings("6.1", TABLE);
        findings.compare(constant("BACKPORTED", 1, "6.2", "op"), measured(1), false);
        findings.compare(constant("MOVED", 1, "6.2", "op"), measured(2), false);

        assertThat(findings.problems).isEmpty();
        assertThat(findings.early).containsExactly("BACKPORTED=6.2");
    }

    @Test
    void shouldReportATypeThatIsAnother() {
        Findings findings = new Findings("7.3", TABLE);
        Row row = row("s.f", Row.Kind.OFFSETOF, 0, 0, "6.0", "u32", "-");
        findings.compare(row, new Measured(BigInteger.ZERO, "signed, 4 bytes"), false);

        assertThat(findings.problems).hasSize(1).first().asString().contains("name=s.f type=u32");
    }

    @Test
    void shouldTakeTheMachinesValue() {
        Findings findings = new Findings("7.3", TABLE);
        Row row = row("O", Row.Kind.CONST, 1, 2, "2.6", "int", "open_flag");
        findings.compare(row, measured(1), false);
        findings.compare(row, measured(2), true);

        assertThat(findings.problems).isEmpty();
    }

    @Test
    void shouldReportANameTheTableLacks() {
        Findings findings = new Findings("7.2", TABLE);
        findings.complete(Set.of("KNOWN", "UNKNOWN", "io_uring_sqe.__pad9"), Set.of("KNOWN"));

        assertThat(findings.problems).containsExactly("name=UNKNOWN is not in the table");
    }

    @Test
    void shouldTakeWhatANewerHeaderAddsAsNews() {
        Findings findings = new Findings("7.4", TABLE);
        findings.complete(Set.of("KNOWN", "ADDED"), Set.of("KNOWN"));
        findings.compare(constant("IORING_OP_LAST", 65, "6.19", "sentinel"), measured(66), false);

        assertThat(findings.problems).isEmpty();
        assertThat(findings.news).hasSize(2);
    }

    @Test
    void shouldReportAWrongValueInANewerHeaderToo() {
        Findings findings = new Findings("7.4", TABLE);
        findings.compare(constant("A", 1, "6.0", "op"), measured(2), false);

        assertThat(findings.problems).hasSize(1);
    }

    private static Row constant(String name, int value, String since, String group) {
        return row(name, Row.Kind.CONST, value, value, since, "int", group);
    }

    private static Row row(
            String name, Row.Kind kind, int x86, int aarch64, String since, String type, String g) {
        return new Row(
                name,
                kind,
                BigInteger.valueOf(x86),
                BigInteger.valueOf(aarch64),
                since,
                "linux/io_uring.h",
                type,
                g);
    }

    private static Measured measured(int value) {
        return new Measured(BigInteger.valueOf(value), "");
    }
}
