package io.arc.runtime.partition;

import static org.assertj.core.api.Assertions.assertThat;

import io.arc.api.data.TableId;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DataKeyTest {
    @ParameterizedTest
    @ValueSource(strings = {
        "prod/cpu/2025/06/15/14/cpu_20250615_140000_50000.parquet",
        "prod/cpu/2025/06/15/14/cpu_20250615_140000_123456789.parquet",
        "prod/cpu/2025/06/15/14/cpu_20251008_14_compacted.parquet",
        "prod/cpu/2025/06/15/14/anything at all.parquet",
    })
    void readsHourFiles(String key) {
        DataKey parsed = DataKey.parse(key).orElseThrow();
        assertThat(parsed.table()).isEqualTo(new TableId("prod", "cpu"));
        assertThat(parsed.hour().orElseThrow()).hasToString("2025-06-15T14:00:00Z");
        assertThat(parsed.fileName()).isEqualTo(key.substring(key.lastIndexOf('/') + 1));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "clickbench/hits/hits.parquet",
        "clickbench/hits/2025/06/15/hits_20250615_1_daily.parquet",
        "clickbench/hits/2025/06/15/24/a.parquet",
        "clickbench/hits/2025/02/30/01/a.parquet",
        "clickbench/hits/2025/6/15/01/a.parquet",
        "clickbench/hits/02025/06/15/01/a.parquet",
        "clickbench/hits/-0000/06/15/01/a.parquet",
        "clickbench/hits/999999/06/15/01/a.parquet",
        "clickbench/hits/-/06/15/01/a.parquet",
        "clickbench/hits/year=2025/month=06/day=15/hour=01/a.parquet",
        "clickbench/hits/2025/06/15/01/more/a.parquet",
    })
    void takesFilesOfOtherFoldersWithoutAnHour(String key) {
        DataKey parsed = DataKey.parse(key).orElseThrow();
        assertThat(parsed.table()).isEqualTo(new TableId("clickbench", "hits"));
        assertThat(parsed.hour()).isEqualTo(Optional.empty());
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "", "/", "a.parquet", "prod/cpu.parquet", "prod/cpu/.parquet", "prod/cpu/a.parquet.tmp", "prod/cpu/a.PARQUET",
        "prod/cpu/2025/06/15/14/.arc-1.parquet", "prod/.hidden/a.parquet", "/prod/cpu/a.parquet", "prod//cpu/a.parquet",
        "_compaction_state/hourly/a.parquet", "system/cpu/a.parquet", "prod/9cpu/a.parquet", "prod/cpu/a.parquet/",
    })
    void passesOverWhatIsNoDataFile(String key) {
        assertThat(DataKey.parse(key)).isEmpty();
    }

    @Test
    void keepsNamesWithSeparatorsOfOurOwn() {
        TableId table = new TableId("a_b-c", "cpu_20250101_000000_5-x");
        String key = HourPartition.of(0).key(table, 0, 5, "u1");
        assertThat(DataKey.parse(key).orElseThrow()).isEqualTo(new DataKey(table, Optional.of(HourPartition.of(0)),
                "cpu_20250101_000000_5-x_19700101_000000_5-u1.parquet"));
    }
}
