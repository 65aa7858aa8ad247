package io.arc.plugin.storage.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.Health;
import io.arc.api.spi.StorageBackend.Body;
import io.arc.api.spi.StorageBackend.Capability;
import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.api.spi.StorageBackend.PutMode;
import io.arc.plugin.storage.s3.StubS3.Answer;
import io.arc.plugin.storage.s3.StubS3.Seen;
import io.arc.testkit.TestPluginContext;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What goes over the wire, and what is made of answers that the emulator does not give.
final class S3RequestsTest {
    private StubS3 stub;

    @BeforeEach
    void start() throws IOException {
        stub = new StubS3();
        stub.answer(request -> Answer.ok());
    }

    @AfterEach
    void stop() {
        stub.close();
    }

    private ObjectStore open(Map<String, String> more) {
        Map<String, String> settings = new HashMap<>(Map.of("bucket", "b", "endpoint", stub.endpoint(), "access_key", "name",
                "secret_key", "secret", "conditional_writes", "on", "multipart_threshold", "5MiB", "part_size", "5MiB"));
        settings.putAll(more);
        settings.values().removeIf(String::isEmpty);
        S3Storage storage = new S3Storage();
        return storage.open(new TestPluginContext(storage, Path.of("unused"), settings));
    }

    private static Body body(String text) {
        return new Body.InMemory(MemorySegment.ofArray(text.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void aPutIsPlainAndConditional() {
        try (ObjectStore store = open(Map.of("prefix", "deep/er"))) {
            assertThat(store.put("d/t/x.parquet", body("hello"), PutMode.CREATE)).isTrue();
            assertThat(store.put("d/t/y", body("hello"), PutMode.REPLACE)).isTrue();
        }
        Seen create = stub.seen("PUT /b/deep/er/d/t/x.parquet").getFirst();
        assertThat(create.body()).isEqualTo("hello");
        assertThat(create.field("if-none-match")).contains("*");
        assertThat(create.field("content-type")).contains("application/vnd.apache.parquet");
        assertThat(create.field("content-length")).contains("5");
        assertThat(create.field("content-encoding")).as("no chunks: stores other than AWS know them by halves").isEmpty();
        assertThat(create.field("x-amz-trailer")).isEmpty();
        assertThat(create.fields().keySet()).as("no checksum that nobody asked for")
                .noneMatch(name -> name.toLowerCase().startsWith("x-amz-checksum"));
        assertThat(create.field("x-amz-security-token")).isEmpty();
        Seen replace = stub.seen("PUT /b/deep/er/d/t/y").getFirst();
        assertThat(replace.field("if-none-match")).isEmpty();
    }

    @Test
    void checksumsCanBeSwitchedOn() {
        try (ObjectStore store = open(Map.of("checksums", "on"))) {
            store.put("x", body("hello"), PutMode.REPLACE);
        }
        assertThat(stub.seen("PUT /b/x").getFirst().fields().keySet().stream().map(String::toLowerCase))
                .anyMatch(name -> name.startsWith("x-amz-checksum-crc"));
    }

    @Test
    void encryptionIsAskedForWithEveryObject() {
        stub.answer(request -> request.is("POST /b/large?uploads")
                ? Answer.xml("<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>")
                : request.is("POST /b/large?uploadId") ? Answer.xml("<CompleteMultipartUploadResult/>") : Answer.ok());
        try (ObjectStore store = open(Map.of("server_side_encryption", "kms", "kms_key_id", "the-key"))) {
            store.put("small", body("x"), PutMode.REPLACE);
            store.put("large", new Body.InMemory(MemorySegment.ofArray(new byte[6 << 20])), PutMode.CREATE);
        }
        for (Seen each : List.of(stub.seen("PUT /b/small").getFirst(), stub.seen("POST /b/large?uploads").getFirst())) {
            assertThat(each.field("x-amz-server-side-encryption")).contains("aws:kms");
            assertThat(each.field("x-amz-server-side-encryption-aws-kms-key-id")).contains("the-key");
        }
        assertThat(stub.seen("PUT /b/large?")).hasSize(2);
        assertThat(stub.seen("POST /b/large?uploadId").getFirst().field("if-none-match")).contains("*");
        try (ObjectStore store = open(Map.of("server_side_encryption", "aes256"))) {
            store.put("plain", body("x"), PutMode.REPLACE);
        }
        assertThat(stub.seen("PUT /b/plain").getFirst().field("x-amz-server-side-encryption")).contains("AES256");
    }

    @Test
    void aPartThatFailsGivesUpTheUpload() {
        stub.answer(request -> request.is("POST /b/large?uploads")
                ? Answer.xml("<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>")
                : request.is("PUT /b/large?") && request.target().contains("partNumber=2") ? Answer.error(500, "InternalError")
                : Answer.ok());
        try (ObjectStore store = open(Map.of())) {
            assertThatThrownBy(() -> store.put("large", new Body.InMemory(MemorySegment.ofArray(new byte[11 << 20])),
                    PutMode.REPLACE)).isInstanceOfSatisfying(ArcException.class,
                            failure -> assertThat(failure.code()).isEqualTo(ErrorCode.STORAGE_UNAVAILABLE));
        }
        assertThat(stub.seen("DELETE /b/large?uploadId=u")).hasSize(1);
        assertThat(stub.seen("POST /b/large?uploadId")).isEmpty();
    }

    @Test
    void aSessionTokenIsSent() {
        try (ObjectStore store = open(Map.of("session_token", "the-token"))) {
            store.put("x", body("x"), PutMode.REPLACE);
        }
        assertThat(stub.seen("PUT /b/x").getFirst().field("x-amz-security-token")).contains("the-token");
        assertThat(stub.seen("PUT /b/x").getFirst().field("authorization").orElseThrow()).contains("Credential=name/");
    }

    /// The chain's first member is the system properties, as the environment is its second.
    @Test
    void withoutAPairTheChainIsAskedWithItsToken() {
        Map<String, String> properties = Map.of("aws.accessKeyId", "chained", "aws.secretAccessKey", "secret", "aws.sessionToken",
                "chained-token");
        properties.forEach(System::setProperty);
        try (ObjectStore store = open(Map.of("access_key", "", "secret_key", ""))) {
            store.put("x", body("x"), PutMode.REPLACE);
        } finally {
            properties.keySet().forEach(System::clearProperty);
        }
        Seen put = stub.seen("PUT /b/x").getFirst();
        assertThat(put.field("authorization").orElseThrow()).contains("Credential=chained/");
        assertThat(put.field("x-amz-security-token")).contains("chained-token");
    }

    @Test
    void credentialsThatExpireAreRefreshed() {
        AtomicInteger handedOut = new AtomicInteger();
        stub.answer(request -> request.target().startsWith("/role") ? new Answer(200, Map.of("Content-Type", "application/json"),
                "{\"AccessKeyId\":\"role\",\"SecretAccessKey\":\"s\",\"Token\":\"token-" + handedOut.incrementAndGet()
                        + "\",\"Expiration\":\"" + Instant.now().plusSeconds(20) + "\"}") : Answer.ok());
        Map<String, String> properties = Map.of("aws.containerCredentialsFullUri", stub.endpoint() + "/role",
                "aws.sharedCredentialsFile", "/nowhere", "aws.configFile", "/nowhere");
        properties.forEach(System::setProperty);
        try (ObjectStore store = open(Map.of("access_key", "", "secret_key", ""))) {
            store.put("x", body("x"), PutMode.REPLACE);
            String first = stub.seen("PUT /b/x").getFirst().field("x-amz-security-token").orElseThrow();
            store.put("y", body("x"), PutMode.REPLACE);
            assertThat(first).startsWith("token-");
            assertThat(stub.seen("PUT /b/y").getFirst().field("x-amz-security-token").orElseThrow()).startsWith("token-")
                    .as("nearly expired, and therefore renewed").isNotEqualTo(first);
        } finally {
            properties.keySet().forEach(System::clearProperty);
        }
    }

    @Test
    void withoutAnyCredentialsNothingIsSentAndTheMessageSaysSo() {
        Map<String, String> properties = Map.of("aws.sharedCredentialsFile", "/nowhere", "aws.configFile", "/nowhere",
                "aws.disableEc2Metadata", "true");
        properties.forEach(System::setProperty);
        try (ObjectStore store = open(Map.of("access_key", "", "secret_key", ""))) {
            assertThatThrownBy(() -> store.put("x", body("x"), PutMode.REPLACE)).isInstanceOfSatisfying(ArcException.class,
                    failure -> assertThat(failure.code()).isEqualTo(ErrorCode.STORAGE_UNAVAILABLE))
                    .hasMessageContaining("credentials");
            assertThat(store.health().status()).isEqualTo(Health.Status.DOWN);
        } finally {
            properties.keySet().forEach(System::clearProperty);
        }
        assertThat(stub.seen("PUT")).isEmpty();
    }

    @Test
    void deletesFallBackToMd5AndRememberIt() {
        stub.answer(request -> !request.is("POST /b?delete") ? Answer.ok()
                : request.field("content-md5").isEmpty() ? Answer.error(400, "MissingContentMD5") : Answer.xml("<DeleteResult/>"));
        try (ObjectStore store = open(Map.of())) {
            store.delete(List.of("a", "b"));
            assertThat(stub.seen("POST /b?delete")).hasSize(2);
            store.delete(List.of("c", "d"));
            assertThat(stub.seen("POST /b?delete")).hasSize(3);
            assertThat(stub.seen("POST /b?delete").getLast().field("content-md5")).isPresent();
            assertThat(stub.seen("DELETE")).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({"501,NotImplemented", "400,InvalidRequest"})
    void deletesFallBackToOneByOne(int status, String code) {
        stub.answer(request -> request.is("POST /b?delete") ? Answer.error(status, code)
                : request.is("DELETE") ? new Answer(204, Map.of(), "") : Answer.ok());
        try (ObjectStore store = open(Map.of())) {
            store.delete(List.of("a", "b/c"));
            assertThat(stub.seen("DELETE /b/a")).hasSize(1);
            assertThat(stub.seen("DELETE /b/b/c")).hasSize(1);
            stub.forget();
            store.delete(List.of("d", "e"));
            assertThat(stub.seen("POST")).isEmpty();
        }
    }

    @Test
    void aDeleteThatFailsForSomeFails() {
        stub.answer(request -> request.is("POST /b?delete") ? Answer.xml("<DeleteResult><Error><Key>b</Key><Code>AccessDenied</Code>"
                + "<Message>no</Message></Error></DeleteResult>") : Answer.ok());
        try (ObjectStore store = open(Map.of())) {
            assertThatThrownBy(() -> store.delete(List.of("a", "b"))).isInstanceOfSatisfying(ArcException.class,
                    failure -> assertThat(failure.code()).isEqualTo(ErrorCode.STORAGE_OUTCOME_UNKNOWN))
                    .hasMessageContaining("b: AccessDenied");
        }
    }

    /// An older clone overwrites whatever If-None-Match says; another refuses the header.
    @ParameterizedTest
    @ValueSource(ints = {200, 501})
    void aStoreWithoutConditionalWritesIsFoundOut(int status) {
        stub.answer(request -> {
            if (request.field("if-none-match").isPresent()) {
                return status == 200 ? Answer.ok() : Answer.error(status, "NotImplemented");
            }
            return request.is("HEAD /b/") ? new Answer(404, Map.of(), "") : Answer.ok();
        });
        try (ObjectStore store = open(Map.of("conditional_writes", "auto"))) {
            assertThat(store.capabilities()).isEmpty();
            assertThat(store.health().detail()).contains("no second server");
            assertThat(stub.seen("DELETE /b/.arc-probe")).as("the probe is removed").hasSize(1);
            assertThat(store.put("x", body("x"), PutMode.CREATE)).isTrue();
            assertThat(stub.seen("HEAD /b/x")).hasSize(1);
            assertThat(stub.seen("PUT /b/x").getFirst().field("if-none-match")).isEmpty();
            stub.answer(request -> Answer.found());
            assertThat(store.put("x", body("x"), PutMode.CREATE)).isFalse();
        }
    }

    @Test
    void aStoreThatCannotBeAskedYetIsAskedLater() {
        stub.answer(request -> Answer.error(503, "SlowDown"));
        try (ObjectStore store = open(Map.of("conditional_writes", "auto"))) {
            assertThat(store.capabilities()).isEmpty();
            assertThat(store.health().status()).isEqualTo(Health.Status.DOWN);
            AtomicInteger probes = new AtomicInteger();
            stub.answer(request -> request.is("PUT /b/.arc-probe") && probes.incrementAndGet() == 2
                    ? Answer.error(412, "PreconditionFailed") : Answer.ok());
            assertThat(store.put("x", body("x"), PutMode.CREATE)).isTrue();
            assertThat(store.capabilities()).containsExactly(Capability.ENFORCED_CREATE);
            assertThat(stub.seen("PUT /b/x").getFirst().field("if-none-match")).contains("*");
            assertThat(store.health()).satisfies(health -> assertThat(health.status()).isEqualTo(Health.Status.UP));
        }
    }

    /// S3 says so when another creator of the key is under way: ours has had no effect, and who wins is to be seen.
    @Test
    void aConflictIsLostOnlyToAnObject() {
        stub.answer(request -> request.is("PUT") ? Answer.error(409, "ConditionalRequestConflict")
                : request.is("HEAD /b/lost") ? Answer.found()
                : request.is("HEAD /b/open") ? new Answer(404, Map.of(), "") : Answer.ok());
        try (ObjectStore store = open(Map.of())) {
            assertThat(store.put("lost", body("x"), PutMode.CREATE)).isFalse();
            assertThatThrownBy(() -> store.put("open", body("x"), PutMode.CREATE)).isInstanceOfSatisfying(ArcException.class,
                    failure -> assertThat(failure.code()).isEqualTo(ErrorCode.STORAGE_UNAVAILABLE));
        }
    }

    @ParameterizedTest
    @CsvSource({"403,AccessDenied,STORAGE_UNAVAILABLE,credentials", "403,InvalidAccessKeyId,STORAGE_UNAVAILABLE,credentials",
        "400,ExpiredToken,STORAGE_UNAVAILABLE,expired", "404,NoSuchBucket,STORAGE_UNAVAILABLE,make the bucket",
        "403,RequestTimeTooSkewed,STORAGE_UNAVAILABLE,clock", "301,PermanentRedirect,STORAGE_OUTCOME_UNKNOWN,region",
        "400,RequestTimeout,STORAGE_OUTCOME_UNKNOWN,RequestTimeout", "500,InternalError,STORAGE_OUTCOME_UNKNOWN,500",
        "503,SlowDown,STORAGE_OUTCOME_UNKNOWN,SlowDown", "403,'',STORAGE_OUTCOME_UNKNOWN,credentials",
        "501,NotImplemented,STORAGE_UNAVAILABLE,501"})
    void answersOfWritesAreJudged(int status, String code, ErrorCode expected, String says) {
        stub.answer(request -> code.isEmpty() ? new Answer(status, Map.of(), "<html>a gateway</html>") : Answer.error(status, code));
        try (ObjectStore store = open(Map.of())) {
            assertThatThrownBy(() -> store.put("x", body("x"), PutMode.CREATE)).isInstanceOfSatisfying(ArcException.class,
                    failure -> assertThat(failure.code()).isEqualTo(expected)).hasMessageContaining(says)
                    .hasMessageContaining("s3://b at ").hasMessageNotContaining("secret ");
            assertThat(store.health().status()).isEqualTo(Health.Status.DOWN);
            assertThat(store.health().detail()).contains("s3://b at ");
        }
    }

    @Test
    void aStoreThatIgnoresRangesIsReadAllTheSame() {
        stub.answer(request -> new Answer(200, Map.of(), "0123456789"));
        try (ObjectStore store = open(Map.of())) {
            byte[] target = new byte[4];
            assertThat(store.read("x", 3, MemorySegment.ofArray(target))).isEqualTo(4);
            assertThat(new String(target, StandardCharsets.US_ASCII)).isEqualTo("3456");
            assertThat(store.read("x", 8, MemorySegment.ofArray(target))).isEqualTo(2);
            assertThat(store.read("x", 10, MemorySegment.ofArray(target))).isZero();
        }
        assertThat(stub.seen("GET /b/x").getFirst().field("range")).contains("bytes=3-6");
    }

    @Test
    void aListingThatCannotBeTrustedFails() {
        String head = "<ListBucketResult><IsTruncated>";
        stub.answer(request -> request.is("GET") ? Answer.xml(head + "true</IsTruncated></ListBucketResult>") : Answer.ok());
        try (ObjectStore store = open(Map.of())) {
            assertThatThrownBy(() -> store.list("", "", object -> { })).isInstanceOf(ArcException.class);
            String object = "<Contents><Key>%s</Key><Size>1</Size><LastModified>2025-10-08T14:30:00Z</LastModified></Contents>";
            stub.answer(request -> Answer.xml(head + "false</IsTruncated>" + object.formatted("b") + object.formatted("a")
                    + "</ListBucketResult>"));
            assertThatThrownBy(() -> store.list("", "", each -> { })).isInstanceOf(ArcException.class)
                    .hasMessageContaining("out of order");
        }
    }

    /// Consoles make folders as empty objects whose names end in a slash.
    @Test
    void namesThatAreNoKeysAreNotListed() {
        String object = "<Contents><Key>%s</Key><Size>1</Size><LastModified>2025-10-08T14:30:00Z</LastModified></Contents>";
        stub.answer(request -> request.is("GET") ? Answer.xml("<ListBucketResult><IsTruncated>false</IsTruncated>"
                + object.formatted("p/") + object.formatted("p/a") + object.formatted("p/b/") + object.formatted("p/b/c")
                + "</ListBucketResult>") : Answer.ok());
        try (ObjectStore store = open(Map.of("prefix", "p"))) {
            List<String> keys = new ArrayList<>();
            store.list("", "", found -> keys.add(found.key()));
            assertThat(keys).containsExactly("a", "b/c");
        }
    }

    /// Directory buckets take folders only as prefixes, know no start, and list in any order.
    @Test
    void directoryBucketsAreListedByFolderAndSorted() {
        String object = "<Contents><Key>%s</Key><Size>1</Size><LastModified>2025-10-08T14:30:00Z</LastModified></Contents>";
        stub.answer(request -> request.is("GET") ? Answer.xml("<ListBucketResult><IsTruncated>false</IsTruncated>"
                + object.formatted("d/ab") + object.formatted("d/x") + object.formatted("d/ac") + object.formatted("d/aa")
                + "</ListBucketResult>") : Answer.ok());
        S3Settings plain = S3Settings.from(new TestPluginContext(new S3Storage(), Path.of("unused"), Map.of("bucket", "b",
                "endpoint", stub.endpoint(), "access_key", "name", "secret_key", "secret", "conditional_writes", "on")));
        S3Settings directory = new S3Settings(plain.bucket(), plain.region(), plain.endpoint(), plain.keys(), true, "", true,
                plain.encryption(), plain.kmsKeyId(), plain.conditionalWrites(), plain.checksums(),
                plain.multipartThresholdBytes(), plain.partBytes(), plain.uploadThreads(), plain.maxConnections(),
                plain.connectTimeout(), plain.requestTimeout());
        try (ObjectStore store = S3ObjectStore.open(directory)) {
            List<String> keys = new ArrayList<>();
            store.list("d/a", "d/aa", found -> keys.add(found.key()));
            assertThat(keys).containsExactly("d/ab", "d/ac");
        }
        Seen list = stub.seen("GET").getFirst();
        assertThat(list.target()).contains("prefix=d%2F").doesNotContain("prefix=d%2Fa").doesNotContain("start-after");
    }
}
