package io.arc.plugin.msgpack;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;

/// Writes bodies from plain Java values, in msgpack-core's most compact forms.
final class Pack {
    /// Bytes that stand for themselves, for what no packer writes.
    record Raw(byte[] bytes) {
        static Raw hex(String hex) {
            return new Raw(HexFormat.of().parseHex(hex));
        }
    }

    /// A map in which keys may come twice and may be anything.
    record Pairs(Object... keysAndValues) {}

    private Pack() {}

    /// All values, one behind the other.
    static byte[] body(Object... values) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        for (Object value : values) {
            try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
                write(packer, value);
                body.writeBytes(packer.toByteArray());
            } catch (IOException impossible) {
                throw new UncheckedIOException(impossible);
            }
        }
        return body.toByteArray();
    }

    static Map<String, Object> map(Object... keysAndValues) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            map.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        return map;
    }

    private static void write(MessageBufferPacker packer, Object value) throws IOException {
        switch (value) {
            case null -> packer.packNil();
            case Map<?, ?> map -> {
                packer.packMapHeader(map.size());
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    write(packer, entry.getKey());
                    write(packer, entry.getValue());
                }
            }
            case Pairs pairs -> {
                packer.packMapHeader(pairs.keysAndValues.length / 2);
                for (Object each : pairs.keysAndValues) {
                    write(packer, each);
                }
            }
            case List<?> list -> {
                packer.packArrayHeader(list.size());
                for (Object each : list) {
                    write(packer, each);
                }
            }
            case Raw raw -> packer.addPayload(raw.bytes);
            case String text -> packer.packString(text);
            case Integer number -> packer.packLong(number);
            case Long number -> packer.packLong(number);
            case Float number -> packer.packFloat(number);
            case Double number -> packer.packDouble(number);
            case Boolean flag -> packer.packBoolean(flag);
            case Instant instant -> packer.packTimestamp(instant);
            case byte[] binary -> packer.packBinaryHeader(binary.length).addPayload(binary);
            default -> throw new IllegalArgumentException(value.getClass().getName());
        }
    }
}
