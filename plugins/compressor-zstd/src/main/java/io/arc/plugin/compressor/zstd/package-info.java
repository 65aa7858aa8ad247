/// Parquet's codec ZSTD: Zstandard frames by zstd-jni's native library.
///
/// The runtime's flush and compaction workers enter, each with a compressor of its own; nothing here starts a thread.
package io.arc.plugin.compressor.zstd;
