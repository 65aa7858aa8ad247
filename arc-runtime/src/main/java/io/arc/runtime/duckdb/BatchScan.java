package io.arc.runtime.duckdb;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.Column;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.ColumnType;
import io.arc.api.data.Role;
import io.arc.api.data.TableId;
import io.arc.api.data.Utf8Block;
import io.arc.api.data.Validity;
import java.io.IOException;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.duckdb.DuckDBConnection;
import org.duckdb.DuckDBResultSet;

/// Runs a statement and gives its rows as column batches: the first column is the time in microseconds (BIGINT, never null),
/// each other one BIGINT, DOUBLE, BOOLEAN or VARCHAR. Rows come in the statement's order.
public final class BatchScan {
    private static final int BATCH_ROWS = 1 << 15;

    private BatchScan() {}

    /// @param names of the columns behind the time
    /// @param each gets batches that are its own
    /// @throws ArcException OVERLOADED when memory or disk do not suffice, CORRUPT_DATA for files that
    ///     cannot be read
    public static void run(DuckDb duckDb, String sql, TableId table, List<String> names, Consumer<ColumnBatch> each) {
        try (DuckDBConnection connection = duckDb.connect(); PreparedStatement statement = connection.prepareStatement(sql);
                BufferAllocator allocator = new RootAllocator();
                DuckDBResultSet rows = (DuckDBResultSet) statement.executeQuery();
                ArrowReader reader = (ArrowReader) rows.arrowExportStream(allocator, BATCH_ROWS)) {
            VectorSchemaRoot root = reader.getVectorSchemaRoot();
            while (reader.loadNextBatch()) {
                if (root.getRowCount() > 0) {
                    each.accept(batch(root, table, names));
                }
            }
        } catch (SQLException | IOException failed) {
            String message = String.valueOf(failed.getMessage());
            boolean full = message.contains("Out of Memory") || message.contains("max_temp_directory_size");
            throw new ArcException(full ? ErrorCode.OVERLOADED : ErrorCode.CORRUPT_DATA, "reading files of " + table
                    + " failed: " + message.lines().findFirst().orElse("without a reason"), failed);
        }
    }

    private static ColumnBatch batch(VectorSchemaRoot root, TableId table, List<String> names) {
        int count = root.getRowCount();
        BigIntVector time = (BigIntVector) root.getVector(0);
        long[] micros = new long[count];
        for (int i = 0; i < count; i++) {
            if (time.isNull(i)) {
                throw new ArcException(ErrorCode.CORRUPT_DATA, "a file of " + table + " has a row without a time");
            }
            micros[i] = time.get(i);
        }
        List<Column> columns = new ArrayList<>(names.size());
        for (int c = 0; c < names.size(); c++) {
            columns.add(column(names.get(c), root.getVector(c + 1), count));
        }
        return new ColumnBatch(table, count, micros, columns);
    }

    private static Column column(String name, FieldVector vector, int count) {
        Validity validity = Validity.ALL_PRESENT;
        if (vector.getNullCount() > 0) {
            long[] words = new long[Validity.wordCount(count)];
            for (int i = 0; i < count; i++) {
                if (!vector.isNull(i)) {
                    words[i >>> 6] |= 1L << i;
                }
            }
            validity = new Validity(words);
        }
        return switch (vector) {
            case BigIntVector longs -> {
                long[] values = new long[count];
                for (int i = 0; i < count; i++) {
                    values[i] = longs.isNull(i) ? 0 : longs.get(i);
                }
                yield new Column.LongColumn(name, Role.FIELD, values, validity);
            }
            case Float8Vector doubles -> {
                double[] values = new double[count];
                for (int i = 0; i < count; i++) {
                    values[i] = doubles.isNull(i) ? 0 : doubles.get(i);
                }
                yield new Column.DoubleColumn(name, Role.FIELD, values, validity);
            }
            case BitVector booleans -> {
                boolean[] values = new boolean[count];
                for (int i = 0; i < count; i++) {
                    values[i] = !booleans.isNull(i) && booleans.get(i) != 0;
                }
                yield new Column.BooleanColumn(name, Role.FIELD, values, validity);
            }
            case VarCharVector texts -> {
                int[] offsets = new int[count + 1];
                for (int i = 0; i < count; i++) {
                    offsets[i + 1] = Math.addExact(offsets[i], texts.isNull(i) ? 0 : texts.getValueLength(i));
                }
                byte[] bytes = new byte[offsets[count]];
                for (int i = 0; i < count; i++) {
                    if (!texts.isNull(i)) {
                        texts.getDataBuffer().getBytes(texts.getStartOffset(i), bytes, offsets[i], offsets[i + 1] - offsets[i]);
                    }
                }
                yield new Column.Utf8Column(name, Role.FIELD, new Utf8Block(bytes, offsets), validity);
            }
            default -> throw new IllegalArgumentException("column " + name + " is " + vector.getField().getType());
        };
    }

    /// What DuckDB calls a column type.
    public static String sqlType(ColumnType type) {
        return switch (type) {
            case INT64 -> "BIGINT";
            case FLOAT64 -> "DOUBLE";
            case BOOLEAN -> "BOOLEAN";
            case TEXT -> "VARCHAR";
        };
    }
}
