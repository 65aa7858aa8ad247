package io.arc.runtime.catalog;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.ColumnType;
import io.arc.runtime.catalog.ColumnStats.Bounds;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The part of a [DataFile] that the catalog keeps in one value, as a row per column would make 10,000 files half a million
/// rows to load.
///
/// ```
/// details  = 1 (format), count, range*, count, column*
///          | 2 (format), count, range*, count, column*, text (shape), unit
/// unit     = 0 none | 1 seconds | 2 milliseconds | 3 microseconds | 4 nanoseconds
/// range    = text (writer), signed (first), signed (last)
/// column   = text (name), type, signed (null count), bounds
/// type     = 0 INT64 | 1 FLOAT64 | 2 BOOLEAN | 3 TEXT
/// bounds   = 0 none | 1 signed signed | 2 double double | 3 double double (and NaN) | 4 flags (1 min, 2 max) | 5 text text
/// text     = count (bytes), UTF-8
/// count    = unsigned LEB128; signed = zigzag LEB128; double = 8 bytes, big-endian, raw bits
/// ```
final class FileDetails {
    private static final byte FORMAT = 1;
    private static final byte FOREIGN_FORMAT = 2;

    private FileDetails() {}

    static byte[] encode(List<WalRange> coverage, List<ColumnStats> columns, Optional<ForeignForm> foreign) {
        Writer out = new Writer();
        out.put(foreign.isPresent() ? FOREIGN_FORMAT : FORMAT);
        out.unsigned(coverage.size());
        for (WalRange range : coverage) {
            out.text(range.writer());
            out.signed(range.first());
            out.signed(range.last());
        }
        out.unsigned(columns.size());
        for (ColumnStats column : columns) {
            out.text(column.name());
            out.put(code(column.type()));
            out.signed(column.nullCount());
            out.bounds(column.bounds());
        }
        foreign.ifPresent(form -> {
            out.text(form.shape());
            out.put((byte) form.timeUnit().map(unit -> 1 + unit.ordinal()).orElse(0).intValue());
        });
        return Arrays.copyOf(out.bytes, out.size);
    }

    /// Reads what [#encode] wrote. Equal texts of all files read by one reader are one object.
    static final class Reader {
        private final Map<String, String> texts = new HashMap<>();
        private byte[] bytes;
        private int position;

        List<WalRange> coverage;
        List<ColumnStats> columns;
        Optional<ForeignForm> foreign;

        /// @throws ArcException CORRUPT_DATA, naming the file
        void read(String key, byte[] details) {
            bytes = details;
            position = 0;
            try {
                int format = bytes[position++];
                if (format != FORMAT && format != FOREIGN_FORMAT) {
                    throw new IllegalArgumentException("format " + format);
                }
                coverage = ranges();
                columns = columns();
                foreign = format == FOREIGN_FORMAT ? Optional.of(new ForeignForm(text(), unit())) : Optional.empty();
                if (position != bytes.length) {
                    throw new IllegalArgumentException((bytes.length - position) + " bytes too many");
                }
            } catch (IndexOutOfBoundsException | IllegalArgumentException | ArithmeticException failure) {
                throw new ArcException(ErrorCode.CORRUPT_DATA, "The catalog's details of file " + key
                        + " are damaged at byte " + position + " (" + failure.getMessage()
                        + "). Restore the catalog from a copy or rebuild it from the store with 'arc catalog rebuild'.",
                        failure);
            }
        }

        String intern(String text) {
            String known = texts.putIfAbsent(text, text);
            return known == null ? text : known;
        }

        private List<WalRange> ranges() {
            int count = count();
            List<WalRange> ranges = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                ranges.add(new WalRange(text(), signed(), signed()));
            }
            return ranges;
        }

