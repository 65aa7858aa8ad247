package io.arc.plugin.lineproto;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Line protocol read slowly and obviously: one character of an ISO-8859-1 string is one byte, values are text until the end,
/// numbers go through `BigInteger` and `Double.parseDouble`. What it gives is compared with the decoder's output.
final class ReferenceLines {
    private static final Pattern TABLE = Pattern.compile("[A-Za-z][A-Za-z0-9_-]{0,127}");
    private static final Pattern INTEGER = Pattern.compile("([+-]?[0-9]+)i");
    private static final Pattern UNSIGNED = Pattern.compile("(\\+?[0-9]+)u");
    private static final Pattern FLOAT = Pattern.compile("[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?");
    private static final Set<String> TRUE = Set.of("t", "T", "true", "True", "TRUE");
    private static final Set<String> FALSE = Set.of("f", "F", "false", "False", "FALSE");

    enum Kind {
        INTEGER, FLOAT, BOOLEAN, TEXT
    }

    /// A value: its kind and its text, for text without quotes and escapes, for integers without the suffix.
    private record Value(Kind kind, String text) {
        boolean isInexact() {
            return kind == Kind.INTEGER && !new BigDecimal(text).equals(
                    new BigDecimal((double) Long.parseLong(text)).setScale(0));
        }
    }

    private record Point(String table, Map<String, String> tags, Map<String, Value> fields, long micros) {}

    private static final class Table {
        private final List<Point> points = new ArrayList<>();
        private final Map<String, Kind> kinds = new LinkedHashMap<>();
        private final Map<String, Boolean> inexact = new LinkedHashMap<>();
    }

    private static final class BadLine extends Exception {
        private static final long serialVersionUID = 1L;
        private final int at;

        BadLine(int at) {
            super("bad", null, false, false);
            this.at = at;
        }
    }

    private final String body;
    private final long microsPerUnit;
    private final long nanosPerMicro;
    private final long receivedMicros;
    private final Map<String, Table> tables = new LinkedHashMap<>();
    private final List<String> rejected = new ArrayList<>();
    private int at;
    private boolean paired;

    /// @param microsPerUnit 0 for nanoseconds
    ReferenceLines(byte[] body, long microsPerUnit, long receivedMicros) {
        this.body = new String(body, StandardCharsets.ISO_8859_1);
        this.microsPerUnit = Math.max(1, microsPerUnit);
        this.nanosPerMicro = microsPerUnit == 0 ? 1_000 : 1;
        this.receivedMicros = receivedMicros;
        read();
    }

    /// `line@position` of each bad line.
    List<String> rejected() {
        return rejected;
    }

    private void read() {
        while (at < body.length()) {
            int start = at;
            while (at < body.length() && " \t\r".indexOf(body.charAt(at)) >= 0) {
                at++;
            }
            if (at == body.length()) {
                return;
            }
            if (body.charAt(at) == '\n') {
                at++;
                continue;
            }
            if (body.charAt(at) == '#') {
                at = body.indexOf('\n', at) < 0 ? body.length() : body.indexOf('\n', at) + 1;
                continue;
            }
            readLine(start, at);
        }
    }

    private long lineNumber(int position) {
        return 1 + body.substring(0, position).chars().filter(each -> each == '\n').count();
    }

    private void readLine(int lineStart, int start) {
        Point point = null;
        int wrongAt = -1;
        for (boolean reading : new boolean[] {false, true}) {
            if (point == null) {
                paired = reading;
                at = start;
                try {
                    point = point();
                } catch (BadLine bad) {
                    wrongAt = wrongAt < 0 ? bad.at : wrongAt;
                }
            }
        }
        if (point == null) {
            rejected.add(lineNumber(lineStart) + "@" + lineStart);
            at = endOfBadLine(wrongAt, start) + 1;
        } else {
            at++;
            Table table = tables.computeIfAbsent(point.table, name -> new Table());
            if (fits(table, point)) {
                add(table, point);
            } else {
                rejected.add(lineNumber(lineStart) + "@" + lineStart);
            }
        }
    }

    private int endOfBadLine(int from, int start) {
        int i = from;
        while (i < body.length() && body.charAt(i) != '\n') {
            if (i > start && body.startsWith("=\"", i - 1) && closing(i + 1) >= 0) {
                i = closing(i + 1);
            }
            i++;
        }
        return i;
    }

