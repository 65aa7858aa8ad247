package io.arc.runtime.recovery;

import static io.arc.runtime.buffer.TestBatches.ids;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.Column;
import io.arc.api.data.Column.BooleanColumn;
import io.arc.api.data.Column.DoubleColumn;
import io.arc.api.data.Column.LongColumn;
import io.arc.api.data.Column.Utf8Column;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.ColumnType;
import io.arc.api.data.Role;
import io.arc.api.data.TableId;
import io.arc.api.data.Utf8Block;
import io.arc.api.data.Validity;
import io.arc.api.spi.StorageBackend.Body;
import io.arc.api.spi.StorageBackend.PutMode;
import io.arc.runtime.buffer.TestBatches;
import io.arc.runtime.catalog.CatalogSnapshot;
import io.arc.runtime.catalog.ColumnSchema;
import io.arc.runtime.catalog.ColumnStats;
import io.arc.runtime.catalog.DataFile;
import io.arc.runtime.catalog.FileOrigin;
import io.arc.runtime.catalog.FileSwap;
import io.arc.runtime.catalog.TableEntry;
import io.arc.runtime.catalog.TableSchema;
import io.arc.runtime.catalog.WalRange;
import io.arc.runtime.flush.FlushWorld;
import io.arc.runtime.flush.MemoryStore;
import io.arc.runtime.fs.DiskFileSystem;
import io.arc.runtime.partition.DataKey;
import io.arc.runtime.partition.HourPartition;
import io.arc.runtime.wal.Journal;
import io.arc.runtime.wal.Wal;
import io.arc.runtime.wal.WalOptions;
import io.arc.runtime.wal.WalReader;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The catalog is lost: `arc.db` is gone, the store and the log are there.
final class RebuildTest {
    private static final TableId CPU = new TableId("prod", "cpu");
    private static final TableId MEM = new TableId("prod", "mem");
    private static final long T0 = HourPartition.MICROS * 480_000;
    private static final String INSTANCE = "test";
    private static final TimeProbe NO_PROBE = (key, size, integer) -> {
        throw new AssertionError("the footer of " + key + " has all bounds");
    };
    private static final int RUNS = 12 * Integer.getInteger("arc.test.slow", 1);

    @TempDir
    private Path folder;
    private Path directory;
    private MemoryStore store = new MemoryStore();
    private final List<String> progress = new ArrayList<>();
    private int mergeNumber;

    @BeforeEach
    void begin() throws IOException {
        directory = Files.createDirectory(folder.resolve("first"));
    }

    private FlushWorld world() {
        return new FlushWorld(directory, store, FlushWorld.OPTIONS, 1L << 40);
    }

    private WalReader reader() {
        return new WalReader(new DiskFileSystem(), directory.resolve("wal"), INSTANCE);
    }

    private Wal openLog(FlushWorld world, WalReader.Report report, int writers) {
        return Wal.open(new WalOptions(directory.resolve("wal"), INSTANCE, writers, WalOptions.SyncMode.ASYNC, 1 << 12,
                Duration.ofHours(1), 1 << 26, writer -> WalReplay.highestCovered(world.catalog.snapshot(), writer)),
                new DiskFileSystem(), world.clock, report);
    }

    private WalReader.Report recover(FlushWorld world) {
        new OrphanSweep(world.catalog, store).sweep();
        return new WalReplay(world.buffers, world.schemas, world.catalog, world.memory, world.flushes, world.metrics)
                .replay(reader());
    }

    private CatalogRebuild.Report rebuild(FlushWorld world) {
        return new CatalogRebuild(world.catalog, store, NO_PROBE, 1000, progress::add).rebuild(reader().firstSequences());
    }

    /// Deletes the catalog and makes it anew.
    private CatalogRebuild.Report loseAndRebuild() throws IOException {
        loseCatalog();
        try (FlushWorld world = world()) {
            assertThat(world.catalog.knowsStorage()).isFalse();
            CatalogRebuild.Report report = rebuild(world);
            assertThat(world.catalog.knowsStorage()).isTrue();
            return report;
        }
    }

