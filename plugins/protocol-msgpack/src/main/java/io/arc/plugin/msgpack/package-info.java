/// Writes in MessagePack: columns, rows, or batches of both. `MsgPackDecoder` walks the body once; typed loops read the columns;
/// msgpack-core is used for nested values only, which become JSON text.
package io.arc.plugin.msgpack;
