/// Where settings come from and what they are. [io.arc.runtime.config.Configuration] reads system properties, the environment,
/// `conf/arc.toml` and the alias names of earlier Arc versions, checks all of them against what is declared, and reports
/// every mistake at once; one record per area ([io.arc.runtime.config.ServerConfig] and its neighbours) is what the other
/// rooms see.
///
/// Everything here happens once, at the start, on the main thread, and is immutable afterwards. Anybody may enter; the room
/// itself imports `io.arc.api` and MicroProfile Config only.
package io.arc.runtime.config;
