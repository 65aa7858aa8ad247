/// Writes in InfluxDB line protocol.
///
/// The way of a body: [LineDecoder] reads one line after the other, compares each name with the one that the line before
/// had at the same place, and keeps a line's cells apart until the whole line is known to be good. [RowStore] finds tables
/// and columns by name, [TableRows] and [ColumnRows] collect the rows, and at the end [BatchWriter] turns every table into
/// column batches. [LineFault] says why a line is bad, [NumberReader] and [DecimalNumber] read numbers, [ByteText] looks at
/// bytes as text, [TextSet] numbers distinct texts.
///
/// The runtime enters by [LineProtocol] alone. No thread is started here; a decoder runs on the thread that calls it.
package io.arc.plugin.lineproto;
