package io.arc.plugin.storage.s3;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.ConfigKey;
import io.arc.api.spi.PluginContext;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// The plugin's configuration, checked.
///
/// @param endpoint empty for AWS itself
/// @param keys empty for the SDK's chain of credential providers
/// @param prefix empty, or text that ends with a slash
/// @param kmsKeyId only with [Encryption#KMS]; empty for the account's default key
record S3Settings(String bucket, String region, Optional<URI> endpoint, Optional<Keys> keys, boolean hasPathStyle, String prefix,
        boolean isDirectoryBucket, Encryption encryption, Optional<String> kmsKeyId, Toggle conditionalWrites, Toggle checksums,
        long multipartThresholdBytes, long partBytes, int uploadThreads, int maxConnections, Duration connectTimeout,
        Duration requestTimeout) {
    /// Text that the service appends to the names of directory buckets.
    private static final String DIRECTORY_SUFFIX = "--x-s3";
    private static final Pattern PREFIX = Pattern.compile("[A-Za-z0-9/_.-]*");
    private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|\\[.*]|localhost");
    private static final long MIN_PART_BYTES = 5L << 20;
    private static final long MAX_SINGLE_PUT_BYTES = 5L << 30;

    private static final ConfigKey<String> BUCKET = ConfigKey.optionalString("bucket",
            "The bucket that holds all databases; it has to exist. Required with storage.backend s3.");
    private static final ConfigKey<String> REGION = ConfigKey.string("region", "us-east-1", "The bucket's region.");
    private static final ConfigKey<String> ENDPOINT = ConfigKey.string("endpoint", "",
            "Where a store other than AWS is: host, host:port or URL. A scheme given here beats use_ssl.");
    private static final ConfigKey<String> ACCESS_KEY = ConfigKey.secret("access_key",
            "Name of the key pair. Without a pair, the SDK's chain finds credentials: AWS_* environment, web identity,"
                    + " profile, container, instance.");
    private static final ConfigKey<String> SECRET_KEY = ConfigKey.secret("secret_key",
            "Secret of the key pair; set together with access_key or not at all.");
    private static final ConfigKey<String> SESSION_TOKEN = ConfigKey.secret("session_token",
            "Session token of a temporary key pair. It cannot be refreshed: for a long-running server leave the pair to the"
                    + " chain, which can.");
    private static final ConfigKey<Boolean> USE_SSL = ConfigKey.bool("use_ssl", true,
            "Whether an endpoint without a scheme is https.");
    private static final ConfigKey<Boolean> PATH_STYLE = new ConfigKey<>("path_style", "boolean",
            ConfigKey.bool("any", false, "").parser(), Optional.empty(), false,
            "Whether the bucket is named in the path instead of the host name; MinIO needs it. Default: false, but true"
                    + " when the endpoint is an IP address, localhost or a name without a dot.");
    private static final ConfigKey<String> PREFIX_KEY = ConfigKey.string("prefix", "",
            "Folder of the bucket under which everything lies: letters, digits and / _ . - without empty or dot segments.");
    private static final ConfigKey<Boolean> USE_DIRECTORY_BUCKET = ConfigKey.bool("use_directory_bucket", false,
            "Whether the bucket is an S3 Express directory bucket. Its name ends in --x-s3, which says so as well.");
    private static final ConfigKey<Encryption> SERVER_SIDE_ENCRYPTION = ConfigKey.choice("server_side_encryption",
            Encryption.class, Encryption.NONE, "How the store is asked to encrypt: none leaves it to the bucket's default, aes256"
                    + " is with the store's own keys (SSE-S3), kms with a managed key (SSE-KMS).");
    private static final ConfigKey<String> KMS_KEY_ID = ConfigKey.optionalString("kms_key_id",
            "The managed key of server_side_encryption kms. Default: the account's own for S3.");
    private static final ConfigKey<Toggle> CONDITIONAL_WRITES = ConfigKey.choice("conditional_writes", Toggle.class, Toggle.AUTO,
            "Whether the store refuses to create a taken key by itself (If-None-Match): auto believes AWS and tries any"
                    + " other store with a probe object at the start. A store that does not can serve one server only.");
    private static final ConfigKey<Toggle> CHECKSUMS = ConfigKey.choice("checksums", Toggle.class, Toggle.AUTO,
            "Whether uploads carry and downloads check a CRC beyond what an operation requires. auto: on with AWS, off with an"
                    + " endpoint, because many other stores refuse it.");
    private static final ConfigKey<Long> MULTIPART_THRESHOLD = ConfigKey.size("multipart_threshold", "100MiB",
            "Objects of at least this size are uploaded in parts; from 5MiB to 5GiB.");
    private static final ConfigKey<Long> PART_SIZE = ConfigKey.size("part_size", "16MiB",
            "Size of a part, from 5MiB to 5GiB; larger when an object would have more than 10000 parts.");
    private static final ConfigKey<Long> UPLOAD_THREADS = ConfigKey.integer("upload_threads", 5, 1, 64,
            "Parts uploaded at once.");
    private static final ConfigKey<Long> MAX_CONNECTIONS = ConfigKey.integer("max_connections", 64, 1, 10_000,
            "Connections to the store at once.");
    private static final ConfigKey<Duration> CONNECT_TIMEOUT = ConfigKey.duration("connect_timeout", "5s",
            "How long connecting may take.");
    private static final ConfigKey<Duration> REQUEST_TIMEOUT = ConfigKey.duration("request_timeout", "60s",
            "How long one request may take, its body included; a large object is one request a part.");

    static final List<ConfigKey<?>> KEYS = List.of(BUCKET, REGION, ENDPOINT, ACCESS_KEY, SECRET_KEY, SESSION_TOKEN, USE_SSL,
            PATH_STYLE, PREFIX_KEY, USE_DIRECTORY_BUCKET, SERVER_SIDE_ENCRYPTION, KMS_KEY_ID, CONDITIONAL_WRITES, CHECKSUMS,
            MULTIPART_THRESHOLD, PART_SIZE, UPLOAD_THREADS, MAX_CONNECTIONS, CONNECT_TIMEOUT, REQUEST_TIMEOUT);

    /// A key pair from the configuration.
    ///
    /// @param token empty for a pair that does not expire
    record Keys(String access, String secret, Optional<String> token) {
        @Override
        public String toString() {
            return "Keys[***]";
        }
    }

    /// What the store is asked to encrypt with.
    enum Encryption {
        NONE, AES256, KMS
    }

    /// A choice that can be left to the plugin.
    enum Toggle {
        AUTO, ON, OFF
    }

    /// @throws ArcException CONFIGURATION for settings that can never work
    static S3Settings from(PluginContext context) {
        String bucket = context.find(BUCKET).map(String::strip).filter(text -> !text.isEmpty()).orElseThrow(() ->
                refusal("storage.s3.bucket is not set; name the bucket, or set ARC_STORAGE_S3_BUCKET"));
        if (bucket.contains("/") || bucket.contains(":")) {
            throw refusal("storage.s3.bucket = '" + bucket + "' is not a bucket's name; a folder goes into storage.s3.prefix");
        }
        Optional<URI> endpoint = endpoint(context.config(ENDPOINT).strip(), context.config(USE_SSL));
        boolean isNamedDirectory = bucket.endsWith(DIRECTORY_SUFFIX);
        if (context.config(USE_DIRECTORY_BUCKET) && !isNamedDirectory) {
            throw refusal("storage.s3.use_directory_bucket is set, but the name of a directory bucket ends in " + DIRECTORY_SUFFIX
                    + " and storage.s3.bucket is '" + bucket + "'");
        }
        boolean hasPathStyle = context.find(PATH_STYLE).orElse(endpoint.filter(S3Settings::hasNoSubdomains).isPresent()
                && !isNamedDirectory);
        if (hasPathStyle && isNamedDirectory) {
            throw refusal("storage.s3.path_style is set, but the directory bucket '" + bucket
                    + "' can only be named in the host name; unset it");
        }
        Encryption encryption = context.config(SERVER_SIDE_ENCRYPTION);
        Optional<String> kmsKeyId = filled(context, KMS_KEY_ID);
        if (kmsKeyId.isPresent() && encryption != Encryption.KMS) {
            throw refusal("storage.s3.kms_key_id is set, but storage.s3.server_side_encryption is not kms");
        }
        return new S3Settings(bucket, context.config(REGION).strip(), endpoint, keys(context), hasPathStyle,
                prefix(context.config(PREFIX_KEY).strip()), isNamedDirectory, encryption, kmsKeyId,
                context.config(CONDITIONAL_WRITES), context.config(CHECKSUMS),
                within(context, MULTIPART_THRESHOLD), within(context, PART_SIZE),
                Math.toIntExact(context.config(UPLOAD_THREADS)), Math.toIntExact(context.config(MAX_CONNECTIONS)),
                positive(context, CONNECT_TIMEOUT), positive(context, REQUEST_TIMEOUT));
    }

    private static Optional<Keys> keys(PluginContext context) {
        Optional<String> access = filled(context, ACCESS_KEY);
        Optional<String> secret = filled(context, SECRET_KEY);
        Optional<String> token = filled(context, SESSION_TOKEN);
        if (access.isPresent() != secret.isPresent()) {
            throw refusal("only one of storage.s3.access_key and storage.s3.secret_key is set; set both, or none to use the"
                    + " environment, web identity, profile or instance");
        }
        if (token.isPresent() && access.isEmpty()) {
            throw refusal("storage.s3.session_token is set without storage.s3.access_key and storage.s3.secret_key");
        }
        return access.map(name -> new Keys(name, secret.orElseThrow(), token));
    }

    private static Optional<String> filled(PluginContext context, ConfigKey<String> key) {
        return context.find(key).map(String::strip).filter(text -> !text.isEmpty());
    }

    private static Optional<URI> endpoint(String text, boolean isSsl) {
        if (text.isEmpty()) {
            return Optional.empty();
        }
        String full = text.contains("://") ? text : (isSsl ? "https://" : "http://") + text;
        try {
            URI uri = new URI(full.endsWith("/") ? full.substring(0, full.length() - 1) : full);
            boolean isWeb = "http".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme());
            if (isWeb && uri.getHost() != null && uri.getRawQuery() == null && uri.getRawFragment() == null
                    && uri.getRawUserInfo() == null) {
                return Optional.of(uri);
            }
        } catch (URISyntaxException notAUri) {
            // The same sentence as for a URI that is none of ours.
        }
        throw refusal("storage.s3.endpoint = '" + text + "' is not a host, host:port or http(s) URL");
    }

    private static boolean hasNoSubdomains(URI endpoint) {
        return ADDRESS.matcher(endpoint.getHost()).matches() || endpoint.getHost().indexOf('.') < 0;
    }

    private static String prefix(String text) {
        String bare = text;
        while (bare.startsWith("/")) {
            bare = bare.substring(1);
        }
        while (bare.endsWith("/")) {
            bare = bare.substring(0, bare.length() - 1);
        }
        if (bare.isEmpty()) {
            return "";
        }
        boolean isClean = PREFIX.matcher(bare).matches();
        for (String segment : bare.split("/", -1)) {
            isClean &= !segment.isEmpty() && !segment.equals(".") && !segment.equals("..");
        }
        if (!isClean) {
            throw refusal("storage.s3.prefix = '" + text + "' may hold letters, digits and / _ . - only, and no empty, '.' or"
                    + " '..' segment");
        }
        return bare + "/";
    }

    private static long within(PluginContext context, ConfigKey<Long> key) {
        long bytes = context.config(key);
        if (bytes < MIN_PART_BYTES || bytes > MAX_SINGLE_PUT_BYTES) {
            throw refusal("storage.s3." + key.name() + " = " + bytes + " bytes is not within 5MiB and 5GiB");
        }
        return bytes;
    }

    private static Duration positive(PluginContext context, ConfigKey<Duration> key) {
        Duration duration = context.config(key);
        if (duration.isZero()) {
            throw refusal("storage.s3." + key.name() + " has to be longer than nothing");
        }
        return duration;
    }

    private static ArcException refusal(String sentence) {
        return new ArcException(ErrorCode.CONFIGURATION, sentence);
    }

    /// What the objects' keys start with, for messages; no secrets.
    String place() {
        return "s3://" + bucket + (prefix.isEmpty() ? "" : "/" + prefix.substring(0, prefix.length() - 1))
                + endpoint.map(uri -> " at " + uri).orElse(" in " + region);
    }
}
