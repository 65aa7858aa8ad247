package io.arc.runtime.partition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.arc.api.data.TableId;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.TimeZone;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HourPartitionTest {
    private static final TableId CPU = new TableId("prod", "cpu");

    @ParameterizedTest
    @CsvSource({
        "0, prod/cpu/1970/01/01/00, cpu_19700101_000000",
        "1, prod/cpu/1970/01/01/00, cpu_19700101_000000",
        "-1, prod/cpu/1969/12/31/23, cpu_19691231_235959",
        "-1800000000, prod/cpu/1969/12/31/23, cpu_19691231_233000",
        "-3600000000, prod/cpu/1969/12/31/23, cpu_19691231_230000",
        "-3600000001, prod/cpu/1969/12/31/22, cpu_19691231_225959",
        "3599999999, prod/cpu/1970/01/01/00, cpu_19700101_005959",
        "3600000000, prod/cpu/1970/01/01/01, cpu_19700101_010000",
        "1750000000000000, prod/cpu/2025/06/15/15, cpu_20250615_150640",
        // leap day, last microsecond
        "1709251199999999, prod/cpu/2024/02/29/23, cpu_20240229_235959",
        // the hour that New York does not have
        "1741503600000000, prod/cpu/2025/03/09/07, cpu_20250309_070000",
        "253402300799999999, prod/cpu/9999/12/31/23, cpu_99991231_235959",
        "253402300800000000, prod/cpu/10000/01/01/00, cpu_100000101_000000",
        "-62167219200000000, prod/cpu/0000/01/01/00, cpu_00000101_000000",
        "-62167219200000001, prod/cpu/-0001/12/31/23, cpu_-00011231_235959",
        "9223372036854775807, prod/cpu/294247/01/10/04, cpu_2942470110_040054",
        "-9223372036854775808, prod/cpu/-290308/12/21/19, cpu_-2903081221_195905",
    })
    void placesEveryInstantInItsUtcHour(long micros, String directory, String name) {
        HourPartition hour = HourPartition.of(micros);
        assertThat(hour.directory(CPU)).isEqualTo(directory);
        assertThat(hour.key(CPU, micros, 7, "x0")).isEqualTo(directory + '/' + name + "_7-x0.parquet");
        assertThat(hour.firstMicros()).isLessThanOrEqualTo(micros);
        assertThat(hour.lastMicros()).isGreaterThanOrEqualTo(micros);
        DataKey key = DataKey.parse(hour.key(CPU, micros, 7, "x0")).orElseThrow();
        assertThat(key.hour()).contains(hour);
        assertThat(key.table()).isEqualTo(CPU);
    }

    @ParameterizedTest
    @ValueSource(strings = {"America/New_York", "Asia/Kathmandu", "UTC"})
    void doesNotDependOnTheTimeZoneOfTheProcess(String zone) {
        TimeZone before = TimeZone.getDefault();
        TimeZone.setDefault(TimeZone.getTimeZone(zone));
        try {
            assertThat(HourPartition.of(-1).directory(CPU)).isEqualTo("prod/cpu/1969/12/31/23");
            assertThat(HourPartition.of(1_750_000_000_000_000L).key(CPU, 1_750_000_000_000_000L, 1, "u"))
                    .isEqualTo("prod/cpu/2025/06/15/15/cpu_20250615_150640_1-u.parquet");
            assertThat(HourPartition.of(0)).hasToString("1970-01-01T00:00:00Z");
        } finally {
            TimeZone.setDefault(before);
        }
    }

    @Test
    void everyHourHasOneFolderAndEveryFolderOneHour() {
        long seed = 11;
        Random random = new Random(seed);
        Set<String> folders = new HashSet<>();
        Set<Long> hours = new HashSet<>();
        for (int i = 0; i < 20_000; i++) {
            long micros = i % 2 == 0 ? random.nextLong() : random.nextLong(-70_000_000_000_000_000L, 260_000_000_000_000_000L);
            HourPartition hour = HourPartition.of(micros);
            String folder = hour.directory(CPU);
            assertThat(folders.add(folder)).as("seed %d, %s", seed, folder).isEqualTo(hours.add(hour.hour()));
            assertThat(DataKey.parse(folder + "/a.parquet").orElseThrow().hour()).as("seed %d, %s", seed, folder)
                    .contains(hour);
        }
    }

    @Test
    void neighbouringHoursTouch() {
        for (long hour : new long[] {-2, -1, 0, 1, 500_000}) {
            assertThat(new HourPartition(hour).lastMicros() + 1).isEqualTo(new HourPartition(hour + 1).firstMicros());
        }
    }

    @Test
    void refusesHoursOutsideTheRangeAndRowsOutsideTheHour() {
        HourPartition last = HourPartition.of(Long.MAX_VALUE);
        assertThatIllegalArgumentException().isThrownBy(() -> new HourPartition(last.hour() + 1));
        HourPartition first = HourPartition.of(Long.MIN_VALUE);
        assertThatIllegalArgumentException().isThrownBy(() -> new HourPartition(first.hour() - 1));
        assertThatIllegalArgumentException().isThrownBy(() -> HourPartition.of(0).key(CPU, -1, 1, "u"));
    }

    @Test
    void splitsSortedTimesAtHours() {
        long hour = HourPartition.MICROS;
        assertThat(HourPartition.split(new long[] {}, 0, 0)).containsExactly(0);
        assertThat(HourPartition.split(new long[] {5}, 0, 1)).containsExactly(0, 1);
        assertThat(HourPartition.split(new long[] {-1, 0, hour - 1, hour, hour, 3 * hour}, 0, 6))
                .containsExactly(0, 1, 3, 5, 6);
        // what lies outside the range is not looked at
        assertThat(HourPartition.split(new long[] {9 * hour, 1, 2, 0}, 1, 3)).containsExactly(1, 3);
        assertThat(HourPartition.split(new long[] {Long.MIN_VALUE, Long.MAX_VALUE}, 0, 2)).containsExactly(0, 1, 2);
    }

    @Test
    void splitAgreesWithAskingEveryRow() {
        for (long seed = 0; seed < 300; seed++) {
            Random random = new Random(seed);
            long[] times = new long[1 + random.nextInt(400)];
            long span = HourPartition.MICROS * (1 + random.nextInt(60));
            for (int i = 0; i < times.length; i++) {
                times[i] = random.nextLong(-span, span);
            }
            Arrays.sort(times);
            int[] starts = HourPartition.split(times, 0, times.length);
            assertThat(starts[0]).as("seed %d", seed).isZero();
            assertThat(starts[starts.length - 1]).as("seed %d", seed).isEqualTo(times.length);
            for (int piece = 0; piece + 1 < starts.length; piece++) {
                HourPartition hour = HourPartition.of(times[starts[piece]]);
                for (int row = starts[piece]; row < starts[piece + 1]; row++) {
                    assertThat(HourPartition.of(times[row])).as("seed %d, row %d", seed, row).isEqualTo(hour);
                }
                if (piece > 0) {
                    assertThat(HourPartition.of(times[starts[piece] - 1])).as("seed %d", seed).isNotEqualTo(hour);
                }
            }
        }
    }

    @Test
    void aThousandFilesOfOneInstantHaveDistinctKeysAlsoFromTwoServers() {
        UniqueSuffixes here = new UniqueSuffixes(new Random(1));
        UniqueSuffixes there = new UniqueSuffixes(new Random(2));
        Set<String> keys = new HashSet<>();
        for (int i = 0; i < 1000; i++) {
            assertThat(keys.add(HourPartition.of(0).key(CPU, 0, 50_000, here.next()))).isTrue();
            assertThat(keys.add(HourPartition.of(0).key(CPU, 0, 50_000, there.next()))).isTrue();
        }
    }
}