    private void loseCatalog() throws IOException {
        for (String name : List.of("arc.db", "arc.db-wal", "arc.db-shm")) {
            Files.deleteIfExists(directory.resolve(name));
        }
    }

    private static void write(FlushWorld world, Journal log, List<ColumnBatch> frame) throws Exception {
        CompletableFuture<Long> done = new CompletableFuture<>();
        world.schemas.admitAll(frame);
        log.append(frame, new Journal.Commit() {
            @Override
            public void committed(String writer, long sequence) {
                world.append(writer, sequence, frame);
                done.complete(sequence);
            }

            @Override
            public void failed(ArcException cause) {
                done.completeExceptionally(cause);
            }
        });
        done.get(30, TimeUnit.SECONDS);
    }

    private static List<Long> range(long from, long to) {
        return LongStream.rangeClosed(from, to).boxed().toList();
    }

    private static List<Long> sorted(List<Long> ids) {
        return ids.stream().sorted().toList();
    }

    // ---- what a table holds, as a query would see it

    private record Content(List<String> schema, List<String> rows) {}

    /// After everything that was in memory has been flushed.
    private Map<TableId, Content> contents(FlushWorld world) {
        Map<TableId, Content> contents = new TreeMap<>();
        CatalogSnapshot snapshot = world.catalog.snapshot();
        for (String database : snapshot.databases()) {
            for (TableEntry table : snapshot.tables(database)) {
                List<String> columns = table.schema().columns().stream().map(column -> column.name() + " " + column.type() + " "
                        + column.role() + (table.schema().isTyped(column.name()) ? "" : " without a type")).toList();
                contents.put(table.id(), new Content(columns, rows(table)));
            }
        }
        return contents;
    }

    private List<String> rows(TableEntry table) {
        List<String> rows = new ArrayList<>();
        try (Connection duckdb = DriverManager.getConnection("jdbc:duckdb:"); Statement statement = duckdb.createStatement()) {
            for (DataFile file : table.files()) {
                Set<String> own = file.columns().stream().map(ColumnStats::name).collect(Collectors.toSet());
                StringBuilder sql = new StringBuilder("SELECT concat_ws('|', epoch_us(\"time\")::VARCHAR");
                for (ColumnSchema column : table.schema().columns()) {
                    sql.append(", coalesce(").append(own.contains(column.name())
                            ? "CAST(\"" + column.name() + "\" AS " + sqlType(column.type()) + ")::VARCHAR" : "NULL").append(", '-')");
                }
                Path copy = Files.write(Files.createTempFile(folder, "read", ".parquet"), store.objects.get(file.key()));
                try (ResultSet row = statement.executeQuery(sql + ") FROM read_parquet('" + copy + "')")) {
                    while (row.next()) {
                        rows.add(row.getString(1));
                    }
                }
                Files.delete(copy);
            }
        } catch (SQLException | IOException failed) {
            throw new AssertionError(failed);
        }
        rows.sort(null);
        return rows;
    }

    private static String sqlType(ColumnType type) {
        return switch (type) {
            case INT64 -> "BIGINT";
            case FLOAT64 -> "DOUBLE";
            case BOOLEAN -> "BOOLEAN";
            case TEXT -> "VARCHAR";
        };
    }

    /// A catalog's files without the time of their entry.
    private static Map<TableId, List<DataFile>> files(FlushWorld world) {
        Map<TableId, List<DataFile>> files = new TreeMap<>();
        CatalogSnapshot snapshot = world.catalog.snapshot();
        for (String database : snapshot.databases()) {
            for (TableEntry table : snapshot.tables(database)) {
                files.put(table.id(), table.files().stream().map(file -> new DataFile(file.table(), file.key(), file.sizeBytes(),
                        file.rowCount(), file.minMicros(), file.maxMicros(), file.level(), Set.copyOf(file.coverage()).stream()
                        .sorted((a, b) -> a.toString().compareTo(b.toString())).toList(), file.columns(), 0)).toList());
            }
        }
        return files;
    }

