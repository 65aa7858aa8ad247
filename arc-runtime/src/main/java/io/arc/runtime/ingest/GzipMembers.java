package io.arc.runtime.ingest;

import io.arc.api.spi.ByteSlice;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import java.util.zip.ZipException;

/// Reads gzip members (RFC 1952) one after the other, up to the very end of the bytes. The JDK's own stream takes a second
/// member whose header is cut for the end of the data, and so a part of a request for the whole.
///
/// One thread. Closing frees the native inflater.
final class GzipMembers extends InputStream {
    private static final int HEADER_CHECKSUM = 2;
    private static final int EXTRA = 4;
    private static final int NAME = 8;
    private static final int COMMENT = 16;
    private static final int RESERVED = 0xe0;

    private final byte[] bytes;
    private final int end;
    private final Inflater inflater = new Inflater(true);
    private final CRC32 checksum = new CRC32();
    private int position;
    private boolean inMember;

    GzipMembers(ByteSlice body) {
        this.bytes = body.array();
        this.position = body.offset();
        this.end = body.offset() + body.length();
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, target.length);
        if (length == 0) {
            return 0;
        }
        while (true) {
            if (!inMember) {
                if (position == end) {
                    return -1;
                }
                beginMember();
            }
            int read = inflate(target, offset, length);
            checksum.update(target, offset, read);
            if (inflater.finished()) {
                endMember();
            }
            if (read > 0) {
                return read;
            }
        }
    }

    private int inflate(byte[] target, int offset, int length) throws IOException {
        try {
            int read = inflater.inflate(target, offset, length);
            if (read == 0 && !inflater.finished()) {
                if (inflater.needsDictionary()) {
                    throw new ZipException("it needs a dictionary");
                }
                throw new EOFException("it ends within the data");
            }
            return read;
        } catch (DataFormatException damaged) {
            throw new ZipException(damaged.getMessage());
        }
    }

    private void beginMember() throws IOException {
        int start = position;
        if (next() != 0x1f || next() != 0x8b) {
            throw new ZipException("what follows the first part is not gzip");
        }
        if (next() != 8) {
            throw new ZipException("its compression method is not deflate");
        }
        int flags = next();
        if ((flags & RESERVED) != 0) {
            throw new ZipException("its header has reserved flags");
        }
        skip(6);
        if ((flags & EXTRA) != 0) {
            skip(next() | next() << 8);
        }
        if ((flags & NAME) != 0) {
            skipText();
        }
        if ((flags & COMMENT) != 0) {
            skipText();
        }
        checksum.reset();
        if ((flags & HEADER_CHECKSUM) != 0) {
            checksum.update(bytes, start, position - start);
            int expected = next() | next() << 8;
            if ((checksum.getValue() & 0xffff) != expected) {
                throw new ZipException("its header's checksum is wrong");
            }
            checksum.reset();
        }
        inflater.reset();
        inflater.setInput(bytes, position, end - position);
        inMember = true;
    }

    private void endMember() throws IOException {
        position = end - inflater.getRemaining();
        long expected = next() | next() << 8 | next() << 16 | (long) next() << 24;
        long length = next() | next() << 8 | next() << 16 | (long) next() << 24;
        if (checksum.getValue() != expected || (inflater.getBytesWritten() & 0xffff_ffffL) != length) {
            throw new ZipException("its checksum or length is wrong");
        }
        inMember = false;
    }

    private int next() throws IOException {
        if (position == end) {
            throw new EOFException("it ends within a header or trailer");
        }
        return bytes[position++] & 0xff;
    }

    private void skip(int count) throws IOException {
        if (end - position < count) {
            throw new EOFException("it ends within a header");
        }
        position += count;
    }

    private void skipText() throws IOException {
        while (next() != 0) {
            // The text itself is of no interest.
        }
    }

    @Override
    public void close() {
        inflater.end();
    }
}
