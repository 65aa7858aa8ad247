package io.arc.runtime.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class NearestNameTest {
    @ParameterizedTest
    @CsvSource({"'','',0", "a,'',1", "abc,abc,0", "abc,acb,1", "abc,abd,1", "abc,ab,1", "abc,xabc,1", "kitten,sitting,3",
        "ca,abc,3"})
    void countsEdits(String a, String b, int edits) {
        assertThat(NearestName.distance(a, b)).isEqualTo(edits);
        assertThat(NearestName.distance(b, a)).isEqualTo(edits);
    }

    @Test
    void findsTheNearestAndNothingFarAway() {
        List<String> names = List.of("zstd", "snappy", "lz4_raw");
        assertThat(NearestName.find("snapy", names)).contains("snappy");
        assertThat(NearestName.find("ZTSD", names)).contains("zstd");
        assertThat(NearestName.find("gzip", names)).isEmpty();
        assertThat(NearestName.find("ab", List.of("ad", "ac"))).as("a tie").contains("ac");
        assertThat(NearestName.question("snapy", names)).isEqualTo("; did you mean 'snappy'?");
        assertThat(NearestName.question("x", List.of())).isEmpty();
    }
}
