package io.arc.distribution;

import com.github.luben.zstd.Zstd;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;

/// Bodies of requests.
final class Payloads {
    /// `{m: "t1", columns: {time: [2025-06-15T15:06:40Z, ...41Z], v: [1.5, nil]}}`
    static final byte[] COLUMNS = HexFormat.of().parseHex("82a16da27431a7636f6c756d6e7382a474696d6592cf00000197"
            + "7420dc00cf000001977420dfe8a17692cb3ff8000000000000c0");
    /// `{m: "t1", t: 1750000000, fields: {v: 2}, tags: {host: "a"}}`
    static final byte[] ROW = HexFormat.of().parseHex("84a16da27431a174ce684ee180a66669656c647381a17602a47461677381a4686f7374"
            + "a161");
    /// `[t1{time, v = 1}, t2{time, s = "x"}]`
    static final byte[] TWO_TABLES = HexFormat.of().parseHex("9282a16da27431a7636f6c756d6e7382a474696d6591cf00000197"
            + "7420dc00a176910182a16da27432a7636f6c756d6e7382a474696d6591cf000001977420dc00a17391a178");

    static final String MULTIPART = "multipart/form-data; boundary=----7d1f";

    private Payloads() {}

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] gzip(byte[] plain) {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
            gzip.write(plain);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return packed.toByteArray();
    }

    static byte[] zstd(byte[] plain) {
        return Zstd.compress(plain);
    }

    /// An item by columns: names and values in turn.
    static Map<String, Object> columns(String table, Object... columns) {
        Map<String, Object> named = new LinkedHashMap<>();
        for (int i = 0; i < columns.length; i += 2) {
            named.put((String) columns[i], columns[i + 1]);
        }
        Map<String, Object> item = new LinkedHashMap<>();
        item.put("m", table);
        item.put("columns", named);
        return item;
    }

    /// A form with one part, with the boundary that [#MULTIPART] tells.
    static byte[] multipart(String field, String name, byte[] content) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        body.writeBytes(bytes("------7d1f\r\nContent-Disposition: form-data; name=\"" + field + "\"; filename=\"" + name
                + "\"\r\nContent-Type: application/octet-stream\r\n\r\n"));
        body.writeBytes(content);
        body.writeBytes(bytes("\r\n------7d1f--\r\n"));
        return body.toByteArray();
    }

    /// An integer in all its 64 bits, as some clients send each of theirs.
    record Fixed(long value) {}

    /// Maps, lists, text, numbers, booleans, byte arrays and null; a map's order is its own.
    static byte[] messagePack(Object value) {
        try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
            pack(packer, value);
            return packer.toByteArray();
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    private static void pack(MessageBufferPacker packer, Object value) throws IOException {
        switch (value) {
            case null -> packer.packNil();
            case String text -> packer.packString(text);
            case Fixed fixed -> packer.writePayload(ByteBuffer.allocate(9).put((byte) 0xd3).putLong(fixed.value()).array());
            case Boolean bool -> packer.packBoolean(bool);
            case Double number -> packer.packDouble(number);
            case Float number -> packer.packFloat(number);
            case Number number -> packer.packLong(number.longValue());
            case byte[] bytes -> {
                packer.packBinaryHeader(bytes.length);
                packer.writePayload(bytes);
            }
            case List<?> list -> {
                packer.packArrayHeader(list.size());
                for (Object each : list) {
                    pack(packer, each);
                }
            }
            case Map<?, ?> map -> {
                packer.packMapHeader(map.size());
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    pack(packer, entry.getKey());
                    pack(packer, entry.getValue());
                }
            }
            default -> throw new IllegalArgumentException("no MessagePack for " + value.getClass());
        }
    }
}
