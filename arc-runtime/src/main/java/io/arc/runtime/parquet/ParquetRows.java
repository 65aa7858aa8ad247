package io.arc.runtime.parquet;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.Column;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.TableId;
import io.arc.api.spi.Compressor.BlockDecompressor;
import io.arc.api.spi.Compressor.Codec;
import io.arc.runtime.parquet.ParquetFooter.Raw;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.ColumnMetaData;
import org.apache.parquet.format.CompressionCodec;
import org.apache.parquet.format.RowGroup;

/// Reads the rows of a file that [ParquetEncoder] wrote, in their order, as column batches. Files of other writers are for a
/// query engine to read; [#open] tells them apart.
///
/// Owns memory: one row group as it is stored, a page of each column, and nothing after [#next] has given the last row. One
/// thread. Every page's checksum is looked at.
public final class ParquetRows {
    /// Beyond it a row group is not read in one piece, and no file of ours has one.
    private static final long MAX_ROW_GROUP_BYTES = 1L << 30;
    private static final String OWN = "arc version ";

    private final String name;
    private final TableId table;
    private final RangeSource source;
    private final List<RowGroup> groups;
    private final ColumnRows.Longs time;
    private final List<ColumnRows> columns;
    private final ParquetFooter footer;
    private byte[] stored = new byte[0];
    private int nextGroup;
    private int rowsLeft;

    private ParquetRows(String name, TableId table, RangeSource source, Raw raw, ParquetFooter footer,
            List<Optional<BlockDecompressor>> decompressors) {
        this.name = name;
        this.table = table;
        this.source = source;
        this.groups = raw.metaData().getRow_groups();
        this.footer = footer;
        time = new ColumnRows.Longs(ParquetEncoder.TIME, new PageCursor(label(ParquetEncoder.TIME), decompressors.getFirst()));
        columns = new ArrayList<>();
        for (int i = 0; i < footer.columns().size(); i++) {
            FooterColumn column = footer.columns().get(i);
            PageCursor pages = new PageCursor(label(column.name()), decompressors.get(i + 1));
            columns.add(switch (column.summary().type()) {
                case INT64 -> new ColumnRows.Longs(column.name(), pages);
                case FLOAT64 -> new ColumnRows.Doubles(column.name(), pages);
                case BOOLEAN -> new ColumnRows.Booleans(column.name(), pages);
                case TEXT -> new ColumnRows.Texts(column.name(), pages);
            });
        }
    }

    private String label(String column) {
        return "The column '" + column + "' of the file " + name;
    }

    /// Reads the footer.
    ///
    /// @param decompressors of the codecs that are there; stay the caller's
    /// @return empty for a file of another writer, for one without a whole time column as its first, and for a codec that is
    ///     not there
    /// @throws ArcException CORRUPT_DATA for a footer that cannot be read; what `source` throws
    public static Optional<ParquetRows> open(String name, TableId table, long sizeBytes, RangeSource source,
            Map<Codec, BlockDecompressor> decompressors) {
        Raw raw = ParquetFooter.readRaw(name, sizeBytes, source);
        ParquetFooter footer = ParquetFooter.of(name, raw);
        boolean own = footer.createdBy().startsWith(OWN) && footer.time().isPresent()
                && footer.time().get().kind() == FooterTime.Kind.MICROS_UTC && footer.time().get().nullCount() == 0
                && footer.columns().stream().allMatch(FooterColumn::exact)
                && raw.metaData().getSchema().get(1).getName().equals(ParquetEncoder.TIME);
        if (!own) {
            return Optional.empty();
        }
        List<Optional<BlockDecompressor>> codecs = new ArrayList<>();
        for (int i = 0; i <= footer.columns().size(); i++) {
            Optional<CompressionCodec> codec = Optional.empty();
            for (RowGroup group : raw.metaData().getRow_groups()) {
                CompressionCodec next = group.getColumns().get(i).getMeta_data().getCodec();
                if (codec.isPresent() && codec.get() != next) {
                    return Optional.empty();
                }
                codec = Optional.of(next);
            }
            if (codec.isEmpty() || codec.get() == CompressionCodec.UNCOMPRESSED) {
                codecs.add(Optional.empty());
                continue;
            }
            Optional<BlockDecompressor> found = find(codec.get(), decompressors);
            if (found.isEmpty()) {
                return Optional.empty();
            }
            codecs.add(found);
        }
        return Optional.of(new ParquetRows(name, table, source, raw, footer, codecs));
    }

    private static Optional<BlockDecompressor> find(CompressionCodec codec, Map<Codec, BlockDecompressor> decompressors) {
        for (Map.Entry<Codec, BlockDecompressor> entry : decompressors.entrySet()) {
            if (entry.getKey().name().equals(codec.name())) {
                return Optional.of(entry.getValue());
            }
        }
        return Optional.empty();
    }

    public ParquetFooter footer() {
        return footer;
    }

    /// The next rows, of one row group; arrays of their own, which nobody changes.
    ///
    /// @return empty behind the last row
    public Optional<ColumnBatch> next(int maxRows) {
        while (rowsLeft == 0) {
            if (nextGroup == groups.size()) {
                stored = new byte[0];
                return Optional.empty();
            }
            openGroup(groups.get(nextGroup++));
        }
        int count = Math.min(maxRows, rowsLeft);
        long[] micros = ((Column.LongColumn) time.take(count, rowsLeft)).values();
        List<Column> taken = new ArrayList<>(columns.size());
        for (ColumnRows column : columns) {
            taken.add(column.take(count, rowsLeft));
        }
        rowsLeft -= count;
        return Optional.of(new ColumnBatch(table, count, micros, taken));
    }

    private void openGroup(RowGroup group) {
        rowsLeft = Math.toIntExact(group.getNum_rows());
        long from = Long.MAX_VALUE;
        long to = 0;
        for (ColumnChunk chunk : group.getColumns()) {
            from = Math.min(from, start(chunk));
            to = Math.max(to, start(chunk) + chunk.getMeta_data().getTotal_compressed_size());
        }
        if (to - from > MAX_ROW_GROUP_BYTES) {
            throw new ArcException(ErrorCode.CORRUPT_DATA, "The file " + name + " has a row group of " + (to - from)
                    + " bytes.");
        }
        int size = Math.toIntExact(to - from);
        if (stored.length < size) {
            stored = new byte[size];
        }
        if (source.read(from, MemorySegment.ofArray(stored).asSlice(0, size)) != size) {
            throw new ArcException(ErrorCode.CORRUPT_DATA, "The file " + name + " ends within its rows.");
        }
        for (int i = 0; i < group.getColumnsSize(); i++) {
            ColumnChunk chunk = group.getColumns().get(i);
            int start = Math.toIntExact(start(chunk) - from);
            (i == 0 ? time : columns.get(i - 1)).open(stored, start,
                    start + Math.toIntExact(chunk.getMeta_data().getTotal_compressed_size()));
        }
    }

    private static long start(ColumnChunk chunk) {
        ColumnMetaData data = chunk.getMeta_data();
        return data.isSetDictionary_page_offset() && data.getDictionary_page_offset() > 0
                ? Math.min(data.getDictionary_page_offset(), data.getData_page_offset()) : data.getData_page_offset();
    }
}
