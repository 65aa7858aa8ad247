package io.arc.runtime.wal;

import io.arc.runtime.fs.FileSystem;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/// The closed segments of all writers, those of earlier runs included, until their rows are in files. Thread-safe.
final class Segments {
    private static final Logger LOG = System.getLogger(Segments.class.getName());

    private record Closed(String writer, long lastSequence, Path file, long bytes) {}

    private final FileSystem files;
    private final Path directory;
    private final List<Closed> closed = new ArrayList<>();
    private final Map<String, Long> released = new HashMap<>();

    Segments(FileSystem files, Path directory) {
        this.files = files;
        this.directory = directory;
    }

    /// @param lastSequence the highest one in the segment; below the first one for a segment without frames
    synchronized void add(String writer, long lastSequence, Path file, long bytes) {
        closed.add(new Closed(writer, lastSequence, file, bytes));
        sweep();
    }

    synchronized void release(String writer, long throughSequence) {
        released.merge(writer, throughSequence, Math::max);
        sweep();
    }

    synchronized boolean isReleased(String writer, long sequence) {
        return released.getOrDefault(writer, Long.MIN_VALUE) >= sequence;
    }

    synchronized int count() {
        return closed.size();
    }

    synchronized long bytes() {
        return closed.stream().mapToLong(Closed::bytes).sum();
    }

    private void sweep() {
        boolean deleted = false;
        for (Iterator<Closed> each = closed.iterator(); each.hasNext();) {
            Closed segment = each.next();
            if (released.getOrDefault(segment.writer(), Long.MIN_VALUE) >= segment.lastSequence()) {
                try {
                    files.delete(segment.file());
                    each.remove();
                    deleted = true;
                } catch (IOException stays) {
                    // Replaying it would be passed over; the next release tries again.
                    LOG.log(Level.WARNING, "the log segment " + segment.file() + " is not needed and cannot be deleted: " + stays);
                }
            }
        }
        if (deleted) {
            try {
                files.syncDirectory(directory);
            } catch (IOException harmless) {
                LOG.log(Level.DEBUG, "the log's folder could not be synced after deletions", harmless);
            }
        }
    }
}
