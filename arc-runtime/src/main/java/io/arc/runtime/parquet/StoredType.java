package io.arc.runtime.parquet;

import io.arc.api.data.ColumnType;
import org.apache.parquet.format.ConvertedType;
import org.apache.parquet.format.FieldRepetitionType;
import org.apache.parquet.format.LogicalType;
import org.apache.parquet.format.SchemaElement;
import org.apache.parquet.format.TimestampType;
import org.apache.parquet.format.Type;

/// What an element of a file's schema means to Arc.
///
/// @param type the column type it is read as
/// @param exact whether Arc would store that type so
/// @param statistics how the bytes of its statistics are read
/// @param timeKind what it is when it is the column `time`
record StoredType(ColumnType type, boolean exact, StatisticsForm statistics, FooterTime.Kind timeKind, String text) {
    enum StatisticsForm {
        INT32, UINT32, INT64, FLOAT, DOUBLE, BOOLEAN, TEXT, UNUSABLE
    }

    private static StoredType of(ColumnType type, boolean exact, StatisticsForm statistics, String text) {
        return new StoredType(type, exact, statistics, FooterTime.Kind.OTHER, text);
    }

    static StoredType of(SchemaElement element) {
        boolean repeated = element.getRepetition_type() == FieldRepetitionType.REPEATED;
        String text = text(element, repeated);
        if (element.getType() == null || repeated) {
            return of(ColumnType.TEXT, false, StatisticsForm.UNUSABLE, text);
        }
        boolean plain = !element.isSetLogicalType() && !element.isSetConverted_type();
        return switch (element.getType()) {
            case BOOLEAN -> plain ? of(ColumnType.BOOLEAN, true, StatisticsForm.BOOLEAN, text) : other(element, text);
            case INT32 -> int32(element, plain, text);
            case INT64 -> int64(element, plain, text);
            case INT96 -> new StoredType(ColumnType.TEXT, false, StatisticsForm.UNUSABLE, FooterTime.Kind.INT96, text);
            case FLOAT -> plain ? of(ColumnType.FLOAT64, false, StatisticsForm.FLOAT, text) : other(element, text);
            case DOUBLE -> plain ? of(ColumnType.FLOAT64, true, StatisticsForm.DOUBLE, text) : other(element, text);
            case BYTE_ARRAY -> isString(element) ? of(ColumnType.TEXT, true, StatisticsForm.TEXT, text) : other(element, text);
            case FIXED_LEN_BYTE_ARRAY -> other(element, text);
        };
    }

    /// A foreign type: a number that has none of Arc's forms is read as a double, all else as text.
    private static StoredType other(SchemaElement element, String text) {
        boolean number = isDecimal(element) || isUnsigned64(element)
                || element.isSetLogicalType() && element.getLogicalType().isSetFLOAT16();
        return of(number ? ColumnType.FLOAT64 : ColumnType.TEXT, false, StatisticsForm.UNUSABLE, text);
    }

    private static StoredType int32(SchemaElement element, boolean plain, String text) {
        if (plain || isSignedInteger(element)) {
            return of(ColumnType.INT64, false, StatisticsForm.INT32, text);
        }
        if (isUnsignedInteger(element)) {
            return of(ColumnType.INT64, false, StatisticsForm.UINT32, text);
        }
        return other(element, text);
    }

    private static StoredType int64(SchemaElement element, boolean plain, String text) {
        if (plain || isSignedInteger(element)) {
            return of(ColumnType.INT64, true, StatisticsForm.INT64, text);
        }
        FooterTime.Kind kind = timeKind(element);
        return kind == FooterTime.Kind.OTHER ? other(element, text)
                : new StoredType(ColumnType.TEXT, false, StatisticsForm.INT64, kind, text);
    }

    private static FooterTime.Kind timeKind(SchemaElement element) {
        if (element.isSetLogicalType()) {
            if (!element.getLogicalType().isSetTIMESTAMP()) {
                return FooterTime.Kind.OTHER;
            }
            TimestampType timestamp = element.getLogicalType().getTIMESTAMP();
            boolean utc = timestamp.isIsAdjustedToUTC();
            if (timestamp.getUnit().isSetMICROS()) {
                return utc ? FooterTime.Kind.MICROS_UTC : FooterTime.Kind.MICROS_LOCAL;
            }
            if (timestamp.getUnit().isSetMILLIS()) {
                return utc ? FooterTime.Kind.MILLIS_UTC : FooterTime.Kind.MILLIS_LOCAL;
            }
            return utc ? FooterTime.Kind.NANOS_UTC : FooterTime.Kind.NANOS_LOCAL;
        }
        if (element.getConverted_type() == ConvertedType.TIMESTAMP_MICROS) {
            return FooterTime.Kind.MICROS_UTC;
        }
        return element.getConverted_type() == ConvertedType.TIMESTAMP_MILLIS
                ? FooterTime.Kind.MILLIS_UTC : FooterTime.Kind.OTHER;
    }

    private static boolean isString(SchemaElement element) {
        return element.isSetLogicalType() ? element.getLogicalType().isSetSTRING()
                : element.getConverted_type() == ConvertedType.UTF8;
    }

    private static boolean isDecimal(SchemaElement element) {
        return element.isSetLogicalType() ? element.getLogicalType().isSetDECIMAL()
                : element.getConverted_type() == ConvertedType.DECIMAL;
    }

    private static boolean isSignedInteger(SchemaElement element) {
        if (element.isSetLogicalType()) {
            LogicalType logical = element.getLogicalType();
            return logical.isSetINTEGER() && logical.getINTEGER().isIsSigned();
        }
        ConvertedType converted = element.getConverted_type();
        return converted == ConvertedType.INT_8 || converted == ConvertedType.INT_16 || converted == ConvertedType.INT_32
                || converted == ConvertedType.INT_64;
    }

    private static boolean isUnsignedInteger(SchemaElement element) {
        if (element.isSetLogicalType()) {
            LogicalType logical = element.getLogicalType();
            return logical.isSetINTEGER() && !logical.getINTEGER().isIsSigned();
        }
        ConvertedType converted = element.getConverted_type();
        return converted == ConvertedType.UINT_8 || converted == ConvertedType.UINT_16 || converted == ConvertedType.UINT_32
                || converted == ConvertedType.UINT_64;
    }

    private static boolean isUnsigned64(SchemaElement element) {
        return element.getType() == Type.INT64 && isUnsignedInteger(element);
    }

    private static String text(SchemaElement element, boolean repeated) {
        String physical = element.getType() == null ? "group" : element.getType().name();
        String annotation = "";
        if (element.isSetLogicalType() && element.getLogicalType().getSetField() != null) {
            annotation = " (" + element.getLogicalType().getSetField() + ")";
        } else if (element.getConverted_type() != null) {
            annotation = " (" + element.getConverted_type() + ")";
        }
        return (repeated ? "repeated " : "") + physical + annotation;
    }
}
