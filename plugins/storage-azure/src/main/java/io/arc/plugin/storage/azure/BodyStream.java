package io.arc.plugin.storage.azure;

import io.arc.api.spi.StorageBackend.Body;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/// A part of a body as the SDK reads it: it can be marked and reset, because the SDK reads twice where it has to sign.
final class BodyStream extends InputStream {
    private static final int CHUNK_BYTES = 1 << 20;

    private final Part part;
    private final long size;
    private long position;
    private long marked;

    private BodyStream(Part part, long size) {
        this.part = part;
        this.size = size;
    }

    private interface Part extends AutoCloseable {
        /// Fills the buffer as far as there are bytes.
        void read(long position, ByteBuffer into) throws IOException;

        @Override
        void close() throws IOException;
    }

    static InputStream of(Body body, long from, long length) throws IOException {
        return length == 0 ? new ByteArrayInputStream(new byte[0]) : new BodyStream(part(body, from), length);
    }

    /// The service checks what has arrived against it.
    static byte[] md5(Body body, long from, long length) throws IOException {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("MD5");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java platform has MD5", impossible);
        }
        try (Part part = part(body, from)) {
            ByteBuffer chunk = ByteBuffer.allocate((int) Math.min(CHUNK_BYTES, Math.max(1, length)));
            for (long position = 0; position < length; position += chunk.position()) {
                chunk.clear().limit((int) Math.min(chunk.capacity(), length - position));
                part.read(position, chunk);
                digest.update(chunk.array(), 0, chunk.position());
            }
        }
        return digest.digest();
    }

    private static Part part(Body body, long from) throws IOException {
        return switch (body) {
            case Body.InMemory memory -> new Part() {
                @Override
                public void read(long position, ByteBuffer into) {
                    MemorySegment bytes = memory.bytes().asSlice(from + position, into.remaining());
                    into.put(bytes.asByteBuffer());
                }

                @Override
                public void close() {
                    // The caller owns the memory.
                }
            };
            case Body.OnDisk disk -> {
                FileChannel file = FileChannel.open(disk.path(), StandardOpenOption.READ);
                yield new Part() {
                    @Override
                    public void read(long position, ByteBuffer into) throws IOException {
                        while (into.hasRemaining()) {
                            if (file.read(into, from + position + into.position()) < 0) {
                                throw new IOException(disk.path() + " is shorter than " + disk.size() + " bytes");
                            }
                        }
                    }

                    @Override
                    public void close() throws IOException {
                        file.close();
                    }
                };
            }
        };
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        if (position >= size) {
            return -1;
        }
        int count = (int) Math.min(length, size - position);
        // Its own buffer starts at 0, which a part counts from.
        ByteBuffer into = ByteBuffer.wrap(target, offset, count).slice();
        part.read(position, into);
        position += count;
        return count;
    }

    @Override
    public int available() {
        return (int) Math.min(Integer.MAX_VALUE, size - position);
    }

    @Override
    public boolean markSupported() {
        return true;
    }

    @Override
    public void mark(int readLimit) {
        marked = position;
    }

    @Override
    public void reset() {
        position = marked;
    }

    @Override
    public void close() throws IOException {
        part.close();
    }
}
