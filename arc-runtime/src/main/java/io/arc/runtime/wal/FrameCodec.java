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
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// All batches of one request as the payload of one frame, and back, bit for bit. Numbers take as few bytes as all of a
/// column fit in: what the log costs is what it writes, and a look at the numbers, which are in the processor's caches, is
/// cheaper than a byte on the disk. Thread-safe.
public final class FrameCodec {
    private static final int VERSION = 2;
    private static final int LONGS = 0;
    private static final int DOUBLES = 1;
    private static final int BOOLEANS = 2;
    private static final int TEXTS = 3;
    private static final int DICTIONARY = 4;

    private FrameCodec() {}

    /// A batch with the forms of its columns, in their order, that of the times first.
    private record Planned(ColumnBatch batch, List<Form> forms) {}

    /// What was found out about a column before it is written.
    private sealed interface Form {
        record Integers(IntegerForm form) implements Form {}

        record Decimals(DecimalForm form) implements Form {}

        record Texts(BlockForm form) implements Form {}

        record Codes(int entries, BlockForm form) implements Form {}

        record Flags() implements Form {}
    }

    /// @param shortest length of a text
    /// @param width bytes that a length takes
    private record BlockForm(int shortest, int width) {
        static BlockForm of(Utf8Block block, int count) {
            if (count == 0) {
                return new BlockForm(0, 0);
            }
            int[] offsets = block.offsets();
            int shortest = Integer.MAX_VALUE;
            int longest = 0;
            for (int i = 0; i < count; i++) {
                int length = offsets[i + 1] - offsets[i];
                shortest = Math.min(shortest, length);
                longest = Math.max(longest, length);
            }
            return new BlockForm(shortest, IntegerForm.width(longest - shortest, count));
        }

        long size(Utf8Block block, int count) {
            return 1 + 4 + (long) width * count + block.offsets()[count] - block.offsets()[0];
        }
    }

    /// @throws ArcException PAYLOAD_TOO_LARGE when the batches take more than an array can hold
    public static byte[] encode(List<ColumnBatch> batches) {
        List<Planned> planned = new ArrayList<>(batches.size());
        long size = 5;
        for (ColumnBatch batch : batches) {
            Planned each = plan(batch);
            planned.add(each);
            size += sizeOf(each);
        }
        if (size > Integer.MAX_VALUE - 64) {
            throw new ArcException(ErrorCode.PAYLOAD_TOO_LARGE, "the request's rows take " + size
                    + " bytes in the log, more than one frame can hold; send smaller requests");
        }
        byte[] payload = new byte[(int) size];
        FrameOutput output = new FrameOutput(payload);
        output.put(VERSION);
        output.putInt(batches.size());
        for (Planned each : planned) {
            encode(each, output);
        }
        return payload;
    }

    private static Planned plan(ColumnBatch batch) {
        int rowCount = batch.rowCount();
        List<Form> forms = new ArrayList<>(batch.columns().size() + 1);
        forms.add(new Form.Integers(IntegerForm.of(batch.epochMicros(), rowCount)));
        for (Column column : batch.columns()) {
            forms.add(switch (column) {
                case LongColumn longs -> new Form.Integers(IntegerForm.of(longs.values(), rowCount));
                case DoubleColumn doubles -> new Form.Decimals(DecimalForm.of(doubles.values(), rowCount));
                case BooleanColumn _ -> new Form.Flags();
                case Utf8Column text -> new Form.Texts(BlockForm.of(text.values(), rowCount));
                case DictionaryColumn text -> {
                    int entries = entries(text, rowCount);
                    yield new Form.Codes(entries, BlockForm.of(text.dictionary(), entries));
                }
            });
        }
        return new Planned(batch, forms);
    }

    private static long sizeOf(Planned planned) {
        ColumnBatch batch = planned.batch();
        int rowCount = batch.rowCount();
        long size = 4 + utf8Length(batch.table().database()) + 4 + utf8Length(batch.table().table()) + 8
                + sizeOf(planned.forms().getFirst(), null, rowCount);
        for (int i = 0; i < batch.columns().size(); i++) {
            Column column = batch.columns().get(i);
            size += 4 + utf8Length(column.name()) + 2 + 4 + 8L * words(column, rowCount)
                    + sizeOf(planned.forms().get(i + 1), column, rowCount);
        }
        return size;
    }

    private static long sizeOf(Form form, Column column, int rowCount) {
        return switch (form) {
            case Form.Integers(IntegerForm integers) -> integers.size(rowCount);
            case Form.Decimals(DecimalForm decimals) -> decimals.size(rowCount);
            case Form.Flags() -> rowCount;
            case Form.Texts(BlockForm block) -> block.size(((Utf8Column) column).values(), rowCount);
            case Form.Codes(int entries, BlockForm block) -> 1 + 4 + (long) width(entries) * rowCount
                    + block.size(((DictionaryColumn) column).dictionary(), entries);
        };
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

    private static void encode(Planned planned, FrameOutput output) {
        ColumnBatch batch = planned.batch();
        int rowCount = batch.rowCount();
        output.putText(batch.table().database());
        output.putText(batch.table().table());
        output.putInt(rowCount);
        output.putInt(batch.columns().size());
        ((Form.Integers) planned.forms().getFirst()).form().put(batch.epochMicros(), rowCount, output);
        for (int i = 0; i < batch.columns().size(); i++) {
            Column column = batch.columns().get(i);
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
            switch (planned.forms().get(i + 1)) {
                case Form.Integers(IntegerForm form) -> form.put(((LongColumn) column).values(), rowCount, output);
                case Form.Decimals(DecimalForm form) -> form.put(((DoubleColumn) column).values(), rowCount, output);
                case Form.Flags() -> output.putBooleans(((BooleanColumn) column).values(), rowCount);
                case Form.Texts(BlockForm form) ->
                    output.putBlock(((Utf8Column) column).values(), rowCount, form.shortest(), form.width());
                case Form.Codes(int entries, BlockForm form) -> {
                    DictionaryColumn text = (DictionaryColumn) column;
                    output.put(width(entries));
                    output.putInt(entries);
                    output.putCodes(text.codes(), rowCount, width(entries));
                    output.putBlock(text.dictionary(), entries, form.shortest(), form.width());
                }
            }
        }
    }

    /// @throws ArcException CORRUPT_DATA for bytes that [#encode] has not made; allocates little more than what was encoded
    public static List<ColumnBatch> decode(byte[] payload) {
        try {
            FrameSource source = new FrameSource(payload);
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
            if (source.left() != 0) {
                throw new ArcException(ErrorCode.CORRUPT_DATA, "a log frame holds " + source.left() + " bytes too many");
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

    private static ColumnBatch decodeBatch(FrameSource source) {
        TableId table = new TableId(source.text(), source.text());
        int rowCount = source.getInt();
        int columnCount = source.count(10);
        long[] times = IntegerForm.read(source, rowCount);
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
                case LONGS -> new LongColumn(name, role, IntegerForm.read(source, rowCount), validity);
                case DOUBLES -> new DoubleColumn(name, role, DecimalForm.read(source, rowCount), validity);
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
}
