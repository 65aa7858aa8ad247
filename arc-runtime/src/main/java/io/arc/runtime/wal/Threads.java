package io.arc.runtime.wal;

/// Waiting for threads that nobody may interrupt, because they are doing file I/O.
final class Threads {
    private Threads() {}

    /// Returns when the thread has ended, with the caller's interrupt status kept.
    static void join(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException wait) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
