package io.arc.plugin.storage.s3;

import io.arc.plugin.storage.s3.S3Settings.Keys;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;

/// Makes the SDK's client of a bucket.
final class S3Clients {
    private S3Clients() {}

    /// A client that tries everything once. The caller closes it, and the credentials, which it does not own.
    static S3Client open(S3Settings settings, AwsCredentialsProvider credentials) {
        boolean hasChecksums = switch (settings.checksums()) {
            case AUTO -> settings.endpoint().isEmpty();
            case ON -> true;
            case OFF -> false;
        };
        S3ClientBuilder building = S3Client.builder()
                .region(Region.of(settings.region()))
                .credentialsProvider(credentials)
                .forcePathStyle(settings.hasPathStyle())
                // Bodies framed in signed chunks are AWS's own; other stores know them by halves or not at all.
                .serviceConfiguration(service -> service.chunkedEncodingEnabled(settings.endpoint().isEmpty()))
                .requestChecksumCalculation(hasChecksums ? RequestChecksumCalculation.WHEN_SUPPORTED
                        : RequestChecksumCalculation.WHEN_REQUIRED)
                .responseChecksumValidation(hasChecksums ? ResponseChecksumValidation.WHEN_SUPPORTED
                        : ResponseChecksumValidation.WHEN_REQUIRED)
                .httpClientBuilder(Apache5HttpClient.builder()
                        .maxConnections(settings.maxConnections())
                        .connectionTimeout(settings.connectTimeout())
                        .connectionAcquisitionTimeout(settings.requestTimeout())
                        .socketTimeout(settings.requestTimeout())
                        .tcpKeepAlive(true))
                .overrideConfiguration(override -> override
                        .retryStrategy(AwsRetryStrategy.doNotRetry())
                        .apiCallTimeout(settings.requestTimeout()));
        settings.endpoint().ifPresent(building::endpointOverride);
        return building.build();
    }

    /// The configured pair, or else the SDK's chain, which honours session tokens and refreshes what expires.
    static AwsCredentialsProvider credentials(S3Settings settings) {
        if (settings.keys().isEmpty()) {
            return DefaultCredentialsProvider.builder().build();
        }
        return StaticCredentialsProvider.create(credentials(settings.keys().get()));
    }

    private static AwsCredentials credentials(Keys keys) {
        return keys.token().isPresent() ? AwsSessionCredentials.create(keys.access(), keys.secret(), keys.token().get())
                : AwsBasicCredentials.create(keys.access(), keys.secret());
    }
}
