package io.arc.runtime.parquet;

import io.arc.api.data.Column;
import org.apache.parquet.format.Encoding;

/// One column of a file in the making: where its values are in the batches, how its pages are filled, what is known of it.
/// Lives as long as one file.
abstract sealed class SourceColumn permits LongSource, DoubleSource, BooleanSource, TextSource {
    private final String name;
    private final long[][] validity;
    private final boolean nullable;

    /// @param parts the column in each batch, null where a batch lacks it
    SourceColumn(String name, Column[] parts) {
        this.name = name;
        validity = new long[parts.length][];
        boolean nulls = false;
        for (int b = 0; b < parts.length; b++) {
            if (parts[b] != null) {
                validity[b] = parts[b].validity().words();
            }
            nulls |= validity[b] == null || validity[b].length > 0;
        }
        nullable = nulls;
    }

    /// A column that has a value in every row.
    SourceColumn(String name) {
        this.name = name;
        validity = new long[0][];
        nullable = false;
    }

    final String name() {
        return name;
    }

    final boolean isNullable() {
        return nullable;
    }

    final long[][] validity() {
        return validity;
    }

    final void readPresence(RowMap rows, int from, int to, Presence presence) {
        if (nullable) {
            presence.read(rows, validity, from, to);
        } else {
            presence.setAllPresent(to - from);
        }
    }

    abstract ColumnStatistics<?> statistics();

    /// Called before the pages of a row group.
    void startChunk(RowMap rows) {
        statistics().startChunk();
    }

    /// The dictionary page of the chunk, or null when it has none.
    PageBytes dictionaryPageOrNull() {
        return null;
    }

    int dictionaryEntries() {
        return 0;
    }

    /// How the page that was filled last is encoded.
    Encoding encoding() {
        return Encoding.PLAIN;
    }

    /// Fills one page: the values of the rows from `from` on that are present, and their bounds.
    ///
    /// @param maxTo where the page ends at the latest
    /// @param presence scratch; afterwards which rows of the page are present
    /// @param values empty; afterwards the encoded values
    /// @return where the page ends
    abstract int fillPage(RowMap rows, int from, int maxTo, Presence presence, PageBytes values);
}
