/// Local copies of data files for the query engine, which opens local paths only. Entered by `query` and `compaction`, from any
/// thread; downloads run on the thread that asks first.
package io.arc.runtime.filecache;
