package io.arc.runtime.parquet;

/// The dictionary of one chunk of numbers, if it pays. First all values of the chunk are added, as long as it still may pay;
/// then the pages are filled in the same order.
final class NumberChunk {
    /// So many values tell whether a chunk's values repeat.
    private static final int SAMPLE = 4_096;
    /// The share of distinct values, as a shift, that a sample may have: the half where time counts, all but a sixteenth where
    /// size does.
    private static final int HASTY_SHIFT = 1;
    private static final int THOROUGH_SHIFT = 4;

    private final ParquetOptions options;
    private final ChunkScratch scratch;
    private int rowCount;
    private int count;
    private boolean open;
    private boolean used;
    private int position;

    NumberChunk(ParquetOptions options, ChunkScratch scratch) {
        this.options = options;
        this.scratch = scratch;
    }

    void open(int rows) {
        rowCount = rows;
        count = 0;
        position = 0;
        open = true;
        used = false;
        // An entry takes eight bytes and a code up to two: from four values an entry on that is half of the room.
        scratch.numbers().reset(Math.min(rows / 4, options.maxDictionaryBytes() / Long.BYTES));
    }

    /// Whether the next values should be added.
    boolean isWorthMore() {
        return open;
    }

    void add(long[] values, int length) {
        int sample = sample(length);
        keepOn(scratch.numbers().encode(values, 0, sample, scratch.codes(rowCount), count), sample);
        if (open) {
            keepOn(scratch.numbers().encode(values, sample, length, scratch.codes(rowCount), count), length - sample);
        }
    }

    void add(double[] values, int length) {
        int sample = sample(length);
        keepOn(scratch.numbers().encode(values, 0, sample, scratch.codes(rowCount), count), sample);
        if (open) {
            keepOn(scratch.numbers().encode(values, sample, length, scratch.codes(rowCount), count), length - sample);
        }
    }

    /// How many of the next values end the sample, so that most of a page is not looked up in vain.
    private int sample(int length) {
        return Math.clamp(SAMPLE - count, 0, length);
    }

    private void keepOn(boolean fitted, int length) {
        boolean endsSample = count < SAMPLE && count + length == SAMPLE;
        count += length;
        int shift = options.thorough() ? THOROUGH_SHIFT : HASTY_SHIFT;
        open = fitted && !(endsSample && scratch.numbers().entryCount() > count - (count >>> shift));
    }

    /// All values of the chunk have been added, or it was not worth it.
    ///
    /// @param complete whether anything was added at all
    void close(boolean complete) {
        NumberDictionary numbers = scratch.numbers();
        used = complete && open && count > 0 && numbers.entryCount() <= count / 2;
        open = false;
        if (used) {
            scratch.numberPage().clear();
            scratch.numberPage().putLongs(numbers.values(), numbers.entryCount());
        }
    }

    boolean isUsed() {
        return used;
    }

    PageBytes pageOrNull() {
        return used ? scratch.numberPage() : null;
    }

    int entries() {
        return used ? scratch.numbers().entryCount() : 0;
    }

    /// By code.
    long[] values() {
        return scratch.numbers().values();
    }

    /// The chunk's codes, without absent rows; the next page's begin at [#position].
    int[] codes() {
        return scratch.codes(rowCount);
    }

    int position() {
        return position;
    }

    void fillPage(int length, PageBytes to) {
        int width = scratch.numbers().codeWidth();
        to.write(width);
        RunLengths.putCodes(to, codes(), position, length, width);
        position += length;
    }
}