    private static Map<TableId, Map<String, Long>> coverage(FlushWorld world) {
        Map<TableId, Map<String, Long>> coverage = new TreeMap<>();
        CatalogSnapshot snapshot = world.catalog.snapshot();
        for (String database : snapshot.databases()) {
            snapshot.tables(database).forEach(table -> coverage.put(table.id(), new TreeMap<>(table.walCoverage())));
        }
        return coverage;
    }

    // ---- something like compaction

    /// Merges files of equal columns into `parts` new ones and swaps them in, or dies before.
    ///
    /// @return whether there was anything to merge
    private boolean merge(FlushWorld world, TableId table, Random random, int parts, boolean dies) throws Exception {
        TableEntry entry = world.catalog.snapshot().find(table).orElse(null);
        if (entry == null) {
            return false;
        }
        Map<String, List<DataFile>> alike = new LinkedHashMap<>();
        for (DataFile file : entry.files()) {
            String hour = DataKey.parse(file.key()).orElseThrow().hour().orElseThrow().toString();
            alike.computeIfAbsent(hour + file.columns().stream().map(column -> column.name() + column.type()).toList(),
                    absent -> new ArrayList<>()).add(file);
        }
        List<List<DataFile>> choices = alike.values().stream().filter(files -> files.size() > 1).toList();
        if (choices.isEmpty()) {
            return false;
        }
        List<DataFile> inputs = choices.get(random.nextInt(choices.size()));
        List<String> replaces = inputs.stream().map(DataFile::key).toList();
        Set<String> garbage = world.catalog.notInTables();
        Set<String> before = new TreeSet<>();
        List<Path> copies = new ArrayList<>();
        for (DataFile input : inputs) {
            FileOrigin origin = found(input.key()).origin().orElseThrow();
            before.addAll(origin.replaces());
            before.addAll(origin.replacedBefore());
            copies.add(Files.write(Files.createTempFile(folder, "merge", ".parquet"), store.objects.get(input.key())));
        }
        before.retainAll(garbage);
        List<ColumnSchema> columns = inputs.getFirst().columns().stream().map(column -> new ColumnSchema(column.name(), column.type(),
                entry.schema().find(column.name()).orElseThrow().role())).toList();
        List<WalRange> coverage = inputs.stream().flatMap(file -> file.coverage().stream()).distinct().toList();
        String id = "merge" + mergeNumber++;
        int level = inputs.stream().mapToInt(DataFile::level).max().orElseThrow() + 1;
        List<DataFile> outputs = new ArrayList<>();
        for (int part = 1; part <= parts; part++) {
            FileOrigin origin = FileOrigin.of(coverage, Optional.of(new FileOrigin.Part(id, part, parts)), entry.schema(), columns,
                    TableSchema.EMPTY, replaces, List.copyOf(before), level);
            Path output = Files.createTempFile(folder, "merged", ".parquet");
            copy("SELECT * FROM (SELECT *, row_number() OVER (ORDER BY \"time\", id) AS _n FROM read_parquet(["
                    + copies.stream().map(path -> "'" + path + "'").collect(Collectors.joining(",")) + "])) WHERE _n % " + parts
                    + " = " + (part - 1), output, origin.properties());
            String directoryOfHour = replaces.getFirst().substring(0, replaces.getFirst().lastIndexOf('/'));
            String key = directoryOfHour + "/" + table.table() + "_" + id + "_" + part + ".parquet";
            store.put(key, new Body.InMemory(MemorySegment.ofArray(Files.readAllBytes(output))), PutMode.CREATE);
            outputs.add(found(key).file());
            if (dies && part == 1 + random.nextInt(parts)) {
                world.catalog.announce(outputs.stream().map(DataFile::key).toList());
                return true;
            }
        }
        for (Path copy : copies) {
            Files.delete(copy);
        }
        if (!dies) {
            world.catalog.replaceFiles(new FileSwap(table, replaces, outputs, Optional.empty()));
        } else {
            world.catalog.announce(outputs.stream().map(DataFile::key).toList());
        }
        return true;
    }

