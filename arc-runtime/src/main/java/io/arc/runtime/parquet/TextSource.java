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
    private static final int UNUSED = -1;
    private static final int USED = -2;
    private static final int NOT_MAPPED = -1;
    /// Any code: no page asks for it.
    private static final int ABSENT = ~0;

    private final Utf8Block[] blocks;
    /// For each batch the codes that point into its block; null where each row has its own entry.
    private final int[][] partCodes;
    /// Where the batch's part of `codeOfPartCode` begins; NOT_MAPPED while no row of the row group is from the batch.
    private final int[] mapStart;
    /// The batches that have a part, in the order in which they came, and the parts' size.
    private final int[] mapped;
    private int mappedCount;
    private int mapSize;
    private final ParquetOptions options;
    private final ChunkScratch scratch;
    private final ColumnStatistics<TextBounds> statistics = new ColumnStatistics<>(TextBounds::new, false);
    private boolean dictionaryChunk;

    TextSource(String name, Column[] columns, ParquetOptions options, ChunkScratch scratch) {
        super(name, columns);
        this.options = options;
        this.scratch = scratch;
        blocks = new Utf8Block[columns.length];
        partCodes = new int[columns.length][];
        mapStart = new int[columns.length];
        mapped = new int[columns.length];
        for (int b = 0; b < columns.length; b++) {
            if (columns[b] instanceof DictionaryColumn part) {
                blocks[b] = part.dictionary();
                partCodes[b] = part.codes();
            } else if (columns[b] instanceof Utf8Column part) {
                blocks[b] = part.values();
            }
        }
    }

    @Override
    ColumnStatistics<TextBounds> statistics() {
        return statistics;
    }

    @Override
    void startChunk(RowMap rows) {
        super.startChunk(rows);
        dictionaryChunk = options.dictionary() && encodeCodes(rows) && scratch.texts().entryCount() > 0;
    }

    @Override
    PageBytes dictionaryPageOrNull() {
        return dictionaryChunk ? scratch.texts().page() : null;
    }

    @Override
    int dictionaryEntries() {
        return dictionaryChunk ? scratch.texts().entryCount() : 0;
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
        scratch.texts().reset(rowCount / 2, options.maxDictionaryBytes());
        int[] codes = scratch.codes(rowCount);
        Arrays.fill(mapStart, NOT_MAPPED);
        mappedCount = 0;
        mapSize = 0;
        if (!(rows.isScattered() ? markScattered(rows) : markRuns(rows)) || !mergeDictionaries()) {
            return false;
        }
        int[] codeOfPartCode = scratch.codeOfPartCode(mapSize);
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
        int[] codes = scratch.codes(to);
        if (block == null) {
            Arrays.fill(codes, from, to, ABSENT);
            return true;
        }
        long[] validity = validity()[batch];
        int[] own = partCodes[batch];
        int shift = firstRow - from;
        if (own == null) {
            for (int i = from; i < to; i++) {
                if (!markText(codes, i, block, validity, i + shift)) {
                    return false;
                }
            }
            return true;
        }
        int start = map(batch);
        int[] used = scratch.codeOfPartCode(mapSize);
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
    private boolean markText(int[] codes, int position, Utf8Block block, long[] validity, int row) {
        int code = 0;
        if (validity.length == 0 || Presence.isPresent(validity, row)) {
            code = dictionaryCode(block, row);
            if (code < 0) {
                return false;
            }
        }
        codes[position] = ~code;
        return true;
    }

    private boolean markScattered(RowMap rows) {
        int[] batchOf = rows.batchOf();
        int[] rowOf = rows.rowOf();
        int[] codes = scratch.codes(rows.rowCount());
        for (int i = 0; i < rows.rowCount(); i++) {
            if (partCodes[batchOf[i]] != null) {
                map(batchOf[i]);
            }
        }
        int[] used = scratch.codeOfPartCode(mapSize);
        for (int i = 0; i < rows.rowCount(); i++) {
            int batch = batchOf[i];
            int row = rowOf[i];
            int[] own = partCodes[batch];
            if (own == null) {
                if (blocks[batch] == null) {
                    codes[i] = ABSENT;
                } else if (!markText(codes, i, blocks[batch], validity()[batch], row)) {
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

    /// Makes room for the codes of a batch's dictionary, so that a file of a few rows costs no look at all the others.
    private int map(int batch) {
        if (mapStart[batch] == NOT_MAPPED) {
            int size = Math.addExact(mapSize, blocks[batch].offsets().length);
            Arrays.fill(scratch.codeOfPartCode(size), mapSize, size, UNUSED);
            mapStart[batch] = mapSize;
            mapSize = size;
            mapped[mappedCount++] = batch;
        }
        return mapStart[batch];
    }

    private boolean mergeDictionaries() {
        int[] codeOfPartCode = scratch.codeOfPartCode(mapSize);
        for (int i = 0; i < mappedCount; i++) {
            Utf8Block block = blocks[mapped[i]];
            int start = mapStart[mapped[i]];
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
        return true;
    }

    private int dictionaryCode(Utf8Block block, int entry) {
        int from = block.offsets()[entry];
        return scratch.texts().code(block.bytes(), from, block.offsets()[entry + 1] - from);
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
        int[] page = scratch.pageCodes();
        int[] codes = scratch.codes(to);
        if (presence.isAllPresent()) {
            System.arraycopy(codes, from, page, 0, count);
        } else {
            long[] present = presence.words();
            int at = 0;
            for (int i = 0; i < to - from; i++) {
                page[at] = codes[from + i];
                at += (int) (present[i >>> 6] >>> i & 1);
            }
        }
        addUsed(page, count);
        int width = scratch.texts().codeWidth();
        values.write(width);
        RunLengths.putCodes(values, page, 0, count, width);
    }

    private void addUsed(int[] page, int count) {
        TextDictionary dictionary = scratch.texts();
        int entries = dictionary.entryCount();
        boolean[] used = scratch.used(entries);
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
