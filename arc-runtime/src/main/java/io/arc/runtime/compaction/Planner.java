package io.arc.runtime.compaction;

import io.arc.api.data.TableId;
import io.arc.runtime.catalog.CatalogSnapshot;
import io.arc.runtime.catalog.DataFile;
import io.arc.runtime.catalog.TableEntry;
import io.arc.runtime.partition.HourPartition;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/// Finds what is worth merging: a pure function of the catalog, the time and what is quarantined.
///
/// A partition's files are those whose rows all lie in it, wherever they are stored. A file that has reached the target size
/// stays as it is for ever. The others are merged when enough of them are new; in a partition that was merged before, when a
/// few late ones have lain still for long; and when an earlier round has left several results that together make one.
///
/// Candidates of one plan have no file in common. A partition of more files than one job takes gives several; what they make
/// is merged in the next round, so each round leaves fewer files until none is left to do.
public final class Planner {
    private static final Comparator<DataFile> BY_TIME =
            Comparator.comparingLong(DataFile::minMicros).thenComparing(DataFile::key);
    private static final long DAY_MICROS = 24 * HourPartition.MICROS;
    /// A file of so many quarters of the target size is large enough.
    private static final int ENOUGH_QUARTERS = 3;
    /// So many times the fewest files that are worth it are merged even while new ones come.
    private static final int BUSY_FACTOR = 10;
    /// Late files fewer than are worth it are merged when the newest has lain for so many times the tier's age.
    private static final int STRAGGLER_FACTOR = 24;

    /// Of rows that are alike the one written last stays only if no file written in between is left out of a merge.
    private static final Comparator<DataFile> BY_AGE =
            Comparator.comparingLong(DataFile::addedMicros).thenComparing(DataFile::key);

    private final Limits limits;
    private final boolean inOrderOfAge;

    /// @param targetBytes how large files should become
    /// @param maxFiles how many one job merges at most
    /// @param memoryBytes what the inputs that a job has open at the same time may take
    public record Limits(long targetBytes, int maxFiles, long memoryBytes) {
        public Limits {
            if (targetBytes < 1 || maxFiles < 2 || memoryBytes < 1) {
                throw new IllegalArgumentException("target " + targetBytes + " bytes, " + maxFiles + " files, memory "
                        + memoryBytes + " bytes");
            }
        }
    }

    /// What must not be tried again.
    public interface Excluded {
        Excluded NOTHING = new Excluded() {
            @Override
            public boolean file(String key) {
                return false;
            }

            @Override
            public boolean inputs(String fingerprint) {
                return false;
            }
        };

        boolean file(String key);

        /// @param fingerprint of [Candidate#fingerprint]
        boolean inputs(String fingerprint);
    }

    /// @param inOrderOfAge whether jobs are cut by when files came instead of by the times of their rows: for merges that drop
    ///     duplicates, which need no memory for open inputs
    public Planner(Limits limits, boolean inOrderOfAge) {
        this.limits = Objects.requireNonNull(limits, "limits");
        this.inOrderOfAge = inOrderOfAge;
    }

    /// Oldest partitions first, table by table.
    public List<Candidate> plan(CatalogSnapshot files, Tier tier, TierOptions options, Scope scope, Instant now,
            Excluded excluded) {
        List<Candidate> candidates = new ArrayList<>();
        for (String database : files.databases()) {
            if (!scope.hasDatabase(database)) {
                continue;
            }
            for (TableEntry table : files.tables(database)) {
                if (scope.hasTable(table.id())) {
                    planTable(table, tier, options, scope, now, excluded, candidates);
                }
            }
        }
        return candidates;
    }

    private void planTable(TableEntry table, Tier tier, TierOptions options, Scope scope, Instant now, Excluded excluded,
            List<Candidate> candidates) {
        long spanMicros = tier == Tier.HOURLY ? HourPartition.MICROS : DAY_MICROS;
        Map<Long, List<DataFile>> partitions = new TreeMap<>();
        for (DataFile file : table.files()) {
            long partition = Math.floorDiv(file.minMicros(), spanMicros);
            if (file.rowCount() > 0 && Math.floorDiv(file.maxMicros(), spanMicros) == partition && !excluded.file(file.key())) {
                partitions.computeIfAbsent(partition, _ -> new ArrayList<>()).add(file);
            }
        }
        for (List<DataFile> partition : partitions.values()) {
            if (partition.size() < 2) {
                continue;
            }
            HourPartition hour = HourPartition.of(partition.getFirst().minMicros());
            String folder = hour.directory(table.id());
            String day = folder.substring(0, folder.lastIndexOf('/'));
            String path = tier == Tier.HOURLY ? folder : day;
            if (scope.hasPartition(path.substring(table.id().database().length() + table.id().table().length() + 2))) {
                List<DataFile> wanted = wanted(partition, tier, options, now);
                addJobs(table.id(), tier, path, day, wanted, excluded, candidates);
            }
        }
    }

