package io.arc.runtime.http;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.ByteSlice;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Finds one part of a `multipart/form-data` body (RFC 7578) that is in memory as a whole, without copying it.
final class MultipartForm {
    private static final Pattern BOUNDARY = Pattern.compile(";\\s*boundary=(?:\"([^\"]+)\"|([^\\s;]+))",
            Pattern.CASE_INSENSITIVE);
    private static final Pattern NAME = Pattern.compile(";\\s*name=(?:\"([^\"]*)\"|([^\\s;]+))", Pattern.CASE_INSENSITIVE);
    private static final byte[] HEADERS_END = {'\r', '\n', '\r', '\n'};
    private static final String DISPOSITION = "content-disposition:";

    private MultipartForm() {}

    /// @param name of the part; the first of that name is taken
    /// @return a part of the body's own array
    /// @throws ArcException INVALID_PARAMETER for another content type, MALFORMED_PAYLOAD for a body that is no such form
    static Optional<ByteSlice> part(ByteSlice body, String contentType, String name) {
        Matcher matcher = BOUNDARY.matcher(contentType);
        if (!contentType.toLowerCase(Locale.ROOT).startsWith("multipart/form-data") || !matcher.find()) {
            throw new ArcException(ErrorCode.INVALID_PARAMETER, "the content type is '" + contentType
                    + "'; it has to be multipart/form-data with a boundary");
        }
        String boundary = matcher.group(1) == null ? matcher.group(2) : matcher.group(1);
        byte[] bytes = body.array();
        int end = body.offset() + body.length();
        byte[] opening = ("--" + boundary).getBytes(StandardCharsets.ISO_8859_1);
        byte[] delimiter = ("\r\n--" + boundary).getBytes(StandardCharsets.ISO_8859_1);
        int at = indexOf(bytes, opening, body.offset(), end);
        if (at < 0) {
            throw broken("it has no line with its boundary");
        }
        at += opening.length;
        while (!startsWith(bytes, at, end, (byte) '-')) {
            int headersEnd = indexOf(bytes, HEADERS_END, at, end);
            int partEnd = headersEnd < 0 ? -1 : indexOf(bytes, delimiter, headersEnd + 2, end);
            if (partEnd < 0) {
                throw broken("it ends before its closing boundary");
            }
            String headers = new String(bytes, at, headersEnd - at, StandardCharsets.UTF_8);
            int start = headersEnd + HEADERS_END.length;
            if (name.equals(nameOf(headers))) {
                return Optional.of(new ByteSlice(bytes, start, Math.max(0, partEnd - start)));
            }
            at = partEnd + delimiter.length;
        }
        return Optional.empty();
    }

    private static String nameOf(String headers) {
        return headers.lines().filter(line -> line.toLowerCase(Locale.ROOT).startsWith(DISPOSITION)).findFirst()
                .map(NAME::matcher).filter(Matcher::find).map(found -> found.group(1) == null ? found.group(2) : found.group(1))
                .orElse("");
    }

    private static boolean startsWith(byte[] bytes, int at, int end, byte wanted) {
        return at < end && bytes[at] == wanted;
    }

    private static int indexOf(byte[] bytes, byte[] wanted, int from, int end) {
        int last = end - wanted.length;
        for (int i = from; i <= last; i++) {
            if (bytes[i] == wanted[0]) {
                int same = 1;
                while (same < wanted.length && bytes[i + same] == wanted[same]) {
                    same++;
                }
                if (same == wanted.length) {
                    return i;
                }
            }
        }
        return -1;
    }

    private static ArcException broken(String why) {
        return new ArcException(ErrorCode.MALFORMED_PAYLOAD, "the form cannot be read: " + why);
    }
}
