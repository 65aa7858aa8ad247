package io.arc.runtime.wal;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.Column;
import io.arc.api.data.Column.BooleanColumn;
import io.arc.api.data.Column.DictionaryColumn;
import io.arc.api.data.Column.DoubleColumn;
import io.arc.api.data.Column.LongColumn;
import io.arc.api.data.Column.Utf8Column;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.Role;
import io.arc.api.data.TableId;
import io.arc.api.data.Utf8Block;
import io.arc.api.data.Validity;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// All batches of one request as the payload of one frame, and back, bit for bit. Little-endian; arrays are copied whole, so
/// that encoding costs what copying memory costs. Thread-safe.
public final class FrameCodec {
    private static final int VERSION = 1;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    private static final int LONGS = 0;
    private static final int DOUBLES = 1;
    private static final int BOOLEANS = 2;
    private static final int TEXTS = 3;
    private static final int DICTIONARY = 4;

    private FrameCodec() {}

    /// @throws ArcException PAYLOAD_TOO_LARGE when the batches take more than an array can hold
    public static byte[] encode(List<ColumnBatch> batches) {
        long size = 5;
        for (ColumnBatch batch : batches) {
            size += sizeOf(batch);
        }
        if (size > Integer.MAX_VALUE - 64) {
            throw new ArcException(ErrorCode.PAYLOAD_TOO_LARGE, "the request's rows take " + size
                    + " bytes in the log, more than one frame can hold; send smaller requests");
        }
        byte[] payload = new byte[(int) size];
        Output output = new Output(payload);
        output.put(VERSION);
        output.putInt(batches.size());
        for (ColumnBatch batch : batches) {
            encode(batch, output);
        }
        return payload;
    }

    private static long sizeOf(ColumnBatch batch) {
        long size = 4 + utf8Length(batch.table().database()) + 4 + utf8Length(batch.table().table()) + 8
                + 8L * batch.rowCount();
        for (Column column : batch.columns()) {
            size += 4 + utf8Length(column.name()) + 2 + 4 + 8L * words(column, batch.rowCount()) + switch (column) {
                case LongColumn _, DoubleColumn _ -> 8L * batch.rowCount();
                case BooleanColumn _ -> batch.rowCount();
                case Utf8Column text -> sizeOf(text.values(), batch.rowCount());
                case DictionaryColumn text -> {
                    int entries = entries(text, batch.rowCount());
                    yield 1 + 4 + (long) width(entries) * batch.rowCount() + sizeOf(text.dictionary(), entries);
                }
            };
        }
        return size;
    }

    private static long sizeOf(Utf8Block block, int count) {
        return 4L * (count + 1) + block.offsets()[count] - block.offsets()[0];
    }

    private static int words(Column column, int rowCount) {
        return column.validity().isAllPresent() ? 0 : Math.min(column.validity().words().length,
                Math.max(1, Validity.wordCount(rowCount)));
    }

    /// How many dictionary entries the present rows reach.
    private static int entries(DictionaryColumn column, int rowCount) {
        int most = -1;
        if (column.validity().isAllPresent()) {
            for (int row = 0; row < rowCount; row++) {
                most = Math.max(most, column.codes()[row]);
            }
        } else {
            for (int row = 0; row < rowCount; row++) {
                if (column.validity().isPresent(row)) {
                    most = Math.max(most, column.codes()[row]);
                }
            }
        }
        return most + 1;
    }

    private static int width(int entries) {
        return entries <= 1 << 8 ? 1 : entries <= 1 << 16 ? 2 : 4;
    }

    private static int utf8Length(String text) {
        int length = text.length();
        for (int i = 0; i < length; i++) {
            if (text.charAt(i) >= 0x80) {
                return text.getBytes(StandardCharsets.UTF_8).length;
            }
        }
        return length;
    }

