package io.arc.plugin.storage.s3;

import java.util.Optional;
import software.amazon.awssdk.services.s3.model.ServerSideEncryption;

/// What a put asks the store to encrypt with.
///
/// @param keyId of the managed key; empty for the account's own, and without one
record Encryption(ServerSideEncryption algorithm, Optional<String> keyId) {
    /// Empty when the bucket's default decides.
    static Optional<Encryption> of(S3Settings settings) {
        return switch (settings.encryption()) {
            case NONE -> Optional.empty();
            case AES256 -> Optional.of(new Encryption(ServerSideEncryption.AES256, Optional.empty()));
            case KMS -> Optional.of(new Encryption(ServerSideEncryption.AWS_KMS, settings.kmsKeyId()));
        };
    }
}
