package io.arc.runtime.query;

import io.arc.api.data.Column;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.ColumnType;
import io.arc.runtime.catalog.ColumnSchema;
import io.arc.runtime.catalog.ColumnStats;
import io.arc.runtime.catalog.DataFile;
import io.arc.runtime.catalog.ForeignForm;
import io.arc.runtime.catalog.TableSchema;
import io.arc.runtime.duckdb.HotRows;
import io.arc.runtime.duckdb.SqlText;
import io.arc.runtime.filecache.FileAccess;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Writes the SQL that stands for a table: files and rows in memory, every column in the type of the table's schema, `time`
/// first. Rows of one physical shape are one scan, because DuckDB takes the types of a list of files from its first.
///
/// Owns what the text refers to (shared rows) until it is closed. One query's, one thread's.
final class Relations implements AutoCloseable {
    /// From so many different shapes on, files are read together whose shapes only differ in which columns they have.
    private static final int MAX_EXACT_SHAPES = 8;

    private final HotRows hotRows;
    private final FileAccess.Reading reading;
    private final List<HotRows.Shared> shared = new ArrayList<>();

    Relations(HotRows hotRows, FileAccess.Reading reading) {
        this.hotRows = hotRows;
        this.reading = reading;
    }

    /// A query in parentheses with the rows of the given files and batches.
    ///
    /// @param columns those that are looked at, as far as that is known
    String table(TableSchema schema, List<DataFile> files, List<ColumnBatch> batches, Optional<Set<String>> columns) {
        List<String> scans = new ArrayList<>();
        for (FileShape shape : shapes(files)) {
            scans.add(fileScan(schema, shape, columns));
        }
        List<BatchShape> batchShapes = new ArrayList<>();
        for (ColumnBatch batch : batches) {
            if (batch.rowCount() > 0) {
                addTo(batchShapes, batch);
            }
        }
        for (BatchShape shape : batchShapes) {
            scans.add(hotScan(schema, shape.types, shape.batches));
        }
        if (scans.isEmpty()) {
            scans.add(emptyScan(schema));
        }
        return "(" + String.join(" UNION ALL ", scans) + ")";
    }

    /// Batches that agree on the type of every column that they have in common.
    private static final class BatchShape {
        private final Map<String, ColumnType> types = new LinkedHashMap<>();
        private final List<ColumnBatch> batches = new ArrayList<>();
    }

    private static void addTo(List<BatchShape> shapes, ColumnBatch batch) {
        Map<String, ColumnType> types = new LinkedHashMap<>();
        for (Column column : batch.columns()) {
            types.put(column.name(), column.type());
        }
        BatchShape home = null;
        for (BatchShape shape : shapes) {
            if (agree(shape.types, types)) {
                home = shape;
                break;
            }
        }
        if (home == null) {
            home = new BatchShape();
            shapes.add(home);
        }
        home.types.putAll(types);
        home.batches.add(batch);
    }

    private static boolean agree(Map<String, ColumnType> a, Map<String, ColumnType> b) {
        for (Map.Entry<String, ColumnType> column : b.entrySet()) {
            ColumnType other = a.get(column.getKey());
            if (other != null && other != column.getValue()) {
                return false;
            }
        }
        return true;
    }

    /// Files that one scan can read: `types` are the columns of them all, `uniform` says that each file has every one.
    private static final class FileShape {
        private final Map<String, ColumnType> types;
        private final List<DataFile> files = new ArrayList<>();
        private final Optional<ForeignForm> foreign;
        private boolean uniform = true;

        FileShape(Map<String, ColumnType> types, Optional<ForeignForm> foreign) {
            this.types = types;
            this.foreign = foreign;
        }
    }

    private static List<FileShape> shapes(List<DataFile> files) {
        Map<Object, FileShape> exact = new LinkedHashMap<>();
        for (DataFile file : files) {
            Map<String, ColumnType> types = new LinkedHashMap<>();
            for (ColumnStats column : file.columns()) {
                types.put(column.name(), column.type());
            }
            // Where names differ in case only, the order of the columns tells them apart, so it is part of the shape.
            Object names = readNames(types.keySet()).isEmpty() ? types : List.copyOf(types.entrySet());
            // Other programs' types hide behind the same types of ours, and one scan must not mix them.
            Object key = file.foreign().isPresent() ? List.of(names, file.foreign().get()) : names;
            exact.computeIfAbsent(key, _ -> new FileShape(types, file.foreign())).files.add(file);
        }
        if (exact.size() <= MAX_EXACT_SHAPES) {
            return List.copyOf(exact.values());
        }
        List<FileShape> merged = new ArrayList<>();
        for (FileShape shape : exact.values()) {
            FileShape host = null;
            for (FileShape candidate : merged) {
                if (candidate.foreign.isEmpty() && shape.foreign.isEmpty() && agree(candidate.types, shape.types)
                        && !differInCase(candidate.types, shape.types)) {
                    host = candidate;
                    break;
                }
            }
            if (host == null) {
                host = new FileShape(new LinkedHashMap<>(shape.types), shape.foreign);
                merged.add(host);
            } else {
                host.types.putAll(shape.types);
                host.uniform = false;
            }
            host.files.addAll(shape.files);
        }
        return merged;
    }

