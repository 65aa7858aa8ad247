package io.arc.runtime.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LifetimesTest {
    @ParameterizedTest
    @CsvSource({"24h, PT24H", "90m, PT90M", "7d, PT168H", "1d12h, PT36H", "2w, PT336H", "30s, PT30S", "36500d, PT876000H"})
    void reads(String text, Duration life) {
        assertThat(Lifetimes.parse(text)).isEqualTo(life);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "7", "d", "-7d", "0d", "7 d", "7d ", " 7d", "7D", "1.5d", "forever", "36501d", "999999999w",
        "7dx", "x7d", "99999999999999999999d"})
    void refuses(String text) {
        assertThatExceptionOfType(ArcException.class).isThrownBy(() -> Lifetimes.parse(text))
                .satisfies(failure -> assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_PARAMETER))
                .withMessageContaining("expires_in");
    }
}
