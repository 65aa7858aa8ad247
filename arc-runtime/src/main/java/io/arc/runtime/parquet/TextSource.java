package io.arc.runtime.parquet;

import io.arc.api.data.Column;
import io.arc.api.data.Column.DictionaryColumn;
import io.arc.api.data.Column.Utf8Column;
import io.arc.api.data.Utf8Block;
import java.util.Arrays;
import org.apache.parquet.format.Encoding;

/// Text. A row group in which values repeat gets a dictionary, into which the batches' own dictionaries are merged; otherwise
/// its texts are stored one by one.
final class TextSource extends SourceColumn {
    /// Scratch that all text columns of an encoder share, one after the other.
    static final class Scratch {
        private final TextDictionary dictionary = new TextDictionary();
        private int[] codes = new int[0];
        private int[] codeOfPartCode = new int[0];
        private boolean[] used = new boolean[0];
        private final int[] pageCodes;

        Scratch(int pageRows) {
            pageCodes = new int[pageRows];
        }
    }

    private static final int UNUSED = -1;
    private static final int USED = -2;
    /// Any code: no page asks for it.
    private static final int ABSENT = ~0;

    private final Utf8Block[] blocks;
    /// For each batch the codes that point into its block; null where each row has its own entry.
    private final int[][] partCodes;
    /// Where the batch's part of `codeOfPartCode` begins.
    private final int[] mapStart;
    private final int mapSize;
    private final ParquetOptions options;
    private final Scratch scratch;
    private final ColumnStatistics<TextBounds> statistics = new ColumnStatistics<>(TextBounds::new, false);
    private boolean dictionaryChunk;

    TextSource(String name, Column[] columns, ParquetOptions options, Scratch scratch) {
        super(name, columns);
        this.options = options;
        this.scratch = scratch;
        blocks = new Utf8Block[columns.length];
        partCodes = new int[columns.length][];
        mapStart = new int[columns.length];
        int size = 0;
        for (int b = 0; b < columns.length; b++) {
            mapStart[b] = size;
            if (columns[b] instanceof DictionaryColumn part) {
                blocks[b] = part.dictionary();
                partCodes[b] = part.codes();
                size = Math.addExact(size, part.dictionary().offsets().length);
            } else if (columns[b] instanceof Utf8Column part) {
                blocks[b] = part.values();
            }
        }
        mapSize = size;
    }

    @Override
    ColumnStatistics<TextBounds> statistics() {
        return statistics;
    }

    @Override
    void startChunk(RowMap rows) {
        super.startChunk(rows);
        dictionaryChunk = options.dictionary() && encodeCodes(rows) && scratch.dictionary.entryCount() > 0;
    }

    @Override
    PageBytes dictionaryPageOrNull() {
        return dictionaryChunk ? scratch.dictionary.page() : null;
    }

    @Override
    int dictionaryEntries() {
        return dictionaryChunk ? scratch.dictionary.entryCount() : 0;
    }

    @Override
    Encoding encoding() {
        return dictionaryChunk ? Encoding.RLE_DICTIONARY : Encoding.PLAIN;
    }

    /// Gives every row of the group its code. The batches' dictionaries are read from front to back and not in the order of
    /// the rows: they are many, and none of them is in the processor's caches any more.
    ///
    /// @return false when there are too many distinct values for a dictionary to pay
    private boolean encodeCodes(RowMap rows) {
        int rowCount = rows.rowCount();
        scratch.dictionary.reset(rowCount / 2, options.maxDictionaryBytes());
        if (scratch.codes.length < rowCount) {
            scratch.codes = new int[rowCount];
        }
        if (scratch.codeOfPartCode.length < mapSize) {
            scratch.codeOfPartCode = new int[mapSize];
        }
        Arrays.fill(scratch.codeOfPartCode, 0, mapSize, UNUSED);
        if (!(rows.isScattered() ? markScattered(rows) : markRuns(rows)) || !mergeDictionaries()) {
            return false;
        }
        int[] codes = scratch.codes;
        int[] codeOfPartCode = scratch.codeOfPartCode;
        for (int i = 0; i < rowCount; i++) {
            int code = codes[i];
            codes[i] = code < 0 ? ~code : codeOfPartCode[code];
        }
        return true;
    }

    private boolean markRuns(RowMap rows) {
        int position = 0;
        for (int run = 0; position < rows.rowCount(); run++) {
            int end = rows.runStart(run + 1);
            if (!markRun(rows.runBatch(run), rows.runRow(run), position, end)) {
                return false;
            }
            position = end;
        }
        return true;
    }

    private boolean markRun(int batch, int firstRow, int from, int to) {
        Utf8Block block = blocks[batch];
        int[] codes = scratch.codes;
        if (block == null) {
            Arrays.fill(codes, from, to, ABSENT);
            return true;
        }
        long[] validity = validity()[batch];
        int[] own = partCodes[batch];
        int shift = firstRow - from;
        if (own == null) {
            for (int i = from; i < to; i++) {
                if (!markText(i, block, validity, i + shift)) {
                    return false;
                }
            }
            return true;
        }
        int[] used = scratch.codeOfPartCode;
        int start = mapStart[batch];
        for (int i = from; i < to; i++) {
            int row = i + shift;
            if (validity.length == 0 || Presence.isPresent(validity, row)) {
                int at = start + own[row];
                codes[i] = at;
                used[at] = USED;
            } else {
                codes[i] = ABSENT;
            }
        }
        return true;
    }

