package io.arc.distribution;

import io.arc.distribution.InstalledArc.Server;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Twelve clients that write as fast as they are answered, to whatever server there is, and log what they see. Nothing is
/// ever sent twice.
final class Writers implements AutoCloseable {
    static final int COUNT = 12;

    private final AckLog log;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final List<Thread> threads = new ArrayList<>();
    // Guarded by the lock.
    private Optional<Server> server = Optional.empty();
    private int busy;
    private boolean closed;
    private Optional<Throwable> defect = Optional.empty();
    private final AtomicLong acknowledged = new AtomicLong();

    Writers(AckLog log) {
        this.log = log;
        for (int writer = 0; writer < COUNT; writer++) {
            int own = writer;
            threads.add(Thread.ofPlatform().name("writer-" + writer).start(() -> write(own)));
        }
    }

    /// Sends to this server from now on.
    void to(Server running) {
        change(Optional.of(running));
    }

    /// Sends no more, and waits until every request under way has its answer or none.
    void pause() throws IOException {
        change(Optional.empty());
        lock.lock();
        try {
            while (busy > 0) {
                changed.awaitUninterruptibly();
            }
            if (defect.isPresent()) {
                throw new IOException("a writer failed", defect.get());
            }
        } finally {
            lock.unlock();
        }
    }

    long acknowledged() {
        return acknowledged.get();
    }

    private void change(Optional<Server> now) {
        lock.lock();
        try {
            server = now;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void write(int writer) {
        int number = 0;
        while (true) {
            Server target;
            lock.lock();
            try {
                while (server.isEmpty() && !closed) {
                    changed.awaitUninterruptibly();
                }
                if (closed) {
                    return;
                }
                target = server.get();
                busy++;
            } finally {
                lock.unlock();
            }
            boolean alive = false;
            Optional<Throwable> failure = Optional.empty();
            try {
                alive = send(target, new Batch(writer, number++));
            } catch (RuntimeException | Error failed) {
                failure = Optional.of(failed);
            }
            lock.lock();
            try {
                busy--;
                if (!alive && server.isPresent() && server.get() == target) {
                    server = Optional.empty();
                }
                if (failure.isPresent()) {
                    defect = failure;
                    return;
                }
            } finally {
                changed.signalAll();
                lock.unlock();
            }
        }
    }

    /// @return whether the server can still be talked to
    private boolean send(Server target, Batch batch) {
        byte[] body = batch.body();
        log.attempt(batch);
        try {
            HttpResponse<String> answer = target.post(
                    batch.isMessagePack() ? "/api/v1/write/msgpack" : "/api/v1/write/line-protocol", body,
                    "x-arc-database", batch.database());
            if (answer.statusCode() == 204) {
                log.acknowledged(batch);
                acknowledged.incrementAndGet();
            } else if (answer.statusCode() >= 500 || target.isStopping()) {
                // While it stops, the HTTP library may answer 404 for routes that it has closed already.
                log.unknown(batch, answer.statusCode() + " " + answer.body());
            } else {
                log.refused(batch, answer.statusCode() + " " + answer.body());
            }
            return true;
        } catch (IOException gone) {
            log.unknown(batch, gone.toString());
            return false;
        } catch (InterruptedException stop) {
            log.unknown(batch, stop.toString());
            Thread.currentThread().interrupt();
            return false;
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        for (Thread thread : threads) {
            boolean joined = false;
            while (!joined) {
                try {
                    thread.join();
                    joined = true;
                } catch (InterruptedException again) {
                    Thread.currentThread().interrupt();
                    return;
                }
            }
        }
    }
}
