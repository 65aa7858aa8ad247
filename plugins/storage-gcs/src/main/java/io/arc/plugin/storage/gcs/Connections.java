package io.arc.plugin.storage.gcs;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URL;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/// Connections that are cut when a request with its answer takes too long. Thread-safe; has one daemon thread.
///
/// The timeouts of a connection itself are between two bytes, so that an answer of one byte a second would never end.
/// Everything runs in the thread that asks, because memory that is sent or filled may be that thread's own.
final class Connections implements AutoCloseable {
    private final Duration connectTimeout;
    private final Duration requestTimeout;
    private final ScheduledThreadPoolExecutor watch;
    /// The end of the request that this thread has begun last.
    private final ThreadLocal<Future<?>> ending = new ThreadLocal<>();

    Connections(Duration connectTimeout, Duration requestTimeout) {
        this.connectTimeout = connectTimeout;
        this.requestTimeout = requestTimeout;
        this.watch = new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().daemon().name("arc-gcs-watch").factory());
        watch.setRemoveOnCancelPolicy(true);
        watch.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    /// A connection for one request, whose time begins now and ends with the next one's of this thread, or with [#done].
    HttpURLConnection open(URL address) throws IOException {
        done();
        HttpURLConnection connection = (HttpURLConnection) address.openConnection();
        connection.setConnectTimeout(millis(connectTimeout));
        connection.setReadTimeout(millis(requestTimeout));
        connection.setInstanceFollowRedirects(false);
        // Cutting waits for a read that is going on, so it has a thread of its own.
        ending.set(watch.schedule(() -> Thread.ofVirtual().name("arc-gcs-cut").start(connection::disconnect),
                requestTimeout.toMillis(), TimeUnit.MILLISECONDS));
        return connection;
    }

    HttpURLConnection open(URI address) throws IOException {
        return open(address.toURL());
    }

    /// This thread waits for nothing any more.
    void done() {
        Future<?> last = ending.get();
        if (last != null) {
            last.cancel(false);
            ending.remove();
        }
    }

    private static int millis(Duration duration) {
        return (int) Math.min(Integer.MAX_VALUE, duration.toMillis());
    }

    @Override
    public void close() {
        watch.shutdownNow();
    }
}