    /// Texts without a dictionary of their own get their codes at once, kept apart from the others by their sign.
    private boolean markText(int position, Utf8Block block, long[] validity, int row) {
        int code = 0;
        if (validity.length == 0 || Presence.isPresent(validity, row)) {
            code = dictionaryCode(block, row);
            if (code < 0) {
                return false;
            }
        }
        scratch.codes[position] = ~code;
        return true;
    }

    private boolean markScattered(RowMap rows) {
        int[] batchOf = rows.batchOf();
        int[] rowOf = rows.rowOf();
        int[] codes = scratch.codes;
        int[] used = scratch.codeOfPartCode;
        for (int i = 0; i < rows.rowCount(); i++) {
            int batch = batchOf[i];
            int row = rowOf[i];
            int[] own = partCodes[batch];
            if (own == null) {
                if (blocks[batch] == null) {
                    codes[i] = ABSENT;
                } else if (!markText(i, blocks[batch], validity()[batch], row)) {
                    return false;
                }
            } else if (Presence.isPresent(validity()[batch], row)) {
                int at = mapStart[batch] + own[row];
                codes[i] = at;
                used[at] = USED;
            } else {
                codes[i] = ABSENT;
            }
        }
        return true;
    }

    private boolean mergeDictionaries() {
        int[] codeOfPartCode = scratch.codeOfPartCode;
        for (int batch = 0; batch < blocks.length; batch++) {
            if (partCodes[batch] != null) {
                Utf8Block block = blocks[batch];
                int start = mapStart[batch];
                int entries = block.offsets().length - 1;
                for (int entry = 0; entry < entries; entry++) {
                    if (codeOfPartCode[start + entry] == USED) {
                        int code = dictionaryCode(block, entry);
                        if (code < 0) {
                            return false;
                        }
                        codeOfPartCode[start + entry] = code;
                    }
                }
            }
        }
        return true;
    }

    private int dictionaryCode(Utf8Block block, int entry) {
        int from = block.offsets()[entry];
        return scratch.dictionary.code(block.bytes(), from, block.offsets()[entry + 1] - from);
    }

    @Override
    int fillPage(RowMap rows, int from, int maxTo, Presence presence, PageBytes values) {
        readPresence(rows, from, maxTo, presence);
        if (dictionaryChunk) {
            fillDictionaryPage(from, maxTo, presence, values);
            return maxTo;
        }
        int end = fillPlainPage(rows, from, maxTo, presence, values);
        if (end < maxTo) {
            presence.limit(end - from);
        }
        return end;
    }

    private void fillDictionaryPage(int from, int to, Presence presence, PageBytes values) {
        int count = presence.presentCount();
        int[] page = scratch.pageCodes;
        if (presence.isAllPresent()) {
            System.arraycopy(scratch.codes, from, page, 0, count);
        } else {
            long[] present = presence.words();
            int at = 0;
            for (int i = 0; i < to - from; i++) {
                page[at] = scratch.codes[from + i];
                at += (int) (present[i >>> 6] >>> i & 1);
            }
        }
        addUsed(page, count);
        int width = scratch.dictionary.codeWidth();
        values.write(width);
        RunLengths.putCodes(values, page, count, width);
    }

    private void addUsed(int[] page, int count) {
        TextDictionary dictionary = scratch.dictionary;
        int entries = dictionary.entryCount();
        if (scratch.used.length < entries) {
            scratch.used = new boolean[entries];
        }
        boolean[] used = scratch.used;
        Arrays.fill(used, 0, entries, false);
        for (int i = 0; i < count; i++) {
            used[page[i]] = true;
        }
        TextBounds bounds = statistics.page();
        byte[] bytes = dictionary.page().array();
        for (int code = 0; code < entries; code++) {
            if (used[code]) {
                bounds.add(bytes, dictionary.start(code), dictionary.length(code), dictionary.prefix(code));
            }
        }
    }

    private int fillPlainPage(RowMap rows, int from, int maxTo, Presence presence, PageBytes values) {
        boolean scattered = rows.isScattered();
        boolean allPresent = presence.isAllPresent();
        long[] present = presence.words();
        TextBounds bounds = statistics.page();
        int run = scattered ? 0 : rows.runAt(from);
        int i = from;
        while (i < maxTo && values.size() < options.pageBytes()) {
            int batch;
            int row;
            if (scattered) {
                batch = rows.batchOf()[i];
                row = rows.rowOf()[i];
            } else {
                if (i >= rows.runStart(run + 1)) {
                    run++;
                }
                batch = rows.runBatch(run);
                row = rows.runRow(run) + i - rows.runStart(run);
            }
            int position = i - from;
            if (allPresent || (present[position >>> 6] >>> position & 1) != 0) {
                Utf8Block block = blocks[batch];
                int entry = partCodes[batch] != null ? partCodes[batch][row] : row;
                int start = block.offsets()[entry];
                int length = block.offsets()[entry + 1] - start;
                values.putText(block.bytes(), start, length);
                bounds.add(block.bytes(), start, length, Utf8Order.prefix(block.bytes(), start, length));
            }
            i++;
        }
        return i;
    }
}
