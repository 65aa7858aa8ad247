package io.arc.runtime.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arc.api.data.ColumnType;
import io.arc.api.data.Role;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FileOriginTest {
    private static final ColumnSchema A = new ColumnSchema("a", ColumnType.INT64, Role.FIELD);
    private static final ColumnSchema B = new ColumnSchema("b,c", ColumnType.TEXT, Role.TAG);
    private static final ColumnSchema C = new ColumnSchema("d%2Ce", ColumnType.FLOAT64, Role.FIELD);

    /// The text of footers that files of every release have.
    @Test
    void theFormatStays() {
        FileOrigin origin = FileOrigin.of(List.of(new WalRange("k3v9-1", 5, 90), new WalRange("b-1", 1, 1)),
                Optional.of(new FileOrigin.Part("ab12", 2, 3)),
                new TableSchema(List.of(A, B, C, new ColumnSchema("later", ColumnType.TEXT, Role.FIELD)), Set.of("later")),
                List.of(B, new ColumnSchema("d%2Ce", ColumnType.INT64, Role.FIELD)), TableSchema.EMPTY,
                List.of("db/t/1.parquet", "db/t/a,b.parquet"), List.of("db/t/0.parquet"), 1);
        assertThat(origin.properties()).isEqualTo(Map.of("arc:wal", "b-1:1-1,k3v9-1:5-90", "arc:flush", "ab12 2 3",
                "arc:tags", "b%2Cc", "arc:columns", "1,2f", "arc:absent", "0if:a,3uf:later",
                "arc:replaces", "db/t/1.parquet,db/t/a%2Cb.parquet", "arc:replaced", "db/t/0.parquet", "arc:level", "1"));
    }

    /// A column that an earlier file tells of need not be told again; one that has another type by now must be.
    @Test
    void onlyNewsAreTold() {
        TableSchema schema = new TableSchema(List.of(A, B, C));
        TableSchema earlier = new TableSchema(List.of(A, new ColumnSchema("d%2Ce", ColumnType.INT64, Role.FIELD)));
        FileOrigin origin = FileOrigin.of(List.of(), Optional.empty(), schema, List.of(), earlier, List.of(), List.of(), 0);
        assertThat(origin.absent()).extracting(column -> column.column().name()).containsExactly("b,c", "d%2Ce");
    }

    @Test
    void whatIsWrittenIsRead() {
        Random random = new Random(5);
        String[] names = {"a", "b,c", "%", "%2C", ",", "ü", "x y", "a:b", "%25", "%%2C,"};
        for (int i = 0; i < 2000; i++) {
            List<FileOrigin.Place> places = new ArrayList<>();
            List<FileOrigin.AbsentColumn> absent = new ArrayList<>();
            List<String> keys = new ArrayList<>();
            Set<String> tags = new HashSet<>();
            List<WalRange> ranges = new ArrayList<>();
            for (int k = random.nextInt(4); k > 0; k--) {
                ColumnType type = ColumnType.values()[random.nextInt(4)];
                places.add(new FileOrigin.Place(random.nextInt(100), random.nextBoolean() ? Optional.empty() : Optional.of(type)));
                boolean typed = random.nextBoolean();
                absent.add(new FileOrigin.AbsentColumn(random.nextInt(100), new ColumnSchema(names[random.nextInt(names.length)],
                        typed ? type : ColumnType.TEXT, random.nextBoolean() ? Role.TAG : Role.FIELD), typed));
                keys.add(names[random.nextInt(names.length)]);
                tags.add(names[random.nextInt(names.length)]);
                ranges.add(new WalRange("inst-" + k, k, k + random.nextInt(100)));
            }
            FileOrigin origin = new FileOrigin(ranges.reversed(), random.nextBoolean() ? Optional.empty()
                    : Optional.of(new FileOrigin.Part("id" + i, 1, 1 + random.nextInt(5))), tags, places, absent, keys,
                    keys.reversed(), random.nextInt(3));
            assertThat(FileOrigin.parse(origin.properties())).as("%s", origin).contains(origin);
        }
    }

    @Test
    void anotherProgramsFileHasNone() {
        assertThat(FileOrigin.parse(Map.of())).isEmpty();
        assertThat(FileOrigin.parse(Map.of("pandas", "{}", "ARROW:schema", "x"))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', value = {"arc:wal;w", "arc:wal;w:1", "arc:wal;w:9-1", "arc:wal;:1-2x", "arc:flush;a 1",
        "arc:flush;a 0 1", "arc:flush;a 3 2", "arc:flush;a 1 1 1", "arc:columns;1-2", "arc:columns;1x", "arc:columns;i1",
        "arc:absent;1", "arc:absent;1ix:a", "arc:absent;1if", "arc:level;high"})
    void damageIsToldWithItsKey(String key, String value) {
        assertThatThrownBy(() -> FileOrigin.parse(Map.of(key, value))).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(key).hasMessageContaining(value);
    }
}
