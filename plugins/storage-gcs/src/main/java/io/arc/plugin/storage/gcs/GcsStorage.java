package io.arc.plugin.storage.gcs;

import com.google.api.client.http.javanet.NetHttpTransport;
import com.google.auth.Credentials;
import com.google.auth.http.HttpTransportFactory;
import com.google.auth.oauth2.GoogleCredentials;
import com.google.cloud.NoCredentials;
import com.google.cloud.ServiceOptions;
import com.google.cloud.http.HttpTransportOptions;
import com.google.cloud.storage.StorageOptions;
import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.ConfigKey;
import io.arc.api.spi.PluginContext;
import io.arc.api.spi.StorageBackend;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// The storage backend `gcs`: one bucket, with or without a prefix.
///
/// Who the server is to Google is said by the first of these that is configured: a key file, the key's text, or else the
/// environment's default (`GOOGLE_APPLICATION_CREDENTIALS`, a developer's login, the machine's service account), whose tokens
/// are refreshed as they expire. HMAC keys belong to the S3 interface of the service: use the backend `s3` with the endpoint
/// `https://storage.googleapis.com` for them.
public final class GcsStorage implements StorageBackend {
    static final ConfigKey<String> BUCKET = ConfigKey.optionalString("bucket",
            "The bucket that holds all databases. It must exist.");
    static final ConfigKey<String> PROJECT = ConfigKey.optionalString("project",
            "The project that pays for requests, if it is not the credentials' own.");
    static final ConfigKey<String> PREFIX = ConfigKey.string("prefix", "",
            "Put before every key, so that a bucket can be shared: letters, digits and / _ . - only.");
    static final ConfigKey<String> ENDPOINT = ConfigKey.optionalString("endpoint",
            "The service's address, with or without https://. Requests to one with http:// are not signed unless there are "
            + "credentials here, as emulators want it. Default: https://storage.googleapis.com.");
    static final ConfigKey<String> CREDENTIALS_FILE = ConfigKey.optionalString("credentials_file",
            "A key file of a service account, or a workload identity's configuration. Default: the environment's.");
    static final ConfigKey<String> CREDENTIALS_JSON = ConfigKey.secret("credentials_json",
            "The text of such a file, for places that hand over secrets as text.");

    static final ConfigKey<Duration> CONNECT_TIMEOUT = ConfigKey.duration("connect_timeout", "5s",
            "How long connecting may take.");
    static final ConfigKey<Duration> REQUEST_TIMEOUT = ConfigKey.duration("request_timeout", "60s",
            "How long one request may take, its body included; a large object is one request for every 16 MiB.");

    private static final String SCOPE = "https://www.googleapis.com/auth/devstorage.read_write";
    private static final Duration MAX_TIMEOUT = Duration.ofHours(24);
    private static final Pattern PREFIX_PATTERN = Pattern.compile("[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*");

    @Override
    public String name() {
        return "gcs";
    }

    @Override
    public List<ConfigKey<?>> configKeys() {
        return List.of(BUCKET, PROJECT, PREFIX, ENDPOINT, CREDENTIALS_FILE, CREDENTIALS_JSON, CONNECT_TIMEOUT, REQUEST_TIMEOUT);
    }

    @Override
    public ObjectStore open(PluginContext context) {
        return open(context, GcsObjectStore.PAGE_KEYS, GcsObjectStore.CHUNK_BYTES);
    }

