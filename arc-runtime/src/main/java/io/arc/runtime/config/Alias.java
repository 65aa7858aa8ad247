package io.arc.runtime.config;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.UnaryOperator;

/// A name from an earlier Arc version that still works. Aliases are weaker than every proper name and stronger than defaults.
///
/// @param name an environment name as it is (`WRITE_BUFFER_SIZE`), or a key in any spelling (`ingestion.buffer_size`)
/// @param isKey whether the name is a key, looked for in `arc.toml` and with our prefix in environment and properties
/// @param target the key it stands for
/// @param conversion from the alias's unit or words to the key's; throws IllegalArgumentException with a sentence
/// @param note how the value differs from the target's, for the documentation; empty when it does not
record Alias(String name, boolean isKey, String target, UnaryOperator<String> conversion, String note) {
    private static final String SECONDS_TO_MILLIS = "in seconds";

    Alias {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(target, "target");
        Objects.requireNonNull(conversion, "conversion");
        Objects.requireNonNull(note, "note");
    }

    /// All of them. The first of several set ones that stand for the same key wins.
    static List<Alias> all() {
        List<Alias> all = new ArrayList<>();
        ingest(all);
        storage(all);
        server(all);
        query(all);
        compaction(all);
        return List.copyOf(all);
    }

    private static void ingest(List<Alias> all) {
        all.add(environment("WRITE_BUFFER_SIZE", "ingest.max_buffer_size"));
        all.add(environment("WRITE_BUFFER_AGE", "ingest.max_buffer_age_ms", Alias::secondsToMillis, SECONDS_TO_MILLIS));
        all.add(environment("WRITE_COMPRESSION", "ingest.compression"));
        all.add(environment("STORAGE_DATABASE", "ingest.default_database"));
        all.add(environment("STORAGE_LOCAL_DATABASE", "ingest.default_database"));
        all.add(environment("ENABLE_WRITE_API", "ingest.enable_write_api"));
        all.add(key("ingestion.buffer_size", "ingest.max_buffer_size"));
        all.add(key("ingestion.buffer_age_seconds", "ingest.max_buffer_age_ms", Alias::secondsToMillis, SECONDS_TO_MILLIS));
        all.add(key("ingestion.compression", "ingest.compression"));
        all.add(key("storage.database", "ingest.default_database"));
        all.add(environment("WAL_ENABLED", "wal.enabled"));
        all.add(environment("WAL_DIR", "wal.directory"));
        all.add(environment("WAL_SYNC_MODE", "wal.sync_mode"));
        all.add(environment("WAL_MAX_SIZE_MB", "wal.max_size_mb"));
        all.add(environment("WAL_MAX_AGE_SECONDS", "wal.max_age_seconds"));
        all.add(key("wal.dir", "wal.directory"));
    }

    private static void storage(List<Alias> all) {
        all.add(environment("STORAGE_BACKEND", "storage.backend"));
        all.add(environment("STORAGE_LOCAL_BASE_PATH", "storage.local.path"));
        all.add(environment("LOCAL_STORAGE_PATH", "storage.local.path"));
        all.add(key("storage.local.base_path", "storage.local.path"));
        all.add(key("storage.base_path", "storage.local.path"));
        all.add(key("storage.s3.force_path_style", "storage.s3.path_style"));
        for (String word : List.of("endpoint", "access_key", "secret_key", "bucket", "use_ssl")) {
            all.add(environment("MINIO_" + word.toUpperCase(Locale.ROOT), "storage.s3." + word));
            all.add(key("storage.minio." + word, "storage.s3." + word));
        }
        all.add(environment("MINIO_ENDPOINT", "storage.s3.path_style", any -> "true", "being set means `true`"));
        all.add(key("storage.minio.endpoint", "storage.s3.path_style", any -> "true", "being set means `true`"));
        // Behind MINIO_USE_SSL, which is stronger.
        all.add(environment("MINIO_ENDPOINT", "storage.s3.use_ssl", any -> "false", "being set means `false`"));
        all.add(key("storage.minio.endpoint", "storage.s3.use_ssl", any -> "false", "being set means `false`"));
        all.add(environment("S3_BUCKET", "storage.s3.bucket"));
        all.add(environment("S3_REGION", "storage.s3.region"));
        all.add(environment("AWS_DEFAULT_REGION", "storage.s3.region"));
        all.add(environment("S3_USE_DIRECTORY_BUCKET", "storage.s3.use_directory_bucket"));
        for (String word : List.of("endpoint", "access_key", "secret_key", "bucket", "region")) {
            all.add(environment("CEPH_" + word.toUpperCase(Locale.ROOT), "storage.s3." + word));
        }
        all.add(environment("CEPH_ENDPOINT", "storage.s3.path_style", any -> "true", "being set means `true`"));
        all.add(environment("GCS_BUCKET", "storage.gcs.bucket"));
        all.add(environment("GCS_PROJECT", "storage.gcs.project"));
    }

