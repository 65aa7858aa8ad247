package io.arc.runtime.parquet;

import java.util.Objects;

/// How files are laid out.
///
/// @param rowGroupRows the most rows of a row group, which is what readers skip and share out between threads
/// @param pageRows the most rows of a page, which is what the page index can skip
/// @param pageBytes a page of text ends when it holds that many bytes
/// @param dictionary whether values that repeat, text or numbers, are stored once per row group and referred to
/// @param maxDictionaryBytes a column whose distinct values take more in a row group gets no dictionary
/// @param thorough whether numbers get a dictionary even when a sample of them repeats little: files become smaller, and take up to
///     twice the time to write; for files that stay
/// @param pageChecksums whether each page carries a CRC-32
/// @param createdBy names the writer in the footer, in the form `application version 1.2.3`
public record ParquetOptions(int rowGroupRows, int pageRows, int pageBytes, boolean dictionary, int maxDictionaryBytes,
        boolean thorough, boolean pageChecksums, String createdBy) {
    public static final ParquetOptions DEFAULT = new ParquetOptions(1 << 20, 20_480, 1 << 20, true, 1 << 20, false,
            true, "arc version 0.1.0");

    private static final int MAX_PAGE_ROWS = 1 << 20;

    /// @throws IllegalArgumentException for a size below 1, or more than 1,048,576 rows a page
    public ParquetOptions {
        Objects.requireNonNull(createdBy, "createdBy");
        if (rowGroupRows < 1 || pageRows < 1 || pageBytes < 1 || maxDictionaryBytes < 1) {
            throw new IllegalArgumentException("sizes start at 1: row group " + rowGroupRows + ", page " + pageRows
                    + " rows and " + pageBytes + " bytes, dictionary " + maxDictionaryBytes);
        }
        if (pageRows > MAX_PAGE_ROWS) {
            throw new IllegalArgumentException("a page holds at most " + MAX_PAGE_ROWS + " rows, not " + pageRows);
        }
    }

    public ParquetOptions withRowGroupRows(int rows) {
        return new ParquetOptions(rows, pageRows, pageBytes, dictionary, maxDictionaryBytes, thorough, pageChecksums, createdBy);
    }

    public ParquetOptions withPages(int rows, int bytes) {
        return new ParquetOptions(rowGroupRows, rows, bytes, dictionary, maxDictionaryBytes, thorough, pageChecksums, createdBy);
    }

    public ParquetOptions withDictionary(boolean enabled, int maxBytes) {
        return new ParquetOptions(rowGroupRows, pageRows, pageBytes, enabled, maxBytes, thorough, pageChecksums, createdBy);
    }

    public ParquetOptions withThorough(boolean enabled) {
        return new ParquetOptions(rowGroupRows, pageRows, pageBytes, dictionary, maxDictionaryBytes, enabled, pageChecksums, createdBy);
    }

    public ParquetOptions withPageChecksums(boolean enabled) {
        return new ParquetOptions(rowGroupRows, pageRows, pageBytes, dictionary, maxDictionaryBytes, thorough, enabled, createdBy);
    }
}