    private FoundFile found(String key) {
        FileReading reading = new FileReading(store, NO_PROBE, 1000);
        return switch (reading.read(store.find(key).orElseThrow(), DataKey.parse(key).orElseThrow())) {
            case FileReading.Outcome.Read(FoundFile file) -> file;
            case FileReading.Outcome.Passed(PassedOver object) -> throw new AssertionError(object.toString());
        };
    }

    private static void copy(String select, Path output, Map<String, String> footer) throws SQLException {
        try (Connection duckdb = DriverManager.getConnection("jdbc:duckdb:"); Statement statement = duckdb.createStatement()) {
            String entries = footer.entrySet().stream().map(entry -> "\"" + entry.getKey() + "\": '"
                    + entry.getValue().replace("'", "''") + "'").collect(Collectors.joining(", "));
            statement.execute("SET TimeZone = 'UTC'");
            statement.execute("COPY (SELECT * EXCLUDE (_n) FROM (" + select + ")) TO '" + output + "' (FORMAT parquet"
                    + (entries.isEmpty() ? "" : ", KV_METADATA {" + entries + "}") + ")");
        }
    }

    // ---- random rows

    private static final List<String> NAMES = List.of("a", "b,c", "d%2Ce", "f", "g", "h");

    private static ColumnBatch batch(Random random, TableId table, long firstId) {
        int rows = 1 + random.nextInt(6);
        long[] times = new long[rows];
        long[] ids = new long[rows];
        for (int row = 0; row < rows; row++) {
            times[row] = T0 + random.nextInt(3) * HourPartition.MICROS + random.nextInt(1000);
            ids[row] = firstId + row;
        }
        List<Column> columns = new ArrayList<>();
        List<String> names = new ArrayList<>(NAMES);
        Collections.shuffle(names, random);
        for (String name : names.subList(0, random.nextInt(names.size()))) {
            columns.add(column(random, name, rows));
        }
        columns.add(random.nextInt(columns.size() + 1), new LongColumn("id", Role.FIELD, ids, Validity.ALL_PRESENT));
        return new ColumnBatch(table, rows, times, columns);
    }

    /// `g` is a flag, `h` a tag; the others may be a number of either kind, text, or nothing.
    private static Column column(Random random, String name, int rows) {
        if (name.equals("g")) {
            boolean[] values = new boolean[rows];
            for (int row = 0; row < rows; row++) {
                values[row] = random.nextBoolean();
            }
            return new BooleanColumn(name, Role.FIELD, values, Validity.ALL_PRESENT);
        }
        if (name.equals("h")) {
            return texts(random, name, Role.TAG, rows);
        }
        return switch (random.nextInt(8)) {
            case 0, 1, 2 -> new LongColumn(name, Role.FIELD, random.longs(rows, 0, 1000).toArray(), Validity.ALL_PRESENT);
            case 3, 4 -> new DoubleColumn(name, Role.FIELD, random.doubles(rows).toArray(), Validity.ALL_PRESENT);
            case 5 -> texts(random, name, Role.FIELD, rows);
            default -> TestBatches.nothing(name, rows);
        };
    }

    private static Column texts(Random random, String name, Role role, int rows) {
        String[] values = new String[rows];
        for (int row = 0; row < rows; row++) {
            values[row] = "t" + random.nextInt(20);
        }
        return new Utf8Column(name, role, Utf8Block.of(values), Validity.ALL_PRESENT);
    }

