package io.arc.runtime.compaction;

import io.arc.api.data.ColumnType;
import io.arc.api.data.Role;
import io.arc.runtime.catalog.ColumnSchema;
import io.arc.runtime.catalog.ColumnStats;
import io.arc.runtime.catalog.DataFile;
import io.arc.runtime.catalog.ForeignForm;
import io.arc.runtime.catalog.TableSchema;
import io.arc.runtime.duckdb.BatchScan;
import io.arc.runtime.duckdb.SqlText;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/// The statement that merges files by the engine: for files of other programs, for columns whose numbers became text, for
/// tables with sort keys, and to drop duplicates.
final class EngineSql {
    private static final String FILE = "_arc_file";
    private static final String ROW = "_arc_row";

    private EngineSql() {}

    /// @param columns what the result has behind `time`, in the types of `schema`
    /// @param path where a file is
    /// @param sortKeys before the time
    /// @param deduplicate keeps of rows that agree in time and all tags the one written last: the last row of the newest file
    static String merge(List<DataFile> inputs, TableSchema schema, List<ColumnSchema> columns, Function<DataFile, String> path,
            List<String> sortKeys, boolean deduplicate) {
        List<String> scans = new ArrayList<>();
        if (deduplicate) {
            List<DataFile> byAge = new ArrayList<>(inputs);
            byAge.sort(Comparator.comparingLong(DataFile::addedMicros).thenComparing(DataFile::key));
            for (int i = 0; i < byAge.size(); i++) {
                scans.add(scan(List.of(byAge.get(i)), columns, path, ", " + i + " AS " + FILE + ", file_row_number AS " + ROW));
            }
        } else {
            Map<Object, List<DataFile>> shapes = new LinkedHashMap<>();
            for (DataFile input : inputs) {
                shapes.computeIfAbsent(shape(input), _ -> new ArrayList<>()).add(input);
            }
            shapes.values().forEach(files -> scans.add(scan(files, columns, path, "")));
        }
        StringBuilder sql = new StringBuilder("SELECT t");
        for (int i = 0; i < columns.size(); i++) {
            sql.append(", c").append(i);
        }
        sql.append(" FROM (").append(String.join(" UNION ALL ", scans)).append(")");
        if (deduplicate) {
            sql.append(" QUALIFY row_number() OVER (PARTITION BY t");
            for (int i = 0; i < columns.size(); i++) {
                if (columns.get(i).role() == Role.TAG) {
                    sql.append(", c").append(i);
                }
            }
            sql.append(" ORDER BY ").append(FILE).append(" DESC, ").append(ROW).append(" DESC) = 1");
        }
        sql.append(" ORDER BY ");
        for (String key : sortKeys) {
            for (int i = 0; i < columns.size(); i++) {
                if (columns.get(i).name().equals(key) && schema.find(key).isPresent()) {
                    sql.append('c').append(i).append(" NULLS LAST, ");
                }
            }
        }
        return sql.append("t").toString();
    }

    private static Object shape(DataFile file) {
        List<Object> shape = new ArrayList<>();
        file.columns().forEach(column -> shape.add(column.name() + '\0' + column.type()));
        shape.add(file.foreign());
        return shape;
    }

    private static String scan(List<DataFile> files, List<ColumnSchema> columns, Function<DataFile, String> path, String more) {
        DataFile first = files.getFirst();
        Map<String, String> names = readNames(first.columns());
        StringBuilder sql = new StringBuilder("SELECT epoch_us(").append(time(first)).append(") AS t");
        for (int i = 0; i < columns.size(); i++) {
            ColumnSchema column = columns.get(i);
            String source = names.containsKey(column.name()) ? SqlText.identifier(names.get(column.name())) : "NULL";
            sql.append(", CAST(").append(source).append(" AS ").append(BatchScan.sqlType(column.type())).append(") AS c")
                    .append(i);
        }
        sql.append(more).append(" FROM read_parquet([");
        String separator = "";
        for (DataFile file : files) {
            sql.append(separator).append(SqlText.literal(globFree(path.apply(file))));
            separator = ", ";
        }
        return sql.append("], hive_partitioning = false").append(more.isEmpty() ? ")" : ", file_row_number = true)").toString();
    }

    private static String time(DataFile file) {
        return file.foreign().flatMap(ForeignForm::timeUnit).map(unit -> switch (unit) {
            case SECONDS -> "make_timestamptz(CAST(\"time\" AS BIGINT) * 1000000)";
            case MILLIS -> "make_timestamptz(CAST(\"time\" AS BIGINT) * 1000)";
            case MICROS -> "make_timestamptz(CAST(\"time\" AS BIGINT))";
            case NANOS -> "make_timestamptz(CAST(floor(CAST(\"time\" AS HUGEINT) / 1000) AS BIGINT))";
        }).orElse("CAST(\"time\" AS TIMESTAMPTZ)");
    }

    /// DuckDB takes names that differ in case for one name and calls the later columns of a file `name_1`, `name_2`.
    private static Map<String, String> readNames(List<ColumnStats> columns) {
        Map<String, String> names = new HashMap<>();
        Map<String, Integer> counts = new HashMap<>();
        Set<String> used = new HashSet<>(Set.of("time"));
        for (ColumnStats column : columns) {
            String given = column.name();
            while (!used.add(fold(given))) {
                given = column.name() + "_" + counts.merge(fold(column.name()), 1, Integer::sum);
            }
            names.put(column.name(), given);
        }
        return names;
    }

    private static String fold(String name) {
        return name.toLowerCase(Locale.ROOT);
    }

    /// The path as a pattern that only it matches: DuckDB takes every name of a file for a pattern.
    private static String globFree(String path) {
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

    /// Whether a file's column has to be turned into text.
    static boolean becomesText(ColumnStats stored, ColumnType type, long rowCount) {
        return type == ColumnType.TEXT && stored.type() != ColumnType.TEXT && stored.nullCount() != rowCount;
    }
}
