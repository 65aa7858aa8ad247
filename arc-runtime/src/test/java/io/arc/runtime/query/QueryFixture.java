package io.arc.runtime.query;

import io.arc.api.data.Column;
import io.arc.api.data.Column.BooleanColumn;
import io.arc.api.data.Column.DictionaryColumn;
import io.arc.api.data.Column.DoubleColumn;
import io.arc.api.data.Column.LongColumn;
import io.arc.api.data.Column.Utf8Column;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.ColumnType;
import io.arc.api.data.Role;
import io.arc.api.data.TableId;
import io.arc.api.data.Utf8Block;
import io.arc.api.data.Validity;
import io.arc.runtime.catalog.ColumnSchema;
import io.arc.runtime.catalog.ColumnStats;
import io.arc.runtime.catalog.ColumnStats.Bounds;
import io.arc.runtime.catalog.DataFile;
import io.arc.runtime.catalog.TableSchema;
import io.arc.runtime.duckdb.SqlText;
import io.arc.runtime.filecache.FileAccess;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/// An engine over tables made of real Parquet files and of batches in memory, beside a plain DuckDB that has the same rows
/// in native
/// tables of the same names, to compare with.
final class QueryFixture implements AutoCloseable, TableSource, FileAccess {
    /// A row: microseconds, then the columns' values by name; what is missing is NULL.
    record Row(long micros, Map<String, Object> values) {
        static Row of(long micros, Object... namesAndValues) {
            Map<String, Object> values = new LinkedHashMap<>();
            for (int i = 0; i < namesAndValues.length; i += 2) {
                if (namesAndValues[i + 1] != null) {
                    values.put((String) namesAndValues[i], namesAndValues[i + 1]);
                }
            }
            return new Row(micros, values);
        }
    }

    final Path root;
    final Connection oracle;
    private final Map<TableId, TableSchema> schemas = new TreeMap<>();
    private final Map<TableId, List<DataFile>> files = new TreeMap<>();
    private final Map<TableId, List<ColumnBatch>> hot = new TreeMap<>();
    private final Map<TableId, Long> versions = new TreeMap<>();
    private int fileNumber;
    private int stagingNumber;
    int openSnapshots;
    volatile boolean readable = true;
    QueryEngine engine;
    /// How the engine gets at files.
    FileAccess fileAccess = this;

    QueryFixture(Path root) throws SQLException {
        this.root = root;
        this.oracle = DriverManager.getConnection("jdbc:duckdb:");
        execute("SET GLOBAL TimeZone = 'UTC'");
        execute("SET GLOBAL error_on_division_by_zero = false");
        execute("SET GLOBAL regex_match_operator_semantics = 'full'");
    }

    QueryEngine start() {
        return start(options(), List.of());
    }

    QueryOptions options() {
        return QueryOptions.defaults(List.of(root)).withMemory(512L << 20, 2);
    }

    QueryEngine start(QueryOptions options, List<io.arc.api.spi.QueryRewriter.Stage> rewriters) {
        engine = new QueryEngine(options, this, fileAccess, rewriters, InstantSource.system(), root.resolve("tmp"));
        return engine;
    }

    void execute(String sql) throws SQLException {
        try (Statement statement = oracle.createStatement()) {
            statement.execute(sql);
        }
    }

    static ColumnSchema column(String name, ColumnType type) {
        return new ColumnSchema(name, type, type == ColumnType.TEXT ? Role.TAG : Role.FIELD);
    }

    void create(TableId table, ColumnSchema... columns) throws SQLException {
        schemas.put(table, new TableSchema(List.of(columns)));
        files.put(table, new ArrayList<>());
        hot.put(table, new ArrayList<>());
        versions.put(table, 1L);
        execute("CREATE SCHEMA IF NOT EXISTS " + SqlText.identifier(table.database()));
        StringBuilder sql = new StringBuilder("CREATE TABLE ").append(name(table)).append("(\"time\" TIMESTAMPTZ");
        for (ColumnSchema column : columns) {
            sql.append(", ").append(SqlText.identifier(column.name())).append(' ').append(Relations.sqlType(column.type()));
        }
        execute(sql.append(")").toString());
    }

    static String name(TableId table) {
        return SqlText.identifier(table.database()) + "." + SqlText.identifier(table.table());
    }

