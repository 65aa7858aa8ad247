package io.arc.runtime.parquet;

import io.arc.runtime.parquet.ColumnSummary.Bounds;
import io.arc.runtime.parquet.StoredType.StatisticsForm;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.parquet.format.ColumnMetaData;
import org.apache.parquet.format.Statistics;

/// One column's statistics, gathered over the row groups of a footer. What cannot be trusted counts as unknown.
final class FooterStatistics {
    private final StatisticsForm form;
    private final boolean orderDefined;
    private long nullCount;
    private boolean nullsKnown;
    private boolean boundsKnown;
    private boolean mayHaveNan;
    private Bounds bounds = Bounds.NONE;

    /// @param flat whether the column has one value or null in every row; nothing is known of others
    /// @param orderDefined whether the footer says that `min_value` and `max_value` follow the type's order
    FooterStatistics(StatisticsForm form, boolean flat, boolean orderDefined) {
        this.form = form;
        this.orderDefined = orderDefined;
        nullsKnown = flat;
        boundsKnown = flat;
    }

    void add(ColumnMetaData chunk) {
        Statistics statistics = chunk.getStatistics();
        if (statistics == null || !statistics.isSetNull_count() || statistics.getNull_count() < 0
                || statistics.getNull_count() > chunk.getNum_values()) {
            nullsKnown = false;
        } else {
            nullCount += statistics.getNull_count();
        }
        if (statistics == null) {
            boundsKnown &= chunk.getNum_values() == 0;
            return;
        }
        long nulls = statistics.isSetNull_count() ? statistics.getNull_count() : 0;
        boolean floating = form == StatisticsForm.DOUBLE || form == StatisticsForm.FLOAT;
        boolean nansKnown = !floating || statistics.isSetNan_count();
        long nans = floating && statistics.isSetNan_count() ? statistics.getNan_count() : 0;
        if (nulls + nans == chunk.getNum_values()) {
            mayHaveNan |= nans > 0;
            return;
        }
        mayHaveNan |= !nansKnown || nans > 0;
        Optional<Bounds> read = read(statistics);
        boundsKnown &= read.isPresent();
        read.ifPresent(found -> bounds = bounds instanceof Bounds.None ? found : join(bounds, found));
    }

    long nullCount() {
        return nullsKnown ? nullCount : -1;
    }

    Bounds bounds() {
        if (!boundsKnown) {
            return Bounds.NONE;
        }
        return bounds instanceof Bounds.Doubles(double min, double max, boolean _)
                ? new Bounds.Doubles(min, max, mayHaveNan) : bounds;
    }

    private Optional<Bounds> read(Statistics statistics) {
        byte[] min = statistics.getMin_value();
        byte[] max = statistics.getMax_value();
        // The old fields were written in an order of their own; for signed numbers that was the right one.
        boolean oldFieldsFit = form != StatisticsForm.TEXT && form != StatisticsForm.UINT32;
        if (min == null && max == null && oldFieldsFit) {
            min = statistics.getMin();
            max = statistics.getMax();
        } else if (!orderDefined && !oldFieldsFit) {
            return Optional.empty();
        }
        if (min == null || max == null) {
            return Optional.empty();
        }
        return switch (form) {
            case INT32 -> min.length == 4 && max.length == 4 ? longs(int32(min), int32(max)) : Optional.empty();
            case UINT32 -> min.length == 4 && max.length == 4
                    ? longs(Integer.toUnsignedLong(int32(min)), Integer.toUnsignedLong(int32(max))) : Optional.empty();
            case INT64 -> min.length == 8 && max.length == 8 ? longs(int64(min), int64(max)) : Optional.empty();
            case FLOAT -> min.length == 4 && max.length == 4
                    ? doubles(Float.intBitsToFloat(int32(min)), Float.intBitsToFloat(int32(max))) : Optional.empty();
            case DOUBLE -> min.length == 8 && max.length == 8
                    ? doubles(Double.longBitsToDouble(int64(min)), Double.longBitsToDouble(int64(max))) : Optional.empty();
            case BOOLEAN -> min.length == 1 && max.length == 1 && min[0] <= max[0]
                    ? Optional.of(new Bounds.Booleans(min[0] != 0, max[0] != 0)) : Optional.empty();
            case TEXT -> texts(min, max);
            case UNUSABLE -> Optional.empty();
        };
    }

    private static int int32(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt();
    }

    private static long int64(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
    }

    private static Optional<Bounds> longs(long min, long max) {
        return min <= max ? Optional.of(new Bounds.Longs(min, max)) : Optional.empty();
    }

    /// Writers differ in whether they widen zeros; NaN as a bound says nothing.
    private static Optional<Bounds> doubles(double min, double max) {
        return min <= max ? Optional.of(new Bounds.Doubles(min == 0 ? -0.0 : min, max == 0 ? 0.0 : max, true))
                : Optional.empty();
    }

    private static Optional<Bounds> texts(byte[] min, byte[] max) {
        byte[] least = Utf8Order.cut(min, 0, min.length, Bounds.MAX_TEXT_BYTES);
        Optional<byte[]> greatest = max.length <= Bounds.MAX_TEXT_BYTES ? Optional.of(max)
                : Utf8Order.cutAndRaise(max, 0, max.length, Bounds.MAX_TEXT_BYTES);
        try {
            if (greatest.isPresent() && Utf8Order.compare(min, 0, min.length, max, 0, max.length) <= 0) {
                return Optional.of(new Bounds.Texts(decode(least), decode(greatest.get())));
            }
        } catch (CharacterCodingException _) {
            // A writer that cuts text within a character: such bounds cannot be compared with text.
        }
        return Optional.empty();
    }

    private static String decode(byte[] bytes) throws CharacterCodingException {
        return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    }

    /// Both are of one form.
    private static Bounds join(Bounds a, Bounds b) {
        return switch (a) {
            case Bounds.None _ -> b;
            case Bounds.Longs(long min, long max) when b instanceof Bounds.Longs other ->
                    new Bounds.Longs(Math.min(min, other.min()), Math.max(max, other.max()));
            case Bounds.Doubles(double min, double max, boolean _) when b instanceof Bounds.Doubles other ->
                    new Bounds.Doubles(Math.min(min, other.min()), Math.max(max, other.max()), true);
            case Bounds.Booleans(boolean min, boolean max) when b instanceof Bounds.Booleans other ->
                    new Bounds.Booleans(min && other.min(), max || other.max());
            case Bounds.Texts(String min, String max) when b instanceof Bounds.Texts other ->
                    new Bounds.Texts(lesser(min, other.min()), lesser(other.max(), max).equals(max) ? other.max() : max);
            case Bounds.Longs _, Bounds.Doubles _, Bounds.Booleans _, Bounds.Texts _ ->
                    throw new IllegalStateException(a + " and " + b);
        };
    }

    private static String lesser(String a, String b) {
        byte[] first = a.getBytes(StandardCharsets.UTF_8);
        byte[] second = b.getBytes(StandardCharsets.UTF_8);
        return Utf8Order.compare(first, 0, first.length, second, 0, second.length) <= 0 ? a : b;
    }
}