    /// Random writes, flushes, merges, deletions of garbage and crashes; then once the server starts with its catalog, and once
    /// without. Both hold the same rows, columns and types; where no crash came before, the same catalog.
    @Test
    void aRebuiltCatalogGivesTheAnswersOfTheLostOne() throws Exception {
        for (int run = 0; run < RUNS; run++) {
            long seed = 77_000 + run;
            try {
                oneLife(new Random(seed), run);
            } catch (Throwable failed) {
                throw new AssertionError("seed " + seed, failed);
            }
        }
    }

    private void oneLife(Random random, int run) throws Exception {
        directory = Files.createDirectory(folder.resolve("run" + run));
        store = new MemoryStore();
        mergeNumber = 0;
        long id = 0;
        boolean crashed = false;
        int lives = 1 + random.nextInt(3);
        for (int life = 0; life < lives; life++) {
            crashed = false;
            try (FlushWorld world = world()) {
                WalReader.Report report = recover(world);
                try (Wal log = openLog(world, report, 1)) {
                    int steps = 5 + random.nextInt(25);
                    for (int step = 0; step < steps && !crashed; step++) {
                        switch (random.nextInt(10)) {
                            case 0, 1, 2, 3, 4 -> {
                                List<ColumnBatch> frame = new ArrayList<>();
                                for (int i = 0; i <= random.nextInt(3); i++) {
                                    ColumnBatch batch = batch(random, random.nextBoolean() ? CPU : MEM, id);
                                    id += batch.rowCount();
                                    frame.add(batch);
                                }
                                write(world, log, frame);
                            }
                            case 5, 6 -> {
                                world.flushes.flushAll(Duration.ofSeconds(30));
                                world.released.forEach(log::release);
                            }
                            case 7 -> merge(world, random.nextBoolean() ? CPU : MEM, random, 1 + random.nextInt(2), false);
                            case 8 -> deleteGarbage(world, random);
                            default -> crashed = random.nextBoolean() && crash(world, random);
                        }
                    }
                    if (!crashed && random.nextBoolean()) {
                        world.flushes.flushAll(Duration.ofSeconds(30));
                        world.released.forEach(log::release);
                    }
                }
            }
            store.afterPut = key -> {};
        }
        compareWithRebuilt(crashed);
    }

    private void deleteGarbage(FlushWorld world, Random random) {
        List<String> keys = new ArrayList<>(world.catalog.collectGarbage(Duration.ZERO, 1000));
        keys.removeIf(key -> random.nextBoolean());
        store.delete(keys);
        world.catalog.garbageDeleted(keys);
    }

    /// The process ends within a flush, after any of its puts, or within a merge.
    private boolean crash(FlushWorld world, Random random) throws Exception {
        if (random.nextBoolean()) {
            return merge(world, random.nextBoolean() ? CPU : MEM, random, 1 + random.nextInt(2), true);
        }
        AtomicInteger left = new AtomicInteger(1 + random.nextInt(4));
        store.afterPut = key -> {
            if (left.decrementAndGet() <= 0) {
                throw new ArcException(ErrorCode.STORAGE_OUTCOME_UNKNOWN, "the last thing this process sees");
            }
        };
        world.clock.advance(Duration.ofSeconds(6));
        world.runDue();
        return true;
    }