    /// The files of one partition that are to be merged now; empty when it is not time or not worth it.
    private List<DataFile> wanted(List<DataFile> partition, Tier tier, TierOptions options, Instant now) {
        long spanMicros = tier == Tier.HOURLY ? HourPartition.MICROS : DAY_MICROS;
        long nowMicros = micros(now);
        long number = Math.floorDiv(partition.getFirst().minMicros(), spanMicros);
        boolean hasEnded = number < Math.floorDiv(nowMicros, spanMicros);
        long cutoffMicros = micros(now.minus(options.minAge()));
        if (!options.minAge().isZero() && (!hasEnded || number > Math.floorDiv(cutoffMicros, spanMicros))) {
            return List.of();
        }
        List<DataFile> small = new ArrayList<>();
        int fresh = 0;
        long newestMicros = Long.MIN_VALUE;
        boolean mergedBefore = false;
        for (DataFile file : partition) {
            mergedBefore |= file.level() >= tier.level();
            if (file.sizeBytes() < limits.targetBytes() / 4 * ENOUGH_QUARTERS) {
                small.add(file);
                if (file.level() < tier.level()) {
                    fresh++;
                    newestMicros = Math.max(newestMicros, file.addedMicros());
                }
            }
        }
        if (small.size() < 2) {
            return List.of();
        }
        if (fresh == 0) {
            return unite(small) ? small : List.of();
        }
        boolean isPast = number < Math.floorDiv(micros(now.minus(options.skipFileAge())), spanMicros);
        boolean isBusy = fresh >= (long) BUSY_FACTOR * options.minFiles();
        boolean hasSettled = newestMicros <= cutoffMicros || isPast || isBusy;
        if (fresh >= options.minFiles()) {
            return hasSettled ? small : List.of();
        }
        Duration still = (options.minAge().isZero() ? Duration.ofHours(1) : options.minAge()).multipliedBy(STRAGGLER_FACTOR);
        return mergedBefore && newestMicros <= micros(now.minus(still)) ? small : List.of();
    }

    /// Whether results of earlier rounds would come to less files: two of them at least have to fit into one.
    private boolean unite(List<DataFile> results) {
        long[] sizes = results.stream().mapToLong(DataFile::sizeBytes).sorted().toArray();
        return sizes[0] + sizes[1] <= limits.targetBytes();
    }

    /// Cuts the files, by time or age, into jobs of about equal count, each within the limits. A job of one file is left out.
    private void addJobs(TableId table, Tier tier, String partition, String lockKey, List<DataFile> wanted, Excluded excluded,
            List<Candidate> candidates) {
        List<DataFile> files = new ArrayList<>(wanted);
        files.sort(inOrderOfAge ? BY_AGE : BY_TIME);
        long totalBytes = files.stream().mapToLong(DataFile::sizeBytes).sum();
        // Merged rows take less room than their inputs, never much more: so many jobs give results of the target size.
        long bySize = Math.ceilDiv(totalBytes, limits.targetBytes());
        long byCount = Math.ceilDiv(files.size(), limits.maxFiles());
        int jobs = Math.toIntExact(Math.max(1, Math.max(bySize, byCount)));
        int perJob = Math.max(2, Math.ceilDiv(files.size(), jobs));
        List<DataFile> job = new ArrayList<>();
        OpenInputs open = new OpenInputs();
        long jobBytes = 0;
        for (DataFile file : files) {
            boolean full = job.size() >= Math.min(perJob, limits.maxFiles())
                    || !job.isEmpty() && jobBytes + file.sizeBytes() > limits.targetBytes() + limits.targetBytes() / 4
                    || job.size() >= 2 && !inOrderOfAge && open.bytesWith(file) > limits.memoryBytes();
            if (full) {
                addJob(job, table, tier, partition, lockKey, excluded, candidates);
                job = new ArrayList<>();
                open = new OpenInputs();
                jobBytes = 0;
            }
            job.add(file);
            if (!inOrderOfAge) {
                open.add(file);
            }
            jobBytes += file.sizeBytes();
        }
        addJob(job, table, tier, partition, lockKey, excluded, candidates);
    }

    private static void addJob(List<DataFile> job, TableId table, Tier tier, String partition, String lockKey,
            Excluded excluded, List<Candidate> candidates) {
        if (job.size() >= 2) {
            job.sort(BY_TIME);
            Candidate candidate = new Candidate(table, tier, partition, lockKey, job);
            if (!excluded.inputs(candidate.fingerprint())) {
                candidates.add(candidate);
            }
        }
    }

    private static long micros(Instant instant) {
        return Math.addExact(Math.multiplyExact(instant.getEpochSecond(), 1_000_000L), instant.getNano() / 1_000);
    }
}
