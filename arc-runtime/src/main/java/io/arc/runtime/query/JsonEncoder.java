package io.arc.runtime.query;

import java.time.temporal.ChronoUnit;
import java.util.List;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;

/// The JSON answer:
/// `{"success":true,"columns":[...],"data":[[...],...],"row_count":n,"execution_time_ms":n,"timestamp":"..."}`.
///
/// A failure after the first bytes closes the rows and ends with `"truncated":true`, the error, and a second
/// `"success":false`, which is the one that readers keep.
final class JsonEncoder implements ResultEncoder {
    private final NumberText numbers = new NumberText();
    private List<ResultColumn> columns;
    private boolean first = true;

    @Override
    public void begin(List<ResultColumn> newColumns, VectorSchemaRoot shape, ByteOutput out) {
        columns = newColumns;
        out.ascii("{\"success\":true,\"columns\":[");
        for (int i = 0; i < columns.size(); i++) {
            if (i > 0) {
                out.put(',');
            }
            ColumnReader.quoted(columns.get(i).name(), out);
        }
        out.ascii("],\"data\":[");
    }

    @Override
    public void batch(VectorSchemaRoot batch, ByteOutput out) {
        ColumnReader[] readers = readers(batch, columns, numbers);
        int rows = batch.getRowCount();
        for (int row = 0; row < rows; row++) {
            if (first) {
                first = false;
            } else {
                out.put(',');
            }
            out.put('[');
            for (int i = 0; i < readers.length; i++) {
                if (i > 0) {
                    out.put(',');
                }
                readers[i].json(row, out);
            }
            out.put(']');
        }
    }

    static ColumnReader[] readers(VectorSchemaRoot batch, List<ResultColumn> columns, NumberText numbers) {
        List<FieldVector> vectors = batch.getFieldVectors();
        ColumnReader[] readers = new ColumnReader[vectors.size()];
        for (int i = 0; i < readers.length; i++) {
            readers[i] = new ColumnReader(vectors.get(i), columns.get(i), numbers);
        }
        return readers;
    }

    @Override
    public void end(Summary summary, ByteOutput out) {
        tail(summary, out);
        out.put('}');
    }

    @Override
    public void fail(String message, Summary summary, ByteOutput out) {
        tail(summary, out);
        out.ascii(",\"truncated\":true,\"truncation_reason\":");
        ColumnReader.quoted(message, out);
        out.ascii(",\"error\":");
        ColumnReader.quoted(message, out);
        out.ascii(",\"success\":false}");
    }

    private static void tail(Summary summary, ByteOutput out) {
        out.ascii("],\"row_count\":");
        NumberText.whole(out, summary.rowCount());
        out.ascii(",\"execution_time_ms\":");
        NumberText.whole(out, summary.executionMillis());
        out.ascii(",\"timestamp\":\"" + summary.started().truncatedTo(ChronoUnit.SECONDS) + "\"");
        if (summary.profile() != null) {
            out.ascii(",\"profile\":{\"total_ms\":");
            NumberText.decimal(out, rounded(summary.profile().totalMillis()));
            out.ascii(",\"planner_ms\":");
            NumberText.decimal(out, rounded(summary.profile().plannerMillis()));
            out.ascii(",\"execution_ms\":");
            NumberText.decimal(out, rounded(summary.profile().executionMillis()));
            out.ascii(",\"latency_ms\":");
            NumberText.decimal(out, rounded(summary.profile().waitMillis()));
            out.put('}');
        }
    }

    private static double rounded(double millis) {
        return Math.round(millis * 1000) / 1000.0;
    }
}
