package io.arc.runtime.ingest;

import com.github.luben.zstd.ZstdInputStream;
import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.ByteSlice;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/// Recognises gzip (RFC 1952, several members too) and zstd (RFC 8878) by their first bytes, whatever the headers say, and
/// decompresses within limits that hold while bytes stream, so that a bomb never unfolds.
///
/// Thread-safe.
public final class BodyDecompressor {
    /// RFC 9659 limits the window of zstd over HTTP to 8 MiB.
    private static final int MAX_WINDOW_LOG = 23;
    private static final int FIRST_BYTES = 1 << 16;
    /// A small body may unfold to this much whatever its ratio is.
    private static final long RATIO_FREE_BYTES = 16 << 20;

    private final int maxRatio;

    /// @param maxRatio how many times its size a body may become, once it is past 16 MiB
    public BodyDecompressor(int maxRatio) {
        this.maxRatio = maxRatio;
    }

    /// The body itself when it is not compressed, else what it unfolds to.
    ///
    /// @param maxBytes the most bytes the result may have
    /// @throws ArcException PAYLOAD_TOO_LARGE past a limit, MALFORMED_PAYLOAD for damaged or cut data
    public ByteSlice decompress(ByteSlice body, long maxBytes) {
        String codec = codec(body);
        if (codec.isEmpty()) {
            if (body.length() > maxBytes) {
                throw tooLarge(body.length() + " bytes", maxBytes);
            }
            return body;
        }
        try (InputStream unfolding = codec.equals("gzip") ? new GzipMembers(body) : zstd(body)) {
            return readAll(unfolding, body.length(), maxBytes, codec);
        } catch (IOException damaged) {
            throw new ArcException(ErrorCode.MALFORMED_PAYLOAD,
                    "the body starts like " + codec + " and cannot be decompressed: " + damaged.getMessage(), damaged);
        }
    }

    private static InputStream zstd(ByteSlice body) throws IOException {
        return new ZstdInputStream(new ByteArrayInputStream(body.array(), body.offset(), body.length()))
                .setLongMax(MAX_WINDOW_LOG);
    }

    private static String codec(ByteSlice body) {
        byte[] bytes = body.array();
        int at = body.offset();
        if (body.length() >= 2 && bytes[at] == 0x1f && bytes[at + 1] == (byte) 0x8b) {
            return "gzip";
        }
        boolean zstd = body.length() >= 4 && bytes[at] == 0x28 && bytes[at + 1] == (byte) 0xb5 && bytes[at + 2] == 0x2f
                && bytes[at + 3] == (byte) 0xfd;
        return zstd ? "zstd" : "";
    }

    private ByteSlice readAll(InputStream unfolding, int compressedBytes, long maxBytes, String codec) throws IOException {
        byte[] buffer = new byte[(int) Math.min(Math.max(FIRST_BYTES, 4L * compressedBytes), Math.min(maxBytes + 1, 1 << 26))];
        int length = 0;
        while (true) {
            if (length == buffer.length) {
                buffer = Arrays.copyOf(buffer, (int) Math.min(2L * buffer.length, Integer.MAX_VALUE - 8));
            }
            int read = unfolding.read(buffer, length, buffer.length - length);
            if (read < 0) {
                return new ByteSlice(buffer, 0, length);
            }
            length += read;
            if (length > maxBytes || length >= Integer.MAX_VALUE - 8) {
                throw tooLarge("more than " + maxBytes + " bytes after decompressing " + codec, maxBytes);
            }
            if (length > RATIO_FREE_BYTES && length / maxRatio > compressedBytes) {
                throw tooLarge("more than " + maxRatio + " times its size after decompressing " + codec, maxBytes);
            }
        }
    }

    private static ArcException tooLarge(String what, long maxBytes) {
        return new ArcException(ErrorCode.PAYLOAD_TOO_LARGE,
                "the body is " + what + "; up to " + maxBytes + " bytes are accepted, so send smaller requests");
    }
}