    private void compareWithRebuilt(boolean crashed) throws Exception {
        Path withCatalog = directory;
        MemoryStore firstStore = store;
        Path without = Files.createDirectory(folder.resolve(withCatalog.getFileName() + "-rebuilt"));
        copyTree(withCatalog.resolve("wal"), without.resolve("wal"));
        MemoryStore secondStore = store.copy();

        Map<TableId, List<DataFile>> files;
        Map<TableId, Map<String, Long>> coverage;
        try (FlushWorld world = world()) {
            files = files(world);
            coverage = coverage(world);
            recover(world);
            world.flushes.flushAll(Duration.ofSeconds(30));
            Map<TableId, Content> expected = contents(world);

            directory = without;
            store = secondStore;
            Map<TableId, List<DataFile>> rebuiltFiles;
            try (FlushWorld rebuilt = world()) {
                rebuild(rebuilt);
                rebuiltFiles = files(rebuilt);
                if (!crashed) {
                    assertThat(rebuiltFiles).isEqualTo(files);
                    assertThat(coverage(rebuilt)).isEqualTo(coverage);
                }
            }
            loseAndRebuild();
            try (FlushWorld again = world()) {
                assertThat(files(again)).as("a second rebuild").isEqualTo(rebuiltFiles);
                CatalogSnapshot once = again.catalog.snapshot();
                rebuild(again);
                assertThat(again.catalog.snapshot()).as("a rebuild of a sound catalog").isEqualTo(once);
                assertThat(files(again)).isEqualTo(rebuiltFiles);
            }
            try (FlushWorld rebuilt = world()) {
                recover(rebuilt);
                rebuilt.flushes.flushAll(Duration.ofSeconds(30));
                assertThat(contents(rebuilt)).isEqualTo(expected);
            }
            directory = withCatalog;
            store = firstStore;
        }
    }

    private static void copyTree(Path from, Path to) throws IOException {
        try (var paths = Files.walk(from)) {
            for (Path path : (Iterable<Path>) paths::iterator) {
                Path target = to.resolve(from.relativize(path));
                if (Files.isDirectory(path)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(path, target);
                }
            }
        }
    }

    // ---- single cases

    /// Two of a flush's three files are stored, the process is gone, and so is the catalog: the log has the rows.
    @Test
    void aFlushThatWasCutShortComesBackFromTheLog() throws Exception {
        crashWithinFlush(2);
        CatalogRebuild.Report report = loseAndRebuild();
        assertThat(report.count(PassedOver.Kind.UNFINISHED)).isEqualTo(2);
        try (FlushWorld world = world()) {
            assertThat(world.files(CPU)).isEmpty();
            recover(world);
            assertThat(store.objects).isEmpty();
            world.flushes.flushAll(Duration.ofSeconds(30));
            assertThat(world.storedIds(CPU)).isEqualTo(range(1, 150));
        }
    }

    /// The same, and the log is lost with the catalog: what there is, is better than nothing.
    @Test
    void aFlushThatWasCutShortStaysWithoutTheLog() throws Exception {
        crashWithinFlush(2);
        directory = Files.createDirectory(folder.resolve("new"));
        assertThat(loseAndRebuild().passed()).isEmpty();
        try (FlushWorld world = world()) {
            recover(world);
            assertThat(world.storedIds(CPU)).isEqualTo(range(1, 100));
        }
    }

    /// All files are stored and only the commit is missing.
    @Test
    void aFlushWithoutItsCommitCounts() throws Exception {
        crashWithinFlush(3);
        assertThat(loseAndRebuild().passed()).isEmpty();
        try (FlushWorld world = world()) {
            recover(world);
            assertThat(TestBatches.idsOf(TestBatches.batches(world.buffers.hot(CPU)))).isEmpty();
            assertThat(world.storedIds(CPU)).isEqualTo(range(1, 150));
        }
    }

    private void crashWithinFlush(int puts) throws Exception {
        try (FlushWorld world = world(); Wal log = openLog(world, WalReader.Report.NONE, 1)) {
            for (int hour = 0; hour < 3; hour++) {
                write(world, log, List.of(ids(CPU, T0 + hour * HourPartition.MICROS, 1 + 50 * hour, 50)));
            }
            store.afterPut = key -> {
                if (store.objects.size() == puts) {
                    throw new ArcException(ErrorCode.STORAGE_OUTCOME_UNKNOWN, "the last thing this process sees");
                }
            };
            world.runDue();
        }
        store.afterPut = key -> {};
    }

