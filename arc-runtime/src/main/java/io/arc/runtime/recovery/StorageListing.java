package io.arc.runtime.recovery;

import io.arc.api.spi.StorageBackend.ObjectInfo;
import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.runtime.partition.DataKey;
import io.arc.runtime.recovery.FileReading.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/// Everything in storage: the data files by their footers, and the names of what is none. One use, one thread; footers are read
/// by several virtual threads.
final class StorageListing {
    private static final int READERS = 32;
    private static final int TOLD_EVERY = 10_000;

    private final ObjectStore store;
    private final FileReading reading;
    private final Consumer<String> progress;
    private final List<FoundFile> files = new ArrayList<>();
    private final List<PassedOver> passed = new ArrayList<>();

    StorageListing(ObjectStore store, FileReading reading, Consumer<String> progress) {
        this.store = store;
        this.reading = reading;
        this.progress = progress;
    }

    /// Reads all.
    ///
    /// @param known keys that need no reading and are left out
    /// @param left keys of objects that are surely part of no table
    /// @throws io.arc.api.ArcException when the store fails; objects that cannot be used are passed over
    void read(Set<String> known, Set<String> left) {
        List<ObjectInfo> objects = new ArrayList<>();
        List<DataKey> keys = new ArrayList<>();
        int[] listed = {0};
        store.list("", "", object -> {
            if (++listed[0] % TOLD_EVERY == 0) {
                progress.accept(listed[0] + " objects listed");
            }
            Optional<DataKey> key = DataKey.parse(object.key());
            if (left.contains(object.key())) {
                passed.add(new PassedOver(object.key(), PassedOver.Kind.LEFT, "it left its table, and waits for its deletion"));
            } else if (key.isEmpty()) {
                passed.add(new PassedOver(object.key(), PassedOver.Kind.FOREIGN,
                        "its name is not {database}/{table}/.../{name}.parquet with names that Arc allows"));
            } else if (!known.contains(object.key())) {
                objects.add(object);
                keys.add(key.get());
            }
        });
        progress.accept(listed[0] + " objects listed, " + objects.size() + " files to read");
        readFooters(objects, keys);
    }

    private void readFooters(List<ObjectInfo> objects, List<DataKey> keys) {
        Outcome[] outcomes = new Outcome[objects.size()];
        AtomicReference<Throwable> failure = new AtomicReference<>();
        AtomicInteger done = new AtomicInteger();
        Semaphore free = new Semaphore(READERS);
        for (int i = 0; i < objects.size() && failure.get() == null; i++) {
            int index = i;
            free.acquireUninterruptibly();
            Thread.ofVirtual().name("arc-footer-" + i).start(() -> {
                try {
                    outcomes[index] = reading.read(objects.get(index), keys.get(index));
                    int count = done.incrementAndGet();
                    if (count % TOLD_EVERY == 0) {
                        progress.accept(count + " of " + objects.size() + " files read");
                    }
                } catch (RuntimeException | Error failed) {
                    failure.compareAndSet(null, failed);
                } finally {
                    free.release();
                }
            });
        }
        // All permits back: every reader has ended, and what it wrote is visible here.
        free.acquireUninterruptibly(READERS);
        switch (failure.get()) {
            case null -> { }
            case RuntimeException failed -> throw failed;
            case Error failed -> throw failed;
            case Throwable other -> throw new IllegalStateException(other);
        }
        for (Outcome outcome : outcomes) {
            switch (outcome) {
                case Outcome.Read(FoundFile file) -> files.add(file);
                case Outcome.Passed(PassedOver object) -> passed.add(object);
            }
        }
    }

    List<FoundFile> files() {
        return files;
    }

    List<PassedOver> passed() {
        return passed;
    }
}
