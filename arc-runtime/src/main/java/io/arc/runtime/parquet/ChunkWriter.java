package io.arc.runtime.parquet;

import io.arc.api.spi.Compressor.BlockCompressor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.zip.CRC32;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.ColumnMetaData;
import org.apache.parquet.format.CompressionCodec;
import org.apache.parquet.format.DataPageHeaderV2;
import org.apache.parquet.format.DictionaryPageHeader;
import org.apache.parquet.format.Encoding;
import org.apache.parquet.format.OffsetIndex;
import org.apache.parquet.format.PageEncodingStats;
import org.apache.parquet.format.PageHeader;
import org.apache.parquet.format.PageLocation;
import org.apache.parquet.format.PageType;
import org.apache.parquet.format.Type;
import org.apache.parquet.format.Util;

/// Writes column chunks: pages, compressed where that pays, each behind its header.
///
/// ```
/// chunk     = [header dictionary page] (header data page)*
/// data page = definition levels, never compressed | values, compressed or not, as the header says
/// ```
final class ChunkWriter {
    /// A page is stored compressed when that saves at least the sixteenth part of it; less is not worth every reader's time.
    private static final int MIN_SAVING_SHIFT = 4;
    /// After a page that did not shrink the next ones of its chunk are not tried, at first one, at the most so many.
    private static final int MAX_UNTRIED_PAGES = 16;

    private final ParquetOptions options;
    private final CompressionCodec codec;
    private final Optional<BlockCompressor> compressor;
    private final Presence presence;
    private final PageBytes header = new PageBytes(1 << 8);
    private final PageBytes levels = new PageBytes(1 << 8);
    private final PageBytes values;
    private final PageBytes compressed = new PageBytes(0);
    private final CRC32 checksum = new CRC32();

    private ParquetOutput output;
    private long position;
    private long uncompressedBytes;
    private int untriedPages;
    private int pagesToSkip;

    ChunkWriter(ParquetOptions options, CompressionCodec codec, Optional<BlockCompressor> compressor) {
        this.options = options;
        this.codec = codec;
        this.compressor = compressor;
        presence = new Presence(options.pageRows());
        values = new PageBytes(Math.multiplyExact(options.pageRows(), 8));
    }

    void open(ParquetOutput target) {
        output = target;
        position = 0;
    }

    /// How many bytes the file has so far.
    long position() {
        return position;
    }

    void write(byte[] bytes, int length) throws IOException {
        output.write(bytes, 0, length);
        position += length;
    }

    /// Writes a column's values of one row group.
    ChunkIndexes writeChunk(SourceColumn source, RowMap rows) throws IOException {
        long start = position;
        uncompressedBytes = 0;
        untriedPages = 0;
        pagesToSkip = 0;
        source.startChunk(rows);
        PageBytes dictionary = source.dictionaryPageOrNull();
        if (dictionary != null) {
            writeDictionaryPage(dictionary, source.dictionaryEntries());
        }
        long firstDataPage = position;
        List<PageLocation> locations = new ArrayList<>();
        Map<Encoding, Integer> pages = new EnumMap<>(Encoding.class);
        int from = 0;
        while (from < rows.rowCount()) {
            values.clear();
            int maxTo = (int) Math.min(rows.rowCount(), (long) from + options.pageRows());
            int end = source.fillPage(rows, from, maxTo, presence, values);
            long pageStart = position;
            writeDataPage(source.encoding());
            pages.merge(source.encoding(), 1, Integer::sum);
            locations.add(new PageLocation(pageStart, Math.toIntExact(position - pageStart), from));
            source.statistics().endPage(presence.absentCount());
            from = end;
        }
        source.statistics().endChunk();
        ColumnMetaData metaData = new ColumnMetaData(type(source), encodings(pages, dictionary != null),
                List.of(source.name()), codec, rows.rowCount(), uncompressedBytes, position - start, firstDataPage);
        metaData.setStatistics(source.statistics().chunkStatistics());
        metaData.setEncoding_stats(encodingStats(pages, dictionary != null));
        if (dictionary != null) {
            metaData.setDictionary_page_offset(start);
        }
        ColumnChunk chunk = new ColumnChunk(start).setMeta_data(metaData);
        return new ChunkIndexes(chunk, source.statistics().columnIndexOrNull(), new OffsetIndex(locations));
    }

