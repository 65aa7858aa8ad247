package io.arc.runtime.query;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteOrder;
import java.util.Base64;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.types.TimeUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;

/// Reads the values of one Arrow vector where they lie, off the heap. Valid as long as the vector's batch is. One thread.
///
/// The vector's memory is addressed directly, because a bounds check and a reference count a value are what makes Arrow's
/// own accessors slow; rows are always below the batch's count.
@SuppressWarnings("restricted")
final class ColumnReader {
    /// What a value is, whatever its width in memory.
    enum Kind {
        BOOLEAN, INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64, FLOAT, DOUBLE, DECIMAL, UNSIGNED_DECIMAL, TEXT,
                JSON_TEXT, BINARY,
        DATE, TIMESTAMP, LIST, FIXED_LIST, MAP, STRUCT, NULL
    }

    private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final ValueLayout.OfLong LITTLE_LONG = LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt LITTLE_INT = INT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final byte[] HEX = "0123456789abcdef".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    private static final long MICROS = 1_000_000L;
    private static final VarHandle WORD = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle HALF_WORD = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long ONES = 0x0101_0101_0101_0101L;
    private static final long HIGH_BITS = ONES << 7;
    private static final double[] POWERS = new double[23];

    static {
        POWERS[0] = 1;
        for (int i = 1; i < POWERS.length; i++) {
            // Powers of ten up to 22 are exact doubles.
            POWERS[i] = POWERS[i - 1] * 10;
        }
    }

    final Kind kind;
    /// Of decimals.
    final int scale;
    final int precision;
    /// Units a second, of timestamps.
    private final long unitsPerSecond;
    private final long validity;
    private final long data;
    private final long offsets;
    private final ColumnReader[] children;
    private final String[] names;
    private final int listSize;
    private final NumberText numbers;
    /// Of the last double.
    private int decimals;

    /// @param column DuckDB's view of the column, or null for one inside another
    ColumnReader(FieldVector vector, ResultColumn column, NumberText numbers) {
        this.numbers = numbers;
        ArrowType type = vector.getField().getType();
        this.kind = kind(type, column);
        this.scale = type instanceof ArrowType.Decimal decimal ? decimal.getScale() : 0;
        this.precision = type instanceof ArrowType.Decimal decimal ? decimal.getPrecision() : 0;
        this.unitsPerSecond = type instanceof ArrowType.Timestamp timestamp ? unitsPerSecond(timestamp.getUnit()) : 1;
        boolean noNulls = kind == Kind.NULL || vector.getNullCount() == 0;
        this.validity = noNulls ? 0 : vector.getValidityBufferAddress();
        boolean leaf = kind != Kind.LIST && kind != Kind.FIXED_LIST && kind != Kind.MAP && kind != Kind.STRUCT
                && kind != Kind.NULL;
        this.data = leaf ? vector.getDataBufferAddress() : 0;
        this.offsets = kind == Kind.TEXT || kind == Kind.JSON_TEXT || kind == Kind.BINARY || kind == Kind.LIST
                || kind == Kind.MAP
                ? vector.getOffsetBufferAddress() : 0;
        this.listSize = vector instanceof FixedSizeListVector list ? list.getListSize() : 0;
        this.children = new ColumnReader[kind == Kind.NULL ? 0 : vector.getChildrenFromFields().size()];
        this.names = new String[children.length];
        for (int i = 0; i < children.length; i++) {
            FieldVector child = vector.getChildrenFromFields().get(i);
            children[i] = new ColumnReader(child, null, numbers);
            names[i] = child.getName();
        }
    }

    private static Kind kind(ArrowType type, ResultColumn column) {
        return switch (type) {
            case ArrowType.Bool _ -> Kind.BOOLEAN;
            case ArrowType.Int whole -> switch (whole.getBitWidth()) {
                case 8 -> whole.getIsSigned() ? Kind.INT8 : Kind.UINT8;
                case 16 -> whole.getIsSigned() ? Kind.INT16 : Kind.UINT16;
                case 32 -> whole.getIsSigned() ? Kind.INT32 : Kind.UINT32;
                default -> whole.getIsSigned() ? Kind.INT64 : Kind.UINT64;
            };
            case ArrowType.FloatingPoint point -> switch (point.getPrecision()) {
                case SINGLE -> Kind.FLOAT;
                case DOUBLE -> Kind.DOUBLE;
                case HALF -> throw unknown(type);
            };
            case ArrowType.Decimal _ -> column != null && column.type().equals("UHUGEINT") ? Kind.UNSIGNED_DECIMAL
                    : Kind.DECIMAL;
            case ArrowType.Utf8 _ -> column != null && column.form() == ResultColumn.Form.JSON ? Kind.JSON_TEXT : Kind.TEXT;
            case ArrowType.Binary _ -> Kind.BINARY;
            case ArrowType.Date _ -> Kind.DATE;
            case ArrowType.Timestamp _ -> Kind.TIMESTAMP;
            case ArrowType.List _ -> Kind.LIST;
            case ArrowType.FixedSizeList _ -> Kind.FIXED_LIST;
            case ArrowType.Map _ -> Kind.MAP;
            case ArrowType.Struct _ -> Kind.STRUCT;
            case ArrowType.Null _ -> Kind.NULL;
            default -> throw unknown(type);
        };
    }

