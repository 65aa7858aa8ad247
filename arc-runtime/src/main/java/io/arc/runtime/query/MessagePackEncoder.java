package io.arc.runtime.query;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import java.nio.charset.StandardCharsets;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.arrow.vector.VectorSchemaRoot;

/// The MessagePack answer, one array a column: `{success, columns, types, data, row_count, execution_time_ms, timestamp}`.
/// The number
/// of rows stands before the values, so the whole answer is collected first, up to a limit.
final class MessagePackEncoder implements ResultEncoder {
    private final NumberText numbers = new NumberText();
    private final long maxBytes;
    private final List<ByteOutput> values = new ArrayList<>();
    private List<ResultColumn> columns;
    private final List<String> types = new ArrayList<>();

    MessagePackEncoder(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    @Override
    public boolean collects() {
        return true;
    }

    @Override
    public void begin(List<ResultColumn> newColumns, VectorSchemaRoot shape, ByteOutput out) {
        columns = newColumns;
        for (ColumnReader reader : JsonEncoder.readers(shape, columns, numbers)) {
            types.add(word(reader, columns.get(types.size())));
            values.add(new ByteOutput(256));
        }
    }

    @Override
    public void batch(VectorSchemaRoot batch, ByteOutput out) {
        ColumnReader[] readers = JsonEncoder.readers(batch, columns, numbers);
        int rows = batch.getRowCount();
        long bytes = 0;
        for (int i = 0; i < readers.length; i++) {
            ByteOutput target = values.get(i);
            values(readers[i], rows, target);
            bytes += target.size;
        }
        if (bytes > maxBytes) {
            throw new ArcException(ErrorCode.PAYLOAD_TOO_LARGE, "the answer takes more than " + maxBytes
                    + " bytes of MessagePack, "
                    + "which has to be collected before it is sent; add a LIMIT, or ask for Arrow or JSON, which are streamed");
        }
    }

    private static void values(ColumnReader reader, int rows, ByteOutput out) {
        if (reader.kind == ColumnReader.Kind.DOUBLE && reader.hasNoNulls()) {
            out.room(9 * rows);
            for (int row = 0; row < rows; row++) {
                floating(out, reader.doubleAt(row));
            }
            return;
        }
        for (int row = 0; row < rows; row++) {
            value(reader, row, out);
        }
    }

    private static void value(ColumnReader reader, int row, ByteOutput out) {
        if (reader.isNull(row)) {
            out.put(0xc0);
            return;
        }
        switch (reader.kind) {
            case BOOLEAN -> out.put(reader.booleanAt(row) ? 0xc3 : 0xc2);
            case INT64 -> whole(out, reader.longAt(row));
            case UINT64 -> {
                out.put(0xcf);
                out.bigEndian(reader.longAt(row), 8);
            }
            case INT8, INT16, INT32, UINT8, UINT16, UINT32 -> compact(out, reader.longAt(row));
            case FLOAT -> {
                out.put(0xca);
                out.bigEndian(Float.floatToRawIntBits(reader.floatAt(row)), 4);
            }
            case DOUBLE -> floating(out, reader.doubleAt(row));
            case DECIMAL, UNSIGNED_DECIMAL -> {
                if (reader.scale == 0) {
                    whole(out, ArrowEncoder.exactLong(reader, row));
                } else {
                    floating(out, reader.decimalAsDouble(row));
                }
            }
            case BINARY -> {
                int length = reader.length(row);
                out.put(0xc6);
                out.bigEndian(length, 4);
                reader.copyBytes(row, out);
            }
            case DATE, TIMESTAMP -> {
                if (reader.infinity(row) != 0) {
                    text(out, reader.infinity(row) > 0 ? "infinity" : "-infinity");
                } else {
                    instant(out, reader.epochSecond(row), reader.nanoOfSecond(row));
                }
            }
            case TEXT, JSON_TEXT -> {
                stringHeader(out, reader.length(row));
                reader.copyBytes(row, out);
            }
            case LIST, FIXED_LIST, MAP, STRUCT, NULL -> {
                ByteOutput text = new ByteOutput(64);
                reader.text(row, text);
                stringHeader(out, text.size);
                out.put(text.bytes, 0, text.size);
            }
        }
    }

    private static void whole(ByteOutput out, long value) {
        out.put(0xd3);
        out.bigEndian(value, 8);
    }

    private static void floating(ByteOutput out, double value) {
        out.put(0xcb);
        out.bigEndian(Double.doubleToRawLongBits(value), 8);
    }

    private static void compact(ByteOutput out, long value) {
        if (value >= -32 && value < 128) {
            out.put((int) value);
        } else if (value == (byte) value) {
            out.put(0xd0);
            out.bigEndian(value, 1);
        } else if (value == (short) value) {
            out.put(0xd1);
            out.bigEndian(value, 2);
        } else if (value == (int) value) {
            out.put(0xd2);
            out.bigEndian(value, 4);
        } else {
            whole(out, value);
        }
    }

    /// The timestamp extension in its shortest form: 32 bits of seconds, 34 bits with 30 of nanoseconds, or 96 bits.
    private static void instant(ByteOutput out, long seconds, int nanos) {
        if (seconds >>> 34 == 0) {
            long packed = (long) nanos << 34 | seconds;
            if (packed >>> 32 == 0) {
                out.put(0xd6);
                out.put(0xff);
                out.bigEndian(packed, 4);
            } else {
                out.put(0xd7);
                out.put(0xff);
                out.bigEndian(packed, 8);
            }
        } else {
            out.put(0xc7);
            out.put(12);
            out.put(0xff);
            out.bigEndian(nanos, 4);
            out.bigEndian(seconds, 8);
        }
    }

    private static void stringHeader(ByteOutput out, int length) {
        if (length < 32) {
            out.put(0xa0 | length);
        } else if (length < 256) {
            out.put(0xd9);
            out.bigEndian(length, 1);
        } else if (length < 65_536) {
            out.put(0xda);
            out.bigEndian(length, 2);
        } else {
            out.put(0xdb);
            out.bigEndian(length, 4);
        }
    }

    private static void text(ByteOutput out, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        stringHeader(out, bytes.length);
        out.put(bytes);
    }

    private static void arrayHeader(ByteOutput out, long size) {
        if (size < 16) {
            out.put((int) (0x90 | size));
        } else if (size < 65_536) {
            out.put(0xdc);
            out.bigEndian(size, 2);
        } else {
            out.put(0xdd);
            out.bigEndian(size, 4);
        }
    }

    /// The contract's word for a column's type.
    private static String word(ColumnReader reader, ResultColumn column) {
        return switch (reader.kind) {
            case BOOLEAN -> "bool";
            case INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64 -> reader.kind.name().toLowerCase(Locale.ROOT);
            case FLOAT -> "float32";
            case DOUBLE -> "float64";
            case DECIMAL, UNSIGNED_DECIMAL -> "decimal(" + reader.precision + ", " + reader.scale + ")";
            case TEXT, JSON_TEXT -> column.form() == ResultColumn.Form.NATIVE || column.type().startsWith("ENUM") ? "utf8"
                    : "string_encoded";
            case BINARY -> "binary";
            case DATE -> "date32";
            case TIMESTAMP -> switch (column.type()) {
                case "TIMESTAMP_S" -> "timestamp[s]";
                case "TIMESTAMP_MS" -> "timestamp[ms]";
                case "TIMESTAMP_NS", "TIMESTAMPTZ_NS" -> "timestamp[ns]";
                default -> "timestamp[us]";
            };
            case LIST, FIXED_LIST -> "list";
            case MAP -> "map";
            case STRUCT -> "struct";
            case NULL -> "null";
        };
    }

    @Override
    public void end(Summary summary, ByteOutput out) {
        out.put(0x80 | (summary.profile() == null ? 7 : 8));
        text(out, "success");
        out.put(0xc3);
        text(out, "columns");
        arrayHeader(out, columns.size());
        for (ResultColumn column : columns) {
            text(out, column.name());
        }
        text(out, "types");
        arrayHeader(out, types.size());
        for (String type : types) {
            text(out, type);
        }
        text(out, "data");
        arrayHeader(out, values.size());
        for (ByteOutput column : values) {
            arrayHeader(out, summary.rowCount());
            out.put(column.bytes, 0, column.size);
        }
        text(out, "row_count");
        whole(out, summary.rowCount());
        text(out, "execution_time_ms");
        whole(out, summary.executionMillis());
        text(out, "timestamp");
        text(out, summary.started().truncatedTo(ChronoUnit.SECONDS).toString());
        if (summary.profile() != null) {
            text(out, "profile");
            out.put(0x84);
            text(out, "total_ms");
            floating(out, summary.profile().totalMillis());
            text(out, "planner_ms");
            floating(out, summary.profile().plannerMillis());
            text(out, "execution_ms");
            floating(out, summary.profile().executionMillis());
            text(out, "latency_ms");
            floating(out, summary.profile().waitMillis());
        }
    }

    @Override
    public void fail(String message, Summary summary, ByteOutput out) {
        throw new IllegalStateException("nothing has gone out before the end");
    }
}
