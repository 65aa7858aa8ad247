package io.arc.runtime.parquet;

import io.arc.api.data.Column;
import io.arc.api.data.Column.BooleanColumn;
import io.arc.api.data.Column.DictionaryColumn;
import io.arc.api.data.Column.DoubleColumn;
import io.arc.api.data.Column.LongColumn;
import io.arc.api.data.Column.Utf8Column;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.ColumnType;
import io.arc.api.spi.Compressor.BlockCompressor;
import io.arc.api.spi.Compressor.Codec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.ColumnOrder;
import org.apache.parquet.format.CompressionCodec;
import org.apache.parquet.format.ConvertedType;
import org.apache.parquet.format.FieldRepetitionType;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.KeyValue;
import org.apache.parquet.format.LogicalTypes;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.format.SchemaElement;
import org.apache.parquet.format.Type;
import org.apache.parquet.format.TypeDefinedOrder;
import org.apache.parquet.format.Util;

/// Writes rows from column batches as Parquet files, a column at a time, without an object for a row.
///
/// A file's columns are all optional: `time` first (INT64, microseconds, adjusted to UTC), then the given ones as INT64,
/// DOUBLE, BOOLEAN or string. Data pages are of version 2; values that repeat are stored by dictionary, times and counters by
/// their differences where that is shorter, all else PLAIN. Each chunk has statistics and, where its values allow, a page
/// index. Bounds are such that every reader may prune by them: NaN is never within bounds (a chunk with NaN has none), zeros
/// are widened to -0.0 and 0.0, long text is cut on the side that is safe.
///
/// Owns scratch memory: some pages, half a megabyte of tables, four bytes for each row of a row group (twelve where rows come
/// in an order of their own). It is kept for the next file. One thread at a time. After an exception the encoder can be used
/// again and what was written is to be thrown away.
public final class ParquetEncoder {
    /// The name of the time column.
    public static final String TIME = "time";

    private static final byte[] MAGIC = "PAR1".getBytes(StandardCharsets.US_ASCII);
    private static final int FOOTER_VERSION = 2;

    private final ParquetOptions options;
    private final ChunkWriter chunks;
    private final RowMap rows = new RowMap();
    private final PageBytes structures = new PageBytes(1 << 12);
    private final ChunkScratch scratch;
    /// Of the file begun last.
    private List<FileColumn> fileColumns = List.of();
    private Map<String, Integer> columnIndexes = Map.of();
    private final List<RowGroup> groups = new ArrayList<>();
    private final List<ChunkIndexes> indexes = new ArrayList<>();
    /// What is known of each column, `time` first; null until rows were appended.
    private List<ColumnStatistics<?>> totals;
    private long fileRows;

    /// @param compressor of the codec; the caller closes it, after this encoder's last file
    public ParquetEncoder(ParquetOptions options, Codec codec, BlockCompressor compressor) {
        this(options, new ChunkWriter(options, parquetCodec(codec), Optional.of(compressor)));
    }

    private ParquetEncoder(ParquetOptions options, ChunkWriter chunks) {
        this.options = Objects.requireNonNull(options, "options");
        this.chunks = chunks;
        scratch = new ChunkScratch(options.pageRows());
    }

    /// An encoder that compresses nothing.
    public static ParquetEncoder uncompressed(ParquetOptions options) {
        return new ParquetEncoder(options, new ChunkWriter(options, CompressionCodec.UNCOMPRESSED, Optional.empty()));
    }

    private static CompressionCodec parquetCodec(Codec codec) {
        return switch (codec) {
            case SNAPPY -> CompressionCodec.SNAPPY;
            case ZSTD -> CompressionCodec.ZSTD;
            case GZIP -> CompressionCodec.GZIP;
            case LZ4_RAW -> CompressionCodec.LZ4_RAW;
            case BROTLI -> CompressionCodec.BROTLI;
        };
    }

    /// Writes one file. Integers become doubles where the file's column is FLOAT64. A batch that lacks a column has null in its
    /// rows, and so has one whose column has no present value, of whatever type.
    ///
    /// @param columns the file's columns after `time`, in their order
    /// @param batches of one table; not changed, not kept
    /// @param properties what the footer carries beside the format's own
    /// @throws IllegalArgumentException for two columns of one name, for rows that the batches do not have, and for a batch
    ///     with values in a column that the file does not have or has of a type that cannot hold them
    /// @throws IOException only from `output`
    public FileSummary encode(List<FileColumn> columns, List<ColumnBatch> batches, RowSlice slice,
            Map<String, String> properties, ParquetOutput output) throws IOException {
        begin(columns, output);
        append(batches, slice);
        return finish(properties);
    }

