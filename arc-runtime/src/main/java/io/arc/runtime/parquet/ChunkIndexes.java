package io.arc.runtime.parquet;

import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.ColumnIndex;
import org.apache.parquet.format.OffsetIndex;

/// A column chunk that has been written and its parts of the page index, which follow all chunks.
///
/// @param columnIndexOrNull null where a page has no bounds
record ChunkIndexes(ColumnChunk chunk, ColumnIndex columnIndexOrNull, OffsetIndex offsetIndex) {}
