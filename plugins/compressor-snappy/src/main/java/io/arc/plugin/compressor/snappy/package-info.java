/// Parquet's codec SNAPPY: raw Snappy blocks by snappy-java's native library.
///
/// The runtime's flush and compaction workers enter, each with a compressor of its own; nothing here starts a thread.
package io.arc.plugin.compressor.snappy;