    /// @param pageKeys how many keys a listing asks for at once
    /// @param chunkBytes a larger object is sent in chunks of this size, a multiple of 256 KiB
    static ObjectStore open(PluginContext context, int pageKeys, int chunkBytes) {
        String bucket = text(context, BUCKET).orElseThrow(() ->
                wrong("storage.gcs.bucket has to be set: the bucket that holds all "
                + "databases (ARC_STORAGE_GCS_BUCKET)"));
        String prefix = prefix(context.config(PREFIX));
        Optional<String> endpoint = text(context, ENDPOINT);
        Connections connections = new Connections(positive(context, CONNECT_TIMEOUT), positive(context, REQUEST_TIMEOUT));
        HttpTransportFactory transports = () -> new NetHttpTransport.Builder().setConnectionFactory(connections::open).build();
        StorageOptions.Builder options = StorageOptions.http()
                .setCredentials(credentials(context, isPlain(endpoint), transports))
                // Trying again is the runtime's business, for all stores alike. The settings alone do not say so to the one who
                // reads an answer: it would ask again and again for what breaks off.
                .setRetrySettings(ServiceOptions.getNoRetrySettings())
                .setStorageRetryStrategy(new NoRetry())
                .setTransportOptions(HttpTransportOptions.newBuilder().setHttpTransportFactory(transports)
                        .setConnectTimeout(Math.toIntExact(context.config(CONNECT_TIMEOUT).toMillis()))
                        .setReadTimeout(Math.toIntExact(context.config(REQUEST_TIMEOUT).toMillis())).build());
        // Without a project the SDK would ask the network for one, and requests for objects need none.
        options.setProjectId(text(context, PROJECT).orElse("none"));
        text(context, PROJECT).ifPresent(options::setQuotaProjectId);
        endpoint.ifPresent(address -> options.setHost(address.matches("https?://.*") ? address : "https://" + address));
        try {
            return new GcsObjectStore(options.build().getService(), connections, bucket, prefix, pageKeys,
                    chunkBytes).greeted();
        } catch (IllegalArgumentException unusable) {
            throw new ArcException(ErrorCode.CONFIGURATION, "the keys storage.gcs.* do not describe a bucket: "
                    + unusable.getMessage(),
                    unusable);
        }
    }

    /// A token is not sent where anybody can read it, unless it was configured for that place.
    private static boolean isPlain(Optional<String> endpoint) {
        return endpoint.filter(address -> address.startsWith("http://")).isPresent();
    }

    private static Credentials credentials(PluginContext context, boolean isPlain, HttpTransportFactory transports) {
        Optional<String> file = text(context, CREDENTIALS_FILE);
        Optional<String> json = text(context, CREDENTIALS_JSON);
        try {
            if (file.isPresent()) {
                try (InputStream bytes = Files.newInputStream(Path.of(file.get()))) {
                    return GoogleCredentials.fromStream(bytes, transports).createScoped(SCOPE);
                }
            }
            if (json.isPresent()) {
                return GoogleCredentials.fromStream(new ByteArrayInputStream(json.get().getBytes(StandardCharsets.UTF_8)),
                        transports)
                        .createScoped(SCOPE);
            }
        } catch (IOException unreadable) {
            String key = file.isPresent() ? "storage.gcs.credentials_file = '" + file.get() + "'"
                    : "storage.gcs.credentials_json";
            // What the parser says of a key's text could quote the key.
            String reason = file.isPresent() && Files.notExists(Path.of(file.get())) ? "there is no such file"
                    : "it is no key that Google's library can read";
            throw new ArcException(ErrorCode.CONFIGURATION, key + ": " + reason, file.isPresent() ? unreadable : null);
        }
        if (isPlain) {
            return NoCredentials.getInstance();
        }
        try {
            return GoogleCredentials.getApplicationDefault(transports).createScoped(SCOPE);
        } catch (IOException none) {
            throw new ArcException(ErrorCode.CONFIGURATION,
                    "no credentials for Google Cloud Storage: set storage.gcs.credentials_file "
                    + "(ARC_STORAGE_GCS_CREDENTIALS_FILE) or GOOGLE_APPLICATION_CREDENTIALS, or run on a machine with a "
                    + "service account", none);
        }
    }

    private static Optional<String> text(PluginContext context, ConfigKey<String> key) {
        return context.find(key).map(String::strip).filter(text -> !text.isEmpty());
    }

    /// @return empty, or ending in a slash
    private static String prefix(String configured) {
        String text = configured.strip().replaceAll("^/+|/+$", "");
        if (text.isEmpty()) {
            return "";
        }
        if (!PREFIX_PATTERN.matcher(text).matches() || Arrays.stream(text.split("/")).anyMatch(part -> part.matches("\\.+"))) {
            throw wrong("storage.gcs.prefix = '" + configured
                    + "': expected names of letters, digits, _ . - joined by single slashes");
        }
        return text + "/";
    }

    private static Duration positive(PluginContext context, ConfigKey<Duration> key) {
        Duration duration = context.config(key);
        if (duration.toMillis() < 1 || duration.compareTo(MAX_TIMEOUT) > 0) {
            throw wrong("storage.gcs." + key.name() + " has to be longer than zero and at most " + MAX_TIMEOUT.toHours()
                    + " h");
        }
        return duration;
    }

    private static ArcException wrong(String message) {
        return new ArcException(ErrorCode.CONFIGURATION, message);
    }
}
