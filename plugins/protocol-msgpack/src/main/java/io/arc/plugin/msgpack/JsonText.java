package io.arc.plugin.msgpack;

import java.io.IOException;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessageUnpacker;

/// Arrays and maps as JSON text, by msgpack-core: rare, and not worth a parser of our own.
final class JsonText {
    private JsonText() {}

    /// Reads the value at the cursor, which [Input#skip] has found to be whole and not too deep, and moves behind it.
    static String read(Input input, int depth) {
        int from = input.at;
        input.skip(depth);
        try (MessageUnpacker unpacker = MessagePack.newDefaultUnpacker(input.bytes, from, input.at - from)) {
            return unpacker.unpackValue().toJson();
        } catch (IOException | RuntimeException unreadable) {
            throw input.malformed("a nested value cannot be read");
        }
    }
}
