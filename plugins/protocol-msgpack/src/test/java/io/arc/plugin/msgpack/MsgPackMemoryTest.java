package io.arc.plugin.msgpack;

import io.arc.api.spi.ByteSlice;
import io.arc.testkit.AllocationLimit;
import io.arc.testkit.CountingSink;
import io.arc.testkit.TestParameters;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Bodies that make as many tables, columns and texts of as few bytes as they can.
class MsgPackMemoryTest {
    private static final byte[] ONE = {1};
    private static final byte[] NIL = {(byte) 0xc0};
    private static final byte[] TRUE = {(byte) 0xc3};
    private static final byte[] TEXT = {(byte) 0xa1, 'x'};
    private static final byte[] NO_TEXT = {(byte) 0xa0};
    private static final byte[] DOUBLE = {(byte) 0xcb, 0x40, 9, 33, -5, 84, 68, 45, 24};

    /// By what they are.
    static Map<String, Supplier<byte[]>> bodies() {
        Map<String, Supplier<byte[]>> bodies = new LinkedHashMap<>();
        Map<String, byte[]> values = new LinkedHashMap<>();
        values.put("small integers", ONE);
        values.put("doubles", DOUBLE);
        values.put("flags", TRUE);
        values.put("texts", TEXT);
        values.put("empty texts", NO_TEXT);
        values.put("nothing", NIL);
        values.put("an empty list", new byte[] {(byte) 0x90});
        values.forEach((name, value) -> {
            bodies.put("10,000 columns of one row, " + name, () -> columnar(1, 1, 10_000, value, false));
            bodies.put("9,999 columns, one item of one row, " + name, () -> rows(1, 1, 9_999, value));
            bodies.put("10,001 columns, one item of one row, " + name, () -> rows(1, 1, 10_000, value));
            bodies.put("9,000 tables of one row, " + name, () -> rows(9_000, 9_000, 1, value));
            bodies.put("9,000 columnar tables of one row, " + name, () -> columnar(9_000, 9_000, 1, value, false));
            bodies.put("9,000 tables of one row and 50 columns, " + name, () -> rows(9_000, 9_000, 50, value));
            bodies.put("columnar items of one row and 60 columns, " + name, () -> columnar(3_000, 3_000, 60, value, false));
            bodies.put("columnar items of one row and 1,000 columns, " + name, () -> columnar(300, 1, 1_000, value, false));
            bodies.put("columnar items of other columns each, " + name, () -> columnar(2_000, 1, 100, value, true));
            bodies.put("columnar tables of 10,000 columns, " + name, () -> columnar(20, 20, 10_000, value, false));
            bodies.put("tables of 9,999 columns, " + name, () -> rows(20, 20, 9_999, value));
            bodies.put("rows of two columns that hardly ever meet, " + name, () -> sparse(50_000, 9_000, value));
            bodies.put("rows of one narrow table, " + name, () -> rows(20_000, 1, 1, value));
        });
        bodies.put("9,000 tables of several rows", () -> rows(18_000, 9_000, 1, ONE));
        bodies.put("lists of lists", () -> columnar(1, 1, 10, filled(30_000, (byte) 0x91, (byte) 0xc0), false));
        bodies.put("bytes that are no characters", () -> columnar(1, 1, 10_000, new byte[] {(byte) 0xa3, -1, -1, -1}, false));
        bodies.put("binary", () -> columnar(1, 1, 1, bytes(0xc6, 500_000, -1), false));
        bodies.put("a long text of no characters", () -> columnar(1, 1, 1, bytes(0xdb, 500_000, -1), false));
        bodies.put("escapes in a list", () -> columnar(1, 1, 1, in((byte) 0x91, bytes(0xdb, 500_000, 1)), false));
        return bodies;
    }

    private static byte[] in(byte head, byte[] value) {
        byte[] list = new byte[value.length + 1];
        list[0] = head;
        System.arraycopy(value, 0, list, 1, value.length);
        return list;
    }

    private static byte[] bytes(int type, int length, int content) {
        byte[] value = new byte[5 + length];
        Arrays.fill(value, (byte) content);
        value[0] = (byte) type;
        ByteBuffer.wrap(value).putInt(1, length);
        return value;
    }

    /// A list of many values `[nil]`.
    private static byte[] filled(int count, byte first, byte second) {
        ByteArrayOutputStream list = new ByteArrayOutputStream();
        header(list, 0xdc, 0x90, count);
        for (int i = 0; i < count; i++) {
            list.write(first);
            list.write(second);
        }
        return list.toByteArray();
    }

    private static void header(ByteArrayOutputStream out, int large, int small, int size) {
        if (size < 16) {
            out.write(small | size);
        } else {
            out.write(large);
            out.write(size >> 8);
            out.write(size);
        }
    }

    private static void text(ByteArrayOutputStream out, String text) {
        out.write(0xa0 | text.length());
        out.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
    }

    /// The shortest names there are.
    private static String name(int number) {
        return Integer.toString(number, 36);
    }

    private static byte[] columnar(int items, int tables, int columns, byte[] value, boolean otherNames) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int item = 0; item < items; item++) {
            out.write(0x82);
            text(out, "m");
            text(out, "t" + name(item % tables));
            text(out, "columns");
            header(out, 0xde, 0x80, columns);
            for (int i = 0; i < columns; i++) {
                text(out, name(otherNames ? item * columns + i : i));
                out.write(0x91);
                out.writeBytes(value);
            }
        }
        return out.toByteArray();
    }

    private static byte[] rows(int items, int tables, int columns, byte[] value) {
        return items(items, item -> "t" + name(item % tables), columns, (item, i) -> name(i), value);
    }

    private static byte[] sparse(int items, int columns, byte[] value) {
        return items(items, item -> "t", 2, (item, i) -> name((int) ((i == 0 ? item * 7_919L : item * 104_729L) % (columns - i))),
                value);
    }

    private interface Names {
        String name(int item, int place);
    }

    private static byte[] items(int items, IntFunction<String> table, int columns, Names names, byte[] value) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int item = 0; item < items; item++) {
            out.write(0x82);
            text(out, "m");
            text(out, table.apply(item));
            text(out, "fields");
            header(out, 0xde, 0x80, columns);
            for (int i = 0; i < columns; i++) {
                text(out, names.name(item, i));
                out.writeBytes(value);
            }
        }
        return out.toByteArray();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("names")
    void takesMemoryInProportion(String name) {
        byte[] body = bodies().get(name).get();
        AllocationLimit.check(body,
                () -> new MsgPackDecoder().decode(ByteSlice.of(body), TestParameters.of(Map.of()), new CountingSink()));
    }

    static Stream<String> names() {
        return bodies().keySet().stream();
    }
}