    private static String literal(Object value) {
        return switch (value) {
            case null -> "NULL";
            case String text -> SqlText.literal(text);
            case Double number -> "CAST('" + number + "' AS DOUBLE)";
            default -> value.toString();
        };
    }

    private static ColumnType typeOf(Object value) {
        return switch (value) {
            case Long _ -> ColumnType.INT64;
            case Double _ -> ColumnType.FLOAT64;
            case Boolean _ -> ColumnType.BOOLEAN;
            default -> ColumnType.TEXT;
        };
    }

    private static Map<String, ColumnType> types(List<Row> rows) {
        Map<String, ColumnType> types = new LinkedHashMap<>();
        for (Row row : rows) {
            row.values().forEach((name, value) -> types.merge(name, typeOf(value), (a, b) -> {
                if (a != b) {
                    throw new IllegalArgumentException("one file, two types of " + name);
                }
                return a;
            }));
        }
        return types;
    }

    /// A double without a fraction is as text what an integer is, because integers become doubles when they share a file.
    private static Object asRead(Object value, ColumnType type) {
        return type == ColumnType.TEXT && value instanceof Double number && number == Math.rint(number)
                && Math.abs(number) < 0x1p53 ? Long.toString(number.longValue()) : value;
    }

    /// The rows into the plain DuckDB, each value cast to the table's type.
    private void store(TableId table, List<Row> rows) throws SQLException {
        List<String> tuples = new ArrayList<>();
        for (Row row : rows) {
            StringBuilder tuple = new StringBuilder("(make_timestamptz(" + row.micros() + "::BIGINT)");
            for (ColumnSchema column : schemas.get(table).columns()) {
                tuple.append(", CAST(").append(literal(asRead(row.values().get(column.name()), column.type()))).append(" AS ")
                        .append(Relations.sqlType(column.type())).append(")");
            }
            tuples.add(tuple.append(")").toString());
        }
        execute("INSERT INTO " + name(table) + " VALUES " + String.join(",", tuples));
    }

    void addFile(TableId table, List<Row> rows) throws SQLException {
        store(table, rows);
        Map<String, ColumnType> types = types(rows);
        String staging = "memory.main.staging" + stagingNumber++;
        StringBuilder create = new StringBuilder("CREATE TABLE ").append(staging).append("(\"time\" TIMESTAMPTZ");
        types.forEach((name, type) -> create.append(", ").append(SqlText.identifier(name)).append(' ')
                .append(Relations.sqlType(type)));
        execute(create.append(")").toString());
        List<String> tuples = new ArrayList<>();
        for (Row row : rows) {
            StringBuilder tuple = new StringBuilder("(make_timestamptz(" + row.micros() + "::BIGINT)");
            for (String name : types.keySet()) {
                tuple.append(", ").append(literal(row.values().get(name)));
            }
            tuples.add(tuple.append(")").toString());
        }
        execute("INSERT INTO " + staging + " VALUES " + String.join(",", tuples));
        Path path = root.resolve(table.database()).resolve(table.table()).resolve("f" + fileNumber++ + ".parquet");
        try {
            Files.createDirectories(path.getParent());
            execute("COPY " + staging + " TO " + SqlText.literal(path.toString()) + " (FORMAT parquet)");
            execute("DROP TABLE " + staging);
            List<ColumnStats> stats = new ArrayList<>();
            types.forEach((name, type) -> stats.add(stats(name, type, rows)));
            files.get(table).add(new DataFile(table, root.relativize(path).toString(), Files.size(path), rows.size(),
                    rows.stream().mapToLong(Row::micros).min().orElseThrow(),
                    rows.stream().mapToLong(Row::micros).max().orElseThrow(), 0, List.of(), stats, 0));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        versions.merge(table, 1L, Long::sum);
    }

    /// A file that the catalog knows and no query can open.
    void addUnreadable(TableId table, long rowCount, long minMicros, long maxMicros) {
        files.get(table).add(new DataFile(table, "nowhere/" + fileNumber++, 1 << 20, rowCount, minMicros, maxMicros, 0, List.of(),
                List.of(new ColumnStats("host", ColumnType.TEXT, 0, Bounds.NONE)), 0));
        versions.merge(table, 1L, Long::sum);
    }

    private static ColumnStats stats(String name, ColumnType type, List<Row> rows) {
        List<Object> values = new ArrayList<>();
        for (Row row : rows) {
            if (row.values().get(name) != null) {
                values.add(row.values().get(name));
            }
        }
        Bounds bounds = Bounds.NONE;
        if (!values.isEmpty()) {
            bounds = switch (type) {
                case INT64 -> new Bounds.Longs(values.stream().mapToLong(each -> (Long) each).min().orElseThrow(),
                        values.stream().mapToLong(each -> (Long) each).max().orElseThrow());
                case FLOAT64 -> {
                    List<Double> numbers = values.stream().map(each -> (Double) each).filter(each -> !each.isNaN()).toList();
                    yield numbers.isEmpty() ? Bounds.NONE : new Bounds.Doubles(
                            numbers.stream().mapToDouble(each -> each).min().orElseThrow(),
                            numbers.stream().mapToDouble(each -> each).max().orElseThrow(), numbers.size() < values.size());
                }
                case BOOLEAN -> new Bounds.Booleans(!values.contains(false), values.contains(true));
                case TEXT -> new Bounds.Texts(
                        values.stream().map(Object::toString).min(QueryFixture::compareUtf8).orElseThrow(),
                        values.stream().map(Object::toString).max(QueryFixture::compareUtf8).orElseThrow());
            };
        }
        return new ColumnStats(name, type, rows.size() - values.size(), bounds);
    }

    private static int compareUtf8(String a, String b) {
        return java.util.Arrays.compareUnsigned(a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));
    }

