package io.arc.runtime.plugin;

import java.util.function.Supplier;

/// Runs code with a plugin's class loader as context class loader, because libraries look there for their own parts.
///
/// @param loader the plugin's
record PluginThreadContext(ClassLoader loader) {
    <T> T call(Supplier<T> code) {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(loader);
        try {
            return code.get();
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    void run(Runnable code) {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(loader);
        try {
            code.run();
        } finally {
            thread.setContextClassLoader(before);
        }
    }
}