    private static ArcException unknown(ArrowType type) {
        return new ArcException(ErrorCode.QUERY_REJECTED, "the answer has a column of a type that cannot be sent (" + type
                + "); cast it to VARCHAR");
    }

    static long unitsPerSecond(TimeUnit unit) {
        return switch (unit) {
            case SECOND -> 1;
            case MILLISECOND -> 1_000;
            case MICROSECOND -> 1_000_000;
            case NANOSECOND -> 1_000_000_000;
        };
    }

    boolean hasNoNulls() {
        return kind != Kind.NULL && validity == 0;
    }

    boolean isNull(int row) {
        return kind == Kind.NULL || validity != 0 && (MEMORY.get(BYTE, validity + (row >> 3)) >>> (row & 7) & 1) == 0;
    }

    boolean booleanAt(int row) {
        return (MEMORY.get(BYTE, data + (row >> 3)) >>> (row & 7) & 1) != 0;
    }

    /// A whole number of any width; an unsigned one of 64 bits as its bits.
    long longAt(int row) {
        return switch (kind) {
            case INT8 -> MEMORY.get(BYTE, data + row);
            case UINT8 -> MEMORY.get(BYTE, data + row) & 0xff;
            case INT16 -> MEMORY.get(SHORT, data + 2L * row);
            case UINT16 -> MEMORY.get(SHORT, data + 2L * row) & 0xffff;
            case INT32, DATE -> MEMORY.get(INT, data + 4L * row);
            case UINT32 -> MEMORY.get(INT, data + 4L * row) & 0xffff_ffffL;
            case INT64, UINT64, TIMESTAMP -> MEMORY.get(LONG, data + 8L * row);
            case BOOLEAN, FLOAT, DOUBLE, DECIMAL, UNSIGNED_DECIMAL, TEXT, JSON_TEXT, BINARY, LIST, FIXED_LIST, MAP, STRUCT,
                    NULL ->
                throw new IllegalStateException("not a whole number: " + kind);
        };
    }

    double doubleAt(int row) {
        return Double.longBitsToDouble(MEMORY.get(LONG, data + 8L * row));
    }

    float floatAt(int row) {
        return Float.intBitsToFloat(MEMORY.get(INT, data + 4L * row));
    }

    /// Whether the decimal's digits fit a long, which [#unscaledLong] gives then.
    boolean isSmallDecimal(int row) {
        long low = MEMORY.get(LONG, data + 16L * row);
        long high = MEMORY.get(LONG, data + 16L * row + 8);
        return kind == Kind.UNSIGNED_DECIMAL ? high == 0 && low >= 0 : high == low >> 63;
    }

    long unscaledLong(int row) {
        return MEMORY.get(LONG, data + 16L * row);
    }

    BigDecimal decimalAt(int row) {
        byte[] bytes = new byte[17];
        for (int i = 0; i < 16; i++) {
            bytes[16 - i] = MEMORY.get(BYTE, data + 16L * row + i);
        }
        bytes[0] = (byte) (kind == Kind.DECIMAL && bytes[1] < 0 ? -1 : 0);
        return new BigDecimal(new BigInteger(bytes), scale);
    }

    /// A decimal as the nearest double.
    double decimalAsDouble(int row) {
        if (isSmallDecimal(row) && scale < POWERS.length) {
            long unscaled = unscaledLong(row);
            if (Math.abs(unscaled) < 1L << 53) {
                return unscaled / POWERS[scale];
            }
        }
        return decimalAt(row).doubleValue();
    }

    int length(int row) {
        long at = offsets + 4L * row;
        return MEMORY.get(INT, at + 4) - MEMORY.get(INT, at);
    }

