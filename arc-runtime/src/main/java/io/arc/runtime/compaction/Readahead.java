package io.arc.runtime.compaction;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/// Makes values on a thread of its own, one ahead of who takes them. Closed by the taker, whether or not it took all; the
/// thread has ended then.
final class Readahead<T> implements AutoCloseable {
    interface Maker<T> {
        /// @return empty behind the last
        Optional<T> next();
    }

    private sealed interface Made<T> {
        record Value<T>(T value) implements Made<T> {}

        record End<T>() implements Made<T> {}

        record Failed<T>(Throwable failure) implements Made<T> {}
    }

    private final BlockingQueue<Made<T>> queue = new ArrayBlockingQueue<>(1);
    private final Thread thread;
    private volatile boolean stopped;

    Readahead(String name, Maker<T> maker) {
        thread = Thread.ofPlatform().name(name).daemon().start(() -> run(maker));
    }

    private void run(Maker<T> maker) {
        Made<T> made;
        do {
            try {
                made = maker.next().<Made<T>>map(Made.Value::new).orElseGet(Made.End::new);
            } catch (RuntimeException | Error failed) {
                made = new Made.Failed<>(failed);
            }
            put(made);
        } while (made instanceof Made.Value<T> && !stopped);
    }

    private void put(Made<T> made) {
        boolean given = false;
        while (!given && !stopped) {
            try {
                queue.put(made);
                given = true;
            } catch (InterruptedException nobodyInterruptsThisThread) {
                // The value is not given up for it.
            }
        }
    }

    /// @throws RuntimeException what making it threw
    Optional<T> take() {
        Made<T> made;
        try {
            made = queue.take();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new ArcException(ErrorCode.NOT_READY, "compaction was interrupted", interrupted);
        }
        return switch (made) {
            case Made.Value<T> value -> Optional.of(value.value());
            case Made.End<T> _ -> Optional.empty();
            case Made.Failed<T> failed -> {
                switch (failed.failure()) {
                    case RuntimeException known -> throw known;
                    case Error error -> throw error;
                    default -> throw new IllegalStateException(failed.failure());
                }
            }
        };
    }

    @Override
    public void close() {
        stopped = true;
        boolean interrupted = false;
        while (thread.isAlive()) {
            queue.clear();
            try {
                thread.join(1);
            } catch (InterruptedException interrupt) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
