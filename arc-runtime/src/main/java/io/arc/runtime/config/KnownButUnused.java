package io.arc.runtime.config;

import io.arc.runtime.text.NearestName;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Keys of earlier Arc versions and of the architecture document that no feature of this version reads. Setting one gives a
/// warning instead of an error, so that an existing `arc.toml` starts; a feature that arrives takes its keys out of here.
final class KnownButUnused {
    private static final String LATER = "";
    private static final String ONE_PROCESS = "one process serves all cores";
    private static final String ONE_ROOT = "all state is under data.dir";
    private static final String NOT_NEEDED = "it is not needed";

    /// Whole sections, of features that this server does not have.
    private static final Map<String, String> SECTIONS = Map.of("mqtt", LATER, "query_management", LATER, "governance", LATER,
            "audit_log", LATER, "tiered_storage", LATER, "cluster", LATER);

    /// Features that come later, as section and keys.
    private static final Map<String, List<String>> LATER_KEYS = Map.ofEntries(
            Map.entry("delete", List.of("enabled", "confirmation_threshold", "max_rows_per_delete")),
            Map.entry("retention", List.of("enabled", "db_path")),
            Map.entry("continuous_query", List.of("enabled", "db_path")),
            Map.entry("scheduler", List.of("retention_schedule")),
            Map.entry("backup", List.of("enabled", "local_path")),
            Map.entry("metrics", List.of("timeseries_retention_minutes", "timeseries_interval_seconds")),
            Map.entry("cache", List.of("enabled", "max_size_mb", "default_ttl")));

    private static final Map<String, String> KEYS = Map.ofEntries(
            Map.entry("compaction.completion_watcher_interval_ms", ONE_PROCESS),
            Map.entry("compaction.completion_dir", ONE_PROCESS),
            Map.entry("compaction.completion_orphan_timeout_ms", ONE_PROCESS),
            Map.entry("server.write_timeout", "a query's answer may take as long as query.timeout"),
            Map.entry("server.storage_credentials_fail_ready", LATER),
            Map.entry("server.tls_enabled", LATER), Map.entry("server.tls_cert_file", LATER),
            Map.entry("server.tls_key_file", LATER), Map.entry("server.cors_origins", LATER),
            Map.entry("server.workers", ONE_PROCESS),
            Map.entry("auth.db_path", ONE_ROOT), Map.entry("auth.allowlist", LATER),
            Map.entry("log.include_trace", NOT_NEEDED), Map.entry("log.directory", "the log goes to the standard output"),
            Map.entry("ingest.enable_write_api", "plugins.protocols chooses the write routes"),
            Map.entry("ingest.numeric_dictionary", LATER), Map.entry("ingest.write_statistics", "they are always written"),
            Map.entry("ingest.data_page_version", LATER), Map.entry("ingest.flush_queue_size", NOT_NEEDED),
            Map.entry("ingest.shard_count", NOT_NEEDED), Map.entry("ingest.decimal_columns", LATER),
            Map.entry("ingest.default_decimal_columns", LATER),
            Map.entry("wal.recovery_interval_seconds", NOT_NEEDED), Map.entry("wal.recovery_batch_size", NOT_NEEDED),
            Map.entry("telemetry.enabled", "this server sends nothing to anybody"),
            Map.entry("wal.buffer_size", "wal.max_backlog bounds the queue in bytes"),
            Map.entry("database.enable_wal", NOT_NEEDED), Map.entry("database.preserve_insertion_order", LATER),
            Map.entry("database.extension_directory", NOT_NEEDED),
            Map.entry("query.enable_object_cache", NOT_NEEDED), Map.entry("query.cache_max_size", LATER),
            Map.entry("query.cache_max_result_mb", LATER), Map.entry("query.enable_s3_cache", LATER),
            Map.entry("query.s3_cache_size", LATER), Map.entry("query.s3_cache_ttl_seconds", LATER));

    /// The keys of storage plugins that may not be installed.
    private static final Map<String, List<String>> STORAGE_PLUGINS = Map.of(
            "s3", List.of("bucket", "region", "endpoint", "access_key", "secret_key", "session_token", "use_ssl", "path_style",
                    "prefix", "use_directory_bucket", "server_side_encryption", "kms_key_id", "conditional_writes", "checksums",
                    "multipart_threshold", "part_size", "upload_threads", "max_connections", "connect_timeout",
                    "request_timeout"),
            "azure", List.of("connection_string", "account_name", "account_key", "sas_token", "container", "endpoint",
                    "use_managed_identity", "prefix"),
            "gcs", List.of("bucket", "project", "prefix", "endpoint", "credentials_file"));

    private final Map<String, Entry> entries = new TreeMap<>();
    private final Map<String, String> sections = new TreeMap<>();

    /// @param hint why not, or what to use; empty when the feature is simply not there yet
    record Entry(String name, String hint) {
        String sentence() {
            return name + " is recognised but has no effect in this version" + (hint.isEmpty() ? "" : "; " + hint);
        }

        /// A value that must not be ignored, because somebody relies on its effect.
        Optional<String> refusal(String text) {
            boolean isOff = List.of("false", "off", "no", "0").contains(text.strip().toLowerCase(Locale.ROOT));
            return name.equals("server.tls_enabled") && !isOff
                    ? Optional.of("this version does not serve TLS; set it to false and put a proxy that does in front")
                    : Optional.empty();
        }
    }

    KnownButUnused() {
        KEYS.forEach(this::add);
        LATER_KEYS.forEach((section, keys) -> keys.forEach(key -> add(section + "." + key, LATER)));
        STORAGE_PLUGINS.forEach((plugin, keys) -> keys.forEach(key ->
                add("storage." + plugin + "." + key, "the storage plugin '" + plugin + "' is not installed")));
        SECTIONS.forEach((section, hint) -> sections.put(KeyNames.fold(section) + "_", hint));
    }

    private void add(String name, String hint) {
        entries.put(KeyNames.fold(name), new Entry(name, hint));
    }

    /// @param folded a set key that nobody declared
    /// @param spelling for the message
    Optional<Entry> find(String folded, String spelling) {
        Entry entry = entries.get(folded);
        if (entry != null) {
            return Optional.of(entry);
        }
        for (Map.Entry<String, String> section : sections.entrySet()) {
            if (folded.startsWith(section.getKey())) {
                return Optional.of(new Entry(spelling, section.getValue()));
            }
        }
        return Optional.empty();
    }

    /// The name that a misspelt one may have meant.
    Optional<String> nearest(String folded) {
        return NearestName.find(folded, entries.keySet()).map(near -> entries.get(near).name);
    }

    /// For the documentation: single keys, and sections as `name.*`, with their hints.
    Map<String, String> documented() {
        Map<String, String> all = new TreeMap<>();
        entries.values().stream().filter(entry -> !entry.name.startsWith("storage."))
                .forEach(entry -> all.put(entry.name, entry.hint));
        SECTIONS.forEach((section, hint) -> all.put(section + ".*", hint));
        return all;
    }
}