    /// Copies a text's or blob's bytes to the end of the output.
    void copyBytes(int row, ByteOutput out) {
        int length = length(row);
        out.room(length);
        copy(data + MEMORY.get(INT, offsets + 4L * row), length, out.bytes, out.size);
        out.size += length;
    }

    byte[] bytesAt(int row) {
        byte[] bytes = new byte[length(row)];
        MemorySegment.copy(MEMORY, BYTE, data + MEMORY.get(INT, offsets + 4L * row), bytes, 0, bytes.length);
        return bytes;
    }

    // To divide by a number that the compiler knows is many times faster: the usual unit is written out.
    long epochSecond(int row) {
        return kind == Kind.DATE ? longAt(row) * 86_400L
                : unitsPerSecond == MICROS ? Math.floorDiv(longAt(row), MICROS) : Math.floorDiv(longAt(row), unitsPerSecond);
    }

    int nanoOfSecond(int row) {
        return kind == Kind.DATE ? 0 : unitsPerSecond == MICROS ? (int) Math.floorMod(longAt(row), MICROS) * 1_000
                : Math.toIntExact(Math.floorMod(longAt(row), unitsPerSecond) * (1_000_000_000L / unitsPerSecond));
    }

    /// Whether the instant is one of DuckDB's infinities.
    int infinity(int row) {
        long value = longAt(row);
        if (kind == Kind.DATE) {
            return value == Integer.MAX_VALUE ? 1 : value == -Integer.MAX_VALUE ? -1 : 0;
        }
        return value == Long.MAX_VALUE ? 1 : value == -Long.MAX_VALUE ? -1 : 0;
    }

    /// Writes the value as JSON.
    void json(int row, ByteOutput out) {
        if (isNull(row)) {
            out.ascii("null");
            return;
        }
        switch (kind) {
            case TEXT -> quoted(row, out);
            case DATE, TIMESTAMP -> {
                out.put('"');
                instantText(row, out);
                out.put('"');
            }
            case BINARY -> {
                out.put('"');
                out.put(Base64.getEncoder().encode(bytesAt(row)));
                out.put('"');
            }
            case FLOAT -> {
                if (Float.isFinite(floatAt(row))) {
                    NumberText.decimal(out, floatAt(row));
                } else {
                    out.ascii("null");
                }
            }
            case DOUBLE -> {
                double value = doubleAt(row);
                if (Double.isFinite(value)) {
                    decimals = NumberText.decimal(out, value, decimals);
                } else {
                    out.ascii("null");
                }
            }
            case BOOLEAN, INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64, DECIMAL, UNSIGNED_DECIMAL, JSON_TEXT,
                    LIST, FIXED_LIST,
                    MAP, STRUCT, NULL -> text(row, out);
        }
    }