    void addHot(TableId table, List<Row> rows) throws SQLException {
        store(table, rows);
        hot.get(table).add(batch(table, rows));
        versions.merge(table, 1L, Long::sum);
    }

    static ColumnBatch batch(TableId table, List<Row> rows) {
        List<Column> columns = new ArrayList<>();
        int count = rows.size();
        types(rows).forEach((name, type) -> {
            long[] words = new long[Validity.wordCount(count)];
            boolean complete = true;
            for (int i = 0; i < count; i++) {
                if (rows.get(i).values().get(name) != null) {
                    words[i >> 6] |= 1L << i;
                } else {
                    complete = false;
                }
            }
            Validity validity = complete ? Validity.ALL_PRESENT : new Validity(words);
            columns.add(switch (type) {
                case INT64 -> {
                    long[] values = new long[count];
                    for (int i = 0; i < count; i++) {
                        values[i] = rows.get(i).values().get(name) instanceof Long value ? value : -77;
                    }
                    yield new LongColumn(name, Role.FIELD, values, validity);
                }
                case FLOAT64 -> {
                    double[] values = new double[count];
                    for (int i = 0; i < count; i++) {
                        values[i] = rows.get(i).values().get(name) instanceof Double value ? value : -77;
                    }
                    yield new DoubleColumn(name, Role.FIELD, values, validity);
                }
                case BOOLEAN -> {
                    boolean[] values = new boolean[count];
                    for (int i = 0; i < count; i++) {
                        values[i] = rows.get(i).values().get(name) instanceof Boolean value && value;
                    }
                    yield new BooleanColumn(name, Role.FIELD, values, validity);
                }
                case TEXT -> text(name, rows, validity);
            });
        });
        return new ColumnBatch(table, count, rows.stream().mapToLong(Row::micros).toArray(), columns);
    }

    /// Every other time as a dictionary, so that both forms are met.
    private static Column text(String name, List<Row> rows, Validity validity) {
        String[] values = new String[rows.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = rows.get(i).values().get(name) instanceof String value ? value : "";
        }
        if (rows.size() % 2 == 0) {
            return new Utf8Column(name, Role.TAG, Utf8Block.of(values), validity);
        }
        List<String> distinct = List.copyOf(new TreeSet<>(List.of(values)));
        int[] codes = new int[values.length];
        for (int i = 0; i < codes.length; i++) {
            codes[i] = validity.isPresent(i) ? distinct.indexOf(values[i]) : -1;
        }
        return new DictionaryColumn(name, Role.TAG, codes, Utf8Block.of(distinct.toArray(String[]::new)), validity);
    }

    // The table source.

    @Override
    public List<String> databases() {
        TreeSet<String> names = new TreeSet<>();
        names.add("default");
        for (TableId table : schemas.keySet()) {
            names.add(table.database());
        }
        return List.copyOf(names);
    }

