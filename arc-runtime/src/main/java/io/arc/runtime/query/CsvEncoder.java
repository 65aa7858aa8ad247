package io.arc.runtime.query;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.arrow.vector.VectorSchemaRoot;

/// RFC 4180 with a header line and CRLF. NULL is an empty field, an empty text is `""`.
final class CsvEncoder implements ResultEncoder {
    private final NumberText numbers = new NumberText();
    private List<ResultColumn> columns;

    @Override
    public void begin(List<ResultColumn> newColumns, VectorSchemaRoot shape, ByteOutput out) {
        columns = newColumns;
        for (int i = 0; i < columns.size(); i++) {
            if (i > 0) {
                out.put(',');
            }
            byte[] name = columns.get(i).name().getBytes(StandardCharsets.UTF_8);
            int start = out.size;
            out.put(name);
            quoteIfNeeded(out, start);
        }
        out.ascii("\r\n");
    }

    @Override
    public void batch(VectorSchemaRoot batch, ByteOutput out) {
        ColumnReader[] readers = JsonEncoder.readers(batch, columns, numbers);
        int rows = batch.getRowCount();
        for (int row = 0; row < rows; row++) {
            for (int i = 0; i < readers.length; i++) {
                if (i > 0) {
                    out.put(',');
                }
                if (!readers[i].isNull(row)) {
                    int start = out.size;
                    readers[i].text(row, out);
                    quoteIfNeeded(out, start);
                }
            }
            out.ascii("\r\n");
        }
    }

    private static void quoteIfNeeded(ByteOutput out, int start) {
        boolean needed = out.size == start;
        for (int i = start; i < out.size && !needed; i++) {
            byte b = out.bytes[i];
            needed = b == ',' || b == '"' || b == '\n' || b == '\r';
        }
        if (needed) {
            byte[] field = java.util.Arrays.copyOfRange(out.bytes, start, out.size);
            out.size = start;
            out.put('"');
            for (byte b : field) {
                if (b == '"') {
                    out.put('"');
                }
                out.put(b);
            }
            out.put('"');
        }
    }

    @Override
    public void end(Summary summary, ByteOutput out) {}

    @Override
    public void fail(String message, Summary summary, ByteOutput out) {
        // CSV cannot say it; the caller aborts the connection.
    }
}
