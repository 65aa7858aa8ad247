package io.arc.runtime.config;

import java.lang.management.ManagementFactory;

/// What defaults are worked out from.
///
/// @param processors that this process may use
/// @param heapBytes the JVM's largest heap
/// @param memoryBytes of the machine or, in a container, the container's limit
public record Machine(int processors, long heapBytes, long memoryBytes) {
    public static Machine detect() {
        Runtime runtime = Runtime.getRuntime();
        long heap = runtime.maxMemory();
        long memory = ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system
                ? system.getTotalMemorySize() : Math.multiplyExact(heap, 4);
        return new Machine(runtime.availableProcessors(), heap, memory);
    }
}