    @Override
    public List<TableId> tables(String database) {
        return schemas.keySet().stream().filter(each -> each.database().equals(database)).toList();
    }

    @Override
    public boolean awaitReadable(String position, Duration atMost) {
        return readable;
    }

    @Override
    public synchronized Snapshot snapshot() {
        openSnapshots++;
        return new Snapshot() {
            @Override
            public Optional<TableView> find(TableId table) {
                TableSchema schema = schemas.get(table);
                return schema == null ? Optional.empty()
                        : Optional.of(new TableView(table, schema, files.get(table), hot.get(table)));
            }

            @Override
            public TableVersion version(TableId table) {
                return new TableVersion(versions.get(table), 0, Map.of());
            }

            @Override
            public void close() {
                synchronized (QueryFixture.this) {
                    openSnapshots--;
                }
            }
        };
    }

    // The files.

    int filesOpened;

    @Override
    public Reading begin() {
        return new Reading() {
            @Override
            public Path local(DataFile file) {
                synchronized (QueryFixture.this) {
                    filesOpened++;
                }
                return root.resolve(file.key());
            }

            @Override
            public void close() {}
        };
    }

    // Asking.

    String json(String sql) {
        return json(QueryRequest.of(sql, "default"));
    }

    String json(QueryRequest request) {
        try (RunningQuery query = engine.run(request)) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            query.writeJson(out);
            return out.toString(StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Only the rows, as JSON text.
    String data(String sql) {
        String json = json(sql);
        return json.substring(json.indexOf("\"data\":") + 7, json.lastIndexOf(",\"row_count\""));
    }

    /// The rows as texts, one a row, unordered ones sorted.
    List<String> rows(QueryRequest request) {
        List<?> data = Json.array(Json.object(Json.parse(json(request))).get("data"));
        return data.stream().map(Object::toString).sorted().toList();
    }

    /// The same statement on the plain DuckDB, in the same text form: it goes through the same writers, on tables that the
    /// plain
    /// DuckDB stored itself.
    List<String> expected(String sql, String database) throws SQLException {
        execute("USE memory." + SqlText.identifier(database));
        List<String> rows = new ArrayList<>();
        try (Statement statement = oracle.createStatement(); ResultSet result =
                statement.executeQuery(sql.replace("default.", "\"default\"."))) {
            int columns = result.getMetaData().getColumnCount();
            while (result.next()) {
                List<String> row = new ArrayList<>();
                for (int i = 1; i <= columns; i++) {
                    row.add(canonical(result.getObject(i)));
                }
                rows.add(row.toString());
            }
        }
        return rows.stream().sorted().toList();
    }

    private static String canonical(Object value) {
        return switch (value) {
            case null -> "null";
            case Double number -> number == 0 && 1 / number < 0 ? "Number[text=-0]" : Double.isFinite(number)
                    ? "Number[text=" + plain(new java.math.BigDecimal(number.toString())) + "]" : "null";
            case Float number -> "Number[text=" + plain(new java.math.BigDecimal(number.toString())) + "]";
            case java.math.BigDecimal number -> "Number[text=" + number.toPlainString() + "]";
            case Number number -> "Number[text=" + number + "]";
            case java.sql.Array array -> {
                try {
                    List<String> parts = new ArrayList<>();
                    for (Object part : (Object[]) array.getArray()) {
                        parts.add(canonical(part));
                    }
                    yield parts.toString();
                } catch (SQLException e) {
                    throw new IllegalStateException(e);
                }
            }
            case java.time.OffsetDateTime time -> instant(time.toInstant());
            case java.sql.Timestamp time -> instant(time.toLocalDateTime().toInstant(java.time.ZoneOffset.UTC));
            case java.time.LocalDate date -> date + "T00:00:00Z";
            case java.sql.Date date -> date.toLocalDate() + "T00:00:00Z";
            default -> value.toString();
        };
    }

    private static String plain(java.math.BigDecimal number) {
        String text = number.toPlainString();
        return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
    }

    private static String instant(java.time.Instant instant) {
        ByteOutput out = new ByteOutput(40);
        new NumberText().instant(out, instant.getEpochSecond(), instant.getNano());
        return new String(out.bytes, 0, out.size, StandardCharsets.UTF_8);
    }

    @Override
    public void close() throws SQLException {
        if (engine != null) {
            engine.close();
        }
        oracle.close();
    }
}