    /// Writes the value as bare text: instants and texts without quotes, nested values as JSON.
    void text(int row, ByteOutput out) {
        switch (kind) {
            case BOOLEAN -> out.ascii(booleanAt(row) ? "true" : "false");
            case INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32 -> NumberText.whole(out, longAt(row));
            case UINT64 -> {
                long value = longAt(row);
                if (value >= 0) {
                    NumberText.whole(out, value);
                } else {
                    out.ascii(Long.toUnsignedString(value));
                }
            }
            case FLOAT -> {
                float value = floatAt(row);
                if (Float.isFinite(value)) {
                    NumberText.decimal(out, value);
                } else {
                    out.ascii(Float.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
                }
            }
            case DOUBLE -> {
                double value = doubleAt(row);
                if (Double.isFinite(value)) {
                    decimals = NumberText.decimal(out, value, decimals);
                } else {
                    out.ascii(Double.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
                }
            }
            case DECIMAL, UNSIGNED_DECIMAL -> {
                if (scale == 0 && isSmallDecimal(row)) {
                    NumberText.whole(out, unscaledLong(row));
                } else {
                    out.ascii(decimalAt(row).toPlainString());
                }
            }
            case TEXT, JSON_TEXT -> copyBytes(row, out);
            case BINARY -> out.put(Base64.getEncoder().encode(bytesAt(row)));
            case DATE, TIMESTAMP -> instantText(row, out);
            case LIST -> list(MEMORY.get(INT, offsets + 4L * row), length(row), out);
            case FIXED_LIST -> list(row * listSize, listSize, out);
            case MAP -> map(MEMORY.get(INT, offsets + 4L * row), length(row), out);
            case STRUCT -> struct(row, out);
            case NULL -> out.ascii("null");
        }
    }

    private void instantText(int row, ByteOutput out) {
        int infinity = infinity(row);
        if (infinity != 0) {
            out.ascii(infinity > 0 ? "infinity" : "-infinity");
        } else {
            numbers.instant(out, epochSecond(row), nanoOfSecond(row));
        }
    }

    private void list(int first, int count, ByteOutput out) {
        out.put('[');
        for (int i = 0; i < count; i++) {
            if (i > 0) {
                out.put(',');
            }
            children[0].json(first + i, out);
        }
        out.put(']');
    }

    private void map(int first, int count, ByteOutput out) {
        ColumnReader keys = children[0].children[0];
        ColumnReader values = children[0].children[1];
        out.put('{');
        for (int i = 0; i < count; i++) {
            if (i > 0) {
                out.put(',');
            }
            if (keys.kind == Kind.TEXT) {
                keys.json(first + i, out);
            } else {
                ByteOutput key = new ByteOutput(32);
                keys.text(first + i, key);
                quoted(key.bytes, key.size, out);
            }
            out.put(':');
            values.json(first + i, out);
        }
        out.put('}');
    }

    private void struct(int row, ByteOutput out) {
        out.put('{');
        for (int i = 0; i < children.length; i++) {
            if (i > 0) {
                out.put(',');
            }
            quoted(names[i], out);
            out.put(':');
            children[i].json(row, out);
        }
        out.put('}');
    }

    private void quoted(int row, ByteOutput out) {
        int length = length(row);
        // Whole words are looked at, so there is room for one behind the text.
        out.room(length + 2 + Long.BYTES);
        byte[] bytes = out.bytes;
        int start = out.size + 1;
        bytes[start - 1] = '"';
        copy(data + MEMORY.get(INT, offsets + 4L * row), length, bytes, start);
        for (int i = 0; i < length; i += Long.BYTES) {
            long word = (long) WORD.get(bytes, start + i);
            if (length - i < Long.BYTES) {
                word |= -1L << 8 * (length - i);
            }
            if (needsEscape(word)) {
                quoted(bytesAt(row), length, out);
                return;
            }
        }
        bytes[start + length] = '"';
        out.size = start + length + 1;
    }

    /// Short texts are copied by words that overlap: calling a copying routine costs more than they do.
    private static void copy(long from, int length, byte[] bytes, int at) {
        if (length > 2 * Long.BYTES) {
            MemorySegment.copy(MEMORY, BYTE, from, bytes, at, length);
        } else if (length >= Long.BYTES) {
            WORD.set(bytes, at, MEMORY.get(LITTLE_LONG, from));
            WORD.set(bytes, at + length - Long.BYTES, MEMORY.get(LITTLE_LONG, from + length - Long.BYTES));
        } else if (length >= Integer.BYTES) {
            HALF_WORD.set(bytes, at, MEMORY.get(LITTLE_INT, from));
            HALF_WORD.set(bytes, at + length - Integer.BYTES, MEMORY.get(LITTLE_INT, from + length - Integer.BYTES));
        } else {
            for (int i = 0; i < length; i++) {
                bytes[at + i] = MEMORY.get(BYTE, from + i);
            }
        }
    }

    /// Whether one of eight bytes is a quote, a backslash or a control character.
    private static boolean needsEscape(long word) {
        long quote = word ^ '"' * ONES;
        long backslash = word ^ '\\' * ONES;
        return ((quote - ONES & ~quote | backslash - ONES & ~backslash | word - ' ' * ONES & ~word) & HIGH_BITS) != 0;
    }

    private static boolean needsEscape(byte b) {
        return b == '"' || b == '\\' || b >= 0 && b < ' ';
    }

    static void quoted(String text, ByteOutput out) {
        byte[] bytes = text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        quoted(bytes, bytes.length, out);
    }

    private static void quoted(byte[] bytes, int length, ByteOutput out) {
        out.room(6 * length + 2);
        out.put('"');
        for (int i = 0; i < length; i++) {
            byte b = bytes[i];
            if (!needsEscape(b)) {
                out.put(b);
                continue;
            }
            out.put('\\');
            switch (b) {
                case '\n' -> out.put('n');
                case '\r' -> out.put('r');
                case '\t' -> out.put('t');
                case '"', '\\' -> out.put(b);
                default -> {
                    out.ascii("u00");
                    out.put(HEX[b >> 4]);
                    out.put(HEX[b & 15]);
                }
            }
        }
        out.put('"');
    }
}
