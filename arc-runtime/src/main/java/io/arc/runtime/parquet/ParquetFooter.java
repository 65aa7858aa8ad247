package io.arc.runtime.parquet;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.runtime.parquet.ColumnSummary.Bounds;
import java.io.ByteArrayInputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.ColumnMetaData;
import org.apache.parquet.format.FieldRepetitionType;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.KeyValue;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.format.SchemaElement;
import shaded.parquet.org.apache.thrift.TConfiguration;
import shaded.parquet.org.apache.thrift.TException;
import shaded.parquet.org.apache.thrift.protocol.TCompactProtocol;
import shaded.parquet.org.apache.thrift.transport.TIOStreamTransport;

/// What a Parquet file, ours or another writer's, says of itself. Immutable.
///
/// @param time empty for a file without a column `time`
/// @param columns without `time`, in the order of the file
/// @param properties the footer's key-value pairs, without those that have no value
/// @param createdBy the writer; empty where it does not say
/// @param shape equal for files whose columns have the same names and are stored in the same types; empty when all are stored
///     as Arc does
public record ParquetFooter(long rowCount, Optional<FooterTime> time, List<FooterColumn> columns,
        List<RowGroupLayout> rowGroups, Map<String, String> properties, String createdBy, String shape) {
    private static final byte[] MAGIC = "PAR1".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] ENCRYPTED_MAGIC = "PARE".getBytes(StandardCharsets.US_ASCII);
    /// Length and magic.
    private static final int TAIL_BYTES = 8;
    private static final int FIRST_READ_BYTES = 1 << 16;
    private static final int MAX_FOOTER_BYTES = 1 << 27;
    private static final int SHAPE_BYTES = 12;

    public ParquetFooter {
        columns = List.copyOf(columns);
        rowGroups = List.copyOf(rowGroups);
        properties = Map.copyOf(properties);
    }

    /// Reads the end of a file: once, or twice when the footer is larger than 64 KiB. Holds no data afterwards.
    ///
    /// @param name of the file, for messages
    /// @throws ArcException CORRUPT_DATA for anything that is not a whole, consistent footer; what `source` throws
    public static ParquetFooter read(String name, long sizeBytes, RangeSource source) {
        return of(name, readRaw(name, sizeBytes, source));
    }

    static ParquetFooter of(String name, Raw raw) {
        return new FooterReader(name, raw.dataEnd(), raw.metaData()).read();
    }

    /// The footer as the format has it, not checked yet beyond its own encoding.
    ///
    /// @param dataEnd where the footer begins, so that no data is behind
    record Raw(FileMetaData metaData, long dataEnd) {}

    static Raw readRaw(String name, long sizeBytes, RangeSource source) {
        if (sizeBytes < MAGIC.length + TAIL_BYTES) {
            throw corrupt(name, "has " + sizeBytes + " bytes, fewer than any Parquet file", null);
        }
        byte[] end = readEnd(name, sizeBytes, source, (int) Math.min(sizeBytes, FIRST_READ_BYTES));
        byte[] magic = Arrays.copyOfRange(end, end.length - MAGIC.length, end.length);
        if (Arrays.equals(magic, ENCRYPTED_MAGIC)) {
            throw corrupt(name, "is an encrypted Parquet file, which Arc cannot read", null);
        }
        if (!Arrays.equals(magic, MAGIC)) {
            throw corrupt(name, "does not end as a Parquet file does", null);
        }
        int length = ByteBuffer.wrap(end).order(ByteOrder.LITTLE_ENDIAN).getInt(end.length - TAIL_BYTES);
        if (length <= 0 || length > MAX_FOOTER_BYTES || length > sizeBytes - TAIL_BYTES - MAGIC.length) {
            throw corrupt(name, "has " + sizeBytes + " bytes and claims a footer of " + Integer.toUnsignedString(length), null);
        }
        if (length > end.length - TAIL_BYTES) {
            end = readEnd(name, sizeBytes, source, length + TAIL_BYTES);
        }
        FileMetaData metaData = parse(name, end, end.length - TAIL_BYTES - length, length);
        return new Raw(metaData, sizeBytes - TAIL_BYTES - length);
    }

    private static byte[] readEnd(String name, long sizeBytes, RangeSource source, int length) {
        byte[] end = new byte[length];
        long read = source.read(sizeBytes - length, MemorySegment.ofArray(end));
        if (read != length) {
            throw corrupt(name, "is shorter than the " + sizeBytes + " bytes it should have", null);
        }
        return end;
    }

    private static FileMetaData parse(String name, byte[] bytes, int from, int length) {
        try {
            TConfiguration limits = TConfiguration.custom().setMaxMessageSize(length).build();
            TIOStreamTransport transport = new TIOStreamTransport(limits, new ByteArrayInputStream(bytes, from, length));
            FileMetaData metaData = new FileMetaData();
            // No string is longer and no list has more elements than the footer has bytes, whatever they claim.
            metaData.read(new TCompactProtocol(transport, length, length));
            return metaData;
        } catch (TException | RuntimeException | StackOverflowError damaged) {
            // Thrift skips unknown structures by recursion, however deeply they claim to be nested.
            throw corrupt(name, "has a footer that cannot be read", damaged);
        }
    }

    private static ArcException corrupt(String name, String what, Throwable cause) {
        return new ArcException(ErrorCode.CORRUPT_DATA, "The file " + name + " " + what + ".", cause);
    }

    /// Checks Thrift's structures against each other while it turns them into ours.
    private static final class FooterReader {
        private final String name;
        private final long dataEnd;
        private final FileMetaData metaData;
        private final List<SchemaElement> topLevel = new ArrayList<>();
        /// For every leaf of the schema the top-level element it belongs to.
        private final List<Integer> leafOwner = new ArrayList<>();

        FooterReader(String name, long dataEnd, FileMetaData metaData) {
            this.name = name;
            this.dataEnd = dataEnd;
            this.metaData = metaData;
        }

        ParquetFooter read() {
            readSchema();
            List<StoredType> types = topLevel.stream().map(StoredType::of).toList();
            List<FooterStatistics> statistics = new ArrayList<>();
            for (int i = 0; i < types.size(); i++) {
                statistics.add(new FooterStatistics(types.get(i).statistics(), isFlat(i), isOrderDefined(i)));
            }
            List<RowGroupLayout> layouts = new ArrayList<>();
            long rows = 0;
            for (RowGroup group : metaData.getRow_groups()) {
                layouts.add(readRowGroup(group, statistics));
                rows += group.getNum_rows();
            }
            require(rows == metaData.getNum_rows(), "counts " + metaData.getNum_rows() + " rows and has " + rows
                    + " in its row groups");
            Optional<FooterTime> time = Optional.empty();
            List<FooterColumn> columns = new ArrayList<>();
            for (int i = 0; i < types.size(); i++) {
                StoredType type = types.get(i);
                FooterStatistics known = statistics.get(i);
                String column = topLevel.get(i).getName();
                if (column.equals(ParquetEncoder.TIME)) {
                    time = Optional.of(new FooterTime(type.timeKind(), known.nullCount(),
                            micros(type.timeKind(), known.bounds()), type.text()));
                } else {
                    Bounds bounds = type.timeKind() == FooterTime.Kind.OTHER ? known.bounds() : Bounds.NONE;
                    columns.add(new FooterColumn(new ColumnSummary(column, type.type(), known.nullCount(), bounds),
                            type.exact(), type.text()));
                }
            }
            return new ParquetFooter(rows, time, columns, layouts, properties(),
                    metaData.isSetCreated_by() ? metaData.getCreated_by() : "", shape(time, columns));
        }

        private String shape(Optional<FooterTime> time, List<FooterColumn> columns) {
            if (time.filter(known -> known.kind() == FooterTime.Kind.MICROS_UTC).isPresent()
                    && columns.stream().allMatch(FooterColumn::exact)) {
                return "";
            }
            StringBuilder text = new StringBuilder();
            metaData.getSchema().stream().skip(1).forEach(element -> text.append(element).append('\n'));
            try {
                byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.toString().getBytes(StandardCharsets.UTF_8));
                return HexFormat.of().formatHex(digest, 0, SHAPE_BYTES);
            } catch (NoSuchAlgorithmException missing) {
                throw new IllegalStateException("every Java has SHA-256", missing);
            }
        }

        private void require(boolean condition, String what) {
            if (!condition) {
                throw corrupt(name, what, null);
            }
        }

        private void readSchema() {
            List<SchemaElement> schema = metaData.getSchema();
            require(!schema.isEmpty(), "has a footer without a schema");
            Set<String> names = new HashSet<>();
            int next = 1;
            for (int child = 0; child < schema.getFirst().getNum_children(); child++) {
                require(next < schema.size(), "has a schema that ends early");
                SchemaElement element = schema.get(next);
                require(names.add(element.getName()), "has two columns named '" + element.getName() + "'");
                topLevel.add(element);
                next = readSubtree(schema, next);
            }
            require(next == schema.size(), "has a schema with " + (schema.size() - next) + " elements too many");
        }

        /// @return the index behind the subtree
        private int readSubtree(List<SchemaElement> schema, int root) {
            long open = 1;
            int next = root;
            while (open > 0) {
                require(next < schema.size(), "has a schema that ends early");
                SchemaElement element = schema.get(next++);
                int children = element.isSetNum_children() ? element.getNum_children() : 0;
                require(children >= 0 && (element.isSetType() || children > 0 || element.isSetNum_children()),
                        "has a schema with an element of no type");
                open += (element.isSetType() ? 0 : children) - 1;
                if (element.isSetType()) {
                    leafOwner.add(topLevel.size() - 1);
                }
            }
            return next;
        }

        /// Whether the column has exactly one value or null in every row.
        private boolean isFlat(int column) {
            SchemaElement element = topLevel.get(column);
            return element.isSetType() && element.getRepetition_type() != FieldRepetitionType.REPEATED;
        }

        /// By the leaf's index; only columns that are a leaf themselves have usable statistics.
        private boolean isOrderDefined(int column) {
            int leaf = leafOwner.indexOf(column);
            return leaf >= 0 && metaData.isSetColumn_orders() && leaf < metaData.getColumn_ordersSize()
                    && metaData.getColumn_orders().get(leaf).isSetTYPE_ORDER();
        }

        private RowGroupLayout readRowGroup(RowGroup group, List<FooterStatistics> statistics) {
            require(group.getNum_rows() >= 0, "has a row group of " + group.getNum_rows() + " rows");
            require(group.getColumnsSize() == leafOwner.size(), "has a row group with " + group.getColumnsSize()
                    + " columns where the schema has " + leafOwner.size());
            List<RowGroupLayout.Chunk> chunks = new ArrayList<>(leafOwner.size());
            for (int leaf = 0; leaf < leafOwner.size(); leaf++) {
                ColumnChunk chunk = group.getColumns().get(leaf);
                int owner = leafOwner.get(leaf);
                String column = topLevel.get(owner).getName();
                require(chunk.isSetMeta_data() && !chunk.isSetFile_path(), "keeps the column '" + column + "' elsewhere");
                ColumnMetaData data = chunk.getMeta_data();
                long start = data.getData_page_offset();
                if (data.isSetDictionary_page_offset() && data.getDictionary_page_offset() > 0) {
                    start = Math.min(start, data.getDictionary_page_offset());
                }
                long length = data.getTotal_compressed_size();
                require(start >= 0 && length >= 0 && start <= dataEnd - length, "places the column '" + column + "' at "
                        + start + " with " + length + " bytes, outside of its data");
                chunks.add(new RowGroupLayout.Chunk(column, start, length));
                if (isFlat(owner)) {
                    require(data.getNum_values() == group.getNum_rows(), "has " + data.getNum_values() + " values of '" + column
                            + "' in a row group of " + group.getNum_rows() + " rows");
                    statistics.get(owner).add(data);
                }
            }
            return new RowGroupLayout(group.getNum_rows(), chunks);
        }

        private static Bounds micros(FooterTime.Kind kind, Bounds bounds) {
            if (!(bounds instanceof Bounds.Longs(long min, long max))) {
                return Bounds.NONE;
            }
            return switch (kind) {
                case MICROS_UTC, MICROS_LOCAL -> bounds;
                case NANOS_UTC, NANOS_LOCAL -> new Bounds.Longs(Math.floorDiv(min, 1000L), Math.ceilDiv(max, 1000L));
                case MILLIS_UTC, MILLIS_LOCAL -> min >= Long.MIN_VALUE / 1000 && max <= Long.MAX_VALUE / 1000
                        ? new Bounds.Longs(min * 1000, max * 1000) : Bounds.NONE;
                case INT96, OTHER -> Bounds.NONE;
            };
        }

        private Map<String, String> properties() {
            Map<String, String> properties = new LinkedHashMap<>();
            if (metaData.isSetKey_value_metadata()) {
                for (KeyValue each : metaData.getKey_value_metadata()) {
                    if (each.isSetValue()) {
                        properties.put(each.getKey(), each.getValue());
                    }
                }
            }
            return properties;
        }
    }
}
