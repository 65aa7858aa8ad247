package io.arc.runtime.wal;

import io.arc.api.ArcException;
import io.arc.api.data.ColumnBatch;
import io.arc.runtime.fs.FileHandle;
import io.arc.runtime.fs.FileSystem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/// Reads what a server has left in the log's folder. Writers are read in parallel, each in the order of its sequences, one frame in
/// memory at a time.
///
/// Damage is passed over and counted: behind a frame whose header or payload does not match its checksum, reading goes on at
/// the next sound frame header. Damage with nothing sound behind it at the end of a writer's last segment is the torn tail of a
/// write that was never acknowledged; any other damage has hit acknowledged rows, and the segment is copied to `quarantine/`.
public final class WalReader {
    static final String SUFFIX = ".wal";
    private static final Logger LOG = System.getLogger(WalReader.class.getName());
    private static final int WINDOW_BYTES = 1 << 20;

    /// Takes frames; called by one thread for each writer, in the order of sequences, every sequence at most once.
    @FunctionalInterface
    public interface FrameConsumer {
        void accept(String writer, long sequence, List<ColumnBatch> batches);
    }

    /// A segment file and what it holds at the most.
    public record Segment(String writer, long lastSequence, Path file, long bytes) {}

    /// What was found.
    ///
    /// @param damaged places where acknowledged frames may have been lost
    /// @param tornTails last segments that end in an unfinished frame
    /// @param quarantined copies of damaged segments
    public record Report(List<Segment> segments, long frames, long rows, long bytes, long damaged, long tornTails,
            List<Path> quarantined) {
        public static final Report NONE = new Report(List.of(), 0, 0, 0, 0, 0, List.of());

        public Report {
            segments = List.copyOf(segments);
            quarantined = List.copyOf(quarantined);
        }

        /// The highest sequence of a writer; 0 when there is none.
        public long lastSequence(String writer) {
            return segments.stream().filter(segment -> segment.writer().equals(writer)).mapToLong(Segment::lastSequence).max()
                    .orElse(0);
        }
    }

    private final FileSystem files;
    private final Path directory;
    private final String instanceId;

    /// @param instanceId whose writer a segment with a damaged header is taken for
    public WalReader(FileSystem files, Path directory, String instanceId) {
        this.files = files;
        this.directory = directory;
        this.instanceId = instanceId;
    }

    /// Reads everything. A failure of the consumer ends the reading.
    ///
    /// @throws UncheckedIOException when a file cannot be read at all
    public Report read(FrameConsumer consumer) {
        Map<String, List<Found>> byWriter = new TreeMap<>();
        try {
            for (Path file : files.list(directory)) {
                if (file.getFileName().toString().endsWith(SUFFIX)) {
                    Found found = inspect(file);
                    byWriter.computeIfAbsent(found.writer(), absent -> new ArrayList<>()).add(found);
                }
            }
        } catch (IOException unreadable) {
            throw new UncheckedIOException("the log's folder " + directory + " cannot be read", unreadable);
        }
        if (byWriter.isEmpty()) {
            return Report.NONE;
        }
        LOG.log(Level.INFO, "WAL recovery started: {0} files", byWriter.values().stream().mapToInt(List::size).sum());
        List<WriterReading> readings = new ArrayList<>();
        try (ExecutorService threads = Executors.newThreadPerTaskExecutor(Thread.ofPlatform().name("arc-wal-read-", 0).factory())) {
            List<Future<WriterReading>> running = new ArrayList<>();
            byWriter.forEach((writer, found) -> running.add(threads.submit(() -> new WriterReading(writer, consumer).read(found))));
            for (Future<WriterReading> each : running) {
                readings.add(result(each));
            }
        }
        return report(readings);
    }

