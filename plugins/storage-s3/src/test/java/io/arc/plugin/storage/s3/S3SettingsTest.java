package io.arc.plugin.storage.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.plugin.storage.s3.S3Settings.Encryption;
import io.arc.testkit.TestPluginContext;
import java.net.URI;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class S3SettingsTest {
    private static S3Settings settings(Map<String, String> more) {
        Map<String, String> all = new HashMap<>(Map.of("bucket", "b"));
        all.putAll(more);
        return S3Settings.from(new TestPluginContext(new S3Storage(), Path.of("unused"), all));
    }

    private static void refused(String part, Map<String, String> more) {
        assertThatThrownBy(() -> settings(more)).isInstanceOfSatisfying(ArcException.class,
                failure -> assertThat(failure.code()).isEqualTo(ErrorCode.CONFIGURATION)).hasMessageContaining(part);
    }

    @Test
    void needsABucketAndNothingElse() {
        S3Settings settings = settings(Map.of());
        assertThat(settings.region()).isEqualTo("us-east-1");
        assertThat(settings.endpoint()).isEmpty();
        assertThat(settings.keys()).isEmpty();
        assertThat(settings.hasPathStyle()).isFalse();
        assertThat(settings.prefix()).isEmpty();
        assertThat(settings.multipartThresholdBytes()).isEqualTo(100 << 20);
        assertThat(settings.partBytes()).isEqualTo(16 << 20);
        assertThat(settings.encryption()).isEqualTo(Encryption.NONE);
        refused("storage.s3.bucket", Map.of("bucket", " "));
        refused("storage.s3.prefix", Map.of("bucket", "b/folder"));
        refused("not a bucket's name", Map.of("bucket", "s3://b"));
    }

    @ParameterizedTest
    @CsvSource({"minio:9000,false,http://minio:9000", "minio:9000,true,https://minio:9000", "s3.example.org,true,https://s3.example.org",
        "http://s3.example.org/,true,http://s3.example.org", "https://s3.example.org:444/base,false,https://s3.example.org:444/base",
        "[::1]:9000,false,http://[::1]:9000", "HTTP://x.y,true,HTTP://x.y"})
    void takesEndpointsWithAndWithoutScheme(String text, String isSsl, String uri) {
        assertThat(settings(Map.of("endpoint", text, "use_ssl", isSsl)).endpoint()).contains(URI.create(uri));
    }

    @ParameterizedTest
    @ValueSource(strings = {"ftp://x", "http://", "a b", "http://user:password@x", "http://x?y", "http://x#y", "://", "x:port"})
    void refusesOtherEndpoints(String text) {
        refused("storage.s3.endpoint", Map.of("endpoint", text));
    }

    @ParameterizedTest
    @CsvSource({"127.0.0.1:9000,true", "localhost:9000,true", "minio:9000,true", "[::1],true", "s3.example.org,false",
        "https://nyc3.digitaloceanspaces.com,false"})
    void choosesPathStyleWhereTheHostHasNoSubdomains(String endpoint, boolean isPathStyle) {
        assertThat(settings(Map.of("endpoint", endpoint)).hasPathStyle()).isEqualTo(isPathStyle);
        assertThat(settings(Map.of("endpoint", endpoint, "path_style", "true")).hasPathStyle()).isTrue();
        assertThat(settings(Map.of("endpoint", endpoint, "path_style", "false")).hasPathStyle()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"/a/b/,a/b/", "a,a/", "/,''", "'',''", "tenant-1/x_y.z,tenant-1/x_y.z/"})
    void normalisesThePrefix(String text, String prefix) {
        assertThat(settings(Map.of("prefix", text)).prefix()).isEqualTo(prefix);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a/../b", "..", "a//b", "./a", "a b", "\u00e4", "a?b"})
    void refusesOtherPrefixes(String text) {
        refused("storage.s3.prefix", Map.of("prefix", text));
    }

    @Test
    void wantsBothKeysOrNone() {
        refused("only one of", Map.of("access_key", "a"));
        refused("only one of", Map.of("secret_key", "a"));
        refused("session_token", Map.of("session_token", "a"));
        S3Settings settings = settings(Map.of("access_key", "a", "secret_key", "hush", "session_token", "hush2"));
        assertThat(settings.keys().orElseThrow().token()).contains("hush2");
        assertThat(settings.toString()).doesNotContain("hush");
    }

    @Test
    void knowsDirectoryBuckets() {
        assertThat(settings(Map.of("bucket", "b--use1-az4--x-s3")).isDirectoryBucket()).isTrue();
        assertThat(settings(Map.of("bucket", "b--use1-az4--x-s3", "use_directory_bucket", "true")).isDirectoryBucket()).isTrue();
        assertThat(settings(Map.of("use_directory_bucket", "false")).isDirectoryBucket()).isFalse();
        refused("--x-s3", Map.of("use_directory_bucket", "true"));
        refused("storage.s3.path_style", Map.of("bucket", "b--use1-az4--x-s3", "path_style", "true"));
    }

    @Test
    void checksTheRest() {
        refused("kms_key_id", Map.of("kms_key_id", "k"));
        refused("kms_key_id", Map.of("kms_key_id", "k", "server_side_encryption", "aes256"));
        assertThat(settings(Map.of("kms_key_id", "k", "server_side_encryption", "kms")).kmsKeyId()).contains("k");
        refused("part_size", Map.of("part_size", "1MiB"));
        refused("multipart_threshold", Map.of("multipart_threshold", "6GiB"));
        refused("request_timeout", Map.of("request_timeout", "0s"));
    }
}
