package io.arc.runtime.flush;

import static io.arc.runtime.buffer.TestBatches.batch;
import static io.arc.runtime.buffer.TestBatches.doubles;
import static io.arc.runtime.buffer.TestBatches.longs;
import static io.arc.runtime.buffer.TestBatches.nothing;
import static io.arc.runtime.buffer.TestBatches.texts;
import static org.assertj.core.api.Assertions.assertThat;

import io.arc.api.data.Column;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.ColumnType;
import io.arc.api.data.Role;
import io.arc.api.data.TableId;
import io.arc.runtime.buffer.TestBatches;
import io.arc.runtime.catalog.ColumnSchema;
import io.arc.runtime.catalog.TableSchema;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class TypeGroupsTest {
    private static final TableId CPU = new TableId("prod", "cpu");
    private static final TableSchema SCHEMA = new TableSchema(List.of(new ColumnSchema("host", ColumnType.TEXT, Role.TAG),
            new ColumnSchema("v", ColumnType.TEXT, Role.FIELD), new ColumnSchema("w", ColumnType.FLOAT64, Role.FIELD)));

    private static List<String> columns(TypeGroups.Group group) {
        return group.columns().stream().map(column -> column.name() + " " + column.type() + " " + column.role()).toList();
    }

    @Test
    void integersAndDoublesShareAFileOfDoubles() {
        List<TypeGroups.Group> groups = TypeGroups.split(SCHEMA,
                List.of(batch(CPU, 1, longs("w", 1), texts("host", "a")), batch(CPU, 2, doubles("w", 2.5)), batch(CPU, 3, longs("w", 3))));
        assertThat(groups).hasSize(1);
        assertThat(groups.getFirst().batches()).hasSize(3);
        assertThat(columns(groups.getFirst())).containsExactly("host TEXT TAG", "w FLOAT64 FIELD");
    }

    @Test
    void numbersAndTextsHaveFilesOfTheirOwnAndNoRowIsLost() {
        List<TypeGroups.Group> groups = TypeGroups.split(SCHEMA,
                List.of(batch(CPU, 1, longs("v", 1)), batch(CPU, 2, texts("v", "x")), batch(CPU, 3, longs("w", 3)),
                        batch(CPU, 4, doubles("v", 4)), batch(CPU, 5, texts("v", "y"))));
        assertThat(groups).hasSize(2);
        assertThat(columns(groups.get(0))).containsExactly("v FLOAT64 FIELD", "w FLOAT64 FIELD".replace("FLOAT64", "INT64"));
        assertThat(columns(groups.get(1))).containsExactly("v TEXT FIELD");
        assertThat(times(groups.get(0))).containsExactly(1L, 3L, 4L);
        assertThat(times(groups.get(1))).containsExactly(2L, 5L);
    }

    private static List<Long> times(TypeGroups.Group group) {
        return TestBatches.rows(group.batches()).stream().map(row -> (Long) row.get("time")).toList();
    }

    @Test
    void aColumnOfNullsOnlyTakesTheOthersTypeOrNone() {
        ColumnBatch nulls = batch(CPU, 1, nothing("v", 1), nothing("w", 1));
        List<TypeGroups.Group> groups = TypeGroups.split(SCHEMA, List.of(nulls, batch(CPU, 2, longs("v", 7)), nulls));
        assertThat(groups).hasSize(1);
        assertThat(columns(groups.getFirst())).containsExactly("v INT64 FIELD");
        assertThat(groups.getFirst().batches()).hasSize(3).allSatisfy(each ->
                assertThat(each.columns().stream().map(Column::type)).doesNotContain(ColumnType.TEXT));
    }

    @Test
    void sortKeysOrderAllKindsAndPutAbsentLast() {
        List<ColumnBatch> batches = List.of(batch(CPU, 1, longs("w", 3), texts("host", "b")), batch(CPU, 2, doubles("w", -0.5)),
                batch(CPU, 3, texts("host", "a")), batch(CPU, 4, doubles("w", Double.NEGATIVE_INFINITY), texts("host", "b")),
                batch(CPU, 5, longs("w", 3), texts("host", "a")), batch(CPU, 6, doubles("w", -7), texts("host", "b")));
        assertThat(sorted(batches, 0, 6, List.of("host"))).containsExactly(2, 4, 0, 3, 5, 1);
        assertThat(sorted(batches, 0, 6, List.of("w"))).containsExactly(3, 5, 1, 0, 4, 2);
        assertThat(sorted(batches, 0, 6, List.of("host", "w"))).containsExactly(4, 2, 3, 5, 0, 1);
        assertThat(sorted(batches, 2, 5, List.of("w"))).containsExactly(0, 1, 3, 4, 2, 5);
        assertThat(sorted(batches, 0, 6, List.of("missing"))).containsExactly(0, 1, 2, 3, 4, 5);
    }

    private static int[] sorted(List<ColumnBatch> batches, int from, int to, List<String> keys) {
        int[] order = IntStream.range(0, batches.size()).toArray();
        SortKeys.sort(batches, order, from, to, keys);
        return order;
    }
}
