package io.arc.plugin.msgpack;

import io.arc.api.data.Utf8Block;
import io.arc.api.data.Validity;
import java.util.Arrays;

/// Arrays of one or a few values that many columns emit alike. Whoever gets one never changes it, so one serves all: a body of very
/// many very short columns would else take many times its own size. One thread makes them, any may read them.
final class SmallArrays {
    /// How long an array may be to be shared.
    static final int MAX_ROWS = 8;
    private static final int MAX_BYTES = 32;
    private static final int LEAST = -32;
    private static final int MOST = 255;
    private static final int SLOTS = 256;

    private final long[][] longs = new long[MOST - LEAST + 1][];
    private final boolean[][] booleans = {{false}, {true}};
    private final Utf8Block[] blocks = new Utf8Block[SLOTS];
    private final Validity[] validities = new Validity[SLOTS];
    private final int[] ends = new int[MAX_ROWS + 1];
    private Utf8Block empty = new Utf8Block(new byte[0], new int[1]);
    private Validity absent = Validity.allAbsent(0);
    private int absentRows;

    /// Integers of which the first `rows` count; a copy when they are not for sharing.
    long[] longs(long[] values, int rows) {
        if (rows != 1 || values[0] < LEAST || values[0] > MOST) {
            return Arrays.copyOf(values, rows);
        }
        int slot = (int) values[0] - LEAST;
        if (longs[slot] == null) {
            longs[slot] = new long[] {values[0]};
        }
        return longs[slot];
    }

    boolean[] booleans(boolean[] values, int rows) {
        return rows == 1 ? booleans[values[0] ? 1 : 0] : Arrays.copyOf(values, rows);
    }

    /// Scratch for [#block], 0 at first.
    int[] ends() {
        return ends;
    }

    /// Texts: that of row r is `bytes[ends[r], ends[r + 1])`.
    Utf8Block block(byte[] bytes, int[] ends, int rows) {
        int length = ends[rows];
        if (rows > MAX_ROWS || length > MAX_BYTES) {
            return new Utf8Block(Arrays.copyOf(bytes, length), Arrays.copyOf(ends, rows + 1));
        }
        long mixed = rows;
        for (int i = 0; i < length; i++) {
            mixed = 31 * mixed + bytes[i];
        }
        for (int row = 1; row <= rows; row++) {
            mixed = 31 * mixed + ends[row];
        }
        int slot = slot(mixed);
        Utf8Block known = blocks[slot];
        if (known != null && known.offsets().length == rows + 1 && Arrays.equals(known.offsets(), 0, rows + 1, ends, 0, rows + 1)
                && Arrays.equals(known.bytes(), 0, length, bytes, 0, length)) {
            return known;
        }
        blocks[slot] = new Utf8Block(Arrays.copyOf(bytes, length), Arrays.copyOf(ends, rows + 1));
        return blocks[slot];
    }

    private static int slot(long mixed) {
        return (int) (mixed * 0x9E37_79B9_7F4A_7C15L >>> 56);
    }

    /// Which of up to 64 rows are there.
    Validity validity(long word) {
        int slot = slot(word);
        Validity known = validities[slot];
        if (known == null || known.words()[0] != word) {
            known = new Validity(new long[] {word});
            validities[slot] = known;
        }
        return known;
    }

    /// The texts of a column without any.
    Utf8Block noTexts(int rows) {
        remember(rows);
        return empty;
    }

    /// The rows of a column without any.
    Validity noRows(int rows) {
        remember(rows);
        return absent;
    }

    private void remember(int rows) {
        if (rows != absentRows) {
            empty = new Utf8Block(new byte[0], new int[rows + 1]);
            absent = Validity.allAbsent(rows);
            absentRows = rows;
        }
    }

    /// Forgets arrays that are not small.
    void release() {
        if (absentRows > MAX_ROWS) {
            remember(1);
        }
    }
}
