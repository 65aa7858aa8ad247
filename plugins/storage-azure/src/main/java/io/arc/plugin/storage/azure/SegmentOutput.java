package io.arc.plugin.storage.azure;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Takes an answer's bytes into memory, and refuses more than fit there.
final class SegmentOutput extends OutputStream {
    private final MemorySegment target;
    private long size;

    SegmentOutput(MemorySegment target) {
        this.target = target;
    }

    @Override
    public void write(int value) throws IOException {
        write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        if (length > target.byteSize() - size) {
            throw new IOException("the answer is longer than the " + target.byteSize() + " bytes asked for");
        }
        MemorySegment.copy(bytes, offset, target, ValueLayout.JAVA_BYTE, size, length);
        size += length;
    }

    long size() {
        return size;
    }
}