    /// The store could not delete what a crash had left, the rows were flushed again, and then the catalog is lost: the files
    /// of the first try must not count beside those of the second.
    @Test
    void leftOversOfACrashDoNotCountTwice() throws Exception {
        for (int puts = 1; puts <= 3; puts++) {
            directory = Files.createDirectory(folder.resolve("leftovers" + puts));
            store = new MemoryStore();
            crashWithinFlush(puts);
            try (FlushWorld world = world()) {
                WalReader.Report report = new WalReplay(world.buffers, world.schemas, world.catalog, world.memory, world.flushes,
                        world.metrics).replay(reader());
                assertThat(report.frames()).isEqualTo(3);
                world.flushes.flushAll(Duration.ofSeconds(30));
            }
            CatalogRebuild.Report report = loseAndRebuild();
            assertThat(report.count(PassedOver.Kind.SUPERSEDED)).isEqualTo(puts);
            try (FlushWorld world = world()) {
                recover(world);
                world.flushes.flushAll(Duration.ofSeconds(30));
                assertThat(sorted(world.storedIds(CPU))).as("%d puts", puts).isEqualTo(range(1, 150));
                assertThat(world.catalog.garbageCount()).isEqualTo(puts);
            }
        }
    }

    /// A file of a finished flush was deleted since (by retention, say): the others stay, and the log brings nothing twice.
    @Test
    void aFlushWhoseFileWasDeletedSinceIsNoUnfinishedOne() throws Exception {
        try (FlushWorld world = world(); Wal log = openLog(world, WalReader.Report.NONE, 1)) {
            for (int hour = 0; hour < 3; hour++) {
                write(world, log, List.of(ids(CPU, T0 + hour * HourPartition.MICROS, 1 + 50 * hour, 50)));
            }
            world.flushes.flushAll(Duration.ofSeconds(30));
            write(world, log, List.of(ids(CPU, T0, 151, 50)));
            world.flushes.flushAll(Duration.ofSeconds(30));
            String gone = world.files(CPU).getFirst().key();
            world.catalog.replaceFiles(new FileSwap(CPU, List.of(gone), List.of(), Optional.empty()));
            store.delete(List.of(gone));
        }
        assertThat(loseAndRebuild().passed()).isEmpty();
        try (FlushWorld world = world()) {
            recover(world);
            world.flushes.flushAll(Duration.ofSeconds(30));
            assertThat(world.storedIds(CPU)).hasSize(150).contains(151L).doesNotHaveDuplicates();
        }
    }

    /// A rebuild that the store interrupts at its n-th call, for every n, and that is repeated.
    @Test
    void anInterruptedRebuildChangesNothingAndCanBeRepeated() throws Exception {
        try (FlushWorld world = world()) {
            for (int i = 0; i < 8; i++) {
                world.append(ids(i % 2 == 0 ? CPU : MEM, T0 + i * HourPartition.MICROS, 1 + 10 * i, 10));
                world.flushes.flushAll(Duration.ofSeconds(30));
            }
        }
        loseCatalog();
        int calls = 0;
        boolean done = false;
        while (!done) {
            AtomicInteger left = new AtomicInteger(calls++);
            store.beforeRead = key -> {
                if (left.getAndDecrement() <= 0) {
                    throw MemoryStore.unavailable();
                }
            };
            try (FlushWorld world = world()) {
                try {
                    rebuild(world);
                    done = true;
                } catch (ArcException failed) {
                    assertThat(world.catalog.snapshot()).isEqualTo(CatalogSnapshot.EMPTY);
                    assertThat(world.catalog.knowsStorage()).isFalse();
                }
            }
        }
        store.beforeRead = key -> {};
        assertThat(calls).as("one listing, eight footers").isEqualTo(10);
        try (FlushWorld world = world()) {
            assertThat(sorted(world.storedIds(CPU))).isEqualTo(LongStream.rangeClosed(1, 80).filter(id -> (id - 1) / 10 % 2 == 0)
                    .boxed().toList());
        }
    }

