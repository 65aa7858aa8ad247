package io.arc.runtime.parquet;

import io.arc.api.data.Column;
import io.arc.api.data.Column.BooleanColumn;
import io.arc.api.data.Column.DictionaryColumn;
import io.arc.api.data.Column.DoubleColumn;
import io.arc.api.data.Column.LongColumn;
import io.arc.api.data.Column.Utf8Column;
import io.arc.api.data.Role;
import io.arc.api.data.Utf8Block;
import io.arc.api.data.Validity;
import java.util.Arrays;
import org.apache.parquet.format.Encoding;

/// One column of a [ParquetRows]: decodes page by page and gives any number of rows at a time. Absent rows hold zeros.
abstract sealed class ColumnRows {
    private final String name;
    private final PageCursor pages;
    /// The rows of the page at hand and how many of them were given.
    private int pageRows;
    private int given;

    ColumnRows(String name, PageCursor pages) {
        this.name = name;
        this.pages = pages;
    }

    final String name() {
        return name;
    }

    final PageCursor pages() {
        return pages;
    }

    /// Begins with a chunk.
    final void open(byte[] bytes, int from, int to) {
        pages.open(bytes, from, to);
        pageRows = 0;
        given = 0;
        startChunk();
    }

    /// The next rows.
    ///
    /// @param left how many the row group still has, at least `count`
    final Column take(int count, int left) {
        start(count);
        long[] validity = null;
        int done = 0;
        while (done < count) {
            if (given == pageRows) {
                nextPage(left - done);
            }
            int length = Math.min(count - done, pageRows - given);
            if (!pages.isAllPresent() && validity == null) {
                validity = new long[Validity.wordCount(count)];
                setBits(validity, 0, done);
            }
            if (validity != null) {
                copyPresence(validity, done, length);
            }
            copy(given, done, length);
            given += length;
            done += length;
        }
        return column(count, validity == null ? Validity.ALL_PRESENT : new Validity(validity));
    }

    private void nextPage(int maxRows) {
        if (pages.next(maxRows)) {
            readDictionary();
            pages.require(!pages.next(maxRows), "two dictionaries");
        }
        pageRows = pages.rowCount();
        given = 0;
        decode();
    }

    private void copyPresence(long[] validity, int to, int length) {
        if (pages.isAllPresent()) {
            setBits(validity, to, to + length);
            return;
        }
        long[] present = pages.present();
        for (int i = 0; i < length; i++) {
            int row = given + i;
            validity[to + i >>> 6] |= (present[row >>> 6] >>> row & 1) << to + i;
        }
    }

    private static void setBits(long[] words, int from, int to) {
        int bit = from;
        while (bit < to) {
            int length = Math.min(64 - (bit & 63), to - bit);
            words[bit >>> 6] |= -1L >>> 64 - length << (bit & 63);
            bit += length;
        }
    }

    final boolean isPresent(int row) {
        return (pages.present()[row >>> 6] >>> row & 1) != 0;
    }

    final void refuseEncoding() {
        throw pages.corrupt("a page with the encoding " + pages.encoding(), null);
    }

    void startChunk() {}

    /// The page at hand is the dictionary.
    void readDictionary() {
        throw pages.corrupt("a dictionary", null);
    }

    /// Decodes the page at hand into an entry for each row.
    abstract void decode();

    /// Makes arrays for so many rows.
    abstract void start(int count);

    abstract void copy(int from, int to, int length);

    abstract Column column(int count, Validity validity);

    static final class Longs extends ColumnRows {
        private long[] page = new long[0];
        private long[] dictionary = new long[0];
        private int entries;
        private int[] codes = new int[0];
        private long[] values;

        Longs(String name, PageCursor pages) {
            super(name, pages);
        }

        @Override
        void startChunk() {
            entries = 0;
        }

        @Override
        void readDictionary() {
            entries = pages().rowCount();
            pages().require(entries <= (pages().valuesTo() - pages().valuesFrom()) / 8, "a dictionary that is cut");
            dictionary = dictionary.length < entries ? new long[entries] : dictionary;
            PageValues.longs(pages(), dictionary, entries);
        }