    private static Type type(SourceColumn source) {
        return switch (source) {
            case LongSource _ -> Type.INT64;
            case DoubleSource _ -> Type.DOUBLE;
            case BooleanSource _ -> Type.BOOLEAN;
            case TextSource _ -> Type.BYTE_ARRAY;
        };
    }

    private static List<Encoding> encodings(Map<Encoding, Integer> pages, boolean dictionary) {
        Set<Encoding> encodings = EnumSet.of(Encoding.RLE);
        encodings.addAll(pages.keySet());
        if (dictionary) {
            encodings.add(Encoding.PLAIN);
        }
        return List.copyOf(encodings);
    }

    private static List<PageEncodingStats> encodingStats(Map<Encoding, Integer> pages, boolean dictionary) {
        List<PageEncodingStats> stats = new ArrayList<>();
        if (dictionary) {
            stats.add(new PageEncodingStats(PageType.DICTIONARY_PAGE, Encoding.PLAIN, 1));
        }
        pages.forEach((encoding, count) -> stats.add(new PageEncodingStats(PageType.DATA_PAGE_V2, encoding, count)));
        return stats;
    }

    /// Unlike a data page, a dictionary page has no mark for being stored as it is, so it is compressed always.
    private void writeDictionaryPage(PageBytes dictionary, int entries) throws IOException {
        PageBytes body = dictionary;
        if (compressor.isPresent()) {
            compress(compressor.get(), dictionary);
            body = compressed;
        }
        PageHeader page = new PageHeader(PageType.DICTIONARY_PAGE, dictionary.size(), body.size());
        page.setDictionary_page_header(new DictionaryPageHeader(entries, Encoding.PLAIN));
        levels.clear();
        writePage(page, body);
    }

    private void writeDataPage(Encoding encoding) throws IOException {
        int rowCount = presence.rowCount();
        levels.clear();
        if (presence.isAllPresent() || presence.presentCount() == 0) {
            RunLengths.putSameLevel(levels, rowCount, presence.isAllPresent());
        } else {
            RunLengths.putLevels(levels, presence.words(), rowCount);
        }
        boolean isCompressed = tryCompress();
        PageBytes body = isCompressed ? compressed : values;
        PageHeader page = new PageHeader(PageType.DATA_PAGE_V2, Math.addExact(levels.size(), values.size()),
                Math.addExact(levels.size(), body.size()));
        DataPageHeaderV2 data = new DataPageHeaderV2(rowCount, presence.absentCount(), rowCount, encoding, levels.size(), 0);
        page.setData_page_header_v2(data.setIs_compressed(isCompressed));
        writePage(page, body);
    }

    private boolean tryCompress() {
        if (compressor.isEmpty() || values.size() == 0) {
            return false;
        }
        if (pagesToSkip > 0) {
            pagesToSkip--;
            return false;
        }
        compress(compressor.get(), values);
        if (compressed.size() <= values.size() - (values.size() >>> MIN_SAVING_SHIFT) - 1) {
            untriedPages = 0;
            return true;
        }
        untriedPages = Math.clamp(2L * untriedPages, 1, MAX_UNTRIED_PAGES);
        pagesToSkip = untriedPages;
        return false;
    }

    private void compress(BlockCompressor with, PageBytes from) {
        compressed.clear();
        compressed.ensure(with.maxCompressedLength(from.size()));
        compressed.advance(with.compress(from.segment(), compressed.freeSpace()));
    }

    private void writePage(PageHeader page, PageBytes body) throws IOException {
        if (options.pageChecksums()) {
            checksum.reset();
            checksum.update(levels.array(), 0, levels.size());
            checksum.update(body.array(), 0, body.size());
            page.setCrc((int) checksum.getValue());
        }
        header.clear();
        Util.writePageHeader(page, header);
        write(header.array(), header.size());
        write(levels.array(), levels.size());
        write(body.array(), body.size());
        uncompressedBytes += header.size() + page.getUncompressed_page_size();
    }
}