    /// DuckDB takes names that differ in case for one name and calls the later columns of a file `name_1`, `name_2`.
    ///
    /// @return by name, what DuckDB calls the columns that it renames
    private static Map<String, String> readNames(Iterable<String> fileColumns) {
        Map<String, String> renamed = new HashMap<>();
        Map<String, Integer> counts = new HashMap<>();
        Set<String> used = new HashSet<>(Set.of("time"));
        for (String name : fileColumns) {
            String given = name;
            while (!used.add(SqlTokens.fold(given))) {
                given = name + "_" + counts.merge(SqlTokens.fold(name), 1, Integer::sum);
            }
            if (!given.equals(name)) {
                renamed.put(name, given);
            }
        }
        return renamed;
    }

    private static boolean differInCase(Map<String, ColumnType> a, Map<String, ColumnType> b) {
        Set<String> together = new LinkedHashSet<>(a.keySet());
        together.addAll(b.keySet());
        return !readNames(together).isEmpty();
    }

    private String fileScan(TableSchema schema, FileShape shape, Optional<Set<String>> columns) {
        StringBuilder sql = new StringBuilder("SELECT ").append(time(shape)).append(" AS \"time\"");
        Map<String, String> renamed = readNames(shape.types.keySet());
        for (ColumnSchema column : schema.columns()) {
            String name = SqlText.identifier(column.name());
            String source = SqlText.identifier(renamed.getOrDefault(column.name(), column.name()));
            ColumnType stored = shape.types.get(column.name());
            sql.append(", ").append(stored == null ? converted("NULL", column.type(), column.type())
                    : converted(source, stored, column.type())).append(" AS ").append(name);
        }
        sql.append(" FROM read_parquet([");
        String separator = "";
        for (Path path : reading.local(shape.files, columns)) {
            sql.append(separator).append(SqlText.literal(globFree(path.toString())));
            separator = ", ";
        }
        return sql.append("], hive_partitioning = false").append(shape.uniform ? ")" : ", union_by_name = true)").toString();
    }

    private static String time(FileShape shape) {
        return shape.foreign.flatMap(ForeignForm::timeUnit).map(unit -> switch (unit) {
            case SECONDS -> "make_timestamptz(CAST(\"time\" AS BIGINT) * 1000000)";
            case MILLIS -> "make_timestamptz(CAST(\"time\" AS BIGINT) * 1000)";
            case MICROS -> "make_timestamptz(CAST(\"time\" AS BIGINT))";
            case NANOS -> "make_timestamptz(CAST(floor(CAST(\"time\" AS HUGEINT) / 1000) AS BIGINT))";
        }).orElse("CAST(\"time\" AS TIMESTAMPTZ)");
    }

    /// The path as a pattern that only it matches: DuckDB takes every name of a file for a pattern.
    private static String globFree(String path) {
        if (path.indexOf('*') < 0 && path.indexOf('?') < 0 && path.indexOf('[') < 0) {
            return path;
        }
        StringBuilder pattern = new StringBuilder();
        for (int i = 0; i < path.length(); i++) {
            char c = path.charAt(i);
            if (c == '*' || c == '?' || c == '[') {
                pattern.append('[').append(c).append(']');
            } else {
                pattern.append(c);
            }
        }
        return pattern.toString();
    }

    private String hotScan(TableSchema schema, Map<String, ColumnType> types, List<ColumnBatch> batches) {
        List<HotRows.SharedColumn> columns = new ArrayList<>();
        StringBuilder sql = new StringBuilder("SELECT make_timestamptz(\"time\") AS \"time\"");
        for (ColumnSchema column : schema.columns()) {
            ColumnType type = types.get(column.name());
            String source = "NULL";
            if (type != null) {
                source = "c" + columns.size();
                columns.add(new HotRows.SharedColumn(column.name(), type));
            }
            sql.append(", ").append(converted(source, type == null ? column.type() : type, column.type())).append(" AS ")
                    .append(SqlText.identifier(column.name()));
        }
        HotRows.Shared rows = hotRows.share(batches, columns);
        shared.add(rows);
        return sql.append(" FROM ").append(HotRows.FUNCTION).append('(').append(rows.id()).append(")").toString();
    }

    /// No rows, in the table's columns and types.
    static String emptyScan(TableSchema schema) {
        StringBuilder sql = new StringBuilder("SELECT CAST(NULL AS TIMESTAMPTZ) AS \"time\"");
        for (ColumnSchema column : schema.columns()) {
            sql.append(", CAST(NULL AS ").append(sqlType(column.type())).append(") AS "
                    + "").append(SqlText.identifier(column.name()));
        }
        return sql.append(" WHERE false").toString();
    }

    /// A value as the table's type has it. An integer that has become a double in a file reads as the text that it had before:
    /// whether a flush came between must not show.
    private static String converted(String source, ColumnType stored, ColumnType wanted) {
        String cast = "CAST(" + source + " AS " + sqlType(wanted) + ")";
        return stored != ColumnType.FLOAT64 || wanted != ColumnType.TEXT ? cast
                : "CASE WHEN " + source + " = trunc(" + source + ") AND abs(" + source + ") < 9007199254740992 THEN CAST(CAST("
                        + source + " AS BIGINT) AS VARCHAR) ELSE " + cast + " END";
    }

    static String sqlType(ColumnType type) {
        return switch (type) {
            case INT64 -> "BIGINT";
            case FLOAT64 -> "DOUBLE";
            case BOOLEAN -> "BOOLEAN";
            case TEXT -> "VARCHAR";
        };
    }

    @Override
    public void close() {
        for (HotRows.Shared each : shared) {
            each.close();
        }
        shared.clear();
    }
}
