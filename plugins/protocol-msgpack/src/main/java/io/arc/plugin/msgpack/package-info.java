/// Writes in MessagePack: columns, rows, or batches of both. For the runtime, which finds [MsgPackProtocol] by its service
/// file; no other room enters. A decoder is used by one thread at a time and starts none.
///
/// `MsgPackDecoder` walks the items of a body with an `Input` for a cursor. Columns go value by value into `ColumnBuilder`s;
/// rows go into the builders of a `RowTable`; `ColumnItems` puts columnar items of one shape together.
package io.arc.plugin.msgpack;
