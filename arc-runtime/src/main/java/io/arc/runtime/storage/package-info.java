/// What the runtime puts between itself and a storage plugin, so that no plugin does it for itself: deadlines, retries with
/// backoff and jitter, a circuit breaker, metrics and health. Knows the SPI and metrics only. Calls run on named platform
/// threads, because plugins may block in native code.
package io.arc.runtime.storage;