    /// Begins a file whose rows come piece by piece. What an earlier, unfinished file has is forgotten.
    ///
    /// @param columns as in [#encode]
    public void begin(List<FileColumn> columns, ParquetOutput output) throws IOException {
        fileColumns = List.copyOf(columns);
        columnIndexes = HashMap.newHashMap(columns.size());
        for (int i = 0; i < columns.size(); i++) {
            if (columnIndexes.put(columns.get(i).name(), i) != null) {
                throw new IllegalArgumentException("two columns named " + columns.get(i).name());
            }
        }
        groups.clear();
        indexes.clear();
        totals = null;
        fileRows = 0;
        chunks.open(output);
        chunks.write(MAGIC, MAGIC.length);
    }

    /// Appends rows: a row group, or several where there are more than fit into one. May be called any number of times.
    ///
    /// @param batches as in [#encode]
    public void append(List<ColumnBatch> batches, RowSlice slice) throws IOException {
        List<SourceColumn> sources = sources(batches);
        rows.open(batches);
        int from = slice.from();
        while (from < slice.to()) {
            int to = (int) Math.min(slice.to(), (long) from + options.rowGroupRows());
            rows.select(slice, from, to);
            groups.add(writeRowGroup(sources, groups.size(), indexes));
            from = to;
        }
        fileRows += slice.rowCount();
        if (totals == null) {
            totals = sources.stream().<ColumnStatistics<?>>map(SourceColumn::statistics).toList();
        } else {
            for (int i = 0; i < sources.size(); i++) {
                totals.get(i).absorbFile(sources.get(i).statistics());
            }
        }
    }

    /// The bytes that the file begun last has so far.
    public long position() {
        return chunks.position();
    }

    /// Ends the file that was begun last.
    ///
    /// @param properties what the footer carries beside the format's own
    public FileSummary finish(Map<String, String> properties) throws IOException {
        if (totals == null) {
            append(List.of(), RowSlice.range(0, 0));
        }
        writeIndexes(indexes);
        writeFooter(fileColumns, fileRows, groups, properties);
        return summary();
    }

    private List<SourceColumn> sources(List<ColumnBatch> batches) {
        List<FileColumn> columns = fileColumns;
        Column[][] parts = new Column[columns.size()][batches.size()];
        for (int b = 0; b < batches.size(); b++) {
            ColumnBatch batch = batches.get(b);
            for (Column part : batch.columns()) {
                Integer index = columnIndexes.get(part.name());
                boolean fits = index != null && holds(columns.get(index).type(), part);
                if (fits) {
                    parts[index][b] = part;
                } else if (part.validity().presentCount(batch.rowCount()) > 0) {
                    throw new IllegalArgumentException("column " + part.name() + " of " + batch.table() + " has " + part.type()
                            + " values and the file " + (index == null ? "no such column" : columns.get(index).type()));
                }
            }
        }
        List<SourceColumn> sources = new ArrayList<>(columns.size() + 1);
        sources.add(LongSource.time(batches, options, scratch));
        for (int i = 0; i < columns.size(); i++) {
            sources.add(source(columns.get(i), parts[i]));
        }
        return sources;
    }

    private static boolean holds(ColumnType type, Column part) {
        return switch (part) {
            case LongColumn _ -> type == ColumnType.INT64 || type == ColumnType.FLOAT64;
            case DoubleColumn _ -> type == ColumnType.FLOAT64;
            case BooleanColumn _ -> type == ColumnType.BOOLEAN;
            case Utf8Column _, DictionaryColumn _ -> type == ColumnType.TEXT;
        };
    }

    private SourceColumn source(FileColumn column, Column[] parts) {
        return switch (column.type()) {
            case INT64 -> new LongSource(column.name(), parts, options, scratch);
            case FLOAT64 -> new DoubleSource(column.name(), parts, options, scratch);
            case BOOLEAN -> new BooleanSource(column.name(), parts, scratch);
            case TEXT -> new TextSource(column.name(), parts, options, scratch);
        };
    }

