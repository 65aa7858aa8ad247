package io.arc.plugin.lineproto;

import java.util.Arrays;
import java.util.Optional;

/// The rows of one measurement: their times, their columns, and how its lines are laid out. One thread.
final class TableRows {
    private static final int FIRST_COLUMNS = 8;

    private final int id;
    private final String name;
    // As the first line wrote it; no bytes when it must not be compared in place.
    private final byte[] spelling;

    private long body = -1;
    private Optional<String> problem = Optional.empty();
    private int rows;
    private long[] micros = {};
    private long lineBytes;
    private int namedColumns;
    private ColumnRows[] layout = new ColumnRows[FIRST_COLUMNS];
    private ColumnRows[] columns = new ColumnRows[FIRST_COLUMNS];
    private int columnCount;

    TableRows(int id, String name, byte[] spelling) {
        this.id = id;
        this.name = name;
        this.spelling = spelling;
    }

    int id() {
        return id;
    }

    String name() {
        return name;
    }

    /// Whether the body has the table's name at `at`, with a comma or a blank behind it.
    boolean isSpelledAt(byte[] bytes, int at, int limit) {
        int length = spelling.length;
        if (length == 0 || length >= limit - at) {
            return false;
        }
        byte next = bytes[at + length];
        return (next == ',' || next == ' ') && Arrays.equals(spelling, 0, length, bytes, at, at + length);
    }

    int spellingLength() {
        return spelling.length;
    }

    /// Which body the rows are of, as the decoder numbers bodies.
    long body() {
        return body;
    }

    /// Forgets the rows of an earlier body and keeps the memory and the layout.
    void startBody(long number, Optional<String> nameProblem) {
        body = number;
        problem = nameProblem;
        rows = 0;
        lineBytes = 0;
        namedColumns = 0;
        columnCount = 0;
    }

    /// Why no row can be stored in this table.
    Optional<String> problem() {
        return problem;
    }

    /// The column that the line before had at this place, or null.
    ColumnRows expected(int place) {
        return layout[place];
    }

    /// Notes which column a line has at a place. Afterwards there is a next place.
    void expect(int place, ColumnRows column) {
        layout[place] = column;
    }

    /// How many places [#expected] and [#expect] know.
    int layoutSize() {
        return layout.length;
    }

    void widenLayout(int place) {
        layout = Growth.forIndex(layout, place);
    }

    /// Counts the columns that this body's lines name, good ones or not.
    int countNamedColumn() {
        return ++namedColumns;
    }

    /// Notes that a column has its first value.
    void include(ColumnRows column) {
        columns = Growth.forIndex(columns, columnCount);
        columns[columnCount++] = column;
    }

    int columnCount() {
        return columnCount;
    }

    /// The columns with values, in the order of their first ones.
    ColumnRows column(int index) {
        return columns[index];
    }

    /// The number of rows so far, hence the number of the next row.
    int rows() {
        return rows;
    }

    void addRow(long epochMicros, int bytes) {
        if (rows == micros.length) {
            micros = Growth.forIndex(micros, rows);
        }
        micros[rows++] = epochMicros;
        lineBytes += bytes;
    }

    long micros(int row) {
        return micros[row];
    }

    long[] copyMicros() {
        return Arrays.copyOf(micros, rows);
    }

    /// The size of the lines that the rows came in.
    long lineBytes() {
        return lineBytes;
    }

    /// The scratch memory that the table keeps, without its columns.
    long retainedBytes() {
        return 160 + 2L * name.length() + spelling.length + 8L * micros.length + 8L * (layout.length + columns.length);
    }
}