        @Override
        void decode() {
            int rows = pages().rowCount();
            int count = pages().presentCount();
            page = page.length < rows ? new long[rows] : page;
            Encoding encoding = pages().encoding();
            if (encoding == Encoding.PLAIN) {
                PageValues.longs(pages(), page, count);
            } else if (encoding == Encoding.DELTA_BINARY_PACKED) {
                PageValues.deltas(pages(), page, count);
            } else if (encoding == Encoding.RLE_DICTIONARY) {
                codes = codes.length < rows ? new int[rows] : codes;
                PageValues.codes(pages(), codes, count, entries);
                for (int i = 0; i < count; i++) {
                    page[i] = dictionary[codes[i]];
                }
            } else {
                refuseEncoding();
            }
            if (!pages().isAllPresent()) {
                int from = count;
                for (int row = rows - 1; row >= 0; row--) {
                    page[row] = isPresent(row) ? page[--from] : 0;
                }
            }
        }

        @Override
        void start(int count) {
            values = new long[count];
        }

        @Override
        void copy(int from, int to, int length) {
            System.arraycopy(page, from, values, to, length);
        }

        @Override
        Column column(int count, Validity validity) {
            return new LongColumn(name(), Role.FIELD, values, validity);
        }
    }

    static final class Doubles extends ColumnRows {
        private double[] page = new double[0];
        private double[] dictionary = new double[0];
        private int entries;
        private int[] codes = new int[0];
        private double[] values;

        Doubles(String name, PageCursor pages) {
            super(name, pages);
        }

        @Override
        void startChunk() {
            entries = 0;
        }

        @Override
        void readDictionary() {
            entries = pages().rowCount();
            pages().require(entries <= (pages().valuesTo() - pages().valuesFrom()) / 8, "a dictionary that is cut");
            dictionary = dictionary.length < entries ? new double[entries] : dictionary;
            PageValues.doubles(pages(), dictionary, entries);
        }

        @Override
        void decode() {
            int rows = pages().rowCount();
            int count = pages().presentCount();
            page = page.length < rows ? new double[rows] : page;
            if (pages().encoding() == Encoding.PLAIN) {
                PageValues.doubles(pages(), page, count);
            } else if (pages().encoding() == Encoding.RLE_DICTIONARY) {
                codes = codes.length < rows ? new int[rows] : codes;
                PageValues.codes(pages(), codes, count, entries);
                for (int i = 0; i < count; i++) {
                    page[i] = dictionary[codes[i]];
                }
            } else {
                refuseEncoding();
            }
            if (!pages().isAllPresent()) {
                int from = count;
                for (int row = rows - 1; row >= 0; row--) {
                    page[row] = isPresent(row) ? page[--from] : 0;
                }
            }
        }

        @Override
        void start(int count) {
            values = new double[count];
        }

        @Override
        void copy(int from, int to, int length) {
            System.arraycopy(page, from, values, to, length);
        }

        @Override
        Column column(int count, Validity validity) {
            return new DoubleColumn(name(), Role.FIELD, values, validity);
        }
    }

    static final class Booleans extends ColumnRows {
        private boolean[] page = new boolean[0];
        private boolean[] values;

        Booleans(String name, PageCursor pages) {
            super(name, pages);
        }

        @Override
        void decode() {
            int rows = pages().rowCount();
            int count = pages().presentCount();
            page = page.length < rows ? new boolean[rows] : page;
            if (pages().encoding() != Encoding.PLAIN) {
                refuseEncoding();
            }
            PageValues.booleans(pages(), page, count);
            if (!pages().isAllPresent()) {
                int from = count;
                for (int row = rows - 1; row >= 0; row--) {
                    page[row] = isPresent(row) && page[--from];
                }
            }
        }

        @Override
        void start(int count) {
            values = new boolean[count];
        }

        @Override
        void copy(int from, int to, int length) {
            System.arraycopy(page, from, values, to, length);
        }

