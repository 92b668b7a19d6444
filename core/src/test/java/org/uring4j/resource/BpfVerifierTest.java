package org.uring4j.resource;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * {@link BpfVerifier}: each kind of program that the kernel would refuse, and where it is wrong.
 */
class BpfVerifierTest {
    private static final long ALLOW = 0x0000_0001_0000_0006L;

    @ParameterizedTest
    @CsvSource({
        "0x00000000_00000028, only words", // a half-word of the context
        "0x00000000_00000030, only words", // a byte of it
        "0x00000000_00000040, only words", // indirectly
        "0x00000028_00000020, only aligned words", // behind its end
        "0x00000002_00000020, only aligned words", // not aligned
        "0xfffffffc_00000020, only aligned words", // negative
        "0x00000010_00000002, 16 words", // st M[16]
        "0x00000010_00000060, 16 words", // ld M[16]
        "0x00000001_00000005, jumps out", // ja +1
        "0xffffffff_00000005, jumps out", // ja -1
        "0x00000000_00010015, jumps out", // jeq, if true
        "0x00000000_01000015, jumps out", // jeq, if not
        "0x00000000_00000055, no such jump",
        "0x00000000_00000034, divides by 0",
        "0x00000020_00000064, more than 31",
        "0x00000000_00000094, no such arithmetic", // mod
        "0x00000000_00000007, ''", // tax: well-formed
        "0x00000000_0000000e, no such answer", // ret x
        "0x00000000_0000ffff, no such",
    })
    void shouldSayWhatIsWrong(String instruction, String fault) {
        long first = Long.parseUnsignedLong(instruction.substring(2).replace("_", ""), 16);
        if (fault.isEmpty()) {
            assertThatCode(() -> BpfVerifier.check(new long[] {first, ALLOW}))
                    .doesNotThrowAnyException();
            return;
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BpfVerifier.check(new long[] {first, ALLOW}))
                .withMessageContaining(fault)
                .withMessageContaining("at=0");
    }

    @Test
    void shouldWantAnAnswerAtTheEnd() {
        assertThatIllegalArgumentException().isThrownBy(() -> BpfVerifier.check(new long[0]));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BpfVerifier.check(new long[] {ALLOW, 7}))
                .withMessageContaining("ends with an answer");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> BpfVerifier.check(new long[4097]))
                .withMessageContaining("4096");
    }
}
