package io.arc.runtime.compaction;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.ColumnType;
import io.arc.api.spi.Compressor.BlockCompressor;
import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.runtime.catalog.ColumnSchema;
import io.arc.runtime.catalog.ColumnStats;
import io.arc.runtime.catalog.DataFile;
import io.arc.runtime.catalog.TableSchema;
import io.arc.runtime.duckdb.BatchScan;
import io.arc.runtime.duckdb.DuckDb;
import io.arc.runtime.duckdb.DuckDbOptions;
import io.arc.runtime.filecache.FileAccess;
import io.arc.runtime.fs.FileHandle;
import io.arc.runtime.fs.FileSystem;
import io.arc.runtime.parquet.FileColumn;
import io.arc.runtime.parquet.FileSummary;
import io.arc.runtime.parquet.ParquetEncoder;
import io.arc.runtime.parquet.ParquetFooter;
import io.arc.runtime.parquet.ParquetOptions;
import io.arc.runtime.parquet.ParquetOutput;
import io.arc.runtime.parquet.ParquetRows;
import io.arc.runtime.parquet.RangeSource;
import io.arc.runtime.parquet.RowSlice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.Supplier;

/// Writes the rows of several files as one file on the local disk, with every column in the type that the catalog gives it.
///
/// Files of ours are merged here, by time, a thread reading and a thread writing: that is several times as fast as the engine.
/// What needs more than that goes through the engine, which sorts within its memory and spills. Thread-safe.
final class FileMerger {
    /// So that a query skips by minutes, not by hours, and readers share the work of one file.
    static final int ROW_GROUP_ROWS = 122_880;

    private final ObjectStore store;
    private final FileAccess files;
    private final FileSystem fileSystem;
    private final Codecs codecs;
    private final CompactionOptions options;

    /// What is to be written.
    ///
    /// @param directory of its own, made and empty
    /// @param footers told what the footer of each input carries
    /// @param properties of the footer of the result; asked for when every input was opened
    /// @param progress told how many rows were written since it was told last; may throw to give up
    record Order(Candidate candidate, TableSchema schema, Path directory, Consumer<Map<String, String>> footers,
            Supplier<Map<String, String>> properties, LongConsumer progress) {}

    /// @param byEngine whether the engine was needed
    record Merged(Path file, FileSummary summary, boolean byEngine) {}

    FileMerger(ObjectStore store, FileAccess files, FileSystem fileSystem, Codecs codecs, CompactionOptions options) {
        this.store = Objects.requireNonNull(store, "store");
        this.files = Objects.requireNonNull(files, "files");
        this.fileSystem = Objects.requireNonNull(fileSystem, "fileSystem");
        this.codecs = Objects.requireNonNull(codecs, "codecs");
        this.options = Objects.requireNonNull(options, "options");
    }

    /// An input that [ParquetRows] does not read.
    private static final class NeedsEngine extends RuntimeException {
        NeedsEngine(String key) {
            super(key, null, false, false);
        }
    }

    /// The columns of the result besides `time`: those that any input has, in the order and types of the catalog.
    static List<ColumnSchema> columns(Candidate candidate, TableSchema schema) {
        Set<String> names = new LinkedHashSet<>();
        candidate.inputs().forEach(input -> input.columns().forEach(column -> names.add(column.name())));
        List<ColumnSchema> columns = new ArrayList<>();
        for (ColumnSchema column : schema.columns()) {
            if (names.remove(column.name())) {
                columns.add(column);
            }
        }
        if (!names.isEmpty()) {
            throw new IllegalStateException("files of " + candidate.table() + " have columns that the table has not: " + names);
        }
        return columns;
    }

    /// @throws UnreadableInput for an input that cannot be read or has other rows than the catalog says
    /// @throws ArcException STORAGE_UNAVAILABLE when it cannot be reached, OVERLOADED when memory or disk do not suffice
    Merged merge(Order order) {
        List<ColumnSchema> columns = columns(order.candidate(), order.schema());
        if (!needsEngine(order.candidate(), order.schema())) {
            try {
                return write(order, columns, "merged.parquet", false, encoder -> mergeByTime(order, encoder));
            } catch (TimeMerge.NotSorted | NeedsEngine known) {
                // The footer or the rows say what the catalog does not; the engine begins anew.
            }
        }
        return write(order, columns, "sorted.parquet", true, encoder -> mergeByEngine(order, columns, encoder));
    }

    private boolean needsEngine(Candidate candidate, TableSchema schema) {
        if (options.deduplicate() || !options.keysOf(candidate.table().table()).isEmpty()) {
            return true;
        }
        Map<String, ColumnType> types = new LinkedHashMap<>();
        schema.columns().forEach(column -> types.put(column.name(), column.type()));
        for (DataFile input : candidate.inputs()) {
            for (ColumnStats column : input.columns()) {
                if (EngineSql.becomesText(column, types.get(column.name()), input.rowCount())) {
                    return true;
                }
            }
            if (input.foreign().isPresent()) {
                return true;
            }
        }
        return false;
    }

    private interface Rows {
        void writeTo(ParquetEncoder encoder) throws IOException;
    }

