package io.arc.runtime.query;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.VectorUnloader;
import org.apache.arrow.vector.ipc.ArrowStreamWriter;
import org.apache.arrow.vector.ipc.WriteChannel;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;
import org.apache.arrow.vector.ipc.message.IpcOption;
import org.apache.arrow.vector.ipc.message.MessageSerializer;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/// An Arrow IPC stream: schema, batches, end mark. Decimals go as int64 (scale 0) or float64, because few clients know them;
/// all
/// else as DuckDB gives it, without a copy. A stream that ends without its end mark has failed.
final class ArrowEncoder implements ResultEncoder {
    private final BufferAllocator allocator;
    private final NumberText numbers = new NumberText();
    private List<ResultColumn> columns;
    private Schema schema;

    ArrowEncoder(BufferAllocator allocator) {
        this.allocator = allocator;
    }

    @Override
    public void begin(List<ResultColumn> newColumns, VectorSchemaRoot shape, ByteOutput out) {
        columns = newColumns;
        List<Field> fields = new ArrayList<>();
        for (int i = 0; i < columns.size(); i++) {
            Field field = shape.getVector(i).getField();
            ArrowType type = field.getType();
            if (type instanceof ArrowType.Decimal decimal) {
                type = decimal.getScale() == 0 ? new ArrowType.Int(64, true)
                        : new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE);
            }
            fields.add(new Field(columns.get(i).name(), new FieldType(true, type, null), field.getChildren()));
        }
        schema = new Schema(fields);
        try {
            MessageSerializer.serialize(channel(out), schema);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void batch(VectorSchemaRoot batch, ByteOutput out) {
        if (batch.getRowCount() == 0) {
            return;
        }
        List<FieldVector> converted = new ArrayList<>();
        List<FieldVector> vectors = new ArrayList<>();
        try {
            for (int i = 0; i < columns.size(); i++) {
                FieldVector vector = batch.getVector(i);
                if (vector.getField().getType() instanceof ArrowType.Decimal) {
                    FieldVector plain = convert(new ColumnReader(vector, columns.get(i), numbers), batch.getRowCount(), i);
                    converted.add(plain);
                    vectors.add(plain);
                } else {
                    vectors.add(vector);
                }
            }
            VectorSchemaRoot root = new VectorSchemaRoot(schema, vectors, batch.getRowCount());
            try (ArrowRecordBatch record = new VectorUnloader(root).getRecordBatch()) {
                MessageSerializer.serialize(channel(out), record);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            for (FieldVector each : converted) {
                each.close();
            }
        }
    }

    private FieldVector convert(ColumnReader reader, int rows, int index) {
        if (reader.scale == 0) {
            BigIntVector longs = new BigIntVector(columns.get(index).name(), allocator);
            longs.allocateNew(rows);
            for (int row = 0; row < rows; row++) {
                if (reader.isNull(row)) {
                    longs.setNull(row);
                } else {
                    longs.set(row, exactLongOrClose(reader, row, longs));
                }
            }
            longs.setValueCount(rows);
            return longs;
        }
        Float8Vector doubles = new Float8Vector(columns.get(index).name(), allocator);
        doubles.allocateNew(rows);
        for (int row = 0; row < rows; row++) {
            if (reader.isNull(row)) {
                doubles.setNull(row);
            } else {
                doubles.set(row, reader.decimalAsDouble(row));
            }
        }
        doubles.setValueCount(rows);
        return doubles;
    }

    private static long exactLongOrClose(ColumnReader reader, int row, BigIntVector owner) {
        try {
            return exactLong(reader, row);
        } catch (ArcException e) {
            owner.close();
            throw e;
        }
    }

    /// A decimal without fraction as a long.
    ///
    /// @throws ArcException QUERY_REJECTED when it does not fit
    static long exactLong(ColumnReader reader, int row) {
        if (!reader.isSmallDecimal(row)) {
            throw new ArcException(ErrorCode.QUERY_REJECTED, "the answer holds the whole number " + reader.decimalAt(row)
                    .toPlainString() + ", which does not fit 64 bits in this format; cast the column to DOUBLE or VARCHAR");
        }
        return reader.unscaledLong(row);
    }

    @Override
    public void end(Summary summary, ByteOutput out) {
        try {
            ArrowStreamWriter.writeEndOfStream(channel(out), IpcOption.DEFAULT);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void fail(String message, Summary summary, ByteOutput out) {
        // Without the end mark readers know; the caller aborts the connection besides.
    }

    private static WriteChannel channel(ByteOutput out) {
        return new WriteChannel(new WritableByteChannel() {
            @Override
            public int write(ByteBuffer source) {
                int count = source.remaining();
                out.room(count);
                source.get(out.bytes, out.size, count);
                out.size += count;
                return count;
            }

            @Override
            public boolean isOpen() {
                return true;
            }

            @Override
            public void close() {}
        });
    }
}
