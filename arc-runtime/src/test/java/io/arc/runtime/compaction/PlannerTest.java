package io.arc.runtime.compaction;

import static org.assertj.core.api.Assertions.assertThat;

import io.arc.api.data.TableId;
import io.arc.runtime.catalog.Catalog;
import io.arc.runtime.catalog.CatalogSnapshot;
import io.arc.runtime.catalog.DataFile;
import io.arc.runtime.catalog.FlushCommit;
import io.arc.runtime.catalog.TableSchema;
import io.arc.runtime.compaction.Planner.Excluded;
import io.arc.runtime.compaction.Planner.Limits;
import io.arc.runtime.partition.HourPartition;
import io.arc.runtime.schedule.Schedule;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlannerTest {
    private static final TableId CPU = new TableId("prod", "cpu");
    private static final TableId MEM = new TableId("prod", "mem");
    private static final TableId OTHER = new TableId("test", "cpu");
    private static final Instant NOW = Instant.parse("2026-01-02T13:30:00Z");
    private static final String HOUR_10 = "2026-01-02T10:00:00Z";
    private static final TierOptions HOURLY = new TierOptions(true, Schedule.parse("5 * * * *"), Duration.ofHours(1), 10, Duration.ofDays(7));
    private static final TierOptions DAILY = new TierOptions(true, Schedule.parse("0 3 * * *"), Duration.ofHours(24), 12, Duration.ofDays(7));
    private static final Limits LIMITS = new Limits(1_000, 100, 1L << 40);

    @TempDir
    private Path directory;

    private Catalog catalog;
    private int nextKey;

    @BeforeEach
    void open() {
        catalog = Catalog.open(directory.resolve("arc.db"), () -> NOW);
    }

    @AfterEach
    void close() {
        catalog.close();
    }

    /// Each line one rule. `added` is how many minutes ago the files came.
    @ParameterizedTest
    @CsvSource({
        // hour, fresh, their bytes, added, merged, their bytes, expected inputs
        "2026-01-02T10:00:00Z, 10, 10, 120, 0, 0, 10, enough files in an hour that is over",
        "2026-01-02T10:00:00Z, 9, 10, 120, 0, 0, 0, one too few",
        "2026-01-02T12:00:00Z, 10, 10, 61, 0, 0, 10, begun an hour and a half ago",
        "2026-01-02T13:00:00Z, 10, 10, 120, 0, 0, 0, the hour is not over",
        "2026-01-02T14:00:00Z, 10, 10, 120, 0, 0, 0, the hour is in the future",
        "2026-01-02T10:00:00Z, 10, 10, 59, 0, 0, 0, the newest file came just now",
        "2026-01-02T10:00:00Z, 100, 1, 1, 0, 0, 100, new files come all the time but there are very many",
        "2025-12-25T10:00:00Z, 10, 10, 1, 0, 0, 10, rows of long ago that come now",
        "2026-01-02T10:00:00Z, 10, 10, 120, 1, 500, 11, late files join what is merged already",
        "2026-01-02T10:00:00Z, 10, 10, 120, 1, 750, 10, but not a file that is large enough",
        "2026-01-02T10:00:00Z, 3, 10, 120, 1, 500, 0, few late files wait",
        "2026-01-01T10:00:00Z, 3, 10, 1441, 1, 500, 4, and after a day they do not",
        "2026-01-01T10:00:00Z, 3, 10, 1441, 0, 0, 0, few files that never were merged stay",
        "2026-01-02T10:00:00Z, 0, 0, 0, 1, 10, 0, one merged file is the end",
        "2026-01-02T10:00:00Z, 0, 0, 0, 2, 300, 2, two results that fit into one",
        "2026-01-02T10:00:00Z, 0, 0, 0, 2, 600, 0, two results that do not",
        "1969-12-31T23:00:00Z, 10, 10, 120, 0, 0, 10, before 1970"
    })
    void judgesAnHour(String hour, int fresh, int freshBytes, int minutesAgo, int merged, int mergedBytes, int inputs,
            String why) {
        List<DataFile> files = new ArrayList<>();
        for (int i = 0; i < fresh; i++) {
            files.add(file(CPU, hour, i, 10, freshBytes, 0, minutesAgo));
        }
        for (int i = 0; i < merged; i++) {
            files.add(file(CPU, hour, i, 1800, mergedBytes, 1, 600));
        }
        List<Candidate> plan = plan(commit(files), Tier.HOURLY, HOURLY, Scope.EVERYTHING, LIMITS);
        assertThat(plan.stream().mapToInt(candidate -> candidate.inputs().size()).sum()).as(why).isEqualTo(inputs);
    }

    @Test
    void withoutAnAgeTheRunningHourIsMergedToo() {
        List<DataFile> files = fresh(CPU, "2026-01-02T13:00:00Z", 10, 10, 0);
        TierOptions noAge = new TierOptions(true, Schedule.parse("5 * * * *"), Duration.ZERO, 10, Duration.ofDays(7));
        assertThat(plan(commit(files), Tier.HOURLY, noAge, Scope.EVERYTHING, LIMITS)).hasSize(1);
    }

    @Test
    void aDayIsMergedFromItsHours() {
        List<DataFile> files = new ArrayList<>();
        for (int hour = 0; hour < 12; hour++) {
            files.add(file(CPU, "2026-01-01T%02d:00:00Z".formatted(hour), 0, 3600, 20, 1, 2000));
        }
        CatalogSnapshot snapshot = commit(files);
        List<Candidate> plan = plan(snapshot, Tier.DAILY, DAILY, Scope.EVERYTHING, LIMITS);
        assertThat(plan).hasSize(1);
        assertThat(plan.getFirst().partition()).isEqualTo("prod/cpu/2026/01/01");
        assertThat(plan.getFirst().lockKey()).isEqualTo("prod/cpu/2026/01/01");
        assertThat(plan.getFirst().inputs()).hasSize(12);
        assertThat(plan(snapshot, Tier.HOURLY, HOURLY, Scope.EVERYTHING, LIMITS)).isEmpty();
    }

    @Test
    void theDayOfTodayWaits() {
        List<DataFile> files = new ArrayList<>();
        for (int hour = 0; hour < 12; hour++) {
            files.add(file(CPU, "2026-01-02T%02d:00:00Z".formatted(hour), 0, 3600, 20, 1, 2000));
        }
        assertThat(plan(commit(files), Tier.DAILY, DAILY, Scope.EVERYTHING, LIMITS)).isEmpty();
    }

    @Test
    void hourAndDayHaveOneLock() {
        List<Candidate> plan = plan(commit(fresh(CPU, HOUR_10, 10, 10, 120)), Tier.HOURLY, HOURLY, Scope.EVERYTHING, LIMITS);
        assertThat(plan.getFirst().partition()).isEqualTo("prod/cpu/2026/01/02/10");
        assertThat(plan.getFirst().lockKey()).isEqualTo("prod/cpu/2026/01/02");
    }

    /// A file that somebody put in by hand and that holds more than a day belongs to no partition.
    @Test
    void aFileThatSpansPartitionsIsLeftAlone() {
        List<DataFile> files = fresh(CPU, "2026-01-01T10:00:00Z", 11, 10, 2000);
        files.add(file(CPU, "2026-01-01T10:30:00Z", 0, 7200, 10, 0, 2000));
        files.add(file(CPU, "2026-01-01T10:30:00Z", 0, 200_000, 10, 0, 2000));
        CatalogSnapshot snapshot = commit(files);
        assertThat(plan(snapshot, Tier.HOURLY, HOURLY, Scope.EVERYTHING, LIMITS).getFirst().inputs()).hasSize(11);
        assertThat(plan(snapshot, Tier.DAILY, DAILY, Scope.EVERYTHING, LIMITS).getFirst().inputs()).hasSize(12);
    }

    @Test
    void whatIsAskedForOnly() {
        List<DataFile> files = new ArrayList<>();
        for (TableId table : List.of(CPU, MEM, OTHER)) {
            files.addAll(fresh(table, HOUR_10, 10, 10, 120));
            files.addAll(fresh(table, "2026-01-02T11:00:00Z", 10, 10, 120));
        }
        CatalogSnapshot snapshot = commit(files);
        assertThat(plan(snapshot, Tier.HOURLY, HOURLY, Scope.EVERYTHING, LIMITS)).hasSize(6);
        assertThat(plan(snapshot, Tier.HOURLY, HOURLY, scope("prod", null, null), LIMITS)).hasSize(4);
        assertThat(plan(snapshot, Tier.HOURLY, HOURLY, scope("prod", "mem", null), LIMITS)).hasSize(2)
                .allMatch(candidate -> candidate.table().equals(MEM));
        assertThat(plan(snapshot, Tier.HOURLY, HOURLY, scope("prod", "mem", "2026/01/02/11"), LIMITS)).hasSize(1);
        assertThat(plan(snapshot, Tier.HOURLY, HOURLY, scope("prod", "mem", "2026/01"), LIMITS)).hasSize(2);
        assertThat(plan(snapshot, Tier.HOURLY, HOURLY, scope("prod", "mem", "2026/01/0"), LIMITS)).isEmpty();
        assertThat(plan(snapshot, Tier.HOURLY, HOURLY, scope("nowhere", null, null), LIMITS)).isEmpty();
    }

    @Test
    void quarantinedFilesAndInputsAreLeftOut() {
        CatalogSnapshot snapshot = commit(fresh(CPU, HOUR_10, 11, 10, 120));
        Planner planner = new Planner(LIMITS, false);
        Candidate all = planner.plan(snapshot, Tier.HOURLY, HOURLY, Scope.EVERYTHING, NOW, Excluded.NOTHING).getFirst();
        String bad = all.inputs().getFirst().key();
        Candidate rest = planner.plan(snapshot, Tier.HOURLY, HOURLY, Scope.EVERYTHING, NOW, excluded(Set.of(bad), Set.of()))
                .getFirst();
        assertThat(rest.keys()).hasSize(10).doesNotContain(bad);
        assertThat(rest.fingerprint()).isNotEqualTo(all.fingerprint());
        assertThat(planner.plan(snapshot, Tier.HOURLY, HOURLY, Scope.EVERYTHING, NOW,
                excluded(Set.of(), Set.of(all.fingerprint())))).isEmpty();
    }

    /// 31 files where a job takes 30 are two jobs of about half, not one of 30 and a rest that nobody merges.
    @Test
    void aRestIsSharedOut() {
        List<Candidate> plan = plan(commit(fresh(CPU, HOUR_10, 31, 10, 120)), Tier.HOURLY, HOURLY, Scope.EVERYTHING,
                new Limits(1_000, 30, 1L << 40));
        assertThat(plan).extracting(candidate -> candidate.inputs().size()).containsExactly(16, 15);
    }

    @Test
    void filesThatAreOpenTogetherAreBounded() {
        List<DataFile> overlapping = new ArrayList<>();
        List<DataFile> behindEachOther = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            overlapping.add(file(CPU, HOUR_10, i, 3000, 10, 0, 120));
            behindEachOther.add(file(MEM, HOUR_10, i * 100, 100, 10, 0, 120));
        }
        Limits tight = new Limits(1_000, 100, 4 * OpenInputs.bytes(overlapping.getFirst()));
        overlapping.addAll(behindEachOther);
        CatalogSnapshot snapshot = commit(overlapping);
        assertThat(plan(snapshot, Tier.HOURLY, HOURLY, scope("prod", "cpu", null), tight)).hasSize(5)
                .allMatch(candidate -> candidate.inputs().size() == 4);
        assertThat(plan(snapshot, Tier.HOURLY, HOURLY, scope("prod", "mem", null), tight)).hasSize(1);
    }

    /// Files that came one after the other stay together, whatever the times of their rows.
    @Test
    void jobsThatDropDuplicatesAreCutByAge() {
        List<DataFile> files = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            files.add(file(CPU, HOUR_10, i * 7 % 20 * 100, 10, 10, 0, 200 - i));
        }
        List<Candidate> plan = new Planner(new Limits(1_000, 5, 1L << 40), true).plan(commit(files), Tier.HOURLY, HOURLY,
                Scope.EVERYTHING, NOW, Excluded.NOTHING);
        assertThat(plan).hasSize(4);
        for (int job = 0; job < 4; job++) {
            assertThat(plan.get(job).inputs()).containsExactlyInAnyOrderElementsOf(files.subList(5 * job, 5 * job + 5))
                    .isSortedAccordingTo(Comparator.comparingLong(DataFile::minMicros));
        }
    }

    /// Whatever is there, rounds come to an end, no file is in two jobs, and what is left is as few files as the target allows.
    @Test
    void roundsComeToAnEnd() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 12; round++) {
            Limits limits = new Limits(1_000, 2 + random.nextInt(30), 1L << (14 + random.nextInt(20)));
            Planner planner = new Planner(limits, false);
            TableId table = new TableId("prod", "t" + round);
            List<DataFile> files = new ArrayList<>();
            int count = 2 + random.nextInt(200);
            for (int i = 0; i < count; i++) {
                files.add(file(table, HOUR_10, random.nextInt(1800), 1 + random.nextInt(1799), 1 + random.nextInt(400), 0, 120));
            }
            int rounds = 0;
            List<Candidate> plan = List.of();
            do {
                for (Candidate candidate : plan) {
                    files.removeAll(candidate.inputs());
                    files.add(merged(candidate, random));
                }
                CatalogSnapshot snapshot = snapshotOf(table, files, round * 1000 + rounds);
                plan = planner.plan(snapshot, Tier.HOURLY, HOURLY, scope("prod", null, null), NOW, Excluded.NOTHING);
                Set<String> keys = new HashSet<>();
                for (Candidate candidate : plan) {
                    candidate.keys().forEach(key -> assertThat(keys.add(key)).as("seed %d: %s twice", seed, key).isTrue());
                }
                rounds++;
            } while (!plan.isEmpty() && rounds < 100);
            assertThat(rounds).as("seed %d, %s, %d files", seed, limits, count).isLessThan(20);
            long fresh = files.stream().filter(file -> file.level() == 0 && file.sizeBytes() < 750).count();
            assertThat(fresh).as("seed %d, fresh files left", seed).isLessThan(10);
            long[] small = files.stream().filter(file -> file.level() == 1 && file.sizeBytes() < 750)
                    .mapToLong(DataFile::sizeBytes).sorted().toArray();
            assertThat(fresh > 0 || small.length < 2 || small[0] + small[1] > 1_000).as("seed %d, left %s", seed, files).isTrue();
        }
    }

    private DataFile merged(Candidate candidate, Random random) {
        DataFile first = candidate.inputs().getFirst();
        long max = candidate.inputs().stream().mapToLong(DataFile::maxMicros).max().orElseThrow();
        return new DataFile(first.table(), first.key() + random.nextLong(), (long) (candidate.bytes() * (0.3 + 0.7 * random.nextDouble())),
                candidate.rows(), first.minMicros(), max, 1, List.of(), List.of(), first.addedMicros());
    }

    private CatalogSnapshot snapshotOf(TableId table, List<DataFile> files, int number) {
        try (Catalog fresh = Catalog.open(directory.resolve("round" + number + ".db"), () -> NOW)) {
            fresh.commitFlush(new FlushCommit(table, TableSchema.EMPTY, files, List.of()));
            return fresh.snapshot();
        }
    }

    private static Excluded excluded(Set<String> files, Set<String> inputs) {
        return new Excluded() {
            @Override
            public boolean file(String key) {
                return files.contains(key);
            }

            @Override
            public boolean inputs(String fingerprint) {
                return inputs.contains(fingerprint);
            }
        };
    }

    private static Scope scope(String database, String table, String partition) {
        return new Scope(Optional.of(database), Optional.ofNullable(table), Optional.ofNullable(partition));
    }

    private static List<Candidate> plan(CatalogSnapshot snapshot, Tier tier, TierOptions options, Scope scope, Limits limits) {
        List<Candidate> plan = new Planner(limits, false).plan(snapshot, tier, options, scope, NOW, Excluded.NOTHING);
        for (Candidate candidate : plan) {
            assertThat(candidate.inputs()).isSortedAccordingTo(Comparator.comparingLong(DataFile::minMicros));
        }
        return plan;
    }

    private CatalogSnapshot commit(List<DataFile> files) {
        catalog.commitFlushes(files.stream()
                .map(file -> new FlushCommit(file.table(), TableSchema.EMPTY, List.of(file), List.of())).toList());
        return catalog.snapshot();
    }

    private List<DataFile> fresh(TableId table, String hour, int count, int bytes, int minutesAgo) {
        List<DataFile> files = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            files.add(file(table, hour, i, 10, bytes, 0, minutesAgo));
        }
        return files;
    }

    private DataFile file(TableId table, String start, int offsetSeconds, int seconds, long bytes, int level, int minutesAgo) {
        long min = Instant.parse(start).getEpochSecond() * 1_000_000 + offsetSeconds * 1_000_000L;
        long max = min + seconds * 1_000_000L - 1;
        if (seconds <= 3600) {
            max = Math.min(max, HourPartition.of(min).lastMicros());
        }
        return new DataFile(table, HourPartition.of(min).key(table, min, 1000, "u" + nextKey++), bytes, 1000, min, max, level,
                List.of(), List.of(), NOW.minus(Duration.ofMinutes(minutesAgo)).getEpochSecond() * 1_000_000);
    }
}