    private static void encode(ColumnBatch batch, Output output) {
        int rowCount = batch.rowCount();
        output.putText(batch.table().database());
        output.putText(batch.table().table());
        output.putInt(rowCount);
        output.putInt(batch.columns().size());
        output.putLongs(batch.epochMicros(), rowCount);
        for (Column column : batch.columns()) {
            output.putText(column.name());
            output.put(column.role() == Role.TAG ? 1 : 0);
            output.put(switch (column) {
                case LongColumn _ -> LONGS;
                case DoubleColumn _ -> DOUBLES;
                case BooleanColumn _ -> BOOLEANS;
                case Utf8Column _ -> TEXTS;
                case DictionaryColumn _ -> DICTIONARY;
            });
            int words = words(column, rowCount);
            output.putInt(words);
            output.putLongs(column.validity().words(), words);
            switch (column) {
                case LongColumn longs -> output.putLongs(longs.values(), rowCount);
                case DoubleColumn doubles -> output.putDoubles(doubles.values(), rowCount);
                case BooleanColumn booleans -> output.putBooleans(booleans.values(), rowCount);
                case Utf8Column text -> output.putBlock(text.values(), rowCount);
                case DictionaryColumn text -> {
                    int entries = entries(text, rowCount);
                    output.put(width(entries));
                    output.putInt(entries);
                    output.putCodes(text.codes(), rowCount, width(entries));
                    output.putBlock(text.dictionary(), entries);
                }
            }
        }
    }

