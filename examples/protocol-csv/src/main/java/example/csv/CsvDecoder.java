package example.csv;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.Column;
import io.arc.api.data.Column.BooleanColumn;
import io.arc.api.data.Column.DoubleColumn;
import io.arc.api.data.Column.LongColumn;
import io.arc.api.data.Column.Utf8Column;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.Role;
import io.arc.api.data.TableId;
import io.arc.api.data.Utf8Block;
import io.arc.api.data.Validity;
import io.arc.api.spi.ByteSlice;
import io.arc.api.spi.IngestProtocol.Decoder;
import io.arc.api.spi.IngestProtocol.Parameters;
import io.arc.api.spi.IngestProtocol.Sink;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/// Reads CSV as RFC 4180 has it. The column `time` holds microseconds since 1970 or an instant such as
/// `2025-10-08T14:30:00Z`; without it rows get the time of their arrival. A column whose values are all whole numbers,
/// numbers, or `true` and `false`, is stored as such, any other as text; an empty value is absent.
///
/// Written to be read: it makes a string a value. A protocol that has to be fast works on the bytes.
final class CsvDecoder implements Decoder {
    static final String TABLE = "table";
    static final String TAGS = "tags";

    private static final String TIME = "time";
    private static final Pattern INTEGER = Pattern.compile("[+-]?[0-9]{1,18}");
    private static final Pattern NUMBER = Pattern.compile("[+-]?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][+-]?[0-9]{1,3})?");
    private static final int MAX_COLUMNS = 10_000;

    private final byte separator;

    CsvDecoder(byte separator) {
        this.separator = separator;
    }

    /// The next record's start and what was read; one body, one thread.
    private final class Reader {
        private final ByteSlice body;
        private final int end;
        private int position;

        Reader(ByteSlice body) {
            this.body = body;
            this.end = body.offset() + body.length();
            this.position = body.offset();
        }

        boolean hasMore() {
            return position < end;
        }

        int offset() {
            return position - body.offset();
        }

        List<String> record() {
            List<String> cells = new ArrayList<>();
            while (true) {
                cells.add(position < end && body.array()[position] == '"' ? quoted() : plain());
                if (cells.size() > MAX_COLUMNS) {
                    throw malformed("the record at byte " + offset() + " has more than " + MAX_COLUMNS + " values");
                }
                if (position < end && body.array()[position] == separator) {
                    position++;
                    continue;
                }
                if (position < end && body.array()[position] == '\r') {
                    position++;
                }
                if (position < end && body.array()[position] == '\n') {
                    position++;
                } else if (position < end) {
                    throw malformed("byte " + offset() + ": expected the separator or the end of the line");
                }
                return cells;
            }
        }

        private String plain() {
            int start = position;
            while (position < end && body.array()[position] != separator && body.array()[position] != '\n'
                    && body.array()[position] != '\r') {
                position++;
            }
            return text(body.array(), start, position - start);
        }

        private String quoted() {
            int start = position++;
            StringBuilder value = new StringBuilder();
            while (true) {
                int from = position;
                while (position < end && body.array()[position] != '"') {
                    position++;
                }
                if (position == end) {
                    throw malformed("byte " + (start - body.offset()) + ": the quoted value has no end");
                }
                value.append(text(body.array(), from, position - from));
                position++;
                if (position == end || body.array()[position] != '"') {
                    return value.toString();
                }
                value.append('"');
                position++;
            }
        }