    private RowGroup writeRowGroup(List<SourceColumn> sources, int ordinal, List<ChunkIndexes> indexes) throws IOException {
        long start = chunks.position();
        long uncompressed = 0;
        List<ColumnChunk> written = new ArrayList<>(sources.size());
        for (SourceColumn source : sources) {
            ChunkIndexes chunk = chunks.writeChunk(source, rows);
            indexes.add(chunk);
            written.add(chunk.chunk());
            uncompressed += chunk.chunk().getMeta_data().getTotal_uncompressed_size();
        }
        RowGroup group = new RowGroup(written, uncompressed, rows.rowCount());
        group.setFile_offset(start).setTotal_compressed_size(chunks.position() - start);
        return ordinal <= Short.MAX_VALUE ? group.setOrdinal((short) ordinal) : group;
    }

    /// Readers expect all column indexes of a file behind its last row group, and all offset indexes behind those.
    private void writeIndexes(List<ChunkIndexes> indexes) throws IOException {
        for (ChunkIndexes each : indexes) {
            if (each.columnIndexOrNull() != null) {
                structures.clear();
                Util.writeColumnIndex(each.columnIndexOrNull(), structures);
                each.chunk().setColumn_index_offset(chunks.position()).setColumn_index_length(structures.size());
                chunks.write(structures.array(), structures.size());
            }
        }
        for (ChunkIndexes each : indexes) {
            structures.clear();
            Util.writeOffsetIndex(each.offsetIndex(), structures);
            each.chunk().setOffset_index_offset(chunks.position()).setOffset_index_length(structures.size());
            chunks.write(structures.array(), structures.size());
        }
    }

    private void writeFooter(List<FileColumn> columns, long rowCount, List<RowGroup> groups, Map<String, String> properties)
            throws IOException {
        List<SchemaElement> schema = new ArrayList<>();
        schema.add(new SchemaElement("arc").setNum_children(columns.size() + 1));
        schema.add(optional(TIME, Type.INT64).setConverted_type(ConvertedType.TIMESTAMP_MICROS)
                .setLogicalType(LogicalTypes.TIMESTAMP_MICROS));
        for (FileColumn column : columns) {
            schema.add(switch (column.type()) {
                case INT64 -> optional(column.name(), Type.INT64);
                case FLOAT64 -> optional(column.name(), Type.DOUBLE);
                case BOOLEAN -> optional(column.name(), Type.BOOLEAN);
                case TEXT -> optional(column.name(), Type.BYTE_ARRAY).setConverted_type(ConvertedType.UTF8)
                        .setLogicalType(LogicalTypes.UTF8);
            });
        }
        List<ColumnOrder> orders = new ArrayList<>();
        for (int i = 0; i <= columns.size(); i++) {
            orders.add(ColumnOrder.TYPE_ORDER(new TypeDefinedOrder()));
        }
        List<KeyValue> keyValues = new ArrayList<>();
        new TreeMap<>(properties).forEach((key, value) -> keyValues.add(new KeyValue(key).setValue(value)));
        FileMetaData footer = new FileMetaData(FOOTER_VERSION, schema, rowCount, groups);
        footer.setCreated_by(options.createdBy()).setColumn_orders(orders);
        if (!keyValues.isEmpty()) {
            footer.setKey_value_metadata(keyValues);
        }
        structures.clear();
        Util.writeFileMetaData(footer, structures);
        structures.putInt(structures.size());
        structures.write(MAGIC, 0, MAGIC.length);
        chunks.write(structures.array(), structures.size());
    }

    private static SchemaElement optional(String name, Type type) {
        return new SchemaElement(name).setType(type).setRepetition_type(FieldRepetitionType.OPTIONAL);
    }

    private FileSummary summary() {
        List<ColumnSummary> summaries = new ArrayList<>(fileColumns.size());
        for (int i = 0; i < fileColumns.size(); i++) {
            ColumnStatistics<?> statistics = totals.get(i + 1);
            summaries.add(new ColumnSummary(fileColumns.get(i).name(), fileColumns.get(i).type(), statistics.fileNulls(),
                    statistics.fileBounds()));
        }
        LongBounds time = (LongBounds) totals.getFirst().file();
        return new FileSummary(chunks.position(), fileRows, time.minValue(), time.maxValue(), summaries);
    }
}
