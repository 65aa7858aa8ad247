package io.arc.plugin.storage.azure;

import com.azure.core.credential.AzureSasCredential;
import com.azure.core.http.policy.FixedDelayOptions;
import com.azure.core.http.policy.RetryOptions;
import com.azure.core.util.Configuration;
import com.azure.identity.DefaultAzureCredentialBuilder;
import com.azure.storage.blob.BlobContainerClient;
import com.azure.storage.blob.BlobServiceClientBuilder;
import com.azure.storage.blob.BlobServiceVersion;
import com.azure.storage.common.StorageSharedKeyCredential;
import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.ConfigKey;
import io.arc.api.spi.PluginContext;
import io.arc.api.spi.StorageBackend;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// The storage backend `azure`: one container, with or without a prefix.
///
/// Who the server is to Azure is said by the first of these that is configured: a connection string, a shared access signature,
/// an account key, or else the environment's identity (managed identity, workload identity, the variables `AZURE_CLIENT_ID` and
/// its like, a developer's login), whose tokens are refreshed as they expire.
public final class AzureStorage implements StorageBackend {
    static final ConfigKey<String> CONTAINER = ConfigKey.optionalString("container",
            "The container that holds all databases. It must "
            + "exist.");
    static final ConfigKey<String> CONNECTION_STRING = ConfigKey.secret("connection_string",
            "Account and credentials in one, as the portal shows it. Goes before all other credentials.");
    static final ConfigKey<String> ACCOUNT_NAME = ConfigKey.optionalString("account_name",
            "The storage account. Needed unless there is a connection string.");
    static final ConfigKey<String> ACCOUNT_KEY = ConfigKey.secret("account_key", "One of the account's two keys.");
    static final ConfigKey<String> SAS_TOKEN = ConfigKey.secret("sas_token",
            "A shared access signature with the rights to read, add, create, write, delete and list, with or without the leading "
            + "`?`. Goes before an account key.");
    static final ConfigKey<String> ENDPOINT = ConfigKey.optionalString("endpoint",
            "The blob service's address, with or without https://. Default: https://<account_name>.blob.core.windows.net.");
    static final ConfigKey<Boolean> USE_MANAGED_IDENTITY = ConfigKey.bool("use_managed_identity", false,
            "Take the environment's identity even where a signature or a key is configured.");
    static final ConfigKey<String> PREFIX = ConfigKey.string("prefix", "",
            "Put before every key, so that a container can be shared: letters, digits and / _ . - only.");

    static final ConfigKey<Duration> CONNECT_TIMEOUT = ConfigKey.duration("connect_timeout", "5s",
            "How long connecting may take.");
    static final ConfigKey<Duration> REQUEST_TIMEOUT = ConfigKey.duration("request_timeout", "60s",
            "How long one request may take, its body included; a large object is one request for every 32 MiB.");

    /// Newer ones add nothing that is used here, and not every emulator and sovereign cloud has them.
    private static final BlobServiceVersion SERVICE_VERSION = BlobServiceVersion.V2023_11_03;
    private static final Pattern PREFIX_PATTERN = Pattern.compile("[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*");

    @Override
    public String name() {
        return "azure";
    }

    @Override
    public List<ConfigKey<?>> configKeys() {
        return List.of(CONTAINER, CONNECTION_STRING, ACCOUNT_NAME, ACCOUNT_KEY, SAS_TOKEN, ENDPOINT, USE_MANAGED_IDENTITY,
                PREFIX,
                CONNECT_TIMEOUT, REQUEST_TIMEOUT);
    }

    @Override
    public ObjectStore open(PluginContext context) {
        return open(context, AzureObjectStore.MAX_SINGLE_PUT_BYTES, AzureObjectStore.PAGE_KEYS);
    }

    /// @param singlePutBytes a larger object is sent in blocks
    /// @param pageKeys how many keys a listing asks for at once
    static ObjectStore open(PluginContext context, int singlePutBytes, int pageKeys) {
        String container = text(context, CONTAINER).orElseThrow(() ->
                wrong("storage.azure.container has to be set: the container that "
                + "holds all databases (ARC_STORAGE_AZURE_CONTAINER)"));
        String prefix = prefix(context.config(PREFIX));
        BlockingHttpClient http = new BlockingHttpClient(new Connections(positive(context, CONNECT_TIMEOUT),
                positive(context, REQUEST_TIMEOUT)));
        try {
            BlobContainerClient client = service(context, http).buildClient().getBlobContainerClient(container);
            return new AzureObjectStore(client, http, prefix, singlePutBytes, pageKeys).greeted();
        } catch (IllegalArgumentException | IllegalStateException unusable) {
            http.close();
            // The SDK's sentences name the wrong part and no secret.
            throw new ArcException(ErrorCode.CONFIGURATION, "the keys storage.azure.* do not describe a container: "
                    + unusable.getMessage(), unusable);
        }
    }

    private static BlobServiceClientBuilder service(PluginContext context, BlockingHttpClient http) {
        BlobServiceClientBuilder builder = new BlobServiceClientBuilder().serviceVersion(SERVICE_VERSION)
                .httpClient(http)
                // Trying again is the runtime's business, for all stores alike.
                .retryOptions(new RetryOptions(new FixedDelayOptions(0, Duration.ofMillis(1))));
        Optional<String> connectionString = text(context, CONNECTION_STRING);
        if (connectionString.isPresent()) {
            return builder.connectionString(connectionString.get());
        }
        String account = text(context, ACCOUNT_NAME).orElseThrow(() -> wrong("storage.azure.connection_string or "
                + "storage.azure.account_name has to be set"));
        builder.endpoint(endpoint(text(context, ENDPOINT), account));
        Optional<String> signature = text(context, SAS_TOKEN);
        Optional<String> key = text(context, ACCOUNT_KEY);
        if (!context.config(USE_MANAGED_IDENTITY) && signature.isPresent()) {
            return builder.credential(new AzureSasCredential(signature.get()));
        }
        if (!context.config(USE_MANAGED_IDENTITY) && key.isPresent()) {
            return builder.credential(new StorageSharedKeyCredential(account, key.get()));
        }
        return builder.credential(new DefaultAzureCredentialBuilder().httpClient(http)
                .configuration(Configuration.getGlobalConfiguration()).build());
    }

    private static Optional<String> text(PluginContext context, ConfigKey<String> key) {
        return context.find(key).map(String::strip).filter(text -> !text.isEmpty());
    }

    private static String endpoint(Optional<String> configured, String account) {
        if (configured.isEmpty()) {
            return "https://" + account + ".blob.core.windows.net";
        }
        String text = configured.get();
        return text.startsWith("http://") || text.startsWith("https://") ? text : "https://" + text;
    }

    /// @return empty, or ending in a slash
    private static String prefix(String configured) {
        String text = configured.strip().replaceAll("^/+|/+$", "");
        if (text.isEmpty()) {
            return "";
        }
        if (!PREFIX_PATTERN.matcher(text).matches() || List.of(text.split("/")).stream().anyMatch(part ->
                part.matches("\\.+"))) {
            throw wrong("storage.azure.prefix = '" + configured
                    + "': expected names of letters, digits, _ . - joined by single "
                    + "slashes");
        }
        return text + "/";
    }

    private static Duration positive(PluginContext context, ConfigKey<Duration> key) {
        Duration duration = context.config(key);
        if (duration.toMillis() < 1) {
            throw wrong("storage.azure." + key.name() + " has to be longer than zero");
        }
        return duration;
    }

    private static ArcException wrong(String message) {
        return new ArcException(ErrorCode.CONFIGURATION, message);
    }
}