        private String text(byte[] bytes, int from, int length) {
            try {
                return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, from, length)).toString();
            } catch (CharacterCodingException invalid) {
                throw new ArcException(ErrorCode.MALFORMED_PAYLOAD, "byte " + (from - body.offset())
                        + ": the value is not UTF-8",
                        invalid);
            }
        }
    }

    @Override
    public void decode(ByteSlice body, Parameters parameters, Sink sink) {
        String table = parameters.find(TABLE).orElseThrow(() -> new ArcException(ErrorCode.INVALID_PARAMETER,
                "the parameter 'table' has to name the table"));
        Reader reader = new Reader(body);
        if (!reader.hasMore()) {
            throw malformed("the body is empty; its first line names the columns");
        }
        List<String> header = reader.record();
        Set<String> names = new HashSet<>();
        for (String name : header) {
            if (name.isEmpty() || !names.add(name)) {
                throw malformed(name.isEmpty() ? "a column of the first line has no name" : "the column '" + name
                        + "' is there twice");
            }
        }
        List<List<String>> rows = new ArrayList<>();
        List<Long> times = new ArrayList<>();
        int time = header.indexOf(TIME);
        for (long record = 1; reader.hasMore(); record++) {
            int start = reader.offset();
            List<String> row = reader.record();
            if (row.size() == 1 && row.getFirst().isEmpty() && header.size() > 1) {
                continue;
            }
            if (row.size() != header.size()) {
                sink.reject(record, start, "it has " + row.size() + " values and the header " + header.size());
                continue;
            }
            try {
                times.add(time < 0 || row.get(time).isEmpty() ? parameters.receivedMicros() : micros(row.get(time)));
                rows.add(row);
            } catch (DateTimeException | ArithmeticException wrong) {
                sink.reject(record, start, "its time '" + row.get(time) + "' is neither microseconds nor an ISO 8601 instant");
            }
        }
        if (rows.isEmpty()) {
            return;
        }
        Set<String> tags = Set.copyOf(Arrays.asList(parameters.find(TAGS).orElse("").split(",")).stream().distinct().toList());
        List<Column> columns = new ArrayList<>();
        for (int column = 0; column < header.size(); column++) {
            if (column != time) {
                columns.add(column(header.get(column), tags.contains(header.get(column)), rows, column));
            }
        }
        sink.accept(new ColumnBatch(new TableId(parameters.database(), table), rows.size(),
                times.stream().mapToLong(Long::longValue).toArray(), columns));
    }

    private static long micros(String text) {
        if (INTEGER.matcher(text).matches()) {
            return Long.parseLong(text);
        }
        Instant instant = Instant.parse(text);
        return Math.addExact(Math.multiplyExact(instant.getEpochSecond(), 1_000_000L), instant.getNano() / 1_000);
    }

    private static Column column(String name, boolean isTag, List<List<String>> rows, int column) {
        String[] values = new String[rows.size()];
        long[] present = new long[Validity.wordCount(values.length)];
        for (int row = 0; row < values.length; row++) {
            values[row] = rows.get(row).get(column);
            if (!values[row].isEmpty()) {
                present[row >> 6] |= 1L << row;
            }
        }
        Validity validity = new Validity(present);
        if (isTag) {
            return new Utf8Column(name, Role.TAG, Utf8Block.of(values), validity);
        }
        if (all(values, value -> INTEGER.matcher(value).matches())) {
            long[] longs = new long[values.length];
            Arrays.setAll(longs, row -> values[row].isEmpty() ? 0 : Long.parseLong(values[row]));
            return new LongColumn(name, Role.FIELD, longs, validity);
        }
        if (all(values, value -> NUMBER.matcher(value).matches())) {
            double[] doubles = new double[values.length];
            Arrays.setAll(doubles, row -> values[row].isEmpty() ? 0 : Double.parseDouble(values[row]));
            return new DoubleColumn(name, Role.FIELD, doubles, validity);
        }
        if (all(values, value -> value.equals("true") || value.equals("false"))) {
            boolean[] booleans = new boolean[values.length];
            for (int row = 0; row < values.length; row++) {
                booleans[row] = values[row].equals("true");
            }
            return new BooleanColumn(name, Role.FIELD, booleans, validity);
        }
        return new Utf8Column(name, Role.FIELD, Utf8Block.of(values), validity);
    }

    /// A column without any value is text.
    private static boolean all(String[] values, Predicate<String> form) {
        return Arrays.stream(values).anyMatch(value -> !value.isEmpty())
                && Arrays.stream(values).allMatch(value -> value.isEmpty() || form.test(value));
    }

    private static ArcException malformed(String message) {
        return new ArcException(ErrorCode.MALFORMED_PAYLOAD, message);
    }
}
