package io.arc.runtime.auth;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/// How a token is kept without its value. A token of 256 random bits needs no slow hash, so its SHA-256 in hexadecimal is
/// what is stored, and the first 16 digits of it lead to its row. PBKDF2, which upstream servers store, is checked too.
final class TokenHash {
    /// Digits of the SHA-256 that lead to a row.
    static final int PREFIX_LENGTH = 16;

    private static final Pattern SHA_256 = Pattern.compile("[0-9a-f]{64}");
    private static final Pattern PBKDF2 =
            Pattern.compile("\\$pbkdf2-sha256\\$([0-9]{1,8})\\$([A-Za-z0-9+/.]*)\\$([A-Za-z0-9+/.]+)");
    private static final HexFormat HEX = HexFormat.of();

    private TokenHash() {}

    static byte[] sha256(String token) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every JDK has SHA-256", impossible);
        }
    }

    static String hex(byte[] sha256) {
        return HEX.formatHex(sha256);
    }

    static boolean isSha256(String hash) {
        return SHA_256.matcher(hash).matches();
    }

    static boolean isPbkdf2(String hash) {
        return PBKDF2.matcher(hash).matches();
    }

    /// Takes as long for a wrong hash as for a right one.
    static boolean matchesSha256(String hash, byte[] sha256) {
        return MessageDigest.isEqual(HEX.parseHex(hash), sha256);
    }

    /// A quarter of a second of one core, which is what it is for.
    static boolean matchesPbkdf2(String hash, String token) {
        Matcher parts = PBKDF2.matcher(hash);
        if (!parts.matches()) {
            return false;
        }
        byte[] salt = base64(parts.group(2));
        byte[] key = base64(parts.group(3));
        int rounds = Integer.parseInt(parts.group(1));
        if (rounds == 0 || salt.length == 0 || key.length == 0) {
            return false;
        }
        PBEKeySpec spec = new PBEKeySpec(token.toCharArray(), salt, rounds, key.length * Byte.SIZE);
        try {
            byte[] made = SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256").generateSecret(spec).getEncoded();
            return MessageDigest.isEqual(key, made);
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("every JDK has PBKDF2WithHmacSHA256", impossible);
        } finally {
            spec.clearPassword();
        }
    }

    /// Empty for what is no Base64. Python's passlib writes `.` where the standard has `+`.
    private static byte[] base64(String text) {
        try {
            return Base64.getDecoder().decode(text.replace('.', '+'));
        } catch (IllegalArgumentException damaged) {
            return new byte[0];
        }
    }
}
