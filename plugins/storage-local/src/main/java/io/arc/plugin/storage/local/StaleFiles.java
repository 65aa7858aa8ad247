package io.arc.plugin.storage.local;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.time.Instant;

/// Removes temporary files that a crash left behind, on a thread of its own, because a tree of a million files should not
/// hold up the start. Those of a put that is under way, in this process or another, are too young to be touched.
final class StaleFiles implements AutoCloseable {
    static final Duration AGE = Duration.ofHours(1);

    private static final Logger LOG = System.getLogger(StaleFiles.class.getName());

    private final Thread thread;
    private volatile boolean stopped;

    private StaleFiles(Path root, Instant now) {
        thread = Thread.ofPlatform().name("arc-storage-local-sweep").daemon(true).unstarted(() -> sweep(root, now.minus(AGE)));
    }

    static StaleFiles sweeping(Path root, Instant now) {
        StaleFiles files = new StaleFiles(root, now);
        files.thread.start();
        return files;
    }

    private void sweep(Path root, Instant youngest) {
        int[] removed = new int[1];
        try {
            Files.walkFileTree(root, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                    if (KeyPaths.isTemporary(file.getFileName().toString())
                            && attributes.lastModifiedTime().toInstant().isBefore(youngest) && Files.deleteIfExists(file)) {
                        removed[0]++;
                    }
                    return stopped ? FileVisitResult.TERMINATE : FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException gone) {
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path directory, IOException gone) {
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException failed) {
            LOG.log(Level.WARNING, "removing left-over temporary files below " + root + " ended early", failed);
        }
        if (removed[0] > 0) {
            LOG.log(Level.INFO, "removed " + removed[0] + " left-over temporary files below " + root);
        }
    }

    /// Waits until the sweep has been through.
    void await() throws InterruptedException {
        thread.join();
    }

    /// Ends the sweep where it is.
    @Override
    public void close() {
        stopped = true;
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                break;
            } catch (InterruptedException again) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
