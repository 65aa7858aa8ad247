package io.arc.runtime.flush;

import io.arc.api.data.ColumnBatch;
import io.arc.runtime.buffer.HotBatch;
import io.arc.runtime.buffer.SealedRows;
import io.arc.runtime.catalog.ColumnSchema;
import io.arc.runtime.catalog.DataFile;
import io.arc.runtime.catalog.TableSchema;
import io.arc.runtime.catalog.WalRange;
import io.arc.runtime.partition.HourPartition;
import io.arc.runtime.partition.UniqueSuffixes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What a flush is going to store, decided once: the files, their keys, which rows go where and in what order. A flush that fails
/// half-way is carried on by the same plan, so that a file that may or may not have reached the store is put again under the
/// same key with the same bytes.
///
/// Used by one thread at a time.
final class FlushPlan {
    /// One file to be.
    static final class PlannedFile {
        private final String key;
        private final List<ColumnBatch> batches;
        private final List<ColumnSchema> columns;
        private final Optional<int[]> order;
        private final int from;
        private final int to;
        private DataFile stored;

        private PlannedFile(String key, List<ColumnBatch> batches, List<ColumnSchema> columns, Optional<int[]> order, int from,
                int to) {
            this.key = key;
            this.batches = batches;
            this.columns = columns;
            this.order = order;
            this.from = from;
            this.to = to;
        }

        String key() {
            return key;
        }

        List<ColumnBatch> batches() {
            return batches;
        }

        List<ColumnSchema> columns() {
            return columns;
        }

        /// Positions into the batches' rows, counted through; empty when the rows are in order as they stand.
        Optional<int[]> order() {
            return order;
        }

        /// The first position of [#order()] (or row) that belongs to the file.
        int from() {
            return from;
        }

        /// One past the last.
        int to() {
            return to;
        }

        Optional<DataFile> stored() {
            return Optional.ofNullable(stored);
        }

        void stored(DataFile file) {
            stored = file;
        }
    }

    private final String id;
    private final SealedRows rows;
    private final TableSchema schema;
    private final TableSchema committed;
    private final List<WalRange> coverage;
    private final List<PlannedFile> files;
    private boolean announced;

    private FlushPlan(String id, SealedRows rows, TableSchema schema, TableSchema committed, List<WalRange> coverage,
            List<PlannedFile> files) {
        this.id = id;
        this.rows = rows;
        this.schema = schema;
        this.committed = committed;
        this.coverage = coverage;
        this.files = files;
    }

    /// @param committed the table's schema as its files have it so far
    static FlushPlan of(SealedRows rows, TableSchema schema, TableSchema committed, List<String> sortKeys,
            UniqueSuffixes suffixes) {
        List<ColumnBatch> batches = rows.batches().stream().map(HotBatch::batch).toList();
        List<PlannedFile> files = new ArrayList<>();
        for (TypeGroups.Group group : TypeGroups.split(schema, batches)) {
            TimeOrder.Sorted sorted = TimeOrder.sort(group.batches());
            long[] times = sorted.sortedMicros();
            int[] starts = HourPartition.split(times, 0, times.length);
            Optional<int[]> order = sortKeys.isEmpty() ? sorted.order() : Optional.of(byKeys(group, sorted, starts, sortKeys));
            for (int hour = 0; hour + 1 < starts.length; hour++) {
                int from = starts[hour];
                int to = starts[hour + 1];
                String key = HourPartition.of(times[from]).key(rows.table(), times[from], to - from, suffixes.next());
                files.add(new PlannedFile(key, group.batches(), group.columns(), order, from, to));
            }
        }
        return new FlushPlan(suffixes.next(), rows, schema, committed, coverage(rows), files);
    }

    private static int[] byKeys(TypeGroups.Group group, TimeOrder.Sorted sorted, int[] starts, List<String> sortKeys) {
        int[] order = sorted.order().orElseGet(() -> {
            int[] identity = new int[sorted.sortedMicros().length];
            Arrays.setAll(identity, row -> row);
            return identity;
        });
        for (int hour = 0; hour + 1 < starts.length; hour++) {
            SortKeys.sort(group.batches(), order, starts[hour], starts[hour + 1], sortKeys);
        }
        return order;
    }

    /// The rows of a table come from the log in order and are sealed without gaps, so two ends per writer say it all.
    private static List<WalRange> coverage(SealedRows rows) {
        Map<String, long[]> ends = new HashMap<>();
        for (HotBatch batch : rows.batches()) {
            long[] range = ends.computeIfAbsent(batch.writer(), absent -> new long[] {batch.first(), batch.last()});
            range[0] = Math.min(range[0], batch.first());
            range[1] = Math.max(range[1], batch.last());
        }
        List<WalRange> coverage = new ArrayList<>(ends.size());
        ends.forEach((writer, range) -> coverage.add(new WalRange(writer, range[0], range[1])));
        return coverage;
    }

    /// Unique among all flushes.
    String id() {
        return id;
    }

    SealedRows rows() {
        return rows;
    }

    TableSchema schema() {
        return schema;
    }

    TableSchema committed() {
        return committed;
    }

    List<WalRange> coverage() {
        return coverage;
    }

    List<PlannedFile> files() {
        return files;
    }

    /// Whether the catalog knows the keys, so that a crash before the commit leaves nothing in the store that nobody knows.
    boolean isAnnounced() {
        return announced;
    }

    void announced() {
        announced = true;
    }
}
