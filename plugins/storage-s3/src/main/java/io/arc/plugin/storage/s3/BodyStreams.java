package io.arc.plugin.storage.s3;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.StorageBackend.Body;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import software.amazon.awssdk.core.sync.RequestBody;

/// Ranges of a body as the SDK wants them: with a length, and readable again.
final class BodyStreams {
    private BodyStreams() {}

    /// @throws ArcException STORAGE_UNAVAILABLE when the file behind the body is not what the body says
    static void requireReadable(Body body) {
        if (body instanceof Body.OnDisk disk) {
            try {
                long size = Files.size(disk.path());
                if (size != disk.size()) {
                    throw new ArcException(ErrorCode.STORAGE_UNAVAILABLE,
                            disk.path() + " holds " + size + " bytes instead of " + disk.size() + "; it is not stored");
                }
            } catch (IOException unreadable) {
                throw new ArcException(ErrorCode.STORAGE_UNAVAILABLE, disk.path() + " cannot be read: " + unreadable, unreadable);
            }
        }
    }

    static RequestBody range(Body body, long position, long length, String contentType) {
        return RequestBody.fromContentProvider(() -> switch (body) {
            case Body.InMemory memory -> new SegmentStream(memory.bytes().asSlice(position, length));
            case Body.OnDisk disk -> FileRange.open(disk.path(), position, length);
        }, length, contentType);
    }

    private static final class SegmentStream extends InputStream {
        private final MemorySegment bytes;
        private long position;
        private long mark;

        SegmentStream(MemorySegment bytes) {
            this.bytes = bytes;
        }

        @Override
        public int read() {
            return position < bytes.byteSize() ? bytes.get(ValueLayout.JAVA_BYTE, position++) & 0xFF : -1;
        }

        @Override
        public int read(byte[] target, int offset, int length) {
            if (length == 0) {
                return 0;
            }
            int count = (int) Math.min(length, bytes.byteSize() - position);
            if (count <= 0) {
                return -1;
            }
            MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, position, target, offset, count);
            position += count;
            return count;
        }

        @Override
        public int available() {
            return (int) Math.min(Integer.MAX_VALUE, bytes.byteSize() - position);
        }

        @Override
        public boolean markSupported() {
            return true;
        }

        @Override
        public synchronized void mark(int limit) {
            mark = position;
        }

        @Override
        public synchronized void reset() {
            position = mark;
        }
    }

    private static final class FileRange extends InputStream {
        private final FileChannel file;
        private final long end;
        private long position;
        private long mark;

        private FileRange(FileChannel file, long position, long end) {
            this.file = file;
            this.position = position;
            this.mark = position;
            this.end = end;
        }

        static FileRange open(Path path, long position, long length) {
            try {
                return new FileRange(FileChannel.open(path, StandardOpenOption.READ), position, position + length);
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
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
            if (position >= end) {
                return -1;
            }
            int count = file.read(ByteBuffer.wrap(target, offset, (int) Math.min(length, end - position)), position);
            if (count > 0) {
                position += count;
            }
            return count;
        }

        @Override
        public boolean markSupported() {
            return true;
        }

        @Override
        public synchronized void mark(int limit) {
            mark = position;
        }

        @Override
        public synchronized void reset() {
            position = mark;
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
