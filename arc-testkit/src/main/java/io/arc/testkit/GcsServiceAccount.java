package io.arc.testkit;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.util.Base64;

/// An account whose key is made anew for each emulator, and the check of what it has signed.
final class GcsServiceAccount {
    private static final int KEY_BITS = 2_048;

    private final KeyPair keys;
    private final String tokenAddress;

    /// @param tokenAddress where tokens are issued
    GcsServiceAccount(String tokenAddress) {
        this.tokenAddress = tokenAddress;
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
            generator.initialize(KEY_BITS);
            this.keys = generator.generateKeyPair();
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("every Java platform has RSA", impossible);
        }
    }

    String keyFile() {
        String pem = "-----BEGIN PRIVATE KEY-----\n" + Base64.getMimeEncoder(64, new byte[] {'\n'})
                .encodeToString(keys.getPrivate().getEncoded()) + "\n-----END PRIVATE KEY-----\n";
        return "{\"type\":\"service_account\",\"project_id\":\"project\",\"private_key_id\":\"one\",\"private_key\":"
                + GcsObjects.quote(pem)
                + ",\"client_email\":\"arc@project.iam.gserviceaccount.com\",\"client_id\":\"1\",\"token_uri\":"
                + GcsObjects.quote(tokenAddress) + "}";
    }

    /// @param assertion a JWT in its compact form
    boolean hasSigned(String assertion) {
        int dot = assertion.lastIndexOf('.');
        if (dot < 0) {
            return false;
        }
        try {
            Signature check = Signature.getInstance("SHA256withRSA");
            check.initVerify(keys.getPublic());
            check.update(assertion.substring(0, dot).getBytes(StandardCharsets.US_ASCII));
            return check.verify(Base64.getUrlDecoder().decode(assertion.substring(dot + 1)));
        } catch (GeneralSecurityException | IllegalArgumentException unusable) {
            return false;
        }
    }
}
