package io.arc.runtime.duckdb;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.Column;
import io.arc.api.data.Column.BooleanColumn;
import io.arc.api.data.Column.DictionaryColumn;
import io.arc.api.data.Column.DoubleColumn;
import io.arc.api.data.Column.LongColumn;
import io.arc.api.data.Column.Utf8Column;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.ColumnType;
import io.arc.api.data.Utf8Block;
import io.arc.api.data.Validity;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.duckdb.DuckDBColumnType;
import org.duckdb.DuckDBConnection;
import org.duckdb.DuckDBDataChunkWriter;
import org.duckdb.DuckDBFunctions;
import org.duckdb.DuckDBTableFunction;
import org.duckdb.DuckDBTableFunctionBindInfo;
import org.duckdb.DuckDBTableFunctionBuilder;
import org.duckdb.DuckDBTableFunctionCallInfo;
import org.duckdb.DuckDBTableFunctionInitInfo;
import org.duckdb.DuckDBWritableVector;

/// Makes column batches readable by SQL, straight from their arrays: `SELECT ... FROM _arc_rows(id)`. The function's first
/// column
/// is `time` as BIGINT microseconds, then come the columns given at the registration. Only columns that a statement uses are
/// read, and any number of references, scans and threads may read one id at once.
///
/// The function is registered once for the instance, because DuckDB cannot remove a Java function; the rows behind an id come
/// and go with [#share] and [Shared#close]. Thread-safe.
public final class HotRows {
    /// The name of the table function. No user statement may call it.
    public static final String FUNCTION = "_arc_rows";

    private final ConcurrentHashMap<Long, Shared> shares = new ConcurrentHashMap<>();
    private final AtomicLong ids = new AtomicLong();
    private final int maxThreads;

    HotRows(int maxThreads) {
        this.maxThreads = maxThreads;
    }

    /// Makes batches visible under a new id until the result is closed. A batch may lack a column, whose rows are NULL then;
    /// a batch that has it has it with the given type.
    ///
    /// @param columns name and type of each column besides `time`, in the order of the function's columns
    public Shared share(List<ColumnBatch> batches, List<SharedColumn> columns) {
        Shared shared = new Shared(this, ids.incrementAndGet(), batches, columns);
        shares.put(shared.id, shared);
        return shared;
    }

    /// One column of shared batches.
    public record SharedColumn(String name, ColumnType type) {}

    /// How many ids are open; 0 when no query runs.
    public int openShares() {
        return shares.size();
    }

    void register(DuckDBConnection connection) throws SQLException {
        try (DuckDBTableFunctionBuilder builder = DuckDBFunctions.tableFunction()) {
            builder.withName(FUNCTION).withParameter(Long.class).withProjectionPushdown().withFunction(new RowsFunction())
                    .register(connection);
        }
    }

    /// Batches under an id. Holds the batches' memory until it is closed.
    public static final class Shared implements AutoCloseable {
        private final HotRows owner;
        private final long id;
        private final List<ColumnBatch> batches;
        private final List<SharedColumn> columns;
        /// `[batch][column]`: the batch's column, or null where the batch lacks it.
        private final Column[][] found;
        private final long rowCount;

        private Shared(HotRows owner, long id, List<ColumnBatch> batches, List<SharedColumn> columns) {
            this.owner = owner;
            this.id = id;
            this.batches = List.copyOf(batches);
            this.columns = List.copyOf(columns);
            this.found = new Column[batches.size()][columns.size()];
            long rows = 0;
            for (int batch = 0; batch < batches.size(); batch++) {
                rows += batches.get(batch).rowCount();
                Map<String, Column> byName = new java.util.HashMap<>();
                for (Column column : batches.get(batch).columns()) {
                    byName.put(column.name(), column);
                }
                for (int index = 0; index < columns.size(); index++) {
                    Column column = byName.get(columns.get(index).name());
                    if (column != null && column.type() != columns.get(index).type()) {
                        throw new IllegalArgumentException("column " + column.name() + " of " + batches.get(batch).table()
                                + " is " + column.type() + ", shared as " + columns.get(index).type());
                    }
                    found[batch][index] = column;
                }
            }
            this.rowCount = rows;
        }

        public long id() {
            return id;
        }

        @Override
        public void close() {
            owner.shares.remove(id);
        }
    }

    private static DuckDBColumnType duckDbType(ColumnType type) {
        return switch (type) {
            case INT64 -> DuckDBColumnType.BIGINT;
            case FLOAT64 -> DuckDBColumnType.DOUBLE;
            case BOOLEAN -> DuckDBColumnType.BOOLEAN;
            case TEXT -> DuckDBColumnType.VARCHAR;
        };
    }

    /// What one scan's threads share: the place where the next of them goes on.
    private static final class Scan {
        private final Shared shared;
        private final int[] projection;
        /// First chunk of each batch, and after the last batch the number of all chunks.
        private final long[] firstChunk;
        private final AtomicLong nextChunk = new AtomicLong();
        /// `[batch][projected column]`: the dictionary's entries as arrays, made when first needed; races are harmless.
        private final byte[][][][] dictionaries;

        Scan(Shared shared, int[] projection) {
            this.shared = shared;
            this.projection = projection;
            this.firstChunk = new long[shared.batches.size() + 1];
            for (int batch = 0; batch < shared.batches.size(); batch++) {
                firstChunk[batch + 1] = firstChunk[batch]
                        + (shared.batches.get(batch).rowCount() + CHUNK_ROWS - 1) / CHUNK_ROWS;
            }
            this.dictionaries = new byte[shared.batches.size()][projection.length][][];
        }
    }

