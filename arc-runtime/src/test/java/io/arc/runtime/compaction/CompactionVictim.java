package io.arc.runtime.compaction;

import io.arc.runtime.fs.DiskFileSystem;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/// A server in a process of its own that compacts and ends without warning at the n-th thing that it does.
final class CompactionVictim {
    static final int KILLED = 77;

    private CompactionVictim() {}

    /// @param arguments the world's folder; at which event to end, 0 for never: then the number of events is printed
    public static void main(String[] arguments) {
        Path directory = Path.of(arguments[0]);
        int end = Integer.parseInt(arguments[1]);
        AtomicInteger events = new AtomicInteger();
        Runnable event = () -> {
            if (events.incrementAndGet() == end) {
                Runtime.getRuntime().halt(KILLED);
            }
        };
        FolderStore store = new FolderStore(directory.resolve("store"));
        CompactionWorld world = new CompactionWorld(directory, store, CompactionWorld.options(directory), new DiskFileSystem(),
                _ -> event.run());
        store.before = _ -> event.run();
        store.after = _ -> event.run();
        world.compact();
        world.compaction.clean();
        System.out.println("events " + events.get());
        Runtime.getRuntime().halt(0);
    }
}
