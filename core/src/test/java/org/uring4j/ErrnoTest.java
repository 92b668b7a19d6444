package org.uring4j;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.uring4j.internal.uapi.LibcConstants;

import java.lang.reflect.Field;
import java.util.regex.Pattern;

class ErrnoTest {
    /** Names of error numbers among the constants; events of epoll begin like them. */
    private static final Pattern NAME = Pattern.compile("E(?!POLL)[A-Z0-9]+");

    @Test
    void shouldKnowEveryNumber() throws Exception {
        int seen = 0;
        for (Field field : LibcConstants.class.getFields()) {
            if (NAME.matcher(field.getName()).matches()) {
                int number = field.getInt(null);
                assertThat(Errno.of(number)).as(field.getName()).isNotEqualTo(Errno.UNKNOWN);
                assertThat(Errno.of(-number).number()).isEqualTo(number);
                assertThat(Errno.of(number).is(-number)).isTrue();
                seen++;
            }
        }
        assertThat(seen).isGreaterThan(130);
    }

    @Test
    void shouldTellOfNumbersThatAreNone() {
        for (int number : new int[] {0, 41, 135, -512, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            assertThat(Errno.of(number)).isEqualTo(Errno.UNKNOWN);
        }
    }
}