    /// DuckDB's vector size; a chunk never holds more.
    private static final int CHUNK_ROWS = 2048;

    private final class RowsFunction implements DuckDBTableFunction<Shared, Scan, AtomicInteger> {
        @Override
        public Shared bind(DuckDBTableFunctionBindInfo info) {
            long id = info.getParameter(0).getLong();
            Shared shared = shares.get(id);
            if (shared == null) {
                throw new ArcException(ErrorCode.INTERNAL, "the rows " + id + " are no longer shared");
            }
            info.addResultColumn("time", DuckDBColumnType.BIGINT);
            int index = 0;
            for (SharedColumn column : shared.columns) {
                // Positions, not names: two names that differ in case only would be one column to DuckDB.
                info.addResultColumn("c" + index++, duckDbType(column.type()));
            }
            info.setCardinality(shared.rowCount, true);
            return shared;
        }

        @Override
        public Scan init(DuckDBTableFunctionInitInfo info) {
            Shared shared = info.getBindData();
            int[] projection = new int[Math.toIntExact(info.getColumnCount())];
            for (int i = 0; i < projection.length; i++) {
                long column = info.getColumnIndex(i);
                // A statement that needs no column (count) asks for the row id, which is beyond the columns.
                projection[i] = column < 0 || column > shared.columns.size() ? -1 : (int) column;
            }
            Scan scan = new Scan(shared, projection);
            info.setMaxThreads(Math.max(1, Math.min(maxThreads, scan.firstChunk[shared.batches.size()] / 8)));
            return scan;
        }

        @Override
        public long apply(DuckDBTableFunctionCallInfo info, DuckDBDataChunkWriter output) {
            Scan scan = info.getInitData();
            long chunk = scan.nextChunk.getAndIncrement();
            long chunks = scan.firstChunk[scan.firstChunk.length - 1];
            if (chunk >= chunks) {
                return 0;
            }
            int batch = Arrays.binarySearch(scan.firstChunk, chunk);
            if (batch < 0) {
                batch = -batch - 2;
            }
            // Empty batches share their first chunk with the next one; the last of equals holds the rows.
            while (scan.firstChunk[batch + 1] == chunk) {
                batch++;
            }
            int from = Math.toIntExact((chunk - scan.firstChunk[batch]) * CHUNK_ROWS);
            ColumnBatch rows = scan.shared.batches.get(batch);
            int count = Math.min(CHUNK_ROWS, rows.rowCount() - from);
            for (int i = 0; i < scan.projection.length; i++) {
                int column = scan.projection[i];
                DuckDBWritableVector vector = output.vector(i);
                if (column == 0) {
                    long[] times = rows.epochMicros();
                    for (int row = 0; row < count; row++) {
                        vector.setLong(row, times[from + row]);
                    }
                } else if (column > 0) {
                    fill(vector, scan, batch, i, column - 1, from, count);
                }
            }
            return count;
        }
    }

    private static void fill(DuckDBWritableVector vector, Scan scan, int batch, int slot, int index, int from, int count) {
        Column column = scan.shared.found[batch][index];
        if (column == null) {
            for (int row = 0; row < count; row++) {
                vector.setNull(row);
            }
            return;
        }
        switch (column) {
            case LongColumn longs -> {
                long[] values = longs.values();
                for (int row = 0; row < count; row++) {
                    vector.setLong(row, values[from + row]);
                }
            }
            case DoubleColumn doubles -> {
                double[] values = doubles.values();
                for (int row = 0; row < count; row++) {
                    vector.setDouble(row, values[from + row]);
                }
            }
            case BooleanColumn booleans -> {
                boolean[] values = booleans.values();
                for (int row = 0; row < count; row++) {
                    vector.setBoolean(row, values[from + row]);
                }
            }
            case Utf8Column texts -> {
                Utf8Block block = texts.values();
                byte[][] strings = new byte[count][];
                Validity validity = texts.validity();
                for (int row = 0; row < count; row++) {
                    int at = from + row;
                    strings[row] = validity.isPresent(at)
                            ? Arrays.copyOfRange(block.bytes(), block.offsets()[at], block.offsets()[at + 1])
                            : NO_BYTES;
                }
                vector.setStringUtf8Batch(0, strings);
            }
            case DictionaryColumn texts -> {
                byte[][] strings = new byte[count][];
                byte[][] entries = entries(scan, batch, slot, texts);
                Utf8Block block = texts.dictionary();
                Validity validity = texts.validity();
                for (int row = 0; row < count; row++) {
                    int at = from + row;
                    byte[] entry = NO_BYTES;
                    if (validity.isPresent(at)) {
                        int code = texts.codes()[at];
                        entry = entries[code];
                        if (entry == null) {
                            entry = Arrays.copyOfRange(block.bytes(), block.offsets()[code], block.offsets()[code + 1]);
                            entries[code] = entry;
                        }
                    }
                    strings[row] = entry;
                }
                vector.setStringUtf8Batch(0, strings);
            }
        }
        Validity validity = column.validity();
        if (!validity.isAllPresent()) {
            for (int row = 0; row < count; row++) {
                if (!validity.isPresent(from + row)) {
                    vector.setNull(row);
                }
            }
        }
    }

    private static byte[][] entries(Scan scan, int batch, int slot, DictionaryColumn texts) {
        byte[][] entries = scan.dictionaries[batch][slot];
        if (entries == null) {
            entries = new byte[texts.dictionary().offsets().length - 1][];
            scan.dictionaries[batch][slot] = entries;
        }
        return entries;
    }

    private static final byte[] NO_BYTES = {};
}
