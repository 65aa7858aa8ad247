package io.arc.runtime.wal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32C;

/// The bytes of a segment file. All numbers little-endian. `docs/wal-format.md` says what the fields are for.
///
/// ```
/// segment      0  "ARCWAL"                         frame   0  "ARCF"
///              6  version, short                           4  payload length, int
///              8  writer's id, ASCII, 0-padded             8  sequence, long
///             40  ordinal, long                           16  salt of the segment, int
///             48  first sequence, long                    20  unsynced before, int
///             56  kept through, long                      24  CRC-32C of the payload, int
///             64  durable through, long                   28  CRC-32C of bytes 0 to 27, int
///             72  made at, micros since 1970, long        32  payload
///             80  salt, int
///             84  0, long
///             92  CRC-32C of bytes 0 to 91, int
///             96  frames
/// ```
final class SegmentFormat {
    static final int VERSION = 1;
    static final int HEADER_BYTES = 96;
    static final int FRAME_HEADER_BYTES = 32;
    static final int MAX_WRITER_BYTES = 32;
    /// "ARCF" as the first four bytes of a frame.
    static final int FRAME_MAGIC = 0x4643_5241;
    private static final byte[] MAGIC = "ARCWAL".getBytes(StandardCharsets.US_ASCII);
    private static final int WRITER_AT = 8;
    private static final int ORDINAL_AT = 40;
    private static final int HEADER_CRC_AT = HEADER_BYTES - 4;
    private static final int FRAME_CRC_AT = FRAME_HEADER_BYTES - 4;

    private SegmentFormat() {}

    /// @param ordinal counts the writer's segments, and orders them
    /// @param keptThrough the last sequence that counts in the segments before this one; what they hold above it is void
    /// @param durableThrough what this writer had synced when it made the header; 0 for the first segment of a run
    /// @param salt random; in every frame of the segment, so that stored text that looks like a frame is none
    record Header(String writer, long ordinal, long firstSequence, long keptThrough, long durableThrough, long createdMicros,
            int salt) {}

    /// @param unsyncedBefore how many frames right before this one were not known to be on the disk when it was written
    record Frame(int payloadLength, long sequence, int salt, int unsyncedBefore, int payloadCrc) {
        /// When this frame was written, the ones through this sequence were surely on the disk.
        long durableThrough() {
            return sequence - 1 - unsyncedBefore;
        }

        long endAt(long start) {
            return start + FRAME_HEADER_BYTES + payloadLength;
        }
    }

    /// What the first bytes of a file turned out to be.
    sealed interface Opening {
        record Sound(Header header) implements Opening {}

        /// Checksummed, from a version of Arc that this one does not know.
        record Foreign(int version) implements Opening {}

        record Damaged() implements Opening {}
    }

    static ByteBuffer header(Header header) {
        byte[] writer = header.writer().getBytes(StandardCharsets.US_ASCII);
        if (writer.length > MAX_WRITER_BYTES) {
            throw new IllegalArgumentException("writer id '" + header.writer() + "'");
        }
        ByteBuffer bytes = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.put(MAGIC).putShort((short) VERSION).put(writer).position(ORDINAL_AT);
        bytes.putLong(header.ordinal()).putLong(header.firstSequence()).putLong(header.keptThrough())
                .putLong(header.durableThrough()).putLong(header.createdMicros()).putInt(header.salt()).putLong(0);
        bytes.putInt(crc(bytes.array(), 0, HEADER_CRC_AT));
        return bytes.flip();
    }

    static Opening readHeader(ByteBuffer bytes) {
        if (bytes.remaining() < HEADER_BYTES) {
            return new Opening.Damaged();
        }
        byte[] copy = new byte[HEADER_BYTES];
        bytes.get(bytes.position(), copy);
        ByteBuffer header = ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN);
        if (!Arrays.equals(copy, 0, MAGIC.length, MAGIC, 0, MAGIC.length)
                || header.getInt(HEADER_CRC_AT) != crc(copy, 0, HEADER_CRC_AT)) {
            return new Opening.Damaged();
        }
        int version = Short.toUnsignedInt(header.getShort(MAGIC.length));
        if (version != VERSION) {
            return new Opening.Foreign(version);
        }
        int length = 0;
        while (length < MAX_WRITER_BYTES && copy[WRITER_AT + length] != 0) {
            length++;
        }
        header.position(ORDINAL_AT);
        return new Opening.Sound(new Header(new String(copy, WRITER_AT, length, StandardCharsets.US_ASCII), header.getLong(),
                header.getLong(), header.getLong(), header.getLong(), header.getLong(), header.getInt()));
    }

    /// Writes a frame's header into `target`, which is little-endian.
    static void putFrame(ByteBuffer target, Frame frame, CRC32C crc) {
        int at = target.position();
        target.putInt(FRAME_MAGIC).putInt(frame.payloadLength()).putLong(frame.sequence()).putInt(frame.salt())
                .putInt(frame.unsyncedBefore()).putInt(frame.payloadCrc());
        target.putInt(crcOf(target, at, crc));
    }

    /// Null for bytes that are no frame's header, or a damaged one. `bytes` is little-endian.
    static Frame readFrame(ByteBuffer bytes, int at, CRC32C crc) {
        if (bytes.limit() - at < FRAME_HEADER_BYTES || bytes.getInt(at) != FRAME_MAGIC || bytes.getInt(at + 4) < 0
                || bytes.getInt(at + FRAME_CRC_AT) != crcOf(bytes, at, crc)) {
            return null;
        }
        return new Frame(bytes.getInt(at + 4), bytes.getLong(at + 8), bytes.getInt(at + 16), bytes.getInt(at + 20),
                bytes.getInt(at + 24));
    }

    private static int crcOf(ByteBuffer bytes, int at, CRC32C crc) {
        int position = bytes.position();
        int limit = bytes.limit();
        bytes.limit(at + FRAME_CRC_AT).position(at);
        crc.reset();
        crc.update(bytes);
        bytes.limit(limit).position(position);
        return (int) crc.getValue();
    }

    static int crc(byte[] bytes, int from, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, from, length);
        return (int) crc.getValue();
    }
}
