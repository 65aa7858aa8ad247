package io.arc.runtime.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.ColumnType;
import io.arc.api.data.TableId;
import io.arc.runtime.catalog.ColumnSchema;
import io.arc.runtime.catalog.DataFile;
import io.arc.runtime.filecache.FileAccess;
import io.arc.runtime.filecache.FileCache;
import io.arc.runtime.query.QueryFixture.Row;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Queries on a store that is no folder: the bytes that go over the line, and what happens when the line breaks.
final class FetchedFilesTest {
    private static final TableId WIDE = new TableId("default", "wide");
    private static final int COLUMNS = 12;
    private static final int FILES = 6;
    private static final int ROWS = 3_000;
    private static final long HOUR = 3_600_000_000L;

    @TempDir
    private Path root;
    private QueryFixture fixture;
    private FolderStore store;
    private FileCache cache;
    private long storedBytes;

    @BeforeEach
    void fill() throws Exception {
        fixture = new QueryFixture(root);
        List<ColumnSchema> columns = new ArrayList<>();
        for (int i = 0; i < COLUMNS; i++) {
            columns.add(QueryFixture.column("f" + i, i % 3 == 2 ? ColumnType.TEXT : ColumnType.FLOAT64));
        }
        fixture.create(WIDE, columns.toArray(ColumnSchema[]::new));
        Random random = new Random(1);
        for (int file = 0; file < FILES; file++) {
            List<Row> rows = new ArrayList<>();
            for (int row = 0; row < ROWS; row++) {
                Object[] values = new Object[2 * COLUMNS];
                for (int i = 0; i < COLUMNS; i++) {
                    values[2 * i] = "f" + i;
                    values[2 * i + 1] = i % 3 == 2 ? Long.toString(random.nextLong(), 36) : (Object) (random.nextInt() / 16.0);
                }
                rows.add(Row.of(file * HOUR + row * 1_000L, values));
            }
            fixture.addFile(WIDE, rows);
        }
        try (var files = Files.walk(root.resolve("default"))) {
            storedBytes = files.filter(Files::isRegularFile).mapToLong(each -> each.toFile().length()).sum();
        }
        store = new FolderStore(root);
    }

    @AfterEach
    void stop() throws SQLException {
        assertThat(fixture.openSnapshots).isZero();
        fixture.close();
    }

    private void start(long maxBytes) {
        cache = new FileCache(store, root.resolve("cache"), maxBytes, 0, 0);
        fixture.fileAccess = cache;
        fixture.start();
    }

    private void requireRight(String sql) throws SQLException {
        assertThat(fixture.rows(QueryRequest.of(sql, "default"))).as(sql).isEqualTo(fixture.expected(sql, "default"));
    }

    private long bytesOf(String sql) throws SQLException {
        long before = store.bytesRead.get();
        requireRight(sql);
        return store.bytesRead.get() - before;
    }

    @Test
    void onlyTheNeededColumnsOfTheNeededFilesAreFetched() throws SQLException {
        start(1L << 30);
        assertThat(bytesOf("SELECT count(*), min(time) FROM wide")).isZero();
        long one = bytesOf("SELECT sum(f0) FROM wide");
        // Footers and the column of times come on top of a twelfth.
        assertThat(one).isBetween(1L, storedBytes / 3);
        assertThat(bytesOf("SELECT sum(f0), max(f0) FROM wide WHERE f0 > 0")).as("held already").isZero();
        long second = bytesOf("SELECT max(f2) FROM wide WHERE f1 > 100");
        assertThat(second).isBetween(1L, storedBytes / 3);
        assertThat(bytesOf("SELECT sum(f3) FROM wide WHERE time < '1970-01-01 01:00:00'")).isLessThan(one / 3);
        assertThat(bytesOf("SELECT f4, f5 FROM wide WHERE f0 > 0 ORDER BY time LIMIT 5")).isBetween(1L, storedBytes / 2);
        assertThat(bytesOf("SELECT * FROM wide")).isPositive();
        assertThat(store.bytesRead.get()).as("no byte is fetched twice").isLessThanOrEqualTo(storedBytes);
        assertThat(cache.fetchedBytes()).isEqualTo(store.bytesRead.get());
        assertThat(bytesOf("SELECT f11, f10, f9 FROM wide")).isZero();
        assertThat(cache.usedBytes()).isEqualTo(storedBytes);
    }

