package io.arc.runtime.catalog;

import static io.arc.runtime.catalog.Samples.CPU;
import static io.arc.runtime.catalog.Samples.MEM;
import static io.arc.runtime.catalog.Samples.SCHEMA;
import static io.arc.runtime.catalog.Samples.file;
import static io.arc.runtime.catalog.Samples.flush;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.ColumnType;
import io.arc.api.data.Role;
import io.arc.api.data.TableId;
import io.arc.runtime.partition.Names;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CatalogTest {
    @TempDir
    private Path folder;

    private final TestClock clock = new TestClock();
    private Catalog catalog;

    @BeforeEach
    void open() {
        catalog = Catalog.open(folder.resolve("arc.db"), clock);
    }

    @AfterEach
    void close() {
        catalog.close();
    }

    /// What is in the file must be what is in memory.
    private void reopen() {
        CatalogSnapshot before = catalog.snapshot();
        String instance = catalog.instanceId();
        int garbage = catalog.garbageCount();
        catalog.close();
        open();
        assertThat(catalog.snapshot()).isEqualTo(before);
        assertThat(catalog.instanceId()).isEqualTo(instance);
        assertThat(catalog.garbageCount()).isEqualTo(garbage);
    }

    private TableEntry entry(TableId table) {
        return catalog.snapshot().find(table).orElseThrow();
    }

    private static void fails(ErrorCode code, ThrowingCallable call, String... words) {
        assertThatExceptionOfType(ArcException.class).isThrownBy(call).satisfies(failure -> {
            assertThat(failure.code()).isEqualTo(code);
            assertThat(failure.getMessage()).contains(words);
        });
    }

    @Test
    void aNewCatalogIsEmptyAndHasAnIdentity() {
        assertThat(catalog.snapshot().databases()).isEmpty();
        assertThat(catalog.snapshot().tables("prod")).isEmpty();
        assertThat(catalog.snapshot().find(CPU)).isEmpty();
        assertThat(catalog.instanceId()).matches("[a-z2-7]{12}");
        reopen();
    }

    @Test
    void aFlushMakesDatabaseTableColumnsFilesAndCoverage() {
        catalog.commitFlush(new FlushCommit(CPU, SCHEMA, List.of(file(CPU, "b"), file(CPU, "a")),
                List.of(new WalRange("w1", 1, 7), new WalRange("w2", 3, 4))));
        assertThat(catalog.snapshot().databases()).containsExactly("prod");
        TableEntry entry = entry(CPU);
        assertThat(entry.schema()).isEqualTo(SCHEMA);
        assertThat(entry.files()).containsExactly(file(CPU, "a"), file(CPU, "b"));
        assertThat(entry.walCoverage()).isEqualTo(Map.of("w1", 7L, "w2", 4L));
        assertThat(entry.covers("w1", 7)).isTrue();
        assertThat(entry.covers("w1", 8)).isFalse();
        assertThat(entry.covers("w3", 0)).isFalse();
        reopen();
        assertThat(entry(CPU)).isEqualTo(entry);
    }

    @Test
    void aRepeatedCommitDoesNothing() {
        catalog.commitFlush(flush(CPU, "a", 7));
        CatalogSnapshot once = catalog.snapshot();
        catalog.commitFlush(flush(CPU, "a", 7));
        assertThat(catalog.snapshot()).isSameAs(once);
        // also when the file has been compacted since
        catalog.replaceFiles(swap(List.of("a"), "c"));
        catalog.commitFlush(flush(CPU, "a", 7));
        assertThat(entry(CPU).files()).containsExactly(file(CPU, "c"));
        reopen();
    }

    @Test
    void aKeyIsNeverOverwritten() {
        catalog.commitFlush(flush(CPU, "a", 7));
        CatalogSnapshot before = catalog.snapshot();
        fails(ErrorCode.CONFLICT, () -> catalog.commitFlush(new FlushCommit(CPU, SCHEMA,
                List.of(file(CPU, "new"), file(CPU, "a", 101)), List.of(new WalRange("w1", 8, 9)))), "a.parquet", "prod.cpu");
        assertThat(catalog.snapshot()).isSameAs(before);
        reopen();
    }

    @Test
    void coverageNeverFalls() {
        catalog.commitFlush(flush(CPU, "a", 7));
        catalog.commitFlush(flush(CPU, "b", 5));
        assertThat(entry(CPU).walCoverage()).isEqualTo(Map.of("w1", 7L));
        catalog.commitFlush(new FlushCommit(CPU, SCHEMA, List.of(), List.of(new WalRange("w1", 8, 12))));
        assertThat(entry(CPU).walCoverage()).isEqualTo(Map.of("w1", 12L));
        reopen();
    }

    @Test
    void theSchemaGrowsAndWidens() {
        catalog.commitFlush(new FlushCommit(CPU, new TableSchema(List.of(new ColumnSchema("v", ColumnType.INT64, Role.FIELD),
                new ColumnSchema("u", ColumnType.TEXT, Role.FIELD)), Set.of("u")), List.of(), List.of()));
        assertThat(entry(CPU).schema().isTyped("u")).isFalse();
        reopen();
        catalog.commitFlush(new FlushCommit(CPU, new TableSchema(List.of(new ColumnSchema("host", ColumnType.TEXT, Role.TAG),
                new ColumnSchema("u", ColumnType.BOOLEAN, Role.FIELD), new ColumnSchema("v", ColumnType.FLOAT64, Role.FIELD))),
                List.of(), List.of()));
        assertThat(entry(CPU).schema()).isEqualTo(new TableSchema(List.of(
                new ColumnSchema("v", ColumnType.FLOAT64, Role.FIELD), new ColumnSchema("u", ColumnType.BOOLEAN, Role.FIELD),
                new ColumnSchema("host", ColumnType.TEXT, Role.TAG))));
        reopen();
        CatalogSnapshot before = catalog.snapshot();
        fails(ErrorCode.TYPE_CONFLICT, () -> catalog.commitFlushes(List.of(flush(MEM, "m", 1), new FlushCommit(CPU,
                new TableSchema(List.of(new ColumnSchema("u", ColumnType.INT64, Role.FIELD))), List.of(), List.of()))), "'u'");
        assertThat(catalog.snapshot()).isSameAs(before);
        reopen();
    }

    @Test
    void tablesOfOneNameInTenDatabasesStayApart() {
        for (int i = 0; i < 10; i++) {
            TableId table = new TableId("db" + i, "cpu");
            catalog.commitFlush(flush(table, "a", i));
        }
        for (int i = 0; i < 10; i++) {
            TableId table = new TableId("db" + i, "cpu");
            assertThat(entry(table).files()).containsExactly(file(table, "a"));
            assertThat(entry(table).walCoverage()).isEqualTo(Map.of("w1", (long) i));
        }
        assertThat(catalog.snapshot().databases()).hasSize(10).isSorted();
        reopen();
    }

    @Test
    void aSwapReplacesAndMakesGarbage() {
        catalog.commitFlush(flush(CPU, "a", 1));
        catalog.commitFlush(flush(CPU, "b", 2));
        catalog.commitFlush(flush(CPU, "d", 3));
        catalog.replaceFiles(swap(List.of("a", "b"), "c"));
        assertThat(entry(CPU).files()).containsExactly(file(CPU, "c"), file(CPU, "d"));
        CatalogSnapshot after = catalog.snapshot();
        catalog.replaceFiles(swap(List.of("a", "b"), "c"));
        assertThat(catalog.snapshot()).isSameAs(after);
        fails(ErrorCode.CONFLICT, () -> catalog.replaceFiles(swap(List.of("b", "d"), "e")), "b.parquet", "prod.cpu");
        fails(ErrorCode.CONFLICT, () -> catalog.replaceFiles(swap(List.of("d"), "c")), "c.parquet");
        fails(ErrorCode.CONFLICT, () -> catalog.replaceFiles(swap(List.of("d"), "a")), "a.parquet");
        fails(ErrorCode.CONFLICT,
                () -> catalog.replaceFiles(new FileSwap(MEM, List.of("x"), List.of(), Optional.empty())), "x");
        assertThat(catalog.snapshot()).isSameAs(after);
        assertThat(catalog.garbageCount()).isEqualTo(2);
        catalog.replaceFiles(new FileSwap(CPU, List.of(file(CPU, "d").key()), List.of(), Optional.empty()));
        assertThat(entry(CPU).files()).containsExactly(file(CPU, "c"));
        reopen();
    }

    private static FileSwap swap(List<String> inputs, String output) {
        return new FileSwap(CPU, inputs.stream().map(name -> file(CPU, name).key()).toList(), List.of(file(CPU, output)),
                Optional.empty());
    }

    @Test
    void garbageWaitsForPinsAndAge() {
        catalog.commitFlush(flush(CPU, "a", 1));
        Pin before = catalog.pin();
        catalog.replaceFiles(swap(List.of("a"), "b"));
        Pin between = catalog.pin();
        Pin again = catalog.pin();
        catalog.replaceFiles(swap(List.of("b"), "c"));
        assertThat(catalog.pinCount()).isEqualTo(3);
        assertThat(before.snapshot().find(CPU).orElseThrow().files()).containsExactly(file(CPU, "a"));
        assertThat(between.snapshot().find(CPU).orElseThrow().files()).containsExactly(file(CPU, "b"));
        assertThat(catalog.collectGarbage(Duration.ZERO, 10)).isEmpty();
        before.close();
        before.close();
        assertThat(catalog.collectGarbage(Duration.ZERO, 10)).containsExactly(file(CPU, "a").key());
        again.close();
        assertThat(catalog.collectGarbage(Duration.ZERO, 10)).containsExactly(file(CPU, "a").key());
        between.close();
        assertThat(catalog.pinCount()).isZero();
        // a pin that is opened later sees none of them
        try (Pin later = catalog.pin()) {
            assertThat(later.snapshot().find(CPU).orElseThrow().files()).containsExactly(file(CPU, "c"));
            assertThat(catalog.collectGarbage(Duration.ZERO, 10)).containsExactly(file(CPU, "a").key(), file(CPU, "b").key());
        }
        assertThat(catalog.collectGarbage(Duration.ZERO, 1)).hasSize(1);
        assertThat(catalog.collectGarbage(Duration.ofMinutes(1), 10)).isEmpty();
        clock.advance(Duration.ofMinutes(1));
        assertThat(catalog.collectGarbage(Duration.ofMinutes(1), 10)).hasSize(2);
        catalog.garbageDeleted(List.of(file(CPU, "a").key(), "no such key"));
        assertThat(catalog.collectGarbage(Duration.ZERO, 10)).containsExactly(file(CPU, "b").key());
        reopen();
        assertThat(catalog.collectGarbage(Duration.ZERO, 10)).containsExactly(file(CPU, "b").key());
    }

    @Test
    void databasesAreMadeAndDropped() {
        assertThat(catalog.createDatabase("prod")).isTrue();
        assertThat(catalog.createDatabase("prod")).isFalse();
        assertThat(catalog.snapshot().hasDatabase("prod")).isTrue();
        catalog.commitFlush(flush(CPU, "a", 7));
        catalog.commitFlush(flush(MEM, "a", 3));
        catalog.commitFlush(flush(new TableId("other", "cpu"), "a", 3));
        assertThat(catalog.dropDatabase("prod", Map.of("w1", 10L))).isTrue();
        assertThat(catalog.dropDatabase("prod", Map.of("w1", 10L))).isFalse();
        assertThat(catalog.snapshot().databases()).containsExactly("other");
        assertThat(catalog.collectGarbage(Duration.ZERO, 10)).containsExactly(file(CPU, "a").key(), file(MEM, "a").key());
        reopen();
        // what the log holds of it stays dead, of tables that nobody had flushed, too
        for (TableId table : List.of(CPU, MEM, new TableId("prod", "never flushed"))) {
            assertThat(catalog.snapshot().covers(table, "w1", 10)).isTrue();
            assertThat(catalog.snapshot().covers(table, "w1", 11)).isFalse();
            assertThat(catalog.snapshot().covers(table, "w2", 0)).isFalse();
        }
        assertThat(catalog.snapshot().covers(new TableId("other", "cpu"), "w1", 4)).isFalse();
        catalog.commitFlush(flush(CPU, "second life", 2));
        assertThat(entry(CPU).walCoverage()).isEqualTo(Map.of("w1", 10L));
        assertThat(entry(CPU).files()).containsExactly(file(CPU, "second life"));
        reopen();
    }

    @Test
    void tablesAreDropped() {
        catalog.commitFlush(flush(CPU, "a", 7));
        assertThat(catalog.dropTable(MEM, Map.of())).isFalse();
        assertThat(catalog.dropTable(CPU, Map.of("w1", 9L, "w2", 1L))).isTrue();
        assertThat(catalog.snapshot().find(CPU)).isEmpty();
        assertThat(catalog.snapshot().databases()).containsExactly("prod");
        assertThat(catalog.snapshot().covers(CPU, "w1", 9)).isTrue();
        assertThat(catalog.snapshot().covers(CPU, "w1", 10)).isFalse();
        reopen();
        catalog.commitFlush(flush(CPU, "b", 2));
        assertThat(entry(CPU).walCoverage()).isEqualTo(Map.of("w1", 9L, "w2", 1L));
        assertThat(entry(CPU).schema()).isEqualTo(SCHEMA);
        reopen();
        catalog.dropTable(CPU, Map.of());
        catalog.retireWriters(List.of("w1"));
        assertThat(catalog.snapshot().covers(CPU, "w1", 1)).isFalse();
        assertThat(catalog.snapshot().covers(CPU, "w2", 1)).isTrue();
        reopen();
    }

    @Test
    void writersAreRetired() {
        catalog.commitFlush(flush(CPU, "a", 7));
        catalog.commitFlush(new FlushCommit(CPU, SCHEMA, List.of(), List.of(new WalRange("w2", 1, 2))));
        catalog.retireWriters(List.of("w1", "unknown"));
        assertThat(entry(CPU).walCoverage()).isEqualTo(Map.of("w2", 2L));
        reopen();
        CatalogSnapshot before = catalog.snapshot();
        catalog.retireWriters(List.of("w1"));
        assertThat(catalog.snapshot()).isSameAs(before);
    }

    @Test
    void foreignFilesAreAdopted() {
        catalog.commitFlush(flush(CPU, "a", 7));
        SchemaRegistry schemas = new SchemaRegistry(catalog.snapshot(), 100, Names::column);
        schemas.admit(SchemaRegistryTest.batch(CPU, SchemaRegistryTest.booleans("ok")));
        DataFile good = foreign("good", new ColumnStats("usage", ColumnType.INT64, 0, ColumnStats.Bounds.NONE),
                new ColumnStats("added", ColumnType.INT64, 0, ColumnStats.Bounds.NONE));
        // contradicts a column that is in memory only
        DataFile bad = foreign("bad", new ColumnStats("ok", ColumnType.FLOAT64, 0, ColumnStats.Bounds.NONE));
        DataFile taken = file(CPU, "a", 99);
        List<Catalog.Refused> refused = catalog.adopt(List.of(bad, good, taken), schemas);
        assertThat(refused).extracting(Catalog.Refused::file).containsExactly(bad, taken);
        assertThat(refused.getFirst().reason()).contains("'ok'", "BOOLEAN", "FLOAT64");
        assertThat(entry(CPU).files()).contains(good).hasSize(2);
        assertThat(entry(CPU).walCoverage()).isEqualTo(Map.of("w1", 7L));
        assertThat(entry(CPU).schema().columns()).extracting(ColumnSchema::name).containsExactly("host", "usage", "added");
        assertThat(schemas.find(CPU).orElseThrow().find("added")).isPresent();
        assertThat(catalog.adopt(List.of(good), schemas)).isEmpty();
        reopen();
    }

    private static DataFile foreign(String name, ColumnStats... columns) {
        return new DataFile(CPU, "prod/cpu/" + name + ".parquet", 1, 1, 0, 0, 0, List.of(new WalRange("far", 1, 99)),
                List.of(columns), 0);
    }

    @Test
    void aLockHasOneHolderUntilItExpires() {
        Duration life = Duration.ofHours(2);
        PartitionLock lock = catalog.tryLock("prod/cpu/1", "a", life).orElseThrow();
        assertThat(catalog.tryLock("prod/cpu/1", "b", life)).isEmpty();
        assertThat(catalog.tryLock("prod/cpu/1", "a", life)).isEmpty();
        PartitionLock other = catalog.tryLock("prod/cpu/2", "b", life).orElseThrow();
        assertThat(other.token()).isGreaterThan(lock.token());
        clock.advance(Duration.ofHours(1));
        PartitionLock renewed = catalog.renew(lock, life).orElseThrow();
        assertThat(renewed.expires()).isEqualTo(clock.instant().plus(life));
        clock.advance(Duration.ofMinutes(119));
        assertThat(catalog.tryLock("prod/cpu/1", "b", life)).isEmpty();
        reopen();
        assertThat(catalog.tryLock("prod/cpu/1", "b", life)).isEmpty();
        clock.advance(Duration.ofMinutes(1));
        PartitionLock next = catalog.tryLock("prod/cpu/1", "b", life).orElseThrow();
        assertThat(next.token()).isGreaterThan(other.token());
        assertThat(catalog.renew(renewed, life)).isEmpty();
        catalog.release(renewed);
        assertThat(catalog.tryLock("prod/cpu/1", "c", life)).isEmpty();
        catalog.release(next);
        assertThat(catalog.tryLock("prod/cpu/1", "c", life).orElseThrow().token()).isGreaterThan(next.token());
        assertThat(catalog.releaseAll("c")).isEqualTo(1);
        assertThat(catalog.releaseAll("c")).isZero();
        assertThat(catalog.tryLock("prod/cpu/1", "d", life)).isPresent();
    }

    @Test
    void aSwapWithoutItsLockIsFencedOff() {
        catalog.commitFlush(flush(CPU, "a", 1));
        PartitionLock slow = catalog.tryLock("p", "slow", Duration.ofHours(2)).orElseThrow();
        clock.advance(Duration.ofHours(2));
        FileSwap late = new FileSwap(CPU, List.of(file(CPU, "a").key()), List.of(file(CPU, "late")), Optional.of(slow));
        fails(ErrorCode.CONFLICT, () -> catalog.replaceFiles(late), "lock", "p");
        PartitionLock quick = catalog.tryLock("p", "quick", Duration.ofHours(2)).orElseThrow();
        fails(ErrorCode.CONFLICT, () -> catalog.replaceFiles(late), "lock");
        catalog.replaceFiles(new FileSwap(CPU, List.of(file(CPU, "a").key()), List.of(file(CPU, "b")), Optional.of(quick)));
        assertThat(entry(CPU).files()).containsExactly(file(CPU, "b"));
    }

    @Test
    void versionsTellWhatChanged() {
        catalog.commitFlush(flush(CPU, "a", 1));
        long version = catalog.snapshot().version();
        long cpu = catalog.snapshot().version(CPU);
        assertThat(catalog.snapshot().version(MEM)).isZero();
        catalog.commitFlush(flush(MEM, "a", 1));
        assertThat(catalog.snapshot().version()).isGreaterThan(version);
        assertThat(catalog.snapshot().version(CPU)).isEqualTo(cpu);
        catalog.commitFlush(flush(CPU, "b", 2));
        assertThat(catalog.snapshot().version(CPU)).isGreaterThan(cpu);
    }

    /// The invariant hunted: a snapshot holds both files of a flush and its coverage, or none of it; nothing that was answered
    /// is missing; the file equals memory.
    @Test
    void eightThreadsCommitWhileReadersLook() throws Exception {
        int threads = 8;
        int flushes = 25;
        List<TableId> tables = List.of(CPU, MEM, new TableId("second", "cpu"));
        CyclicBarrier together = new CyclicBarrier(threads);
        try (ExecutorService executor = Executors.newFixedThreadPool(threads)) {
            List<Future<?>> running = new ArrayList<>();
            for (int thread = 0; thread < threads; thread++) {
                int number = thread;
                running.add(executor.submit(() -> {
                    together.await();
                    for (int i = 0; i < flushes; i++) {
                        TableId table = tables.get((number + i) % tables.size());
                        String name = "t" + number + "f" + i;
                        catalog.commitFlush(new FlushCommit(table, SCHEMA,
                                List.of(file(table, name + "a"), file(table, name + "b")),
                                List.of(new WalRange("w" + number, 0, i))));
                        try (Pin pin = catalog.pin()) {
                            TableEntry seen = pin.snapshot().find(table).orElseThrow();
                            assertThat(seen.covers("w" + number, i)).isTrue();
                            Set<String> keys = new HashSet<>();
                            seen.files().forEach(file -> keys.add(file.key()));
                            assertThat(keys).contains(file(table, name + "a").key()).hasSize(seen.files().size());
                            keys.forEach(key -> assertThat(keys).contains(key.endsWith("a.parquet")
                                    ? key.replace("a.parquet", "b.parquet") : key.replace("b.parquet", "a.parquet")));
                        }
                    }
                    return null;
                }));
            }
            for (Future<?> each : running) {
                each.get();
            }
        }
        int files = 0;
        for (TableId table : tables) {
            files += entry(table).files().size();
        }
        assertThat(files).isEqualTo(threads * flushes * 2);
        reopen();
    }

    /// Random operations against a plain model, with reopening in between.
    @Test
    void agreesWithAModel() {
        for (long seed = 0; seed < 6; seed++) {
            Random random = new Random(seed);
            String database = "model" + seed;
            Map<TableId, Map<String, DataFile>> model = new HashMap<>();
            for (int step = 0; step < 120; step++) {
                TableId table = new TableId(database, "t" + random.nextInt(4));
                Map<String, DataFile> files = model.get(table);
                switch (random.nextInt(6)) {
                    case 0, 1, 2 -> {
                        DataFile added = Samples.randomFile(random, table, "f" + step);
                        catalog.commitFlush(new FlushCommit(table, SCHEMA, List.of(added), List.of()));
                        model.computeIfAbsent(table, key -> new HashMap<>()).put(added.key(), added);
                    }
                    case 3, 4 -> {
                        if (files != null && !files.isEmpty()) {
                            String input = files.keySet().stream().sorted().skip(random.nextInt(files.size())).findFirst()
                                    .orElseThrow();
                            DataFile output = Samples.randomFile(random, table, "o" + step);
                            catalog.replaceFiles(new FileSwap(table, List.of(input), List.of(output), Optional.empty()));
                            files.remove(input);
                            files.put(output.key(), output);
                        }
                    }
                    default -> {
                        if (random.nextInt(6) == 0) {
                            assertThat(catalog.dropTable(table, Map.of())).as("seed %d", seed).isEqualTo(files != null);
                            model.remove(table);
                        }
                    }
                }
                if (step % 40 == 39) {
                    reopen();
                }
                for (TableId each : model.keySet()) {
                    assertThat(entry(each).files()).as("seed %d, step %d", seed, step)
                            .containsExactlyInAnyOrderElementsOf(model.get(each).values());
                }
                assertThat(catalog.snapshot().tables(database)).as("seed %d, step %d", seed, step).hasSize(model.size());
            }
        }
    }
}