    private static WriterReading result(Future<WriterReading> running) {
        try {
            return running.get();
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof RuntimeException known) {
                throw known;
            }
            throw new IllegalStateException("reading the log failed", failed.getCause());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while reading the log", interrupted);
        }
    }

    private static Report report(List<WriterReading> readings) {
        List<Segment> segments = new ArrayList<>();
        List<Path> quarantined = new ArrayList<>();
        long frames = 0;
        long rows = 0;
        long bytes = 0;
        long damaged = 0;
        long tornTails = 0;
        for (WriterReading reading : readings) {
            segments.addAll(reading.segments);
            quarantined.addAll(reading.quarantined);
            frames += reading.frames;
            rows += reading.rows;
            bytes += reading.bytes;
            damaged += reading.damaged;
            tornTails += reading.tornTails;
        }
        LOG.log(Level.INFO, "WAL recovery complete: {0} batches, {1} entries", frames, rows);
        return new Report(segments, frames, rows, bytes, damaged, tornTails, quarantined);
    }

    private record Found(String writer, long firstSequence, Path file, boolean soundHeader) {}

    private Found inspect(Path file) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(SegmentFormat.HEADER_BYTES);
        try (FileHandle handle = files.openForReading(file)) {
            handle.read(bytes, 0);
        }
        Optional<SegmentFormat.Header> header = SegmentFormat.readHeader(bytes.flip());
        if (header.isPresent()) {
            return new Found(header.get().writer(), header.get().firstSequence(), file, true);
        }
        String[] parts = file.getFileName().toString().split("-", 3);
        String number = parts.length == 3 && parts[0].equals("worker") ? parts[1] : "1";
        return new Found(instanceId + "-" + number, firstSequence(file), file, false);
    }

    /// Where a segment without a sound header belongs among the others: by its first sound frame header.
    private long firstSequence(Path file) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(WINDOW_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        try (FileHandle handle = files.openForReading(file)) {
            handle.read(bytes, 0);
        }
        bytes.flip();
        for (int at = 0; at + SegmentFormat.FRAME_HEADER_BYTES <= bytes.limit(); at++) {
            Optional<SegmentFormat.Frame> frame = SegmentFormat.readFrame(bytes, at);
            if (frame.isPresent()) {
                return frame.get().sequence();
            }
        }
        return Long.MAX_VALUE;
    }

    /// One writer's segments, on one thread.
    private final class WriterReading {
        private final String writer;
        private final FrameConsumer consumer;
        private final List<Segment> segments = new ArrayList<>();
        private final List<Path> quarantined = new ArrayList<>();
        private long frames;
        private long rows;
        private long bytes;
        private long damaged;
        private long tornTails;
        private long lastSequence;

        WriterReading(String writer, FrameConsumer consumer) {
            this.writer = writer;
            this.consumer = consumer;
        }

        WriterReading read(List<Found> found) throws IOException {
            List<Found> ordered = new ArrayList<>(found);
            ordered.sort(Comparator.comparingLong(Found::firstSequence).thenComparing(each -> each.file().toString()));
            for (int i = 0; i < ordered.size(); i++) {
                Found each = ordered.get(i);
                try (FileHandle handle = files.openForReading(each.file())) {
                    new SegmentReading(each, handle, i == ordered.size() - 1).read();
                }
            }
            return this;
        }

        /// One segment.
        private final class SegmentReading {
            private final Found found;
            private final FileHandle handle;
            private final boolean isLast;
            private final long size;
            private final ByteBuffer window = ByteBuffer.allocate(WINDOW_BYTES).order(ByteOrder.LITTLE_ENDIAN);
            private long windowStart;
            private long highest;
            private long segmentFrames;
            private long segmentDamaged;

            SegmentReading(Found found, FileHandle handle, boolean isLast) throws IOException {
                this.found = found;
                this.handle = handle;
                this.isLast = isLast;
                this.size = handle.size();
                this.highest = found.soundHeader() ? found.firstSequence() - 1 : 0;
                window.limit(0);
            }

            void read() throws IOException {
                LOG.log(Level.INFO, "Recovering WAL: {0}", found.file().getFileName());
                long at = found.soundHeader() ? SegmentFormat.HEADER_BYTES : 0;
                boolean hurt = !found.soundHeader() && size > 0;
                while (at < size) {
                    Optional<SegmentFormat.Frame> frame = frameAt(at);
                    if (frame.isPresent() && at + SegmentFormat.FRAME_HEADER_BYTES + frame.get().payloadLength() <= size) {
                        if (hurt) {
                            hurt = false;
                            segmentDamaged++;
                        }
                        accept(frame.get(), at);
                        at += SegmentFormat.FRAME_HEADER_BYTES + frame.get().payloadLength();
                    } else {
                        hurt = true;
                        at = nextFrame(at + 1);
                    }
                }
                if (hurt) {
                    // A last segment that never got its header whole has held nothing acknowledged.
                    if (isLast || size < SegmentFormat.HEADER_BYTES) {
                        tornTails++;
                    } else {
                        segmentDamaged++;
                    }
                }
                bytes += size;
                segments.add(new Segment(writer, highest, found.file(), size));
                LOG.log(Level.INFO, "WAL read complete: {0} entries, {1} bytes", segmentFrames, size);
                if (segmentDamaged > 0) {
                    damaged += segmentDamaged;
                    quarantine();
                }
            }

            private void accept(SegmentFormat.Frame frame, long at) throws IOException {
                highest = Math.max(highest, frame.sequence());
                if (frame.sequence() <= lastSequence) {
                    // Written again after a failed sync; the first sound copy counts.
                    return;
                }
                byte[] payload = new byte[frame.payloadLength()];
                int read = handle.read(ByteBuffer.wrap(payload), at + SegmentFormat.FRAME_HEADER_BYTES);
                if (read < payload.length || SegmentFormat.crc(payload, 0, payload.length) != frame.payloadCrc()) {
                    if (isLast && at + SegmentFormat.FRAME_HEADER_BYTES + frame.payloadLength() == size) {
                        tornTails++;
                    } else {
                        segmentDamaged++;
                    }
                    return;
                }
                List<ColumnBatch> batches;
                try {
                    batches = FrameCodec.decode(payload);
                } catch (ArcException unreadable) {
                    LOG.log(Level.ERROR, "frame " + frame.sequence() + " of " + found.file() + " is passed over: "
                            + unreadable.getMessage());
                    segmentDamaged++;
                    return;
                }
                lastSequence = frame.sequence();
                frames++;
                segmentFrames++;
                for (ColumnBatch batch : batches) {
                    rows += batch.rowCount();
                }
                consumer.accept(writer, frame.sequence(), batches);
            }

            private Optional<SegmentFormat.Frame> frameAt(long at) throws IOException {
                load(at);
                return SegmentFormat.readFrame(window, (int) (at - windowStart));
            }

            /// The first position from `from` on that a sound frame header stands at, or the size.
            private long nextFrame(long from) throws IOException {
                for (long at = from; at + SegmentFormat.FRAME_HEADER_BYTES <= size; at++) {
                    load(at);
                    int within = (int) (at - windowStart);
                    if (window.getInt(within) == SegmentFormat.FRAME_MAGIC
                            && SegmentFormat.readFrame(window, within).isPresent()) {
                        return at;
                    }
                }
                return size;
            }

            /// Sees to it that a frame header at `at` lies in the window, if it lies in the file.
            private void load(long at) throws IOException {
                if (at >= windowStart && at + SegmentFormat.FRAME_HEADER_BYTES <= windowStart + window.limit()) {
                    return;
                }
                windowStart = at;
                window.clear();
                handle.read(window, at);
                window.flip();
            }

            private void quarantine() {
                Path folder = directory.resolve("quarantine");
                Path copy = folder.resolve(found.file().getFileName());
                try {
                    files.createDirectories(folder);
                    files.delete(copy);
                    try (FileHandle target = files.create(copy)) {
                        for (long at = 0; at < size;) {
                            window.clear();
                            int read = handle.read(window, at);
                            if (read == 0) {
                                break;
                            }
                            target.append(window.flip());
                            at += read;
                        }
                        target.sync(true);
                    }
                    files.syncDirectory(folder);
                    quarantined.add(copy);
                    LOG.log(Level.ERROR, "the log segment " + found.file() + " is damaged in " + segmentDamaged
                            + " places; its sound frames are recovered, and a copy is kept as " + copy);
                } catch (IOException | RuntimeException notKept) {
                    LOG.log(Level.ERROR, "the log segment " + found.file() + " is damaged and cannot be copied to " + copy,
                            notKept);
                }
            }
        }
    }
}
