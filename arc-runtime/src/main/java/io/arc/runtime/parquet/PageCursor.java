package io.arc.runtime.parquet;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.Compressor.BlockDecompressor;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.CRC32;
import org.apache.parquet.format.DataPageHeaderV2;
import org.apache.parquet.format.Encoding;
import org.apache.parquet.format.PageHeader;
import org.apache.parquet.format.PageType;
import org.apache.parquet.format.Util;

/// Goes through the pages of one column chunk as [ChunkWriter] writes them. After [#next] the page's definition levels are
/// unpacked and its values are plain bytes. One thread.
final class PageCursor {
    private final String name;
    private final Optional<BlockDecompressor> decompressor;
    private final CRC32 checksum = new CRC32();
    private byte[] chunk;
    private int position;
    private int end;

    private byte[] inflated = new byte[0];
    private byte[] values;
    private int valuesFrom;
    private int valuesTo;
    private Encoding encoding;
    private int rowCount;
    private int presentCount;
    private long[] present = new long[0];

    /// @param name of the file and column, for messages
    /// @param decompressor of the chunk's codec; empty for one that is not compressed
    PageCursor(String name, Optional<BlockDecompressor> decompressor) {
        this.name = name;
        this.decompressor = decompressor;
    }

    /// Begins with a chunk, whose bytes nobody changes until the next one.
    void open(byte[] bytes, int from, int to) {
        chunk = bytes;
        position = from;
        end = to;
    }

    /// Reads the next page.
    ///
    /// @param maxRows what is left of the row group
    /// @return whether it is the dictionary
    boolean next(int maxRows) {
        PageHeader header = header();
        int size = header.getCompressed_page_size();
        int inflatedSize = header.getUncompressed_page_size();
        require(size >= 0 && size <= end - position && inflatedSize >= 0, "a page of " + size + " bytes");
        if (header.isSetCrc()) {
            checksum.reset();
            checksum.update(chunk, position, size);
            require((int) checksum.getValue() == header.getCrc(), "a page whose checksum does not fit its bytes");
        }
        int body = position;
        position += size;
        if (header.getType() == PageType.DICTIONARY_PAGE) {
            require(header.isSetDictionary_page_header(), "a dictionary without its header");
            rowCount = header.getDictionary_page_header().getNum_values();
            require(rowCount >= 0, "a dictionary of " + rowCount + " values");
            presentCount = rowCount;
            encoding = Encoding.PLAIN;
            unpack(body, size, inflatedSize, decompressor.isPresent());
            return true;
        }
        require(header.getType() == PageType.DATA_PAGE_V2 && header.isSetData_page_header_v2(), "a page of another kind");
        DataPageHeaderV2 data = header.getData_page_header_v2();
        rowCount = data.getNum_rows();
        int levels = data.getDefinition_levels_byte_length();
        require(rowCount > 0 && rowCount <= maxRows && data.getNum_values() == rowCount && levels >= 0 && levels <= size
                && data.getRepetition_levels_byte_length() == 0 && levels <= inflatedSize, "a page of impossible size");
        encoding = data.getEncoding();
        readLevels(body, body + levels);
        require(rowCount - presentCount == data.getNum_nulls(), "a page with another count of nulls than it says");
        unpack(body + levels, size - levels, inflatedSize - levels, decompressor.isPresent() && data.isIs_compressed());
        return false;
    }

    private PageHeader header() {
        ByteArrayInputStream stream = new ByteArrayInputStream(chunk, position, end - position);
        int before = stream.available();
        try {
            PageHeader header = Util.readPageHeader(stream);
            position += before - stream.available();
            return header;
        } catch (IOException | RuntimeException damaged) {
            throw corrupt("a page header that cannot be read", damaged);
        }
    }

    private void unpack(int from, int size, int inflatedSize, boolean isCompressed) {
        if (!isCompressed || size == 0) {
            require(size == inflatedSize, "a page of another size than it says");
            values = chunk;
            valuesFrom = from;
            valuesTo = from + size;
            return;
        }
        if (inflated.length < inflatedSize) {
            inflated = new byte[inflatedSize];
        }
        int length = decompressor.orElseThrow().decompress(MemorySegment.ofArray(chunk).asSlice(from, size),
                MemorySegment.ofArray(inflated).asSlice(0, inflatedSize));
        require(length == inflatedSize, "a page of another size than it says");
        values = inflated;
        valuesFrom = 0;
        valuesTo = inflatedSize;
    }

    /// Definition levels are runs and packed groups of one bit.
    private void readLevels(int from, int to) {
        int words = rowCount + 63 >>> 6;
        if (present.length < words) {
            present = new long[words];
        }
        Arrays.fill(present, 0, words, 0);
        int at = from;
        int row = 0;
        while (row < rowCount) {
            int head = 0;
            int shift = 0;
            byte next;
            do {
                require(at < to && shift < 32, "levels that end early");
                next = chunk[at++];
                head |= (next & 0x7F) << shift;
                shift += 7;
            } while (next < 0);
            int count = head >>> 1;
            require(count > 0, "an empty run of levels");
            if ((head & 1) == 0) {
                require(at < to, "levels that end early");
                int until = (int) Math.min(rowCount, (long) row + count);
                if (chunk[at++] != 0) {
                    fill(row, until);
                }
                row = until;
            } else {
                for (int group = 0; group < count && row < rowCount; group++) {
                    require(at < to, "levels that end early");
                    int take = Math.min(8, rowCount - row);
                    put(row, chunk[at++] & (1 << take) - 1);
                    row += take;
                }
            }
        }
        presentCount = 0;
        for (int word = 0; word < words; word++) {
            presentCount += Long.bitCount(present[word]);
        }
    }

    private void fill(int from, int to) {
        int bit = from;
        while (bit < to) {
            int length = Math.min(64 - (bit & 63), to - bit);
            present[bit >>> 6] |= -1L >>> 64 - length << (bit & 63);
            bit += length;
        }
    }

    private void put(int bit, int bits) {
        present[bit >>> 6] |= (long) bits << bit;
        if ((bit & 63) > 56 && (bit >>> 6) + 1 < present.length) {
            present[(bit >>> 6) + 1] |= (long) bits >>> 64 - (bit & 63);
        }
    }

    void require(boolean condition, String what) {
        if (!condition) {
            throw corrupt(what, null);
        }
    }

    ArcException corrupt(String what, Throwable cause) {
        return new ArcException(ErrorCode.CORRUPT_DATA, name + " has " + what + ".", cause);
    }

    Encoding encoding() {
        return encoding;
    }

    /// The rows of a data page, the entries of a dictionary.
    int rowCount() {
        return rowCount;
    }

    int presentCount() {
        return presentCount;
    }

    boolean isAllPresent() {
        return presentCount == rowCount;
    }

    /// Which rows of the data page have a value.
    long[] present() {
        return present;
    }

    byte[] values() {
        return values;
    }

    int valuesFrom() {
        return valuesFrom;
    }

    int valuesTo() {
        return valuesTo;
    }
}
