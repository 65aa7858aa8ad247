package io.arc.runtime.catalog;

import io.arc.api.data.ColumnType;
import io.arc.api.data.Role;
import io.arc.api.data.TableId;
import io.arc.runtime.catalog.ColumnStats.Bounds;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Files and schemas for tests.
final class Samples {
    static final TableId CPU = new TableId("prod", "cpu");
    static final TableId MEM = new TableId("prod", "mem");
    static final TableSchema SCHEMA = new TableSchema(List.of(new ColumnSchema("host", ColumnType.TEXT, Role.TAG),
            new ColumnSchema("usage", ColumnType.FLOAT64, Role.FIELD)));

    private Samples() {}

    static DataFile file(TableId table, String name) {
        return file(table, name, 100);
    }

    static DataFile file(TableId table, String name, long rows) {
        return new DataFile(table, table.database() + '/' + table.table() + "/2026/01/02/03/" + name + ".parquet", 4096, rows,
                1_000_000, 2_000_000, 0, List.of(new WalRange("w1", 1, 7)),
                List.of(new ColumnStats("host", ColumnType.TEXT, 3, new Bounds.Texts("a", "zürich")),
                        new ColumnStats("usage", ColumnType.FLOAT64, 0, new Bounds.Doubles(-0.0, 99.5, true))), 55);
    }

    static FlushCommit flush(TableId table, String name, long last) {
        return new FlushCommit(table, SCHEMA, List.of(file(table, name)), List.of(new WalRange("w1", 0, last)));
    }

    static DataFile randomFile(Random random, TableId table, String name) {
        List<WalRange> coverage = new ArrayList<>();
        for (int i = random.nextInt(3); i > 0; i--) {
            long first = random.nextLong() >> random.nextInt(64);
            coverage.add(new WalRange("writer-" + random.nextInt(4), first, Math.max(first, random.nextLong())));
        }
        List<ColumnStats> columns = new ArrayList<>();
        for (int i = random.nextInt(9); i > 0; i--) {
            Bounds bounds = switch (random.nextInt(5)) {
                case 0 -> Bounds.NONE;
                case 1 -> new Bounds.Longs(random.nextLong() >> random.nextInt(64), random.nextLong());
                case 2 -> new Bounds.Doubles(Double.longBitsToDouble(random.nextLong()), random.nextBoolean() ? -0.0
                        : Double.POSITIVE_INFINITY, random.nextBoolean());
                case 3 -> new Bounds.Booleans(random.nextBoolean(), random.nextBoolean());
                default -> new Bounds.Texts("ä".repeat(random.nextInt(200)), "\uD83D\uDE00");
            };
            columns.add(new ColumnStats("column " + i, ColumnType.values()[random.nextInt(4)], random.nextLong(), bounds));
        }
        return new DataFile(table, table.database() + '/' + table.table() + '/' + name + ".parquet", random.nextLong(),
                random.nextInt(), random.nextLong(), random.nextLong(), random.nextInt(3), coverage, columns,
                random.nextLong());
    }
}