    private static void server(List<Alias> all) {
        all.add(environment("ARC_HOST", "server.host"));
        all.add(environment("HOST", "server.host"));
        all.add(environment("ARC_PORT", "server.port"));
        all.add(environment("PORT", "server.port"));
        all.add(environment("ARC_WORKERS", "server.workers"));
        all.add(environment("WORKERS", "server.workers"));
        all.add(environment("MAX_REQUEST_SIZE_MB", "server.max_payload_size", Alias::megabytes, "in MB"));
        all.add(environment("CORS_ORIGINS", "server.cors_origins"));
        all.add(environment("AUTH_ENABLED", "auth.enabled"));
        all.add(environment("AUTH_CACHE_TTL", "auth.cache_ttl"));
        all.add(environment("AUTH_ALLOWLIST", "auth.allowlist"));
        all.add(environment("DEFAULT_API_TOKEN", "auth.bootstrap_token"));
        all.add(environment("DB_PATH", "auth.db_path"));
        all.add(environment("LOG_LEVEL", "log.level", Alias::logLevel, "`WARNING` means `warn`, `CRITICAL` means `error`"));
        all.add(environment("LOG_FORMAT", "log.format", Alias::logFormat, "`structured` means `json`"));
        all.add(environment("LOG_INCLUDE_TRACE", "log.include_trace"));
        all.add(environment("LOG_DIR", "log.directory"));
        all.add(key("logging.level", "log.level", Alias::logLevel, "`WARNING` means `warn`, `CRITICAL` means `error`"));
        all.add(key("logging.format", "log.format", Alias::logFormat, "`structured` means `json`"));
        all.add(key("logging.include_trace", "log.include_trace"));
    }

    private static void query(List<Alias> all) {
        all.add(environment("DUCKDB_POOL_SIZE", "query.pool_size"));
        all.add(environment("DUCKDB_MAX_QUEUE_SIZE", "query.max_queue_size"));
        all.add(environment("DUCKDB_THREADS", "query.threads"));
        all.add(environment("DUCKDB_MEMORY_LIMIT", "query.memory_limit"));
        all.add(environment("DUCKDB_ENABLE_OBJECT_CACHE", "query.enable_object_cache"));
        all.add(environment("QUERY_CACHE_ENABLED", "query.cache_enabled"));
        all.add(environment("QUERY_CACHE_TTL", "query.cache_ttl"));
        all.add(environment("QUERY_CACHE_MAX_SIZE", "query.cache_max_size"));
        all.add(environment("QUERY_CACHE_MAX_RESULT_MB", "query.cache_max_result_mb"));
        for (String word : List.of("pool_size", "max_queue_size", "threads", "memory_limit", "enable_object_cache")) {
            all.add(key("duckdb." + word, "query." + word));
        }
        all.add(key("query_cache.ttl_seconds", "query.cache_ttl"));
        all.add(key("database.max_connections", "query.pool_size"));
        all.add(key("database.thread_count", "query.threads"));
        all.add(key("database.memory_limit", "query.memory_limit"));
        all.add(key("database.temp_directory", "query.temp_directory"));
    }

    private static void compaction(List<Alias> all) {
        for (String word : List.of("enabled", "target_file_size_mb", "lock_ttl_hours", "compression", "compression_level")) {
            all.add(environment("COMPACTION_" + word.toUpperCase(Locale.ROOT), "compaction." + word));
        }
        for (String word : List.of("min_age_hours", "min_files", "schedule")) {
            all.add(environment("COMPACTION_" + word.toUpperCase(Locale.ROOT), "compaction.hourly_" + word));
            all.add(key("compaction." + word, "compaction.hourly_" + word));
        }
        all.add(environment("COMPACTION_MAX_CONCURRENT_JOBS", "compaction.max_concurrent"));
        all.add(key("compaction.max_concurrent_jobs", "compaction.max_concurrent"));
        all.add(environment("COMPACTION_TEMP_DIR", "compaction.temp_directory"));
    }

    private static Alias environment(String name, String target) {
        return environment(name, target, UnaryOperator.identity(), "");
    }

    private static Alias environment(String name, String target, UnaryOperator<String> conversion, String note) {
        return new Alias(name, false, target, conversion, note);
    }

    private static Alias key(String name, String target) {
        return key(name, target, UnaryOperator.identity(), "");
    }

    private static Alias key(String name, String target, UnaryOperator<String> conversion, String note) {
        return new Alias(name, true, target, conversion, note);
    }

    private static String secondsToMillis(String text) {
        try {
            return new BigDecimal(text.strip()).movePointRight(3).toBigIntegerExact().toString();
        } catch (NumberFormatException | ArithmeticException notSeconds) {
            throw new IllegalArgumentException("expected a number of seconds, such as 5 or 0.5", notSeconds);
        }
    }

    private static String megabytes(String text) {
        return text.strip() + "MB";
    }

    private static String logLevel(String text) {
        return switch (text.strip().toUpperCase(Locale.ROOT)) {
            case "WARNING" -> "warn";
            case "CRITICAL", "FATAL" -> "error";
            default -> text;
        };
    }

    private static String logFormat(String text) {
        return text.strip().equalsIgnoreCase("structured") ? "json" : text;
    }
}
