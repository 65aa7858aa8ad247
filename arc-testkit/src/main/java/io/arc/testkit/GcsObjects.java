package io.arc.testkit;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;

/// The objects of one emulated bucket, and their form in JSON. Thread-safe: of writers with a precondition one wins.
final class GcsObjects {
    private static final Comparator<String> UTF8 = (a, b) -> Arrays.compareUnsigned(a.getBytes(StandardCharsets.UTF_8),
            b.getBytes(StandardCharsets.UTF_8));

    private final String bucket;
    private final ConcurrentSkipListMap<String, StoredObject> objects = new ConcurrentSkipListMap<>(UTF8);
    private final AtomicLong generations = new AtomicLong(1_700_000_000_000_000L);

    GcsObjects(String bucket) {
        this.bucket = bucket;
    }

    /// @param checksum the CRC-32C as the API writes it
    /// @param generation 0 until it is stored
    record StoredObject(String name, byte[] bytes, String contentType, String checksum, long generation, Instant updated) {
        StoredObject(String name, byte[] bytes, String contentType) {
            this(name, bytes, contentType, checksumOf(bytes), 0, Instant.now());
        }

        private static String checksumOf(byte[] bytes) {
            CRC32C sum = new CRC32C();
            sum.update(bytes);
            return Base64.getEncoder().encodeToString(ByteBuffer.allocate(4).putInt((int) sum.getValue()).array());
        }

        String json(String bucket) {
            return "{\"kind\":\"storage#object\",\"id\":" + quote(bucket + "/" + name + "/" + generation) + ",\"name\":"
                    + quote(name)
                    + ",\"bucket\":" + quote(bucket) + ",\"generation\":\"" + generation
                    + "\",\"metageneration\":\"1\",\"contentType\":"
                    + quote(contentType) + ",\"size\":\"" + bytes.length + "\",\"crc32c\":\"" + checksum
                    + "\",\"timeCreated\":\""
                    + updated + "\",\"updated\":\"" + updated + "\",\"etag\":\"" + generation
                    + "\",\"storageClass\":\"STANDARD\"}";
        }
    }

    String bucket() {
        return bucket;
    }

    List<String> names() {
        return List.copyOf(objects.keySet());
    }

    Optional<StoredObject> find(String name) {
        return Optional.ofNullable(objects.get(name));
    }

    boolean remove(String name) {
        return objects.remove(name) != null;
    }

    /// @param generation that is expected; 0 for a free name
    synchronized boolean allows(String name, Optional<Long> generation) {
        StoredObject taken = objects.get(name);
        return generation.isEmpty() || generation.get() == (taken == null ? 0 : taken.generation());
    }

    /// Empty when the precondition does not hold.
    synchronized Optional<StoredObject> put(StoredObject object, Optional<Long> generation) {
        if (!allows(object.name(), generation)) {
            return Optional.empty();
        }
        StoredObject stored = new StoredObject(object.name(), object.bytes(), object.contentType(), object.checksum(),
                generations.incrementAndGet(), object.updated());
        objects.put(object.name(), stored);
        return Optional.of(stored);
    }

    /// A page of a listing.
    ///
    /// @param startOffset the least name
    /// @param token of the page before, or empty
    String list(String prefix, String startOffset, String token, int limit) {
        StringBuilder items = new StringBuilder();
        String last = token.isEmpty() ? "" : new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8);
        String first = UTF8.compare(prefix, startOffset) > 0 ? prefix : startOffset;
        int count = 0;
        boolean isMore = false;
        for (StoredObject object : (last.isEmpty() ? objects.tailMap(first, true) : objects.tailMap(last, false)).values()) {
            if (!object.name().startsWith(prefix)) {
                break;
            }
            if (count == limit) {
                isMore = true;
                break;
            }
            items.append(count == 0 ? "" : ",").append(object.json(bucket));
            last = object.name();
            count++;
        }
        return "{\"kind\":\"storage#objects\"" + (isMore ? ",\"nextPageToken\":\"" + Base64.getUrlEncoder().withoutPadding()
                .encodeToString(last.getBytes(StandardCharsets.UTF_8)) + "\"" : "") + (count == 0 ? "" : ",\"items\":[" + items
                + "]")
                + "}";
    }

    /// Text as JSON writes it, in ASCII.
    static String quote(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        text.chars().forEach(each -> {
            if (each < ' ' || each == '"' || each == '\\' || each > '~') {
                quoted.append("\\u%04x".formatted(each));
            } else {
                quoted.append((char) each);
            }
        });
        return quoted.append('"').toString();
    }

    /// The text of a field, anywhere in a JSON document whose texts do not look like fields.
    static Optional<String> field(String json, String name) {
        Matcher field = Pattern.compile("\"" + name + "\"\\s*:\\s*\"((?:[^\"\\\\]|\\\\.)*)\"").matcher(json);
        return field.find() ? Optional.of(unescape(field.group(1))) : Optional.empty();
    }

    private static String unescape(String text) {
        StringBuilder plain = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char each = text.charAt(i);
            if (each != '\\') {
                plain.append(each);
                continue;
            }
            i++;
            switch (text.charAt(i)) {
                case 'n' -> plain.append('\n');
                case 'r' -> plain.append('\r');
                case 't' -> plain.append('\t');
                case 'b' -> plain.append('\b');
                case 'f' -> plain.append('\f');
                case 'u' -> {
                    plain.append((char) Integer.parseInt(text.substring(i + 1, i + 5), 16));
                    i += 4;
                }
                default -> plain.append(text.charAt(i));
            }
        }
        return plain.toString();
    }
}
