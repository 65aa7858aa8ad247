package io.arc.testkit;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.arc.testkit.GcsObjects.StoredObject;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;

/// The part of Google Cloud Storage's JSON API that an object store needs, in memory: multipart and resumable uploads with
/// preconditions and checksums, reads of ranges, metadata, listings, deletes, and tokens for one service account. Written from
/// the vendor's description of the API; what the real service does beyond it is not shown by a test that passes here.
/// Thread-safe.
///
/// Requests without a token are served, as other emulators do; one with a token that was not issued here gets 401.
public final class GcsEmulator implements AutoCloseable {
    private static final int CHUNK_UNIT_BYTES = 256 << 10;
    private static final int RESUME_INCOMPLETE = 308;
    private static final int CANCELLED = 499;
    private static final int MAX_PAGE = 1_000;
    private static final Pattern RANGE = Pattern.compile("bytes=([0-9]+)-([0-9]*)");
    private static final Pattern CONTENT_RANGE = Pattern.compile("bytes (?:([0-9]+)-([0-9]+)|\\*)/([0-9]+|\\*)");
    private static final Pattern BOUNDARY = Pattern.compile("boundary=\"?([^\";]+)\"?");
    private static final Pattern CHECKSUM = Pattern.compile("crc32c=([^,]+)");

    private final HttpServer server;
    private final ExecutorService threads;
    private final Map<String, GcsObjects> buckets = new ConcurrentHashMap<>();
    private final Map<String, Session> sessions = new ConcurrentHashMap<>();
    private final Set<String> tokens = ConcurrentHashMap.newKeySet();
    private final GcsServiceAccount account;

    private GcsEmulator(HttpServer server, ExecutorService threads) {
        this.server = server;
        this.threads = threads;
        this.account = new GcsServiceAccount(endpoint(server) + "/token");
    }

    /// An upload in chunks.
    private static final class Session {
        private final GcsObjects bucket;
        private final Upload upload;
        private final ByteArrayOutputStream received = new ByteArrayOutputStream();
        private Optional<StoredObject> finished = Optional.empty();

        Session(GcsObjects bucket, Upload upload) {
            this.bucket = bucket;
            this.upload = upload;
        }
    }

    /// What a client says of an object that it sends.
    ///
    /// @param generation that the taken key has to have, 0 for a free one
    private record Upload(String name, String contentType, Optional<String> checksum, Optional<Long> generation) {}

