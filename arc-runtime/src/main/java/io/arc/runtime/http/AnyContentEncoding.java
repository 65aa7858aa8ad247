package io.arc.runtime.http;

import io.helidon.config.Config;
import io.helidon.http.encoding.ContentDecoder;
import io.helidon.http.encoding.ContentEncoder;
import io.helidon.http.encoding.ContentEncoding;
import io.helidon.http.encoding.spi.ContentEncodingProvider;
import java.util.Set;

/// Makes Helidon take requests with a `Content-Encoding`, which it refuses otherwise, and leave their bodies alone: these are
/// judged by their first bytes, because clients get the header wrong. Found by Helidon as a service.
public final class AnyContentEncoding implements ContentEncodingProvider {
    private static final Set<String> NAMES = Set.of("gzip", "x-gzip", "zstd", "snappy", "x-snappy-framed", "lz4", "deflate",
            "compress", "x-compress", "br", "identity", "none", "aws-chunked", "utf-8");

    @Override
    public String configKey() {
        return "arc";
    }

    @Override
    public ContentEncoding create(Config config, String name) {
        return new LeftAlone(name);
    }

    private record LeftAlone(String name) implements ContentEncoding {
        @Override
        public Set<String> ids() {
            return NAMES;
        }

        @Override
        public boolean supportsEncoding() {
            return false;
        }

        @Override
        public boolean supportsDecoding() {
            return true;
        }

        @Override
        public ContentDecoder decoder() {
            return ContentDecoder.NO_OP;
        }

        @Override
        public ContentEncoder encoder() {
            return ContentEncoder.NO_OP;
        }

        @Override
        public String type() {
            return "arc";
        }
    }
}
