package io.arc.runtime.wal;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;

/// Keeps a listener's defects away from the threads that keep the rows.
final class GuardedListener implements WalListener {
    private static final Logger LOG = System.getLogger(GuardedListener.class.getName());

    private final WalListener listener;

    GuardedListener(WalListener listener) {
        this.listener = listener;
    }

    @Override
    public void committed(String writer, int frames, long payloadBytes, long syncNanos) {
        tell(() -> listener.committed(writer, frames, payloadBytes, syncNanos));
    }

    @Override
    public void segmentFailed(String writer, Exception cause) {
        tell(() -> listener.segmentFailed(writer, cause));
    }

    @Override
    public void failed(String writer, int frames) {
        tell(() -> listener.failed(writer, frames));
    }

    @Override
    public void segmentClosed(String writer, Path file, long bytes) {
        tell(() -> listener.segmentClosed(writer, file, bytes));
    }

    @Override
    public void segmentArchived(String writer, Path file) {
        tell(() -> listener.segmentArchived(writer, file));
    }

    @Override
    public void segmentDeleted(String writer, Path file) {
        tell(() -> listener.segmentDeleted(writer, file));
    }

    private static void tell(Runnable call) {
        try {
            call.run();
        } catch (RuntimeException defect) {
            LOG.log(Level.ERROR, "a listener of the log failed", defect);
        }
    }
}