    private int closing(int from) {
        for (int i = from; i < body.length(); i++) {
            if (body.charAt(i) == '"') {
                return i;
            }
            if (body.startsWith("\\\"", i) || body.startsWith("\\\\", i)) {
                i++;
            }
        }
        return -1;
    }

    private static boolean fits(Table table, Point point) {
        for (Map.Entry<String, Value> field : point.fields.entrySet()) {
            Kind before = table.kinds.get(field.getKey());
            Kind now = field.getValue().kind;
            if (before == null || before == now || before == Kind.TEXT || now == Kind.TEXT) {
                continue;
            }
            if (before == Kind.BOOLEAN || now == Kind.BOOLEAN) {
                return false;
            }
            if (now == Kind.INTEGER ? field.getValue().isInexact() : table.inexact.getOrDefault(field.getKey(), false)) {
                return false;
            }
        }
        return true;
    }

    private static void add(Table table, Point point) {
        table.points.add(point);
        point.fields.forEach((name, value) -> {
            table.kinds.merge(name, value.kind, (before, now) -> before == now ? now
                    : before == Kind.TEXT || now == Kind.TEXT ? Kind.TEXT : Kind.FLOAT);
            table.inexact.merge(name, value.isInexact(), (before, now) -> before || now);
        });
    }

    private boolean isBlank() {
        return at < body.length() && (body.charAt(at) == ' ' || body.charAt(at) == '\t');
    }

    private boolean isLineEnd(int from) {
        int i = from;
        while (i < body.length() && " \t\r".indexOf(body.charAt(i)) >= 0) {
            i++;
        }
        return i == body.length() || body.charAt(i) == '\n';
    }

    private void skipToLineEnd() {
        while (at < body.length() && body.charAt(at) != '\n') {
            at++;
        }
    }

    private char next() {
        return at < body.length() ? body.charAt(at) : '\n';
    }

    private Point point() throws BadLine {
        String table = name(", \n", ", ");
        if (table.isEmpty() || next() == '\n') {
            throw new BadLine(at);
        }
        if (!TABLE.matcher(table).matches()) {
            throw new BadLine(at);
        }
        Map<String, String> tags = new LinkedHashMap<>();
        while (next() == ',') {
            at++;
            String key = name(",= \n", ",= ");
            if (key.isEmpty() || next() != '=') {
                throw new BadLine(at);
            }
            valid(key);
            at++;
            if (tags.containsKey(key)) {
                throw new BadLine(at);
            }
            String value = name(", \n", ",= ");
            if (value.isEmpty() || next() == '\n') {
                throw new BadLine(at);
            }
            tags.put(key, value);
        }
        while (isBlank()) {
            at++;
        }
        if (isLineEnd(at)) {
            throw new BadLine(at);
        }
        Map<String, Value> fields = new LinkedHashMap<>();
        for (;;) {
            String key = name(",= \n", ",= ");
            if (key.isEmpty() || next() != '=') {
                throw new BadLine(at);
            }
            valid(key);
            at++;
            fields.put(key, value());
            if (next() != ',') {
                break;
            }
            at++;
        }
        return new Point(table, tags, fields, time());
    }

