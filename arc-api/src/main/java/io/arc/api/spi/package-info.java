/// What a plugin implements. The kinds are closed, the implementations are open: drop a directory of jars into `plugins/`
/// and enable it by configuration. See `docs/writing-a-plugin.md`.
///
/// The life of a plugin: its descriptor `arc-plugin.properties` is read; a class loader that sees the JDK and `io.arc.api`
/// is made; `ServiceLoader` finds the stateless [ArcPlugin]; its declared [ConfigKey]s are checked against the
/// configuration; `open(PluginContext)` gives the live instance; `close` ends it.
package io.arc.api.spi;