    /// On a free port of the loopback address.
    public static GcsEmulator start() {
        try {
            HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 128);
            ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
            GcsEmulator emulator = new GcsEmulator(server, threads);
            server.setExecutor(threads);
            server.createContext("/", emulator::serve);
            server.start();
            return emulator;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    public InetSocketAddress address() {
        return server.getAddress();
    }

    /// `http://127.0.0.1:port`.
    public String endpoint() {
        return endpoint(server);
    }

    private static String endpoint(HttpServer server) {
        return "http://" + server.getAddress().getAddress().getHostAddress() + ":" + server.getAddress().getPort();
    }

    /// Makes an empty bucket.
    public void createBucket(String name) {
        buckets.put(name, new GcsObjects(name));
    }

    /// The names of all objects in a bucket, in order.
    public List<String> names(String bucket) {
        return buckets.get(bucket).names();
    }

    /// The text of a key file whose tokens are taken here.
    public String serviceAccountKey() {
        return account.keyFile();
    }

    /// Every token issued so far is refused from now on.
    public void revokeTokens() {
        tokens.clear();
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }

    private void serve(HttpExchange exchange) throws IOException {
        try (exchange) {
            Reply reply;
            try {
                reply = answer(exchange);
            } catch (Refusal refusal) {
                reply = refusal.reply();
            }
            reply.headers().forEach((name, value) -> exchange.getResponseHeaders().set(name, value));
            exchange.sendResponseHeaders(reply.status(), reply.body().length == 0 ? -1 : reply.body().length);
            if (reply.body().length > 0) {
                exchange.getResponseBody().write(reply.body());
            }
        }
    }

    private record Reply(int status, Map<String, String> headers, byte[] body) {
        static Reply json(String text) {
            return new Reply(200, Map.of("Content-Type", "application/json; charset=UTF-8"),
                    text.getBytes(StandardCharsets.UTF_8));
        }

        static Reply empty(int status, Map<String, String> headers) {
            return new Reply(status, headers, new byte[0]);
        }
    }

    /// An answer that says no.
    private static final class Refusal extends RuntimeException {
        private final transient Reply reply;

        Refusal(int status, String contentType, String body) {
            super(body, null, false, false);
            this.reply = new Reply(status, Map.of("Content-Type", contentType), body.getBytes(StandardCharsets.UTF_8));
        }

        Reply reply() {
            return reply;
        }
    }

    private static Refusal refusal(int status, String reason, String message) {
        return new Refusal(status, "application/json; charset=UTF-8", errorBody(status, reason, message));
    }

    /// The body of an error as the service writes it, for fault injection.
    ///
    /// @param reason the API's word for it, such as `backendError`
    public static String errorBody(int status, String reason, String message) {
        String text = GcsObjects.quote(message);
        return "{\"error\":{\"code\":" + status + ",\"message\":" + text + ",\"errors\":[{\"message\":" + text
                + ",\"domain\":\"global\",\"reason\":" + GcsObjects.quote(reason) + "}]}}";
    }

    private Reply answer(HttpExchange exchange) throws IOException {
        byte[] body = body(exchange);
        String path = exchange.getRequestURI().getRawPath();
        Map<String, String> query = query(exchange.getRequestURI().getRawQuery());
        String method = exchange.getRequestMethod();
        if (path.equals("/token") && method.equals("POST")) {
            return token(query(new String(body, StandardCharsets.UTF_8)));
        }
        requireValidToken(exchange);
        List<String> parts = Arrays.stream(path.substring(1).split("/")).map(part -> decode(part.replace("+", "%2B"))).toList();
        int api = parts.getFirst().equals("storage") ? 0 : 1;
        if (parts.size() < api + 4 || !parts.get(api).equals("storage") || !parts.get(api + 2).equals("b")) {
            throw refusal(404, "notFound", "Not Found");
        }
        boolean isUpload = parts.getFirst().equals("upload");
        if (isUpload && query.containsKey("upload_id")) {
            return resume(exchange, query.get("upload_id"), body);
        }
        boolean isMedia = "media".equals(query.get("alt"));
        GcsObjects bucket = buckets.get(parts.get(api + 3));
        if (bucket == null) {
            String message = "The specified bucket does not exist.";
            throw isMedia ? new Refusal(404, "text/html; charset=UTF-8", message) : refusal(404, "notFound", message);
        }
        if (isUpload && method.equals("POST")) {
            return switch (query.getOrDefault("uploadType", "")) {
                case "multipart" -> multipart(exchange, bucket, query, body);
                case "resumable" -> begin(exchange, bucket, query, new String(body, StandardCharsets.UTF_8));
                default -> throw refusal(400, "invalid", "Unknown upload type");
            };
        }
        if (parts.size() == api + 4) {
            return Reply.json("{\"kind\":\"storage#bucket\",\"name\":" + GcsObjects.quote(bucket.bucket()) + "}");
        }
        if (parts.size() == api + 5) {
            return list(bucket, query);
        }
        return ofObject(exchange, method, isMedia, bucket, parts.get(api + 5));
    }

    private static Reply ofObject(HttpExchange exchange, String method, boolean isMedia, GcsObjects bucket, String name) {
        if (method.equals("DELETE")) {
            if (!bucket.remove(name)) {
                throw refusal(404, "notFound", noSuch(bucket, name));
            }
            return Reply.empty(204, Map.of());
        }
        Optional<StoredObject> found = bucket.find(name);
        if (found.isEmpty()) {
            throw isMedia ? new Refusal(404, "text/html; charset=UTF-8", noSuch(bucket, name))
                    : refusal(404, "notFound", noSuch(bucket, name));
        }
        return isMedia ? media(exchange, found.get()) : Reply.json(found.get().json(bucket.bucket()));
    }

    private static String noSuch(GcsObjects bucket, String name) {
        return "No such object: " + bucket.bucket() + "/" + name;
    }

    private static byte[] body(HttpExchange exchange) throws IOException {
        byte[] sent = exchange.getRequestBody().readAllBytes();
        if (!"gzip".equals(exchange.getRequestHeaders().getFirst("Content-Encoding"))) {
            return sent;
        }
        try (InputStream unpacked = new GZIPInputStream(new ByteArrayInputStream(sent))) {
            return unpacked.readAllBytes();
        }
    }

    private static Map<String, String> query(String text) {
        Map<String, String> all = new HashMap<>();
        if (text != null) {
            for (String each : text.split("&")) {
                String[] pair = each.split("=", 2);
                all.put(decode(pair[0]), pair.length == 1 ? "" : decode(pair[1]));
            }
        }
        return all;
    }

    private static String decode(String text) {
        return URLDecoder.decode(text, StandardCharsets.UTF_8);
    }

    private Reply token(Map<String, String> form) {
        if (!account.hasSigned(form.getOrDefault("assertion", ""))) {
            throw new Refusal(400, "application/json",
                    "{\"error\":\"invalid_grant\",\"error_description\":\"Invalid JWT Signature.\"}");
        }
        String token = UUID.randomUUID().toString();
        tokens.add(token);
        return Reply.json("{\"access_token\":\"" + token + "\",\"expires_in\":3599,\"token_type\":\"Bearer\"}");
    }

    private void requireValidToken(HttpExchange exchange) {
        String header = exchange.getRequestHeaders().getFirst("Authorization");
        if (header != null && !tokens.contains(header.replaceFirst("^Bearer ", ""))) {
            throw refusal(401, "authError", "Invalid Credentials");
        }
    }

    private static Upload upload(Map<String, String> query, String metadata, String contentType) {
        String name = query.containsKey("name") ? query.get("name") : GcsObjects.field(metadata, "name")
                .orElseThrow(() -> refusal(400, "required", "Required object name"));
        return new Upload(name, GcsObjects.field(metadata, "contentType").orElse(contentType), GcsObjects.field(metadata,
                "crc32c"),
                Optional.ofNullable(query.get("ifGenerationMatch")).map(Long::valueOf));
    }

    private static Reply multipart(HttpExchange exchange, GcsObjects bucket, Map<String, String> query, byte[] body) {
        Matcher boundary = BOUNDARY.matcher(exchange.getRequestHeaders().getFirst("Content-Type"));
        if (!boundary.find()) {
            throw refusal(400, "invalid", "No boundary");
        }
        // Latin-1 keeps every byte a character of its own.
        String text = new String(body, StandardCharsets.ISO_8859_1);
        String line = "--" + boundary.group(1);
        int first = text.indexOf(line);
        int second = text.indexOf("\r\n" + line, first + line.length());
        int end = text.lastIndexOf("\r\n" + line + "--");
        int metadata = text.indexOf("\r\n\r\n", first) + 4;
        int content = text.indexOf("\r\n\r\n", second + 2) + 4;
        if (first < 0 || second < metadata || end < content) {
            throw refusal(400, "badRequest", "Malformed multipart body.");
        }
        Upload upload = upload(query, new String(body, metadata, second - metadata, StandardCharsets.UTF_8),
                "application/octet-stream");
        return Reply.json(store(bucket, upload, Arrays.copyOfRange(body, content, end),
                Optional.empty()).json(bucket.bucket()));
    }

    private static StoredObject store(GcsObjects bucket, Upload upload, byte[] bytes, Optional<String> alsoExpected) {
        StoredObject object = new StoredObject(upload.name(), bytes, upload.contentType());
        for (Optional<String> expected : List.of(upload.checksum(), alsoExpected)) {
            if (expected.isPresent() && !expected.get().equals(object.checksum())) {
                throw refusal(400, "invalid", "Provided CRC32C \"" + expected.get() + "\" doesn't match calculated CRC32C \""
                        + object.checksum() + "\".");
            }
        }
        return bucket.put(object, upload.generation()).orElseThrow(GcsEmulator::conditionNotMet);
    }

    private static Refusal conditionNotMet() {
        return refusal(412, "conditionNotMet", "At least one of the pre-conditions you specified did not hold.");
    }

    private Reply begin(HttpExchange exchange, GcsObjects bucket, Map<String, String> query, String metadata) {
        String contentType = exchange.getRequestHeaders().getFirst("X-Upload-Content-Type");
        Upload upload = upload(query, metadata, contentType == null ? "application/octet-stream" : contentType);
        if (!bucket.allows(upload.name(), upload.generation())) {
            throw conditionNotMet();
        }
        String id = UUID.randomUUID().toString();
        sessions.put(id, new Session(bucket, upload));
        return Reply.empty(200, Map.of("Location", "http://" + exchange.getRequestHeaders().getFirst("Host")
                + "/upload/storage/v1/b/" + bucket.bucket() + "/o?uploadType=resumable&upload_id=" + id, "X-GUploader-UploadID",
                id));
    }

    private Reply resume(HttpExchange exchange, String id, byte[] bytes) {
        Session session = sessions.get(id);
        if (session == null) {
            throw refusal(404, "notFound", "Not Found");
        }
        if (exchange.getRequestMethod().equals("DELETE")) {
            sessions.remove(id);
            return Reply.empty(CANCELLED, Map.of());
        }
        String header = exchange.getRequestHeaders().getFirst("Content-Range");
        Matcher range = CONTENT_RANGE.matcher(header == null ? "bytes */" + bytes.length : header);
        if (!range.matches()) {
            throw refusal(400, "invalid", "Failed to parse Content-Range header.");
        }
        synchronized (session) {
            if (session.finished.isPresent()) {
                return Reply.json(session.finished.get().json(session.bucket.bucket()));
            }
            boolean isLast = !range.group(3).equals("*");
            append(session, header == null ? Optional.of(0L) : Optional.ofNullable(range.group(1)).map(Long::valueOf), bytes,
                    isLast);
            if (!isLast || session.received.size() < Long.parseLong(range.group(3))) {
                int size = session.received.size();
                return Reply.empty(RESUME_INCOMPLETE, size == 0 ? Map.of() : Map.of("Range", "bytes=0-" + (size - 1)));
            }
            String hash = exchange.getRequestHeaders().getFirst("x-goog-hash");
            Matcher checksum = CHECKSUM.matcher(hash == null ? "" : hash);
            StoredObject object = store(session.bucket, session.upload, session.received.toByteArray(),
                    checksum.find() ? Optional.of(checksum.group(1)) : Optional.empty());
            session.finished = Optional.of(object);
            session.received.reset();
            return Reply.json(object.json(session.bucket.bucket()));
        }
    }

    private static void append(Session session, Optional<Long> position, byte[] bytes, boolean isLast) {
        if (position.isEmpty()) {
            return;
        }
        if (!isLast && bytes.length % CHUNK_UNIT_BYTES != 0) {
            throw refusal(400, "invalid", "Chunks have to be multiples of 256 KiB.");
        }
        if (position.get() > session.received.size()) {
            throw refusal(503, "backendError", "Invalid request. The chunk leaves a gap.");
        }
        // What has arrived before is not taken twice.
        int known = (int) (session.received.size() - position.get());
        if (known < bytes.length) {
            session.received.write(bytes, known, bytes.length - known);
        }
    }

    private static Reply media(HttpExchange exchange, StoredObject object) {
        Map<String, String> headers = new HashMap<>(Map.of("Content-Type", object.contentType(), "x-goog-generation",
                Long.toString(object.generation()), "x-goog-hash", "crc32c=" + object.checksum(),
                "x-goog-stored-content-length",
                Integer.toString(object.bytes().length), "Accept-Ranges", "bytes"));
        String asked = exchange.getRequestHeaders().getFirst("Range");
        if (asked == null) {
            return new Reply(200, headers, object.bytes());
        }
        Matcher range = RANGE.matcher(asked);
        if (!range.matches()) {
            throw refusal(400, "invalid", "Invalid range");
        }
        int size = object.bytes().length;
        long from = Long.parseLong(range.group(1));
        if (from >= size) {
            throw new Refusal(416, "text/html; charset=UTF-8", "Request range not satisfiable");
        }
        long last = range.group(2).isEmpty() ? size - 1 : Math.min(size - 1, Long.parseLong(range.group(2)));
        headers.put("Content-Range", "bytes " + from + "-" + last + "/" + size);
        return new Reply(206, headers, Arrays.copyOfRange(object.bytes(), (int) from, (int) last + 1));
    }

    private static Reply list(GcsObjects bucket, Map<String, String> query) {
        int limit = Math.min(MAX_PAGE, Integer.parseInt(query.getOrDefault("maxResults", Integer.toString(MAX_PAGE))));
        return Reply.json(bucket.list(query.getOrDefault("prefix", ""), query.getOrDefault("startOffset", ""),
                query.getOrDefault("pageToken", ""), limit));
    }
}
