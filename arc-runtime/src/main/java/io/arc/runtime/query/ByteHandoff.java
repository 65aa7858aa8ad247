package io.arc.runtime.query;

import java.util.ArrayDeque;

/// Carries finished blocks of bytes from the thread that encodes to the thread that sends, a few at a time: a slow reader
/// slows the
/// encoder down instead of filling memory.
final class ByteHandoff {
    private static final int MAX_WAITING = 4;

    private final ArrayDeque<ByteOutput> waiting = new ArrayDeque<>();
    private final ArrayDeque<ByteOutput> free = new ArrayDeque<>();
    private Throwable failure;
    private boolean finished;
    private boolean abandoned;

    /// Hands a block over and gives an empty one back. Waits while the reader is behind.
    ///
    /// @return null when nobody reads any more
    synchronized ByteOutput exchange(ByteOutput block) throws InterruptedException {
        while (waiting.size() >= MAX_WAITING && !abandoned) {
            wait();
        }
        if (abandoned) {
            return null;
        }
        waiting.add(block);
        notifyAll();
        ByteOutput empty = free.poll();
        if (empty == null) {
            return new ByteOutput(block.bytes.length);
        }
        empty.size = 0;
        return empty;
    }

    /// No more blocks come.
    ///
    /// @param newFailure why, or null when all is written
    synchronized void finish(Throwable newFailure) {
        if (!finished) {
            finished = true;
            failure = newFailure;
            notifyAll();
        }
    }

    /// The next block, or null at the end. The block goes back with [#recycle].
    synchronized ByteOutput take() throws InterruptedException {
        while (waiting.isEmpty() && !finished) {
            wait();
        }
        ByteOutput block = waiting.poll();
        notifyAll();
        return block;
    }

    synchronized void recycle(ByteOutput block) {
        if (free.size() < MAX_WAITING) {
            free.add(block);
        }
    }

    /// The reader goes away; the encoder's next exchange tells.
    synchronized void abandon() {
        abandoned = true;
        notifyAll();
    }

    /// Why the blocks ended early, or null.
    synchronized Throwable failure() {
        return failure;
    }
}
