package io.arc.runtime.wal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.zip.CRC32C;

/// The bytes of a segment file. All numbers little-endian.
///
/// ```
/// segment      0  "ARCWAL01"                       frame   0  "ARCF"
///              8  writer's id, ASCII, 0-padded             4  payload length, int
///             40  first sequence, long                     8  sequence, long
///             48  made at, micros since 1970, long        16  CRC-32C of the payload, int
///             56  0, int                                  20  CRC-32C of bytes 0 to 19, int
///             60  CRC-32C of bytes 0 to 59, int           24  payload
///             64  frames
/// ```
final class SegmentFormat {
    static final int HEADER_BYTES = 64;
    static final int FRAME_HEADER_BYTES = 24;
    static final int MAX_WRITER_BYTES = 32;
    /// "ARCF" as the first four bytes of a frame.
    static final int FRAME_MAGIC = 0x4643_5241;
    private static final byte[] MAGIC = "ARCWAL01".getBytes(StandardCharsets.US_ASCII);

    private SegmentFormat() {}

    /// @param writer the writer's id
    record Header(String writer, long firstSequence, long createdMicros) {}

    record Frame(int payloadLength, long sequence, int payloadCrc) {}

    static ByteBuffer header(Header header) {
        byte[] writer = header.writer().getBytes(StandardCharsets.US_ASCII);
        ByteBuffer bytes = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put(MAGIC).put(writer).position(40);
        bytes.putLong(header.firstSequence()).putLong(header.createdMicros()).putInt(0);
        bytes.putInt(crc(bytes.array(), 0, 60));
        return bytes.flip();
    }

    /// Empty for bytes that are no segment's header, or a damaged one.
    static Optional<Header> readHeader(ByteBuffer bytes) {
        if (bytes.remaining() < HEADER_BYTES) {
            return Optional.empty();
        }
        byte[] copy = new byte[HEADER_BYTES];
        bytes.get(bytes.position(), copy);
        ByteBuffer header = ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < MAGIC.length; i++) {
            if (copy[i] != MAGIC[i]) {
                return Optional.empty();
            }
        }
        if (header.getInt(60) != crc(copy, 0, 60)) {
            return Optional.empty();
        }
        int length = 0;
        while (length < MAX_WRITER_BYTES && copy[8 + length] != 0) {
            length++;
        }
        return Optional.of(new Header(new String(copy, 8, length, StandardCharsets.US_ASCII), header.getLong(40),
                header.getLong(48)));
    }

    /// Writes a frame's header into `target`, which is little-endian.
    static void putFrame(ByteBuffer target, Frame frame) {
        int at = target.position();
        target.putInt(FRAME_MAGIC).putInt(frame.payloadLength()).putLong(frame.sequence()).putInt(frame.payloadCrc());
        CRC32C crc = new CRC32C();
        crc.update(target.duplicate().limit(at + 20).position(at));
        target.putInt((int) crc.getValue());
    }

    /// Empty for bytes that are no frame's header, or a damaged one. `bytes` is little-endian.
    static Optional<Frame> readFrame(ByteBuffer bytes, int at) {
        if (bytes.limit() - at < FRAME_HEADER_BYTES || bytes.getInt(at) != FRAME_MAGIC) {
            return Optional.empty();
        }
        CRC32C crc = new CRC32C();
        crc.update(bytes.duplicate().limit(at + 20).position(at));
        if ((int) crc.getValue() != bytes.getInt(at + 20) || bytes.getInt(at + 4) < 0) {
            return Optional.empty();
        }
        return Optional.of(new Frame(bytes.getInt(at + 4), bytes.getLong(at + 8), bytes.getInt(at + 16)));
    }

    static int crc(byte[] bytes, int from, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, from, length);
        return (int) crc.getValue();
    }
}
