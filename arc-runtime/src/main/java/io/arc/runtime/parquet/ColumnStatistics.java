package io.arc.runtime.parquet;

import io.arc.runtime.parquet.ColumnSummary.Bounds;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.apache.parquet.format.BoundaryOrder;
import org.apache.parquet.format.ColumnIndex;
import org.apache.parquet.format.Statistics;

/// What is known of one column's values, by page, by chunk and by file.
final class ColumnStatistics<B extends ValueBounds<B>> {
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0).asReadOnlyBuffer();

    private final boolean countsNan;
    private final B page;
    private final B lastPage;
    private final B chunk;
    private final B file;
    private long chunkNulls;
    private long fileNulls;

    private List<Boolean> nullPages = new ArrayList<>();
    private List<ByteBuffer> mins = new ArrayList<>();
    private List<ByteBuffer> maxes = new ArrayList<>();
    private List<Long> nullCounts = new ArrayList<>();
    private List<Long> nanCounts = new ArrayList<>();
    private boolean indexable;
    private boolean ascending;
    private boolean descending;

    ColumnStatistics(Supplier<B> bounds, boolean countsNan) {
        this.countsNan = countsNan;
        page = bounds.get();
        lastPage = bounds.get();
        chunk = bounds.get();
        file = bounds.get();
    }

    /// The bounds of the page that is being filled.
    B page() {
        return page;
    }

    B file() {
        return file;
    }

    Bounds fileBounds() {
        return file.toBounds();
    }

    long fileNulls() {
        return fileNulls;
    }

    void startChunk() {
        page.clear();
        lastPage.clear();
        chunk.clear();
        chunkNulls = 0;
        nullPages = new ArrayList<>();
        mins = new ArrayList<>();
        maxes = new ArrayList<>();
        nullCounts = new ArrayList<>();
        nanCounts = new ArrayList<>();
        indexable = true;
        ascending = true;
        descending = true;
    }

    void endPage(int nullCount) {
        boolean nullPage = page.isEmpty() && page.nanCount() == 0;
        nullPages.add(nullPage);
        nullCounts.add((long) nullCount);
        nanCounts.add(page.nanCount());
        if (nullPage) {
            mins.add(NOTHING);
            maxes.add(NOTHING);
        } else if (page.isWritable()) {
            mins.add(ByteBuffer.wrap(page.min()));
            maxes.add(ByteBuffer.wrap(page.max()));
            if (!lastPage.isEmpty()) {
                int byMin = page.compareMin(lastPage);
                int byMax = page.compareMax(lastPage);
                ascending &= byMin >= 0 && byMax >= 0;
                descending &= byMin <= 0 && byMax <= 0;
            }
            lastPage.copy(page);
        } else {
            indexable = false;
        }
        chunkNulls += nullCount;
        chunk.absorb(page);
        page.clear();
    }

    /// The chunk is complete: counts it into the file.
    void endChunk() {
        chunk.detach();
        file.absorb(chunk);
        fileNulls += chunkNulls;
    }

    /// Counts what another column knows of its file into this one's.
    ///
    /// @param other of the same kind of values
    @SuppressWarnings("unchecked") // Sources of one file column have statistics of one kind.
    void absorbFile(ColumnStatistics<?> other) {
        file.absorb((B) other.file);
        fileNulls += other.fileNulls;
    }

    Statistics chunkStatistics() {
        Statistics statistics = new Statistics().setNull_count(chunkNulls);
        if (countsNan) {
            statistics.setNan_count(chunk.nanCount());
        }
        if (chunk.isWritable()) {
            statistics.setMin_value(chunk.min()).setMax_value(chunk.max());
            statistics.setIs_min_value_exact(chunk.isMinExact()).setIs_max_value_exact(chunk.isMaxExact());
        }
        return statistics;
    }

    /// @return null when a page has values and no bounds: the format has no way to say so
    ColumnIndex columnIndexOrNull() {
        if (!indexable) {
            return null;
        }
        BoundaryOrder order = ascending ? BoundaryOrder.ASCENDING
                : descending ? BoundaryOrder.DESCENDING : BoundaryOrder.UNORDERED;
        ColumnIndex index = new ColumnIndex(nullPages, mins, maxes, order).setNull_counts(nullCounts);
        return countsNan ? index.setNan_counts(nanCounts) : index;
    }
}
