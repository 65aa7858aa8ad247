package io.arc.runtime.wal;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.ColumnBatch;
import io.arc.runtime.fs.FileHandle;
import io.arc.runtime.fs.FileSystem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.ToLongFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;

/// Reads what a server has left in the log's folder. Writers are read in parallel, each in the order of its sequences, one
/// frame in memory at a time, on threads of its own.
///
/// Damage is passed over: behind a frame whose header or payload does not match its checksum, reading goes on at the next sound
/// frame. Frames that are missing count as damaged when something later says that they had been on the disk; then the
/// segment is copied to `quarantine/`. Otherwise they are the torn tail of writes that were never acknowledged as synced.
public final class WalReader {
    static final String SUFFIX = ".wal";
    private static final Logger LOG = System.getLogger(WalReader.class.getName());
    private static final Pattern NAME = Pattern.compile("worker-([0-9]{1,4})-.*");
    private static final int WINDOW_BYTES = 1 << 20;

    /// Takes frames; called by one thread for each writer, in the order of sequences, every sequence at most once.
    @FunctionalInterface
    public interface FrameConsumer {
        void accept(String writer, long sequence, List<ColumnBatch> batches);
    }

    /// A segment file and what it holds at the most.
    ///
    /// @param lastSequence the highest that its header or a frame names, void or damaged ones included
    /// @param keptThrough the highest that counts, by its header and its frames
    /// @param ordinal 0 when the header is damaged
    public record Segment(String writer, long ordinal, long lastSequence, long keptThrough, Path file, long bytes) {}

