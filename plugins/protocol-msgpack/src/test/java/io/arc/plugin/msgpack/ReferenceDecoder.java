package io.arc.plugin.msgpack;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.DateTimeException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.msgpack.core.MessageFormatException;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessagePackException;
import org.msgpack.core.MessageUnpacker;
import org.msgpack.value.Value;
import org.msgpack.value.ValueFactory;

/// The rules once more, slow and obvious: bodies as msgpack-core's values, rows as maps, types settled afterwards.
final class ReferenceDecoder {
    /// Why a body is refused.
    static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Refused(String why) {
            super(why, null, false, false);
        }
    }

    /// msgpack-core gives up on a timestamp extension that is no instant wherever it stands; the decoder, where it counts.
    static final class Undecided extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Undecided(RuntimeException cause) {
            super(cause);
        }
    }

    private record Batch(String table, List<Long> times, Map<String, List<Object>> columns, Set<String> tags) {}

    private static final class Rows {
        final List<Long> times = new ArrayList<>();
        final List<Map<String, Object>> tags = new ArrayList<>();
        final List<Map<String, Object>> fields = new ArrayList<>();
    }

    private final long now;
    private final Map<List<Object>, Batch> groups = new LinkedHashMap<>();
    private final Map<String, Rows> rows = new LinkedHashMap<>();

    private ReferenceDecoder(long now) {
        this.now = now;
    }

    /// The rows in the form of the kit, without an order.
    static List<String> decode(byte[] body, long now) {
        ReferenceDecoder decoder = new ReferenceDecoder(now);
        if (body.length == 0) {
            throw new Refused("empty");
        }
        // Values are made of whole bodies only: msgpack-core trusts the sizes that headers claim.
        try (MessageUnpacker unpacker = MessagePack.newDefaultUnpacker(body)) {
            while (unpacker.hasNext()) {
                pass(unpacker);
            }
        } catch (IOException | RuntimeException malformed) {
            throw new Refused(malformed.toString());
        }
        try (MessageUnpacker unpacker = MessagePack.newDefaultUnpacker(body)) {
            while (unpacker.hasNext()) {
                Value value = unpacker.unpackValue();
                requireDepth(value, 0);
                decoder.object(value);
            }
        } catch (DateTimeException | ArithmeticException | MessageFormatException oddTimestamp) {
            throw new Undecided(oddTimestamp);
        } catch (IOException | MessagePackException | NegativeArraySizeException malformed) {
            // Twice the size of a map of 2^30 entries and more is negative to msgpack-core.
            throw new Refused(malformed.toString());
        }
        return decoder.lines();
    }

    /// Passes one value. msgpack-core's own way adds claimed sizes up, to below 0 where there are several large ones.
    private static void pass(MessageUnpacker unpacker) throws IOException {
        long elements = switch (unpacker.getNextFormat().getValueType()) {
            case ARRAY -> unpacker.unpackArrayHeader();
            case MAP -> 2L * unpacker.unpackMapHeader();
            default -> {
                unpacker.skipValue();
                yield 0;
            }
        };
        for (long i = 0; i < elements; i++) {
            pass(unpacker);
        }
    }

    private static void requireDepth(Value value, int depth) {
        if ((value.isArrayValue() || value.isMapValue()) && depth >= 32) {
            throw new Refused("depth");
        }
        if (value.isArrayValue()) {
            value.asArrayValue().forEach(each -> requireDepth(each, depth + 1));
        } else if (value.isMapValue()) {
            value.asMapValue().entrySet().forEach(each -> {
                requireDepth(each.getKey(), depth + 1);
                requireDepth(each.getValue(), depth + 1);
            });
        }
    }

    private void object(Value value) {
        if (value.isArrayValue()) {
            value.asArrayValue().forEach(this::object);
        } else if (value.isMapValue()) {
            item(entries(value));
        } else {
            throw new Refused("not a map");
        }
    }

    /// Of equal keys the last, at its place.
    private static Map<String, Value> entries(Value map) {
        Map<String, Value> entries = new LinkedHashMap<>();
        Value[] keysAndValues = map.asMapValue().getKeyValueArray();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            if (!keysAndValues[i].isStringValue()) {
                throw new Refused("key");
            }
            // Not decoded yet, so that bytes that are no text stay different.
            String key = new String(keysAndValues[i].asRawValue().asByteArray(), StandardCharsets.ISO_8859_1);
            entries.remove(key);
            entries.put(key, keysAndValues[i + 1]);
        }
        return entries;
    }

    private static String name(String latin) {
        try {
            String name = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(latin.getBytes(
                    StandardCharsets.ISO_8859_1))).toString();
            if (name.isEmpty()) {
                throw new Refused("empty name");
            }
            return name;
        } catch (CharacterCodingException invalid) {
            throw new Refused("name");
        }
    }

    private static String name(Value value) {
        if (!value.isStringValue()) {
            throw new Refused("name");
        }
        return name(new String(value.asRawValue().asByteArray(), StandardCharsets.ISO_8859_1));
    }

    private void item(Map<String, Value> item) {
        Value nil = ValueFactory.newNil();
        if (item.getOrDefault("batch", nil).isArrayValue()) {
            object(item.get("batch"));
            return;
        }
        Value m = item.getOrDefault("m", nil);
        String table = m.isIntegerValue() ? "measurement_" + m : name(m);
        if (item.getOrDefault("columns", nil).isMapValue()) {
            columns(table, entries(item.get("columns")), item.getOrDefault("tags", nil));
        } else {
            row(table, item);
        }
    }

    private void columns(String table, Map<String, Value> columns, Value hint) {
        Map<String, List<Value>> values = new LinkedHashMap<>();
        int count = -1;
        for (Map.Entry<String, Value> entry : columns.entrySet()) {
            if (!entry.getValue().isArrayValue()) {
                throw new Refused("no array");
            }
            List<Value> list = entry.getValue().asArrayValue().list();
            if (count >= 0 && list.size() != count) {
                throw new Refused("ragged");
            }
            count = list.size();
            values.put(name(entry.getKey()), list);
        }
        if (count < 0) {
            throw new Refused("no columns");
        }
        Set<String> tags = new LinkedHashSet<>();
        if (!hint.isNilValue()) {
            if (!hint.isArrayValue()) {
                throw new Refused("hint");
            }
            hint.asArrayValue().forEach(each -> tags.add(name(each)));
        }
        List<Value> timeValues = values.remove("time");
        List<Long> times = timeValues == null ? Collections.nCopies(count, now) : times(timeValues);
        Map<String, List<Object>> decoded = new LinkedHashMap<>();
        values.forEach((name, list) -> {
            List<Object> cells = list.stream().map(ReferenceDecoder::cell).collect(ArrayList::new, List::add, List::addAll);
            // An item is refused for what is wrong in it, also where its column is not stored.
            widened(cells);
            decoded.put(name, cells);
        });
        decoded.remove("_database");
        decoded.remove("_measurement");
        if (count == 0) {
            return;
        }
        tags.retainAll(decoded.keySet());
        Batch group = groups.computeIfAbsent(List.of(table, List.copyOf(decoded.keySet()), Set.copyOf(tags)),
                any -> new Batch(table, new ArrayList<>(), new LinkedHashMap<>(), tags));
        group.times.addAll(times);
        decoded.forEach((name, cells) -> group.columns.computeIfAbsent(name, any -> new ArrayList<>()).addAll(widened(cells)));
    }

    private void row(String table, Map<String, Value> item) {
        Value nil = ValueFactory.newNil();
        Value fields = item.getOrDefault("fields", nil);
        Value compact = item.getOrDefault("f", nil);
        if (!fields.isMapValue() && !compact.isArrayValue()) {
            throw new Refused("no fields");
        }
        Map<String, Object> tagCells = new LinkedHashMap<>();
        Value tags = item.getOrDefault("tags", nil);
        if (!tags.isNilValue()) {
            if (!tags.isMapValue()) {
                throw new Refused("tags");
            }
            entries(tags).forEach((key, value) -> {
                Object cell = value.isIntegerValue() ? value.toString() : cell(value);
                tagCells.put(name(key), cell == null ? null : text(cell));
            });
        }
        if (tagCells.get("host") == null) {
            Value h = item.getOrDefault("h", nil);
            tagCells.put("host", h.isStringValue() ? (String) cell(h) : h.isIntegerValue() ? "host_" + h : "unknown");
        }
        Map<String, Object> fieldCells = new LinkedHashMap<>();
        if (fields.isMapValue()) {
            entries(fields).forEach((key, value) -> fieldCells.put(name(key), cell(value)));
        } else {
            compact.asArrayValue().forEach(value -> fieldCells.put("field_" + fieldCells.size(), cell(value)));
        }
        Value t = item.getOrDefault("t", nil);
        Rows tableRows = rows.computeIfAbsent(table, any -> new Rows());
        tableRows.times.add(t.isNilValue() ? now : time(t, isNumber(t) ? unit(t) : 0));
        tableRows.tags.add(tagCells);
        tableRows.fields.add(fieldCells);
    }

    private List<String> lines() {
        List<Batch> batches = new ArrayList<>(groups.values());
        rows.forEach((table, all) -> batches.add(byColumn(table, all)));
        List<String> lines = new ArrayList<>();
        for (Batch batch : batches) {
            Map<String, List<Object>> sorted = new TreeMap<>();
            batch.columns.forEach((name, cells) -> sorted.put(name, widened(cells)));
            for (int row = 0; row < batch.times.size(); row++) {
                StringBuilder line = new StringBuilder("default." + batch.table + " " + batch.times.get(row));
                for (Map.Entry<String, List<Object>> column : sorted.entrySet()) {
                    Object cell = column.getValue().get(row);
                    if (cell != null) {
                        line.append(' ').append(column.getKey()).append(batch.tags.contains(column.getKey()) ? "#=" : "=");
                        line.append(cell instanceof Long ? cell + "i" : cell instanceof String text ? '"' + text.replace("\\",
                                "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + '"' : cell);
                    }
                }
                lines.add(line.toString());
            }
        }
        Collections.sort(lines);
        return lines;
    }

    private static Batch byColumn(String table, Rows all) {
        Set<String> tags = new LinkedHashSet<>();
        Set<String> fields = new LinkedHashSet<>();
        all.tags.forEach(each -> tags.addAll(each.keySet()));
        all.fields.forEach(each -> fields.addAll(each.keySet()));
        Map<String, String> storedTags = new LinkedHashMap<>();
        tags.forEach(tag -> storedTags.put(tag, tag.equals("time") ? "time_value" : tag));
        Map<String, String> storedFields = new LinkedHashMap<>();
        for (String field : fields) {
            String stored = field.equals("time") ? "time_value" : field;
            while (storedTags.containsValue(stored)) {
                stored += "_value";
            }
            storedFields.put(field, stored);
        }
        Map<String, List<Object>> columns = new LinkedHashMap<>();
        Set<String> tagColumns = new LinkedHashSet<>();
        storedTags.forEach((tag, stored) -> {
            tagColumns.add(stored);
            column(columns, tag, stored, all.tags);
        });
        storedFields.forEach((field, stored) -> column(columns, field, stored, all.fields));
        return new Batch(table, all.times, columns, tagColumns);
    }

    private static void column(Map<String, List<Object>> columns, String name, String stored, List<Map<String, Object>> rows) {
        List<Object> cells = new ArrayList<>();
        rows.forEach(row -> cells.add(row.get(name)));
        if (name.equals("_database") || name.equals("_measurement")) {
            widened(cells);
            return;
        }
        if (columns.put(stored, cells) != null) {
            throw new Refused("two columns become " + stored);
        }
    }

    /// From row to row: what is there takes the type that it shares with the next value.
    private static List<Object> widened(List<Object> cells) {
        List<Object> widened = new ArrayList<>();
        Class<?> type = null;
        for (Object cell : cells) {
            if (cell != null && type == null) {
                type = cell.getClass();
            } else if (cell != null && type != cell.getClass()) {
                Class<?> joined = join(type, cell.getClass());
                if (joined != type) {
                    widened.replaceAll(each -> each == null ? null : as(joined, each));
                    type = joined;
                }
            }
            widened.add(cell == null ? null : as(type, cell));
        }
        return widened;
    }

    private static Class<?> join(Class<?> one, Class<?> other) {
        if (one == String.class || other == String.class) {
            return String.class;
        }
        if (one == Boolean.class || other == Boolean.class) {
            throw new Refused("type conflict");
        }
        return Double.class;
    }

    private static Object as(Class<?> type, Object cell) {
        if (type == String.class) {
            return text(cell);
        }
        if (type == Double.class && cell instanceof Long number) {
            double asDouble = number;
            if (!new java.math.BigDecimal(asDouble).equals(new java.math.BigDecimal(number))) {
                throw new Refused("inexact");
            }
            return asDouble;
        }
        return cell;
    }

    private static String text(Object cell) {
        return cell.toString();
    }

    private static Object cell(Value value) {
        return switch (value.getValueType()) {
            case NIL -> null;
            case BOOLEAN -> value.asBooleanValue().getBoolean();
            case INTEGER -> {
                if (!value.asIntegerValue().isInLongRange()) {
                    throw new Refused("integer");
                }
                yield value.asIntegerValue().asLong();
            }
            case FLOAT -> value.asFloatValue().toDouble();
            case STRING -> repaired(value.asRawValue().asByteArray());
            case BINARY -> binary(value.asRawValue().asByteArray());
            case ARRAY, MAP -> json(value);
            case EXTENSION -> instant(value).toString();
        };
    }

    private static String binary(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException noText) {
            return Base64.getEncoder().encodeToString(bytes);
        }
    }

    /// At each byte the shortest run that is a character, else U+FFFD.
    private static String repaired(byte[] bytes) {
        StringBuilder text = new StringBuilder();
        for (int at = 0; at < bytes.length;) {
            int length = 0;
            for (int tried = 1; tried <= 4 && length == 0 && at + tried <= bytes.length; tried++) {
                try {
                    text.append(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, at, tried)));
                    length = tried;
                } catch (CharacterCodingException notYet) {
                    length = 0;
                }
            }
            if (length == 0) {
                text.append('\uFFFD');
            }
            at += Math.max(1, length);
        }
        return text.toString();
    }

    private static String json(Value value) {
        return switch (value.getValueType()) {
            case NIL, BOOLEAN, INTEGER -> value.toJson();
            case FLOAT -> Double.isFinite(value.asFloatValue().toDouble()) ? Double.toString(value.asFloatValue().toDouble())
                    : "null";
            case STRING, BINARY, EXTENSION -> quoted((String) cell(value));
            case ARRAY -> String.join(",", value.asArrayValue().list().stream().map(ReferenceDecoder::json).toList())
                    .transform(list -> "[" + list + "]");
            case MAP -> {
                List<String> entries = new ArrayList<>();
                Value[] keysAndValues = value.asMapValue().getKeyValueArray();
                for (int i = 0; i < keysAndValues.length; i += 2) {
                    if (keysAndValues[i].isArrayValue() || keysAndValues[i].isMapValue()) {
                        throw new Refused("a key that is an array or a map");
                    }
                    String key = json(keysAndValues[i]);
                    entries.add((key.startsWith("\"") ? key : quoted(key)) + ":"
                            + json(keysAndValues[i + 1]));
                }
                yield "{" + String.join(",", entries) + "}";
            }
        };
    }

    private static String quoted(String text) {
        String escaped = text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n").replace("\r", "\\r")
                .replace("\t", "\\t");
        for (char control = 0; control < ' '; control++) {
            escaped = escaped.replace(Character.toString(control), "\\u%04x".formatted((int) control));
        }
        return '"' + escaped + '"';
    }

    private static Instant instant(Value value) {
        if (!value.isTimestampValue() && value.asExtensionValue().getType() != -1) {
            throw new Refused("extension");
        }
        byte[] data = value.asExtensionValue().getData();
        ByteBuffer buffer = ByteBuffer.wrap(data);
        long seconds;
        long nanos = 0;
        switch (data.length) {
            case 4 -> seconds = Integer.toUnsignedLong(buffer.getInt());
            case 8 -> {
                long packed = buffer.getLong();
                nanos = packed >>> 34;
                seconds = packed & (1L << 34) - 1;
            }
            case 12 -> {
                nanos = Integer.toUnsignedLong(buffer.getInt());
                seconds = buffer.getLong();
            }
            default -> throw new Refused("extension");
        }
        try {
            return Instant.ofEpochSecond(seconds, nanos);
        } catch (DateTimeException | ArithmeticException beyond) {
            throw new Refused("instant");
        }
    }

    private static boolean isNumber(Value value) {
        return value.isIntegerValue() || value.isFloatValue();
    }

    private static List<Long> times(List<Value> values) {
        int unit = values.stream().filter(ReferenceDecoder::isNumber).findFirst().map(ReferenceDecoder::unit).orElse(0);
        return values.stream().map(value -> time(value, unit)).toList();
    }

    /// 0 seconds to 3 nanoseconds.
    private static int unit(Value number) {
        double magnitude = Math.abs(number.asNumberValue().toDouble());
        BigInteger exact = number.isIntegerValue() ? number.asIntegerValue().asBigInteger().abs() : null;
        int unit = 0;
        for (long border : new long[] {10_000_000_000L, 10_000_000_000_000L, 10_000_000_000_000_000L}) {
            if (exact == null ? !(magnitude < border) : exact.compareTo(BigInteger.valueOf(border)) >= 0) {
                unit++;
            }
        }
        return unit;
    }

    private static long time(Value value, int unit) {
        if (value.isIntegerValue()) {
            BigInteger number = value.asIntegerValue().asBigInteger();
            if (number.bitLength() > 63) {
                throw new Refused("integer");
            }
            BigInteger micros = unit == 3 ? BigInteger.valueOf(Math.floorDiv(number.longValueExact(), 1000L))
                    : number.multiply(BigInteger.TEN.pow(6 - 3 * unit));
            return inRange(micros);
        }
        if (value.isFloatValue()) {
            double number = value.asFloatValue().toDouble();
            double micros = switch (unit) {
                case 0 -> Math.rint(number * 1e6);
                case 1 -> Math.rint(number * 1e3);
                case 2 -> Math.floor(number);
                default -> Math.floor(number / 1e3);
            };
            if (!Double.isFinite(micros)) {
                throw new Refused("time");
            }
            return inRange(new java.math.BigDecimal(micros).toBigIntegerExact());
        }
        Instant instant;
        if (value.isExtensionValue()) {
            instant = instant(value);
        } else if (value.isStringValue()) {
            try {
                instant = OffsetDateTime.parse(repaired(value.asRawValue().asByteArray())).toInstant();
            } catch (DateTimeException noTime) {
                throw new Refused("time");
            }
        } else {
            throw new Refused("time");
        }
        return inRange(BigInteger.valueOf(instant.getEpochSecond()).multiply(BigInteger.valueOf(1_000_000))
                .add(BigInteger.valueOf(instant.getNano() / 1000)));
    }

    private static long inRange(BigInteger micros) {
        if (micros.bitLength() > 63) {
            throw new Refused("time");
        }
        return micros.longValueExact();
    }
}
