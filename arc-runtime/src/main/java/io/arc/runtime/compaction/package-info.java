/// Merges small data files into few large, sorted ones, while queries and writes go on. Entered by the server at its start and
/// by `http` for figures and triggers. The scheduler has one thread, each job one of `arc-compact-*`.
package io.arc.runtime.compaction;