    /// @throws ArcException CORRUPT_DATA for bytes that [#encode] has not made; allocates no more than the payload's size a few
    ///     times over
    public static List<ColumnBatch> decode(byte[] payload) {
        try {
            Source source = new Source(payload);
            int version = source.get();
            if (version != VERSION) {
                throw new ArcException(ErrorCode.CORRUPT_DATA, "a log frame of version " + version
                        + ", which this Arc cannot read; start the version that wrote it, or a later one");
            }
            int count = source.count(18);
            List<ColumnBatch> batches = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                batches.add(decodeBatch(source));
            }
            if (source.at != payload.length) {
                throw new ArcException(ErrorCode.CORRUPT_DATA, "a log frame holds " + (payload.length - source.at)
                        + " bytes too many");
            }
            return batches;
        } catch (IndexOutOfBoundsException | IllegalArgumentException | NegativeArraySizeException damaged) {
            throw new ArcException(ErrorCode.CORRUPT_DATA, "a log frame is damaged: " + damaged.getMessage(), damaged);
        }
    }

    /// Whether a payload, checksummed, is of a version that this Arc does not know.
    static boolean isForeign(byte[] payload) {
        return payload.length > 0 && payload[0] != VERSION;
    }

    private static ColumnBatch decodeBatch(Source source) {
        TableId table = new TableId(source.text(), source.text());
        int rowCount = source.getInt();
        int columnCount = source.count(10);
        long[] times = source.longs(rowCount);
        List<Column> columns = new ArrayList<>(columnCount);
        for (int i = 0; i < columnCount; i++) {
            String name = source.text();
            Role role = switch (source.get()) {
                case 0 -> Role.FIELD;
                case 1 -> Role.TAG;
                default -> throw new IllegalArgumentException("a column that is neither tag nor field");
            };
            int kind = source.get();
            int words = source.getInt();
            Validity validity = words == 0 ? Validity.ALL_PRESENT : new Validity(source.longs(words));
            columns.add(switch (kind) {
                case LONGS -> new LongColumn(name, role, source.longs(rowCount), validity);
                case DOUBLES -> new DoubleColumn(name, role, source.doubles(rowCount), validity);
                case BOOLEANS -> new BooleanColumn(name, role, source.booleans(rowCount), validity);
                case TEXTS -> new Utf8Column(name, role, source.block(rowCount), validity);
                case DICTIONARY -> {
                    int width = source.get();
                    int entries = source.getInt();
                    int[] codes = source.codes(rowCount, width);
                    Utf8Block dictionary = source.block(entries);
                    for (int row = 0; row < rowCount; row++) {
                        if (codes[row] < 0 || codes[row] >= entries) {
                            if (validity.isPresent(row)) {
                                throw new IllegalArgumentException("row " + row + " refers to text " + codes[row]
                                        + " of " + entries);
                            }
                            codes[row] = 0;
                        }
                    }
                    yield new DictionaryColumn(name, role, codes, dictionary, validity);
                }
                default -> throw new IllegalArgumentException("a column of kind " + kind);
            });
        }
        return new ColumnBatch(table, rowCount, times, columns);
    }

    private static final class Output {
        private final byte[] bytes;
        private final MemorySegment segment;
        private int at;

        Output(byte[] bytes) {
            this.bytes = bytes;
            this.segment = MemorySegment.ofArray(bytes);
        }

        void put(int value) {
            bytes[at++] = (byte) value;
        }

        void putInt(int value) {
            segment.set(INT, at, value);
            at += 4;
        }

        void putText(String text) {
            byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
            putInt(utf8.length);
            System.arraycopy(utf8, 0, bytes, at, utf8.length);
            at += utf8.length;
        }

        void putLongs(long[] values, int count) {
            MemorySegment.copy(values, 0, segment, LONG, at, count);
            at += 8 * count;
        }

        void putDoubles(double[] values, int count) {
            MemorySegment.copy(values, 0, segment, DOUBLE, at, count);
            at += 8 * count;
        }

        void putBooleans(boolean[] values, int count) {
            for (int i = 0; i < count; i++) {
                bytes[at++] = (byte) (values[i] ? 1 : 0);
            }
        }

        void putCodes(int[] codes, int count, int width) {
            switch (width) {
                case 1 -> {
                    for (int i = 0; i < count; i++) {
                        bytes[at + i] = (byte) codes[i];
                    }
                }
                case 2 -> {
                    for (int i = 0; i < count; i++) {
                        segment.set(SHORT, at + 2L * i, (short) codes[i]);
                    }
                }
                default -> MemorySegment.copy(codes, 0, segment, INT, at, count);
            }
            at += width * count;
        }

        void putBlock(Utf8Block block, int count) {
            int base = block.offsets()[0];
            if (base == 0) {
                MemorySegment.copy(block.offsets(), 0, segment, INT, at, count + 1);
            } else {
                for (int i = 0; i <= count; i++) {
                    segment.set(INT, at + 4L * i, block.offsets()[i] - base);
                }
            }
            at += 4 * (count + 1);
            int length = block.offsets()[count] - base;
            System.arraycopy(block.bytes(), base, bytes, at, length);
            at += length;
        }
    }

    private static final class Source {
        private final byte[] bytes;
        private final MemorySegment segment;
        private int at;

        Source(byte[] bytes) {
            this.bytes = bytes;
            this.segment = MemorySegment.ofArray(bytes);
        }

        private void need(long count) {
            if (count < 0 || count > bytes.length - at) {
                throw new IllegalArgumentException(count + " bytes are said to follow and " + (bytes.length - at)
                        + " are left");
            }
        }

        int get() {
            return bytes[at++] & 0xff;
        }

        int getInt() {
            need(4);
            int value = segment.get(INT, at);
            at += 4;
            if (value < 0) {
                throw new IllegalArgumentException("a count of " + value);
            }
            return value;
        }

        /// A count of things that take at least `bytesEach` bytes.
        int count(int bytesEach) {
            int count = getInt();
            need((long) count * bytesEach);
            return count;
        }

        String text() {
            int length = getInt();
            need(length);
            String text = new String(bytes, at, length, StandardCharsets.UTF_8);
            at += length;
            return text;
        }

        long[] longs(int count) {
            need(8L * count);
            long[] values = new long[count];
            MemorySegment.copy(segment, LONG, at, values, 0, count);
            at += 8 * count;
            return values;
        }

        double[] doubles(int count) {
            need(8L * count);
            double[] values = new double[count];
            MemorySegment.copy(segment, DOUBLE, at, values, 0, count);
            at += 8 * count;
            return values;
        }

        boolean[] booleans(int count) {
            need(count);
            boolean[] values = new boolean[count];
            for (int i = 0; i < count; i++) {
                values[i] = bytes[at++] != 0;
            }
            return values;
        }

        int[] codes(int count, int width) {
            if (width != 1 && width != 2 && width != 4) {
                throw new IllegalArgumentException("codes of " + width + " bytes");
            }
            need((long) width * count);
            int[] codes = new int[count];
            for (int i = 0; i < count; i++) {
                codes[i] = switch (width) {
                    case 1 -> segment.get(BYTE, at + (long) i) & 0xff;
                    case 2 -> segment.get(SHORT, at + 2L * i) & 0xffff;
                    default -> segment.get(INT, at + 4L * i);
                };
            }
            at += width * count;
            return codes;
        }

        Utf8Block block(int count) {
            need(4L * count + 4);
            int[] offsets = new int[count + 1];
            MemorySegment.copy(segment, INT, at, offsets, 0, count + 1);
            at += 4 * (count + 1);
            for (int i = 0; i < count; i++) {
                if (offsets[i + 1] < offsets[i]) {
                    throw new IllegalArgumentException("texts that end before they begin");
                }
            }
            if (offsets[0] != 0) {
                throw new IllegalArgumentException("texts that do not begin at 0");
            }
            need(offsets[count]);
            byte[] text = new byte[offsets[count]];
            System.arraycopy(bytes, at, text, 0, text.length);
            at += text.length;
            return new Utf8Block(text, offsets);
        }
    }
}