        @Override
        Column column(int count, Validity validity) {
            return new BooleanColumn(name(), Role.FIELD, values, validity);
        }
    }

    /// A chunk's texts either all refer to its dictionary or are all in their pages.
    static final class Texts extends ColumnRows {
        private Utf8Block dictionary;
        private int[] codes = new int[0];
        /// Of plain pages: where each row's text is within the page's values.
        private int[] starts = new int[0];
        private int[] lengths = new int[0];
        private int[] rowCodes;
        private byte[] bytes;
        private int[] offsets;
        private int filled;

        Texts(String name, PageCursor pages) {
            super(name, pages);
        }

        @Override
        void startChunk() {
            dictionary = null;
        }

        @Override
        void readDictionary() {
            int entries = pages().rowCount();
            pages().require(entries <= (pages().valuesTo() - pages().valuesFrom()) / 4, "a dictionary that is cut");
            int[] ends = new int[entries + 1];
            byte[] texts = new byte[pages().valuesTo() - pages().valuesFrom() - 4 * entries];
            int at = pages().valuesFrom();
            for (int i = 0; i < entries; i++) {
                int length = PageValues.textLength(pages(), at);
                pages().require(length <= texts.length - ends[i], "a dictionary that is cut");
                System.arraycopy(pages().values(), at + 4, texts, ends[i], length);
                ends[i + 1] = ends[i] + length;
                at += 4 + length;
            }
            dictionary = new Utf8Block(texts, ends);
        }

        @Override
        void decode() {
            int rows = pages().rowCount();
            int count = pages().presentCount();
            if (dictionary != null) {
                if (pages().encoding() != Encoding.RLE_DICTIONARY) {
                    refuseEncoding();
                }
                codes = codes.length < rows ? new int[rows] : codes;
                PageValues.codes(pages(), codes, count, dictionary.offsets().length - 1);
                if (!pages().isAllPresent()) {
                    int from = count;
                    for (int row = rows - 1; row >= 0; row--) {
                        codes[row] = isPresent(row) ? codes[--from] : 0;
                    }
                }
                return;
            }
            if (pages().encoding() != Encoding.PLAIN) {
                refuseEncoding();
            }
            starts = starts.length < rows ? new int[rows] : starts;
            lengths = lengths.length < rows ? new int[rows] : lengths;
            boolean all = pages().isAllPresent();
            int at = pages().valuesFrom();
            for (int row = 0; row < rows; row++) {
                lengths[row] = 0;
                starts[row] = 0;
                if (all || isPresent(row)) {
                    lengths[row] = PageValues.textLength(pages(), at);
                    starts[row] = at + 4;
                    at += 4 + lengths[row];
                }
            }
        }

        @Override
        void start(int count) {
            // Whether the chunk has a dictionary is known once its first page was read.
            rowCodes = new int[count];
            offsets = null;
            filled = 0;
        }

        @Override
        void copy(int from, int to, int length) {
            if (dictionary != null) {
                System.arraycopy(codes, from, rowCodes, to, length);
                return;
            }
            if (offsets == null) {
                offsets = new int[rowCodes.length + 1];
                bytes = new byte[Math.multiplyExact(16, rowCodes.length)];
            }
            for (int i = 0; i < length; i++) {
                int size = lengths[from + i];
                if (size > bytes.length - filled) {
                    int needed = Math.addExact(filled, size);
                    bytes = Arrays.copyOf(bytes, Math.clamp(2L * bytes.length, needed, Integer.MAX_VALUE - 8));
                }
                System.arraycopy(pages().values(), starts[from + i], bytes, filled, size);
                filled += size;
                offsets[to + i + 1] = filled;
            }
        }

        @Override
        Column column(int count, Validity validity) {
            if (dictionary == null) {
                return new Utf8Column(name(), Role.FIELD, new Utf8Block(bytes, offsets), validity);
            }
            return new DictionaryColumn(name(), Role.FIELD, rowCodes, dictionary, validity);
        }
    }
}