    private void valid(String latin) throws BadLine {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(latin.getBytes(StandardCharsets.ISO_8859_1)));
        } catch (CharacterCodingException invalid) {
            throw new BadLine(at);
        }
    }

    private String name(String ends, String escapable) {
        StringBuilder name = new StringBuilder();
        while (ends.indexOf(next()) < 0) {
            char each = body.charAt(at++);
            if (each == '\\' && at < body.length()
                    && (escapable.indexOf(body.charAt(at)) >= 0 || paired && body.charAt(at) == '\\')) {
                each = body.charAt(at++);
            }
            name.append(each);
        }
        return name.toString();
    }

    private Value value() throws BadLine {
        int start = at;
        if (next() == '"') {
            int close = closing(at + 1);
            if (close < 0) {
                throw new BadLine(at + 1);
            }
            String text = body.substring(at + 1, close);
            at = close + 1;
            if (next() != ',' && next() != ' ' && !isLineEnd(at)) {
                throw new BadLine(at);
            }
            return new Value(Kind.TEXT, text.replaceAll("\\\\([\"\\\\])", "$1"));
        }
        while (next() != ',' && next() != ' ' && !isLineEnd(at)) {
            at++;
        }
        String text = body.substring(start, at);
        Matcher integer = text.endsWith("u") ? UNSIGNED.matcher(text) : INTEGER.matcher(text);
        if (integer.matches()) {
            BigInteger exact = new BigInteger(integer.group(1));
            if (exact.bitLength() < Long.SIZE) {
                return new Value(Kind.INTEGER, integer.group(1));
            }
        } else if (FLOAT.matcher(text).matches()) {
            if (!Double.isInfinite(Double.parseDouble(text))) {
                return new Value(Kind.FLOAT, text);
            }
        } else if (TRUE.contains(text) || FALSE.contains(text)) {
            return new Value(Kind.BOOLEAN, Boolean.toString(TRUE.contains(text)));
        }
        throw new BadLine(start);
    }

    private long time() throws BadLine {
        while (isBlank()) {
            at++;
        }
        if (isLineEnd(at)) {
            skipToLineEnd();
            return receivedMicros;
        }
        Matcher digits = Pattern.compile("-?[0-9]+").matcher(body).region(at, body.length());
        if (!digits.lookingAt() || !isLineEnd(digits.end())) {
            throw new BadLine(at);
        }
        BigInteger units = new BigInteger(digits.group());
        BigInteger micros = units.multiply(BigInteger.valueOf(microsPerUnit));
        if (units.bitLength() >= Long.SIZE || micros.bitLength() >= Long.SIZE) {
            throw new BadLine(at);
        }
        skipToLineEnd();
        return Math.floorDiv(micros.longValueExact(), nanosPerMicro);
    }

    /// The rows as `RowText` writes them, tables in the order of their first good line.
    List<String> rows() {
        List<String> rows = new ArrayList<>();
        tables.forEach((name, table) -> {
            if (!table.points.isEmpty()) {
                rows(name, table, rows);
            }
        });
        return rows;
    }

    private static void rows(String name, Table table, List<String> rows) {
        Map<String, String> tagNames = new LinkedHashMap<>();
        Map<String, String> fieldNames = new LinkedHashMap<>();
        table.points.forEach(point -> {
            point.tags.keySet().forEach(key -> tagNames.put(key, key.equals("time") ? null : key));
            point.fields.keySet().forEach(key -> fieldNames.put(key, null));
        });
        fieldNames.replaceAll((key, none) -> key.equals("time") || tagNames.containsKey(key) ? null : key);
        for (Map<String, String> names : List.of(tagNames, fieldNames)) {
            names.replaceAll((key, given) -> {
                String free = given == null ? key + "_value" : given;
                while (given == null && (tagNames.containsValue(free) || fieldNames.containsValue(free))) {
                    free += "_value";
                }
                names.put(key, free);
                return free;
            });
        }
        for (Point point : table.points) {
            Map<String, String> cells = new TreeMap<>();
            point.tags.forEach((key, value) -> cells.put(utf8(tagNames.get(key)), "#=" + quoted(value)));
            point.fields.forEach((key, value) -> cells.put(utf8(fieldNames.get(key)), "=" + cell(value, table.kinds.get(key))));
            StringBuilder row = new StringBuilder("default.").append(name).append(' ').append(point.micros);
            cells.forEach((key, value) -> row.append(' ').append(key).append(value));
            rows.add(row.toString());
        }
    }

    private static String cell(Value value, Kind kind) {
        return switch (kind) {
            case INTEGER -> Long.parseLong(value.text) + "i";
            case FLOAT -> Double.toString(Double.parseDouble(value.text));
            case BOOLEAN -> value.text;
            case TEXT -> quoted(value.text);
        };
    }

    private static String utf8(String latin) {
        return new String(latin.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }

    private static String quoted(String latin) {
        return '"' + perByte(latin.getBytes(StandardCharsets.ISO_8859_1)).replace("\\", "\\\\").replace("\"", "\\\"")
                .replace("\n", "\\n") + '"';
    }

    // The longest valid character at each place, U+FFFD for a byte that starts none.
    private static String perByte(byte[] bytes) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < bytes.length;) {
            int length = 4;
            String character = null;
            while (character == null && length > 0) {
                try {
                    if (i + length <= bytes.length) {
                        String decoded = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, i, length))
                                .toString();
                        character = decoded.codePointCount(0, decoded.length()) == 1 ? decoded : null;
                    }
                } catch (CharacterCodingException invalid) {
                    character = null;
                }
                length = character == null ? length - 1 : length;
            }
            text.append(character == null ? "\uFFFD" : character);
            i += Math.max(1, length);
        }
        return text.toString();
    }
}
