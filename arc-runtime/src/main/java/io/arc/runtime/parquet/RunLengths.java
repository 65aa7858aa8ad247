package io.arc.runtime.parquet;

/// Parquet's hybrid of run lengths and bit packing, used for definition levels and dictionary codes:
///
/// ```
/// run     = repeated | packed
/// repeated = varint(count << 1)       value, in the fewest whole bytes that hold the width
/// packed   = varint(groups << 1 | 1)  groups * 8 values of `width` bits, the first in the lowest bits
/// ```
final class RunLengths {
    /// A shorter run costs more than to pack it.
    private static final int MIN_RUN = 16;
    private static final int MIN_RUN_WORDS = 2;

    private RunLengths() {}

    /// One level for all rows of a page.
    static void putSameLevel(PageBytes to, int rowCount, boolean present) {
        to.putVarint(Math.multiplyExact(rowCount, 2));
        to.write(present ? 1 : 0);
    }

    /// Definition levels of `rowCount` rows, one bit each in `present`.
    static void putLevels(PageBytes to, long[] present, int rowCount) {
        int words = rowCount + 63 >>> 6;
        int wholeWords = rowCount >>> 6;
        int packedFrom = 0;
        int word = 0;
        while (word < wholeWords) {
            long bits = present[word];
            int end = word + 1;
            if (bits == 0 || bits == -1) {
                while (end < wholeWords && present[end] == bits) {
                    end++;
                }
                if (end - word >= MIN_RUN_WORDS) {
                    putPackedLevels(to, present, packedFrom, word, (word - packedFrom) * 64);
                    putSameLevel(to, (end - word) * 64, bits != 0);
                    packedFrom = end;
                }
            }
            word = end;
        }
        putPackedLevels(to, present, packedFrom, words, rowCount - packedFrom * 64);
    }

    private static void putPackedLevels(PageBytes to, long[] present, int fromWord, int toWord, int rowCount) {
        if (rowCount == 0) {
            return;
        }
        int groups = rowCount + 7 >>> 3;
        to.putVarint(groups << 1 | 1);
        for (int word = fromWord; word < toWord; word++) {
            long bits = present[word];
            int bytes = Math.min(8, groups - (word - fromWord) * 8);
            for (int i = 0; i < bytes; i++) {
                to.write((int) bits);
                bits >>>= 8;
            }
        }
    }

    /// The codes from `from` on, all below `1 << width`.
    static void putCodes(PageBytes to, int[] codes, int from, int count, int width) {
        int until = from + count;
        int packedFrom = from;
        int i = from;
        while (i < until) {
            int code = codes[i];
            int end = i + 1;
            while (end < until && codes[end] == code) {
                end++;
            }
            // Packed values come in groups of eight: the run first fills up the group that is open.
            int fill = packedFrom - i & 7;
            if (end - i - fill >= MIN_RUN) {
                putPackedCodes(to, codes, packedFrom, i + fill, width);
                to.putVarint(Math.multiplyExact(end - i - fill, 2));
                for (int bits = 0; bits < width; bits += 8) {
                    to.write(code >>> bits);
                }
                packedFrom = end;
            }
            i = end;
        }
        putPackedCodes(to, codes, packedFrom, until, width);
    }

    private static void putPackedCodes(PageBytes to, int[] codes, int from, int until, int width) {
        int count = until - from;
        if (count == 0) {
            return;
        }
        int groups = count + 7 >>> 3;
        to.putVarint(groups << 1 | 1);
        to.putPacked(codes, from, count, groups * 8, width);
    }
}
