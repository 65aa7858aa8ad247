package io.arc.api.spi;

import io.arc.api.spi.StorageBackend.Body;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.Objects;

/// A part of a body, read from front to back.
final class BodyStream extends InputStream {
    private final Source source;
    private final long first;
    private final long size;
    private long position;
    private long marked;

    private BodyStream(Source source, long first, long size) {
        this.source = source;
        this.first = first;
        this.size = size;
    }

    private interface Source {
        /// Fills the buffer.
        void read(long position, ByteBuffer into) throws IOException;

        void close() throws IOException;
    }

    static InputStream of(Body body, long position, long length) throws IOException {
        Objects.checkFromIndexSize(position, length, body.size());
        return new BodyStream(switch (body) {
            case Body.InMemory memory -> new MemorySource(memory);
            case Body.OnDisk disk -> new DiskSource(disk, FileChannel.open(disk.path(), StandardOpenOption.READ));
        }, position, length);
    }

    private record MemorySource(Body.InMemory body) implements Source {
        @Override
        public void read(long position, ByteBuffer into) {
            into.put(body.bytes().asSlice(position, into.remaining()).asByteBuffer());
        }

        @Override
        public void close() {
            // The memory is the caller's.
        }
    }

    private record DiskSource(Body.OnDisk body, FileChannel file) implements Source {
        @Override
        public void read(long position, ByteBuffer into) throws IOException {
            long at = position;
            while (into.hasRemaining()) {
                int count = file.read(into, at);
                if (count < 0) {
                    throw new IOException(body.path() + " holds " + file.size() + " bytes instead of " + body.size());
                }
                at += count;
            }
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
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
        source.read(first + position, ByteBuffer.wrap(target, offset, count));
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
        source.close();
    }
}