    @Test
    void failuresOfTheStoreAreErrorsAndLeaveNothingWrong() throws SQLException {
        start(1L << 30);
        for (int failures = 1; failures < 30; failures += 4) {
            store.failures.set(failures);
            assertThatThrownBy(() -> fixture.data("SELECT sum(f0), max(f2) FROM wide")).isInstanceOfSatisfying(ArcException.class,
                    e -> assertThat(e.code()).isEqualTo(ErrorCode.STORAGE_UNAVAILABLE));
            store.failures.set(0);
        }
        requireRight("SELECT sum(f0), max(f2) FROM wide");
        store.shorter = 1;
        assertThatThrownBy(() -> fixture.data("SELECT sum(f6) FROM wide")).isInstanceOfSatisfying(ArcException.class,
                e -> assertThat(e.code()).isEqualTo(ErrorCode.CORRUPT_DATA));
        store.shorter = 0;
        requireRight("SELECT sum(f6) FROM wide");
        requireRight("SELECT * FROM wide");
    }

    @Test
    void anObjectThatTheCatalogDoesNotKnowIsNoAnswer() throws Exception {
        start(1L << 30);
        try (var files = Files.walk(root.resolve("default"))) {
            List<Path> all = files.filter(Files::isRegularFile).sorted().toList();
            byte[] first = Files.readAllBytes(all.getFirst());
            byte[] longer = java.util.Arrays.copyOf(first, first.length + 1);
            Files.write(all.getFirst(), longer);
        }
        assertThatThrownBy(() -> fixture.data("SELECT sum(f0) FROM wide")).isInstanceOfSatisfying(ArcException.class,
                e -> assertThat(e.code()).isEqualTo(ErrorCode.CORRUPT_DATA));
    }

    /// What the planner believes to be needed is only believed.
    @Test
    void aColumnThatWasNotFetchedIsFetchedThen() throws SQLException {
        cache = new FileCache(store, root.resolve("cache"), 1L << 30, 0, 0);
        AtomicInteger lies = new AtomicInteger();
        fixture.fileAccess = new FileAccess() {
            @Override
            public boolean fetches() {
                return true;
            }

            @Override
            public Reading begin() {
                Reading real = cache.begin();
                return new Reading() {
                    @Override
                    public Path local(DataFile file) {
                        return real.local(file);
                    }

                    @Override
                    public List<Path> local(List<DataFile> files, Optional<Set<String>> columns) {
                        lies.addAndGet(columns.isPresent() ? 1 : 0);
                        return real.local(files, columns.map(_ -> Set.of()));
                    }

                    @Override
                    public boolean isPartial() {
                        return real.isPartial();
                    }

                    @Override
                    public void close() {
                        real.close();
                    }
                };
            }
        };
        fixture.start();
        for (String sql : List.of("SELECT sum(f0) FROM wide", "SELECT max(f2) FROM wide WHERE f3 > 5",
                "SELECT f5, time FROM wide WHERE time < '1970-01-01 02:30:00' AND f1 > 0",
                "SELECT count(DISTINCT f8) FROM wide", "SELECT * FROM wide WHERE f11 > 'k'")) {
            requireRight(sql);
        }
        assertThat(lies.get()).isPositive();
        assertThat(fixture.engine.poolStats().failed()).isZero();
    }

    @Test
    void queriesAndEvictionDoNotDisturbEachOther() throws Exception {
        start(storedBytes / 2);
        String[] statements = new String[24];
        List<List<String>> expected = new ArrayList<>();
        Random random = new Random(3);
        for (int i = 0; i < statements.length; i++) {
            statements[i] = "SELECT sum(f" + 3 * random.nextInt(4) + "), max(f" + (3 * random.nextInt(4) + 2) + ") FROM wide WHERE "
                    + "time >= make_timestamptz(" + random.nextInt(FILES) * HOUR + ") AND time < make_timestamptz("
                    + (1 + random.nextInt(FILES)) * HOUR + ")";
            expected.add(fixture.expected(statements[i], "default"));
        }
        AtomicInteger right = new AtomicInteger();
        try (ExecutorService threads = Executors.newFixedThreadPool(6)) {
            List<Future<?>> all = new ArrayList<>();
            for (int thread = 0; thread < 6; thread++) {
                int seed = thread;
                all.add(threads.submit(() -> {
                    Random own = new Random(seed);
                    for (int i = 0; i < 40; i++) {
                        int which = own.nextInt(statements.length);
                        try {
                            assertThat(fixture.rows(QueryRequest.of(statements[which], "default"))).as(statements[which])
                                    .isEqualTo(expected.get(which));
                            right.incrementAndGet();
                        } catch (ArcException full) {
                            assertThat(full.code()).as(full.getMessage()).isEqualTo(ErrorCode.OVERLOADED);
                        }
                        assertThat(cache.usedBytes()).isLessThanOrEqualTo(storedBytes / 2);
                    }
                }));
            }
            for (Future<?> each : all) {
                each.get(120, TimeUnit.SECONDS);
            }
        }
        assertThat(right.get()).isGreaterThan(20);
        assertThat(store.bytesRead.get()).as("evicted parts are fetched again").isGreaterThan(storedBytes / 2);
    }
}
