/// Columns in, the bytes of a Parquet file out; and the footer of a Parquet file back in.
///
/// [io.arc.runtime.parquet.ParquetEncoder] fills pages from primitive arrays and compresses them by a plugin's codec;
/// [io.arc.runtime.parquet.ParquetFooter] reads what any writer has put into a footer. The Thrift structures are
/// parquet-java's (`org.apache.parquet.format`), which need no Hadoop class; nothing outside this room sees them.
///
/// A leaf: it imports `io.arc.api`, the JDK and `org.apache.parquet.format`. It starts no thread and opens no file. An
/// encoder belongs to one thread at a time; flush and compaction workers and the query's snapshot writer each have their own.
package io.arc.runtime.parquet;