    /// What was found.
    ///
    /// @param segments for each writer in the order in which they were written
    /// @param frames handed over
    /// @param rows in those
    /// @param damaged frames that were on the disk and are lost, and unreadable segment headers
    /// @param tornTails segments that end in frames that were never synced
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
            return highest(writer, Segment::lastSequence);
        }

        /// The highest sequence of a writer that counts; 0 when there is none.
        long keptThrough(String writer) {
            return highest(writer, Segment::keptThrough);
        }

        long lastOrdinal(String writer) {
            return highest(writer, Segment::ordinal);
        }

        private long highest(String writer, ToLongFunction<Segment> what) {
            return segments.stream().filter(segment -> segment.writer().equals(writer)).mapToLong(what).max().orElse(0);
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

    static boolean isSegment(Path file) {
        return file.getFileName().toString().endsWith(SUFFIX);
    }

    /// Reads everything. A failure of the consumer ends the reading.
    ///
    /// @throws ArcException CORRUPT_DATA when a segment is of a version that this Arc does not know; CONFIGURATION when another
    ///     server is using the folder
    /// @throws UncheckedIOException when a file cannot be read: the rows in it are acknowledged, so this is no damage to pass
    ///     over
    public Report read(FrameConsumer consumer) {
        try {
            if (!files.exists(directory)) {
                return Report.NONE;
            }
            try (DirectoryLock _ = DirectoryLock.take(files, directory)) {
                return readAll(consumer);
            }
        } catch (IOException unreadable) {
            throw new UncheckedIOException("the log's folder " + directory + " cannot be read", unreadable);
        }
    }

    /// For each writer whose frames the folder still has, the first sequence of them; reads the segments' heads only. As
    /// segments are deleted in their order, every frame from there on is in the folder, if nothing is damaged.
    ///
    /// @throws ArcException like [#read]
    public Map<String, Long> firstSequences() {
        try {
            Map<String, Long> first = new TreeMap<>();
            if (!files.exists(directory)) {
                return first;
            }
            for (Found found : inspectAll()) {
                if (found.first() != Long.MAX_VALUE) {
                    first.merge(found.writer(), found.first(), Math::min);
                }
            }
            return first;
        } catch (IOException unreadable) {
            throw new UncheckedIOException("the log's folder " + directory + " cannot be read", unreadable);
        }
    }

    private List<Found> inspectAll() throws IOException {
        List<Found> all = new ArrayList<>();
        for (Path file : files.list(directory)) {
            if (isSegment(file)) {
                all.add(inspect(file));
            }
        }
        for (int i = 0; i < all.size(); i++) {
            Found damaged = all.get(i);
            if (damaged.header() == null) {
                all.set(i, new Found(writerBeside(all, i), damaged.file(), damaged.size(), null, damaged.first(), damaged.salt()));
            }
        }
        return all;
    }

    /// The folder may hold segments of an instance id from before a catalog was lost: a damaged one belongs to the writer of
    /// the nearest sound one of its number, those before it first.
    private static String writerBeside(List<Found> all, int damaged) {
        String writer = all.get(damaged).writer();
        String number = writer.substring(writer.lastIndexOf('-'));
        List<Found> nearest = new ArrayList<>(all.subList(0, damaged).reversed());
        nearest.addAll(all.subList(damaged, all.size()));
        for (Found other : nearest) {
            if (other.header() != null && other.writer().endsWith(number)) {
                return other.writer();
            }
        }
        return writer;
    }

    private Report readAll(FrameConsumer consumer) throws IOException {
        Map<String, List<Found>> byWriter = new TreeMap<>();
        for (Found found : inspectAll()) {
            byWriter.computeIfAbsent(found.writer(), absent -> new ArrayList<>()).add(found);
        }
        if (byWriter.isEmpty()) {
            return Report.NONE;
        }
        LOG.log(Level.INFO, "WAL recovery started: {0} files", byWriter.values().stream().mapToInt(List::size).sum());
        List<WriterReading> readings = new ArrayList<>();
        byWriter.forEach((writer, found) -> readings.add(new WriterReading(writer, found, consumer)));
        AtomicReference<Exception> failure = new AtomicReference<>();
        ConcurrentLinkedQueue<WriterReading> waiting = new ConcurrentLinkedQueue<>(readings);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < Math.min(readings.size(), Runtime.getRuntime().availableProcessors()); i++) {
            threads.add(Thread.ofPlatform().name("arc-wal-read-" + i).start(() -> readWaiting(waiting, failure)));
        }
        threads.forEach(Threads::join);
        switch (failure.get()) {
            case null -> { }
            case RuntimeException known -> throw known;
            case Exception unreadable -> throw new UncheckedIOException("the log cannot be read: " + unreadable.getMessage(),
                    unreadable instanceof IOException io ? io : new IOException(unreadable));
        }
        return report(readings);
    }

    private static void readWaiting(ConcurrentLinkedQueue<WriterReading> waiting, AtomicReference<Exception> failure) {
        for (WriterReading next = waiting.poll(); next != null && failure.get() == null; next = waiting.poll()) {
            try {
                next.read(failure);
            } catch (IOException | RuntimeException failed) {
                failure.compareAndSet(null, failed);
            }
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

    /// A segment file before its frames are read.
    ///
    /// @param header null when it is damaged
    /// @param first the header's first sequence, or that of the first sound frame, or the highest number when there is none
    /// @param salt of the header, or of that frame
    private record Found(String writer, Path file, long size, SegmentFormat.Header header, long first, int salt) {
        long ordinal() {
            return header == null ? Long.MAX_VALUE : header.ordinal();
        }

        long framesAt() {
            return header == null ? 0 : SegmentFormat.HEADER_BYTES;
        }
    }

    private Found inspect(Path file) throws IOException {
        try (FileHandle handle = files.openForReading(file)) {
            long size = handle.size();
            ByteBuffer bytes = ByteBuffer.allocate(SegmentFormat.HEADER_BYTES);
            handle.read(bytes, 0);
            return switch (SegmentFormat.readHeader(bytes.flip())) {
                case SegmentFormat.Opening.Sound(SegmentFormat.Header header) ->
                        new Found(header.writer(), file, size, header, header.firstSequence(), header.salt());
                case SegmentFormat.Opening.Foreign(int version) -> throw new ArcException(ErrorCode.CORRUPT_DATA,
                        "the log segment " + file + " is of format version " + version + ", and this Arc reads version "
                                + SegmentFormat.VERSION + ": start the version that wrote it, and stop it in good order first");
                case SegmentFormat.Opening.Damaged() -> inspectDamaged(file, size, handle);
            };
        } catch (IOException failed) {
            throw unreadable(file, failed);
        }
    }

    private static IOException unreadable(Path file, IOException cause) {
        return new IOException("the log segment " + file + " cannot be read (" + cause
                + "): mend the disk, or move the file away, which loses the rows in it", cause);
    }

    private Found inspectDamaged(Path file, long size, FileHandle handle) throws IOException {
        Matcher name = NAME.matcher(file.getFileName().toString());
        String writer = WalOptions.writerId(instanceId, name.matches() ? Integer.parseInt(name.group(1)) : 0);
        Window window = new Window(handle, size);
        long at = window.nextFrame(0);
        if (at == size) {
            return new Found(writer, file, size, null, Long.MAX_VALUE, 0);
        }
        SegmentFormat.Frame first = window.frameAt(at);
        return new Found(writer, file, size, null, first.sequence(), first.salt());
    }

    /// A part of a file in memory, moved along with the reading.
    private static final class Window {
        private final FileHandle handle;
        private final long size;
        private final ByteBuffer bytes;
        private final CRC32C crc = new CRC32C();
        private long start;

        Window(FileHandle handle, long size) {
            this.handle = handle;
            this.size = size;
            this.bytes = ByteBuffer.allocate((int) Math.min(WINDOW_BYTES, Math.max(size, SegmentFormat.FRAME_HEADER_BYTES)))
                    .order(ByteOrder.LITTLE_ENDIAN).limit(0);
        }

        /// The sound frame header at a position whose payload does not go beyond the file; null when there is none.
        SegmentFormat.Frame frameAt(long at) throws IOException {
            load(at, SegmentFormat.FRAME_HEADER_BYTES);
            SegmentFormat.Frame frame = SegmentFormat.readFrame(bytes, (int) (at - start), crc);
            return frame == null || frame.endAt(at) > size ? null : frame;
        }

        /// The first position from `from` on that a sound frame header stands at, or the size.
        long nextFrame(long from) throws IOException {
            for (long at = from; at + SegmentFormat.FRAME_HEADER_BYTES <= size; at++) {
                load(at, SegmentFormat.FRAME_HEADER_BYTES);
                int within = (int) (at - start);
                if (bytes.limit() - within >= SegmentFormat.FRAME_HEADER_BYTES
                        && bytes.getInt(within) == SegmentFormat.FRAME_MAGIC && frameAt(at) != null) {
                    return at;
                }
            }
            return size;
        }

        /// A frame's payload, or null when the file ends before it does or it does not match its checksum.
        byte[] payload(SegmentFormat.Frame frame, long at) throws IOException {
            byte[] payload = new byte[frame.payloadLength()];
            long from = at + SegmentFormat.FRAME_HEADER_BYTES;
            if (from + payload.length <= start + bytes.limit()) {
                bytes.get((int) (from - start), payload);
            } else if (handle.read(ByteBuffer.wrap(payload), from) < payload.length) {
                return null;
            }
            return SegmentFormat.crc(payload, 0, payload.length) == frame.payloadCrc() ? payload : null;
        }

        /// Sees to it that `length` bytes at `at` are in memory, as far as the file has them.
        private void load(long at, int length) throws IOException {
            if (at < start || Math.min(at + length, size) > start + bytes.limit()) {
                bytes.clear();
                handle.read(bytes, at);
                bytes.flip();
                start = at;
            }
        }
    }

    /// One writer's segments, on one thread.
    private final class WriterReading {
        private final String writer;
        private final FrameConsumer consumer;
        private final List<Found> found;
        private final List<Segment> segments = new ArrayList<>();
        private final List<Path> quarantined = new ArrayList<>();
        private long frames;
        private long rows;
        private long bytes;
        private long damaged;
        private long tornTails;
        private long lastSequence;

        WriterReading(String writer, List<Found> found, FrameConsumer consumer) {
            this.writer = writer;
            this.consumer = consumer;
            this.found = new ArrayList<>(found);
            // A segment without a header comes behind one that begins alike: it can then not make void what the other holds.
            this.found.sort(Comparator.comparingLong(Found::first).thenComparing(Found::ordinal)
                    .thenComparing(each -> each.file().toString()));
        }

        void read(AtomicReference<Exception> failure) throws IOException {
            for (int i = 0; i < found.size() && failure.get() == null; i++) {
                Found each = found.get(i);
                try (FileHandle handle = files.openForReading(each.file())) {
                    new SegmentReading(each, validBelow(i), durableAfter(i), handle).read();
                } catch (IOException failed) {
                    throw unreadable(each.file(), failed);
                }
            }
        }

        /// The first sequence that does not count in a segment, because a later segment says so.
        private long validBelow(int index) {
            long below = Long.MAX_VALUE;
            for (Found later : found.subList(index + 1, found.size())) {
                below = Math.min(below, later.header() == null ? later.first() : later.header().keptThrough() + 1);
            }
            return below;
        }

        /// What the next segment knows to have been synced before it.
        private long durableAfter(int index) {
            return index + 1 < found.size() && found.get(index + 1).header() != null
                    ? found.get(index + 1).header().durableThrough() : 0;
        }

        /// One segment.
        private final class SegmentReading {
            private final Found found;
            private final FileHandle handle;
            private final long validBelow;
            private final Window window;
            private final List<Gap> gaps = new ArrayList<>();
            private long highest;
            private long kept;
            /// The sequence that has to come next.
            private long expected;
            private long durableThrough;
            private long segmentFrames;
            private long segmentDamaged;

            /// Sequences that are missing, both ends included.
            private record Gap(long first, long last) {}

            SegmentReading(Found found, long validBelow, long durableThrough, FileHandle handle) {
                this.found = found;
                this.validBelow = validBelow;
                this.durableThrough = durableThrough;
                this.handle = handle;
                this.window = new Window(handle, found.size());
                // Without a header or a frame nothing is known, and nothing is missing.
                boolean empty = found.first() == Long.MAX_VALUE;
                this.expected = empty ? 1 : found.first();
                this.highest = empty ? 0 : found.first();
                this.kept = found.header() == null ? 0 : found.header().keptThrough();
            }

            void read() throws IOException {
                LOG.log(Level.INFO, "Recovering WAL: {0}", found.file().getFileName());
                boolean torn = false;
                long at = found.framesAt();
                while (at < found.size()) {
                    SegmentFormat.Frame frame = window.frameAt(at);
                    if (frame == null || frame.salt() != found.salt()) {
                        long next = window.nextFrame(at + 1);
                        torn |= next == found.size();
                        at = next;
                    } else {
                        torn |= !take(frame, at) && frame.endAt(at) == found.size();
                        at = frame.endAt(at);
                    }
                }
                account(torn);
                bytes += found.size();
                segments.add(new Segment(writer, found.header() == null ? 0 : found.header().ordinal(), highest, kept,
                        found.file(), found.size()));
                LOG.log(Level.INFO, "WAL read complete: {0} entries, {1} bytes", segmentFrames, found.size());
                if (segmentDamaged > 0) {
                    damaged += segmentDamaged;
                    quarantine();
                }
            }

            /// @return whether the frame is sound, wanted or not
            private boolean take(SegmentFormat.Frame frame, long at) throws IOException {
                long sequence = frame.sequence();
                highest = Math.max(highest, sequence);
                if (sequence < found.first() || sequence >= validBelow || sequence <= lastSequence) {
                    // Void, or a copy: written again after a failed sync, or a file that somebody has doubled.
                    if (sequence < validBelow && sequence == expected) {
                        expected++;
                    }
                    return true;
                }
                byte[] payload = window.payload(frame, at);
                if (payload == null) {
                    return false;
                }
                durableThrough = Math.max(durableThrough, frame.durableThrough());
                miss(expected, sequence - 1);
                expected = sequence + 1;
                List<ColumnBatch> batches;
                try {
                    batches = FrameCodec.decode(payload);
                } catch (ArcException unreadable) {
                    if (FrameCodec.isForeign(payload)) {
                        throw unreadable;
                    }
                    LOG.log(Level.ERROR, "frame " + sequence + " of " + found.file() + " is passed over: "
                            + unreadable.getMessage());
                    segmentDamaged++;
                    return true;
                }
                lastSequence = sequence;
                kept = Math.max(kept, sequence);
                frames++;
                segmentFrames++;
                for (ColumnBatch batch : batches) {
                    rows += batch.rowCount();
                }
                consumer.accept(writer, sequence, batches);
                return true;
            }

            private void miss(long first, long last) {
                if (first <= last) {
                    gaps.add(new Gap(first, last));
                }
            }

            /// Says what the missing frames were.
            private void account(boolean torn) {
                boolean unacknowledged = torn;
                // Behind the last sound frame only what is known to have been there is missing.
                miss(expected, Math.min(durableThrough, validBelow - 1));
                for (Gap gap : gaps) {
                    long lost = Math.max(0, Math.min(gap.last(), durableThrough) - gap.first() + 1);
                    segmentDamaged += lost;
                    unacknowledged |= gap.last() > durableThrough;
                }
                if (found.header() == null && found.size() > SegmentFormat.HEADER_BYTES) {
                    // The header is on the disk before any frame is, so this is no unfinished write.
                    segmentDamaged++;
                } else if (found.header() == null) {
                    unacknowledged = true;
                }
                if (unacknowledged && segmentDamaged == 0) {
                    tornTails++;
                }
            }

            /// Beside the copy, for whoever finds it later.
            private void tellReason(Path copy) throws IOException {
                Path text = copy.resolveSibling(copy.getFileName() + ".txt");
                files.delete(text);
                try (FileHandle target = files.create(text)) {
                    target.append(ByteBuffer.wrap((segmentDamaged + " frames of writer " + writer + " are lost: "
                            + (found.header() == null ? "the segment's header is damaged; " : "")
                            + "checksums do not match, or frames are missing that had been synced. " + segmentFrames
                            + " sound frames were recovered from the original.\n").getBytes(StandardCharsets.UTF_8)));
                    target.sync(true);
                }
            }

            private void quarantine() {
                Path folder = directory.resolve("quarantine");
                Path copy = folder.resolve(found.file().getFileName());
                try {
                    files.createDirectories(folder);
                    files.delete(copy);
                    ByteBuffer part = ByteBuffer.allocate((int) Math.min(WINDOW_BYTES, found.size()));
                    try (FileHandle target = files.create(copy)) {
                        for (long at = 0; at < found.size();) {
                            part.clear();
                            int read = handle.read(part, at);
                            if (read == 0) {
                                break;
                            }
                            target.append(part.flip());
                            at += read;
                        }
                        target.sync(true);
                    }
                    tellReason(copy);
                    files.syncDirectory(folder);
                    quarantined.add(copy);
                    LOG.log(Level.ERROR, "the log segment " + found.file() + " is damaged: " + segmentDamaged
                            + " frames are lost; its sound frames are recovered, and a copy is kept as " + copy);
                } catch (IOException | RuntimeException notKept) {
                    LOG.log(Level.ERROR, "the log segment " + found.file() + " is damaged: " + segmentDamaged
                            + " frames are lost; a copy cannot be kept as " + copy, notKept);
                }
            }
        }
    }
}
