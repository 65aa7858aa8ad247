package io.arc.runtime.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.runtime.catalog.CatalogDatabase.Migration;
import io.arc.runtime.catalog.CatalogDatabase.Session;
import io.arc.runtime.catalog.CatalogDatabase.Transaction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CatalogDatabaseTest {
    private static final List<Migration> ONE =
            List.of(Migration.of("CREATE TABLE t (v INTEGER PRIMARY KEY, text TEXT) STRICT"));

    @TempDir
    private Path folder;

    private final TestClock clock = new TestClock();

    private CatalogDatabase open() {
        return CatalogDatabase.open(folder.resolve("state/arc.db"), clock, Optional.empty());
    }

    private static long scalar(CatalogDatabase database, String sql) {
        return database.write(session -> {
            try (ResultSet row = session.prepare(sql).executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        });
    }

    private static Transaction<Integer> insert(int value) {
        return session -> {
            PreparedStatement insert = session.prepare("INSERT INTO t (v) VALUES (?)");
            insert.setInt(1, value);
            return insert.executeUpdate();
        };
    }

    private static ArcException failure(ThrowingCallable call) {
        List<ArcException> thrown = new ArrayList<>();
        assertThatExceptionOfType(ArcException.class).isThrownBy(call).satisfies(thrown::add);
        return thrown.getFirst();
    }

    @Test
    void onlyTheOwnerReadsTheFilesAlsoWhenEverybodyCouldBefore() throws IOException {
        assumeTrue(Files.getFileStore(folder).supportsFileAttributeView("posix"), "needs POSIX modes");
        try (CatalogDatabase database = open()) {
            database.migrate("test", ONE);
            for (String name : List.of("arc.db", "arc.db-wal", "arc.db-shm")) {
                assertThat(Files.getPosixFilePermissions(folder.resolve("state").resolve(name))).as(name)
                        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
            }
            assertThat(Files.getPosixFilePermissions(folder.resolve("state")))
                    .isEqualTo(PosixFilePermissions.fromString("rwx------"));
        }
        Path file = folder.resolve("state/arc.db");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        try (CatalogDatabase database = open()) {
            database.write(insert(1));
            for (String name : List.of("arc.db", "arc.db-wal", "arc.db-shm")) {
                assertThat(Files.getPosixFilePermissions(folder.resolve("state").resolve(name))).as(name)
                        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
            }
        }
    }

    @Test
    void settingsAreDurableAndStrict() {
        try (CatalogDatabase database = open()) {
            assertThat(scalar(database, "PRAGMA synchronous")).isEqualTo(2);
            assertThat(scalar(database, "PRAGMA foreign_keys")).isEqualTo(1);
            assertThat(scalar(database, "SELECT count(*) FROM pragma_journal_mode WHERE journal_mode = 'wal'")).isEqualTo(1);
        }
    }

    @Test
    void migrationsRunOnceInOrderAndLaterVersionsAreRefused() {
        try (CatalogDatabase database = open()) {
            database.migrate("test", ONE);
            database.migrate("test", ONE);
            database.write(insert(1));
        }
        List<Migration> two = List.of(ONE.getFirst(),
                Migration.of("ALTER TABLE t ADD COLUMN more INTEGER", "UPDATE t SET more = 5"));
        try (CatalogDatabase database = open()) {
            database.migrate("test", two);
            database.migrate("other", List.of(Migration.of("CREATE TABLE o (v INTEGER) STRICT")));
            assertThat(scalar(database, "SELECT more FROM t")).isEqualTo(5);
            assertThat(scalar(database, "SELECT count(*) FROM catalog_version")).isEqualTo(3);
        }
        try (CatalogDatabase database = open()) {
            ArcException refused = failure(() -> database.migrate("test", ONE));
            assertThat(refused.code()).isEqualTo(ErrorCode.CONFIGURATION);
            assertThat(refused.getMessage()).contains("arc.db", "version 2", "up to 1", "Start the Arc that wrote it");
            database.migrate("other", List.of(Migration.of("not run again")));
        }
    }

    @Test
    void aFailedMigrationLeavesNothing() {
        try (CatalogDatabase database = open()) {
            failure(() -> database.migrate("test",
                    List.of(ONE.getFirst(), Migration.of("CREATE TABLE u (v INTEGER)", "nonsense"))));
            assertThat(scalar(database, "SELECT count(*) FROM sqlite_schema WHERE name IN ('t', 'u')")).isZero();
            database.migrate("test", ONE);
        }
    }

    @Test
    void transactionsOfOneCommitFailOneByOne() throws InterruptedException {
        try (CatalogDatabase database = open()) {
            database.migrate("test", ONE);
            List<String> events = Collections.synchronizedList(new ArrayList<>());
            CountDownLatch running = new CountDownLatch(1);
            CountDownLatch go = new CountDownLatch(1);
            CompletableFuture<Boolean> first = database.submit(session -> {
                running.countDown();
                awaitQuietly(go);
                return true;
            });
            running.await();
            List<CompletableFuture<Integer>> group = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                int number = i;
                group.add(database.submit(new Transaction<>() {
                    @Override
                    public Integer run(Session session) throws SQLException {
                        insert(number).run(session);
                        if (number == 2) {
                            throw new ArcException(ErrorCode.CONFLICT, "two");
                        }
                        // a key twice
                        return number == 4 ? insert(3).run(session) : number;
                    }

                    @Override
                    public void committed() {
                        events.add("+" + number);
                    }

                    @Override
                    public void rolledBack() {
                        events.add("-" + number);
                    }
                }));
            }
            go.countDown();
            first.join();
            for (int i = 0; i < 6; i++) {
                CompletableFuture<Integer> each = group.get(i);
                if (i == 2 || i == 4) {
                    assertThat(each).failsWithin(Duration.ofSeconds(30));
                } else {
                    assertThat(each).succeedsWithin(Duration.ofSeconds(30)).isEqualTo(i);
                }
            }
            assertThat(events).containsExactly("-2", "-4", "+0", "+1", "+3", "+5");
            assertThat(scalar(database, "SELECT sum(v) FROM t")).isEqualTo(9);
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException impossible) {
            throw new AssertionError(impossible);
        }
    }

    @Test
    void codesOfFailures() {
        try (CatalogDatabase database = open()) {
            database.migrate("test", ONE);
            assertThat(failure(() -> database.write(session -> {
                throw new ArcException(ErrorCode.NOT_FOUND, "nothing here");
            }))).hasMessage("nothing here").extracting(ArcException::code).isEqualTo(ErrorCode.NOT_FOUND);
            assertThat(failure(() -> database.write(session -> {
                throw new IllegalStateException("oops");
            })).code()).isEqualTo(ErrorCode.INTERNAL);
            assertThat(failure(() -> database.write(session -> session.prepare("nonsense").execute())).code())
                    .isEqualTo(ErrorCode.INTERNAL);
            assertThat(database.write(insert(1))).isEqualTo(1);
        }
    }

    @Test
    void aFullDiskStoresNothingAndPasses() {
        try (CatalogDatabase database = open()) {
            database.migrate("test", ONE);
            long pages = scalar(database, "PRAGMA page_count");
            scalar(database, "PRAGMA max_page_count = " + pages);
            List<String> events = new ArrayList<>();
            ArcException full = failure(() -> database.write(new Transaction<Integer>() {
                @Override
                public Integer run(Session session) throws SQLException {
                    insert(1).run(session);
                    PreparedStatement update = session.prepare("UPDATE t SET text = ?");
                    update.setString(1, "x".repeat(1_000_000));
                    return update.executeUpdate();
                }

                @Override
                public void rolledBack() {
                    events.add("rolled back");
                }
            }));
            assertThat(full.code()).isEqualTo(ErrorCode.STORAGE_UNAVAILABLE);
            assertThat(full.getMessage()).contains("arc.db", "Nothing was stored");
            assertThat(events).containsExactly("rolled back");
            assertThat(scalar(database, "SELECT count(*) FROM t")).isZero();
            scalar(database, "PRAGMA max_page_count = 1000000");
            database.write(insert(1));
            assertThat(scalar(database, "SELECT count(*) FROM t")).isEqualTo(1);
        }
    }

    /// The driver ends a statement for good when the disk fails under it; the next transaction needs a new one.
    @Test
    void theStatementThatFoundTheDiskFullWorksAgain() {
        Transaction<Integer> large = session -> {
            PreparedStatement insert = session.prepare("INSERT INTO t (text) VALUES (?)");
            insert.setString(1, "x".repeat(1_000_000));
            return insert.executeUpdate();
        };
        try (CatalogDatabase database = open()) {
            database.migrate("test", ONE);
            scalar(database, "PRAGMA max_page_count = " + scalar(database, "PRAGMA page_count"));
            for (int again = 0; again < 3; again++) {
                ArcException full = failure(() -> database.write(large));
                assertThat(full.code()).as(full.getMessage()).isEqualTo(ErrorCode.STORAGE_UNAVAILABLE);
            }
            scalar(database, "PRAGMA max_page_count = 1000000");
            assertThat(database.write(large)).isOne();
            assertThat(scalar(database, "SELECT count(*) FROM t")).isOne();
        }
    }

    @Test
    void anotherFileInItsPlaceIsNotTouched() throws IOException {
        Path file = folder.resolve("arc.db");
        byte[] bytes = "this is no database, and longer than a header of SQLite would be. ".repeat(40).getBytes("UTF-8");
        Files.write(file, bytes);
        ArcException refused = failure(() -> CatalogDatabase.open(file, clock, Optional.empty()));
        assertThat(refused.code()).isEqualTo(ErrorCode.CORRUPT_DATA);
        assertThat(refused.getMessage()).contains("arc.db", "rebuild");
        assertThat(Files.readAllBytes(file)).isEqualTo(bytes);
    }

    @Test
    void aPlaceThatCannotBeWrittenIsOneSentence() throws IOException {
        Files.writeString(folder.resolve("file"), "");
        ArcException refused = failure(() -> CatalogDatabase.open(folder.resolve("file/arc.db"), clock, Optional.empty()));
        assertThat(refused.code()).isEqualTo(ErrorCode.CONFIGURATION);
        assertThat(refused.getMessage()).contains("arc.db", "writable");
    }

    @Test
    void closingCarriesOutWhatIsQueuedAndThenRefuses() {
        CatalogDatabase database = open();
        database.migrate("test", ONE);
        List<CompletableFuture<Integer>> queued = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            queued.add(database.submit(insert(i)));
        }
        database.close();
        database.close();
        assertThat(queued).allSatisfy(each -> assertThat(each).isCompletedWithValue(1));
        assertThat(failure(() -> database.write(insert(999))).code()).isEqualTo(ErrorCode.NOT_READY);
        try (CatalogDatabase again = open()) {
            assertThat(scalar(again, "SELECT count(*) FROM t")).isEqualTo(200);
        }
    }

    @Test
    void anInterruptedCallerStillLearnsTheOutcome() {
        try (CatalogDatabase database = open()) {
            database.migrate("test", ONE);
            Thread.currentThread().interrupt();
            assertThat(database.write(insert(1))).isEqualTo(1);
            assertThat(Thread.interrupted()).isTrue();
        }
    }
}
