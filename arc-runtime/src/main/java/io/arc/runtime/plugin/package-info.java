/// Finds, checks, opens and closes plugins.
///
/// One directory a plugin under `plugins/`. Its descriptor is read before any class is loaded; its class loader sees the JDK
/// and `io.arc.api` and nothing else of the server; what it provides is found by `java.util.ServiceLoader`. A plugin that is
/// enabled and broken stops the start with a sentence that names directory, jar or key and the reason; one that is not
/// enabled is a warning.
///
/// Enter by [io.arc.runtime.plugin.Installation] (configuration and plugins, checked together). All of it happens on the main
/// thread at the start and at the stop; what is handed out is thread-safe as its kind says and runs with the plugin's class
/// loader as context class loader. The room imports `io.arc.api` and `io.arc.runtime.config`.
package io.arc.runtime.plugin;