    @Test
    void whatIsNoDataFileIsNamedAndPassedOver() throws Exception {
        try (FlushWorld world = world()) {
            world.append(ids(CPU, T0, 1, 10));
            world.append(ids(CPU, T0 + HourPartition.MICROS, 11, 10));
            world.flushes.flushAll(Duration.ofSeconds(30));
        }
        String good = store.objects.firstKey();
        byte[] bytes = store.objects.get(good);
        store.objects.put("prod/cpu/broken.parquet", Arrays.copyOf(bytes, bytes.length - 3));
        store.objects.put("prod/cpu/empty.parquet", new byte[0]);
        store.objects.put("readme.txt", new byte[1]);
        store.objects.put("pr od/cpu/x.parquet", bytes);
        store.objects.put("prod/cpu/copy.parquet", bytes);
        CatalogRebuild.Report report = loseAndRebuild();
        assertThat(report.files()).isEqualTo(2);
        assertThat(report.rows()).isEqualTo(20);
        Map<String, PassedOver.Kind> kinds = report.passed().stream()
                .collect(Collectors.toMap(PassedOver::key, PassedOver::kind));
        assertThat(kinds).containsEntry("prod/cpu/broken.parquet", PassedOver.Kind.DAMAGED)
                .containsEntry("prod/cpu/empty.parquet", PassedOver.Kind.DAMAGED)
                .containsEntry("readme.txt", PassedOver.Kind.FOREIGN)
                .containsEntry("pr od/cpu/x.parquet", PassedOver.Kind.FOREIGN).hasSize(5);
        assertThat(report.count(PassedOver.Kind.SUPERSEDED)).isEqualTo(1);
        assertThat(report.summary()).contains("1 tables, 2 files, 20 rows").contains("2 files are damaged");
        assertThat(report.passed()).allSatisfy(object -> assertThat(object.reason()).isNotBlank());
        assertThat(progress).isNotEmpty();
    }

    /// What the catalog knows to have left its table stays out, although its object is still there.
    @Test
    void aRebuildOfASoundCatalogKeepsWhatOnlyTheCatalogKnows() throws Exception {
        try (FlushWorld world = world()) {
            world.append(ids(CPU, T0, 1, 10));
            world.append(ids(MEM, T0, 1, 10));
            world.catalog.createDatabase("empty");
            world.flushes.flushAll(Duration.ofSeconds(30));
            world.catalog.dropTable(MEM, Map.of("w", 5L));
            rebuild(world);
            assertThat(world.catalog.snapshot().databases()).containsExactly("empty", "prod");
            assertThat(world.catalog.snapshot().find(MEM)).isEmpty();
            assertThat(world.catalog.snapshot().covers(MEM, "w", 5)).isTrue();
            assertThat(world.catalog.garbageCount()).isEqualTo(1);
        }
        try (FlushWorld world = world()) {
            assertThat(world.catalog.snapshot().covers(MEM, "w", 5)).isTrue();
            assertThat(sorted(world.storedIds(CPU))).isEqualTo(range(1, 10));
        }
    }

    @Test
    void aMergeThatWasNotFinishedGivesItsInputsBack() throws Exception {
        try (FlushWorld world = world()) {
            for (int i = 0; i < 3; i++) {
                world.append(ids(CPU, T0, 1 + 10 * i, 10));
                world.flushes.flushAll(Duration.ofSeconds(30));
            }
            assertThat(merge(world, CPU, new Random(4), 2, true)).isTrue();
        }
        Collection<String> keys = new HashSet<>(store.objects.keySet());
        assertThat(keys).hasSizeGreaterThan(3);
        loseAndRebuild();
        try (FlushWorld world = world()) {
            assertThat(sorted(world.storedIds(CPU))).isEqualTo(range(1, 30));
        }
    }

    @Test
    void aStoreThatIsDownEndsItWithASentence() throws Exception {
        store.down = true;
        try (FlushWorld world = world()) {
            assertThatThrownBy(() -> rebuild(world)).isInstanceOf(ArcException.class).hasMessageContaining("the store is down");
        }
    }
}
