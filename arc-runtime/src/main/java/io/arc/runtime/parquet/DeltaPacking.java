package io.arc.runtime.parquet;

/// Parquet's DELTA_BINARY_PACKED: differences of neighbours, in blocks of 128, each less the block's least one.
///
/// ```
/// page      = varint(128) varint(4) varint(count) zigzag(first value) block*
/// block     = zigzag(least difference) width width width width miniblock{1,4}
/// miniblock = 32 differences of `width` bits; the last one is filled up, later ones of its block are not there
/// ```
///
/// Differences wrap around, hence every pair of values has one.
final class DeltaPacking {
    private static final int BLOCK = 128;
    private static final int MINIBLOCKS = 4;
    private static final int MINIBLOCK = BLOCK / MINIBLOCKS;

    private final long[] differences = new long[BLOCK];

    void put(PageBytes to, long[] values, int count) {
        to.putVarint(BLOCK);
        to.putVarint(MINIBLOCKS);
        to.putVarint(count);
        to.putZigZag(count == 0 ? 0 : values[0]);
        for (int from = 1; from < count; from += BLOCK) {
            putBlock(to, values, from, Math.min(BLOCK, count - from));
        }
    }

    private void putBlock(PageBytes to, long[] values, int from, int count) {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < count; i++) {
            long difference = values[from + i] - values[from + i - 1];
            differences[i] = difference;
            least = Math.min(least, difference);
        }
        to.putZigZag(least);
        int widthsAt = to.size();
        to.ensure(MINIBLOCKS);
        to.advance(MINIBLOCKS);
        for (int miniblock = 0; miniblock < MINIBLOCKS; miniblock++) {
            int start = miniblock * MINIBLOCK;
            int end = Math.min(start + MINIBLOCK, count);
            long all = 0;
            for (int i = start; i < end; i++) {
                differences[i] -= least;
                all |= differences[i];
            }
            int width = 64 - Long.numberOfLeadingZeros(all);
            to.array()[widthsAt + miniblock] = (byte) width;
            if (start < count) {
                for (int i = Math.max(start, end); i < start + MINIBLOCK; i++) {
                    differences[i] = 0;
                }
                to.putPacked(differences, start, MINIBLOCK, width);
            }
        }
    }
}
