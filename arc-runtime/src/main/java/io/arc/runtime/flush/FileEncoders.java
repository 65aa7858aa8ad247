package io.arc.runtime.flush;

import io.arc.api.data.TableId;
import io.arc.api.spi.Compressor;
import io.arc.api.spi.Compressor.BlockCompressor;
import io.arc.api.spi.StorageBackend.Body;
import io.arc.runtime.catalog.ColumnStats;
import io.arc.runtime.catalog.DataFile;
import io.arc.runtime.catalog.FileOrigin;
import io.arc.runtime.catalog.WalRange;
import io.arc.runtime.flush.FlushPlan.PlannedFile;
import io.arc.runtime.parquet.ColumnSummary;
import io.arc.runtime.parquet.FileColumn;
import io.arc.runtime.parquet.FileSummary;
import io.arc.runtime.parquet.MemoryOutput;
import io.arc.runtime.parquet.ParquetEncoder;
import io.arc.runtime.parquet.ParquetOptions;
import io.arc.runtime.parquet.RowSlice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/// Parquet encoders for flushes, kept for reuse, each with its compressor. Thread-safe; encoding happens on the calling thread.
///
/// Besides its rows a file says in its footer what a catalog needs to be built anew from storage alone: see [FileOrigin].
public final class FileEncoders implements AutoCloseable {
    private static final int GUESSED_BYTES_PER_ROW = 48;

    private final ParquetOptions options;
    private final Optional<LevelledCompressor> compressor;
    private final Queue<Kept> idle = new ConcurrentLinkedQueue<>();

    private record Kept(ParquetEncoder encoder, Optional<BlockCompressor> compressor) {}

    /// A codec's plugin and the level to use it with.
    public record LevelledCompressor(Compressor description, Compressor.Compression compression, int level) {}

    /// @param compressor empty to store uncompressed
    public FileEncoders(ParquetOptions options, Optional<LevelledCompressor> compressor) {
        this.options = Objects.requireNonNull(options, "options");
        this.compressor = Objects.requireNonNull(compressor, "compressor");
    }

    /// A file's bytes and what is in them.
    record Encoded(TableId table, Body body, FileSummary summary) {
        DataFile describe(String key, List<WalRange> coverage, long addedMicros) {
            return new DataFile(table, key, body.size(), summary.rowCount(), summary.minMicros(), summary.maxMicros(), 0, coverage,
                    summary.columns().stream().map(FileEncoders::stats).toList(), addedMicros);
        }
    }

    Encoded encode(FlushPlan plan, int number) {
        PlannedFile file = plan.files().get(number);
        Kept kept = take();
        int rows = file.to() - file.from();
        MemoryOutput output = new MemoryOutput(Math.toIntExact(Math.min(1L << 28, 4096L + (long) rows * GUESSED_BYTES_PER_ROW)));
        List<FileColumn> columns =
                file.columns().stream().map(column -> new FileColumn(column.name(), column.type())).toList();
        RowSlice slice = file.order().map(order -> RowSlice.ordered(order, file.from(), file.to()))
                .orElseGet(() -> RowSlice.range(file.from(), file.to()));
        FileSummary summary;
        try {
            summary = kept.encoder().encode(columns, file.batches(), slice, footer(plan, number), output);
        } catch (IOException full) {
            kept.compressor().ifPresent(BlockCompressor::close);
            throw new UncheckedIOException("encoding " + file.key() + " failed", full);
        } catch (RuntimeException broken) {
            // It may be in any state and is not used again.
            kept.compressor().ifPresent(BlockCompressor::close);
            throw broken;
        }
        idle.add(kept);
        return new Encoded(plan.rows().table(), new Body.InMemory(output.segment()), summary);
    }

    private Kept take() {
        Kept kept = idle.poll();
        if (kept != null) {
            return kept;
        }
        if (compressor.isEmpty()) {
            return new Kept(ParquetEncoder.uncompressed(options), Optional.empty());
        }
        BlockCompressor block = compressor.get().compression().newCompressor(compressor.get().level());
        return new Kept(new ParquetEncoder(options, compressor.get().description().codec(), block), Optional.of(block));
    }

    private static Map<String, String> footer(FlushPlan plan, int number) {
        return FileOrigin.of(plan.coverage(), Optional.of(new FileOrigin.Part(plan.id(), number + 1, plan.files().size())),
                plan.schema(), plan.files().get(number).columns(), plan.committed(), List.of(), List.of(), 0).properties();
    }

    private static ColumnStats stats(ColumnSummary column) {
        ColumnStats.Bounds bounds = switch (column.bounds()) {
            case ColumnSummary.Bounds.None _ -> ColumnStats.Bounds.NONE;
            case ColumnSummary.Bounds.Longs longs -> new ColumnStats.Bounds.Longs(longs.min(), longs.max());
            case ColumnSummary.Bounds.Doubles doubles ->
                    new ColumnStats.Bounds.Doubles(doubles.min(), doubles.max(), doubles.hasNan());
            case ColumnSummary.Bounds.Booleans booleans -> new ColumnStats.Bounds.Booleans(booleans.min(), booleans.max());
            case ColumnSummary.Bounds.Texts texts -> new ColumnStats.Bounds.Texts(texts.min(), texts.max());
        };
        return new ColumnStats(column.name(), column.type(), column.nullCount(), bounds);
    }

    @Override
    public void close() {
        for (Kept kept = idle.poll(); kept != null; kept = idle.poll()) {
            kept.compressor().ifPresent(BlockCompressor::close);
        }
    }
}
