package io.arc.runtime.http;

import java.time.Duration;

/// Where the server listens and what it puts up with.
///
/// @param host the address to bind; empty for all of them
/// @param port 0 for any free one
/// @param maxPayloadBytes the most bytes of a body, as sent and as decompressed
/// @param maxBodyBytesInFlight the most bytes that all bodies being read and decoded may hold together
/// @param maxConnections open connections at once
/// @param maxConcurrentRequests requests at once
/// @param idleTimeout how long a silent connection stays open
/// @param readTimeout how long a read of a started request waits for the next byte
/// @param shutdownGrace how long requests under way may take after the server was told to stop
public record HttpOptions(String host, int port, long maxPayloadBytes, long maxBodyBytesInFlight, int maxConnections,
        int maxConcurrentRequests, Duration idleTimeout, Duration readTimeout, Duration shutdownGrace) {}
