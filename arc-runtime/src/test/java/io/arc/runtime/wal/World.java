package io.arc.runtime.wal;

import io.arc.api.ArcException;
import io.arc.api.data.ColumnBatch;
import io.arc.runtime.fs.FileSystem;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/// A log's surroundings in tests: a clock that stands, options, and what has been answered to whom.
final class World {
    static final Path DIRECTORY = Path.of("/data/wal");
    static final String INSTANCE = "testtest";
    static final String WRITER = INSTANCE + "-1";

    final AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-01-02T03:04:05Z"));
    final InstantSource clock = now::get;
    /// By the request's id: the sequence it was acknowledged with.
    final Map<Long, Position> acknowledged = new ConcurrentHashMap<>();
    /// By the request's id: what it was refused with after it had been queued.
    final Map<Long, ArcException> failed = new ConcurrentHashMap<>();

    record Position(String writer, long sequence) {}

    static WalOptions options() {
        return options(1);
    }

    static WalOptions options(int writers) {
        return new WalOptions(DIRECTORY, INSTANCE, writers, WalOptions.SyncMode.FDATASYNC, 100 << 20, Duration.ofHours(1),
                1 << 20, writer -> 0);
    }

    static WalOptions withSegmentBytes(WalOptions options, long bytes) {
        return new WalOptions(options.directory(), options.instanceId(), options.writers(), options.syncMode(), bytes,
                options.maxSegmentAge(), options.maxBacklogBytes(), options.maxFrameBytes(), options.lastSequence());
    }

    static WalOptions withMode(WalOptions options, WalOptions.SyncMode mode) {
        return new WalOptions(options.directory(), options.instanceId(), options.writers(), mode, options.maxSegmentBytes(),
                options.maxSegmentAge(), options.maxBacklogBytes(), options.maxFrameBytes(), options.lastSequence());
    }

    static WalOptions in(Path directory, WalOptions options) {
        return new WalOptions(directory, options.instanceId(), options.writers(), options.syncMode(), options.maxSegmentBytes(),
                options.maxSegmentAge(), options.maxBacklogBytes(), options.maxFrameBytes(), options.lastSequence());
    }

    /// Reads what is there, and goes on from it.
    Wal open(WalOptions options, FileSystem files) {
        return open(options, files, WalListener.NONE);
    }

    Wal open(WalOptions options, FileSystem files, WalListener listener) {
        WalReader.Report report = new WalReader(files, options.directory(), options.instanceId())
                .read((writer, sequence, rows) -> { });
        return Wal.open(options, files, clock, report, listener);
    }

    /// Queues request `id`.
    Answer append(Journal journal, long id) {
        return append(journal, id, FrameCodec.encode(Rows.of(id)));
    }

    Answer append(Journal journal, long id, byte[] payload) {
        Answer answer = new Answer(id);
        journal.append(payload, answer);
        return answer;
    }

    /// How a request has ended.
    final class Answer implements Journal.Commit {
        private final long id;
        private final CountDownLatch ended = new CountDownLatch(1);
        private final AtomicReference<String> twice = new AtomicReference<>();

        private Answer(long id) {
            this.id = id;
        }

        @Override
        public void committed(String writer, long sequence) {
            if (acknowledged.put(id, new Position(writer, sequence)) != null || failed.containsKey(id)) {
                twice.set("request " + id + " was answered twice");
            }
            ended.countDown();
        }

        @Override
        public void failed(ArcException cause) {
            if (failed.put(id, cause) != null || acknowledged.containsKey(id)) {
                twice.set("request " + id + " was answered twice");
            }
            ended.countDown();
        }

        Answer await() {
            try {
                if (!ended.await(30, TimeUnit.SECONDS)) {
                    throw new AssertionError("request " + id + " was never answered");
                }
            } catch (InterruptedException unexpected) {
                throw new AssertionError(unexpected);
            }
            if (twice.get() != null) {
                throw new AssertionError(twice.get());
            }
            return this;
        }

        boolean isAcknowledged() {
            await();
            return acknowledged.containsKey(id);
        }
    }

    /// What a reader finds, in order.
    record Recovered(WalReader.Report report, List<Frame> frames) {
        record Frame(String writer, long sequence, long id) {}

        List<Long> ids() {
            return frames.stream().map(Frame::id).toList();
        }

        List<Long> sequences() {
            return frames.stream().map(Frame::sequence).toList();
        }

        Map<Long, Position> byId() {
            Map<Long, Position> positions = new TreeMap<>();
            for (Frame frame : frames) {
                if (positions.put(frame.id(), new Position(frame.writer(), frame.sequence())) != null) {
                    throw new AssertionError("frame " + frame + " came back twice");
                }
            }
            return positions;
        }
    }

    /// Reads a folder and checks what holds always: sequences rise for each writer, contents are what somebody has sent.
    static Recovered recover(FileSystem files) {
        return recover(files, DIRECTORY);
    }

    static Recovered recover(FileSystem files, Path directory) {
        List<Recovered.Frame> frames = new ArrayList<>();
        Map<String, Long> last = new ConcurrentHashMap<>();
        WalReader.Report report = new WalReader(files, directory, INSTANCE).read((writer, sequence, batches) -> {
            long id = id(batches);
            Long before = last.put(writer, sequence);
            if (before != null && before >= sequence) {
                throw new AssertionError(writer + ": sequence " + sequence + " after " + before);
            }
            synchronized (frames) {
                frames.add(new Recovered.Frame(writer, sequence, id));
            }
        });
        return new Recovered(report, frames);
    }

    private static long id(List<ColumnBatch> batches) {
        return Rows.id(batches);
    }
}