    private Merged write(Order order, List<ColumnSchema> columns, String name, boolean byEngine, Rows rows) {
        Path file = order.directory().resolve(name);
        ParquetOptions layout = ParquetOptions.DEFAULT.withRowGroupRows(ROW_GROUP_ROWS);
        try (FileHandle handle = fileSystem.create(file);
                BlockCompressor compressor = codecs.write().isPresent() ? codecs.newCompressor() : null) {
            ParquetEncoder encoder = compressor == null ? ParquetEncoder.uncompressed(layout)
                    : new ParquetEncoder(layout, codecs.write().orElseThrow(), compressor);
            Gathering output = new Gathering(handle);
            encoder.begin(columns.stream().map(column -> new FileColumn(column.name(), column.type())).toList(), output);
            rows.writeTo(encoder);
            FileSummary summary = encoder.finish(order.properties().get());
            output.flush();
            return new Merged(file, summary, byEngine);
        } catch (IOException | UncheckedIOException failed) {
            throw new ArcException(ErrorCode.STORAGE_UNAVAILABLE, "compaction cannot write to " + order.directory() + ": "
                    + failed.getMessage() + ". Make room there, or set compaction.temp_directory", failed);
        }
    }

    /// Few large writes instead of many small ones.
    private static final class Gathering implements ParquetOutput {
        private final FileHandle handle;
        private final ByteBuffer gathered = ByteBuffer.allocate(1 << 20);

        Gathering(FileHandle handle) {
            this.handle = handle;
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            if (length > gathered.remaining()) {
                flush();
            }
            if (length > gathered.capacity()) {
                handle.append(ByteBuffer.wrap(bytes, from, length));
            } else {
                gathered.put(bytes, from, length);
            }
        }

        void flush() throws IOException {
            handle.append(gathered.flip());
            gathered.clear();
        }
    }

    private void mergeByTime(Order order, ParquetEncoder encoder) throws IOException {
        try (Codecs.Decompressors decompressors = codecs.newDecompressors()) {
            TimeMerge merge = new TimeMerge(order.candidate().inputs(), input -> open(input, order, decompressors));
            try (Readahead<TimeMerge.Piece> pieces =
                    new Readahead<>(Thread.currentThread().getName() + "-read", () -> merge.next(ROW_GROUP_ROWS))) {
                for (Optional<TimeMerge.Piece> piece = pieces.take(); piece.isPresent(); piece = pieces.take()) {
                    TimeMerge.Piece rows = piece.get();
                    encoder.append(rows.batches(), RowSlice.ordered(rows.order(), 0, rows.count()));
                    order.progress().accept(rows.count());
                }
            }
        }
    }

    private TimeMerge.Rows open(DataFile input, Order order, Codecs.Decompressors decompressors) {
        ParquetRows rows = UnreadableInput.attribute(input.key(), () -> ParquetRows.open(input.key(), input.table(),
                input.sizeBytes(), source(input), decompressors.byCodec()))
                .orElseThrow(() -> new NeedsEngine(input.key()));
        order.footers().accept(rows.footer().properties());
        return maxRows -> UnreadableInput.attribute(input.key(), () -> rows.next(maxRows));
    }

    private RangeSource source(DataFile input) {
        return (position, target) -> store.read(input.key(), position, target);
    }

    private void mergeByEngine(Order order, List<ColumnSchema> columns, ParquetEncoder encoder) throws IOException {
        List<String> names = columns.stream().map(ColumnSchema::name).toList();
        Candidate candidate = order.candidate();
        for (DataFile input : candidate.inputs()) {
            // The engine would not say which of them is damaged.
            order.footers().accept(UnreadableInput.attribute(input.key(),
                    () -> ParquetFooter.read(input.key(), input.sizeBytes(), source(input))).properties());
        }
        try (FileAccess.Reading reading = files.begin()) {
            Map<String, Path> paths = new LinkedHashMap<>();
            candidate.inputs().forEach(input -> paths.put(input.key(), reading.local(input).toAbsolutePath()));
            String sql = EngineSql.merge(candidate.inputs(), order.schema(), columns, file -> paths.get(file.key()).toString(),
                    options.keysOf(candidate.table().table()), options.deduplicate());
            List<Path> folders = paths.values().stream().map(Path::getParent).distinct().toList();
            DuckDbOptions engine = new DuckDbOptions(options.memoryBytes(), Math.max(1L << 30, 8 * candidate.bytes()),
                    options.engineThreads(), order.directory().resolve("engine"), folders);
            try (DuckDb duckDb = DuckDb.open(engine)) {
                List<ColumnBatch> gathered = new ArrayList<>();
                int[] gatheredRows = new int[1];
                BatchScan.run(duckDb, sql, candidate.table(), names, batch -> {
                    gathered.add(batch);
                    gatheredRows[0] += batch.rowCount();
                    if (gatheredRows[0] >= ROW_GROUP_ROWS) {
                        append(encoder, gathered, order);
                        gatheredRows[0] = 0;
                    }
                });
                append(encoder, gathered, order);
            }
        } catch (UncheckedIOException failed) {
            throw failed.getCause();
        }
    }

    private static void append(ParquetEncoder encoder, List<ColumnBatch> gathered, Order order) {
        if (gathered.isEmpty()) {
            return;
        }
        RowSlice all = RowSlice.all(gathered);
        try {
            encoder.append(gathered, all);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        gathered.clear();
        order.progress().accept(all.rowCount());
    }
}
