package io.arc.runtime.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ScheduleTest {
    /// In UTC, whatever the machine's zone.
    @ParameterizedTest
    @CsvSource({
        "5 * * * *, 2026-01-02T03:04:05Z, 2026-01-02T03:05:00Z",
        "5 * * * *, 2026-01-02T03:05:00Z, 2026-01-02T04:05:00Z",
        "0 3 * * *, 2026-01-02T03:04:05Z, 2026-01-03T03:00:00Z",
        "*/15 0-2 * * *, 2026-01-02T02:50:00Z, 2026-01-03T00:00:00Z",
        "0 0 29 2 *, 2026-01-02T00:00:00Z, 2028-02-29T00:00:00Z",
        "30 1 * * 1, 2026-01-02T00:00:00Z, 2026-01-05T01:30:00Z"
    })
    void saysWhenItIsNextTime(String expression, Instant from, Instant next) {
        assertThat(Schedule.parse(expression).next(from)).contains(next);
    }

    @Test
    void anExpressionMayNeverComeTrue() {
        assertThat(Schedule.parse("0 0 30 2 *").next(Instant.parse("2026-01-02T00:00:00Z"))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "every hour", "61 * * * *", "* * * *", "0 5 * * * *"})
    void refusesWhatIsNone(String text) {
        assertThatThrownBy(() -> Schedule.parse(text)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("cron expression of five fields");
    }
}
