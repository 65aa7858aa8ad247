package io.arc.runtime.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdOutputStream;
import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.ByteSlice;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.GZIPOutputStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

final class BodyDecompressorTest {
    private static final long MOST = 1 << 30;

    private final BodyDecompressor decompressor = new BodyDecompressor(100);

    private static byte[] gzip(byte[] bytes) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (OutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(bytes);
        }
        return out.toByteArray();
    }

    private static byte[] text(int length, long seed) {
        Random random = new Random(seed);
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) ('a' + random.nextInt(4));
        }
        return bytes;
    }

    private static byte[] joined(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }

    /// As a slice in the midst of other bytes.
    private byte[] unfolded(byte[] body, long most) {
        byte[] around = joined(new byte[] {9, 9, 9}, body, new byte[] {9, 9});
        ByteSlice result = decompressor.decompress(new ByteSlice(around, 3, body.length), most);
        return Arrays.copyOfRange(result.array(), result.offset(), result.offset() + result.length());
    }

    private static void assertRefused(ThrowingCallable call, ErrorCode code) {
        assertThatThrownBy(call).isInstanceOfSatisfying(ArcException.class, refused -> assertThat(refused.code()).isEqualTo(code));
    }

    @Test
    void plainBodiesPass() {
        for (byte[] body : new byte[][] {{}, {0x1f}, {0x28, (byte) 0xb5, 0x2f}, text(1000, 1)}) {
            assertThat(unfolded(body, MOST)).isEqualTo(body);
        }
        assertThat(unfolded(new byte[10], 10)).hasSize(10);
        assertRefused(() -> unfolded(new byte[11], 10), ErrorCode.PAYLOAD_TOO_LARGE);
    }

    @Test
    void gzipOfOneAndOfManyMembers() throws IOException {
        for (int length : new int[] {0, 1, 1000, 300_000}) {
            byte[] first = text(length, 1);
            byte[] second = text(length / 2 + 3, 2);
            assertThat(unfolded(gzip(first), MOST)).isEqualTo(first);
            assertThat(unfolded(joined(gzip(first), gzip(second), gzip(first)), MOST)).isEqualTo(joined(first, second, first));
        }
    }

    @Test
    void gzipHeadersWithAllOptionalParts() throws IOException {
        byte[] body = text(300, 1);
        byte[] plain = gzip(body);
        byte[] header = joined(new byte[] {0x1f, (byte) 0x8b, 8, 2 | 4 | 8 | 16, 1, 2, 3, 4, 0, 3, 5, 0, 1, 2, 3, 4, 5},
                "name\0".getBytes(StandardCharsets.UTF_8), "a comment\0".getBytes(StandardCharsets.UTF_8));
        CRC32 checksum = new CRC32();
        checksum.update(header);
        byte[] sum = {(byte) checksum.getValue(), (byte) (checksum.getValue() >> 8)};
        byte[] rest = Arrays.copyOfRange(plain, 10, plain.length);
        assertThat(unfolded(joined(header, sum, rest, plain), MOST)).isEqualTo(joined(body, body));
        sum[0]++;
        assertRefused(() -> unfolded(joined(header, sum, rest), MOST), ErrorCode.MALFORMED_PAYLOAD);
        byte[] reserved = plain.clone();
        reserved[3] = 0x20;
        assertRefused(() -> unfolded(reserved, MOST), ErrorCode.MALFORMED_PAYLOAD);
    }

    @Test
    void zstdOfOneAndOfManyFrames() {
        for (int length : new int[] {0, 1, 1000, 300_000}) {
            byte[] first = text(length, 1);
            byte[] second = text(length / 2 + 3, 2);
            assertThat(unfolded(Zstd.compress(first), MOST)).isEqualTo(first);
            assertThat(unfolded(joined(Zstd.compress(first), Zstd.compress(second, 9)), MOST)).isEqualTo(joined(first, second));
        }
    }

    @Test
    void theLimitIsExact() throws IOException {
        byte[] body = text(70_000, 1);
        for (byte[] packed : new byte[][] {gzip(body), Zstd.compress(body)}) {
            assertThat(unfolded(packed, 70_000)).isEqualTo(body);
            assertRefused(() -> unfolded(packed, 69_999), ErrorCode.PAYLOAD_TOO_LARGE);
            assertRefused(() -> unfolded(packed, 0), ErrorCode.PAYLOAD_TOO_LARGE);
        }
    }

    /// Little that would become a lot: refused long before it has.
    @Test
    void bombsDoNotUnfold() throws IOException {
        ByteArrayOutputStream gzip = new ByteArrayOutputStream();
        ByteArrayOutputStream zstd = new ByteArrayOutputStream();
        byte[] zeros = new byte[1 << 20];
        try (OutputStream first = new GZIPOutputStream(gzip, 1 << 16); OutputStream second = new ZstdOutputStream(zstd, 1)) {
            for (int megabyte = 0; megabyte < 256; megabyte++) {
                first.write(zeros);
                second.write(zeros);
            }
        }
        for (byte[] bomb : new byte[][] {gzip.toByteArray(), zstd.toByteArray()}) {
            long start = System.nanoTime();
            assertThatThrownBy(() -> unfolded(bomb, 1L << 40)).isInstanceOf(ArcException.class).hasMessageContaining("100 times")
                    .extracting(refused -> ((ArcException) refused).code()).isEqualTo(ErrorCode.PAYLOAD_TOO_LARGE);
            assertThat(System.nanoTime() - start).as("nanoseconds").isLessThan(5_000_000_000L);
        }
        byte[] small = gzip(new byte[10 << 20]);
        assertThat(unfolded(small, MOST)).as("small bodies may have any ratio").hasSize(10 << 20);
    }

    /// A body that ends anywhere but at its end is refused whole, never taken for a shorter one.
    @Test
    void cutBodiesAreRefused() throws IOException {
        byte[] body = text(500, 1);
        byte[] gzip = gzip(body);
        byte[] zstd = Zstd.compress(body);
        for (int end = 2; end < gzip.length; end++) {
            byte[] cut = Arrays.copyOf(gzip, end);
            assertRefused(() -> unfolded(cut, MOST), ErrorCode.MALFORMED_PAYLOAD);
            byte[] second = joined(gzip, cut);
            assertRefused(() -> unfolded(second, MOST), ErrorCode.MALFORMED_PAYLOAD);
        }
        for (int end = 4; end < zstd.length; end++) {
            byte[] cut = Arrays.copyOf(zstd, end);
            assertRefused(() -> unfolded(cut, MOST), ErrorCode.MALFORMED_PAYLOAD);
            byte[] second = joined(zstd, cut);
            assertRefused(() -> unfolded(second, MOST), ErrorCode.MALFORMED_PAYLOAD);
        }
    }

    @Test
    void damagedBodiesAreRefusedOrUnfoldToTheSame() throws IOException {
        byte[] body = text(2_000, 1);
        ByteArrayOutputStream checked = new ByteArrayOutputStream();
        try (ZstdOutputStream zstd = new ZstdOutputStream(checked, 3)) {
            zstd.setChecksum(true);
            zstd.write(body);
        }
        for (byte[] packed : new byte[][] {gzip(body), checked.toByteArray()}) {
            for (long seed = 1; seed <= 500; seed++) {
                Random random = new Random(seed);
                byte[] damaged = packed.clone();
                damaged[4 + random.nextInt(packed.length - 4)] ^= (byte) (1 << random.nextInt(8));
                try {
                    assertThat(unfolded(damaged, MOST)).as("seed %d", seed).isEqualTo(body);
                } catch (ArcException refused) {
                    assertThat(refused.code()).as("seed %d", seed).isEqualTo(ErrorCode.MALFORMED_PAYLOAD);
                }
            }
        }
    }

    @Test
    void rubbishBehindTheEndIsRefused() throws IOException {
        byte[] body = text(500, 1);
        byte[] rubbish = "and more".getBytes(StandardCharsets.UTF_8);
        assertRefused(() -> unfolded(joined(gzip(body), rubbish), MOST), ErrorCode.MALFORMED_PAYLOAD);
        assertRefused(() -> unfolded(joined(Zstd.compress(body), rubbish), MOST), ErrorCode.MALFORMED_PAYLOAD);
    }

    @Test
    void windowsPastEightMebibytesAreRefused() throws IOException {
        byte[] body = text(20 << 20, 1);
        ByteArrayOutputStream eight = new ByteArrayOutputStream();
        ByteArrayOutputStream sixteen = new ByteArrayOutputStream();
        try (ZstdOutputStream fits = new ZstdOutputStream(eight, 1); ZstdOutputStream large = new ZstdOutputStream(sixteen, 1)) {
            fits.setLong(23);
            fits.write(body);
            large.setLong(24);
            large.write(body);
        }
        assertThat(unfolded(eight.toByteArray(), MOST)).isEqualTo(body);
        assertRefused(() -> unfolded(sixteen.toByteArray(), MOST), ErrorCode.MALFORMED_PAYLOAD);
    }
}