        private List<ColumnStats> columns() {
            int count = count();
            List<ColumnStats> stats = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                String name = text();
                ColumnType type = type(bytes[position++]);
                stats.add(new ColumnStats(name, type, signed(), bounds()));
            }
            return stats;
        }

        private Optional<ForeignForm.TimeUnit> unit() {
            int code = bytes[position++];
            return code == 0 ? Optional.empty() : Optional.of(ForeignForm.TimeUnit.values()[code - 1]);
        }

        private Bounds bounds() {
            int kind = bytes[position++];
            return switch (kind) {
                case 0 -> Bounds.NONE;
                case 1 -> new Bounds.Longs(signed(), signed());
                case 2, 3 -> new Bounds.Doubles(real(), real(), kind == 3);
                case 4 -> {
                    int flags = bytes[position++];
                    yield new Bounds.Booleans((flags & 1) != 0, (flags & 2) != 0);
                }
                case 5 -> new Bounds.Texts(plainText(), plainText());
                default -> throw new IllegalArgumentException("bounds of kind " + kind);
            };
        }

        private int count() {
            int count = Math.toIntExact(unsigned());
            // Every counted thing takes a byte at least, so damage cannot make us allocate more than there is.
            if (count < 0 || count > bytes.length - position) {
                throw new IllegalArgumentException("count " + count);
            }
            return count;
        }

        private String text() {
            return intern(plainText());
        }

        private String plainText() {
            int length = count();
            String text = new String(bytes, position, length, StandardCharsets.UTF_8);
            position += length;
            return text;
        }

        private double real() {
            long bits = 0;
            for (int i = 0; i < Double.BYTES; i++) {
                bits = bits << 8 | bytes[position++] & 0xff;
            }
            return Double.longBitsToDouble(bits);
        }

        private long signed() {
            long zigzag = unsigned();
            return zigzag >>> 1 ^ -(zigzag & 1);
        }

        private long unsigned() {
            long value = 0;
            for (int shift = 0; shift < Long.SIZE; shift += 7) {
                byte next = bytes[position++];
                value |= (long) (next & 0x7f) << shift;
                if (next >= 0) {
                    return value;
                }
            }
            throw new IllegalArgumentException("endless number");
        }
    }

    private static final class Writer {
        private byte[] bytes = new byte[256];
        private int size;

        void bounds(Bounds bounds) {
            switch (bounds) {
                case Bounds.None none -> put((byte) 0);
                case Bounds.Longs longs -> {
                    put((byte) 1);
                    signed(longs.min());
                    signed(longs.max());
                }
                case Bounds.Doubles doubles -> {
                    put((byte) (doubles.hasNan() ? 3 : 2));
                    real(doubles.min());
                    real(doubles.max());
                }
                case Bounds.Booleans booleans -> {
                    put((byte) 4);
                    put((byte) ((booleans.min() ? 1 : 0) | (booleans.max() ? 2 : 0)));
                }
                case Bounds.Texts texts -> {
                    if (isEncodable(texts.min()) && isEncodable(texts.max())) {
                        put((byte) 5);
                        text(texts.min());
                        text(texts.max());
                    } else {
                        put((byte) 0);
                    }
                }
            }
        }

        void put(byte value) {
            if (size == bytes.length) {
                bytes = Arrays.copyOf(bytes, Math.multiplyExact(size, 2));
            }
            bytes[size++] = value;
        }

        void text(String text) {
            byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
            unsigned(encoded.length);
            for (byte each : encoded) {
                put(each);
            }
        }

        void real(double value) {
            long bits = Double.doubleToRawLongBits(value);
            for (int shift = Long.SIZE - Byte.SIZE; shift >= 0; shift -= Byte.SIZE) {
                put((byte) (bits >>> shift));
            }
        }

        void signed(long value) {
            unsigned(value << 1 ^ value >> 63);
        }

        void unsigned(long value) {
            long rest = value;
            while ((rest & ~0x7fL) != 0) {
                put((byte) (rest & 0x7f | 0x80));
                rest >>>= 7;
            }
            put((byte) rest);
        }
    }

    /// A bound with half a surrogate pair would come back as another text and then bound nothing.
    private static boolean isEncodable(String text) {
        return StandardCharsets.UTF_8.newEncoder().canEncode(text);
    }

    private static byte code(ColumnType type) {
        return switch (type) {
            case INT64 -> 0;
            case FLOAT64 -> 1;
            case BOOLEAN -> 2;
            case TEXT -> 3;
        };
    }

    private static ColumnType type(int code) {
        return switch (code) {
            case 0 -> ColumnType.INT64;
            case 1 -> ColumnType.FLOAT64;
            case 2 -> ColumnType.BOOLEAN;
            case 3 -> ColumnType.TEXT;
            default -> throw new IllegalArgumentException("column type " + code);
        };
    }
}
