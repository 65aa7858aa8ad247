package io.arc.distribution;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// One write request of the durability tests. Writer and number say all that is in it, so a checker needs no copy: which
/// database, how many rows, which row goes to which table and hour, and what its cells are. Even writers speak MessagePack,
/// odd ones line protocol.
record Batch(int writer, int number) {
    static final int TABLES = 3;
    static final List<String> DATABASES = List.of("kill-a", "kill_b");
    /// 2025-06-15T15:00:00Z; rows lie within microseconds around it and the next two hours.
    static final long BASE_MICROS = 1_749_999_600_000_000L;
    private static final long HOUR_MICROS = 3_600_000_000L;

    /// What the rows of one batch in one table come to.
    record Sums(int rows, long rowSum, long hashSum, long microsSum) {}

    private static long mix(long value) {
        long z = value + 0x9E3779B97F4A7C15L;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    private long seed() {
        return mix((long) writer << 32 | number);
    }

    String database() {
        return DATABASES.get(Math.floorMod(seed() >> 8, DATABASES.size()));
    }

    int rowCount() {
        // Now and then a large one, so that buffers and segments fill up.
        long seed = seed() >>> 16;
        return 1 + (int) (seed % 32 == 0 ? seed / 32 % 1500 : seed / 32 % 60);
    }

    int table(int row) {
        return (row + number) % TABLES;
    }

    static String tableName(int table) {
        return "t" + table;
    }

    long micros(int row) {
        return BASE_MICROS + row % 3 * HOUR_MICROS + (row % 2 == 0 ? number : -1 - number);
    }

    long hash(int row) {
        return mix(seed() + row) >>> 33;
    }

    /// What is to be in a table when the batch is there.
    Sums sums(int table) {
        int rows = 0;
        long rowSum = 0;
        long hashSum = 0;
        long microsSum = 0;
        int all = rowCount();
        for (int row = 0; row < all; row++) {
            if (table(row) == table) {
                rows++;
                rowSum += row;
                hashSum += hash(row);
                microsSum += micros(row) - BASE_MICROS;
            }
        }
        return new Sums(rows, rowSum, hashSum, microsSum);
    }

    boolean isMessagePack() {
        return writer % 2 == 0;
    }

    byte[] body() {
        return isMessagePack() ? messagePack() : lines();
    }

    private byte[] lines() {
        StringBuilder text = new StringBuilder();
        int rows = rowCount();
        for (int row = 0; row < rows; row++) {
            text.append(tableName(table(row))).append(",writer=w").append(writer).append(" batch=").append(number).append("i,row=")
                    .append(row).append("i,hash=").append(hash(row)).append("i,half=").append(row / 2.0).append(' ')
                    .append(micros(row)).append("000\n");
        }
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    private byte[] messagePack() {
        List<Integer> tables = new ArrayList<>();
        for (int table = 0; table < TABLES; table++) {
            if (sums(table).rows() > 0) {
                tables.add(table);
            }
        }
        Pack pack = new Pack();
        pack.array(tables.size());
        for (int table : tables) {
            List<Integer> rows = new ArrayList<>();
            int all = rowCount();
            for (int row = 0; row < all; row++) {
                if (table(row) == table) {
                    rows.add(row);
                }
            }
            pack.map(2).text("m").text(tableName(table)).text("columns").map(6);
            pack.text("time").array(rows.size());
            rows.forEach(row -> pack.integer(micros(row)));
            pack.text("writer").array(rows.size());
            rows.forEach(row -> pack.text("w" + writer));
            pack.text("batch").array(rows.size());
            rows.forEach(row -> pack.integer(number));
            pack.text("row").array(rows.size());
            rows.forEach(row -> pack.integer(row));
            pack.text("hash").array(rows.size());
            rows.forEach(row -> pack.integer(hash(row)));
            pack.text("half").array(rows.size());
            rows.forEach(row -> pack.real(row / 2.0));
        }
        return pack.bytes.toByteArray();
    }

    /// The few forms of MessagePack that this needs.
    private static final class Pack {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        private void number(int type, long value, int length) {
            bytes.write(type);
            for (int shift = 8 * (length - 1); shift >= 0; shift -= 8) {
                bytes.write((int) (value >>> shift) & 0xff);
            }
        }

        Pack array(int size) {
            number(0xdd, size, 4);
            return this;
        }

        Pack map(int size) {
            number(0xdf, size, 4);
            return this;
        }

        Pack text(String text) {
            byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
            number(0xd9, utf8.length, 1);
            bytes.writeBytes(utf8);
            return this;
        }

        void integer(long value) {
            number(0xd3, value, 8);
        }

        void real(double value) {
            number(0xcb, Double.doubleToRawLongBits(value), 8);
        }
    }
}
